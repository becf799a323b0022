/* SPDX-License-Identifier: MIT */
/* Questions about a nexus that somebody beside the array asks: the checkers of world/check.h. */
#include "internal.h"

int array_seen_lun(const struct array_nexus *n, const uint8_t lun[8])
{
    const struct lun *found = array_find_lun(n, lun);

    return found ? found->number : -1;
}

bool array_has_mapping(const struct array *a)
{
    return a->views != NULL;
}
