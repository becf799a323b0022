/* SPDX-License-Identifier: MIT */
/*
 * A project's own %!NAME! types, declared with CUSTOM_TYPE and DEFINE_CPLX_TYPE. The driver hands them
 * over as one text, "NAME=KIND:item,item;" each:
 *
 *   B S L Q  value of 1, 2, 4 or 8 bytes: the item of that number     b s l  bits 1 ...: the items of those that are set
 *   E        "value=name,...": the name of that value                 F      the same, the names of the bits that are set
 *   H        counted bytes, as %!HEXDUMP!
 *
 * What has no name prints its number. Any IRQL; the text is a driver's: read to its end, no further.
 */
#include <string.h>

#include "nt/format.h"

/* The items behind "NAME=K:", and the kind; NULL: no such type. */
static const char *find(const char *types, const char *name, size_t length, char *kind)
{
    while (types != NULL && *types != '\0') {
        const char *end = strchr(types, ';');
        if (strncmp(types, name, length) == 0 && types[length] == '=' && types[length + 1] != '\0' &&
            types[length + 2] == ':') {
            *kind = types[length + 1];
            return types + length + 3;
        }
        types = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

static void put_item(struct format_output *out, const char *item, size_t length)
{
    char text[FORMAT_NAME + 1];

    length = length < FORMAT_NAME ? length : FORMAT_NAME;
    memcpy(text, item, length);
    text[length] = '\0';
    format_put_text(out, text);
}

/* Length of the item at `at`; *next: the one after it, NULL at the end of the list. */
static size_t item_length(const char *at, const char **next)
{
    size_t length = strcspn(at, ",;");

    *next = at[length] == ',' ? at + length + 1 : NULL;
    return length;
}

static void put_indexed(struct format_output *out, const char *at, uint64_t value)
{
    for (uint64_t i = 0; at != NULL; i++) {
        const char *next;
        size_t length = item_length(at, &next);
        if (i == value && length > 0) {
            put_item(out, at, length);
            return;
        }
        at = next;
    }
    format_put_decimal(out, value);
}

/* The names of the bits that are set; a bit without a name prints its number, from 1. */
static void put_set(struct format_output *out, const char *at, uint64_t value)
{
    const char *between = "";

    format_put_text(out, "[");
    for (unsigned bit = 0; bit < 64 && value >> bit != 0; bit++) {
        const char *next = NULL;
        size_t length = at != NULL ? item_length(at, &next) : 0;
        if ((value >> bit & 1) != 0) {
            format_put_text(out, between);
            between = ",";
            if (length > 0) {
                put_item(out, at, length);
            } else {
                format_put_decimal(out, bit + 1);
            }
        }
        at = next;
    }
    format_put_text(out, "]");
}

void format_put_bits(struct format_output *out, uint64_t value, unsigned bits)
{
    put_set(out, NULL, value & (~0ull >> (64 - bits)));
}

/* "value=name": the value as a 32-bit number, decimal, perhaps negative. */
static uint32_t item_value(const char *at, size_t length, size_t *name)
{
    uint32_t value = 0;
    size_t i = *at == '-';

    for (; i < length && at[i] >= '0' && at[i] <= '9'; i++) {
        value = value * 10 + (uint32_t)(at[i] - '0');
    }
    *name = i < length && at[i] == '=' ? i + 1 : length;
    return *at == '-' ? 0 - value : value;
}

static void put_named(struct format_output *out, const char *at, uint32_t value, int flags)
{
    const char *between = "";
    uint32_t left = value;

    while (at != NULL) {
        const char *next;
        size_t name, length = item_length(at, &next);
        uint32_t candidate = item_value(at, length, &name);
        if (!flags && candidate == value && name < length) {
            put_item(out, at + name, length - name);
            return;
        }
        if (flags && candidate != 0 && (left & candidate) == candidate) {
            format_put_text(out, between);
            put_item(out, at + name, length - name);
            between = "|";
            left &= ~candidate;
        }
        at = next;
    }
    if (!flags || left != 0 || value == 0) {
        format_put_text(out, between);
        format_put_text(out, flags ? "0x" : "");
        if (flags) {
            format_put_hex(out, left, 8, 0);
        } else {
            format_put_decimal(out, value);
        }
    }
}

int format_project_type(struct format_output *out, const char *name, size_t length,
                        struct format_source *source, const struct format_site *site)
{
    char kind = 0;
    const char *items = find(site->types, name, length, &kind);
    uint64_t value;

    if (items == NULL) {
        return 0;
    }
    value = source->fetch(source, kind == 'Q' ? FORMAT_INT64 : kind == 'H' ? FORMAT_BUFFER : FORMAT_INT32);
    switch (kind) {
    case 'B': put_indexed(out, items, (uint8_t)value); break;
    case 'S': put_indexed(out, items, (uint16_t)value); break;
    case 'L': put_indexed(out, items, (uint32_t)value); break;
    case 'b': put_set(out, items, (uint8_t)value); break;
    case 's': put_set(out, items, (uint16_t)value); break;
    case 'l': put_set(out, items, (uint32_t)value); break;
    case 'E': put_named(out, items, (uint32_t)value, 0); break;
    case 'F': put_named(out, items, (uint32_t)value, 1); break;
    case 'H': format_put_bytes(out, (const void *)(uintptr_t)value, source->length); break;
    default:  put_indexed(out, items, value); break;
    }
    return 1;
}
