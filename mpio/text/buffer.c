/* SPDX-License-Identifier: MIT */
/* The growable byte buffer of text/buffer.h. Capacity doubles; one byte is kept for the final NUL.
 */
#include "text/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_CAPACITY 256

/* Room for `more` bytes and the NUL, or a failed buffer. */
static bool reserve(struct buffer *buffer, size_t more)
{
    size_t limit = buffer->limit ? buffer->limit : BUFFER_NO_LIMIT;

    if (buffer->failed)
        return false;
    if (more > limit - buffer->length)
        return !(buffer->failed = true);
    size_t need = buffer->length + more + 1;
    if (need <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return !(buffer->failed = true);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit < BUFFER_NO_LIMIT ? limit : BUFFER_NO_LIMIT};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->data)
        buffer->data[0] = 0;
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if (!reserve(buffer, length))
        return false;
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = 0;
    return true;
}

bool buffer_append_byte(struct buffer *buffer, unsigned char byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return !(buffer->failed = true);
    if (!reserve(buffer, (size_t)length))
        return false;
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, arguments);
    buffer->length += (size_t)length;
    return true;
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    bool good = buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
    return good;
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

char *buffer_take(struct buffer *buffer, size_t *length)
{
    char *data = NULL;

    if (reserve(buffer, 0)) {
        data = buffer->data;
        data[buffer->length] = 0;
        if (length)
            *length = buffer->length;
        buffer->data = NULL;
    }
    buffer_free(buffer);
    return data;
}
