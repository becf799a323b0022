/* SPDX-License-Identifier: MIT */
/*
 * Unit attentions (SAM-5 5.14), per I_T nexus and LUN: a short queue by precedence, then age, each
 * condition once. A loss of power makes everything older meaningless; a reset covers the resets of
 * lower precedence, whether they came before or come after it. When the queue is full the newest
 * condition replaces the last, so that a reset at the head is never forgotten.
 */
#include "internal.h"

#include <string.h>

enum precedence { POWER_ON, BUS_RESET, DEVICE_RESET, NEXUS_LOSS, ANY_OTHER };

static enum precedence precedence_of(unsigned code)
{
    switch (code) {
    case 0x2900: /* power on, reset or bus device reset */
    case 0x2901: /* power on */
    case 0x2904: /* device internal reset */
        return POWER_ON;
    case 0x2902: /* SCSI bus reset */
    case 0x3F01: /* microcode changed */
        return BUS_RESET;
    case 0x2903: /* bus device reset function */
        return DEVICE_RESET;
    case 0x2907:
        return NEXUS_LOSS;
    default:
        return ANY_OTHER;
    }
}

static unsigned code_at(const struct nexus_lun *s, unsigned i)
{
    return (unsigned)s->attention[i][0] << 8 | s->attention[i][1];
}

static void take_away(struct nexus_lun *s, unsigned i)
{
    s->attentions--;
    memmove(s->attention[i], s->attention[i + 1], 2u * (s->attentions - i));
}

/* What a new condition of that precedence covers goes. */
static void uncover(struct nexus_lun *s, enum precedence precedence)
{
    for (unsigned i = s->attentions; i-- > 0;) {
        enum precedence old = precedence_of(code_at(s, i));
        if (precedence == POWER_ON || (old > precedence && old < ANY_OTHER))
            take_away(s, i);
    }
}

void array_attention(struct array_nexus *n, const struct lun *lun, unsigned code)
{
    struct nexus_lun *s = array_state(n, lun);
    enum precedence precedence = precedence_of(code);
    unsigned place = 0;

    if (!n->logged_in)
        return;
    uncover(s, precedence);
    for (unsigned i = 0; i < s->attentions; i++) {
        enum precedence old = precedence_of(code_at(s, i));
        if (code_at(s, i) == code || (old < precedence && precedence < ANY_OTHER))
            return;
        place += old <= precedence;
    }
    if (s->attentions == ARRAY_UNIT_ATTENTIONS)
        s->attentions--;
    place = place < s->attentions ? place : s->attentions;
    memmove(s->attention[place + 1], s->attention[place], 2u * (s->attentions - place));
    s->attention[place][0] = (uint8_t)(code >> 8);
    s->attention[place][1] = (uint8_t)code;
    s->attentions++;
}

void array_attention_all(struct array *a, const struct lun *lun, const struct array_nexus *except,
                         unsigned code)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        if (n != except)
            array_attention(n, lun, code);
}

unsigned array_attention_take(struct request *r)
{
    struct nexus_lun *s = r->state;

    if (s->attentions) {
        unsigned code = code_at(s, 0);
        take_away(s, 0);
        return code;
    }
    if (r->nexus->luns_changed) {
        r->nexus->luns_changed = false;
        return ASC_REPORTED_LUNS_CHANGED;
    }
    return 0;
}

void array_unit_attention(struct array *a, uint16_t number, uint8_t asc, uint8_t ascq)
{
    struct lun *lun = array_lun(a, number);

    if (lun)
        array_attention_all(a, lun, NULL, (unsigned)asc << 8 | ascq);
}
