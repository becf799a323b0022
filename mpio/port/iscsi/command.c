/* SPDX-License-Identifier: MIT */
/*
 * The two ends of a command on a real path: what can be sent at all, and the hand-over of the
 * result. Runs in the context of the machine: from a submit, or as an interrupt.
 */
#include <string.h>

#include "port/iscsi/path.h"
#include "world/trace.h"

#define STATUS_CHECK_CONDITION 0x02
#define KEY_ILLEGAL_REQUEST    0x05
#define FIXED_SENSE_LENGTH     18

void iscsi_command_clear(struct array_cmd *scsi)
{
    scsi->status = 0;
    scsi->sense_length = 0;
    scsi->transferred = 0;
    scsi->wanted = 0;
    scsi->checksum = 0;
}

/* ---- what can be sent ----------------------------------------------------------------------- */
static bool refuse(struct array_cmd *scsi, uint8_t asc)
{
    scsi->status = STATUS_CHECK_CONDITION;
    scsi->sense_length = FIXED_SENSE_LENGTH;
    memset(scsi->sense, 0, FIXED_SENSE_LENGTH);
    scsi->sense[0] = 0x70;
    scsi->sense[2] = KEY_ILLEGAL_REQUEST;
    scsi->sense[7] = FIXED_SENSE_LENGTH - 8;
    scsi->sense[12] = asc;
    return false;
}

bool iscsi_command_check(struct array_cmd *scsi)
{
    static const uint8_t no_lower_levels[6];

    if (scsi->cdb_length == 0 || scsi->cdb_length > ISCSI_MAX_CDB)
        return refuse(scsi, 0x20); /* invalid command operation code */
    if (scsi->length > ISCSI_MAX_TRANSFER || (scsi->length != 0 && scsi->data == NULL))
        return refuse(scsi, 0x24); /* invalid field in CDB */
    if (memcmp(scsi->lun + 2, no_lower_levels, sizeof no_lower_levels) != 0)
        return refuse(scsi, 0x25); /* logical unit not supported: the library sends one level */
    return true;
}

/* ---- results -------------------------------------------------------------------------------- */
static void hand_over(struct iscsi_path *p, struct hba_cmd *cmd)
{
    if (cmd->status != HBA_OK)
        p->lost_commands++;
    hba_trace_command(&p->hba->hba, cmd);
    cmd->done(cmd);
}

void iscsi_command_end(struct iscsi_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    cmd->status = status;
    hand_over(p, cmd);
}

void iscsi_command_drain(struct iscsi_path *p)
{
    struct hba_cmd *cmd;

    while ((cmd = iscsi_session_take(p->session)) != NULL)
        hand_over(p, cmd);
}
