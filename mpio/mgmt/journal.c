/* SPDX-License-Identifier: MIT */
/* Records of installations in the registry, and multi-strings. Text and layout: mgmt/journal.h. */
#include "mgmt/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/regfile.h"

static const char *const kinds[JOURNAL_KINDS] = {"key", "gone key", "value", "string", "gone string"};

bool journal_name(const char *file, char *name, size_t size)
{
    for (const char *c = file; *c; c++)
        if (*c == '/' || *c == '\\')
            file = c + 1;
    size_t length = strlen(file);
    bool suffix = length > 4 && file[length - 4] == '.';
    int written = snprintf(name, size, "%s%s", file, suffix ? "" : ".inf");

    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c |= 0x20;
    return length > 0 && written > 0 && (size_t)written < size && written <= (int)REGFILE_MAX_KEY_NAME;
}

struct registry_key *journal_find(const struct registry_image *image, const char *name)
{
    struct buffer path = {0};
    struct registry_key *key = NULL;

    if (buffer_printf(&path, "%s\\%s", JOURNAL_ROOT, name))
        key = registry_image_find(image, buffer_text(&path));
    buffer_free(&path);
    return key;
}

uint32_t registry_key_number(const struct registry_key *key, const char *name, uint32_t otherwise)
{
    const struct registry_value *v = registry_key_value(key, name);

    if (!v || v->type != REGFILE_DWORD || v->length != 4)
        return otherwise;
    return v->data[0] | v->data[1] << 8 | v->data[2] << 16 | (uint32_t)v->data[3] << 24;
}

bool registry_key_set_number(struct registry_image *image, struct registry_key *key, const char *name, uint32_t number)
{
    uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};

    return registry_key_set(image, key, name, REGFILE_DWORD, bytes, sizeof bytes);
}

static bool set_copy(struct registry_image *image, struct registry_key *key, const char *name,
                     const struct registry_value *value)
{
    return !value || registry_key_set(image, key, name, value->type, value->data, value->length);
}

bool journal_add(struct registry_image *image, struct registry_key *installation, const struct journal_entry *entry)
{
    struct buffer path = {0};
    struct registry_key *record = NULL, *changes;
    unsigned long number = 0;

    registry_key_path(installation, &path);
    buffer_append_text(&path, "\\Changes");
    changes = path.failed ? NULL : registry_image_make(image, buffer_text(&path), NULL, NULL);
    if (changes && changes->child_count > 0)
        number = strtoul(changes->children[changes->child_count - 1]->name, NULL, 10) + 1;
    if (changes && number <= JOURNAL_RECORDS && buffer_printf(&path, "\\%05lu", number))
        record = registry_image_make(image, buffer_text(&path), NULL, NULL);
    buffer_free(&path);
    if (!record || !registry_key_set_text(image, record, "Kind", kinds[entry->kind]) ||
        !registry_key_set_text(image, record, "Key", entry->key))
        return false;
    if (entry->kind == JOURNAL_KEY || entry->kind == JOURNAL_GONE_KEY)
        return true;
    return registry_key_set_text(image, record, "Name", entry->name) &&
           registry_key_set_number(image, record, "Changed", entry->changed) &&
           (!entry->owner || registry_key_set_number(image, record, "Owner", 1)) &&
           (entry->kind != JOURNAL_GONE_STRING || registry_key_set_number(image, record, "Index", entry->index)) &&
           set_copy(image, record, "Before", entry->before) && set_copy(image, record, "After", entry->after);
}

bool registry_value_equal(const struct registry_value *a, const struct registry_value *b)
{
    if (!a || !b)
        return a == b;
    return a->type == b->type && a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* ---- multi-strings --------------------------------------------------------------------------- */

/* Bytes of the string at `at` with its NUL; 0 at the end of the list. A missing NUL at the very end is none. */
static size_t string_at(const struct registry_value *list, size_t at)
{
    size_t end = at;

    if (!list || at + 1 >= list->length || (list->data[at] == 0 && list->data[at + 1] == 0))
        return 0;
    while (end + 1 < list->length && (list->data[end] || list->data[end + 1]))
        end += 2;
    return end + 1 < list->length ? end + 2 - at : 0;
}

long multi_find(const struct registry_value *list, const uint8_t *string, size_t length)
{
    long index = 0;

    for (size_t at = 0, size; (size = string_at(list, at)) > 0; at += size, index++)
        if (size == length && memcmp(list->data + at, string, length) == 0)
            return index;
    return -1;
}

size_t multi_count(const struct registry_value *list)
{
    size_t count = 0;

    for (size_t at = 0, size; (size = string_at(list, at)) > 0; at += size)
        count++;
    return count;
}

/* Rebuilds the list: `drop` is left out, `string` is put before `put` or at the end. -1: not done. */
static bool rebuild(struct registry_image *image, struct registry_key *key, const char *name, long drop, long put,
                    const uint8_t *string, size_t length)
{
    const struct registry_value *list = registry_key_value(key, name);
    struct buffer data = {0};
    long index = 0;

    for (size_t at = 0, size; (size = string_at(list, at)) > 0; at += size, index++) {
        if (index == put) {
            buffer_append(&data, string, length);
            put = -1;
        }
        if (index != drop)
            buffer_append(&data, list->data + at, size);
    }
    if (put >= 0)
        buffer_append(&data, string, length);
    buffer_append(&data, "\0", 2);
    bool ok = !data.failed && registry_key_set(image, key, name, REGFILE_MULTI_SZ, data.data, data.length);
    buffer_free(&data);
    return ok;
}

bool multi_insert(struct registry_image *image, struct registry_key *key, const char *name, size_t index,
                  const uint8_t *string, size_t length)
{
    return rebuild(image, key, name, -1, (long)index, string, length);
}

bool multi_remove(struct registry_image *image, struct registry_key *key, const char *name, size_t index)
{
    return rebuild(image, key, name, (long)index, -1, NULL, 0);
}
