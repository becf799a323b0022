/* SPDX-License-Identifier: MIT */
/*
 * Decoding of whole file images: looks for a byte order mark, converts to UTF-8, and names the line
 * of what is malformed. Windows tools write .reg as UTF-16LE and INF as UTF-16LE or ANSI; people
 * write UTF-8. Memory in, memory out; no state.
 */
#include "text/utf16.h"

uint16_t text_windows_1252(unsigned char byte)
{
    static const uint16_t from_80[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
    };

    return byte >= 0x80 && byte < 0xA0 ? from_80[byte - 0x80] : byte;
}

static bool out_of_room(const char *file_name, struct text_error *error)
{
    return text_error_set(error, file_name, 0, 0,
                          "decoded text does not fit its buffer, or memory ran out");
}

static unsigned lines_before(const char *text, size_t length)
{
    unsigned line = 1;

    for (size_t i = 0; i < length; i++)
        line += text[i] == '\n';
    return line;
}

static bool decode_utf16(const char *file_name, const unsigned char *bytes, size_t length,
                         bool big_endian, enum text_decoding decoding, struct buffer *out,
                         struct text_error *error)
{
    unsigned line = 1;
    char utf8[4];

    for (size_t at = 0; at < length;) {
        /* A window of up to two units is enough for one character. */
        uint16_t units[2];
        size_t count = 0, used = 0;
        while (count < 2 && at + 2 * count + 1 < length) {
            const unsigned char *unit = bytes + at + 2 * count;
            units[count++] =
                (uint16_t)(big_endian ? unit[0] << 8 | unit[1] : unit[1] << 8 | unit[0]);
        }
        uint32_t code_point = UTF_MALFORMED;
        if (count > 0)
            code_point = utf16_next(units, count, &used);
        if (code_point == UTF_MALFORMED && decoding != TEXT_DECODE_LENIENT)
            return text_error_set(error, file_name, line, 0, "%s; save the file as valid UTF-16",
                                  count ? "half of a UTF-16 surrogate pair stands alone"
                                        : "the UTF-16 text ends in half a unit");
        line += code_point == '\n';
        if (!buffer_append(out, utf8, utf8_encode(code_point, utf8)))
            return out_of_room(file_name, error);
        at += count ? 2 * used : 1;
    }
    return true;
}

static bool decode_utf8(const char *file_name, const char *text, size_t length, bool marked,
                        enum text_decoding decoding, struct buffer *out, struct text_error *error)
{
    size_t good = utf8_valid_length(text, length), position = 0;
    char utf8[4];

    if (good == length)
        return buffer_append(out, text, length) || out_of_room(file_name, error);
    if (decoding == TEXT_DECODE_STRICT || (decoding == TEXT_DECODE_ANSI && marked))
        return text_error_set(
            error, file_name, lines_before(text, good), 0,
            "byte 0x%02x is not UTF-8 here; save the file as UTF-8, or as UTF-16 with a"
            " byte order mark",
            (unsigned char)text[good]);
    while (position < length) {
        uint32_t code_point;
        if (decoding == TEXT_DECODE_ANSI)
            code_point = text_windows_1252((unsigned char)text[position++]);
        else
            code_point = utf8_next(text, length, &position);
        if (!buffer_append(out, utf8, utf8_encode(code_point, utf8)))
            return out_of_room(file_name, error);
    }
    return true;
}

bool text_decode_file(const char *file_name, const void *image, size_t length,
                      enum text_decoding decoding, struct buffer *out, struct text_error *error)
{
    const unsigned char *bytes = length ? image : (const unsigned char *)"";

    if (out->failed)
        return out_of_room(file_name, error);
    if (length >= 2 && bytes[0] == 0xFF && bytes[1] == 0xFE)
        return decode_utf16(file_name, bytes + 2, length - 2, false, decoding, out, error);
    if (length >= 2 && bytes[0] == 0xFE && bytes[1] == 0xFF)
        return decode_utf16(file_name, bytes + 2, length - 2, true, decoding, out, error);
    bool marked = length >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF;
    size_t skip = marked ? 3 : 0;
    return decode_utf8(file_name, (const char *)bytes + skip, length - skip, marked, decoding, out,
                       error);
}
