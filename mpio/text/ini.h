/* SPDX-License-Identifier: MIT */
/*
 * INI sections in INF grammar: driver information files, and our own topology and scenario files.
 *
 *   ; a comment, to the end of the line; not inside quotes
 *   [section]                       at most INI_MAX_SECTION_NAME bytes; quotes as in a value
 *   key = value, "quoted, value"    the first '=' before any ',' ends the key
 *   value, value                    a line without key; an empty value between commas stays a value
 *   key = one, \                    a '\' at the end continues the line; a comment may follow it;
 *         two                       white space around the break is dropped; of "\\" both are
 * dropped "a ""word"""                    quotes protect ; , = [ ] \ and spaces; "" is one quote
 *
 * `key =` has no values, `key = ,` has two empty ones. A quoted string must end on its line. Tokens
 * (%name%) are left as written: ini_expand. Names compare without regard to ASCII case. Everything
 * is kept in file order. Control characters other than tab are refused. Source: the published INF
 * syntax rules; where they are silent (text before the first section, text behind ']', a string
 * that is not closed) we refuse, because a file that Setup would read differently must not pass
 * unseen.
 */
#ifndef MPIO_TEXT_INI_H
#define MPIO_TEXT_INI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"
#include "text/text_error.h"

#define INI_MAX_FILE         (4u * 1024 * 1024) /* bytes of the file image */
#define INI_MAX_LINE         4096u   /* bytes of one line as UTF-8, without its line end */
#define INI_MAX_SECTIONS     4096u   /* after merging */
#define INI_MAX_ENTRIES      65536u  /* in the whole file */
#define INI_MAX_VALUES       262144u /* in the whole file */
#define INI_MAX_SECTION_NAME 255u    /* bytes; the published limit of INF */

enum ini_flags {
    INI_UNIQUE = 0, /* two sections of one name are an error (topology) */
    INI_MERGE = 1,  /* the second section adds its entries to the first (INF) */
    INI_ANSI = 2,   /* a file that is neither UTF-8 nor marked UTF-16 is Windows-1252 (INF) */
    INI_INF = INI_MERGE | INI_ANSI,
};

struct ini_value {
    const char *text; /* without quotes; UTF-8, NUL-terminated */
    unsigned line;    /* where it starts; a continued entry spans lines */
    unsigned column;  /* from 1, in bytes */
    bool quoted;      /* a part of it stood in quotes */
};

struct ini_entry {
    const char *key; /* NULL for a line without key */
    unsigned line;   /* where the key, or else the first value, starts */
    unsigned column;
    size_t value_count;
    const struct ini_value *values;
};

struct ini_section {
    const char *name;
    unsigned line; /* of its first header */
    size_t entry_count;
    const struct ini_entry *entries;
};

struct ini;

/* Parses a file image (UTF-8, or UTF-16 with byte order mark). NULL on the first error; *error (may
 * be NULL) says where and why. `file_name` is used for messages only, is not copied, and must live
 * as long as the result and its errors. The image is not needed afterwards. Free with ini_free. */
struct ini *ini_parse(const char *file_name, const char *image, size_t length, unsigned flags,
                      struct text_error *error);
void ini_free(struct ini *ini);

const char *ini_file_name(const struct ini *ini);
/* Sections in file order; NULL behind the last one. */
size_t ini_section_count(const struct ini *ini);
const struct ini_section *ini_section(const struct ini *ini, size_t index);
/* NULL when there is none of that name. */
const struct ini_section *ini_find_section(const struct ini *ini, const char *name);
/* The entry at `index`; NULL behind the last one. */
const struct ini_entry *ini_entry(const struct ini_section *section, size_t index);
/* The first entry with that key, or the next one behind `after` (NULL: from the start); NULL when
 * there is none. Lines without key are never found. */
const struct ini_entry *ini_find(const struct ini_section *section, const char *key,
                                 const struct ini_entry *after);

/* Names compare as INF names do: ASCII letters without case, all else byte by byte. */
bool ini_same_name(const char *a, const char *b);
int ini_compare_names(const char *a, const char *b); /* their order, without regard to ASCII case: < 0, 0, > 0 */

/* Appends value->text with its tokens replaced: %name% by the first value of `name` in `strings`,
 * else in `fallback` (either may be NULL; pass [Strings.0409] and [Strings]); %% becomes %; a
 * numeric token such as %12% (a directory id) and a single % stay as written. Tokens count inside
 * quotes too: published INFs write "%%SystemRoot%%\..." there. Replacements are not expanded again.
 * A token that is not defined stays as written and makes the result false, with its name and place
 * in *error; the rest is still expanded. False also when *out fails. */
bool ini_expand(const struct ini *ini, const struct ini_value *value,
                const struct ini_section *strings, const struct ini_section *fallback,
                struct buffer *out, struct text_error *error);

/* A key or a value as ini_parse reads it back, in quotes where it needs them; false when *out has failed. */
bool ini_write_text(const char *text, struct buffer *out);
/* The same for a whole entry, with its line end. */
bool ini_write_entry(const struct ini_entry *entry, struct buffer *out);

/* text/number.h for a value: *error names file, line and column too. */
bool ini_unsigned(const struct ini *ini, const struct ini_value *value, uint64_t minimum,
                  uint64_t maximum, uint64_t *result, struct text_error *error);
bool ini_size(const struct ini *ini, const struct ini_value *value, uint64_t minimum,
              uint64_t maximum, uint64_t *result, struct text_error *error);
/* *result in units of 100 ns. */
bool ini_time(const struct ini *ini, const struct ini_value *value, uint64_t *result,
              struct text_error *error);
bool ini_boolean(const struct ini *ini, const struct ini_value *value, bool *result,
                 struct text_error *error);
/* An error of the caller's own about a value, such as "no LUN of this name". Returns false. */
__attribute__((format(printf, 4, 5))) bool ini_error(const struct ini *ini,
                                                     const struct ini_value *value,
                                                     struct text_error *error, const char *format,
                                                     ...);

#endif
