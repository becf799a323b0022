/* SPDX-License-Identifier: MIT */
/* One stream of values, written as JSON (two spaces a level) or as CBOR (RFC 8949; maps and arrays
 * of indefinite length, since nothing is counted before). Whoever emits need not know which. */
#include "mofc.h"

#include <string.h>

static void indent(struct emitter *emitter)
{
    static const char spaces[] = "                                                                ";
    size_t width = 2 * (size_t)emitter->depth;

    buffer_text(emitter->out, "\n");
    for (; width > 0; width -= width < 64 ? width : 64)
        buffer_add(emitter->out, spaces, width < 64 ? width : 64);
}

/* Before a value or key: the comma and the line of JSON. */
static void separate(struct emitter *emitter)
{
    if (emitter->form == EMIT_JSON && !emitter->after_key && emitter->depth > 0) {
        if (!emitter->is_first)
            buffer_text(emitter->out, ",");
        indent(emitter);
    }
    emitter->is_first = emitter->after_key = false;
}

static void json_text(struct buffer *out, const char *text, size_t length)
{
    static const char plain[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    buffer_text(out, "\"");
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        const char *escape = NULL;

        for (const char *p = plain; *p; p += 2)
            if (c == (unsigned char)*p)
                escape = p + 1;
        if (escape) {
            buffer_text(out, "\\");
            buffer_add(out, escape, 1);
        } else if (c < 0x20 || c == 0x7F) {
            buffer_format(out, "\\u%04x", c);
        } else {
            buffer_add(out, &text[i], 1);
        }
    }
    buffer_text(out, "\"");
}

/* A CBOR head: major type and argument in the shortest form. */
static void head(struct buffer *out, unsigned major, uint64_t value)
{
    char bytes[9];
    unsigned more = value < 24            ? 0
                    : value <= 0xFF       ? 1
                    : value <= 0xFFFF     ? 2
                    : value <= 0xFFFFFFFF ? 4
                                          : 8;
    unsigned info = more == 0   ? (unsigned)value
                    : more == 1 ? 24
                    : more == 2 ? 25
                    : more == 4 ? 26
                                : 27;

    bytes[0] = (char)(major << 5 | info);
    for (unsigned i = 0; i < more; i++)
        bytes[1 + i] = (char)(value >> 8 * (more - 1 - i));
    buffer_add(out, bytes, 1 + more);
}

void emit_open(struct emitter *emitter, char kind)
{
    separate(emitter);
    if (emitter->form == EMIT_JSON)
        buffer_add(emitter->out, &kind, 1);
    else
        buffer_add(emitter->out, kind == '{' ? "\xBF" : "\x9F", 1);
    emitter->depth++;
    emitter->is_first = true;
}

void emit_close(struct emitter *emitter, char kind)
{
    emitter->depth--;
    if (emitter->form == EMIT_JSON) {
        if (!emitter->is_first)
            indent(emitter);
        buffer_text(emitter->out, kind == '{' ? "}" : "]");
    } else {
        buffer_add(emitter->out, "\xFF", 1);
    }
    emitter->is_first = false;
}

void emit_key(struct emitter *emitter, const char *key)
{
    emit_text(emitter, key, strlen(key));
    if (emitter->form == EMIT_JSON)
        buffer_text(emitter->out, ": ");
    emitter->after_key = true;
}

void emit_text(struct emitter *emitter, const char *text, size_t length)
{
    separate(emitter);
    if (emitter->form == EMIT_JSON) {
        json_text(emitter->out, text, length);
    } else {
        head(emitter->out, 3, length);
        buffer_add(emitter->out, text, length);
    }
}

void emit_integer(struct emitter *emitter, bool negative, uint64_t magnitude)
{
    separate(emitter);
    if (emitter->form == EMIT_JSON)
        buffer_format(emitter->out, negative ? "-%llu" : "%llu", (unsigned long long)magnitude);
    else
        head(emitter->out, negative, negative ? magnitude - 1 : magnitude);
}

void emit_boolean(struct emitter *emitter, bool value)
{
    separate(emitter);
    if (emitter->form == EMIT_JSON)
        buffer_text(emitter->out, value ? "true" : "false");
    else
        buffer_add(emitter->out, value ? "\xF5" : "\xF4", 1);
}

void emit_null(struct emitter *emitter)
{
    separate(emitter);
    if (emitter->form == EMIT_JSON)
        buffer_text(emitter->out, "null");
    else
        buffer_add(emitter->out, "\xF6", 1);
}

void emit_finish(struct emitter *emitter)
{
    if (emitter->form == EMIT_JSON)
        buffer_text(emitter->out, "\n");
}
