/* SPDX-License-Identifier: MIT */
/*
 * INQUIRY with its standard data (SPC-4 6.6; the vital product data pages are in vpd.c) and REPORT
 * LUNS.
 */
#include "internal.h"

#include <string.h>

#define NO_SUCH_LUN    0x7F /* qualifier 011b, type 1Fh */
#define CONTROLLER     0x0C
#define SPC4           0x06
#define STANDARD_BYTES 96u

/* The array itself answers at LUN 0 where no disk is mapped there. */
static bool is_ghost(const struct request *r)
{
    static const uint8_t zero[8];

    return r->array->config.quirks & ARRAY_QUIRK_GHOST_LUN && memcmp(r->cmd->lun, zero, 8) == 0;
}

static void standard(struct reply *reply, const struct request *r)
{
    static const uint16_t standards[] = {0x0080 /* SAM-4 */, 0x0460 /* SPC-4 */,
                                         0x04C0 /* SBC-3 */};
    static const uint16_t transports[] = {0, 0x0A00 /* FCP-3 */, 0x0960 /* iSCSI */,
                                          0x0C00 /* SAS-1.1 */, 0x0AE0 /* SPI-2 */};
    const struct array_config *c = &r->array->config;

    reply_8(reply, r->lun ? 0x00 : is_ghost(r) ? CONTROLLER : NO_SUCH_LUN);
    reply_8(reply, 0);
    reply_8(reply, SPC4);
    reply_8(reply, 0x12); /* HISUP, response data format 2 */
    reply_8(reply, STANDARD_BYTES - 5);
    reply_8(reply, c->quirks & ARRAY_QUIRK_HIDDEN_ALUA ? 0 : array_has_alua(r->array) ? (unsigned)c->access << 4 : 0); /* TPGS */
    reply_8(reply, r->array->ports > 1 ? 0x10 : 0);              /* MULTIP */
    reply_8(reply, 0x02);                                        /* CMDQUE */
    reply_text(reply, c->vendor, 8);
    reply_text(reply, c->product, 16);
    reply_text(reply, c->revision, 4);
    reply_zero(reply, 58 - reply->size);
    for (unsigned i = 0; i < sizeof standards / sizeof *standards; i++)
        reply_16(reply, standards[i]);
    reply_16(reply, transports[c->transport]);
    reply_zero(reply, STANDARD_BYTES - reply->size);
}

void array_inquiry(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint16_t allocation = get_16(cdb + 3);
    bool vital = cdb[1] & 0x01;
    struct reply reply = reply_begin(r, allocation);

    if (vital ? !r->lun || !array_vital_page(r, cdb[2]) : cdb[2] != 0) {
        array_invalid_cdb(r, 2);
        return;
    }
    if (vital)
        array_vital_product_data(&reply, r, cdb[2]);
    else
        standard(&reply, r);
    reply_end(&reply, r, allocation);
}

void array_report_luns(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t allocation = get_32(cdb + 6);
    bool list = cdb[2] != 0x01; /* 01h asks for well-known LUNs only; there are none */
    struct reply reply = reply_begin(r, allocation);

    if (cdb[2] > 0x02) {
        array_invalid_cdb(r, 2);
        return;
    }
    reply_64(&reply, 0);
    for (unsigned i = 0; list && i < array_numbers(r->nexus); i++) {
        if (!array_visible(r->nexus, i))
            continue;
        reply_16(&reply, (uint16_t)(i < 256 ? i : 0x4000 | i)); /* peripheral or flat addressing */
        reply_zero(&reply, 6);
    }
    reply_set32(&reply, 0, reply.size - 8);
    reply_end(&reply, r, allocation);
    r->nexus->luns_changed = false;
}
