/* SPDX-License-Identifier: MIT */
/*
 * A streaming JSON writer (RFC 8259) into a buffer or any sink. Output depends on the calls only:
 * keys stay in the order of the calls. A wrong call (a value without key in an object, an end that
 * does not match, too deep) and a sink that fails stop the writer for good; json_finish tells.
 *
 *   struct json_writer json;
 *   json_init_buffer(&json, &buffer, JSON_INDENTED);
 *   json_begin_object(&json);
 *   json_key(&json, "paths"), json_unsigned(&json, 4);
 *   json_end_object(&json);
 *   if (!json_finish(&json)) ...
 */
#ifndef MPIO_TEXT_JSON_H
#define MPIO_TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"

#define JSON_MAX_DEPTH    64 /* objects and arrays inside each other */
#define JSON_MAX_DECIMALS 18

enum json_layout { JSON_COMPACT, JSON_INDENTED /* two spaces, one element a line */ };

/* Takes the next bytes of the document; false stops the writer. */
typedef bool json_sink(void *context, const char *bytes, size_t length);

/* Fields are the writer's own. It owns no memory: there is nothing to free. */
struct json_writer {
    json_sink *sink;
    void *context;
    enum json_layout layout;
    unsigned depth;
    uint64_t is_object;   /* bit d: the container at depth d + 1 is an object */
    uint64_t has_element; /* bit d: a comma is due before the next element */
    bool key_given;       /* the value of a key is due */
    bool complete;        /* the one top-level value is written */
    const char *failure;  /* why the writer stopped; NULL while it is good */
};

void json_init(struct json_writer *json, json_sink *sink, void *context, enum json_layout layout);
void json_init_buffer(struct json_writer *json, struct buffer *out, enum json_layout layout);

void json_begin_object(struct json_writer *json);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json);
void json_end_array(struct json_writer *json);
void json_key(struct json_writer *json, const char *key);

/* Malformed UTF-8 and half surrogate pairs become U+FFFD. A NULL text is written as null. */
void json_string(struct json_writer *json, const char *text);
void json_string_bytes(struct json_writer *json, const char *text, size_t length);
void json_string_utf16(struct json_writer *json, const uint16_t *units, size_t length);
void json_unsigned(struct json_writer *json, uint64_t value);
void json_signed(struct json_writer *json, int64_t value);
/* value / 10^decimals, exactly: json_decimal(json, -1250, 3) is -1.250. */
void json_decimal(struct json_writer *json, int64_t value, unsigned decimals);
void json_boolean(struct json_writer *json, bool value);
void json_null(struct json_writer *json);

/* True when one whole document was written and the sink took all of it. Ends an indented document
 * with a line break. The writer may begin the next document (JSON lines) after a json_init. */
bool json_finish(struct json_writer *json);

#endif
