/* SPDX-License-Identifier: MIT */
/*
 * What every kind of HBA hardware does alike: the record of a finished command in the event stream.
 * Runs when the command ends, before its miniport hears of it.
 */
#include "world/fabric.h"
#include "world/trace.h"

#define SCSI_STATUS_CHECK_CONDITION 0x02

/* Single-level LUN: peripheral device or flat space addressing; anything else has no number. */
static uint64_t lun_number(const uint8_t lun[8])
{
    switch (lun[0] >> 6) {
    case 0:
        return lun[1];
    case 1:
        return (uint64_t)(lun[0] & 0x3f) << 8 | lun[1];
    default:
        return UINT32_MAX;
    }
}

static uint64_t sense_triple(const struct array_cmd *scsi)
{
    const uint8_t *sense = scsi->sense;

    if (scsi->status != SCSI_STATUS_CHECK_CONDITION)
        return 0;
    if (scsi->sense_length >= 4 && (sense[0] & 0x7e) == 0x72)
        return (uint64_t)(sense[1] & 15) << 16 | (uint64_t)sense[2] << 8 | sense[3];
    if (scsi->sense_length >= 14 && (sense[0] & 0x7e) == 0x70)
        return (uint64_t)(sense[2] & 15) << 16 | (uint64_t)sense[12] << 8 | sense[13];
    return 0;
}

void hba_trace_command(const struct hba *h, const struct hba_cmd *cmd)
{
    const struct array_cmd *scsi = &cmd->scsi;

    if (h->quiet)
        return;
    trace_emit(h->world, h->machine, TRACE_CDB,
               (uint64_t)h->ordinal << 48 | (uint64_t)cmd->target << 32 | lun_number(scsi->lun),
               (uint64_t)(scsi->cdb_length != 0 ? scsi->cdb[0] : 0) << 32 | scsi->length,
               (uint64_t)cmd->status << 32 | (uint64_t)scsi->status << 24 | sense_triple(scsi),
               scsi->checksum);
}
