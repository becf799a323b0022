/* SPDX-License-Identifier: MIT */
/*
 * SANITIZE (SBC-3 4.11, 5.24) as an array of flash devices has it: BLOCK ERASE and CRYPTOGRAPHIC
 * ERASE, and EXIT FAILURE MODE. Both erase every block the unit has or ever had and give its space
 * back; that is done before the status, so there is never an operation in progress, and it does not
 * fail half way, so there is no failure mode to leave. OVERWRITE is for media that are overwritten in place.
 */
#include "internal.h"

#define EXIT_FAILURE_MODE 0x1F

void array_sanitize(struct request *r)
{
    if ((r->cmd->cdb[1] & 0x1F) == EXIT_FAILURE_MODE)
        return;
    enum media_result result = array_erase(r);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}
