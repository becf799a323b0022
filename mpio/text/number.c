/* SPDX-License-Identifier: MIT */
/* The readers of text/number.h. Hostile input: every multiplication is checked. No state, no
 * locale. */
#include "text/number.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

/* Digits of `text` up to the first other character; *end points there. False on overflow or without
 * a digit, told apart by *end: it stays at the start when there is no digit. */
static bool read_digits(const char *text, unsigned base, uint64_t *result, const char **end)
{
    uint64_t value = 0;
    bool fits = true;
    const char *c = text;

    for (;; c++) {
        unsigned digit;
        if (*c >= '0' && *c <= '9')
            digit = (unsigned)(*c - '0');
        else if (base == 16 && ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'f'))
            digit = (unsigned)((*c | 0x20) - 'a') + 10;
        else
            break;
        fits = fits && !__builtin_mul_overflow(value, base, &value) &&
               !__builtin_add_overflow(value, digit, &value);
    }
    *end = c;
    *result = value;
    return c != text && fits;
}

static bool out_of_range(const char *what, const char *text, uint64_t minimum, uint64_t maximum,
                         struct text_error *error)
{
    return text_error_set(error, NULL, 0, 0,
                          "%s %.40s is out of range: %" PRIu64 " to %" PRIu64 " is accepted", what,
                          text, minimum, maximum);
}

bool text_parse_unsigned(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *result,
                         struct text_error *error)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hexadecimal ? text + 2 : text, *end;
    uint64_t value;

    bool fits = read_digits(digits, hexadecimal ? 16 : 10, &value, &end);
    if (end == digits || *end)
        return text_error_set(
            error, NULL, 0, 0,
            "\"%.40s\" is not a number: accepted is a decimal, or a hexadecimal that"
            " starts with 0x, from %" PRIu64 " to %" PRIu64,
            text, minimum, maximum);
    if (!fits || value < minimum || value > maximum)
        return out_of_range("number", text, minimum, maximum, error);
    *result = value;
    return true;
}

bool text_parse_size(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *result,
                     struct text_error *error)
{
    static const char suffixes[] = "KMGT";
    const char *end;
    uint64_t value, factor = 1;

    bool fits = read_digits(text, 10, &value, &end);
    bool known = end != text;
    if (known && *end) {
        const char *suffix = strchr(suffixes, *end >= 'a' && *end <= 'z' ? *end - 0x20 : *end);
        known = suffix && !end[1];
        factor = known ? (uint64_t)1 << (10 * (suffix - suffixes + 1)) : 1;
    }
    if (!known)
        return text_error_set(
            error, NULL, 0, 0,
            "\"%.40s\" is not a size: accepted is a number of bytes, or one with K, M,"
            " G or T behind it, such as 512, 64K or 1G",
            text);
    if (!fits || __builtin_mul_overflow(value, factor, &value) || value < minimum ||
        value > maximum)
        return out_of_range("size", text, minimum, maximum, error);
    *result = value;
    return true;
}

bool text_parse_time(const char *text, uint64_t *result, struct text_error *error)
{
    static const struct {
        const char *name;
        uint64_t units; /* of 100 ns */
    } suffixes[] = {
        {"us", 10}, {"ms", 10000}, {"s", 10000000}, {"min", 600000000}, {"h", 36000000000},
    };
    const char *end;
    uint64_t value;

    bool fits = read_digits(text, 10, &value, &end);
    if (end == text)
        goto not_a_time;
    if (!strcmp(end, "ns")) {
        if (fits && value % 100)
            return text_error_set(error, NULL, 0, 0,
                                  "time %.40s is not a multiple of 100ns, the unit of the clock",
                                  text);
        value /= 100;
    } else if (!*end && fits && value == 0) {
        *result = 0;
        return true;
    } else {
        uint64_t units = 0;
        for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
            if (!strcmp(end, suffixes[i].name))
                units = suffixes[i].units;
        }
        if (!units)
            goto not_a_time;
        fits = fits && !__builtin_mul_overflow(value, units, &value);
    }
    if (!fits || value > TEXT_TIME_MAX)
        return text_error_set(error, NULL, 0, 0,
                              "time %.40s is too long: at most 256204778h is accepted", text);
    *result = value;
    return true;

not_a_time:
    return text_error_set(
        error, NULL, 0, 0,
        "\"%.40s\" is not a time: accepted is a number with ns, us, ms, s, min or h"
        " behind it, such as 100ns, 10ms or 30min",
        text);
}

bool text_parse_boolean(const char *text, bool *result, struct text_error *error)
{
    static const char *const words[2][3] = {{"no", "false", "0"}, {"yes", "true", "1"}};

    for (int truth = 0; truth < 2; truth++) {
        for (int i = 0; i < 3; i++) {
            if (!strcasecmp(text, words[truth][i])) {
                *result = truth != 0;
                return true;
            }
        }
    }
    return text_error_set(
        error, NULL, 0, 0,
        "\"%.40s\" is neither yes nor no: accepted are yes, no, true, false, 1, 0", text);
}
