/* SPDX-License-Identifier: MIT */
/*
 * LUN mapping: which LUN a host sees under which number. A view is what all initiators of one name
 * pattern see, as a host group is in most arrays. Views are few; a nexus finds its own once.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UNMAPPED 0xFFFF

struct lun_view {
    struct lun_view *next;
    unsigned size; /* numbers in `lun` */
    uint16_t *lun; /* by the number the host sees; UNMAPPED: nothing there */
    char hosts[];
};

/* '*' stands for any text, '?' for one character; case does not matter in initiator names. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *tried = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            tried = name;
        } else if (*pattern == '?' || (*pattern && strncasecmp(pattern, name, 1) == 0)) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++tried;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

void array_choose_view(struct array_nexus *n)
{
    const struct lun_view *view = n->array->views;

    while (view && !matches(view->hosts, n->name))
        view = view->next;
    n->view = view;
}

void array_free_views(struct array *a)
{
    while (a->views) {
        struct lun_view *next = a->views->next;
        free(a->views->lun);
        free(a->views);
        a->views = next;
    }
}

struct lun *array_visible(const struct array_nexus *n, unsigned number)
{
    if (!n->array->views)
        return array_lun(n->array, number);
    if (!n->view || number >= n->view->size)
        return NULL;
    return array_lun(n->array, n->view->lun[number]);
}

unsigned array_numbers(const struct array_nexus *n)
{
    if (!n->array->views)
        return n->array->table_size;
    return n->view ? n->view->size : 0;
}

static bool in_view(const struct array_nexus *n, uint16_t number)
{
    if (!n->array->views)
        return true;
    for (unsigned i = 0; n->view && i < n->view->size; i++)
        if (n->view->lun[i] == number)
            return true;
    return false;
}

void array_luns_changed(struct array *a, uint16_t number)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        if (n->logged_in && in_view(n, number))
            n->luns_changed = true;
}

static struct lun_view *find(const struct array *a, const char *hosts)
{
    struct lun_view *view = a->views;

    while (view && strcasecmp(view->hosts, hosts) != 0)
        view = view->next;
    return view;
}

static struct lun_view *create(struct array *a, const char *hosts)
{
    struct lun_view **last = &a->views;
    struct lun_view *view = calloc(1, sizeof *view + strlen(hosts) + 1);

    if (!view)
        return NULL;
    memcpy(view->hosts, hosts, strlen(hosts));
    while (*last)
        last = &(*last)->next;
    bool first = a->views == NULL;
    *last = view;
    for (struct array_nexus *n = a->nexuses; n; n = n->next) {
        array_choose_view(n);
        if (first) /* whoever is not mapped sees nothing from now on */
            n->luns_changed = n->logged_in;
    }
    return view;
}

static void tell(struct array *a, const struct lun_view *view)
{
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        if (n->view == view && n->logged_in)
            n->luns_changed = true;
}

bool array_map_lun(struct array *a, const char *hosts, uint16_t as, uint16_t number)
{
    if (!*hosts || strlen(hosts) > ARRAY_MAX_NAME || as >= ARRAY_MAX_LUNS || !array_lun(a, number))
        return false;
    struct lun_view *view = find(a, hosts);
    if (!view)
        view = create(a, hosts);
    if (!view)
        return false;
    if (as >= view->size) {
        uint16_t *lun = realloc(view->lun, (as + 1u) * sizeof *lun);
        if (!lun)
            return false;
        for (unsigned i = view->size; i <= as; i++)
            lun[i] = UNMAPPED;
        view->lun = lun;
        view->size = as + 1u;
    }
    if (view->lun[as] != number) {
        view->lun[as] = number;
        tell(a, view);
    }
    return true;
}

bool array_unmap_lun(struct array *a, const char *hosts, uint16_t as)
{
    struct lun_view *view = find(a, hosts);

    if (!view || as >= view->size || view->lun[as] == UNMAPPED)
        return false;
    view->lun[as] = UNMAPPED;
    tell(a, view);
    return true;
}

bool array_set_identity(struct array *a, uint16_t number, uint64_t identity)
{
    struct lun *lun = array_lun(a, number);

    if (!lun)
        return false;
    if (lun->identity != identity) {
        lun->identity = identity;
        array_attention_all(a, lun, NULL, ASC_IDENTIFIER_CHANGED);
    }
    return true;
}
