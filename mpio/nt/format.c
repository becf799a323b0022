/* SPDX-License-Identifier: MIT */
/*
 * The formatter: parses one conversion at a time, narrow or wide, and writes into a bounded output.
 * Any IRQL; no state. Strings are read no further than precision or the room that is left allows.
 */
#include <ntdef.h>

#include "nt/format.h"
#include "text/utf16.h"

enum size_word { SIZE_NONE, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_WIDE };

struct conversion {
    bool minus, plus, space, alternate, zero;
    bool has_precision;
    unsigned width, precision;
    enum size_word size;
    uint16_t letter;
};

struct text {           /* a string argument: one of the two */
    const unsigned char *narrow;
    const uint16_t *wide;
    size_t length;
};

/* ---- output --------------------------------------------------------------------------------- */

static void put_raw(struct format_output *out, uint16_t unit)
{
    if (out->length >= out->capacity) {
        out->cut = 1;
        return;
    }
    if (out->wide != NULL) {
        out->wide[out->length++] = unit;
    } else {
        out->narrow[out->length++] = (char)unit;
    }
}

unsigned char format_ansi_byte(uint16_t unit)
{
    if (unit < 0x80 || (unit >= 0xA0 && unit <= 0xFF)) {
        return (unsigned char)unit;
    }
    for (unsigned byte = 0x80; byte < 0xA0; byte++) {
        if (text_windows_1252((unsigned char)byte) == unit) {
            return (unsigned char)byte;
        }
    }
    return '?';
}

static void put_code_point(struct format_output *out, uint32_t code_point)
{
    char bytes[4];
    unsigned count = utf8_encode(code_point, bytes);

    if (out->capacity - out->length < count) {  /* a character is written whole or not at all */
        out->cut = 1;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        put_raw(out, (unsigned char)bytes[i]);
    }
}

/* A wide character to whatever the output is. */
static void put_wide(struct format_output *out, uint16_t unit)
{
    if (out->wide != NULL) {
        put_raw(out, unit);
    } else if (out->charset == FORMAT_ANSI) {
        put_raw(out, format_ansi_byte(unit));
    } else if (out->surrogate != 0 && (unit & 0xFC00) == 0xDC00) {
        uint32_t high = out->surrogate & 0x3FFu;
        out->surrogate = 0;
        put_code_point(out, 0x10000u + (high << 10) + (unit & 0x3FFu));
    } else {
        if (out->surrogate != 0) {
            out->surrogate = 0;
            put_code_point(out, UTF_REPLACEMENT);
        }
        if ((unit & 0xFC00) == 0xD800) {
            out->surrogate = unit;
        } else {
            put_code_point(out, unit);
        }
    }
}

void format_put_wide(struct format_output *out, const uint16_t *text, size_t length)
{
    for (size_t i = 0; i < length && !out->cut; i++) {
        put_wide(out, text[i]);
    }
    if (out->surrogate != 0) { /* half a pair at the end */
        out->surrogate = 0;
        put_code_point(out, UTF_REPLACEMENT);
    }
}

static void put_narrow(struct format_output *out, unsigned char byte)
{
    put_raw(out, out->wide != NULL && byte >= 0x80 ? text_windows_1252(byte) : byte);
}

static void put_repeated(struct format_output *out, char c, unsigned count)
{
    while (count-- > 0 && !out->cut) {
        put_raw(out, (unsigned char)c);
    }
}

void format_put_text(struct format_output *out, const char *text)
{
    while (*text != '\0' && !out->cut) {
        put_narrow(out, (unsigned char)*text++);
    }
}

void format_put_hex(struct format_output *out, uint64_t value, unsigned digits, int upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";

    while (digits-- > 0) {
        put_raw(out, (uint16_t)alphabet[value >> (4 * digits) & 15]);
    }
}

void format_put_decimal(struct format_output *out, uint64_t value)
{
    char digits[20];
    unsigned count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (count > 0) {
        put_raw(out, (uint16_t)digits[--count]);
    }
}

/* ---- strings -------------------------------------------------------------------------------- */

static size_t bounded_length(const struct text *text, size_t limit)
{
    size_t length = 0;

    while (length < limit && (text->wide != NULL ? text->wide[length] : text->narrow[length]) != 0) {
        length++;
    }
    return length;
}

static void put_string(struct format_output *out, const struct conversion *c, const struct text *text)
{
    unsigned padding = text->length < c->width ? c->width - (unsigned)text->length : 0;

    if (!c->minus) {
        put_repeated(out, c->zero ? '0' : ' ', padding);
    }
    if (text->wide != NULL) {
        format_put_wide(out, text->wide, text->length);
    } else {
        for (size_t i = 0; i < text->length && !out->cut; i++) {
            put_narrow(out, text->narrow[i]);
        }
    }
    if (c->minus) {
        put_repeated(out, ' ', padding);
    }
}

static void convert_terminated(struct format_output *out, const struct conversion *c, bool wide,
                               const void *argument)
{
    struct text text = {0};
    size_t limit = out->capacity - out->length + 1; /* one more than fits: enough to notice the cut */

    if (argument == NULL) {
        text.narrow = (const unsigned char *)"(null)";
    } else if (wide) {
        text.wide = argument;
    } else {
        text.narrow = argument;
    }
    if (c->has_precision && c->precision < limit) {
        limit = c->precision;
    }
    text.length = bounded_length(&text, limit);
    put_string(out, c, &text);
}

/* %Z, %wZ: a counted string; Length says all, but it ends at precision. */
static void convert_counted(struct format_output *out, const struct conversion *c,
                            const void *argument)
{
    const STRING *string = argument; /* UNICODE_STRING has the same shape */
    struct text text = {0};

    if (string == NULL || string->Buffer == NULL) {
        convert_terminated(out, c, false, NULL);
        return;
    }
    if (c->size == SIZE_WIDE || c->size == SIZE_LONG) {
        text.wide = (const uint16_t *)(const void *)string->Buffer;
        text.length = string->Length / sizeof(uint16_t);
    } else {
        text.narrow = (const unsigned char *)string->Buffer;
        text.length = string->Length;
    }
    if (c->has_precision && c->precision < text.length) {
        text.length = c->precision;
    }
    put_string(out, c, &text);
}

/* ---- integers ------------------------------------------------------------------------------- */

static void put_number(struct format_output *out, const struct conversion *c, const char *prefix,
                       uint64_t value, unsigned base, bool upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char digits[64];
    unsigned count = 0, zeros = 0, used = 0;

    while (value != 0) {
        digits[count++] = alphabet[value % base];
        value /= base;
    }
    if (c->has_precision) {
        zeros = c->precision > count ? c->precision - count : 0;
    } else if (count == 0) {
        zeros = 1;
    }
    if (base == 8 && c->alternate && zeros == 0) {
        zeros = 1;
    }
    while (prefix[used] != '\0') {
        used++;
    }
    used += zeros + count;
    if (c->zero && !c->minus && !c->has_precision && used < c->width) {
        zeros += c->width - used;
        used = c->width;
    }
    unsigned padding = used < c->width ? c->width - used : 0;
    if (!c->minus) {
        put_repeated(out, ' ', padding);
    }
    format_put_text(out, prefix);
    put_repeated(out, '0', zeros);
    while (count > 0) {
        put_raw(out, (uint16_t)digits[--count]);
    }
    if (c->minus) {
        put_repeated(out, ' ', padding);
    }
}

static uint64_t fetch_integer(const struct conversion *c, struct format_source *source, bool is_signed)
{
    if (c->size == SIZE_64) {
        return source->fetch(source, FORMAT_INT64);
    }
    uint32_t value = (uint32_t)source->fetch(source, FORMAT_INT32);
    switch (c->size) {
    case SIZE_CHAR:
        return is_signed ? (uint64_t)(int64_t)(int8_t)value : (uint8_t)value;
    case SIZE_SHORT:
        return is_signed ? (uint64_t)(int64_t)(int16_t)value : (uint16_t)value;
    default:
        return is_signed ? (uint64_t)(int64_t)(int32_t)value : value;
    }
}

static void convert_signed(struct format_output *out, const struct conversion *c,
                           struct format_source *source)
{
    int64_t value = (int64_t)fetch_integer(c, source, true);
    const char *sign = value < 0 ? "-" : c->plus ? "+" : c->space ? " " : "";

    put_number(out, c, sign, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, false);
}

static void convert_character(struct format_output *out, const struct conversion *c, bool wide,
                              struct format_source *source)
{
    uint16_t unit = (uint16_t)source->fetch(source, FORMAT_INT32);
    unsigned char byte = (unsigned char)unit;
    struct text text = {.length = 1};

    if (wide) {
        text.wide = &unit;
    } else {
        text.narrow = &byte;
    }
    put_string(out, c, &text);
}

/* ---- one conversion --------------------------------------------------------------------------- */

/* False when the letter is none of ours. */
static bool convert(struct format_output *out, struct conversion *c, bool wide_format,
                    struct format_source *source)
{
    bool letter_is_wide = wide_format;
    uint64_t value;

    switch (c->letter) {
    case 'd':
    case 'i':
        convert_signed(out, c, source);
        return true;
    case 'u':
        put_number(out, c, "", fetch_integer(c, source, false), 10, false);
        return true;
    case 'o':
        put_number(out, c, "", fetch_integer(c, source, false), 8, false);
        return true;
    case 'x':
    case 'X':
        value = fetch_integer(c, source, false);
        put_number(out, c, !c->alternate || value == 0 ? "" : c->letter == 'x' ? "0x" : "0X", value, 16,
                   c->letter == 'X');
        return true;
    case 'p':
        value = source->fetch(source, FORMAT_POINTER);
        c->has_precision = true;
        c->precision = 2 * sizeof(void *);
        put_number(out, c, c->alternate ? "0X" : "", value, 16, true);
        return true;
    case 'C':
    case 'S':
        letter_is_wide = !wide_format;
        /* fall through */
    case 'c':
    case 's':
        if (c->size == SIZE_LONG || c->size == SIZE_WIDE) {
            letter_is_wide = true;
        } else if (c->size == SIZE_SHORT) {
            letter_is_wide = false;
        }
        if (c->letter == 'c' || c->letter == 'C') {
            convert_character(out, c, letter_is_wide, source);
        } else {
            convert_terminated(out, c, letter_is_wide,
                               (const void *)(uintptr_t)source->fetch(source, FORMAT_POINTER));
        }
        return true;
    case 'Z':
        convert_counted(out, c, (const void *)(uintptr_t)source->fetch(source, FORMAT_POINTER));
        return true;
    case 'n':
        source->fetch(source, FORMAT_POINTER);
        return true;
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        source->fetch(source, FORMAT_DOUBLE);
        put_raw(out, '%');
        put_raw(out, c->letter);
        return true;
    default:
        return false;
    }
}

/* ---- parsing ---------------------------------------------------------------------------------- */

struct format_text {
    const char *narrow;
    const uint16_t *wide;
};

static uint16_t unit_at(const struct format_text *f, size_t i)
{
    return f->wide != NULL ? f->wide[i] : (unsigned char)f->narrow[i];
}

static size_t parse_number(const struct format_text *f, size_t i, struct format_source *source,
                           int64_t *number)
{
    *number = 0;
    if (unit_at(f, i) == '*') {
        *number = (int32_t)source->fetch(source, FORMAT_INT32);
        return i + 1;
    }
    for (; unit_at(f, i) >= '0' && unit_at(f, i) <= '9'; i++) {
        if (*number <= FORMAT_MAX_WIDTH) {
            *number = *number * 10 + (unit_at(f, i) - '0');
        }
    }
    return i;
}

static size_t parse_size(const struct format_text *f, size_t i, struct conversion *c)
{
    switch (unit_at(f, i)) {
    case 'h':
        c->size = unit_at(f, i + 1) == 'h' ? SIZE_CHAR : SIZE_SHORT;
        return i + (c->size == SIZE_CHAR ? 2 : 1);
    case 'l':
        c->size = unit_at(f, i + 1) == 'l' ? SIZE_64 : SIZE_LONG;
        return i + (c->size == SIZE_64 ? 2 : 1);
    case 'w':
        c->size = SIZE_WIDE;
        return i + 1;
    case 'I':
        if (unit_at(f, i + 1) == '6' && unit_at(f, i + 2) == '4') {
            c->size = SIZE_64;
            return i + 3;
        }
        if (unit_at(f, i + 1) == '3' && unit_at(f, i + 2) == '2') {
            return i + 3;
        }
        c->size = sizeof(void *) == 8 ? SIZE_64 : SIZE_NONE;
        return i + 1;
    case 'z':
    case 't':
        c->size = sizeof(void *) == 8 ? SIZE_64 : SIZE_NONE;
        return i + 1;
    case 'j':
        c->size = SIZE_64;
        return i + 1;
    default:
        return i;
    }
}

/* Parses behind the '%'; answers the position of the letter. */
static size_t parse_conversion(const struct format_text *f, size_t i, struct format_source *source,
                               struct conversion *c)
{
    int64_t number;

    for (;; i++) {
        uint16_t unit = unit_at(f, i);
        if (unit == '-') {
            c->minus = true;
        } else if (unit == '+') {
            c->plus = true;
        } else if (unit == ' ') {
            c->space = true;
        } else if (unit == '#') {
            c->alternate = true;
        } else if (unit == '0') {
            c->zero = true;
        } else {
            break;
        }
    }
    i = parse_number(f, i, source, &number);
    if (number < 0) {
        c->minus = true;
        number = -number;
    }
    c->width = number > FORMAT_MAX_WIDTH ? FORMAT_MAX_WIDTH : (unsigned)number;
    if (unit_at(f, i) == '.') {
        i = parse_number(f, i + 1, source, &number);
        c->has_precision = number >= 0;
        c->precision = number < 0 ? 0 : number > FORMAT_MAX_WIDTH ? FORMAT_MAX_WIDTH : (unsigned)number;
    }
    i = parse_size(f, i, c);
    c->letter = unit_at(f, i);
    return i;
}

static void run(struct format_output *out, const struct format_text *f, struct format_source *source,
                const struct format_site *site)
{
    for (size_t i = 0; unit_at(f, i) != 0 && !out->cut;) {
        if (unit_at(f, i) != '%') {
            put_raw(out, unit_at(f, i++));
            continue;
        }
        if (site != NULL && f->narrow != NULL && f->narrow[i + 1] == '!') {
            const char *name = f->narrow + i + 2;
            size_t length = 0;
            while (name[length] != '\0' && name[length] != '!' && length < FORMAT_NAME) {
                length++;
            }
            if (name[length] == '!' && format_trace_extension(out, name, length, source, site)) {
                i += length + 3;
                continue;
            }
        }
        struct conversion c = {0};
        size_t letter = parse_conversion(f, i + 1, source, &c);
        if (c.letter == 0) {
            break; /* a lone % at the end prints nothing */
        }
        if (!convert(out, &c, f->wide != NULL, source)) {
            put_raw(out, c.letter); /* %% and unknown letters print themselves */
        }
        i = letter + 1;
    }
}

size_t format_narrow(char *out, size_t capacity, enum format_charset charset, const char *format,
                     struct format_source *source, const struct format_site *site)
{
    struct format_output output = {.narrow = out, .capacity = capacity, .charset = charset};

    run(&output, &(struct format_text){.narrow = format}, source, site);
    return output.cut ? FORMAT_CUT : output.length;
}

size_t format_wide(uint16_t *out, size_t capacity, const uint16_t *format,
                   struct format_source *source)
{
    uint16_t none;
    struct format_output output = {.wide = out != NULL ? out : &none, .capacity = out != NULL ? capacity : 0};

    run(&output, &(struct format_text){.wide = format}, source, NULL);
    return output.cut ? FORMAT_CUT : output.length;
}
