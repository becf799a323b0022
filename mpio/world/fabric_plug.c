/* SPDX-License-Identifier: MIT */
/*
 * HBAs that leave their machine and come back: pulled and put back, or started afresh because the machine
 * boots again. The arrays see the sessions end and begin anew; the machine hears nothing from here: of a
 * pulled adapter Plug and Play tells it. Called by scenarios and embedders, between commands.
 */
#include <string.h>

#include "world/fabric_private.h"

void fabric_forget_commands(struct fabric_path *p)
{
    struct world *w = p->hba->hba.world;

    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = cmd->next) {
        world_cancel(w, &cmd->event);
        fabric_withdraw(p, cmd);
        cmd->phase = PHASE_LOST;
    }
    world_cancel(w, &p->service);
    world_cancel(w, &p->comeback);
    world_cancel(w, &p->echo.event);
}

/* ---- pulled and put back --------------------------------------------------------------------------- */
void fabric_hba_plug(struct hba *h, bool in)
{
    if (h->pulled != in)
        return;
    h->pulled = !in;
    h->plugged += in;
    if (h->operations == &fabric_operations)
        fabric_hba_power(h, in);
}

void fabric_take_back(struct hba *h, unsigned life, uint32_t target, const uint8_t lun[8])
{
    if ((!h->pulled && h->plugged == life) || h->operations != &fabric_operations)
        return;
    for (uint32_t t = 0; t < h->targets; t++) {
        struct fabric_path *p = fabric_hba_of(h)->path[t];
        struct hba_cmd *next;

        if (target != HBA_ALL_TARGETS && target != t)
            continue;
        for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = next) {
            next = cmd->next;
            if (target == HBA_ALL_TARGETS || memcmp(cmd->scsi.lun, lun, 8) == 0)
                fabric_end_command(p, cmd, HBA_NO_TARGET);
        }
        fabric_drain(p);
    }
}

/* ---- a machine that boots again ----------------------------------------------------------------------- */
static void begin_anew(struct fabric_path *p)
{
    fabric_forget_commands(p);
    p->hba->outstanding = 0;
    fabric_list_init(&p->outstanding);
    fabric_list_init(&p->finished);
    if (p->state != PATH_GONE)
        fabric_log_out(p); /* takes the orphans' tasks with it */
    fabric_drop_orphans(p);
    p->state = PATH_GONE;
    p->incarnation++;
    p->retain_until = 0;
    p->away = p->nexus_lost = p->luns_changed = false;
    fabric_update_path(p);
    /* The new miniport scans what it finds: it is to hear of changes from now on. */
    world_cancel(p->hba->hba.world, &p->service);
    p->bounced = false;
    p->told_up = p->told_present = p->state == PATH_UP;
}

void fabric_machine_reset(struct machine *m)
{
    for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next) {
        h->on_event = NULL;
        h->miniport = NULL;
        if (h->operations != &fabric_operations)
            continue;
        struct fabric_hba *f = fabric_hba_of(h);
        world_cancel(h->world, &f->notice);
        f->state_changed = f->bus_was_reset = false;
        for (uint32_t target = 0; target < h->targets; target++) {
            begin_anew(f->path[target]);
            fabric_start_waiting(f->path[target]->shared, h->world);
        }
    }
}
