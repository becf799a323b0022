/* SPDX-License-Identifier: MIT */
/*
 * Every command of an HBA ends exactly once, and none reaches an array after the host was told that it
 * is over. The tests stand inline where commands pass (hba_submit, hba_end, fabric_execute): one word in
 * the command. Those that never end are counted when a machine has been unloaded.
 */
#include "world/check.h"
#include "world/fabric_private.h"

static unsigned opcode(const struct hba_cmd *cmd)
{
    return cmd->scsi.cdb_length != 0 ? cmd->scsi.cdb[0] : 0;
}

void check_ended_twice(const struct hba *h, const struct hba_cmd *cmd)
{
    check_report(h->world, h->machine, CHECK_ONCE, h->ordinal, cmd->target,
                 "%s ended a command to target %u a second time", h->name, cmd->target);
}

void check_too_late(const struct hba *h, const struct hba_cmd *cmd)
{
    check_report(h->world, h->machine, CHECK_LATE, h->ordinal, cmd->target,
                 "command %02X from %s to target %u reached the array after the host was told that it is over",
                 opcode(cmd), h->name, cmd->target);
}

void check_unloaded(struct machine *m)
{
    for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next)
        if (h->operations == &fabric_operations && fabric_hba_of(h)->outstanding != 0)
            check_report(m->world, m, CHECK_ONCE, h->ordinal, fabric_hba_of(h)->outstanding,
                         "%u commands of %s had not ended when the machine was unloaded",
                         fabric_hba_of(h)->outstanding, h->name);
}
