/* SPDX-License-Identifier: MIT */
/*
 * I_T nexuses: login, logout and task management. A nexus is one initiator name on one target port;
 * it stays in the list after logout, because its registrations do (SPC-4 5.12.7). A nexus may also be
 * known by a registration alone: SPEC_I_PT, ALL_TG_PT and REGISTER AND MOVE register initiator ports
 * that never logged in. Such an absent nexus lives as long as it has keys.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct array_nexus *array_find_nexus(const struct array *a, unsigned port, const char *name)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        if (n->port == port && strcasecmp(n->name, name) == 0)
            return n;
    return NULL;
}

static struct array_nexus *create(struct array *a, unsigned port, const char *name)
{
    size_t length = strnlen(name, ARRAY_MAX_NAME + 1);

    if (length == 0 || length > ARRAY_MAX_NAME)
        return NULL;
    struct array_nexus *n = calloc(1, sizeof *n + length + 1);
    if (!n)
        return NULL;
    n->luns = calloc(a->ordinals ? a->ordinals : 1, sizeof *n->luns);
    if (!n->luns) {
        free(n);
        return NULL;
    }
    n->array = a;
    n->port = port;
    n->controller = array_controller_of_port(a, port);
    memcpy(n->name, name, length);
    array_choose_view(n);
    *a->last_nexus = n;
    a->last_nexus = &n->next;
    a->absent++;
    return n;
}

struct array_nexus *array_absent_nexus(struct array *a, unsigned port, const char *name)
{
    struct array_nexus *n = array_find_nexus(a, port, name);
    size_t size = sizeof *n + ARRAY_MAX_NAME + a->ordinals * sizeof *n->luns;

    if (n || (a->absent + (size_t)1) * size > ARRAY_MAX_ABSENT_BYTES)
        return n;
    return create(a, port, name);
}

void array_sweep_nexuses(struct array *a)
{
    struct array_nexus **link = &a->nexuses;

    if (!a->absent)
        return;
    while (*link) {
        struct array_nexus *n = *link;
        if (n->held || n->keys) {
            link = &n->next;
            continue;
        }
        *link = n->next;
        free(n->luns);
        free(n);
        a->absent--;
    }
    a->last_nexus = link;
}

static void attention_on_every_lun(struct array_nexus *n, unsigned code)
{
    for (unsigned i = 0; i < n->array->ordinals; i++)
        if (n->array->by_ordinal[i])
            array_attention(n, n->array->by_ordinal[i], code);
}

struct array_nexus *array_login(struct array *a, unsigned port, const char *initiator_name)
{
    if (port >= a->ports || !initiator_name)
        return NULL;
    struct array_nexus *n = array_find_nexus(a, port, initiator_name);
    if (!n)
        n = create(a, port, initiator_name);
    if (!n)
        return NULL;
    a->absent -= !n->held;
    n->held = true;
    if (n->logged_in)
        array_logout(n); /* a second login ends the first session */
    n->logged_in = true;
    attention_on_every_lun(n, ASC_POWER_ON_OR_RESET);
    return n;
}

void array_logout(struct array_nexus *n)
{
    array_drop_tasks(n);
    array_drop_simple_reservations(n);
    for (unsigned i = 0; i < n->array->ordinals; i++) {
        n->luns[i].attentions = 0;
        if (n->array->by_ordinal[i])
            array_forget_notes(n->array->by_ordinal[i], n);
    }
    n->luns_changed = false;
    n->logged_in = false;
}

void array_forget(struct array_nexus *n)
{
    struct array *a = n->array;

    if (n->logged_in)
        array_logout(n);
    for (unsigned i = 0; i < a->ordinals; i++)
        if (a->by_ordinal[i] && a->by_ordinal[i]->asked == n)
            a->by_ordinal[i]->asked = NULL;
    n->held = false;
    a->absent++;
    array_sweep_nexuses(a);
}

static void reset(struct array *a, struct lun *lun)
{
    lun->simple_holder = NULL;
    lun->stopped = false;
    array_mode_reset(lun);
    array_attention_all(a, lun, NULL, ASC_DEVICE_RESET_FUNCTION);
}

bool array_reset_lun(struct array_nexus *n, const uint8_t lun[8])
{
    struct lun *found = array_find_lun(n, lun);

    if (found)
        reset(n->array, found);
    return found != NULL;
}

void array_reset_target(struct array_nexus *n)
{
    for (unsigned i = 0; i < n->array->ordinals; i++)
        if (n->array->by_ordinal[i])
            reset(n->array, n->array->by_ordinal[i]);
}

void array_bus_reset(struct array *a, unsigned port)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next) {
        if (n->port != port || !n->logged_in)
            continue;
        array_drop_tasks(n);
        array_drop_simple_reservations(n);
        attention_on_every_lun(n, ASC_BUS_RESET);
    }
}

void array_controller_up(struct array *a, unsigned controller, bool up)
{
    if (controller >= a->config.controllers || a->up[controller] == up)
        return;
    a->up[controller] = up;
    for (unsigned i = 0; i < a->ordinals; i++)
        if (a->by_ordinal[i])
            array_settle_lun(a, a->by_ordinal[i], true);
    if (!up)
        return;
    /* It restarted: whoever still has a session with it learns of the reset first. */
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        if (n->controller == controller)
            attention_on_every_lun(n, ASC_POWER_ON_OR_RESET);
}
