/* SPDX-License-Identifier: MIT */
/*
 * Portals: listening sockets, the limits on who comes in, and what befalls a portal as a whole - a link
 * that goes silent, connections cut, faults that wait for the next commands.
 */
#include "target/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"

#define BACKLOG 128
#define ACCEPTS_PER_EVENT 16
#define RETRY_TIME (100 * WORLD_MS)

/* ---- log ----------------------------------------------------------------------------------------- */
/* One line per peer address and second: who floods us must not flood the log. */
static struct peer_note *find_note(struct target *t, const char *peer)
{
    const char *colon = strrchr(peer, ':');
    size_t length = colon ? (size_t)(colon - peer) : strlen(peer);
    struct peer_note *oldest = &t->notes[0];

    for (unsigned i = 0; i < PEER_NOTES; i++) {
        struct peer_note *n = &t->notes[i];
        if (strncmp(n->peer, peer, length) == 0 && n->peer[length] == '\0' && n->peer[0])
            return n;
        if (n->second < oldest->second)
            oldest = n;
    }
    memset(oldest, 0, sizeof *oldest);
    snprintf(oldest->peer, sizeof oldest->peer, "%.*s", (int)length, peer);
    return oldest;
}

void target_log(struct target *t, const char *peer, const char *format, ...)
{
    struct peer_note *n = find_note(t, peer);
    uint64_t second = world_now(t->world) / WORLD_SECOND + 1;
    char line[400];
    va_list arguments;
    int length;

    if (!t->options.log)
        return;
    if (n->second == second) {
        n->suppressed++;
        return;
    }
    length = snprintf(line, sizeof line, "%s: ", peer);
    va_start(arguments, format);
    vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    if (n->suppressed > 0) {
        length = (int)strlen(line);
        snprintf(line + length, sizeof line - (size_t)length, " (and %u more from there)", n->suppressed);
    }
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    n->second = second;
    n->suppressed = 0;
    t->options.log(t->options.user, line);
}

/* ---- accepting ------------------------------------------------------------------------------------- */
static void drop_oldest_half_open(struct target *t)
{
    struct connection *c = t->connections;

    while (c && (c->full || c->ended))
        c = c->next;
    if (!c)
        return;
    target_log(t, c->peer, "portal %u: %u connections are not logged in: the oldest is dropped", c->portal->index,
               t->half_open);
    connection_free(c);
}

static void on_listener(void *argument, unsigned got);

static void on_retry(struct event *e)
{
    struct portal *p = (struct portal *)((char *)e - offsetof(struct portal, retry));

    if (p->fd >= 0 && p->link_up)
        world_watch(p->target->world, p->fd, HOST_POLL_IN, on_listener, p);
}

/* Descriptors are short: make room, and try again a little later. */
static void out_of_descriptors(struct portal *p)
{
    struct target *t = p->target;

    target_log(t, p->address, "portal %u: %s", p->index, host_error());
    drop_oldest_half_open(t);
    world_watch(t->world, p->fd, 0, NULL, NULL);
    world_post(t->world, &p->retry, world_now(t->world) + RETRY_TIME, EVENT_DPC);
}

static void on_listener(void *argument, unsigned got)
{
    struct portal *p = argument;
    struct target *t = p->target;
    char peer[PEER_TEXT];

    (void)got;
    for (unsigned i = 0; i < ACCEPTS_PER_EVENT; i++) {
        int fd = host_accept(p->fd, peer, sizeof peer);
        if (fd == HOST_WOULD_BLOCK)
            return;
        if (fd < 0) {
            out_of_descriptors(p);
            return;
        }
        if (t->half_open >= TARGET_MAX_HALF_OPEN)
            drop_oldest_half_open(t);
        if (!connection_create(p, fd, peer))
            host_socket_close(fd);
    }
}

bool portal_open(struct portal *p, struct text_error *error)
{
    struct target *t = p->target;

    if (p->fd >= 0 || world_clock(t->world) != WORLD_CLOCK_HOST)
        return true;
    p->fd = host_listen(p->address, BACKLOG);
    if (p->fd < 0)
        return text_error_set(error, NULL, 0, 0, "%s", host_error());
    host_socket_name(p->fd, p->address, sizeof p->address);
    p->retry.run = on_retry;
    world_watch(t->world, p->fd, HOST_POLL_IN, on_listener, p);
    return true;
}

void portal_close(struct portal *p)
{
    if (p->fd < 0)
        return;
    world_cancel(p->target->world, &p->retry);
    world_watch(p->target->world, p->fd, 0, NULL, NULL);
    host_socket_close(p->fd);
    p->fd = -1;
}

/* ---- what befalls it --------------------------------------------------------------------------------- */
void portal_cut(struct portal *p, const struct node *n)
{
    for (struct connection *c = p->target->connections; c; c = c->next)
        if (c->portal == p && (!n || c->node == n))
            connection_end(c, true);
}

void portal_link(struct portal *p, bool up)
{
    p->link_up = up;
    if (p->fd >= 0) {
        world_cancel(p->target->world, &p->retry);
        world_watch(p->target->world, p->fd, up ? HOST_POLL_IN : 0, on_listener, p);
    }
    for (struct connection *c = p->target->connections; c; c = c->next) {
        if (c->portal != p)
            continue;
        connection_watch(c);
        if (up)
            connection_settle_soon(c);
    }
}

bool portal_answers(const struct portal *p)
{
    for (unsigned i = 0; i < p->target->node_count; i++) {
        const struct array *a = p->target->nodes[i].array;
        if (p->port < array_ports(a) && array_controller_is_up(a, array_controller_of_port(a, p->port)))
            return true;
    }
    return false;
}

bool portal_has_fault(unsigned kind)
{
    return kind <= FABRIC_LATE_COMPLETION || kind == FABRIC_LATE_COMMAND;
}

unsigned portal_fault(struct portal *p)
{
    unsigned kind = 0;

    while (kind < PORTAL_FAULTS && p->fault_count[kind] == 0)
        kind++;
    if (kind < PORTAL_FAULTS)
        p->fault_count[kind]--;
    return kind;
}
