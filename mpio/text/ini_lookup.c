/* SPDX-License-Identifier: MIT */
/* Reading a parsed file: iteration, lookup, string tokens, typed values. Changes nothing. */
#include "ini_internal.h"

#include <string.h>

#include "text/number.h"

const char *ini_file_name(const struct ini *ini)
{
    return ini->file_name;
}

size_t ini_section_count(const struct ini *ini)
{
    return ini->section_count;
}

const struct ini_section *ini_section(const struct ini *ini, size_t index)
{
    return index < ini->section_count ? &ini->sections[index] : NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 0x20) : c;
}

bool ini_same_name(const char *a, const char *b)
{
    return ini_compare_names(a, b) == 0;
}

int ini_compare_names(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    unsigned char x = (unsigned char)lower(*a), y = (unsigned char)lower(*b);
    return (x > y) - (x < y);
}

const struct ini_section *ini_find_section(const struct ini *ini, const char *name)
{
    for (size_t i = 0; i < ini->section_count; i++) {
        if (ini_same_name(ini->sections[i].name, name))
            return &ini->sections[i];
    }
    return NULL;
}

const struct ini_entry *ini_entry(const struct ini_section *section, size_t index)
{
    return index < section->entry_count ? &section->entries[index] : NULL;
}

const struct ini_entry *ini_find(const struct ini_section *section, const char *key,
                                 const struct ini_entry *after)
{
    size_t start = after ? (size_t)(after - section->entries) + 1 : 0;

    for (size_t i = start; i < section->entry_count; i++) {
        if (section->entries[i].key && ini_same_name(section->entries[i].key, key))
            return &section->entries[i];
    }
    return NULL;
}

static const char *string_named(const struct ini_section *strings, const char *name)
{
    const struct ini_entry *entry = strings ? ini_find(strings, name, NULL) : NULL;

    if (!entry)
        return NULL;
    return entry->value_count ? entry->values[0].text : "";
}

static bool is_directory_id(const char *name)
{
    return strspn(name, "0123456789") == strlen(name);
}

bool ini_expand(const struct ini *ini, const struct ini_value *value,
                const struct ini_section *strings, const struct ini_section *fallback,
                struct buffer *out, struct text_error *error)
{
    const char *rest = value->text, *open, *close;
    char name[INI_MAX_LINE + 1];
    bool all_defined = true;

    while ((open = strchr(rest, '%')) && (close = strchr(open + 1, '%'))) {
        size_t length = (size_t)(close - open - 1);
        const char *replacement = NULL;
        buffer_append(out, rest, (size_t)(open - rest));
        rest = close + 1;
        if (length == 0) {
            buffer_append_byte(out, '%');
            continue;
        }
        /* A continued line can be longer than any name; such a token is defined nowhere. */
        if (length <= INI_MAX_LINE) {
            memcpy(name, open + 1, length);
            name[length] = 0;
            replacement = string_named(strings, name);
            if (!replacement)
                replacement = string_named(fallback, name);
        }
        if (replacement) {
            buffer_append_text(out, replacement);
            continue;
        }
        buffer_append(out, open, length + 2);
        if (all_defined && !(length <= INI_MAX_LINE && is_directory_id(name)))
            all_defined = ini_error(ini, value, error,
                                    "string token %%%.*s%% is not defined; add it to [Strings]",
                                    (int)(length < 80 ? length : 80), open + 1);
    }
    buffer_append_text(out, rest);
    if (out->failed)
        return ini_error(ini, value, error, "the expanded text is too long, or memory ran out");
    return all_defined;
}

/* Adds the place of `value` to what a reader of text/number.h said. */
static bool placed(const struct ini *ini, const struct ini_value *value, bool good,
                   struct text_error *error)
{
    if (!good && error) {
        error->file = ini->file_name;
        error->line = value->line;
        error->column = value->column;
    }
    return good;
}

bool ini_unsigned(const struct ini *ini, const struct ini_value *value, uint64_t minimum,
                  uint64_t maximum, uint64_t *result, struct text_error *error)
{
    return placed(ini, value, text_parse_unsigned(value->text, minimum, maximum, result, error),
                  error);
}

bool ini_size(const struct ini *ini, const struct ini_value *value, uint64_t minimum,
              uint64_t maximum, uint64_t *result, struct text_error *error)
{
    return placed(ini, value, text_parse_size(value->text, minimum, maximum, result, error), error);
}

bool ini_time(const struct ini *ini, const struct ini_value *value, uint64_t *result,
              struct text_error *error)
{
    return placed(ini, value, text_parse_time(value->text, result, error), error);
}

bool ini_boolean(const struct ini *ini, const struct ini_value *value, bool *result,
                 struct text_error *error)
{
    return placed(ini, value, text_parse_boolean(value->text, result, error), error);
}

bool ini_error(const struct ini *ini, const struct ini_value *value, struct text_error *error,
               const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_error_vset(error, ini->file_name, value->line, value->column, format, arguments);
    va_end(arguments);
    return false;
}
