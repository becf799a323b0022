/* SPDX-License-Identifier: MIT */
/* Memory of a run: an arena under MOFC_MAX_MEMORY, growing text, and names that find things.
 * Running out ends the run through report_fatal. */
#include "mofc.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536u

struct arena_page {
    struct arena_page *next;
    size_t used, size;
    max_align_t bytes[];
};

void *arena_take(struct mofc *mofc, size_t size)
{
    size_t align = sizeof(max_align_t);
    struct arena_page *page = mofc->pages;

    if (size > MOFC_MAX_MEMORY)
        report_fatal(mofc, "the sources need too much memory; split them");
    size = (size + align - 1) / align * align;
    if (!page || page->size - page->used < size) {
        size_t room = size > PAGE_BYTES ? size : PAGE_BYTES;

        if (mofc->memory + room > MOFC_MAX_MEMORY)
            report_fatal(mofc, "the sources need more than %u MiB of memory; split them",
                         MOFC_MAX_MEMORY >> 20);
        page = calloc(1, sizeof(*page) + room);
        if (!page)
            report_fatal(mofc, "out of memory");
        mofc->memory += room;
        page->size = room;
        page->next = mofc->pages;
        mofc->pages = page;
    }
    void *taken = (char *)page->bytes + page->used;
    page->used += size;
    return taken;
}

char *arena_text(struct mofc *mofc, const char *text, size_t length)
{
    char *copy = arena_take(mofc, length + 1);

    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

void arena_free(struct mofc *mofc)
{
    while (mofc->pages) {
        struct arena_page *page = mofc->pages;

        mofc->pages = page->next;
        free(page);
    }
    mofc->memory = 0;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t length)
{
    if (!buffer->data || length >= buffer->capacity - buffer->length) {
        size_t capacity = buffer->capacity ? buffer->capacity : 128;

        if (length > MOFC_MAX_MEMORY)
            report_fatal(buffer->mofc, "the sources need too much memory; split them");
        while (capacity <= buffer->length + length)
            capacity *= 2;
        char *data = arena_take(buffer->mofc, capacity);
        if (buffer->length > 0)
            memcpy(data, buffer->data, buffer->length);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void utf8_add(struct buffer *buffer, uint32_t c)
{
    char bytes[4];
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3F));
    bytes[0] = (char)(length == 1 ? c : (0xF00u >> length & 0xFF) | c);
    buffer_add(buffer, bytes, length);
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    char room[256], *text = room;
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(room, sizeof(room), format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    if ((size_t)length >= sizeof(room)) {
        text = arena_take(buffer->mofc, (size_t)length + 1);
        va_start(arguments, format);
        vsnprintf(text, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    buffer_add(buffer, text, (size_t)length);
}

/* ---- names: open addressing, at most half full ---- */
struct names_entry {
    const char *name;
    void *thing;
};

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 0x20) : c;
}

bool same_name(const char *a, const char *b)
{
    while (*a && lower((unsigned char)*a) == lower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

static size_t hash(const char *name)
{
    uint64_t value = 1469598103934665603u; /* FNV-1a */

    for (; *name; name++)
        value = (value ^ lower((unsigned char)*name)) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

static struct names_entry *look(const struct names *names, const char *name)
{
    size_t i = hash(name) & (names->capacity - 1);

    while (names->entries[i].name && (names->exact ? strcmp(names->entries[i].name, name) != 0
                                                   : !same_name(names->entries[i].name, name)))
        i = (i + 1) & (names->capacity - 1);
    return &names->entries[i];
}

void *names_find(const struct names *names, const char *name)
{
    return names->capacity ? look(names, name)->thing : NULL;
}

void *names_add(struct mofc *mofc, struct names *names, const char *name, void *thing)
{
    if (names->count * 2 >= names->capacity) {
        struct names larger = {.capacity = names->capacity ? names->capacity * 2 : 8,
                               .count = names->count,
                               .exact = names->exact};

        larger.entries = arena_take(mofc, larger.capacity * sizeof(*larger.entries));
        for (size_t i = 0; i < names->capacity; i++)
            if (names->entries[i].name)
                *look(&larger, names->entries[i].name) = names->entries[i];
        *names = larger;
    }
    struct names_entry *entry = look(names, name);
    if (entry->name)
        return entry->thing;
    *entry = (struct names_entry){name, thing};
    names->count++;
    return NULL;
}
