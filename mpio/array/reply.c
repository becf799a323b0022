/* SPDX-License-Identifier: MIT */
/*
 * Data phases of parameter lists: what goes out is cut to allocation length and buffer, what comes
 * in must be there as a whole.
 */
#include "internal.h"

#include <string.h>

static void store(struct reply *reply, uint32_t at, const void *bytes, uint32_t count)
{
    if (at >= reply->room)
        return;
    memcpy(reply->to + at, bytes, count < reply->room - at ? count : reply->room - at);
}

void reply_bytes(struct reply *reply, const void *bytes, uint32_t count)
{
    store(reply, reply->size, bytes, count);
    reply->size += count;
}

void reply_text(struct reply *reply, const char *text, uint32_t width)
{
    uint32_t length = (uint32_t)strnlen(text, width);

    reply_bytes(reply, text, length);
    for (; length < width; length++)
        reply_8(reply, ' ');
}

void reply_zero(struct reply *reply, uint32_t count)
{
    for (; count; count--)
        reply_8(reply, 0);
}

void reply_8(struct reply *reply, uint8_t value)
{
    reply_bytes(reply, &value, 1);
}

void reply_16(struct reply *reply, uint16_t value)
{
    uint8_t bytes[2];

    put_16(bytes, value);
    reply_bytes(reply, bytes, sizeof bytes);
}

void reply_32(struct reply *reply, uint32_t value)
{
    uint8_t bytes[4];

    put_32(bytes, value);
    reply_bytes(reply, bytes, sizeof bytes);
}

void reply_64(struct reply *reply, uint64_t value)
{
    uint8_t bytes[8];

    put_64(bytes, value);
    reply_bytes(reply, bytes, sizeof bytes);
}

void reply_set8(struct reply *reply, uint32_t at, uint8_t value)
{
    store(reply, at, &value, 1);
}

void reply_set16(struct reply *reply, uint32_t at, uint16_t value)
{
    uint8_t bytes[2];

    put_16(bytes, value);
    store(reply, at, bytes, sizeof bytes);
}

void reply_set32(struct reply *reply, uint32_t at, uint32_t value)
{
    uint8_t bytes[4];

    put_32(bytes, value);
    store(reply, at, bytes, sizeof bytes);
}

void reply_end(const struct reply *reply, struct request *r, uint32_t allocation)
{
    r->cmd->transferred = reply->size < reply->room ? reply->size : reply->room;
    r->cmd->wanted = reply->size < allocation ? reply->size : allocation;
}

const uint8_t *array_parameters(struct request *r, uint32_t length)
{
    r->cmd->wanted = length;
    if (array_room(r->cmd, true) < length) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return NULL;
    }
    r->cmd->transferred = length;
    return r->cmd->data;
}
