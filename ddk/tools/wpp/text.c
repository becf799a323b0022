/* SPDX-License-Identifier: MIT */
/*
 * What the other parts stand on: words to the user, files, and C text without its comments.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wpp.h"

#define FILE_LIMIT (64l << 20)

static void say(const char *file, unsigned line, const char *kind, const char *format, va_list list)
{
    if (line != 0)
        fprintf(stderr, "%s:%u: ", file, line);
    else if (file)
        fprintf(stderr, "%s: ", file);
    else
        fprintf(stderr, "wpp: ");
    fprintf(stderr, "%s: ", kind);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

void note(const char *file, unsigned line, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say(file, line, "note", format, list);
    va_end(list);
}

void warn(struct project *p, const char *file, unsigned line, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say(file, line, "warning", format, list);
    va_end(list);
    p->warnings++;
}

void complain(struct project *p, const char *file, unsigned line, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    say(file, line, "error", format, list);
    va_end(list);
    p->errors++;
}

char *read_file(const char *file)
{
    FILE *f = fopen(file, "rb");
    char *text = NULL;
    long size;

    if (!f)
        return NULL;
    if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && size <= FILE_LIMIT && fseek(f, 0, SEEK_SET) == 0 &&
        (text = malloc((size_t)size + 1)) != NULL) {
        text[size] = '\0';
        if (fread(text, 1, (size_t)size, f) != (size_t)size || strlen(text) != (size_t)size) {
            free(text);
            text = NULL;
            errno = EILSEQ; /* NUL bytes: UTF-16 or no text at all */
        }
    }
    fclose(f);
    return text;
}

const char *skip_literal(const char *at)
{
    char quote = *at++;

    while (*at && *at != quote && *at != '\n')
        at += *at == '\\' && at[1] ? 2 : 1;
    return *at == quote ? at + 1 : at;
}

char *without_comments(const char *text)
{
    char *copy = strdup(text), *at = copy;

    while (at && *at) {
        if (*at == '"' || *at == '\'') {
            at += skip_literal(at) - at;
        } else if (at[0] == '/' && at[1] == '/') {
            while (*at && *at != '\n') {
                if (at[0] == '\\' && at[1] == '\n') {
                    *at++ = ' ';
                    at++;
                    continue;
                }
                *at++ = ' ';
            }
        } else if (at[0] == '/' && at[1] == '*') {
            char *end = strstr(at + 2, "*/");
            end = end ? end + 2 : at + strlen(at);
            for (; at < end; at++)
                if (*at != '\n')
                    *at = ' ';
        } else {
            at++;
        }
    }
    return copy;
}
