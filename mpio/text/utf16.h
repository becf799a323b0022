/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 <-> UTF-16 and file images in either. Follows the Unicode standard, chapter 3 (D92
 * well-formed UTF-8, table 3-7; D91 surrogate pairs): overlong forms, surrogates in UTF-8, code
 * points above U+10FFFF and lone surrogates in UTF-16 are malformed. Lenient conversions put one
 * U+FFFD for each maximal subpart of a malformed sequence; strict ones refuse. Units are uint16_t
 * in host order.
 */
#ifndef MPIO_TEXT_UTF16_H
#define MPIO_TEXT_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"
#include "text/text_error.h"

enum utf_mode { UTF_LENIENT, UTF_STRICT };

#define UTF_REPLACEMENT 0xFFFDu
#define UTF_MALFORMED   UINT32_MAX   /* from utf8_next and utf16_next */
#define UTF_REFUSED     ((size_t)-1) /* from the strict conversions */

/* Reads the character at *position (which is below `length`) and moves *position behind it.
 * UTF_MALFORMED for a malformed sequence; *position then moves behind its maximal subpart, so a
 * loop always goes forward. */
uint32_t utf8_next(const char *text, size_t length, size_t *position);
uint32_t utf16_next(const uint16_t *units, size_t length, size_t *position);
/* Writes one code point (a scalar value; anything else becomes U+FFFD). Returns 1 to 4. */
unsigned utf8_encode(uint32_t code_point, char out[4]);

/* Converts `length` bytes or units. Returns how many units or bytes the whole result has, without
 * terminator (none is written); UTF_REFUSED for malformed input in strict mode. Writes at most
 * `capacity`, and whole characters only; with a result above `capacity` the output is a prefix. To
 * measure, pass NULL and 0. Embedded NULs are characters like others. */
size_t utf8_to_utf16(const char *text, size_t length, enum utf_mode mode, uint16_t *units,
                     size_t capacity);
size_t utf16_to_utf8(const uint16_t *units, size_t length, enum utf_mode mode, char *text,
                     size_t capacity);
/* Lenient, appended to a buffer. */
bool utf16_append_utf8(struct buffer *out, const uint16_t *units, size_t length);

/* Length of the longest well-formed prefix; equals `length` for well-formed text. */
size_t utf8_valid_length(const char *text, size_t length);

enum text_decoding {
    TEXT_DECODE_STRICT,  /* a malformed sequence is an error that names its line */
    TEXT_DECODE_LENIENT, /* it becomes U+FFFD */
    TEXT_DECODE_ANSI,    /* strict, but a file without BOM that is not UTF-8 is Windows-1252 (INF,
                            REGEDIT4) */
};

/* Decodes a file image - UTF-8 with or without BOM, or UTF-16LE/BE with BOM - and appends it to
 * *out as UTF-8 without BOM. False on malformed input or when *out fails; *error (may be NULL) says
 * why. `file_name` is only for messages. */
bool text_decode_file(const char *file_name, const void *image, size_t length,
                      enum text_decoding decoding, struct buffer *out, struct text_error *error);
/* One character of Windows-1252; the five positions it leaves open map to the C1 control of that
 * number, as Windows maps them. */
uint16_t text_windows_1252(unsigned char byte);

#endif
