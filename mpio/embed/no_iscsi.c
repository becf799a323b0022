/* SPDX-License-Identifier: MIT */
/*
 * In place of real.c in builds without libiscsi: a topology with real iSCSI paths is refused, and no HBA is of
 * that kind.
 */
#include "embed/embed.h"

#include <string.h>

#include "port/iscsi/iscsi_hba.h"

static bool refuse(struct mpio *w, const struct topology_path *t)
{
    return embed_fail(w, "path %s: this build has no libiscsi and cannot log in to %s; run the topology with mpio for x64 Linux, or put a simulated "
                      "array in place of the path", t->object.name, t->portal);
}

struct hba *embed_build_real_hba(struct mpio *w, size_t index)
{
    for (size_t i = 0; i < w->topology->path_count; i++)
        if (w->topology->paths[i].hba == index)
            refuse(w, &w->topology->paths[i]);
    return NULL;
}

bool embed_build_own_hbas(struct mpio *w)
{
    return w->topology->path_count == 0 || refuse(w, &w->topology->paths[0]);
}

void embed_real_state(const struct mpio *w, struct real_state *state)
{
    (void)w;
    memset(state, 0, sizeof *state);
}

void embed_real_trouble(const struct mpio *w, char *text, size_t size)
{
    (void)w, (void)text, (void)size;
}

bool iscsi_hba_is(const struct hba *h)
{
    (void)h;
    return false;
}

bool iscsi_hba_path_state(const struct hba *h, uint32_t target, struct iscsi_path_state *state)
{
    (void)h, (void)target, (void)state;
    return false;
}
