/* SPDX-License-Identifier: MIT */
/*
 * Vital product data (SPC-4 7.8, SBC-3 6.5): 00 supported pages, 80 serial number, 83 device
 * identification, 85 management addresses, 86 extended inquiry, 87 mode page policy, 88 SCSI ports,
 * B0 block limits, B1 block device characteristics, B2 logical block provisioning. Which designators
 * page 83h has, and in which order, is the array's configuration.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#define MIB (1u << 20)

/* Ascending; 00 first. */
static const uint8_t vital_pages[] = {0x00, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0xB0, 0xB1, 0xB2};

enum { CODE_BINARY = 1, CODE_ASCII = 2, CODE_UTF8 = 3 };
enum { OF_LUN = 0x00, OF_PORT = 0x10, OF_TARGET = 0x20, PROTOCOL_VALID = 0x80 };
enum { TYPE_VENDOR, TYPE_T10, TYPE_EUI64, TYPE_NAA, TYPE_RELATIVE_PORT, TYPE_PORT_GROUP,
       TYPE_LUN_GROUP, TYPE_NAME = 8 };

bool array_vital_page(const struct request *r, uint8_t page)
{
    return memchr(vital_pages, page, sizeof vital_pages) &&
           !(r->array->config.quirks & ARRAY_QUIRK_NO_PAGE_83 && page == 0x83);
}

/* NAA 6 in the top nibble, the array's identifier below it, then the LUN number. */
static void naa_identifier(const struct request *r, uint8_t id[16])
{
    put_64(id, (r->array->config.naa & ~(UINT64_C(0xF) << 60)) | UINT64_C(0x6) << 60);
    put_64(id + 8, r->lun->identity);
}

static void designator(struct reply *reply, uint8_t code_set, uint8_t type, uint8_t length)
{
    const uint8_t header[4] = {code_set, type, 0, length};

    reply_bytes(reply, header, sizeof header);
}

static void t10_identifier(struct reply *reply, const struct request *r, uint8_t filler)
{
    uint8_t serial = (uint8_t)strlen(r->lun->serial);

    designator(reply, CODE_ASCII, TYPE_T10, (uint8_t)(8 + 16 + serial + filler));
    reply_text(reply, r->array->config.vendor, 8);
    reply_text(reply, r->array->config.product, 16);
    reply_bytes(reply, r->lun->serial, serial);
    for (; filler; filler--)
        reply_8(reply, 'x');
}

static void name_string(struct reply *reply, uint8_t type, uint8_t protocol, const char *name)
{
    uint8_t length = (uint8_t)((strlen(name) + 4) & ~3u); /* NUL, and more of them up to 4 bytes */

    designator(reply, (uint8_t)(protocol << 4 | CODE_UTF8), type, length);
    reply_bytes(reply, name, (uint32_t)strlen(name));
    reply_zero(reply, length - (uint32_t)strlen(name));
}

/* The name of a target port, or with port ARRAY_MAX_PORTS of the target device, as its transport
 * makes names. Parallel SCSI has none. */
static void target_name(struct reply *reply, const struct array *a, unsigned port)
{
    static const uint8_t protocols[] = {0, 0, 5, 6, 1};
    const struct array_config *c = &a->config;
    uint8_t protocol = protocols[c->transport];
    bool device = port == ARRAY_MAX_PORTS;
    uint8_t type = PROTOCOL_VALID | (device ? OF_TARGET : OF_PORT);
    char name[ARRAY_TARGET_NAME_MAX + 16];

    switch (c->transport) {
    case ARRAY_TRANSPORT_FC:
    case ARRAY_TRANSPORT_SAS:
        designator(reply, (uint8_t)(protocol << 4 | CODE_BINARY), type | TYPE_NAA, 8);
        reply_64(reply, UINT64_C(5) << 60 | (c->naa & ((UINT64_C(1) << 52) - 1)) << 8 |
                            (device ? 0 : port + 1));
        break;
    case ARRAY_TRANSPORT_ISCSI:
        snprintf(name, sizeof name, device ? "%s" : "%s,t,0x%04x", a->target_name,
                 array_controller_of_port(a, device ? 0 : port) + 1);
        name_string(reply, type | TYPE_NAME, protocol, name);
        break;
    default:
        break;
    }
}

static void one_designator(struct reply *reply, const struct request *r,
                           enum array_designator which)
{
    const struct array *a = r->array;
    uint8_t id[16];
    char name[40] = "naa."; /* 36 characters and NULs up to a multiple of 4 */

    naa_identifier(r, id);
    switch (which) {
    case ARRAY_DESIGNATOR_NONE:
        break;
    case ARRAY_DESIGNATOR_NAA:
        designator(reply, CODE_BINARY, OF_LUN | TYPE_NAA, sizeof id);
        reply_bytes(reply, id, sizeof id);
        break;
    case ARRAY_DESIGNATOR_T10:
        t10_identifier(reply, r, 0);
        break;
    case ARRAY_DESIGNATOR_LONG_T10:
        t10_identifier(reply, r, (uint8_t)(252 - 24 - strlen(r->lun->serial)));
        break;
    case ARRAY_DESIGNATOR_EUI64:
        designator(reply, CODE_BINARY, OF_LUN | TYPE_EUI64, sizeof id);
        reply_64(reply, r->lun->identity);
        reply_64(reply, a->config.naa);
        break;
    case ARRAY_DESIGNATOR_NAME:
        for (unsigned i = 0; i < sizeof id; i++)
            snprintf(name + 4 + 2 * i, 3, "%02X", id[i]);
        name_string(reply, OF_LUN | TYPE_NAME, 0, name);
        break;
    case ARRAY_DESIGNATOR_VENDOR:
        designator(reply, CODE_ASCII, OF_LUN | TYPE_VENDOR, (uint8_t)strlen(r->lun->serial));
        reply_bytes(reply, r->lun->serial, (uint32_t)strlen(r->lun->serial));
        break;
    case ARRAY_DESIGNATOR_PORT_NAME:
        target_name(reply, a, r->nexus->port);
        break;
    case ARRAY_DESIGNATOR_RELATIVE_PORT:
        designator(reply, CODE_BINARY, OF_PORT | TYPE_RELATIVE_PORT, 4);
        reply_32(reply, r->nexus->port + 1);
        break;
    case ARRAY_DESIGNATOR_PORT_GROUP:
        designator(reply, CODE_BINARY, OF_PORT | TYPE_PORT_GROUP, 4);
        reply_32(reply, r->nexus->controller + 1);
        break;
    case ARRAY_DESIGNATOR_LUN_GROUP:
        designator(reply, CODE_BINARY, OF_LUN | TYPE_LUN_GROUP, 4);
        /* a LUN that is alone has a group of its own, behind the configured numbers */
        reply_32(reply, r->lun->ownership_group ? r->lun->ownership_group
                                                : ARRAY_MAX_LUNS + 1u + r->lun->number);
        break;
    case ARRAY_DESIGNATOR_TARGET_NAME:
        target_name(reply, a, ARRAY_MAX_PORTS);
        break;
    }
}

static void device_identification(struct reply *reply, const struct request *r)
{
    static const uint8_t usual[ARRAY_MAX_DESIGNATORS] = {
        ARRAY_DESIGNATOR_NAA,       ARRAY_DESIGNATOR_T10,           ARRAY_DESIGNATOR_NAME,
        ARRAY_DESIGNATOR_PORT_NAME, ARRAY_DESIGNATOR_RELATIVE_PORT, ARRAY_DESIGNATOR_PORT_GROUP,
        ARRAY_DESIGNATOR_TARGET_NAME};
    const uint8_t *order = r->array->config.designators;

    if (!order[0])
        order = usual;
    for (unsigned i = 0; i < ARRAY_MAX_DESIGNATORS; i++)
        one_designator(reply, r, order[i]);
}

static void management_addresses(struct reply *reply, const struct request *r)
{
    char address[128];
    int length = snprintf(address, sizeof address, "http://%.80s.invalid/", r->array->name);
    uint16_t padded = (uint16_t)(((unsigned)length + 4) & ~3u);

    reply_8(reply, OF_LUN | 0x01); /* storage configuration service */
    reply_8(reply, 0);
    reply_16(reply, padded);
    reply_bytes(reply, address, (uint32_t)length);
    reply_zero(reply, padded - (uint32_t)length);
}

static void extended_inquiry(struct reply *reply, const struct request *r)
{
    reply_8(reply, 0);
    reply_8(reply, 0x07); /* HEADSUP, ORDSUP, SIMPSUP */
    reply_8(reply, r->lun->cache ? 0x01 : 0x02); /* V_SUP or NV_SUP: what the cache is made of */
    reply_8(reply, 0x01);                        /* LUICLR */
    reply_zero(reply, 13 - reply->size);
    reply_8(reply, ARRAY_MAX_SENSE);
    reply_zero(reply, 64 - reply->size);
}

static void scsi_ports(struct reply *reply, const struct request *r)
{
    for (unsigned port = 0; port < r->array->ports; port++) {
        reply_16(reply, 0);
        reply_16(reply, (uint16_t)(port + 1));
        reply_32(reply, 0); /* no initiator port */
        reply_16(reply, 0);
        uint32_t length_at = reply->size;
        reply_16(reply, 0);
        target_name(reply, r->array, port);
        reply_set16(reply, length_at, (uint16_t)(reply->size - length_at - 2));
    }
}

static void block_limits(struct reply *reply, const struct request *r)
{
    uint32_t block = r->lun->block_size, physical = block << r->lun->physical_exponent;
    uint32_t granularity = physical > 4096 ? physical : 4096; /* best transfers are multiples */

    reply_8(reply, 0); /* WSNZ: WRITE SAME of no number of blocks goes to the end */
    reply_8(reply, ARRAY_MAX_COMPARE_AND_WRITE);
    reply_16(reply, (uint16_t)(granularity / block));
    reply_32(reply, r->lun->max_blocks);
    reply_32(reply, MIB / block); /* optimal length */
    reply_32(reply, r->lun->max_blocks); /* PRE-FETCH */
    reply_32(reply, ARRAY_MAX_UNMAP_BYTES / block);
    reply_32(reply, ARRAY_MAX_UNMAP_DESCRIPTORS);
    reply_32(reply, MEDIA_CHUNK / block); /* optimal unmap granularity */
    reply_32(reply, UINT32_C(1) << 31);   /* aligned to LBA 0 */
    reply_64(reply, ARRAY_MAX_WRITE_SAME_BYTES / block);
    reply_32(reply, ARRAY_MAX_ATOMIC_BYTES / block);
    reply_zero(reply, 64 - reply->size); /* atomic: any alignment and length, no boundaries */
}

static void provisioning(struct reply *reply, const struct lun *lun)
{
    reply_8(reply, (uint8_t)(MEDIA_CHUNK_BITS - lun->block_shift)); /* a threshold set: one chunk */
    /* UNMAP, WRITE SAME(16) and (10) unmap; unmapped blocks read as zero unless media are null */
    reply_8(reply, lun->media.kind == ARRAY_MEDIA_NULL ? 0xE0 : 0xE4);
    reply_8(reply, 0x02); /* thin */
    reply_8(reply, 0);
}

void array_vital_product_data(struct reply *reply, const struct request *r, uint8_t page)
{
    reply_8(reply, 0);
    reply_8(reply, page);
    reply_16(reply, 0);
    switch (page) {
    case 0x00:
        for (unsigned i = 0; i < sizeof vital_pages; i++)
            if (array_vital_page(r, vital_pages[i]))
                reply_8(reply, vital_pages[i]);
        break;
    case 0x80:
        reply_bytes(reply, r->lun->serial, (uint32_t)strlen(r->lun->serial));
        break;
    case 0x83:
        device_identification(reply, r);
        break;
    case 0x85:
        management_addresses(reply, r);
        break;
    case 0x86:
        extended_inquiry(reply, r);
        break;
    case 0x87: /* every page: shared by all nexuses, not by the other units */
        reply_8(reply, 0x3F);
        reply_8(reply, 0xFF);
        reply_16(reply, 0);
        break;
    case 0x88:
        scsi_ports(reply, r);
        break;
    case 0xB0:
        block_limits(reply, r);
        break;
    case 0xB1:
        reply_16(reply, 1); /* medium rotation rate: does not rotate */
        reply_8(reply, 0);
        reply_8(reply, 0x50); /* WABEREQ, WACEREQ: sanitized blocks can be read */
        reply_zero(reply, 64 - reply->size);
        break;
    case 0xB2:
        provisioning(reply, r->lun);
        break;
    }
    reply_set16(reply, 2, (uint16_t)(reply->size - 4));
}
