/* SPDX-License-Identifier: MIT */
/*
 * The topology's [path] sections: real iSCSI sessions. A path either belongs to an [hba] of kind
 * iscsi or is an HBA of its own.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "port/iscsi/iscsi_hba.h"

#define OWN_INITIATOR "iqn.2026-01.org.openmpio:"
#define OWN_DEV_LOSS  (60 * WORLD_SECOND)

static void report(void *user, const char *line)
{
    struct mpio *w = user;

    if (w->options.message)
        w->options.message(w->options.user, "", "iscsi", line);
    else
        host_log(line);
}

static struct hba *create(struct mpio *w, size_t machine, const char *name, const char *initiator, uint32_t depth,
                          uint64_t dev_loss)
{
    struct iscsi_hba_config config = {.name = name,
                                      .initiator = initiator,
                                      .queue_depth = depth,
                                      .dev_loss_time = dev_loss,
                                      .report = report,
                                      .user = w};
    struct hba *h = iscsi_hba_create(w->nodes[machine].machine, &config);

    if (!h)
        embed_fail(w, "hba %s: cannot be made (name taken, initiator name too long, or out of memory)", name);
    return h;
}

static bool add_path(struct mpio *w, struct hba *h, const struct topology_path *t)
{
    struct iscsi_path_config config = {.portal = t->portal,
                                       .target = t->target,
                                       .user = t->user,
                                       .secret = t->secret,
                                       .target_user = t->target_user,
                                       .target_secret = t->target_secret,
                                       .command_timeout = t->timeout,
                                       .login_timeout = t->timeout};

    if (iscsi_hba_add_path(h, &config) < 0)
        return embed_fail(w, "path %s: portal %s, target %s is out of range", t->object.name, t->portal, t->target);
    return true;
}

struct hba *embed_build_real_hba(struct mpio *w, size_t index)
{
    const struct topology_hba *t = &w->topology->hbas[index];
    struct hba *h = create(w, t->machine, t->object.name, t->initiator, t->queue_depth, t->dev_loss_time);

    for (size_t i = 0; h && i < w->topology->path_count; i++)
        if (w->topology->paths[i].hba == index && !add_path(w, h, &w->topology->paths[i]))
            return NULL;
    return h;
}

bool embed_build_own_hbas(struct mpio *w)
{
    char initiator[TOPOLOGY_INITIATOR_MAX + 1];

    for (size_t i = 0; i < w->topology->path_count; i++) {
        const struct topology_path *t = &w->topology->paths[i];
        if (t->hba != TOPOLOGY_NONE)
            continue;
        snprintf(initiator, sizeof initiator, OWN_INITIATOR "%s-%s", w->nodes[t->machine].machine->name, t->object.name);
        struct hba *h = create(w, t->machine, t->object.name, initiator, 0, OWN_DEV_LOSS);
        if (!h || !add_path(w, h, t))
            return false;
    }
    return true;
}

/* The paths one after the other, over all machines; false after the last. */
static bool next_path(const struct mpio *w, unsigned *node, const struct hba **h, uint32_t *target,
                      struct iscsi_path_state *state)
{
    for (; *node < w->node_count; ++*node, *h = NULL) {
        if (!*h) {
            *h = fabric_hbas(w->nodes[*node].machine);
            *target = 0;
        }
        for (; *h; *h = (*h)->next, *target = 0)
            if (iscsi_hba_is(*h) && iscsi_hba_path_state(*h, *target, state)) {
                ++*target;
                return true;
            }
    }
    return false;
}

void embed_real_state(const struct mpio *w, struct real_state *state)
{
    const struct hba *h = NULL;
    struct iscsi_path_state path;
    unsigned node = 0;
    uint32_t target = 0;

    memset(state, 0, sizeof *state);
    while (next_path(w, &node, &h, &target, &path)) {
        state->paths++;
        state->up += path.up;
        state->undecided += !path.up && *path.error == '\0';
        state->commands += path.commands;
    }
}

void embed_real_trouble(const struct mpio *w, char *text, size_t size)
{
    const struct hba *h = NULL;
    struct iscsi_path_state path;
    unsigned node = 0;
    uint32_t target = 0;

    while (next_path(w, &node, &h, &target, &path)) {
        size_t used = strlen(text);
        if (!path.up)
            snprintf(text + used, size - used, "\n  %s target %u, portal %s, %s: %s", h->name, target - 1, path.portal,
                     path.target, *path.error ? path.error : path.state);
    }
}
