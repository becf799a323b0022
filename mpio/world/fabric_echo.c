/* SPDX-License-Identifier: MIT */
/*
 * Second answers. Hardware may deliver one completion twice, and by then the memory of the command may
 * serve another one. An HBA driver keeps a table of its exchanges for that: a completion names its slot
 * and the number of its exchange, and only one that is still open under both is believed. The path's
 * list of outstanding commands is that table. Runs in the world's loop.
 */
#include "world/fabric_private.h"

/* The open exchange a completion names; NULL: it is over. */
static struct hba_cmd *find_exchange(struct fabric_path *p, const struct hba_cmd *slot, uint64_t exchange)
{
    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = cmd->next)
        if (cmd == slot && cmd->exchange == exchange)
            return cmd;
    return NULL;
}

static void echo(struct event *e)
{
    struct fabric_path *p = (struct fabric_path *)((char *)e - offsetof(struct fabric_path, echo.event));
    struct hba_cmd *cmd = find_exchange(p, p->echo.slot, p->echo.exchange);

    if (cmd == NULL)
        fabric_trace(p->hba, p->target, FABRIC_TRACE_STALE_COMPLETION, p->echo.exchange);
    else
        fabric_answer_later(p, cmd, 0);
}

void fabric_echo_init(struct fabric_path *p)
{
    p->echo.event.run = echo;
    p->echo.event.machine = p->hba->hba.machine;
}

void fabric_expect_echo(struct fabric_path *p, const struct hba_cmd *cmd, uint64_t delay)
{
    struct world *w = p->hba->hba.world;

    if (event_is_queued(&p->echo.event))
        return; /* one at a time: of further ones the second answer gets lost */
    p->echo.slot = cmd;
    p->echo.exchange = cmd->exchange;
    world_post(w, &p->echo.event, world_now(w) + delay, EVENT_INTERRUPT);
}
