/* SPDX-License-Identifier: MIT */
/*
 * Registrations and the persistent reservation of a LUN (SPC-4 5.12). A registration belongs to one
 * I_T nexus; the holder is the nexus that reserved, or with the all-registrants types everyone
 * registered. Both survive resets and logouts, and a loss of power when the last APTPL bit was set.
 */
#include "internal.h"

bool array_registrants_type(enum reservation_type type)
{
    return type >= WRITE_EXCLUSIVE_REGISTRANTS;
}

bool array_all_registrants_type(enum reservation_type type)
{
    return type == WRITE_EXCLUSIVE_ALL || type == EXCLUSIVE_ACCESS_ALL;
}

bool array_holds_reservation(const struct array_nexus *n, const struct lun *lun)
{
    return array_all_registrants_type(lun->reservation) ? array_state(n, lun)->key != 0
                                                        : lun->reservation && lun->holder == n;
}

void array_begin_reservation(struct lun *lun, struct array_nexus *holder, enum reservation_type type)
{
    lun->reservation = type;
    lun->holder = array_all_registrants_type(type) ? NULL : holder;
}

void array_end_reservation(struct lun *lun)
{
    lun->reservation = RESERVATION_NONE;
    lun->holder = NULL;
}

void array_set_key(struct array_nexus *n, struct lun *lun, uint64_t key)
{
    struct nexus_lun *s = array_state(n, lun);

    if (!s->key) {
        lun->registrants++;
        n->keys++;
    }
    s->key = key;
}

bool array_unregister(struct array_nexus *n, struct lun *lun)
{
    struct nexus_lun *s = array_state(n, lun);

    if (s->key) {
        s->key = 0;
        lun->registrants--;
        n->keys--;
    }
    if (!lun->reservation ||
        (array_all_registrants_type(lun->reservation) ? lun->registrants != 0 : lun->holder != n))
        return false;
    array_end_reservation(lun);
    return true;
}

void array_unregister_all(struct array *a, struct lun *lun)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        array_unregister(n, lun);
}
