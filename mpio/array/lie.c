/* SPDX-License-Identifier: MIT */
/*
 * REPORT TARGET PORT GROUPS that is wrong: the next answers lack a group, tell an access state that
 * does not exist, or a length that does not fit. What the array does stays right: only the answer lies.
 */
#include "alua.h"

#define GROUP_HEADER     8u
#define RESERVED_STATE   0x0B
#define STATE_MASK       0x0F
#define EXTENDED_LENGTH  4u
#define EXCESS           0x1000u

void array_wrong_report(struct array *a, enum array_lie lie, unsigned count)
{
    a->lie = lie;
    a->lies = count;
}

/* Takes the first group's descriptor out. */
static void drop_group(struct reply *reply, uint32_t at, uint32_t size)
{
    uint32_t end = reply->size < reply->room ? reply->size : reply->room;

    for (uint32_t i = at; i < end; i++)
        reply->to[i] = i + size < end ? reply->to[i + size] : 0;
    reply->size -= size;
    reply_set32(reply, 0, reply->size - 4);
}

void array_tell_lie(struct array *a, struct reply *reply, bool extended)
{
    uint32_t at = extended ? 4 + EXTENDED_LENGTH : 4;
    uint32_t size = GROUP_HEADER + 4u * a->config.ports_per_controller;

    if (reply->room <= at)
        return; /* too short an answer to be wrong */
    a->lies--;
    switch (a->lie) {
    case ARRAY_LIE_MISSING_GROUP:
        drop_group(reply, at, size);
        break;
    case ARRAY_LIE_BAD_STATE:
        for (unsigned i = 0; i < a->config.controllers && at < reply->room; i++, at += size)
            reply->to[at] = (uint8_t)((reply->to[at] & ~STATE_MASK) | RESERVED_STATE);
        break;
    case ARRAY_LIE_BAD_LENGTH:
        reply_set32(reply, 0, reply->size - 4 + EXCESS);
        break;
    }
}
