/* SPDX-License-Identifier: MIT */
/* Fuzz target: SRB and SCSI status, facts, a CDB and sense data of any length and content. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "disk/interpret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    DISK_ERROR_FACTS facts = {0};
    DISK_VERDICT verdict;
    UCHAR cdb[16] = {0};
    UCHAR *sense;

    if (size < 20)
        return 0;
    facts.SrbStatus = data[0];
    facts.ScsiStatus = data[1];
    facts.Removable = data[2] & 1;
    facts.Mounted = data[2] >> 1 & 1;
    facts.LegacyErrors = data[2] >> 2 & 1;
    facts.CauseUnknownHack = data[2] >> 3 & 1;
    facts.VerifyFlag = data[2] >> 4 & 1;
    facts.RetriesDone = data[3];
    facts.Blocks = 1u << (data[3] & 31);
    memcpy(cdb, data + 4, sizeof cdb);
    facts.Cdb = data[2] & 0x80 ? NULL : cdb;
    facts.SenseLength = (ULONG)(size - 20);
    sense = malloc(size - 20 + 1); /* exact size: a sanitizer sees the first byte too far */
    if (!sense)
        return 0;
    sense = realloc(sense, size - 20 ? size - 20 : 1);
    memcpy(sense, data + 20, size - 20);
    facts.Sense = sense;
    DiskInterpret(&facts, &verdict);
    if (NT_SUCCESS(verdict.Status) && verdict.Retry)
        abort(); /* nobody retries what succeeded */
    free(sense);
    return 0;
}
