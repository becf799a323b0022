/* SPDX-License-Identifier: MIT */
/*
 * Where and why a text from outside was refused. Every parser of this room fills one of these on
 * its first error and stops; a person reads it as `FILE:LINE: message`.
 */
#ifndef MPIO_TEXT_TEXT_ERROR_H
#define MPIO_TEXT_TEXT_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text_error {
    const char *file; /* the caller's pointer, not copied; NULL when the text is not from a file */
    unsigned line;   /* from 1; 0 when the error belongs to no line (out of memory, file too big) */
    unsigned column; /* from 1, in bytes of the UTF-8 text; 0 when not known */
    char message[200]; /* what is wrong and what is accepted; always terminated, no control
                          characters */
};

/* Fills *error (nothing happens when it is NULL). Control characters of a hostile input that reach
 * the message become '?', and a message that is too long is cut at a whole UTF-8 character. Returns
 * false, so that a parser can write `return text_error_set(...)`. */
__attribute__((format(printf, 5, 6))) bool text_error_set(struct text_error *error,
                                                          const char *file, unsigned line,
                                                          unsigned column, const char *format, ...);
__attribute__((format(printf, 5, 0))) bool text_error_vset(struct text_error *error,
                                                           const char *file, unsigned line,
                                                           unsigned column, const char *format,
                                                           va_list arguments);

/* Writes `FILE:LINE: message`, `FILE: message` or `message`, cut to `size` bytes with the
 * terminator. Returns the length that the whole text has, like snprintf. */
size_t text_error_format(const struct text_error *error, char *out, size_t size);

#endif
