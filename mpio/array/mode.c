/* SPDX-License-Identifier: MIT */
/*
 * MODE SENSE and MODE SELECT, 6 and 10 (SPC-4 6.11 - 6.14). One table holds the pages: defaults and
 * changeable bits; a LUN keeps all its pages as bytes, current and saved, shared by every nexus (VPD
 * page 87h says so). A reset brings the saved values back. A change is announced to all other
 * nexuses (UA 2A/01).
 */
#include "internal.h"

#include <string.h>

#define PAGE_CACHING 0x08
#define PAGE_CONTROL 0x0A
#define PAGE_PORT    0x19
#define PAGE_OWNER   0x2C /* vendor unique, invented: byte 2 bit 0, this port's controller owns the LUN */
#define PAGE_ALL     0x3F
#define SUBPAGE_ALL  0xFF
#define PAGE_MAX     40u
#define WCE          0x04 /* caching, byte 2 */
#define D_SENSE      0x04 /* control, byte 2 */
#define SWP          0x08 /* control, byte 4 */
#define TAS          0x40 /* control, byte 5 */
#define IALUAE       0x01 /* control extension, byte 4 */
#define SUBPAGE_FLAG 0x40
#define SAVABLE      0x80 /* PS */
#define EVERY        0xFF
#define AT_CACHING   28 /* places in a LUN's mode bytes */
#define AT_CONTROL   48
#define AT_LAST      168
#define ON(transport) (1 << ARRAY_TRANSPORT_##transport)

enum page_control { CURRENT = 0, CHANGEABLE = 1, DEFAULT = 2, SAVED = 3 };

/* Ascending, as MODE SENSE returns them. `at` is the page's place in a LUN's mode bytes. */
static const struct mode_page {
    uint8_t page, subpage, length, at;
    uint8_t transports;        /* 1 << enum array_transport, where the page is there */
    uint8_t defaults[PAGE_MAX]; /* from byte 2 on, from byte 4 on in a subpage */
    uint8_t changeable[8];
} pages[] = {
    {0x01, 0, 12, 0, EVERY, {0xC0}, {0}},                     /* read-write recovery: AWRE, ARRE */
    {0x02, 0, 16, 12, EVERY, {0}, {0}},                       /* disconnect-reconnect */
    {PAGE_CACHING, 0, 20, AT_CACHING, EVERY, {WCE}, {WCE}},
    {PAGE_CONTROL, 0, 12, AT_CONTROL, EVERY,
     {0x02, 0x10, 0, 0, 0, 0, 0, 50},                         /* GLTSD; reordering; busy 5 s */
     {D_SENSE, 0, SWP, TAS}},
    {PAGE_CONTROL, 1, 32, 60, EVERY, {0x04}, {0}},            /* TCMOS */
    {0x18, 0, 8, 92, ON(FC) | ON(ISCSI) | ON(SAS), {0}, {0}}, /* protocol-specific logical unit */
    {PAGE_PORT, 0, 8, 100, ON(FC) | ON(ISCSI) | ON(SPI), {0}, {0}},
    {PAGE_PORT, 0, 16, 100, ON(SAS), {0, 0, 0x07, 0xD0}, {0}}, /* I_T nexus loss time 2 s */
    {0x1A, 0, 40, 116, EVERY, {0}, {0}},                      /* power condition: no timers */
    {0x1C, 0, 12, 156, EVERY, {0x08}, {0}},                       /* exceptions: DEXCPT */
    {PAGE_OWNER, 0, 8, AT_LAST, EVERY, {0}, {0x01}},
};

#define PAGES (sizeof pages / sizeof *pages)
_Static_assert(ARRAY_MODE_BYTES == AT_LAST + 8, "every page has its place");

static unsigned header_of(const struct mode_page *p)
{
    return p->subpage ? 4 : 2;
}

static bool present(const struct array *a, const struct mode_page *p)
{
    if (p->page == PAGE_OWNER && !(a->config.quirks & ARRAY_QUIRK_FAILOVER_PAGE))
        return false;
    return p->transports >> a->config.transport & 1;
}

static uint8_t protocol_of(const struct array *a)
{
    static const uint8_t protocols[] = {0, 0, 5, 6, 1};

    return protocols[a->config.transport];
}

static void put_header(const struct mode_page *p, uint8_t *to)
{
    to[0] = p->page | (p->subpage ? SUBPAGE_FLAG : 0);
    to[1] = p->subpage ? p->subpage : p->length - 2;
    if (p->subpage)
        put_16(to + 2, p->length - 4);
}

static void default_page(const struct array *a, const struct mode_page *p, uint8_t *to)
{
    unsigned header = header_of(p);

    put_header(p, to);
    memcpy(to + header, p->defaults, p->length - header);
    if (p->page == PAGE_CONTROL && !p->subpage && a->config.descriptor_sense)
        to[2] |= D_SENSE;
    if (p->page == PAGE_CONTROL && p->subpage == 1 && a->config.access != ARRAY_SYMMETRIC)
        to[4] |= IALUAE;
    if (p->page == 0x18 || p->page == PAGE_PORT)
        to[2] |= protocol_of(a);
}

static void changeable_page(const struct mode_page *p, uint8_t *to)
{
    unsigned header = header_of(p), count = p->length - header;

    memset(to, 0, p->length);
    put_header(p, to);
    memcpy(to + header, p->changeable,
           count < sizeof p->changeable ? count : sizeof p->changeable);
}

/* The bits that the rest of the server asks for all the time. */
static void take_over(struct lun *lun)
{
    lun->write_cache = lun->mode[AT_CACHING + 2] & WCE;
    lun->descriptor_sense = lun->mode[AT_CONTROL + 2] & D_SENSE;
    lun->software_protect = lun->mode[AT_CONTROL + 4] & SWP;
    lun->aborted_status = lun->mode[AT_CONTROL + 5] & TAS;
}

void array_mode_create(const struct array *a, struct lun *lun)
{
    for (unsigned i = 0; i < PAGES; i++)
        if (present(a, &pages[i]))
            default_page(a, &pages[i], lun->saved_mode + pages[i].at);
    array_mode_reset(lun);
}

void array_mode_reset(struct lun *lun)
{
    memcpy(lun->mode, lun->saved_mode, sizeof lun->mode);
    take_over(lun);
}

static void reply_page(struct reply *reply, const struct request *r, const struct mode_page *p,
                       enum page_control control)
{
    uint8_t bytes[PAGE_MAX];

    switch (control) {
    case CURRENT:
        memcpy(bytes, r->lun->mode + p->at, p->length);
        break;
    case CHANGEABLE:
        changeable_page(p, bytes);
        break;
    case DEFAULT:
        default_page(r->array, p, bytes);
        break;
    case SAVED:
        memcpy(bytes, r->lun->saved_mode + p->at, p->length);
        break;
    }
    if (p->page != PAGE_OWNER)
        bytes[0] |= SAVABLE;
    else if (control == CURRENT)
        bytes[2] = r->lun->owner == r->nexus->controller;
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
    bool known = false, found = false;

    if (page == PAGE_ALL && subpage != 0 && subpage != SUBPAGE_ALL) {
        array_invalid_cdb(r, 3);
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
        if (!present(r->array, &pages[i]) || (page != PAGE_ALL && page != pages[i].page))
            continue;
        known = true;
        if (subpage == SUBPAGE_ALL || subpage == pages[i].subpage) {
            reply_page(&reply, r, &pages[i], control);
            found = true;
        }
    }
    if (!found) {
        array_invalid_cdb(r, known ? 3 : 2);
        return;
    }
    if (ten)
        reply_set16(&reply, 0, (uint16_t)(reply.size - 2));
    else
        reply_set8(&reply, 0, (uint8_t)(reply.size - 1));
    reply_end(&reply, r, allocation);
}

static const struct mode_page *find_page(const struct array *a, const uint8_t *list, uint32_t left)
{
    bool sub = list[0] & SUBPAGE_FLAG;

    for (unsigned i = 0; left >= 2 && i < PAGES; i++)
        if (present(a, &pages[i]) && pages[i].page == (list[0] & 0x3F) &&
            sub == (pages[i].subpage != 0) && (!sub || pages[i].subpage == list[1]))
            return &pages[i];
    return NULL;
}

/* Takes one page into `mode`. The bits outside the changeable mask must be the current ones; PS is
 * reserved here and sent by many, so it is not looked at. */
static bool take_page(struct request *r, const uint8_t *list, uint32_t at,
                      const struct mode_page *p, uint8_t *mode)
{
    const uint8_t *now = r->lun->mode + p->at;
    uint8_t mask[PAGE_MAX];

    changeable_page(p, mask);
    memset(mask, 0, header_of(p));
    mask[0] = SAVABLE;
    for (unsigned i = 0; i < p->length; i++) {
        if ((list[at + i] ^ now[i]) & ~mask[i]) {
            array_invalid_parameter(r, at + i);
            return false;
        }
    }
    memcpy(mode + p->at, list + at, p->length);
    mode[p->at] &= ~SAVABLE;
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
    uint8_t mode[ARRAY_MODE_BYTES];

    memcpy(mode, r->lun->mode, sizeof mode);
    if (!(cdb[1] & 0x10)) { /* PF: no pages of a vendor's own format */
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
        const struct mode_page *p = find_page(r->array, list + at, length - at);
        if (!p) {
            array_invalid_parameter(r, at);
            return;
        }
        if (length - at < p->length) {
            array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
            return;
        }
        if (!take_page(r, list, at, p, mode))
            return;
        at += p->length;
    }
    bool take_over_lun = mode[AT_LAST + 2];
    mode[AT_LAST + 2] = 0; /* asks for something, is no state of the page */
    bool changed = memcmp(r->lun->mode, mode, sizeof mode) != 0;
    memcpy(r->lun->mode, mode, sizeof mode);
    if (cdb[1] & 0x01) /* SP */
        memcpy(r->lun->saved_mode, mode, sizeof mode);
    take_over(r->lun);
    if (!r->lun->write_cache)
        array_flush(r->lun, 0, 0);
    if (changed)
        array_attention_all(r->array, r->lun, r->nexus, ASC_MODE_PARAMETERS_CHANGED);
    if (take_over_lun && r->lun->owner != r->nexus->controller)
        array_trespass(r);
}
