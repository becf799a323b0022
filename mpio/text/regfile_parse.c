/* SPDX-License-Identifier: MIT */
/*
 * The parser of text/regfile.h: decodes the image, then walks it once and calls the receiver.
 * Strings and data are collected in two buffers of one value's size. No state outlives the call.
 */
#include "text/regfile.h"

#include <string.h>

#include "text/utf16.h"

static const char header_5[] = "Windows Registry Editor Version 5.00";
static const char header_4[] = "REGEDIT4";

struct parser {
    const struct regfile_receiver *receiver;
    const char *file_name;
    struct text_error *error;
    const char *at, *end;
    const char *start; /* of the present line, for columns */
    unsigned line;
    bool narrow; /* REGEDIT4: string bytes in hex() are Windows-1252 */
    enum { NO_KEY, OPEN_KEY, DELETED_KEY } key;
    struct buffer quoted; /* the latest quoted string, UTF-8, unescaped */
    struct buffer name;   /* value name or key path, UTF-16 units in host order */
    struct buffer data;
};

#define fail_at(parser, the_line, column, ...)                                                     \
    text_error_set((parser)->error, (parser)->file_name, the_line, column, __VA_ARGS__)
#define fail(parser, ...)                                                                          \
    fail_at(parser, (parser)->line, (unsigned)((parser)->at - (parser)->start) + 1, __VA_ARGS__)

static bool at_line_end(const struct parser *parser)
{
    return parser->at == parser->end || *parser->at == '\n' || *parser->at == '\r';
}

static void skip_blanks(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\t'))
        parser->at++;
}

/* Moves behind a line end; does nothing at the end of the file. */
static void take_line_end(struct parser *parser)
{
    if (parser->at == parser->end)
        return;
    if (*parser->at == '\r' && parser->at + 1 < parser->end && parser->at[1] == '\n')
        parser->at++;
    parser->at++;
    parser->line++;
    parser->start = parser->at;
}

/* Blanks, a comment, and the line end. */
static bool finish_line(struct parser *parser)
{
    skip_blanks(parser);
    if (parser->at < parser->end && *parser->at == ';') {
        while (!at_line_end(parser))
            parser->at++;
    }
    if (!at_line_end(parser))
        return fail(parser, "text behind the end of the value or key; put it on a line of its own");
    take_line_end(parser);
    return true;
}

static bool take_word(struct parser *parser, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length))
        return false;
    parser->at += length;
    return true;
}

/* Reads from the opening quote to behind the closing one, into parser->quoted. */
static bool take_quoted(struct parser *parser)
{
    unsigned line = parser->line, column = (unsigned)(parser->at - parser->start) + 1;

    buffer_clear(&parser->quoted);
    parser->at++;
    while (parser->at < parser->end) {
        char c = *parser->at;
        if (c == '"') {
            parser->at++;
            return true;
        }
        if (c == '\\') {
            parser->at++;
            if (parser->at == parser->end)
                break;
            c = *parser->at;
            if (c != '\\' && c != '"')
                return fail(parser,
                            "\\%c is no escape: accepted are \\\\ and \\\"; a backslash in a string"
                            " is written twice",
                            (unsigned char)c < 0x80 ? c : '?');
        }
        parser->at++;
        if (c == '\n') {
            parser->line++;
            parser->start = parser->at;
        }
        if (!buffer_append_byte(&parser->quoted, (unsigned char)c))
            return fail_at(parser, line, column,
                           "the string is longer than a registry value can be");
    }
    return fail_at(parser, line, column, "the quoted string is not closed");
}

static bool append_unit(struct buffer *out, uint32_t unit)
{
    return buffer_append_byte(out, (unsigned char)unit) &&
           buffer_append_byte(out, (unsigned char)(unit >> 8));
}

/* UTF-8 (well-formed, the decoder saw to that) -> UTF-16LE bytes. */
static bool append_utf16le(struct buffer *out, const char *text, size_t length)
{
    for (size_t position = 0; position < length;) {
        uint32_t c = utf8_next(text, length, &position);
        bool good = c < 0x10000 ? append_unit(out, c)
                                : append_unit(out, 0xD800 + ((c - 0x10000) >> 10)) &&
                                      append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
        if (!good)
            return false;
    }
    return true;
}

/* UTF-8 -> parser->name; its length in units, or UTF_REFUSED when that is above `limit`. */
static size_t set_name(struct parser *parser, const char *text, size_t length, size_t limit)
{
    size_t units = utf8_to_utf16(text, length, UTF_LENIENT, NULL, 0);
    uint16_t piece[2];

    if (units > limit)
        return UTF_REFUSED;
    buffer_clear(&parser->name);
    for (size_t position = 0; position < length;) {
        size_t from = position;
        utf8_next(text, length, &position);
        size_t count = utf8_to_utf16(text + from, position - from, UTF_LENIENT, piece, 2);
        if (!buffer_append(&parser->name, piece, count * sizeof piece[0]))
            return UTF_REFUSED;
    }
    return units;
}

static const uint16_t *name_units(const struct parser *parser)
{
    static const uint16_t none[1];

    return parser->name.data ? (const uint16_t *)parser->name.data : none;
}

static bool check_path(struct parser *parser, const char *path, size_t length)
{
    size_t depth = 0;

    for (size_t from = 0; from <= length; depth++) {
        const char *backslash = memchr(path + from, '\\', length - from);
        size_t to = backslash ? (size_t)(backslash - path) : length;
        if (to == from)
            return fail(parser, "the key path has an empty component");
        if (utf8_to_utf16(path + from, to - from, UTF_LENIENT, NULL, 0) > REGFILE_MAX_KEY_NAME)
            return fail(parser, "a component of the key path is longer than %u characters",
                        REGFILE_MAX_KEY_NAME);
        from = to + 1;
    }
    if (depth > REGFILE_MAX_KEY_DEPTH)
        return fail(parser, "the key path is deeper than %u keys", REGFILE_MAX_KEY_DEPTH);
    return true;
}

/* The ']' that ends a key line. Key names may contain ']' and ';', so it is the last one of the
 * line when only blanks follow it; else the first one that a comment follows. */
static const char *closing_bracket(const char *from, const char *line_end)
{
    const char *last = line_end;

    while (last > from && (last[-1] == ' ' || last[-1] == '\t'))
        last--;
    if (last > from && last[-1] == ']')
        return last - 1;
    for (const char *c = from; c < line_end; c++) {
        const char *next = c + 1;
        while (next < line_end && (*next == ' ' || *next == '\t'))
            next++;
        if (*c == ']' && next < line_end && *next == ';')
            return c;
    }
    return NULL;
}

static bool take_key(struct parser *parser)
{
    const char *line_end = ++parser->at;
    bool deleted = take_word(parser, "-");
    const char *path = parser->at;

    while (line_end < parser->end && *line_end != '\n' && *line_end != '\r')
        line_end++;
    const char *closing = closing_bracket(path, line_end);
    if (!closing)
        return fail(parser, "the key line is not closed with ']'");
    size_t length = (size_t)(closing - path);
    if (memchr(path, 0, length))
        return fail(parser, "NUL character in a key path");
    if (path[0] == '-') /* at least the bracket stands there */
        return fail(parser,
                    "a key path starts with its root, such as HKEY_LOCAL_MACHINE, not with '-'");
    if (!check_path(parser, path, length))
        return false;
    size_t units = set_name(parser, path, length, SIZE_MAX - 1);
    if (units == UTF_REFUSED)
        return fail(parser, "out of memory");
    const char *refusal =
        parser->receiver->on_key(parser->receiver->context, name_units(parser), units, deleted);
    if (refusal)
        return fail(parser, "%s", refusal);
    parser->key = deleted ? DELETED_KEY : OPEN_KEY;
    parser->at = closing + 1;
    return finish_line(parser);
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 1 to `most` hexadecimal digits. */
static bool take_hexadecimal(struct parser *parser, unsigned most, uint32_t *value)
{
    unsigned count = 0;

    *value = 0;
    while (parser->at < parser->end && digit_value(*parser->at) >= 0) {
        if (++count > most)
            return fail(parser, "more than %u hexadecimal digits", most);
        *value = *value << 4 | (uint32_t)digit_value(*parser->at++);
    }
    if (count == 0)
        return fail(parser, "1 to %u hexadecimal digits are expected here", most);
    return true;
}

/* At a '\' that ends its line: moves to the first text of the next line. */
static bool take_continuation(struct parser *parser)
{
    parser->at++;
    if (!finish_line(parser))
        return false;
    skip_blanks(parser);
    return true;
}

/* `01,02,...` up to the end of the value; may be empty. */
static bool take_bytes(struct parser *parser, bool widen)
{
    uint32_t byte;

    for (bool first = true;; first = false) {
        skip_blanks(parser);
        while (parser->at < parser->end && *parser->at == '\\') {
            if (!take_continuation(parser))
                return false;
        }
        if (first && (at_line_end(parser) || *parser->at == ';'))
            return true;
        if (!take_hexadecimal(parser, 2, &byte))
            return false;
        bool room = widen ? append_unit(&parser->data, text_windows_1252((unsigned char)byte))
                          : buffer_append_byte(&parser->data, (unsigned char)byte);
        if (!room)
            return fail(parser, "the value has more than %u bytes", REGFILE_MAX_DATA);
        skip_blanks(parser);
        if (!take_word(parser, ","))
            return true;
    }
}

/* What stands behind `name=`; fills *type and parser->data. */
static bool take_data(struct parser *parser, uint32_t *type)
{
    buffer_clear(&parser->data);
    if (parser->at < parser->end && *parser->at == '"') {
        *type = REGFILE_SZ;
        if (!take_quoted(parser))
            return false;
        if (!append_utf16le(&parser->data, buffer_text(&parser->quoted), parser->quoted.length) ||
            !append_unit(&parser->data, 0))
            return fail(parser, "the value has more than %u bytes", REGFILE_MAX_DATA);
        return true;
    }
    if (take_word(parser, "dword:")) {
        uint32_t number;
        *type = REGFILE_DWORD;
        skip_blanks(parser);
        if (!take_hexadecimal(parser, 8, &number))
            return false;
        return (append_unit(&parser->data, number) && append_unit(&parser->data, number >> 16)) ||
               fail(parser, "out of memory");
    }
    if (take_word(parser, "hex:")) {
        *type = REGFILE_BINARY;
        return take_bytes(parser, false);
    }
    if (take_word(parser, "hex(")) {
        if (!take_hexadecimal(parser, 8, type))
            return false;
        if (!take_word(parser, "):"))
            return fail(parser, "\"):\" is expected behind the type number");
        return take_bytes(parser,
                          parser->narrow && (*type == REGFILE_SZ || *type == REGFILE_EXPAND_SZ ||
                                             *type == REGFILE_MULTI_SZ));
    }
    return fail(parser,
                "unknown kind of value: accepted are \"text\", dword:, hex:, hex(type): and -");
}

static bool take_value(struct parser *parser)
{
    uint32_t type = REGFILE_NONE;

    if (parser->key == NO_KEY)
        return fail(parser, "a value before the first [key]");
    if (parser->key == DELETED_KEY)
        return fail(parser, "a value below a deleted key; open the key again with [key] first");
    buffer_clear(&parser->quoted);
    if (!take_word(parser, "@") && !take_quoted(parser))
        return false;
    if (memchr(buffer_text(&parser->quoted), 0, parser->quoted.length))
        return fail(parser, "NUL character in a value name");
    size_t units = set_name(parser, buffer_text(&parser->quoted), parser->quoted.length,
                            REGFILE_MAX_VALUE_NAME);
    if (units == UTF_REFUSED)
        return fail(parser, "the value name is longer than %u characters", REGFILE_MAX_VALUE_NAME);
    skip_blanks(parser);
    if (!take_word(parser, "="))
        return fail(parser, "'=' is expected behind the value name");
    skip_blanks(parser);
    unsigned line = parser->line;
    bool deleted = take_word(parser, "-");
    if (deleted)
        buffer_clear(&parser->data);
    else if (!take_data(parser, &type))
        return false;
    if (!finish_line(parser))
        return false;
    const char *refusal = parser->receiver->on_value(
        parser->receiver->context, name_units(parser), units, type,
        (const uint8_t *)buffer_text(&parser->data), parser->data.length, deleted);
    return !refusal || fail_at(parser, line, 0, "%s", refusal);
}

/* The first line that is not blank says which format it is. */
static bool take_header(struct parser *parser)
{
    for (;;) {
        skip_blanks(parser);
        if (parser->at == parser->end || !at_line_end(parser))
            break;
        take_line_end(parser);
    }
    if (take_word(parser, header_4))
        parser->narrow = true;
    else if (!take_word(parser, header_5))
        return fail(parser, "the file does not start with \"%s\" or \"%s\"", header_5, header_4);
    return finish_line(parser);
}

static bool take_lines(struct parser *parser)
{
    while (parser->at < parser->end) {
        skip_blanks(parser);
        bool good;
        if (at_line_end(parser) || *parser->at == ';')
            good = finish_line(parser);
        else if (*parser->at == '[')
            good = take_key(parser);
        else if (*parser->at == '"' || *parser->at == '@')
            good = take_value(parser);
        else
            good = fail(parser, "a line starts with '[', '\"', '@' or ';'");
        if (!good)
            return false;
    }
    return true;
}

bool regfile_parse(const char *file_name, const char *image, size_t length,
                   const struct regfile_receiver *receiver, struct text_error *error)
{
    struct buffer text = {0};
    struct parser parser = {
        .receiver = receiver, .file_name = file_name, .error = error, .line = 1};
    bool ansi = length >= strlen(header_4) && !memcmp(image, header_4, strlen(header_4));
    bool good = false;

    if (length > REGFILE_MAX_FILE)
        return text_error_set(error, file_name, 0, 0,
                              "the file has %zu bytes; at most %u are accepted", length,
                              REGFILE_MAX_FILE);
    buffer_init(&parser.quoted,
                2 * REGFILE_MAX_DATA); /* UTF-8 of a string that fits is below this */
    buffer_init(&parser.data, REGFILE_MAX_DATA);
    if (text_decode_file(file_name, image, length, ansi ? TEXT_DECODE_ANSI : TEXT_DECODE_STRICT,
                         &text, error)) {
        parser.at = parser.start = buffer_text(&text);
        parser.end = parser.at + text.length;
        good = take_header(&parser) && take_lines(&parser);
    }
    buffer_free(&parser.quoted);
    buffer_free(&parser.name);
    buffer_free(&parser.data);
    buffer_free(&text);
    return good;
}
