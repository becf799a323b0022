/* SPDX-License-Identifier: MIT */
/* The JSON writer of text/json.h: a stack of two bits per level, no memory of its own. */
#include "text/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/utf16.h"

static void stop(struct json_writer *json, const char *why)
{
    if (!json->failure)
        json->failure = why;
}

static void put(struct json_writer *json, const char *bytes, size_t length)
{
    if (!json->failure && !json->sink(json->context, bytes, length))
        stop(json, "the sink failed");
}

static void put_text(struct json_writer *json, const char *text)
{
    put(json, text, strlen(text));
}

static bool buffer_sink(void *context, const char *bytes, size_t length)
{
    return buffer_append(context, bytes, length);
}

void json_init(struct json_writer *json, json_sink *sink, void *context, enum json_layout layout)
{
    *json = (struct json_writer){.sink = sink, .context = context, .layout = layout};
}

void json_init_buffer(struct json_writer *json, struct buffer *out, enum json_layout layout)
{
    json_init(json, buffer_sink, out, layout);
}

static uint64_t level_bit(const struct json_writer *json)
{
    return (uint64_t)1 << (json->depth - 1);
}

static bool in_object(const struct json_writer *json)
{
    return json->depth > 0 && (json->is_object & level_bit(json));
}

static void break_line(struct json_writer *json)
{
    if (json->layout == JSON_COMPACT)
        return;
    put_text(json, "\n");
    for (unsigned i = 0; i < json->depth; i++)
        put_text(json, "  ");
}

/* The comma and line break before an element of the open container. */
static void separate(struct json_writer *json)
{
    if (json->has_element & level_bit(json))
        put_text(json, ",");
    json->has_element |= level_bit(json);
    break_line(json);
}

/* Called before every value. */
static bool begin_value(struct json_writer *json)
{
    if (json->depth == 0) {
        if (json->complete)
            stop(json, "a second value behind the document");
        json->complete = true;
    } else if (in_object(json)) {
        if (!json->key_given)
            stop(json, "a value without key in an object");
        json->key_given = false;
    } else {
        separate(json);
    }
    return !json->failure;
}

static void begin_container(struct json_writer *json, bool object)
{
    if (!begin_value(json))
        return;
    if (json->depth == JSON_MAX_DEPTH) {
        stop(json, "objects and arrays are nested too deep");
        return;
    }
    json->depth++;
    json->has_element &= ~level_bit(json);
    json->is_object &= ~level_bit(json);
    json->is_object |= object ? level_bit(json) : 0;
    put_text(json, object ? "{" : "[");
}

static void end_container(struct json_writer *json, bool object)
{
    if (json->failure)
        return;
    if (json->depth == 0 || in_object(json) != object || json->key_given) {
        stop(json, json->key_given ? "an object ends behind a key" : "an end without its begin");
        return;
    }
    bool filled = json->has_element & level_bit(json);
    json->depth--;
    if (filled)
        break_line(json);
    put_text(json, object ? "}" : "]");
}

void json_begin_object(struct json_writer *json)
{
    begin_container(json, true);
}

void json_end_object(struct json_writer *json)
{
    end_container(json, true);
}

void json_begin_array(struct json_writer *json)
{
    begin_container(json, false);
}

void json_end_array(struct json_writer *json)
{
    end_container(json, false);
}

static void put_character(struct json_writer *json, uint32_t c)
{
    static const char short_escapes[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    char out[8];
    const char *found = c < 0x80 && c ? strchr(short_escapes, (int)c) : NULL;

    if (found) {
        out[0] = '\\';
        out[1] = letters[found - short_escapes];
        put(json, out, 2);
    } else if (c < 0x20 || c == 0x7F) {
        put(json, out, (size_t)snprintf(out, sizeof out, "\\u%04x", (unsigned)c));
    } else {
        put(json, out, utf8_encode(c, out)); /* malformed becomes U+FFFD there */
    }
}

static void put_quoted(struct json_writer *json, const char *text, size_t length)
{
    put_text(json, "\"");
    for (size_t position = 0; position < length;) {
        /* Runs of plain ASCII go out in one piece. */
        size_t from = position;
        while (position < length && text[position] >= 0x20 && text[position] < 0x7F &&
               text[position] != '"' && text[position] != '\\')
            position++;
        if (position > from)
            put(json, text + from, position - from);
        else
            put_character(json, utf8_next(text, length, &position));
    }
    put_text(json, "\"");
}

void json_key(struct json_writer *json, const char *key)
{
    if (!in_object(json) || json->key_given)
        stop(json, "a key where none belongs");
    if (json->failure)
        return;
    separate(json);
    put_quoted(json, key, strlen(key));
    put_text(json, json->layout == JSON_COMPACT ? ":" : ": ");
    json->key_given = true;
}

void json_string_bytes(struct json_writer *json, const char *text, size_t length)
{
    if (begin_value(json))
        put_quoted(json, text, length);
}

void json_string(struct json_writer *json, const char *text)
{
    if (text)
        json_string_bytes(json, text, strlen(text));
    else
        json_null(json);
}

void json_string_utf16(struct json_writer *json, const uint16_t *units, size_t length)
{
    if (!begin_value(json))
        return;
    put_text(json, "\"");
    for (size_t position = 0; position < length;)
        put_character(json, utf16_next(units, length, &position));
    put_text(json, "\"");
}

static void put_value(struct json_writer *json, const char *text)
{
    if (begin_value(json))
        put_text(json, text);
}

void json_unsigned(struct json_writer *json, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    put_value(json, text);
}

void json_signed(struct json_writer *json, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRId64, value);
    put_value(json, text);
}

void json_decimal(struct json_writer *json, int64_t value, unsigned decimals)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale = 1;
    char text[48];

    if (decimals > JSON_MAX_DECIMALS) {
        stop(json, "too many decimals");
        return;
    }
    for (unsigned i = 0; i < decimals; i++)
        scale *= 10;
    const char *sign = value < 0 ? "-" : "";
    if (decimals == 0)
        snprintf(text, sizeof text, "%s%" PRIu64, sign, magnitude);
    else
        snprintf(text, sizeof text, "%s%" PRIu64 ".%0*" PRIu64, sign, magnitude / scale,
                 (int)decimals, magnitude % scale);
    put_value(json, text);
}

void json_boolean(struct json_writer *json, bool value)
{
    put_value(json, value ? "true" : "false");
}

void json_null(struct json_writer *json)
{
    put_value(json, "null");
}

bool json_finish(struct json_writer *json)
{
    if (!json->complete || json->depth > 0)
        stop(json, "the document is not complete");
    if (json->layout == JSON_INDENTED)
        put_text(json, "\n");
    return !json->failure;
}
