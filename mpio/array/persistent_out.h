/* SPDX-License-Identifier: MIT */
/*
 * A decoded PERSISTENT RESERVE OUT command, between the files that serve it.
 */
#ifndef MPIO_ARRAY_PERSISTENT_OUT_H
#define MPIO_ARRAY_PERSISTENT_OUT_H

#include "internal.h"

enum persistent_action {
    PR_REGISTER,
    PR_RESERVE,
    PR_RELEASE,
    PR_CLEAR,
    PR_PREEMPT,
    PR_PREEMPT_AND_ABORT,
    PR_REGISTER_AND_IGNORE,
    PR_REGISTER_AND_MOVE,
};

struct persistent_out {
    enum persistent_action action;
    uint8_t scope_and_type;
    uint64_t key;            /* RESERVATION KEY */
    uint64_t target;         /* SERVICE ACTION RESERVATION KEY */
    bool persist;            /* APTPL */
    bool all_ports;          /* ALL_TG_PT */
    bool unregister;         /* UNREG of REGISTER AND MOVE */
    uint16_t relative_port;  /* of REGISTER AND MOVE */
    const uint8_t *list;     /* the parameter list */
    const uint8_t *ids;      /* TransportIDs in it; NULL without */
    uint32_t ids_length;
};

void persistent_tell_registrants(struct request *r, unsigned code); /* all but the sender */
void persistent_register(struct request *r, const struct persistent_out *o);
void persistent_move(struct request *r, const struct persistent_out *o);

#endif
