/* SPDX-License-Identifier: MIT */
/*
 * Resets from this side: of a LUN, of a target, of the bus. The array's task sets are emptied first,
 * then the array resets what was asked, then the HBA ends what it has. On a parallel SCSI bus every
 * initiator loses its commands. Called by the miniport in the context of its machine, or by a scenario.
 */
#include <string.h>

#include "world/fabric_private.h"

static bool reachable(const struct fabric_path *p)
{
    return p->state == PATH_UP && array_controller_is_up(p->array, p->controller);
}

/* Ends the commands of one LUN, or of all (lun NULL). */
static void end_commands(struct fabric_path *p, const uint8_t *lun)
{
    struct hba_cmd *next;

    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = next) {
        next = cmd->next;
        if (lun == NULL || memcmp(cmd->scsi.lun, lun, 8) == 0)
            fabric_end_command(p, cmd, HBA_ABORTED);
    }
}

void fabric_reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8])
{
    struct fabric_path *p;

    if (target >= h->targets)
        return;
    p = fabric_hba_of(h)->path[target];
    if (reachable(p)) {
        struct check_sender sender = fabric_sender(p);

        array_reset_lun_tasks(p->nexus, lun);
        array_reset_lun(p->nexus, lun);
        check_reset(&sender, lun);
    }
    end_commands(p, lun);
    fabric_start_waiting(p->shared, h->world);
    /* Those already finished but not handed over go out as well: after a reset nothing of its scope is left in the
     * HBA. */
    fabric_drain(p);
}

static void reset_array(struct fabric_path *p)
{
    struct check_sender sender = fabric_sender(p);

    if (!reachable(p))
        return;
    array_reset_target_tasks(p->nexus);
    array_reset_target(p->nexus);
    check_reset(&sender, NULL);
}

void fabric_reset_target(struct hba *h, uint32_t target)
{
    struct fabric_path *p;

    if (target >= h->targets)
        return;
    p = fabric_hba_of(h)->path[target];
    reset_array(p);
    end_commands(p, NULL);
    fabric_start_waiting(p->shared, h->world);
    fabric_drain(p);
}

/* ---- the bus -------------------------------------------------------------------------------------- */
/* Everybody on the parallel bus of path p: their miniports hear of it from events. */
static void reset_parallel_bus(struct fabric_path *p)
{
    struct world *w = p->hba->hba.world;
    struct check_sender sender = fabric_sender(p);

    if (!reachable(p))
        return;
    array_bus_reset(p->array, p->port);
    check_reset(&sender, NULL);
    for (struct fabric_path *q = fabric_next_path(w, NULL); q != NULL; q = fabric_next_path(w, q)) {
        if (q->shared != p->shared || q->port != p->port || q->state != PATH_UP)
            continue;
        end_commands(q, NULL);
        if (q->hba == p->hba)
            continue;
        fabric_schedule_service(q, true);
        q->hba->bus_was_reset = true;
        fabric_notify(q->hba);
    }
    fabric_start_waiting(p->shared, w);
}

void fabric_reset_bus(struct hba *h)
{
    struct fabric_hba *f = fabric_hba_of(h);

    if (h->kind == HBA_SPI)
        fabric_trace(f, HBA_ALL_TARGETS, FABRIC_TRACE_BUS_RESET, 0);
    for (uint32_t target = 0; target < h->targets; target++) {
        struct fabric_path *p = f->path[target];

        if (h->kind != HBA_SPI) {
            fabric_reset_target(h, target);
            continue;
        }
        reset_parallel_bus(p);
        end_commands(p, NULL);
        fabric_drain(p);
    }
}

/* The same, from outside the machine: its commands end from events too. */
void fabric_bus_reset(struct hba *h)
{
    struct fabric_hba *f = fabric_hba_of(h);

    fabric_trace(f, HBA_ALL_TARGETS, FABRIC_TRACE_BUS_RESET, 1);
    for (uint32_t target = 0; target < h->targets; target++) {
        struct fabric_path *p = f->path[target];

        if (h->kind == HBA_SAS) {
            p->nexus_lost = true;
            fabric_send_away(p, FABRIC_EXPANDER_RESET);
            continue;
        }
        if (h->kind == HBA_SPI)
            reset_parallel_bus(p);
        else
            reset_array(p);
        end_commands(p, NULL);
        fabric_start_waiting(p->shared, h->world);
        fabric_schedule_service(p, true);
    }
    if (h->kind == HBA_SPI) {
        f->bus_was_reset = true;
        fabric_notify(f);
    }
}
