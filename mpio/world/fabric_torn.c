/* SPDX-License-Identifier: MIT */
/*
 * Torn transfers: the connection breaks in the middle of the data. The array executes the first half
 * of the blocks as a command of its own; a read then ends short (an underrun), a write ends CHECK
 * CONDITION, ABORTED COMMAND, as a target does that misses data, so that the host writes it all again.
 */
#include <string.h>

#include "world/fabric_private.h"

#define SCSI_STATUS_GOOD            0x00
#define SCSI_STATUS_CHECK_CONDITION 0x02
#define ABORTED_COMMAND             0x0B
#define DATA_PHASE_ERROR            0x4B00
#define SCSI_PARITY_ERROR           0x4700
#define PROTOCOL_SERVICE_CRC_ERROR  0x4705

/* Where a read or write has its number of blocks. */
static const struct tearable {
    uint8_t opcode, cdb_length, at, bytes;
} tearables[] = {
    {0x08, 6, 4, 1},  {0x0A, 6, 4, 1},  {0x28, 10, 7, 2}, {0x2A, 10, 7, 2},
    {0xA8, 12, 6, 4}, {0xAA, 12, 6, 4}, {0x88, 16, 10, 4}, {0x8A, 16, 10, 4},
};

static const struct tearable *find(const struct array_cmd *scsi)
{
    for (size_t i = 0; scsi->cdb_length != 0 && i < sizeof tearables / sizeof *tearables; i++)
        if (tearables[i].opcode == scsi->cdb[0] && scsi->cdb_length >= tearables[i].cdb_length)
            return &tearables[i];
    return NULL;
}

bool fabric_may_tear(const struct array_cmd *scsi)
{
    return find(scsi) != NULL && scsi->length != 0;
}

static uint32_t read_blocks(const struct tearable *t, const uint8_t *cdb)
{
    uint32_t blocks = 0;

    for (unsigned i = 0; i < t->bytes; i++)
        blocks = blocks << 8 | cdb[t->at + i];
    return t->bytes == 1 && blocks == 0 ? 256 : blocks;
}

static void set_error(const struct fabric_path *p, struct array_cmd *scsi)
{
    enum hba_kind kind = p->hba->hba.kind;
    unsigned asc = kind == HBA_SPI ? SCSI_PARITY_ERROR
                 : kind == HBA_ISCSI ? PROTOCOL_SERVICE_CRC_ERROR : DATA_PHASE_ERROR;

    memset(scsi->sense, 0, 18);
    scsi->sense[0] = 0x70;
    scsi->sense[2] = ABORTED_COMMAND;
    scsi->sense[7] = 10;
    scsi->sense[12] = (uint8_t)(asc >> 8);
    scsi->sense[13] = (uint8_t)asc;
    scsi->sense_length = 18;
    scsi->status = SCSI_STATUS_CHECK_CONDITION;
}

/* Executes the first `half` of the blocks; none: nothing reaches the array. */
static enum array_result execute_half(struct fabric_path *p, struct hba_cmd *cmd, const struct tearable *t,
                                      uint32_t blocks, uint32_t half)
{
    struct array_cmd *scsi = &cmd->scsi;
    const uint8_t *cdb = scsi->cdb;
    uint32_t length = scsi->length;
    uint8_t cut[16];
    enum array_result result;

    if (half == 0)
        return ARRAY_DONE;
    memcpy(cut, cdb, t->cdb_length);
    for (unsigned i = 0; i < t->bytes; i++)
        cut[t->at + i] = (uint8_t)(half >> 8 * (t->bytes - 1 - i));
    scsi->cdb = cut;
    scsi->length = length / blocks * half;
    result = fabric_execute(p, cmd);
    scsi->cdb = cdb;
    scsi->length = length;
    return result;
}

enum array_result fabric_execute_torn(struct fabric_path *p, struct hba_cmd *cmd)
{
    const struct tearable *t = find(&cmd->scsi);
    uint32_t blocks = read_blocks(t, cmd->scsi.cdb);

    fabric_clear_result(&cmd->scsi);
    if (execute_half(p, cmd, t, blocks, blocks / 2) == ARRAY_NO_ANSWER)
        return ARRAY_NO_ANSWER;
    if (cmd->scsi.status != SCSI_STATUS_GOOD)
        return ARRAY_DONE;
    if (cmd->scsi.out)
        set_error(p, &cmd->scsi);
    else
        cmd->scsi.wanted = cmd->scsi.length;
    return ARRAY_DONE;
}
