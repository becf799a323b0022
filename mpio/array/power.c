/* SPDX-License-Identifier: MIT */
/*
 * Loss and return of power: what is volatile goes. Links and sessions are the fabric's business.
 */
#include "internal.h"

static void lose_volatile_state(struct array *a, struct lun *lun)
{
    lun->simple_holder = NULL;
    lun->stopped = false;
    lun->generation = 0;
    if (!lun->persist)
        array_unregister_all(a, lun);
    array_cache_lost(a, lun);
    array_forget_notes(lun, NULL);
    array_mode_reset(lun);
    array_reset_access(a, lun);
}

void array_power(struct array *a, bool on)
{
    if (a->powered == on)
        return;
    a->powered = on;
    for (unsigned i = 0; i < a->ordinals; i++) {
        struct lun *lun = a->by_ordinal[i];
        if (!lun)
            continue;
        if (on)
            array_attention_all(a, lun, NULL, ASC_POWER_ON);
        else
            lose_volatile_state(a, lun);
        for (struct array_nexus *n = a->nexuses; n && !on; n = n->next)
            array_state(n, lun)->attentions = 0;
    }
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        n->luns_changed = false;
    array_sweep_nexuses(a);
}
