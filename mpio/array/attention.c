/* SPDX-License-Identifier: MIT */
/*
 * Unit attentions (SAM-4 5.14), per I_T nexus and LUN: a short queue, oldest first, each condition
 * once. A reset (ASC 29h) makes the older ones meaningless and takes their place. When the queue is
 * full the newest condition replaces the last, so that a reset at the head is never forgotten.
 */
#include "internal.h"

#include <string.h>

void array_attention(struct array_nexus *n, const struct lun *lun, unsigned code)
{
    struct nexus_lun *s = array_state(n, lun);
    uint8_t asc = (uint8_t)(code >> 8), ascq = (uint8_t)code;

    if (!n->logged_in)
        return;
    if (asc == ASC_POWER_ON_OR_RESET >> 8)
        s->attentions = 0;
    for (unsigned i = 0; i < s->attentions; i++)
        if (s->attention[i][0] == asc && s->attention[i][1] == ascq)
            return;
    if (s->attentions < ARRAY_UNIT_ATTENTIONS)
        s->attentions++;
    s->attention[s->attentions - 1][0] = asc;
    s->attention[s->attentions - 1][1] = ascq;
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
        unsigned code = (unsigned)s->attention[0][0] << 8 | s->attention[0][1];
        s->attentions--;
        memmove(s->attention[0], s->attention[1], 2u * s->attentions);
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
