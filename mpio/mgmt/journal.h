/* SPDX-License-Identifier: MIT */
/*
 * What installations changed, as keys of the registry they changed. Each change of <name> is a key
 * Installed\<name>\Changes\<number> with the values
 *
 *   Kind     "key"      the key was made                        Key      path of the key
 *            "gone key" the key was removed                     Name     of the value
 *            "value"    the value was set or removed            Before   the value before; none when it was not there
 *            "string"   a string of a multi-string is wanted    After    the value after, or the string
 *            "gone string" a string was removed                 Changed  0 when it was so already
 *   Owner    1: when the last string is gone, the value becomes Before again       Index    where the string was
 */
#ifndef MPIO_MGMT_JOURNAL_H
#define MPIO_MGMT_JOURNAL_H

#include "mgmt/registry_image.h"

#define JOURNAL_ROOT    "HKEY_LOCAL_MACHINE\\SOFTWARE\\OpenMPIO\\Installed"
#define JOURNAL_RECORDS 99999u /* of one installation */

enum journal_kind { JOURNAL_KEY, JOURNAL_GONE_KEY, JOURNAL_VALUE, JOURNAL_STRING, JOURNAL_GONE_STRING, JOURNAL_KINDS };

/* A change to be recorded. `before` and `after` may be NULL. */
struct journal_entry {
    enum journal_kind kind;
    const char *key, *name;
    const struct registry_value *before, *after;
    bool changed, owner;
    uint32_t index;
};

/* "dir\Name.INF" -> "name.inf" in `name`; false when it is empty or longer than a key name. */
bool journal_name(const char *file, char *name, size_t size);
/* The key of an installation; NULL when there is none. */
struct registry_key *journal_find(const struct registry_image *image, const char *name);
/* Adds a record to the installation's key. */
bool journal_add(struct registry_image *image, struct registry_key *installation, const struct journal_entry *entry);

bool registry_value_equal(const struct registry_value *a, const struct registry_value *b); /* NULL: not there */
uint32_t registry_key_number(const struct registry_key *key, const char *name, uint32_t otherwise);
bool registry_key_set_number(struct registry_image *image, struct registry_key *key, const char *name, uint32_t number);

/* ---- multi-strings: bytes of UTF-16LE strings; `string` has its NUL ---------------------------- */
/* Index of the string, or -1. */
long multi_find(const struct registry_value *list, const uint8_t *string, size_t length);
size_t multi_count(const struct registry_value *list);
/* Puts the string in at `index`, at most at the end; makes the value when it is not there. */
bool multi_insert(struct registry_image *image, struct registry_key *key, const char *name, size_t index,
                  const uint8_t *string, size_t length);
/* Takes the string at `index` out. */
bool multi_remove(struct registry_image *image, struct registry_key *key, const char *name, size_t index);

/* ---- undo.c ------------------------------------------------------------------------------------- */
/* Undoes every record of the installation and removes its key. *left counts what was changed by others since and
 * was left alone; a line for each goes to *said (may be NULL). */
bool journal_undo(struct registry_image *image, struct registry_key *installation, unsigned *left, struct buffer *said);

#endif
