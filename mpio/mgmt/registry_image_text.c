/* SPDX-License-Identifier: MIT */
/* Registry images and .reg text: load, save, the difference of two; and strings as a registry stores them. */
#include "mgmt/registry_image.h"

#include <stdlib.h>
#include <string.h>

#include "text/regfile.h"
#include "text/utf16.h"

/* ---- load ---------------------------------------------------------------------------------- */

struct loading {
    struct registry_image *image;
    struct registry_key *key;
};

/* UTF-8 of a name in units; the caller frees. */
static char *narrow(const uint16_t *units, size_t length)
{
    struct buffer text = {0};

    utf16_append_utf8(&text, units, length);
    buffer_append_byte(&text, 0);
    return buffer_take(&text, NULL);
}

static const char *load_key(void *context, const uint16_t *path, size_t length, bool deleted)
{
    struct loading *loading = context;
    char *name = narrow(path, length);

    if (!name)
        return "out of memory";
    loading->key = deleted ? registry_image_find(loading->image, name)
                           : registry_image_make(loading->image, name, NULL, NULL);
    free(name);
    if (!deleted)
        return loading->key ? NULL : "the key cannot be made: at most 64 components, 65536 keys in one file";
    if (!loading->key)
        return "deletes a key that this file did not make: a list of changes is no registry; take the line out";
    registry_image_remove(loading->image, loading->key);
    loading->key = NULL;
    return NULL;
}

static const char *load_value(void *context, const uint16_t *name, size_t name_length, uint32_t type,
                              const uint8_t *data, size_t length, bool deleted)
{
    struct loading *loading = context;
    char *text = narrow(name, name_length);
    const char *why = NULL;

    if (!text || !loading->key)
        why = "out of memory";
    else if (deleted && !registry_key_value(loading->key, text))
        why = "deletes a value that this file did not make: a list of changes is no registry; take the line out";
    else if (deleted)
        registry_key_unset(loading->image, loading->key, text);
    else if (!registry_key_set(loading->image, loading->key, text, type, data, length))
        why = "the value cannot be kept: at most 1 MiB of data, 262144 values and 64 MiB in one file";
    free(text);
    return why;
}

struct registry_image *registry_image_load(const char *file_name, const char *text, size_t length,
                                           struct text_error *error)
{
    struct loading loading = {.image = registry_image_create()};
    struct regfile_receiver receiver = {&loading, load_key, load_value};

    if (!loading.image) {
        text_error_set(error, file_name, 0, 0, "out of memory");
        return NULL;
    }
    if (regfile_parse(file_name, text, length, &receiver, error))
        return loading.image;
    registry_image_free(loading.image);
    return NULL;
}

/* ---- save ---------------------------------------------------------------------------------- */

/* UTF-8 to units in `units`; their number. */
static size_t widen(const char *text, struct buffer *units)
{
    buffer_clear(units);
    for (size_t at = 0, length = strlen(text); at < length;) {
        size_t from = at;
        uint16_t piece[2];
        utf8_next(text, length, &at);
        size_t count = utf8_to_utf16(text + from, at - from, UTF_LENIENT, piece, 2);
        buffer_append(units, piece, count * sizeof *piece);
    }
    return units->length / sizeof(uint16_t);
}

static const uint16_t *units_of(const struct buffer *units)
{
    static const uint16_t none[1];

    return units->length ? (const uint16_t *)(const void *)units->data : none;
}

static bool write_key_line(const struct registry_key *key, bool deleted, struct buffer *out)
{
    struct buffer path = {0}, units = {0};
    bool ok = registry_key_path(key, &path);
    size_t length = widen(buffer_text(&path), &units);

    ok = ok && !units.failed && regfile_write_key(out, units_of(&units), length, deleted);
    buffer_free(&path);
    buffer_free(&units);
    return ok;
}

static bool write_value_line(const struct registry_value *value, bool deleted, struct buffer *out)
{
    struct buffer units = {0};
    size_t length = widen(value->name, &units);
    bool ok = !units.failed &&
              (deleted ? regfile_write_deleted_value(out, units_of(&units), length)
                       : regfile_write_value(out, units_of(&units), length, value->type, value->data, value->length));

    buffer_free(&units);
    return ok;
}

static bool save_key(const struct registry_key *key, struct buffer *out)
{
    bool ok = true;

    if (key->parent && (key->value_count > 0 || key->child_count == 0))
        ok = write_key_line(key, false, out);
    for (size_t i = 0; i < key->value_count && ok; i++)
        ok = write_value_line(&key->values[i], false, out);
    for (size_t i = 0; i < key->child_count && ok; i++)
        ok = save_key(key->children[i], out);
    return ok;
}

bool registry_image_save(const struct registry_image *image, struct buffer *out)
{
    return regfile_write_header(out) && save_key(&image->root, out);
}

/* ---- difference ---------------------------------------------------------------------------- */

static struct registry_key *child_named(const struct registry_key *key, const char *name)
{
    for (size_t i = 0; i < key->child_count; i++)
        if (strcmp(key->children[i]->name, name) == 0)
            return key->children[i];
    return NULL;
}

static bool same_value(const struct registry_value *a, const struct registry_value *b)
{
    return b && a->type == b->type && a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static bool diff_key(const struct registry_key *before, const struct registry_key *after, struct buffer *out)
{
    bool opened = false, ok = true;

    for (size_t i = 0; before && i < before->value_count && ok; i++) {
        if (registry_key_value(after, before->values[i].name))
            continue;
        ok = (opened || write_key_line(after, false, out)) && write_value_line(&before->values[i], true, out);
        opened = true;
    }
    for (size_t i = 0; i < after->value_count && ok; i++) {
        if (before && same_value(&after->values[i], registry_key_value(before, after->values[i].name)))
            continue;
        ok = (opened || write_key_line(after, false, out)) && write_value_line(&after->values[i], false, out);
        opened = true;
    }
    if (!before && !opened && after->child_count == 0)
        ok = ok && write_key_line(after, false, out);
    for (size_t i = 0; before && i < before->child_count && ok; i++)
        if (!child_named(after, before->children[i]->name))
            ok = write_key_line(before->children[i], true, out);
    for (size_t i = 0; i < after->child_count && ok; i++)
        ok = diff_key(before ? child_named(before, after->children[i]->name) : NULL, after->children[i], out);
    return ok;
}

bool registry_image_diff(const struct registry_image *before, const struct registry_image *after, struct buffer *out)
{
    return regfile_write_header(out) && diff_key(&before->root, &after->root, out);
}

/* ---- strings ------------------------------------------------------------------------------- */

bool registry_append_utf16(struct buffer *out, const char *text)
{
    struct buffer units = {0};
    size_t length = widen(text, &units);

    for (size_t i = 0; i <= length; i++) {
        uint16_t unit = i < length ? units_of(&units)[i] : 0;
        buffer_append_byte(out, (unsigned char)unit);
        buffer_append_byte(out, (unsigned char)(unit >> 8));
    }
    out->failed |= units.failed;
    buffer_free(&units);
    return !out->failed;
}

bool registry_key_set_text(struct registry_image *image, struct registry_key *key, const char *name, const char *text)
{
    struct buffer data = {0};
    bool ok = registry_append_utf16(&data, text) &&
              registry_key_set(image, key, name, REGFILE_SZ, data.data, data.length);

    buffer_free(&data);
    return ok;
}

char *registry_key_text(const struct registry_key *key, const char *name)
{
    const struct registry_value *value = registry_key_value(key, name);
    struct buffer text = {0};

    if (!value || value->type != REGFILE_SZ)
        return NULL;
    for (size_t i = 0; i + 1 < value->length;) {
        uint16_t pair[2] = {(uint16_t)(value->data[i] | value->data[i + 1] << 8), 0};
        size_t count = 1, used = 0;
        char utf8[4];
        if (i + 3 < value->length) {
            pair[1] = (uint16_t)(value->data[i + 2] | value->data[i + 3] << 8);
            count = 2;
        }
        if (pair[0] == 0)
            break;
        uint32_t c = utf16_next(pair, count, &used);
        buffer_append(&text, utf8, utf8_encode(c, utf8));
        i += 2 * used;
    }
    buffer_append_byte(&text, 0);
    return buffer_take(&text, NULL);
}
