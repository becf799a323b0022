/* SPDX-License-Identifier: MIT */
/* mpio target: the arrays of a topology on the wire, until somebody ends it. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "target/target.h"
#include "world/profile.h"

#define TOPOLOGY_LIMIT (4u << 20)
#define SLICE (WORLD_SECOND / 5) /* Ctrl-C is heard this soon */

struct plan {
    const char *topology, *array, *control;
    const char *listen[TARGET_MAX_PORTALS];
    unsigned listens;
    bool no_auth, quiet;
};

static void log_line(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "mpio target: %s%s%s; 'mpio --help' shows the usage\n", what, why ? ": " : "", why ? why : "");
    return EXIT_USAGE;
}

/* Cuts the list in place. */
static bool add_listens(struct plan *p, char *list)
{
    char *rest = NULL;

    for (char *one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
        if (p->listens == TARGET_MAX_PORTALS)
            return false;
        p->listen[p->listens++] = one;
    }
    return true;
}

static int parse(struct plan *p, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        const char *name = argv[i];
        char *value = i + 1 < argc ? argv[i + 1] : NULL;
        const char **place = strcmp(name, "--topology") == 0  ? &p->topology
                             : strcmp(name, "--array") == 0   ? &p->array
                             : strcmp(name, "--control") == 0 ? &p->control
                                                              : NULL;
        if (strcmp(name, "--no-auth") == 0) {
            p->no_auth = true;
            continue;
        }
        if (strcmp(name, "--quiet") == 0) {
            p->quiet = true;
            continue;
        }
        if (!place && strcmp(name, "--listen") != 0)
            return fail("unknown option", name);
        if (!value)
            return fail("option needs a value", name);
        i++;
        if (place)
            *place = value;
        else if (!add_listens(p, value))
            return fail("too many addresses", "at most 64");
    }
    if (!p->topology)
        return fail("no --topology given", NULL);
    if (p->listens == 0)
        return fail("no --listen given", "for example --listen 127.0.0.1:3260,127.0.0.2:3260");
    return EXIT_GOOD;
}

static void serve(struct world *w, struct target *t, const struct plan *p)
{
    if (!p->quiet) {
        for (unsigned i = 0; target_node_name(t, i); i++)
            printf("target %s\n", target_node_name(t, i));
        for (unsigned i = 0; i < target_portals(t); i++)
            printf("portal %s array port %u\n", target_portal_address(t, i), target_portal_port(t, i));
        printf("ready\n");
        fflush(stdout);
    }
    host_catch_interrupt();
    while (!target_ended(t) && !host_interrupted())
        world_run(w, world_now(w) + SLICE);
}

static int run(const struct plan *p, const struct topology *topology)
{
    struct world_options world = {.seed = topology->seed_given ? topology->seed : 1, .clock = WORLD_CLOCK_HOST};
    struct target_options options = {
        .world = world_create(&world),
        .topology = topology,
        .listen = p->listen,
        .listens = p->listens,
        .array = p->array,
        .control = p->control,
        .no_auth = p->no_auth,
        .log = p->quiet ? NULL : log_line,
    };
    struct text_error error = {0};

    if (!options.world)
        return fail("out of memory", NULL);
    struct target *t = target_create(&options, &error);
    if (t)
        serve(options.world, t, p);
    else
        fprintf(stderr, "mpio target: %s\n", error.message);
    target_destroy(t);
    world_destroy(options.world);
    return t ? EXIT_GOOD : EXIT_USAGE;
}

int command_target(int argc, char **argv)
{
    struct plan plan = {0};
    struct text_error error = {0};
    char message[400];
    size_t length;
    int code = parse(&plan, argc, argv);

    if (code != EXIT_GOOD)
        return code;
    char *text = host_read_file(plan.topology, TOPOLOGY_LIMIT, &length);
    if (!text) {
        fprintf(stderr, "mpio target: %s\n", host_error());
        return EXIT_USAGE;
    }
    struct topology *topology = world_parse_topology(plan.topology, text, length, &error);
    if (topology) {
        code = run(&plan, topology);
    } else {
        text_error_format(&error, message, sizeof message);
        fprintf(stderr, "mpio target: %s\n", message);
        code = EXIT_USAGE;
    }
    topology_free(topology);
    free(text);
    return code;
}
