/* SPDX-License-Identifier: MIT */
/*
 * The .bmf for a driver's resource: 16 bytes of header (all little-endian), then the description in
 * CBOR.
 *
 *   0  "OMOF"          8  u32 bytes of CBOR
 *   4  u16 version 1  12  u32 CRC-32 of them (the polynomial of zip and Ethernet)
 *   6  u16 0
 *
 * Not Microsoft's compressed format ("FOMB"), whose inside is unpublished: Windows wants what
 * mofcomp -B makes of the same source. The reader trusts no byte.
 */
#include "mofc.h"

#include <string.h>

#define BLOB_HEADER  16
#define BLOB_VERSION 1
#define BLOB_DEPTH                                                                                 \
    (4 * MOFC_MAX_DEPTH) /* an instance in a list in an instance takes three levels */

static uint32_t crc32_of(const unsigned char *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void put32(unsigned char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void write_blob(struct mofc *mofc, struct buffer *out)
{
    struct emitter emitter = {.out = out, .form = EMIT_BINARY};

    buffer_add(out, "OMOF\1\0\0\0\0\0\0\0\0\0\0\0", BLOB_HEADER);
    describe(mofc, &emitter);
    unsigned char *data = (unsigned char *)out->data;
    put32(data + 8, (uint32_t)(out->length - BLOB_HEADER));
    put32(data + 12, crc32_of(data + BLOB_HEADER, out->length - BLOB_HEADER));
}

struct reader {
    const unsigned char *at, *end;
    struct emitter emitter;
};

static bool take_head(struct reader *reader, unsigned *major, uint64_t *value)
{
    if (reader->at == reader->end)
        return false;
    unsigned char first = *reader->at++;
    unsigned info = first & 0x1F, more = info < 24 ? 0 : 1u << (info - 24);
    *major = first >> 5;
    *value = info;
    if (info > 27 || (size_t)(reader->end - reader->at) < more)
        return false;
    if (more > 0)
        *value = 0;
    for (; more > 0; more--)
        *value = *value << 8 | *reader->at++;
    return true;
}

static bool copy_value(struct reader *reader, unsigned depth, bool is_key);

static bool copy_container(struct reader *reader, unsigned depth, bool is_map)
{
    char kind = is_map ? '{' : '[';

    if (depth >= BLOB_DEPTH)
        return false;
    reader->at++;
    emit_open(&reader->emitter, kind);
    while (reader->at < reader->end && *reader->at != 0xFF) {
        if (is_map && !copy_value(reader, depth + 1, true))
            return false;
        if (!copy_value(reader, depth + 1, false))
            return false;
    }
    if (reader->at == reader->end)
        return false;
    reader->at++;
    emit_close(&reader->emitter, kind);
    return true;
}

static bool copy_value(struct reader *reader, unsigned depth, bool is_key)
{
    struct emitter *emitter = &reader->emitter;
    unsigned major;
    uint64_t value;

    if (reader->at < reader->end && !is_key && (*reader->at == 0xBF || *reader->at == 0x9F))
        return copy_container(reader, depth, *reader->at == 0xBF);
    if (!take_head(reader, &major, &value) || (is_key && major != 3))
        return false;
    switch (major) {
    case 0:
        emit_integer(emitter, false, value);
        return true;
    case 1:
        if (value == UINT64_MAX)
            return false;
        emit_integer(emitter, true, value + 1);
        return true;
    case 3:
        if (value > (size_t)(reader->end - reader->at) || !is_utf8(reader->at, (size_t)value))
            return false;
        emit_text(emitter, (const char *)reader->at, (size_t)value);
        reader->at += value;
        if (is_key) {
            buffer_text(emitter->out, ": ");
            emitter->after_key = true;
        }
        return true;
    case 7:
        if (value == 20 || value == 21)
            emit_boolean(emitter, value == 21);
        else if (value == 22)
            emit_null(emitter);
        return value >= 20 && value <= 22;
    default:
        return false;
    }
}

const char *read_blob(const unsigned char *data, size_t size, struct buffer *json)
{
    struct reader reader = {.emitter = {.out = json, .form = EMIT_JSON}};

    if (size >= 4 && memcmp(data, "FOMB", 4) == 0)
        return "is the compiled MOF of Microsoft's mofcomp; mofc reads only its own";
    if (size < BLOB_HEADER || memcmp(data, "OMOF", 4) != 0)
        return "is no compiled MOF: it does not begin with OMOF; make one with mofc -b";
    if (data[4] != BLOB_VERSION || data[5] != 0 || data[6] != 0 || data[7] != 0)
        return "has a version that this mofc does not know; compile the source again";
    if (get32(data + 8) != size - BLOB_HEADER)
        return "is cut off or has something behind its end; compile the source again";
    if (get32(data + 12) != crc32_of(data + BLOB_HEADER, size - BLOB_HEADER))
        return "is damaged: its checksum is wrong; compile the source again";
    reader.at = data + BLOB_HEADER;
    reader.end = data + size;
    if (!copy_value(&reader, 0, false) || reader.at != reader.end)
        return "is damaged inside; compile the source again";
    emit_finish(&reader.emitter);
    return NULL;
}
