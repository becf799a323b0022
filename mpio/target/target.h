/* SPDX-License-Identifier: MIT */
/*
 * The arrays of a topology as an iSCSI target (RFC 7143) on real sockets: every array is one target node,
 * every listen address one network portal with a portal group of its own, and behind it the array port of
 * the same number. Host clock, one thread, the world's loop; nothing here blocks.
 */
#ifndef MPIO_TARGET_H
#define MPIO_TARGET_H

#include "text/buffer.h"
#include "world/topology.h"

struct target;

#define TARGET_MAX_PORTALS 64

struct target_options {
    struct world *world;                /* host clock, else nothing listens and nobody but a test speaks */
    const struct topology *topology;    /* outlives the target */
    const char *const *listen;          /* ADDRESS:PORT or ADDRESS:PORT=N (array port N); copied */
    unsigned listens;                   /* 1..TARGET_MAX_PORTALS */
    const char *array;                  /* only this one; NULL: all */
    const char *control;                /* name of the control socket; NULL: none */
    bool no_auth;                       /* nobody needs CHAP, on whatever address */
    void (*log)(void *user, const char *line); /* NULL: silent */
    void *user;
};

/* NULL with *error set: an address in use, an array that cannot be built, CHAP missing where it is required. */
struct target *target_create(const struct target_options *options, struct text_error *error);
/* Cuts every connection and logs out of the arrays. */
void target_destroy(struct target *t);

unsigned target_portals(const struct target *t);
/* Where a portal listens, with the real port number. */
const char *target_portal_address(const struct target *t, unsigned portal);
unsigned target_portal_port(const struct target *t, unsigned portal);
/* Names of the target nodes, in the order of the topology; NULL after the last. */
const char *target_node_name(const struct target *t, unsigned node);

/* One line of the control socket: what happened, or why not, as text. False: refused. */
bool target_control(struct target *t, const char *line, struct buffer *answer);
/* `quit` was said on the control socket. */
bool target_ended(const struct target *t);

/* ---- without sockets: tests and fuzzers play the initiator ------------------------------------- */
struct connection;
/* A connection to a portal whose bytes are handed over by the caller. NULL: refused. */
struct connection *target_connect(struct target *t, unsigned portal, const char *peer);
void target_receive(struct connection *c, const void *bytes, size_t length);
/* Takes what the target wants to send. False when the connection is over: *c is gone then. */
bool target_take(struct connection *c, struct buffer *out);
void target_hang_up(struct connection *c);

#endif
