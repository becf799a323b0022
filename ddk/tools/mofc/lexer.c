/* SPDX-License-Identifier: MIT */
/*
 * Characters to tokens: comments, names, numbers in four bases, strings with escapes, aliases.
 * `#line` and `# 12 "file"`, which C preprocessors leave behind, move the place; `#pragma` is a
 * token; any other directive is an error that says what to do.
 */
#include "mofc.h"

#include <string.h>

static void step(struct lexer *lexer)
{
    char c = *lexer->at++;

    if (c == '\n') {
        lexer->place.line++;
        lexer->place.column = 1;
        lexer->line_start = true;
    } else {
        lexer->place.column += ((unsigned char)c & 0xC0) != 0x80;
        if (c != ' ' && c != '\t' && c != '\r')
            lexer->line_start = false;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_name_start(c) || is_digit(c);
}

static int hex_digit(char c)
{
    return is_digit(c)              ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                    : -1;
}

static void skip_line(struct lexer *lexer)
{
    while (*lexer->at && *lexer->at != '\n')
        step(lexer);
}

static void skip_blanks(struct lexer *lexer)
{
    while (*lexer->at == ' ' || *lexer->at == '\t')
        step(lexer);
}

static const char *take_word(struct lexer *lexer)
{
    const char *start = lexer->at;

    while (is_name(*lexer->at))
        step(lexer);
    return arena_text(lexer->mofc, start, (size_t)(lexer->at - start));
}

/* `12 "file.mof"` after #line: the next line is line 12. */
static void line_directive(struct lexer *lexer, struct place start)
{
    uint64_t line = 0;

    skip_blanks(lexer);
    if (!is_digit(*lexer->at)) {
        report_error(lexer->mofc, start, "#line without a number; write #line 12 \"file.mof\"");
        skip_line(lexer);
        return;
    }
    for (; is_digit(*lexer->at); step(lexer))
        line = line < UINT32_MAX ? line * 10 + (uint64_t)(*lexer->at - '0') : line;
    if (line < 1 || line > INT32_MAX) {
        report_error(lexer->mofc, start, "#line takes a number from 1 to 2147483647");
        line = 1;
    }
    skip_blanks(lexer);
    if (*lexer->at == '"') {
        const char *name = lexer->at + 1;

        do
            step(lexer);
        while (*lexer->at && *lexer->at != '\n' && *lexer->at != '"');
        lexer->place.file = arena_text(lexer->mofc, name, (size_t)(lexer->at - name));
    }
    skip_line(lexer);
    lexer->place.line = (uint32_t)line - 1;
    if (!*lexer->at)
        lexer->place.line++;
}

/* At '#'. True for #pragma. */
static bool directive(struct lexer *lexer)
{
    struct place start = lexer->place;
    bool first = lexer->line_start;

    step(lexer);
    skip_blanks(lexer);
    if (first && is_digit(*lexer->at)) {
        line_directive(lexer, start);
        return false;
    }
    const char *word = take_word(lexer);
    if (same_name(word, "pragma"))
        return true;
    if (first && strcmp(word, "line") == 0) {
        line_directive(lexer, start);
        return false;
    }
    report_error(
        lexer->mofc, start,
        "#%.40s is none of MOF's directives; use #pragma include(\"file\") for #include, and run "
        "sources with macros or #if through a C preprocessor first (cl /EP, cpp -P)",
        word);
    skip_line(lexer);
    return false;
}

/* Blanks, comments, line directives. True when a #pragma starts here. */
static bool skip(struct lexer *lexer, struct place *start)
{
    for (;;) {
        char c = *lexer->at;

        *start = lexer->place;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
            step(lexer);
        } else if (c == '/' && lexer->at[1] == '/') {
            skip_line(lexer);
        } else if (c == '/' && lexer->at[1] == '*') {
            step(lexer);
            do
                step(lexer);
            while (*lexer->at && (lexer->at[0] != '*' || lexer->at[1] != '/'));
            if (!*lexer->at) {
                report_error(lexer->mofc, *start, "comment without end; write */");
                return false;
            }
            step(lexer);
            step(lexer);
        } else if (c == '#') {
            if (directive(lexer))
                return true;
        } else {
            return false;
        }
    }
}

/* ---- numbers ---- */
/* Digits up to `end` in this base. */
static bool number_value(const char *at, const char *end, unsigned base, uint64_t *value)
{
    *value = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned)hex_digit(*at);

        if (digit >= base || *value > (UINT64_MAX - digit) / base)
            return false;
        *value = *value * base + digit;
    }
    return true;
}

static bool take_exponent(struct lexer *lexer)
{
    step(lexer);
    if (*lexer->at == '+' || *lexer->at == '-')
        step(lexer);
    if (!is_digit(*lexer->at))
        return false;
    while (is_digit(*lexer->at))
        step(lexer);
    return true;
}

/* A real as JSON writes it: no '+', a digit before the point, no leading zeros. */
static const char *real_text(struct lexer *lexer, const char *start, bool negative)
{
    struct buffer *text = &lexer->scratch;

    text->length = 0;
    if (negative)
        buffer_text(text, "-");
    while (start[0] == '0' && is_digit(start[1]))
        start++;
    if (*start == '.')
        buffer_text(text, "0");
    buffer_add(text, start, (size_t)(lexer->at - start));
    return arena_text(lexer->mofc, text->data, text->length);
}

static void number(struct lexer *lexer, struct token *token)
{
    bool has_point = false, is_good = true;
    unsigned base = 10;

    if (*lexer->at == '+' || *lexer->at == '-') {
        token->negative = *lexer->at == '-';
        step(lexer);
    }
    const char *start = lexer->at, *end;
    if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) {
        base = 16;
        step(lexer);
        step(lexer);
        start = lexer->at;
        while (hex_digit(*lexer->at) >= 0)
            step(lexer);
        end = lexer->at;
        is_good = end > start;
    } else {
        while (is_digit(*lexer->at))
            step(lexer);
        end = lexer->at;
        if (*lexer->at == '.') {
            has_point = true;
            step(lexer);
            is_good = is_digit(*lexer->at);
            while (is_digit(*lexer->at))
                step(lexer);
            if (is_good && (*lexer->at == 'e' || *lexer->at == 'E'))
                is_good = take_exponent(lexer);
        } else if (*lexer->at == 'b' || *lexer->at == 'B') {
            base = 2;
            step(lexer);
        } else if (*start == '0') {
            base = 8;
        }
    }
    if (is_name(*lexer->at))
        is_good = false;
    while (is_name(*lexer->at) || *lexer->at == '.')
        step(lexer);
    token->kind = has_point ? TOKEN_REAL : TOKEN_INTEGER;
    if (!is_good || (!has_point && !number_value(start, end, base, &token->magnitude)) ||
        (token->negative && !has_point && token->magnitude > (uint64_t)1 << 63)) {
        report_error(
            lexer->mofc, token->place,
            "this is no number of 64 bits; write 12, -12, 0x1F, 017 (octal), 101b or 1.5e3");
        token->magnitude = 0;
        token->kind = TOKEN_BAD;
    } else if (has_point) {
        token->text = real_text(lexer, start, token->negative);
    }
}

/* ---- strings ---- */
static bool take_hex(struct lexer *lexer, uint32_t *value)
{
    unsigned digits = 0;

    *value = 0;
    for (; digits < 4 && hex_digit(*lexer->at) >= 0; digits++, step(lexer))
        *value = *value * 16 + (uint32_t)hex_digit(*lexer->at);
    return digits > 0 && *value != 0;
}

/* After the backslash. */
static void escape(struct lexer *lexer, struct place start)
{
    static const char plain[] = "b\bt\tn\nf\fr\r\"\"''\\\\";
    char c = *lexer->at;

    for (const char *p = plain; *p; p += 2)
        if (c == *p) {
            step(lexer);
            buffer_add(&lexer->scratch, p + 1, 1);
            return;
        }
    if (c == 'x' || c == 'X') {
        uint32_t value, low = 0;

        step(lexer);
        bool is_good = take_hex(lexer, &value);
        if (is_good && value >= 0xD800 && value < 0xDC00 && lexer->at[0] == '\\' &&
            (lexer->at[1] == 'x' || lexer->at[1] == 'X')) {
            step(lexer);
            step(lexer);
            is_good = take_hex(lexer, &low) && low >= 0xDC00 && low < 0xE000;
            value = 0x10000 + (value - 0xD800) * 0x400 + (low - 0xDC00);
        } else if (value >= 0xD800 && value < 0xE000) {
            is_good = false;
        }
        if (is_good)
            utf8_add(&lexer->scratch, value);
        else
            report_error(lexer->mofc, start,
                         "\\x takes one to four hexadecimal digits of a UTF-16 character, not 0; "
                         "surrogates come in pairs");
        return;
    }
    report_error(
        lexer->mofc, start,
        "unknown escape sequence; use \\b \\t \\n \\f \\r \\\" \\' \\\\ or \\x0041, and \\\\ for "
        "a backslash");
    if (c && c != '\n')
        step(lexer);
}

static void string(struct lexer *lexer, struct token *token)
{
    char quote = *lexer->at;

    lexer->scratch.length = 0;
    buffer_text(&lexer->scratch, "");
    step(lexer);
    while (*lexer->at != quote) {
        struct place start = lexer->place;

        if (*lexer->at == '\0' || *lexer->at == '\n' || *lexer->at == '\r') {
            report_error(lexer->mofc, token->place,
                         "text without a closing %c on its line; close it, and go on with another "
                         "\"...\" on the next line",
                         quote);
            token->kind = TOKEN_BAD;
            return;
        }
        if (*lexer->at == '\\') {
            step(lexer);
            escape(lexer, start);
        } else {
            const char *c = lexer->at;

            step(lexer);
            buffer_add(&lexer->scratch, c, 1);
        }
    }
    step(lexer);
    token->kind = quote == '"' ? TOKEN_STRING : TOKEN_CHARACTER;
    token->text = arena_text(lexer->mofc, lexer->scratch.data, lexer->scratch.length);
}

/* The one UTF-16 unit of a character constant. */
static void character(struct lexer *lexer, struct token *token)
{
    string(lexer, token);
    if (token->kind == TOKEN_BAD)
        return;
    const unsigned char *c = (const unsigned char *)token->text;
    if (c[0] && c[0] < 0x80 && !c[1]) {
        token->magnitude = c[0];
    } else if (c[0] >= 0xC0 && c[0] < 0xE0 && !c[2]) {
        token->magnitude = (c[0] & 0x1Fu) << 6 | (c[1] & 0x3Fu);
    } else if (c[0] >= 0xE0 && c[0] < 0xF0 && !c[3]) {
        token->magnitude = (c[0] & 0xFu) << 12 | (c[1] & 0x3Fu) << 6 | (c[2] & 0x3Fu);
    } else {
        report_error(lexer->mofc, token->place,
                     "'...' holds one UTF-16 character; use \"...\" for text");
        token->kind = TOKEN_BAD;
    }
}

void lexer_next(struct lexer *lexer, struct token *token)
{
    memset(token, 0, sizeof(*token));
    if (skip(lexer, &token->place)) {
        token->kind = TOKEN_PRAGMA;
        return;
    }
    token->place = lexer->place;
    char c = *lexer->at;
    if (c == '\0') {
        token->kind = TOKEN_END;
    } else if (is_name_start(c)) {
        token->kind = TOKEN_NAME;
        token->text = take_word(lexer);
    } else if (is_digit(c) || ((c == '+' || c == '-' || c == '.') && is_digit(lexer->at[1])) ||
               ((c == '+' || c == '-') && lexer->at[1] == '.' && is_digit(lexer->at[2]))) {
        number(lexer, token);
    } else if (c == '"') {
        string(lexer, token);
    } else if (c == '\'') {
        character(lexer, token);
    } else if (c == '$' && is_name_start(lexer->at[1])) {
        step(lexer);
        token->kind = TOKEN_ALIAS;
        token->text = take_word(lexer);
    } else if (strchr("{}[]():;,=", c)) {
        step(lexer);
        token->kind = TOKEN_SIGN;
        token->sign = c;
    } else {
        const char *start = lexer->at;

        do
            step(lexer);
        while (((unsigned char)*lexer->at & 0xC0) == 0x80);
        report_error(
            lexer->mofc, token->place,
            "MOF has no use for the character %.*s here; remove it, or put it into \"...\"",
            (int)(lexer->at - start), start);
        token->kind = TOKEN_BAD;
    }
}

const char *token_name(const struct token *token, char room[80])
{
    switch (token->kind) {
    case TOKEN_END:
        return "the end of the file";
    case TOKEN_NAME:
        snprintf(room, 80, "'%.60s'", token->text);
        break;
    case TOKEN_ALIAS:
        snprintf(room, 80, "'$%.60s'", token->text);
        break;
    case TOKEN_SIGN:
        snprintf(room, 80, "'%c'", token->sign);
        break;
    case TOKEN_PRAGMA:
        return "a #pragma";
    case TOKEN_STRING:
    case TOKEN_CHARACTER:
        return "text";
    default:
        return "a number";
    }
    return room;
}
