/* SPDX-License-Identifier: MIT */
/*
 * LOG SENSE and LOG SELECT (SPC-4 6.7, 6.8): pages 00h, 02h, 03h, 05h and 06h error counters, 0Ch
 * logical block provisioning, 2Fh informational exceptions; subpage FFh lists. Counters belong to
 * the LUN, count from its creation or the last reset, and are true: what no one counts is not here.
 */
#include "internal.h"

#include <string.h>

#define PAGE_SUPPORTED    0x00
#define PAGE_WRITE        0x02
#define PAGE_READ         0x03
#define PAGE_VERIFY       0x05
#define PAGE_NON_MEDIUM   0x06
#define PAGE_PROVISIONING 0x0C
#define PAGE_EXCEPTIONS   0x2F
#define SUBPAGE_ALL       0xFF

#define TOTAL_BYTES       0x0005
#define TOTAL_UNCORRECTED 0x0006
#define FORMAT_BINARY     0x03 /* bounded or unbounded counters and lists, saved nowhere */

static const uint8_t pages[] = {PAGE_SUPPORTED,  PAGE_WRITE,        PAGE_READ,      PAGE_VERIFY,
                                PAGE_NON_MEDIUM, PAGE_PROVISIONING, PAGE_EXCEPTIONS};

static void parameter(struct reply *reply, uint16_t code, uint8_t control, uint8_t length)
{
    reply_16(reply, code);
    reply_8(reply, control);
    reply_8(reply, length);
}

static void counter(struct reply *reply, uint16_t from, uint16_t code, uint64_t value)
{
    if (code < from)
        return;
    parameter(reply, code, 0x00, 8);
    reply_64(reply, value);
}

static void error_counters(struct reply *reply, uint16_t from, const struct lun_counter *c)
{
    counter(reply, from, TOTAL_BYTES, c->bytes);
    counter(reply, from, TOTAL_UNCORRECTED, c->errors);
}

/* Resource counts in units of the threshold set, which is one chunk (VPD page B2h). */
static void provisioning(struct reply *reply, const struct request *r, uint16_t from)
{
    struct array_space space = array_space(r->lun);
    const uint64_t counts[] = {space.available, space.used};

    for (uint16_t code = 1; code <= 2; code++) {
        if (code < from)
            continue;
        parameter(reply, code, FORMAT_BINARY, 8);
        reply_32(reply, counts[code - 1] > UINT32_MAX ? UINT32_MAX : (uint32_t)counts[code - 1]);
        reply_8(reply, code == 1 && space.shared ? 0x02 : 0x01); /* scope: shared, this unit's own */
        reply_zero(reply, 3);
    }
}

static void exceptions(struct reply *reply, uint16_t from)
{
    if (from > 0)
        return;
    parameter(reply, 0, FORMAT_BINARY, 4);
    reply_16(reply, 0);   /* no exception condition */
    reply_8(reply, 0xFF); /* no temperature is known */
    reply_8(reply, 0);
}

/* The subpage list has two bytes per page, the plain one a single byte. */
static void list_pages(struct reply *reply, bool subpages)
{
    for (unsigned i = 0; i < sizeof pages; i++) {
        reply_8(reply, pages[i]);
        if (subpages)
            reply_8(reply, 0);
        if (subpages && pages[i] == PAGE_SUPPORTED) {
            reply_8(reply, PAGE_SUPPORTED);
            reply_8(reply, SUBPAGE_ALL);
        }
    }
}

void array_log_sense(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    const struct lun *lun = r->lun;
    uint8_t page = cdb[2] & 0x3F, subpage = cdb[3];
    uint16_t from = get_16(cdb + 5), allocation = get_16(cdb + 7);
    struct reply reply = reply_begin(r, allocation);

    if (!memchr(pages, page, sizeof pages)) {
        array_invalid_cdb(r, 2);
        return;
    }
    if (subpage != 0 && (page != PAGE_SUPPORTED || subpage != SUBPAGE_ALL)) {
        array_invalid_cdb(r, 3);
        return;
    }
    reply_8(&reply, (subpage ? 0x40 : 0) | page); /* SPF */
    reply_8(&reply, subpage);
    reply_16(&reply, 0);
    switch (page) {
    case PAGE_SUPPORTED:
        list_pages(&reply, subpage == SUBPAGE_ALL);
        break;
    case PAGE_WRITE:
        error_counters(&reply, from, &lun->write);
        break;
    case PAGE_READ:
        error_counters(&reply, from, &lun->read);
        break;
    case PAGE_VERIFY:
        error_counters(&reply, from, &lun->verify);
        break;
    case PAGE_NON_MEDIUM:
        counter(&reply, from, 0, lun->other_errors);
        break;
    case PAGE_PROVISIONING:
        provisioning(&reply, r, from);
        break;
    case PAGE_EXCEPTIONS:
        exceptions(&reply, from);
        break;
    }
    /* A pointer behind the last parameter is an error in the CDB (SPC-4 6.7). */
    if (reply.size == 4 && from != 0) {
        array_invalid_cdb(r, 5);
        return;
    }
    reply_set16(&reply, 2, (uint16_t)(reply.size - 4));
    reply_end(&reply, r, allocation);
}

/* PCR resets every counter, as does the list-less choice of the default cumulative values. */
void array_log_select(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint8_t page = cdb[2] & 0x3F;
    struct lun *lun = r->lun;

    if (page != 0 && !memchr(pages, page, sizeof pages)) {
        array_invalid_cdb(r, 2);
        return;
    }
    if (cdb[3] != 0) {
        array_invalid_cdb(r, 3);
        return;
    }
    if (!(cdb[1] & 0x02) && cdb[2] >> 6 != 3)
        return;
    if (page == 0 || page == PAGE_WRITE)
        lun->write = (struct lun_counter){0};
    if (page == 0 || page == PAGE_READ)
        lun->read = (struct lun_counter){0};
    if (page == 0 || page == PAGE_VERIFY)
        lun->verify = (struct lun_counter){0};
    if (page == 0 || page == PAGE_NON_MEDIUM)
        lun->other_errors = 0;
    array_attention_all(r->array, lun, r->nexus, ASC_LOG_PARAMETERS_CHANGED);
}
