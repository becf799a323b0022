/* SPDX-License-Identifier: MIT */
/*
 * A connection: bytes in, whole PDUs out to pdu.c, its clock (login time-out, keep-alive) and its end.
 * The input is a small state machine that takes bytes in any portions; data segments go straight to where
 * they belong. Nothing of it depends on a socket, so tests and fuzzers use the same code.
 */
#include "target/internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array/stamp.h"
#include "host/host.h"

#define DIRECT_RECEIVE 16384u /* a data segment with this much to come is received where it belongs */
#define READS_PER_EVENT 4
#define LINGER (2 * WORLD_SECOND) /* for the last words of a connection that ends */

static void expect_header(struct connection *c)
{
    c->input = INPUT_HEADER;
    c->header_have = 0;
    c->header_want = PDU_HEADER;
}

/* ---- clock ------------------------------------------------------------------------------------- */
static void on_timer(struct event *e)
{
    struct connection *c = (struct connection *)((char *)e - offsetof(struct connection, timer));
    uint64_t now = world_now(c->target->world);

    if (c->ended) {
        c->cut = true;
    } else if (!c->full) {
        connection_fail(c, "no login within %u s", (unsigned)(TARGET_LOGIN_TIME / WORLD_SECOND));
    } else if (now - c->heard < TARGET_IDLE_TIME || !c->portal->link_up) {
        world_post(c->target->world, e, c->heard + TARGET_IDLE_TIME > now ? c->heard + TARGET_IDLE_TIME : now + TARGET_IDLE_TIME,
                   EVENT_DPC);
    } else if (c->pinged) {
        connection_fail(c, "no sign of life");
    } else {
        c->pinged = true;
        pdu_ping(c);
        world_post(c->target->world, e, now + TARGET_IDLE_TIME, EVENT_DPC);
    }
    connection_settle(c);
}

static void on_settle(struct event *e)
{
    connection_settle((struct connection *)((char *)e - offsetof(struct connection, settle)));
}

void connection_settle_soon(struct connection *c)
{
    if (!event_is_queued(&c->settle))
        world_post(c->target->world, &c->settle, world_now(c->target->world), EVENT_DPC);
}

/* ---- begin and end ----------------------------------------------------------------------------- */
struct connection *connection_create(struct portal *p, int fd, const char *peer)
{
    struct target *t = p->target;
    struct connection *c = calloc(1, sizeof *c);
    struct login *l = calloc(1, sizeof *l);

    if (!c || !l) {
        free(c);
        free(l);
        return NULL;
    }
    c->target = t;
    c->portal = p;
    c->fd = fd;
    c->login = l;
    c->link = t->last_connection;
    *t->last_connection = c;
    t->last_connection = &c->next;
    t->half_open++;
    snprintf(c->peer, sizeof c->peer, "%s", peer);
    c->last_output = &c->first_output;
    c->last_task = &c->tasks;
    c->timer.run = on_timer;
    c->settle.run = on_settle;
    c->answer_tag = PDU_NO_TAG;
    c->stat_sn = 1;
    buffer_init(&l->text, TARGET_MAX_TEXT);
    buffer_init(&c->text, TARGET_MAX_TEXT);
    parameters_default(&c->parameters);
    c->heard = world_now(t->world);
    world_post(t->world, &c->timer, c->heard + TARGET_LOGIN_TIME, EVENT_DPC);
    expect_header(c);
    connection_watch(c);
    return c;
}

void connection_end(struct connection *c, bool cut)
{
    struct target *t = c->target;

    c->cut = c->cut || cut;
    connection_settle_soon(c);
    if (c->ended)
        return;
    c->ended = true;
    if (c->full)
        t->sessions--;
    else
        t->half_open--;
    while (c->tasks)
        task_drop(c->tasks);
    c->receiving = NULL;
    c->sink = NULL;
    if (c->nexus)
        array_forget(c->nexus);
    c->nexus = NULL;
    world_post(t->world, &c->timer, world_now(t->world) + LINGER, EVENT_DPC);
}

void connection_fail(struct connection *c, const char *format, ...)
{
    char why[200];
    va_list arguments;

    if (c->ended)
        return;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    target_log(c->target, c->peer, "portal %u: %s: connection dropped", c->portal->index, why);
    if (c->full)
        pdu_reject(c, REJECT_PROTOCOL);
    connection_end(c, false);
}

void connection_free(struct connection *c)
{
    struct target *t = c->target;

    connection_end(c, true);
    world_cancel(t->world, &c->timer);
    world_cancel(t->world, &c->settle);
    output_free_all(c);
    task_free_spares(c);
    assert(c->data_bytes == 0);
    if (c->fd >= 0) {
        world_watch(t->world, c->fd, 0, NULL, NULL);
        host_socket_close(c->fd);
    }
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    else
        t->last_connection = c->link;
    login_free(c->login);
    free(c->segment);
    buffer_free(&c->text);
    buffer_free(&c->answer);
    free(c);
}

bool connection_settle(struct connection *c)
{
    if (!c->cut && c->portal->link_up && !output_flush(c))
        connection_end(c, true);
    if (c->cut && c->fd >= 0)
        host_reset_on_close(c->fd);
    /* Without a socket the owner takes what is left and lets go: target_take. */
    if (c->ended && c->fd >= 0 && (c->cut || !c->first_output)) {
        connection_free(c);
        return false;
    }
    connection_watch(c);
    return true;
}

/* ---- socket ------------------------------------------------------------------------------------ */
static void lost(struct connection *c, const char *why)
{
    if (why && c->full)
        target_log(c->target, c->peer, "portal %u: %s", c->portal->index, why);
    connection_end(c, true);
}

static void receive(struct connection *c)
{
    struct target *t = c->target;

    for (unsigned i = 0; i < READS_PER_EVENT && !c->ended; i++) {
        bool direct = c->input == INPUT_DATA && c->sink && c->data_length - c->data_have >= DIRECT_RECEIVE;
        size_t room = direct ? c->data_length - c->data_have : TARGET_SCRATCH;
        uint8_t *to = direct ? c->sink + c->data_have : t->scratch;
        int64_t got = host_receive(c->fd, to, room);
        if (got == HOST_WOULD_BLOCK)
            return;
        if (got <= 0) {
            lost(c, got < 0 ? host_error() : NULL);
            return;
        }
        connection_input(c, to, (size_t)got);
        if ((size_t)got < room || c->output_bytes > TARGET_PAUSE_OUTPUT)
            return;
    }
}

static void on_socket(void *argument, unsigned got)
{
    struct connection *c = argument;

    if (got & HOST_POLL_IN)
        receive(c);
    else if (got & (HOST_POLL_ERROR | HOST_POLL_HANG_UP))
        lost(c, NULL);
    connection_settle(c);
}

void connection_watch(struct connection *c)
{
    unsigned want = 0;

    if (c->fd < 0)
        return;
    if (c->portal->link_up) {
        bool paused = c->output_bytes > TARGET_PAUSE_OUTPUT;
        want = (paused || c->ended ? 0 : HOST_POLL_IN) | (c->output_blocked ? HOST_POLL_OUT : 0);
    }
    if (want != c->watching)
        world_watch(c->target->world, c->fd, want, on_socket, c);
    c->watching = want;
}

/* ---- input ------------------------------------------------------------------------------------- */
static uint32_t get_digest(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static void pdu_done(struct connection *c)
{
    unsigned padding = -c->data_length & 3;
    bool good = true;

    if (c->full && c->parameters.data_digest && c->data_length > 0)
        good = crc32c(c->digest, c->tail, padding) == get_digest(c->tail + padding);
    bool was_full = c->full;
    if (!good)
        pdu_damaged(c);
    else if (was_full)
        pdu_finish(c);
    else
        login_request(c);
    free(c->segment);
    c->segment = NULL;
    c->sink = NULL;
    c->receiving = NULL;
    c->ignored = false;
    expect_header(c);
}

static void expect_data(struct connection *c)
{
    c->data_have = 0;
    c->digest = 0;
    c->tail_have = 0;
    c->tail_want = -c->data_length & 3;
    if (c->full && c->parameters.data_digest && c->data_length > 0)
        c->tail_want += PDU_DIGEST;
    c->input = c->data_length > 0 ? INPUT_DATA : INPUT_TAIL;
    if (c->data_length == 0)
        pdu_done(c);
}

/* The login phase knows one PDU only. */
static void login_begin(struct connection *c)
{
    if (c->data_length > TARGET_LOGIN_SEGMENT)
        connection_fail(c, "login with %u bytes of text; at most %u", c->data_length, TARGET_LOGIN_SEGMENT);
    else if (c->data_length > 0 && !(c->sink = c->segment = malloc(c->data_length + 1)))
        connection_end(c, true);
}

static void header_part(struct connection *c)
{
    bool digest = c->full && c->parameters.header_digest;
    if (!c->full && ((c->header[0] & 0x3f) != LOGIN_REQUEST || c->header[4] != 0)) {
        connection_fail(c, "opcode %02x before the login", c->header[0]); /* nothing that would be worth waiting for */
        return;
    }
    unsigned whole = PDU_HEADER + 4u * c->header[4] + (digest ? PDU_DIGEST : 0);

    if (c->header_want < whole) {
        c->header_want = whole;
        return;
    }
    if (digest && crc32c(0, c->header, whole - PDU_DIGEST) != get_digest(c->header + whole - PDU_DIGEST)) {
        connection_fail(c, "header digest error");
        return;
    }
    c->data_length = get_24(c->header + AT_LENGTH);
    if (!c->full)
        login_begin(c);
    else if (c->data_length > TARGET_SEGMENT)
        connection_fail(c, "data segment of %u bytes; MaxRecvDataSegmentLength is %u", c->data_length,
                        TARGET_SEGMENT);
    else
        pdu_begin(c);
    if (!c->ended)
        expect_data(c);
}

static size_t take(uint8_t *to, unsigned have, unsigned want, const uint8_t *bytes, size_t length)
{
    size_t count = want - have < length ? want - have : length;

    memcpy(to + have, bytes, count);
    return count;
}

void connection_input(struct connection *c, const uint8_t *bytes, size_t length)
{
    c->heard = world_now(c->target->world);
    c->pinged = false;
    while (length > 0 && !c->ended) {
        size_t count = 0;

        switch (c->input) {
        case INPUT_HEADER:
            count = take(c->header, c->header_have, c->header_want, bytes, length);
            c->header_have += (unsigned)count;
            if (c->header_have == c->header_want)
                header_part(c);
            break;
        case INPUT_DATA:
            count = c->data_length - c->data_have < length ? c->data_length - c->data_have : length;
            if (c->sink && c->sink + c->data_have != bytes)
                memcpy(c->sink + c->data_have, bytes, count);
            if (c->full && c->parameters.data_digest)
                c->digest = crc32c(c->digest, bytes, count);
            c->data_have += (uint32_t)count;
            if (c->data_have == c->data_length) {
                c->input = INPUT_TAIL;
                if (c->tail_want == 0)
                    pdu_done(c);
            }
            break;
        case INPUT_TAIL:
            count = take(c->tail, c->tail_have, c->tail_want, bytes, length);
            c->tail_have += (unsigned)count;
            if (c->tail_have == c->tail_want)
                pdu_done(c);
            break;
        }
        bytes += count;
        length -= count;
    }
}

/* ---- without sockets --------------------------------------------------------------------------- */
struct connection *target_connect(struct target *t, unsigned portal, const char *peer)
{
    return connection_create(&t->portals[portal], -1, peer);
}

void target_receive(struct connection *c, const void *bytes, size_t length)
{
    connection_input(c, bytes, length);
}

bool target_take(struct connection *c, struct buffer *out)
{
    output_take(c, out);
    if (!c->ended)
        return true;
    connection_free(c);
    return false;
}

void target_hang_up(struct connection *c)
{
    connection_free(c);
}
