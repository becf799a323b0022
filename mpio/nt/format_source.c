/* SPDX-License-Identifier: MIT */
/*
 * Argument sources of the formatter: the host's va_list and the one of an ms_abi function. Any IRQL; the
 * source lives on the caller's stack.
 */
#include "nt/format.h"

static uint64_t fetch_va(struct format_source *source, enum format_fetch kind)
{
    struct format_va_source *from = (struct format_va_source *)source;

    switch (kind) {
    case FORMAT_INT64:
        return va_arg(from->list, uint64_t);
    case FORMAT_POINTER:
        return (uintptr_t)va_arg(from->list, void *);
    case FORMAT_DOUBLE:
        (void)va_arg(from->list, double);
        return 0;
    case FORMAT_BUFFER: {
        struct format_buffer buffer = va_arg(from->list, struct format_buffer);
        source->length = buffer.length > 0 ? (uint64_t)buffer.length : 0;
        return (uintptr_t)buffer.address;
    }
    default:
        return va_arg(from->list, uint32_t);
    }
}

void format_va_begin(struct format_va_source *source, va_list list)
{
    source->source.fetch = fetch_va;
    va_copy(source->list, list);
}

void format_va_end(struct format_va_source *source)
{
    va_end(source->list);
}

#if defined(__x86_64__) && !defined(_WIN32)
static uint64_t fetch_ms(struct format_source *source, enum format_fetch kind)
{
    struct format_ms_source *from = (struct format_ms_source *)source;

    /* Integers, pointers and doubles alike take one slot; a structure of 16 bytes goes by reference. */
    uint64_t slot = __builtin_va_arg(from->list, uint64_t);
    if (kind == FORMAT_BUFFER) {
        const struct format_buffer *buffer = (const void *)(uintptr_t)slot;
        source->length = buffer->length > 0 ? (uint64_t)buffer->length : 0;
        return (uintptr_t)buffer->address;
    }
    return slot;
}

void format_ms_begin(struct format_ms_source *source, __builtin_ms_va_list list)
{
    source->source.fetch = fetch_ms;
    __builtin_ms_va_copy(source->list, list);
}
#endif
