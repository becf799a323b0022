/* SPDX-License-Identifier: MIT */
/*
 * MODE SENSE and MODE SELECT, 6 and 10 (SPC-4 6.11 - 6.14): caching page 08h, control page 0Ah and
 * control extension 0Ah/01h. Changeable: WCE, D_SENSE, SWP. Nothing is saved. The values belong to
 * the LUN; a change made through one nexus is announced to all others (UA 2A/01).
 */
#include "internal.h"

#include <string.h>

#define PAGE_CACHING 0x08
#define PAGE_CONTROL 0x0A
#define PAGE_ALL     0x3F
#define SUBPAGE_ALL  0xFF
#define PAGE_MAX     32u
#define WCE          0x04 /* caching, byte 2 */
#define D_SENSE      0x04 /* control, byte 2 */
#define SWP          0x08 /* control, byte 4 */
#define SUBPAGE_FLAG 0x40

enum page_control { CURRENT = 0, CHANGEABLE = 1, DEFAULT = 2, SAVED = 3 };

struct mode_values {
    bool write_cache, descriptor_sense, software_protect;
};

static const struct mode_page {
    uint8_t page, subpage, length;
} pages[] = {{PAGE_CACHING, 0, 20}, {PAGE_CONTROL, 0, 12}, {PAGE_CONTROL, 1, 32}};

#define PAGES (sizeof pages / sizeof *pages)

static struct mode_values defaults(const struct array *a)
{
    return (struct mode_values){.write_cache = true,
                                .descriptor_sense = a->config.descriptor_sense};
}

static struct mode_values values_of(const struct lun *lun)
{
    return (struct mode_values){lun->write_cache, lun->descriptor_sense, lun->software_protect};
}

static void set_values(struct lun *lun, struct mode_values values)
{
    lun->write_cache = values.write_cache;
    lun->descriptor_sense = values.descriptor_sense;
    lun->software_protect = values.software_protect;
}

void array_mode_reset(const struct array *a, struct lun *lun)
{
    set_values(lun, defaults(a));
}

static void build_page(const struct mode_page *p, struct mode_values v, bool mask, uint8_t *to)
{
    memset(to, 0, p->length);
    to[0] = p->page;
    if (p->subpage) {
        to[0] |= SUBPAGE_FLAG;
        to[1] = p->subpage;
        put_16(to + 2, p->length - 4);
        return;
    }
    to[1] = p->length - 2;
    if (p->page == PAGE_CACHING) {
        to[2] = v.write_cache ? WCE : 0;
        return;
    }
    to[2] = v.descriptor_sense ? D_SENSE : 0;
    to[4] = v.software_protect ? SWP : 0;
    if (!mask)
        to[3] = 0x10; /* queue algorithm modifier: unrestricted reordering */
}

static void reply_page(struct reply *reply, const struct request *r, const struct mode_page *p,
                       enum page_control control)
{
    static const struct mode_values all = {true, true, true};
    uint8_t bytes[PAGE_MAX];

    build_page(p,
               control == CHANGEABLE ? all
               : control == DEFAULT  ? defaults(r->array)
                                     : values_of(r->lun),
               control == CHANGEABLE, bytes);
    reply_bytes(reply, bytes, p->length);
}

static void reply_block_descriptor(struct reply *reply, const struct lun *lun, bool wide)
{
    if (wide) {
        reply_64(reply, lun->blocks);
        reply_32(reply, 0);
    } else {
        reply_32(reply, lun->blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)lun->blocks);
    }
    reply_32(reply, lun->block_size);
}

void array_mode_sense(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    const struct lun *lun = r->lun;
    bool ten = cdb[0] == 0x5A;
    bool wide = ten && cdb[1] & 0x10;                       /* LLBAA */
    uint8_t descriptor = cdb[1] & 0x08 ? 0 : wide ? 16 : 8; /* DBD */
    uint32_t allocation = ten ? get_16(cdb + 7) : cdb[4];
    enum page_control control = cdb[2] >> 6;
    uint8_t page = cdb[2] & 0x3F, subpage = cdb[3];
    uint8_t specific = (lun->read_only || lun->software_protect ? 0x80 : 0) | 0x10; /* WP, DPOFUA */
    struct reply reply = reply_begin(r, allocation);
    unsigned found = 0;

    if (control == SAVED) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
        return;
    }
    if (ten) {
        reply_16(&reply, 0);
        reply_8(&reply, 0);
        reply_8(&reply, specific);
        reply_16(&reply, wide && descriptor ? 0x0100 : 0); /* LONGLBA */
        reply_16(&reply, descriptor);
    } else {
        reply_16(&reply, 0);
        reply_8(&reply, specific);
        reply_8(&reply, descriptor);
    }
    if (descriptor)
        reply_block_descriptor(&reply, lun, wide);
    for (unsigned i = 0; i < PAGES; i++) {
        if ((page == PAGE_ALL || page == pages[i].page) &&
            (subpage == SUBPAGE_ALL || subpage == pages[i].subpage)) {
            reply_page(&reply, r, &pages[i], control);
            found++;
        }
    }
    if (!found) {
        array_invalid_cdb(r,
                          page == PAGE_ALL || page == PAGE_CACHING || page == PAGE_CONTROL ? 3 : 2);
        return;
    }
    if (ten)
        reply_set16(&reply, 0, (uint16_t)(reply.size - 2));
    else
        reply_set8(&reply, 0, (uint8_t)(reply.size - 1));
    reply_end(&reply, r, allocation);
}

static const struct mode_page *find_page(const uint8_t *list, uint32_t left)
{
    bool sub = list[0] & SUBPAGE_FLAG;

    for (unsigned i = 0; left >= 2 && i < PAGES; i++)
        if (pages[i].page == (list[0] & 0x3F) && sub == (pages[i].subpage != 0) &&
            (!sub || pages[i].subpage == list[1]))
            return &pages[i];
    return NULL;
}

/* Takes one page into *values. The bits outside the changeable mask must be the current ones. */
static bool take_page(struct request *r, const uint8_t *list, uint32_t at,
                      const struct mode_page *p, struct mode_values *values)
{
    static const struct mode_values all = {true, true, true};
    uint8_t now[PAGE_MAX], mask[PAGE_MAX];

    build_page(p, values_of(r->lun), false, now);
    build_page(p, all, true, mask);
    for (unsigned i = 0; i < p->length; i++) {
        uint8_t fixed = i < (p->subpage ? 4u : 2u) ? 0xFF : (uint8_t)~mask[i];
        if ((list[at + i] ^ now[i]) & fixed) {
            array_invalid_parameter(r, at + i);
            return false;
        }
    }
    if (p->page == PAGE_CACHING) {
        values->write_cache = list[at + 2] & WCE;
    } else if (!p->subpage) {
        values->descriptor_sense = list[at + 2] & D_SENSE;
        values->software_protect = list[at + 4] & SWP;
    }
    return true;
}

static bool descriptor_valid(struct request *r, const uint8_t *list, uint32_t at, uint32_t length,
                             bool wide)
{
    const uint8_t *d = list + at;
    uint64_t blocks;

    if (length == 0)
        return true;
    if (length != (wide ? 16 : 8)) {
        array_invalid_parameter(r, at - 1);
        return false;
    }
    blocks = wide ? get_64(d) : get_32(d);
    /* Zero and all ones mean "as it is"; the capacity is not the initiator's to change. */
    if (blocks != 0 && blocks != r->lun->blocks && (wide || blocks != UINT32_MAX)) {
        array_invalid_parameter(r, at);
        return false;
    }
    uint32_t size = wide ? get_32(d + 12) : get_24(d + 5);
    if (size != r->lun->block_size) {
        array_invalid_parameter(r, at + (wide ? 12 : 5));
        return false;
    }
    return true;
}

void array_mode_select(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    bool ten = cdb[0] == 0x55;
    uint32_t length = ten ? get_16(cdb + 7) : cdb[4];
    uint32_t at = ten ? 8 : 4;
    struct mode_values values = values_of(r->lun);

    if (!(cdb[1] & 0x10) || cdb[1] & 0x01) { /* PF must be set, SP must not */
        array_invalid_cdb(r, 1);
        return;
    }
    const uint8_t *list = array_parameters(r, length);
    if (!list || length == 0)
        return;
    uint32_t descriptor = length < at ? 0 : ten ? get_16(list + 6) : list[3];
    if (length < at || length - at < descriptor) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return;
    }
    if (!descriptor_valid(r, list, at, descriptor, ten && list[4] & 0x01))
        return;
    for (at += descriptor; at < length;) {
        const struct mode_page *p = find_page(list + at, length - at);
        if (!p) {
            array_invalid_parameter(r, at);
            return;
        }
        if (length - at < p->length) {
            array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
            return;
        }
        if (!take_page(r, list, at, p, &values))
            return;
        at += p->length;
    }
    struct mode_values before = values_of(r->lun);
    set_values(r->lun, values);
    if (values.write_cache != before.write_cache ||
        values.descriptor_sense != before.descriptor_sense ||
        values.software_protect != before.software_protect)
        array_attention_all(r->array, r->lun, r->nexus, ASC_MODE_PARAMETERS_CHANGED);
}
