/* SPDX-License-Identifier: MIT */
/*
 * A growable byte buffer, the sink of every writer in this room. It fails once and for all: after
 * memory ran out or the limit was reached, `failed` is set, the contents stay as they were and
 * later appends do nothing, so a writer checks once at the end.
 */
#ifndef MPIO_TEXT_BUFFER_H
#define MPIO_TEXT_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data; /* NULL until the first append; else always followed by a NUL at data[length] */
    size_t length;
    size_t capacity; /* bytes allocated */
    size_t limit;    /* most bytes it may hold; 0 = BUFFER_NO_LIMIT */
    bool failed;
};

#define BUFFER_NO_LIMIT ((size_t)-1 / 4)

/* `struct buffer b = {0};` is an empty buffer without limit; buffer_init sets one. */
void buffer_init(struct buffer *buffer, size_t limit);
/* Frees the bytes; the buffer is empty, unfailed and usable again, with the same limit. */
void buffer_free(struct buffer *buffer);
/* Empties the buffer and forgets a failure; keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* All return false when the buffer has failed, now or earlier. An append is whole or not at all. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_append_byte(struct buffer *buffer, unsigned char byte);
bool buffer_append_text(struct buffer *buffer, const char *text);
__attribute__((format(printf, 2, 3))) bool buffer_printf(struct buffer *buffer, const char *format,
                                                         ...);
__attribute__((format(printf, 2, 0))) bool buffer_vprintf(struct buffer *buffer, const char *format,
                                                          va_list arguments);

/* The contents as a C string; "" for an empty buffer. Valid until the next append, clear or free.
 */
const char *buffer_text(const struct buffer *buffer);
/* Hands the bytes to the caller, who frees them with free(); *length (may be NULL) receives their
 * number. NULL when the buffer failed or memory ran out. The buffer is empty afterwards. */
char *buffer_take(struct buffer *buffer, size_t *length);

#endif
