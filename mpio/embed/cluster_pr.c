/* SPDX-License-Identifier: MIT */
/*
 * A member's persistent reservations, one PERSISTENT RESERVE command at a time through the pseudo-LUN, as a cluster's
 * disk driver does: the DSM below registers every path. To take over a dead owner's parts:
 *
 *   PREEMPT AND ABORT of its key -> READ KEYS: is it gone? -> READ RESERVATION: is it ours? -> new owner
 *
 * Several members may try; the array decides. A command whose end is unknown decides nothing: the two reads do.
 * Keys: certification asks for fixed ones, unique per machine. Runs as events and completions of the machine.
 */
#include "embed/cluster.h"

#include <string.h>

#include <ntddk.h>

#include "array/wire.h"

#define PERSISTENT_RESERVE_IN  0x5E
#define PERSISTENT_RESERVE_OUT 0x5F
#define LIST_LENGTH 24
#define TRIES 8 /* of one command that meets unit attentions */

enum { OUT_RESERVE = 1, OUT_PREEMPT_AND_ABORT = 5, OUT_REGISTER_AND_IGNORE = 6 };
enum { IN_READ_KEYS = 0, IN_READ_RESERVATION = 1 };

static uint8_t reservation_type(const struct cluster *c)
{
    return c->plan->type == 0 ? 5 : 7; /* Write Exclusive: Registrants Only, All Registrants */
}

/* ---- sending --------------------------------------------------------------------------------------- */
static void submit(struct member *m)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (!mpio_submit(m->cluster->world, m->disk_index, &m->pr))
        m->step = STEP_NONE;
    KeLowerIrql(irql);
}

static void send_out(struct member *m, enum member_step step, uint8_t action, uint64_t key, uint64_t target)
{
    memset(m->pr.cdb, 0, sizeof m->pr.cdb);
    m->pr.cdb[0] = PERSISTENT_RESERVE_OUT;
    m->pr.cdb[1] = action;
    m->pr.cdb[2] = action == OUT_REGISTER_AND_IGNORE ? 0 : reservation_type(m->cluster);
    m->pr.cdb[8] = LIST_LENGTH;
    m->pr.data_out = true;
    m->pr.blocks = LIST_LENGTH;
    memset(m->pr_data, 0, LIST_LENGTH);
    put_64(m->pr_data, key);
    put_64(m->pr_data + 8, target);
    m->step = step;
    m->tries = 0;
    submit(m);
}

static void send_in(struct member *m, enum member_step step, uint8_t action, uint16_t length)
{
    memset(m->pr.cdb, 0, sizeof m->pr.cdb);
    m->pr.cdb[0] = PERSISTENT_RESERVE_IN;
    m->pr.cdb[1] = action;
    m->pr.cdb[7] = (uint8_t)(length >> 8);
    m->pr.cdb[8] = (uint8_t)length;
    m->pr.data_out = false;
    m->pr.blocks = length;
    memset(m->pr_data, 0, length);
    m->step = step;
    m->tries = 0;
    submit(m);
}

/* ---- answers --------------------------------------------------------------------------------------- */
/* *found: does somebody have the key? False: the answer is cut short. */
static bool find_key(const struct member *m, uint64_t key, bool *found)
{
    uint32_t length = get_32(m->pr_data + 4);

    if (length > CLUSTER_KEYS_SIZE - 8 || m->pr.information < 8 + length)
        return false;
    *found = false;
    for (uint32_t i = 0; i + 8 <= length; i += 8)
        *found = *found || get_64(m->pr_data + 8 + i) == key;
    return true;
}

static void take_over(struct member *m)
{
    struct cluster *c = m->cluster;
    struct member *victim = m->victim;
    bool any = false;

    for (unsigned i = 0; i < c->part_count; i++) {
        if (c->parts[i].owner != victim)
            continue;
        cluster_take(&c->parts[i], m, m->preempt_done);
        any = true;
    }
    if (c->holder == victim)
        c->holder = m;
    if (!any)
        return;
    c->report.takeovers++;
    trace_emit(c->world->world, m->node->machine, TRACE_CLUSTER, c->index, m->index, victim->index, 0);
    cluster_start_slots(m);
}

/* READ RESERVATION: type as asked for; the holder's key, which with all registrants is nobody's. */
static void look_at_reservation(struct member *m)
{
    struct cluster *c = m->cluster;
    bool all = c->plan->type != 0;
    bool there = m->pr.information >= 24 && get_32(m->pr_data + 4) == 16;
    uint64_t key = there ? get_64(m->pr_data + 8) : 0;

    if (!there || (m->pr_data[21] & 0x0f) != reservation_type(c)) {
        if (m->preempt_good)
            cluster_found(c, m, MPIO_CLUSTER_WRONG_RESERVATION, key);
        send_out(m, STEP_RESERVE, OUT_RESERVE, m->key, 0);
    } else if (all || key == m->key || c->holder != m->victim) {
        take_over(m); /* else another member was faster */
    }
}

static void look_at_keys(struct member *m)
{
    bool found, own;

    if (!find_key(m, m->victim->key, &found) || !find_key(m, m->key, &own))
        return;
    if (!own) {
        cluster_leave(m, true); /* it is the one who was preempted */
        return;
    }
    if (found) { /* try again later */
        if (m->preempt_good && m->victim->registered < m->preempt_sent) /* else it has joined again since */
            cluster_found(m->cluster, m, MPIO_CLUSTER_UNFENCED, m->victim->key);
        return;
    }
    send_in(m, STEP_RESERVATION, IN_READ_RESERVATION, LIST_LENGTH);
}

static void reserved(struct member *m)
{
    struct cluster *c = m->cluster;

    if (c->holder && c->holder != m->victim)
        return;
    c->holder = m;
    trace_emit(c->world->world, m->node->machine, TRACE_CLUSTER, c->index, m->index, m->index, 0);
}

/* A preemption under way may still take the key that was registered just now. */
static bool is_being_preempted(const struct member *m)
{
    const struct cluster *c = m->cluster;

    for (unsigned i = 0; i < c->member_count; i++)
        if (c->members[i].victim == m && c->members[i].step == STEP_PREEMPT)
            return true;
    return false;
}

static bool met_unit_attention(const struct mpio_io *io)
{
    uint8_t code = io->sense[0] & 0x7f;
    uint8_t key = code == 0x72 || code == 0x73 ? io->sense[1] & 15 : io->sense[2] & 15;

    return io->scsi_status == 0x02 && key == 6;
}

static void again(struct event *e)
{
    struct member *m = (struct member *)((char *)e - offsetof(struct member, retry));

    submit(m);
}

static void finished(struct mpio_io *io)
{
    struct member *m = io->user;
    struct world *w = m->cluster->world->world;
    enum member_step step = m->step;
    bool good = io->status >= 0;

    if (!good && met_unit_attention(io) && ++m->tries < TRIES) {
        m->retry.run = again;
        m->retry.machine = m->node->machine;
        world_post(w, &m->retry, world_now(w) + WORLD_MS, EVENT_DPC);
        return;
    }
    m->step = STEP_NONE;
    switch (step) {
    case STEP_REGISTER:
        if (!good)
            break;
        m->state = MEMBER_IN;
        m->challenged = is_being_preempted(m);
        m->registered = m->beat = world_now(w);
        break;
    case STEP_RESERVE:
        if (good)
            reserved(m);
        break;
    case STEP_PREEMPT:
        m->preempt_good = good;
        m->preempt_done = world_now(w);
        send_in(m, STEP_KEYS, IN_READ_KEYS, CLUSTER_KEYS_SIZE);
        break;
    case STEP_KEYS:
        if (good)
            look_at_keys(m);
        break;
    case STEP_RESERVATION:
        if (good)
            look_at_reservation(m);
        break;
    default:
        break;
    }
}

/* ---- what to do next --------------------------------------------------------------------------------- */
static bool is_silent(const struct member *m, uint64_t patience)
{
    const struct cluster *c = m->cluster;

    return world_now(c->world->world) > m->beat + c->plan->timeout + patience;
}

/* The first reservation is for the first machine that lives. */
static bool begins(const struct member *m)
{
    for (unsigned i = 0; i < m->index; i++)
        if (!is_silent(&m->cluster->members[i], 0))
            return false;
    return true;
}

/* A dead owner; NULL: none that this member has lost patience with. */
static struct member *find_victim(struct member *m)
{
    struct cluster *c = m->cluster;

    for (unsigned i = 0; i < c->part_count; i++) {
        struct member *owner = c->parts[i].owner;
        if (owner && owner != m && is_silent(owner, m->patience))
            return owner;
    }
    return NULL;
}

/* A part that nobody has had yet goes to the machine it is meant for; one that left it alone meanwhile is its own still. */
static void take_free_parts(struct member *m)
{
    struct cluster *c = m->cluster;

    for (unsigned i = 0; i < c->part_count; i++) {
        struct member *meant = c->part_count == 1 ? c->holder : &c->members[i];
        if (c->parts[i].owner ? c->parts[i].owner == m && m->believed[i] == 0 : meant == m) {
            cluster_take(&c->parts[i], m, c->parts[i].preempted);
            cluster_start_slots(m);
        }
    }
}

void cluster_reserve_step(struct member *m)
{
    struct cluster *c = m->cluster;

    if (m->step != STEP_NONE || !m->disk || !m->disk->device)
        return;
    m->pr.operation = MPIO_SCSI;
    m->pr.buffer = m->pr_data;
    m->pr.cdb_length = 10;
    m->pr.done = finished;
    m->pr.user = m;
    if (m->state == MEMBER_OUT) {
        if (cluster_outstanding(m) == 0) /* nothing of its former life may be allowed in again */
            send_out(m, STEP_REGISTER, OUT_REGISTER_AND_IGNORE, 0, m->key);
        return;
    }
    if (!c->holder) {
        if (begins(m))
            send_out(m, STEP_RESERVE, OUT_RESERVE, m->key, 0);
        return;
    }
    take_free_parts(m);
    m->victim = find_victim(m);
    if (!m->victim)
        return;
    m->victim->challenged = true;
    m->preempt_sent = world_now(c->world->world);
    send_out(m, STEP_PREEMPT, OUT_PREEMPT_AND_ABORT, m->key, m->victim->key);
}
