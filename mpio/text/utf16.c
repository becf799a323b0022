/* SPDX-License-Identifier: MIT */
/* Character by character and string conversions of text/utf16.h. Memory in, memory out; no state.
 */
#include "text/utf16.h"

#include <string.h>

uint32_t utf8_next(const char *text, size_t length, size_t *position)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = *position;
    uint32_t code_point = bytes[at++];
    unsigned more = 0, low = 0x80, high = 0xBF; /* bounds of the next byte: Unicode table 3-7 */

    *position = at;
    if (code_point < 0x80)
        return code_point;
    if (code_point < 0xC2 || code_point > 0xF4)
        return UTF_MALFORMED;
    if (code_point < 0xE0) {
        more = 1;
        code_point &= 0x1F;
    } else if (code_point < 0xF0) {
        more = 2;
        low = code_point == 0xE0 ? 0xA0 : 0x80;  /* no overlong form */
        high = code_point == 0xED ? 0x9F : 0xBF; /* no surrogate */
        code_point &= 0x0F;
    } else {
        more = 3;
        low = code_point == 0xF0 ? 0x90 : 0x80;
        high = code_point == 0xF4 ? 0x8F : 0xBF; /* nothing above U+10FFFF */
        code_point &= 0x07;
    }
    for (; more > 0; more--, at++) {
        if (at >= length || bytes[at] < low || bytes[at] > high) {
            *position = at;
            return UTF_MALFORMED;
        }
        code_point = code_point << 6 | (bytes[at] & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    *position = at;
    return code_point;
}

uint32_t utf16_next(const uint16_t *units, size_t length, size_t *position)
{
    uint32_t unit = units[(*position)++];

    if (unit < 0xD800 || unit > 0xDFFF)
        return unit;
    if (unit > 0xDBFF || *position >= length)
        return UTF_MALFORMED;
    uint32_t second = units[*position];
    if (second < 0xDC00 || second > 0xDFFF)
        return UTF_MALFORMED;
    ++*position;
    return 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
}

unsigned utf8_encode(uint32_t code_point, char out[4])
{
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        code_point = UTF_REPLACEMENT;
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}

size_t utf8_to_utf16(const char *text, size_t length, enum utf_mode mode, uint16_t *units,
                     size_t capacity)
{
    size_t position = 0, needed = 0;

    while (position < length) {
        uint32_t code_point = utf8_next(text, length, &position);
        if (code_point == UTF_MALFORMED) {
            if (mode == UTF_STRICT)
                return UTF_REFUSED;
            code_point = UTF_REPLACEMENT;
        }
        unsigned count = code_point < 0x10000 ? 1 : 2;
        /* Once a character did not fit, `needed` stays above the capacity: no later one slips in.
         */
        if (needed + count <= capacity && count == 1) {
            units[needed] = (uint16_t)code_point;
        } else if (needed + count <= capacity) {
            units[needed] = (uint16_t)(0xD800 + ((code_point - 0x10000) >> 10));
            units[needed + 1] = (uint16_t)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
        }
        needed += count;
    }
    return needed;
}

size_t utf16_to_utf8(const uint16_t *units, size_t length, enum utf_mode mode, char *text,
                     size_t capacity)
{
    size_t position = 0, needed = 0;
    char bytes[4];

    while (position < length) {
        uint32_t code_point = utf16_next(units, length, &position);
        if (code_point == UTF_MALFORMED && mode == UTF_STRICT)
            return UTF_REFUSED;
        unsigned count = utf8_encode(code_point, bytes);
        if (needed + count <= capacity)
            memcpy(text + needed, bytes, count);
        needed += count;
    }
    return needed;
}

bool utf16_append_utf8(struct buffer *out, const uint16_t *units, size_t length)
{
    size_t position = 0;
    char bytes[4];

    while (position < length) {
        unsigned count = utf8_encode(utf16_next(units, length, &position), bytes);
        if (!buffer_append(out, bytes, count))
            return false;
    }
    return !out->failed;
}

size_t utf8_valid_length(const char *text, size_t length)
{
    size_t position = 0;

    while (position < length) {
        size_t start = position;
        if (utf8_next(text, length, &position) == UTF_MALFORMED)
            return start;
    }
    return length;
}
