/* SPDX-License-Identifier: MIT */
/*
 * What a connection has to say: PDUs in a row, sent with as few calls as the socket allows, straight out
 * of the tasks' data buffers. Digests are made here. A reader that is too slow makes the row long, and
 * connection.c stops listening to it then.
 */
#include "target/internal.h"

#include <stdlib.h>
#include <string.h>

#include "array/stamp.h"
#include "host/host.h"

struct output *output_new(struct connection *c, enum pdu_opcode opcode)
{
    struct output *o = c->spare_outputs;

    if (o) {
        c->spare_outputs = o->next;
        c->spare_output_count--;
    } else {
        o = malloc(sizeof *o);
    }
    if (!o) {
        connection_end(c, true);
        return NULL;
    }
    memset(o, 0, sizeof *o);
    o->header[0] = (uint8_t)opcode;
    o->header[1] = PDU_FINAL;
    return o;
}

void output_numbers(struct connection *c, struct output *o, bool counts)
{
    put_32(o->header + AT_STAT_SN, c->stat_sn);
    c->stat_sn += counts;
    put_32(o->header + AT_EXP_CMD_SN, c->exp_cmd_sn);
    put_32(o->header + AT_MAX_CMD_SN, c->exp_cmd_sn + TARGET_WINDOW - c->window_used - 1);
}

/* CRC-32C goes out least significant byte first (RFC 7143 13.1). */
static void put_digest(uint8_t *to, uint32_t crc)
{
    for (unsigned i = 0; i < PDU_DIGEST; i++)
        to[i] = (uint8_t)(crc >> 8 * i);
}

void output_queue(struct connection *c, struct output *o, const void *data, uint32_t length)
{
    const struct parameters *p = &c->parameters;
    unsigned padding = -length & 3;

    o->data = data;
    o->data_length = length;
    put_32(o->header + AT_LENGTH - 1, length); /* byte 4, no additional header, is the top of it */
    o->header_length = PDU_HEADER;
    o->tail_length = (uint8_t)padding;
    if (c->full && p->header_digest) {
        put_digest(o->header + PDU_HEADER, crc32c(0, o->header, PDU_HEADER));
        o->header_length += PDU_DIGEST;
    }
    if (c->full && p->data_digest && length > 0) {
        put_digest(o->tail + padding, crc32c(crc32c(0, data, length), o->tail, padding));
        o->tail_length += PDU_DIGEST;
    }
    c->output_bytes += o->header_length + length + o->tail_length;
    *c->last_output = o;
    c->last_output = &o->next;
}

static void release(struct connection *c, struct output *o)
{
    free(o->owned);
    if (o->task)
        task_free(o->task);
    if (c->spare_output_count == TARGET_SPARES) {
        free(o);
        return;
    }
    o->next = c->spare_outputs;
    c->spare_outputs = o;
    c->spare_output_count++;
}

static void drop_first(struct connection *c)
{
    struct output *o = c->first_output;

    c->first_output = o->next;
    if (!c->first_output)
        c->last_output = &c->first_output;
    c->output_bytes -= o->header_length + o->data_length + o->tail_length;
    release(c, o);
}

/* The unsent rest of a PDU as parts of one send. */
static unsigned add_parts(const struct output *o, struct host_bytes *parts)
{
    const void *bytes[] = {o->header, o->data, o->tail};
    const uint32_t length[] = {o->header_length, o->data_length, o->tail_length};
    uint32_t skip = o->sent;
    unsigned count = 0;

    for (unsigned i = 0; i < 3; i++) {
        if (skip >= length[i]) {
            skip -= length[i];
            continue;
        }
        parts[count++] = (struct host_bytes){(const uint8_t *)bytes[i] + skip, length[i] - skip};
        skip = 0;
    }
    return count;
}

static void account(struct connection *c, uint64_t sent)
{
    while (sent > 0) {
        struct output *o = c->first_output;
        uint32_t left = o->header_length + o->data_length + o->tail_length - o->sent;
        if (sent < left) {
            o->sent += (uint32_t)sent;
            return;
        }
        sent -= left;
        drop_first(c);
    }
}

bool output_flush(struct connection *c)
{
    struct host_bytes parts[HOST_MAX_PARTS];

    c->output_blocked = false;
    while (c->first_output && c->fd >= 0 && c->portal->link_up) {
        unsigned count = 0;
        size_t offered = 0;
        for (const struct output *o = c->first_output; o && count + 3 <= HOST_MAX_PARTS; o = o->next)
            count += add_parts(o, parts + count);
        for (unsigned i = 0; i < count; i++)
            offered += parts[i].length;
        int64_t sent = host_send(c->fd, parts, count);
        if (sent == HOST_FAILED)
            return false;
        if (sent > 0)
            account(c, (uint64_t)sent);
        if (sent < (int64_t)offered) {
            c->output_blocked = true;
            break;
        }
    }
    return true;
}

void output_take(struct connection *c, struct buffer *out)
{
    struct host_bytes parts[3];

    while (c->first_output) {
        unsigned count = add_parts(c->first_output, parts);
        for (unsigned i = 0; i < count && !c->cut; i++)
            buffer_append(out, parts[i].bytes, parts[i].length);
        drop_first(c);
    }
}

void output_free_all(struct connection *c)
{
    while (c->first_output)
        drop_first(c);
    while (c->spare_outputs) {
        struct output *next = c->spare_outputs->next;
        free(c->spare_outputs);
        c->spare_outputs = next;
    }
}
