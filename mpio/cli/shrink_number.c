/* SPDX-License-Identifier: MIT */
/*
 * Smaller and rounder forms of the numbers, sizes and times of a topology file, from bold (zero) to
 * careful (the next round one). Each form is smaller than what it replaces, so that replacing ends.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/number.h"

#define SMALL 16 /* up to here one by one */

/* The first forms are the same for all; UINT64_MAX: the last ones, which depend on the kind. */
static uint64_t part(uint64_t n, unsigned form)
{
    switch (form) {
    case 0: return 0;
    case 1: return n / 64;
    case 2: return n / 16;
    case 3: return n / 4;
    case 4: return n / 2;
    case 5: return n / 4 * 3 + n % 4 * 3 / 4;
    case 6: return n - n / 10;
    default: return UINT64_MAX;
    }
}

static uint64_t smaller_number(uint64_t n, unsigned form)
{
    uint64_t unit = 1, smaller = part(n, form);

    if (form == 1)
        return 1;
    if (smaller != UINT64_MAX)
        return smaller;
    if (form == 7) { /* one digit and zeros */
        while (n / unit >= 10)
            unit *= 10;
        return n / unit * unit;
    }
    return n <= SMALL && n > 0 ? n - 1 : n;
}

/* Powers of two. */
static uint64_t smaller_size(uint64_t n, unsigned form)
{
    uint64_t most = part(n, form), power = 512;

    if (form == 0)
        return 512;
    if (most == UINT64_MAX)
        most = n;
    while (power <= most / 2)
        power *= 2;
    return power;
}

uint64_t shrink_smaller_time(uint64_t time, unsigned form)
{
    static const uint64_t steps[] = {10 * MPIO_SECOND, MPIO_SECOND, MPIO_SECOND / 10, MPIO_SECOND / 100,
                                     MPIO_SECOND / 1000, MPIO_SECOND / 10000, MPIO_SECOND / 100000};
    uint64_t smaller = part(time, form), digits = form == 7 ? 1 : 10; /* one digit and zeros, else two */
    unsigned step = 0;

    if (smaller == UINT64_MAX)
        smaller = time;
    while (step < sizeof steps / sizeof *steps - 1 && smaller < steps[step] * digits)
        step++;
    return smaller / steps[step] * steps[step];
}

void shrink_time_text(uint64_t time, char *text, size_t size)
{
    static const struct {
        uint64_t unit;
        const char *name;
    } units[] = {{60 * MPIO_SECOND, "min"}, {MPIO_SECOND, "s"}, {MPIO_SECOND / 1000, "ms"}, {10, "us"}};

    for (unsigned i = 0; time && i < sizeof units / sizeof *units; i++) {
        if (time % units[i].unit == 0) {
            snprintf(text, size, "%" PRIu64 "%s", time / units[i].unit, units[i].name);
            return;
        }
    }
    snprintf(text, size, "%" PRIu64 "%s", time, time ? "00ns" : "s");
}

static void size_text(uint64_t bytes, char *text, size_t size)
{
    static const char suffixes[] = "\0KMGT";
    unsigned i = 0;

    while (i < 4 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    snprintf(text, size, "%" PRIu64 "%.1s", bytes, suffixes + i);
}

bool shrink_smaller(const char *text, unsigned form, char *out, size_t size)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t n, smaller;

    if (digits == 0 || (text[0] == '0' && digits > 1)) /* 0x10, and the tables' 08 */
        return false;
    if (text[digits] == '\0') {
        if (!text_parse_unsigned(text, 0, UINT64_MAX, &n, NULL) || (smaller = smaller_number(n, form)) >= n)
            return false;
        snprintf(out, size, "%" PRIu64, smaller);
        return true;
    }
    if (text_parse_size(text, 0, UINT64_MAX, &n, NULL)) {
        if ((smaller = smaller_size(n, form)) >= n)
            return false;
        size_text(smaller, out, size);
        return true;
    }
    if (!text_parse_time(text, &n, NULL) || (smaller = shrink_smaller_time(n, form)) >= n)
        return false;
    shrink_time_text(smaller, out, size);
    return true;
}
