/* SPDX-License-Identifier: MIT */
/*
 * INQUIRY (SPC-4 6.6), the vital product data pages 00, 80, 83, B0, B1, B2, and REPORT LUNS.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#define NO_SUCH_LUN    0x7F /* qualifier 011b, type 1Fh */
#define SPC3           0x05
#define STANDARD_BYTES 96u
#define MIB            (1u << 20)

static void standard(struct reply *reply, const struct request *r)
{
    static const uint16_t standards[] = {0x0060 /* SAM-3 */, 0x0300 /* SPC-3 */,
                                         0x04C0 /* SBC-3 */};
    const struct array_config *c = &r->array->config;

    reply_8(reply, r->lun ? 0x00 : NO_SUCH_LUN);
    reply_8(reply, 0);
    reply_8(reply, SPC3);
    reply_8(reply, 0x12); /* HISUP, response data format 2 */
    reply_8(reply, STANDARD_BYTES - 5);
    reply_8(reply, c->access == ARRAY_ALUA_IMPLICIT ? 0x10 : 0); /* TPGS */
    reply_8(reply, r->array->ports > 1 ? 0x10 : 0);              /* MULTIP */
    reply_8(reply, 0x02);                                        /* CMDQUE */
    reply_text(reply, c->vendor, 8);
    reply_text(reply, c->product, 16);
    reply_text(reply, c->revision, 4);
    reply_zero(reply, 58 - reply->size);
    for (unsigned i = 0; i < sizeof standards / sizeof *standards; i++)
        reply_16(reply, standards[i]);
    reply_zero(reply, STANDARD_BYTES - reply->size);
}

static const uint8_t supported_pages[] = {0x00, 0x80, 0x83, 0xB0, 0xB1, 0xB2};

/* NAA 6 in the top nibble, the array's identifier below it, then the LUN number. */
static void naa_identifier(const struct request *r, uint8_t id[16])
{
    put_64(id, (r->array->config.naa & ~(UINT64_C(0xF) << 60)) | UINT64_C(0x6) << 60);
    put_64(id + 8, r->lun->number);
}

static void designator(struct reply *reply, uint8_t code_set, uint8_t type, uint8_t length)
{
    const uint8_t header[4] = {code_set, type, 0, length};

    reply_bytes(reply, header, sizeof header);
}

static void device_identification(struct reply *reply, const struct request *r)
{
    const struct array_config *c = &r->array->config;
    uint8_t serial = (uint8_t)strlen(r->lun->serial);
    uint8_t id[16];
    char name[40] = "naa."; /* 36 characters and NULs up to a multiple of 4 */

    naa_identifier(r, id);
    for (unsigned i = 0; i < sizeof id; i++)
        snprintf(name + 4 + 2 * i, 3, "%02X", id[i]);

    designator(reply, 0x01, 0x03, sizeof id);
    reply_bytes(reply, id, sizeof id);
    designator(reply, 0x02, 0x01, 8 + 16 + serial);
    reply_text(reply, c->vendor, 8);
    reply_text(reply, c->product, 16);
    reply_bytes(reply, r->lun->serial, serial);
    designator(reply, 0x03, 0x08, sizeof name);
    reply_bytes(reply, name, sizeof name);
    designator(reply, 0x01, 0x14, 4); /* of the port: relative port identifier */
    reply_32(reply, r->nexus->port + 1);
    designator(reply, 0x01, 0x15, 4); /* of the port: target port group */
    reply_32(reply, r->nexus->controller + 1);
}

static void block_limits(struct reply *reply, const struct request *r)
{
    uint32_t block = r->lun->block_size;

    reply_8(reply, 0x01); /* WSNZ: WRITE SAME wants a number of blocks */
    reply_8(reply, ARRAY_MAX_COMPARE_AND_WRITE);
    reply_16(reply, (uint16_t)(4096 / block)); /* optimal granularity */
    reply_32(reply, r->lun->max_blocks);
    reply_32(reply, MIB / block); /* optimal length */
    reply_32(reply, 0);           /* no PRE-FETCH */
    reply_32(reply, ARRAY_MAX_UNMAP_BYTES / block);
    reply_32(reply, ARRAY_MAX_UNMAP_DESCRIPTORS);
    reply_32(reply, MEDIA_CHUNK / block); /* optimal unmap granularity */
    reply_32(reply, UINT32_C(1) << 31);   /* aligned to LBA 0 */
    reply_64(reply, ARRAY_MAX_WRITE_SAME_BYTES / block);
    reply_zero(reply, 64 - reply->size);
}

static void vital_product_data(struct reply *reply, const struct request *r, uint8_t page)
{
    reply_8(reply, 0);
    reply_8(reply, page);
    reply_16(reply, 0);
    switch (page) {
    case 0x00:
        reply_bytes(reply, supported_pages, sizeof supported_pages);
        break;
    case 0x80:
        reply_bytes(reply, r->lun->serial, (uint32_t)strlen(r->lun->serial));
        break;
    case 0x83:
        device_identification(reply, r);
        break;
    case 0xB0:
        block_limits(reply, r);
        break;
    case 0xB1:
        reply_16(reply, 1); /* medium rotation rate: does not rotate */
        reply_zero(reply, 64 - reply->size);
        break;
    case 0xB2:
        reply_8(reply, 0);
        /* UNMAP, WRITE SAME(16) and (10) unmap; unmapped blocks read as zero unless media are null
         */
        reply_8(reply, r->lun->media.kind == ARRAY_MEDIA_NULL ? 0xE0 : 0xE4);
        reply_8(reply, 0x02); /* thin */
        reply_8(reply, 0);
        break;
    }
    reply_set16(reply, 2, (uint16_t)(reply->size - 4));
}

void array_inquiry(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint16_t allocation = get_16(cdb + 3);
    bool vital = cdb[1] & 0x01;
    struct reply reply = reply_begin(r, allocation);

    if (cdb[1] & 0x02) { /* CMDDT, obsolete */
        array_invalid_cdb(r, 1);
        return;
    }
    if (vital ? !r->lun || !memchr(supported_pages, cdb[2], sizeof supported_pages) : cdb[2] != 0) {
        array_invalid_cdb(r, 2);
        return;
    }
    if (vital)
        vital_product_data(&reply, r, cdb[2]);
    else
        standard(&reply, r);
    reply_end(&reply, r, allocation);
}

void array_report_luns(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    const struct array *a = r->array;
    uint32_t allocation = get_32(cdb + 6);
    bool list = cdb[2] != 0x01; /* 01h asks for well-known LUNs only; there are none */
    struct reply reply = reply_begin(r, allocation);

    if (cdb[2] > 0x02) {
        array_invalid_cdb(r, 2);
        return;
    }
    reply_32(&reply, list ? 8 * a->lun_count : 0);
    reply_32(&reply, 0);
    for (unsigned i = 0; list && i < a->table_size; i++) {
        if (!a->table[i])
            continue;
        reply_16(&reply, (uint16_t)(i < 256 ? i : 0x4000 | i)); /* peripheral or flat addressing */
        reply_zero(&reply, 6);
    }
    reply_end(&reply, r, allocation);
    r->nexus->luns_changed = false;
}
