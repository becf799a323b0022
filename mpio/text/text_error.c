/* SPDX-License-Identifier: MIT */
/*
 * Filling and printing struct text_error. Messages quote hostile input, so they are cleaned here,
 * in one place, before anything prints them on a terminal. No state.
 */
#include "text/text_error.h"

#include <stdio.h>
#include <string.h>

/* Drops a UTF-8 character that vsnprintf cut in the middle. */
static void drop_cut_character(char *text)
{
    size_t length = strlen(text), start = length;

    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - (start - 1) < need)
        text[start - 1] = 0;
}

bool text_error_vset(struct text_error *error, const char *file, unsigned line, unsigned column,
                     const char *format, va_list arguments)
{
    if (!error)
        return false;
    error->file = file;
    error->line = line;
    error->column = column;
    int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    if (length < 0)
        strcpy(error->message, "message could not be formatted");
    else if ((size_t)length >= sizeof error->message)
        drop_cut_character(error->message);
    for (char *c = error->message; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    }
    return false;
}

bool text_error_set(struct text_error *error, const char *file, unsigned line, unsigned column,
                    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_error_vset(error, file, line, column, format, arguments);
    va_end(arguments);
    return false;
}

size_t text_error_format(const struct text_error *error, char *out, size_t size)
{
    int length;

    if (!error->file)
        length = snprintf(out, size, "%s", error->message);
    else if (error->line == 0)
        length = snprintf(out, size, "%s: %s", error->file, error->message);
    else
        length = snprintf(out, size, "%s:%u: %s", error->file, error->line, error->message);
    return length < 0 ? 0 : (size_t)length;
}
