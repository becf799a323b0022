/* SPDX-License-Identifier: MIT */
/*
 * What several paths share: the fabric's record of an array (its ports' wires, who waits there) and of
 * a switch. Users count; the last one frees. A record is found through the paths that use it, so the
 * world needs no root for them. Allocates when paths are made only.
 */
#include <stdlib.h>
#include <string.h>

#include "world/fabric_private.h"

/* An array has no number of its own; the order of first connection gives it one for the trace. */
struct fabric_array *fabric_array_use(struct world *w, struct array *a)
{
    struct fabric_array *shared;
    unsigned next = 0;

    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p)) {
        if (p->array == a) {
            p->shared->paths++;
            return p->shared;
        }
        if (p->shared->ordinal >= next)
            next = p->shared->ordinal + 1;
    }
    shared = calloc(1, sizeof *shared);
    if (shared == NULL)
        return NULL;
    shared->array = a;
    shared->ordinal = next;
    shared->paths = 1;
    return shared;
}

void fabric_array_release(struct fabric_array *shared)
{
    if (--shared->paths == 0)
        free(shared);
}

struct fabric_net *fabric_net_find(struct world *w, const char *name)
{
    for (struct machine *m = world_machines(w); m != NULL; m = m->next) {
        for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next) {
            const struct fabric_hba *f = (const struct fabric_hba *)h;

            if (h->operations != &fabric_operations)
                continue;
            if (f->net != NULL && strcmp(f->net->name, name) == 0)
                return f->net;
            for (uint32_t target = 0; target < h->targets; target++)
                if (f->path[target]->net != NULL && strcmp(f->path[target]->net->name, name) == 0)
                    return f->path[target]->net;
        }
    }
    return NULL;
}

static unsigned count_nets(struct world *w)
{
    unsigned count = 0;

    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p))
        if (p->net != NULL && p->net->ordinal >= count)
            count = p->net->ordinal + 1;
    return count;
}

struct fabric_net *fabric_net_use(struct world *w, const char *name)
{
    struct fabric_net *net = fabric_net_find(w, name);

    if (net == NULL) {
        if (strlen(name) > FABRIC_NAME_MAX || (net = calloc(1, sizeof *net)) == NULL)
            return NULL;
        strcpy(net->name, name);
        net->ordinal = count_nets(w);
        net->up = true;
    }
    net->users++;
    return net;
}

void fabric_net_release(struct fabric_net *net)
{
    if (net != NULL && --net->users == 0)
        free(net);
}
