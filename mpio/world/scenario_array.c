/* SPDX-License-Identifier: MIT */
/*
 * Actions about arrays: administration, access states, lies, and other hosts. Called between commands.
 * What the checkers must know of it they are told here.
 */
#include "world/scenario_array.h"

#include "world/check.h"
#include "world/ghost.h"

#define RESERVATION_CONFLICT 0x18

static const struct topology_lun *lun_section(const struct topology *t, const struct topology_action *action)
{
    return topology_find_lun(t, action->array, action->lun);
}

/* ---- masking -------------------------------------------------------------------------------------------- */
static bool has_host_groups(const struct topology *t, size_t array)
{
    for (size_t i = 0; i < t->lun_count; i++)
        if (t->luns[i].array == array && t->luns[i].hosts.count != 0)
            return true;
    return false;
}

/* Everybody sees every LUN while an array has no mapping: before one can be taken away, all are mapped. */
static void map_everything(const struct topology *t, struct array *a, const struct topology_action *action)
{
    for (size_t i = 0; i < t->lun_count; i++)
        for (uint32_t n = 0; t->luns[i].array == action->array && n < t->luns[i].count; n++)
            array_map_lun(a, "*", (uint16_t)(t->luns[i].number + n), (uint16_t)(t->luns[i].number + n));
}

static void map_for(struct array *a, const char *hosts, const struct topology_action *action)
{
    uint16_t as = action->number != 0 ? (uint16_t)(action->number - 1) : action->lun;

    if (action->kind == ACTION_MAP)
        array_map_lun(a, hosts, as, action->lun);
    else
        array_unmap_lun(a, hosts, as);
}

static void change_mapping(const struct topology *t, struct array *a, const struct topology_action *action)
{
    const struct topology_lun *lun = lun_section(t, action);

    if (!has_host_groups(t, action->array)) {
        if (!array_has_mapping(a))
            map_everything(t, a, action);
        map_for(a, "*", action);
    }
    for (size_t i = 0; lun != NULL && i < lun->hosts.count; i++)
        map_for(a, lun->hosts.text[i], action);
}

/* ---- ownership ------------------------------------------------------------------------------------------ */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Every LUN gets an owner anew: which one, the time of the action decides, so that a replay does the same. */
static void reshuffle(const struct topology *t, struct array *a, const struct topology_action *action)
{
    for (size_t i = 0; i < t->lun_count; i++)
        for (uint32_t n = 0; t->luns[i].array == action->array && n < t->luns[i].count; n++)
            array_move_lun(a, (uint16_t)(t->luns[i].number + n),
                           (unsigned)(mix(action->time ^ mix(t->luns[i].number + n + 1)) %
                                      t->arrays[action->array].controllers));
}

bool scenario_strike_array(struct world *w, const struct topology *t, struct array *a,
                           const struct topology_action *action)
{
    const struct topology_lun *lun = lun_section(t, action);

    switch (action->kind) {
    case ACTION_RESIZE:
        array_resize_lun(a, action->lun, action->size / (lun != NULL ? lun->block_size : 512));
        return false;
    case ACTION_UNMAP:
        array_remove_lun(a, action->lun);
        check_lun_removed(w, a, action->lun);
        return true;
    case ACTION_MASK:
    case ACTION_MAP:
        change_mapping(t, a, action);
        return true;
    case ACTION_MOVE:
        array_move_lun(a, action->lun, action->controller);
        return false;
    case ACTION_RESHUFFLE:
        reshuffle(t, a, action);
        return false;
    case ACTION_STATE:
        array_force_state(a, action->lun, action->controller, topology_action_state(action));
        return false;
    case ACTION_PORT:
        array_port_offline(a, action->lun, action->port, !action->up);
        return false;
    case ACTION_INJECT:
        array_inject(a, action->lun, action->count, action->status, action->key, action->asc, action->ascq);
        if (action->status == RESERVATION_CONFLICT)
            check_excuse(w, a, action->lun, action->count);
        return false;
    case ACTION_UNIT_ATTENTION:
        array_unit_attention(a, action->lun, action->asc, action->ascq);
        return false;
    case ACTION_WRONG_REPORT:
        array_wrong_report(a, (enum array_lie)action->fault, action->count);
        return false;
    case ACTION_IDENTITY:
        array_set_identity(a, action->lun, action->number);
        return false;
    case ACTION_GHOST:
        ghost_act(w, a, action->lun, (enum topology_ghost)action->fault, (unsigned)action->number);
        return false;
    default:
        return false;
    }
}
