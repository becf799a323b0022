/* SPDX-License-Identifier: MIT */
/*
 * Sources: where trace functions are called, and whether the arguments fit the format. The compiler's
 * preprocessor does the real work later, so this look only decides about warnings; it sees calls
 * over several lines, in macros and nested in each other, and none in comments and strings.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wpp.h"

#define MAX_ARGUMENTS 128

struct argument {
    const char *start, *end;
};

/* Splits what stands between the parenthesis at `at` and its partner; answers what follows, NULL: no partner. */
static const char *split(const char *at, struct argument *list, unsigned *count)
{
    int depth = 0;

    *count = 0;
    list[0].start = at + 1;
    for (; *at; at++) {
        if (*at == '"' || *at == '\'') {
            at = skip_literal(at) - 1;
        } else if (*at == '(' || *at == '{' || *at == '[') {
            depth++;
        } else if (*at == ')' || *at == '}' || *at == ']') {
            if (--depth == 0) {
                list[(*count)++].end = at;
                return at + 1;
            }
        } else if (*at == ',' && depth == 1 && *count + 1 < MAX_ARGUMENTS) {
            list[(*count)++].end = at;
            list[*count].start = at + 1;
        }
    }
    return NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (isspace((unsigned char)*at) || (*at == '\\' && at[1] == '\n')))
        at++;
    return at;
}

/* Joins adjacent literals; false when the argument is anything else. */
static bool literal_text(struct argument a, char *text, size_t size)
{
    size_t used = 0;
    const char *at = skip_blanks(a.start, a.end);

    if (at == a.end)
        return false;
    while (at < a.end) {
        if (*at != '"')
            return false;
        const char *end = skip_literal(at);
        for (at++; at + 1 < end && used + 1 < size; at++)
            text[used++] = *at;
        at = skip_blanks(end, a.end);
    }
    text[used] = '\0';
    return true;
}

/* Arguments that the format takes. Unknown %!NAME! are told and count one. */
static unsigned wanted(struct project *p, const char *file, unsigned line, const char *at)
{
    unsigned count = 0;

    while ((at = strchr(at, '%')) != NULL) {
        at++;
        if (*at == '!') {
            size_t length = strcspn(++at, "!");
            int takes = at[length] ? type_arguments(p, at, length) : 0;
            if (!at[length]) {
                warn(p, file, line, "'%%!%.30s' does not end in '!'", at);
                return count;
            }
            if (takes < 0)
                warn(p, file, line, "%%!%.*s! is no type that is known here; it prints its argument as a number",
                     (int)length, at);
            count += takes != 0;
            at += length + 1;
            continue;
        }
        while (*at && strchr("-+ #0123456789.*", *at))
            count += *at++ == '*';
        at += strncmp(at, "I64", 3) == 0 || strncmp(at, "I32", 3) == 0 ? 3 : 0;
        while (*at && strchr("hlwILzjt", *at))
            at++;
        count += *at && strchr("diuoxXcCsSpZneEfgGaA", *at) != NULL;
        if (*at)
            at++;
    }
    return count;
}

/* Where the call's format and its arguments stand, if they can be told. */
static void check_call(struct project *p, const struct function *f, const char *file, unsigned line, const char *open)
{
    struct argument list[MAX_ARGUMENTS];
    unsigned count, named = 0, before = 0;
    char format[16384];

    if (f->message < 0 || !split(open, list, &count))
        return;
    if (f->all_in_parentheses || f->inner) {
        unsigned outer = 0;
        for (unsigned i = 0; f->inner && i < f->inner; i++)
            outer += !f->parameter[i].preset[0];
        const char *inner = outer < count ? skip_blanks(list[outer].start, list[outer].end) : NULL;
        before = outer;
        if (!inner || *inner != '(' || !split(inner, list, &count))
            return;
    }
    for (unsigned i = 0; i < f->parameters; i++)
        if (!f->parameter[i].preset[0]) {
            if ((int)i == f->message)
                before = named - before;
            named++;
        }
    if (f->inner) /* those outside the inner parentheses are not in the list */
        for (unsigned i = 0; i < f->inner; i++)
            named -= !f->parameter[i].preset[0];
    if (before >= count || !literal_text(list[before], format, sizeof format))
        return;
    unsigned given = count - named, takes = wanted(p, file, line, format);
    if (f->prefix[0] || f->suffix[0] || count < named || takes == given)
        return;
    warn(p, file, line, "%s: the format takes %u argument%s, %u given", f->name, takes, takes == 1 ? "" : "s", given);
}

void scan_source(struct project *p, const char *file, const char *text)
{
    char *plain = without_comments(text);
    unsigned line = 1;

    for (const char *at = plain; at && *at;) {
        if (*at == '"' || *at == '\'') {
            const char *end = skip_literal(at);
            for (; at < end; at++)
                line += *at == '\n';
        } else if (isalpha((unsigned char)*at) || *at == '_') {
            size_t length = 0;
            while (isalnum((unsigned char)at[length]) || at[length] == '_')
                length++;
            struct function *f = find_function(p, at, length);
            const char *open = skip_blanks(at + length, at + strlen(at));
            if (f && *open == '(') {
                f->used = true;
                check_call(p, f, file, line, open);
            }
            at += length;
        } else if (isdigit((unsigned char)*at)) {
            while (isalnum((unsigned char)*at) || *at == '_')
                at++;
        } else {
            line += *at++ == '\n';
        }
    }
    free(plain);
}
