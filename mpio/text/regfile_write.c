/* SPDX-License-Identifier: MIT */
/* The writer of text/regfile.h: one form for each value. No state. */
#include "text/regfile.h"

#include <string.h>

#include "text/utf16.h"

#define BYTES_PER_LINE 25

static bool is_told_in_utf8(const uint16_t *units, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (units[i] == 0)
            return false;
    }
    return utf16_to_utf8(units, length, UTF_STRICT, NULL, 0) != UTF_REFUSED;
}

static void write_quoted(struct buffer *out, const uint16_t *units, size_t length)
{
    char utf8[4];

    buffer_append_byte(out, '"');
    for (size_t position = 0; position < length;) {
        uint32_t c = utf16_next(units, length, &position);
        if (c == '"' || c == '\\')
            buffer_append_byte(out, '\\');
        buffer_append(out, utf8, utf8_encode(c, utf8));
    }
    buffer_append_byte(out, '"');
}

/* `"name"=` or `@=`; nothing when the name cannot be told. */
static bool write_name(struct buffer *out, const uint16_t *name, size_t length)
{
    if (length > REGFILE_MAX_VALUE_NAME || !is_told_in_utf8(name, length))
        return false;
    if (length == 0)
        buffer_append_byte(out, '@');
    else
        write_quoted(out, name, length);
    return buffer_append_byte(out, '=');
}

bool regfile_write_header(struct buffer *out)
{
    return buffer_append_text(out, "Windows Registry Editor Version 5.00\n");
}

static bool is_path(const uint16_t *path, size_t length)
{
    size_t component = 0, depth = 1;

    if (length == 0 || path[0] == '-' || !is_told_in_utf8(path, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (path[i] == '\r' || path[i] == '\n')
            return false;
        if (path[i] != '\\') {
            if (++component > REGFILE_MAX_KEY_NAME)
                return false;
            continue;
        }
        if (component == 0 || ++depth > REGFILE_MAX_KEY_DEPTH)
            return false;
        component = 0;
    }
    return component > 0;
}

bool regfile_write_key(struct buffer *out, const uint16_t *path, size_t length, bool deleted)
{
    if (!is_path(path, length))
        return false;
    buffer_append_text(out, deleted ? "\n[-" : "\n[");
    utf16_append_utf8(out, path, length);
    return buffer_append_text(out, "]\n");
}

/* Writes the data of a REG_SZ in quotes when that reads back to the same bytes: whole units, one
 * NUL, at the end, and only printable well-formed text before it. */
static bool write_string(struct buffer *out, const uint8_t *data, size_t length)
{
    struct buffer units = {0};
    bool plain = length >= 2 && length % 2 == 0 && !data[length - 1] && !data[length - 2];

    for (size_t i = 0; plain && i + 2 < length; i += 2) {
        uint16_t unit = (uint16_t)(data[i] | data[i + 1] << 8);
        plain = unit >= 0x20 && unit != 0x7F && buffer_append(&units, &unit, sizeof unit);
    }
    const uint16_t *first = (const uint16_t *)buffer_text(&units);
    if (plain && units.length > 0)
        plain = utf16_to_utf8(first, units.length / 2, UTF_STRICT, NULL, 0) != UTF_REFUSED;
    if (plain)
        write_quoted(out, first, units.length / 2);
    out->failed |= units.failed;
    buffer_free(&units);
    return plain;
}

static void write_bytes(struct buffer *out, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (i > 0)
            buffer_append_text(out, i % BYTES_PER_LINE ? "," : ",\\\n  ");
        buffer_printf(out, "%02x", data[i]);
    }
}

bool regfile_write_value(struct buffer *out, const uint16_t *name, size_t name_length,
                         uint32_t type, const uint8_t *data, size_t length)
{
    if (length > REGFILE_MAX_DATA || !write_name(out, name, name_length))
        return false;
    if (type == REGFILE_DWORD && length == 4) {
        buffer_printf(out, "dword:%02x%02x%02x%02x", data[3], data[2], data[1], data[0]);
    } else if (type == REGFILE_BINARY) {
        buffer_append_text(out, "hex:");
        write_bytes(out, data, length);
    } else if (type != REGFILE_SZ || !write_string(out, data, length)) {
        buffer_printf(out, "hex(%x):", type);
        write_bytes(out, data, length);
    }
    return buffer_append_byte(out, '\n');
}

bool regfile_write_deleted_value(struct buffer *out, const uint16_t *name, size_t name_length)
{
    return write_name(out, name, name_length) && buffer_append_text(out, "-\n");
}
