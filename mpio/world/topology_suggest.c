/* SPDX-License-Identifier: MIT */
/*
 * Help for messages: the known name nearest to a mistyped one, and lists of names. Also patterns,
 * the other comparison of names that topology files know. Pure functions.
 */
#include <string.h>

#include "world/topology_private.h"

#define SUGGEST_MAX 40 /* bytes compared; no known name is longer */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned minimum(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance: insertions, deletions and replacements that turn `a` into `b`. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[SUGGEST_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned above = row[j];

            row[j] = minimum(minimum(above, row[j - 1]) + 1,
                             diagonal + (lower(a[i - 1]) != lower(b[j - 1])));
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *topology_nearest(const char *wrong, const char *const *names, size_t count)
{
    size_t length = strlen(wrong);
    const char *best = NULL;
    unsigned best_distance = 4; /* farther off is no misspelling */

    if (length > SUGGEST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_length = strlen(names[i]);
        unsigned distance;

        if (name_length > SUGGEST_MAX)
            continue;
        distance = edit_distance(wrong, length, names[i], name_length);
        if (distance < best_distance && distance < name_length) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

void topology_list_names(const char *const *names, size_t count, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        size_t length = strlen(before) + strlen(names[i]);

        if (used + length >= size)
            return;
        strcpy(text + used, before);
        strcat(text + used, names[i]);
        used += length;
    }
}

bool topology_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            resume = name;
        } else if (*pattern == '?' || (*pattern != '\0' && lower(*pattern) == lower(*name))) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star; /* let the last star swallow one character more */
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
