/* SPDX-License-Identifier: MIT */
/*
 * A driver information file on a machine that has not started: its registry is taken out as text, installed into by
 * the same code as `mpio install`, and what changed is loaded back.
 */
#include "embed/embed.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mgmt/inf_install.h"

#define INF_LIMIT (4u * 1024 * 1024)

static const char no_claims[] = "Windows Registry Editor Version 5.00\n"
                                "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV]\n"
                                "\"MPIOSupportedDeviceList\"=-\n";

static bool failed(struct mpio *w, const struct text_error *error)
{
    text_error_format(error, w->error, sizeof w->error);
    return false;
}

static struct registry_image *image_of(struct node *n, struct text_error *error)
{
    struct buffer text = {0};
    struct registry_image *image = NULL;

    if (nt_registry_save(n->machine, "HKEY_LOCAL_MACHINE", &text))
        image = registry_image_load(n->machine->name, buffer_text(&text), text.length, error);
    else
        text_error_set(error, n->machine->name, 0, 0, "the machine's registry cannot be read: out of memory");
    buffer_free(&text);
    return image;
}

static bool install(struct node *n, const struct inf_plan *plan, const struct inf_target *target, uint64_t hash)
{
    struct mpio *w = n->world;
    struct text_error error = {.message = "out of memory"};
    struct buffer changes = {0};
    enum inf_outcome outcome;

    /* The list the topology implies stands for an installation: a real one takes its place. */
    if (n->default_claims && !nt_registry_load(n->machine, "claims", no_claims, strlen(no_claims), &error))
        return failed(w, &error);
    n->default_claims = false;
    struct registry_image *before = image_of(n, &error), *after = before ? image_of(n, &error) : NULL;
    bool ok = after && inf_install(after, plan, target, hash, &outcome, NULL, &error) &&
              registry_image_diff(before, after, &changes) &&
              nt_registry_load(n->machine, plan->file_name, buffer_text(&changes), changes.length, &error);
    buffer_free(&changes);
    registry_image_free(before);
    registry_image_free(after);
    return ok || failed(w, &error);
}

bool mpio_install_inf(struct mpio *w, const char *machine, const char *file)
{
    struct inf_target target = inf_default_target;
    struct text_error error;
    size_t length = 0;
    bool found = false, ok = true;

    if (w->options.os_major) {
        target.major = w->options.os_major;
        target.minor = w->options.os_minor;
        target.build = w->options.os_build;
    }
    char *text = host_read_file(file, INF_LIMIT, &length);
    if (!text)
        return embed_fail(w, "%s", host_error());
    struct inf_plan *plan = inf_read(file, text, length, &target, &error);
    for (unsigned i = 0; i < w->node_count && plan && ok; i++) {
        if (machine && strcmp(w->nodes[i].machine->name, machine) != 0)
            continue;
        found = true;
        ok = install(&w->nodes[i], plan, &target, inf_hash(text, length));
    }
    if (!plan)
        ok = failed(w, &error);
    else if (!found)
        ok = embed_fail(w, "no machine is called %s", machine ? machine : "(any)");
    inf_free(plan);
    free(text);
    return ok;
}
