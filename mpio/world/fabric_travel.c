/* SPDX-License-Identifier: MIT */
/*
 * How long a command is on its way: the link's round trip, a jitter from the seed, and the time of its
 * data on three wires - the HBA's cable, the link, the array's port. A wire carries one transfer at a
 * time, in the order of submission; the data are there when the last of the three is through with them,
 * so an idle way costs what its slowest wire costs. Integers only.
 */
#include "world/fabric_private.h"

/* The transfer joins the wire's queue; when it is through. */
static uint64_t take_turn(struct fabric_wire *wire, uint32_t length, uint64_t now)
{
    if (wire->ns_per_kib == 0)
        return now;
    if (wire->busy < now)
        wire->busy = now;
    wire->busy += ((uint64_t)length * wire->ns_per_kib / 1024 + 99) / 100;
    return wire->busy;
}

static uint64_t later(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

uint64_t fabric_travel(struct fabric_path *p, const struct hba_cmd *cmd)
{
    struct world *w = p->hba->hba.world;
    uint64_t now = world_now(w), end, travel = p->latency;

    if (p->jitter != 0)
        travel += world_random_below(w, STREAM_FABRIC, p->jitter + 1);
    if (cmd->scsi.length == 0)
        return travel;
    end = take_turn(&p->hba->wire, cmd->scsi.length, now);
    end = later(end, take_turn(&p->wire, cmd->scsi.length, now));
    end = later(end, take_turn(&p->shared->port[p->port], cmd->scsi.length, now));
    return travel + (end - now);
}

bool fabric_is_instant(const struct fabric_path *p)
{
    return p->latency == 0 && p->jitter == 0 && p->wire.ns_per_kib == 0 && p->hba->wire.ns_per_kib == 0 &&
           p->shared->port[p->port].ns_per_kib == 0;
}
