/* SPDX-License-Identifier: MIT */
/*
 * READ DEFECT DATA (SBC-3 5.17, 5.18). The blocks of a virtual unit have no defects: both lists are
 * there, and empty, in the address formats that count logical blocks. Formats of physical places are
 * answered in the default one, with RECOVERED ERROR to say so.
 */
#include "internal.h"

#define LISTS       0x18 /* PLIST, GLIST */
#define FORMAT      0x07
#define SHORT_BLOCK 0x00
#define LONG_BLOCK  0x03

void array_read_defect_data(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    bool wide = cdb[0] == 0xB7;
    uint8_t asked = wide ? cdb[1] : cdb[2], format = asked & FORMAT;
    uint32_t allocation = wide ? get_32(cdb + 6) : get_16(cdb + 7);
    bool other = format != SHORT_BLOCK && format != LONG_BLOCK;
    struct reply reply = reply_begin(r, allocation);

    reply_8(&reply, 0);
    reply_8(&reply, (asked & LISTS) | (other ? LONG_BLOCK : format));
    reply_zero(&reply, wide ? 6 : 2); /* generation code, not kept; no descriptors */
    reply_end(&reply, r, allocation);
    if (other)
        array_check(r, SENSE_RECOVERED_ERROR, ASC_DEFECT_LIST_NOT_FOUND);
}
