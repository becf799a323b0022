/* SPDX-License-Identifier: MIT */
/*
 * mpio soak: seeds by the thousand. Each seed is a child process with a bound on its processor time and, far
 * above it, on the clock; as many run at a time as there are processors. Which seed fails depends on neither.
 */
#include "cli/soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

#define DEFAULT_SEEDS   100
#define WAIT_NS         100000000u      /* between two looks at the clock and at Ctrl-C */
#define CPU_PER_MINUTE  60              /* seconds for each simulated minute: several hundred times what a run takes */
#define WALL_PER_CPU    20              /* a busy machine is no finding */

struct soak {
    struct soak_options options;
    struct soak_sums sums;
    uint64_t begun;             /* seeds from the first on that were given out */
    uint64_t started, drawn, tenth;
    struct host_child *child[HOST_MAX_CHILDREN];
    struct soak_run run[HOST_MAX_CHILDREN];
    bool stopped, broken;
};

static int complain(const char *what, const char *argument)
{
    fprintf(stderr, "mpio: %s%s%s; 'mpio soak --help' shows the usage\n", what, argument ? ": " : "", argument ? argument : "");
    return EXIT_USAGE;
}

/* ---- command line ------------------------------------------------------------------------------------- */
static bool parse_seeds(const char *value, struct soak_options *o)
{
    const char *dash = strchr(value, '-');
    char first[24] = "1";

    if (dash) {
        if (dash == value || (size_t)(dash - value) >= sizeof first)
            return false;
        snprintf(first, sizeof first, "%.*s", (int)(dash - value), value);
    }
    return text_parse_unsigned(first, 1, UINT64_MAX, &o->first, NULL) &&
           text_parse_unsigned(dash ? dash + 1 : value, 1, UINT64_MAX, &o->last, NULL) && o->first <= o->last &&
           o->last - o->first < SOAK_MAX_SEEDS;
}

static bool parse_duration(const char *value, struct soak_options *o)
{
    uint64_t duration, minutes;

    if (!text_parse_time(value, &duration, NULL) || duration == 0 || duration > 24 * 3600 * MPIO_SECOND)
        return false;
    minutes = (duration + 60 * MPIO_SECOND - 1) / (60 * MPIO_SECOND);
    o->duration = value;
    o->cpu_seconds = (unsigned)minutes * CPU_PER_MINUTE;
    return true;
}

static int show(const char *value)
{
    struct swarm_world world;
    struct buffer text = {0};
    uint64_t seed;

    if (!text_parse_unsigned(value, 1, UINT64_MAX, &seed, NULL))
        return complain("--show takes a seed, not", value);
    bool good = swarm_topology_write(seed, &text, &world);
    fputs(good ? buffer_text(&text) : "", stdout);
    buffer_free(&text);
    return good ? EXIT_GOOD : EXIT_USAGE;
}

static bool parse_flag(const char *name, struct soak_options *o)
{
    if (strcmp(name, "--explore") == 0)
        o->explore = true;
    else if (strcmp(name, "--gentle") == 0)
        o->gentle = true;
    else if (strcmp(name, "--first") == 0)
        o->stop_at_first = true;
    else
        return false;
    return true;
}

/* EXIT_GOOD, or what to leave with. */
static int parse(int argc, char **argv, struct soak_options *o)
{
    uint64_t jobs;

    for (int i = 0; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

        if (parse_flag(name, o))
            continue;
        if (!value)
            return complain("unknown option, or one without its value", name);
        i++;
        if (strcmp(name, "--dsm") == 0) {
            if (o->dsms == CLI_MAX_DSMS)
                return complain("more than 16 DSMs", NULL);
            o->dsm[o->dsms++] = value;
        } else if (strcmp(name, "--topology") == 0) {
            o->topology = value;
        } else if (strcmp(name, "--keep") == 0) {
            o->keep = value;
        } else if (strcmp(name, "--list") == 0) {
            o->list = value;
        } else if (strcmp(name, "--seeds") == 0) {
            if (!parse_seeds(value, o))
                return complain("--seeds takes A-B or N, from 1 on and at most 10000000 of them, not", value);
        } else if (strcmp(name, "--for") == 0) {
            if (!parse_duration(value, o))
                return complain("--for takes a time such as 60s or 5min, at most 24h, not", value);
        } else if (strcmp(name, "--jobs") == 0) {
            if (!text_parse_unsigned(value, 1, HOST_MAX_CHILDREN, &jobs, NULL))
                return complain("--jobs takes a number from 1 to 64, not", value);
            o->jobs = (unsigned)jobs;
        } else {
            return complain("unknown option", name);
        }
    }
    return o->dsms == 0 ? complain("no --dsm given", NULL) : EXIT_GOOD;
}

/* ---- the run ------------------------------------------------------------------------------------------ */
static void count(struct soak *k, unsigned slot, const struct host_child_result *how)
{
    struct soak_run *run = &k->run[slot];
    struct soak_sums *sums = &k->sums;
    struct soak_result r;

    soak_read(&k->options, run, how, &r, &sums->faults);
    sums->done++;
    sums->failed += !r.good;
    sums->reads += r.reads;
    sums->writes += r.writes;
    sums->verified += r.verified;
    sums->simulated_ms += r.simulated_ms;
    sums->cpu_ns += r.cpu_ns;
    sums->hash[run->seed - k->options.first] = r.hash;
    for (unsigned i = 0; !k->options.topology && i < SWARM_FEATURE_COUNT; i++)
        sums->features[i] += run->world.features >> i & 1;
    if (!r.good) {
        if (host_is_terminal())
            fprintf(stderr, "\r%79s\r", "");
        soak_keep(&k->options, run, &r);
        k->stopped |= k->options.stop_at_first;
    }
    soak_clear(&k->options, run);
}

static uint64_t seed_count(const struct soak *k)
{
    return k->options.last - k->options.first + 1;
}

static void fill_slots(struct soak *k)
{
    for (unsigned i = 0; i < k->options.jobs && !k->stopped && k->begun < seed_count(k); i++) {
        if (k->child[i])
            continue;
        k->run[i].seed = k->options.first + k->begun++;
        k->child[i] = soak_start(&k->options, &k->run[i]);
        if (!k->child[i]) {
            fprintf(stderr, "mpio: %s\n", host_error());
            soak_clear(&k->options, &k->run[i]);
            k->stopped = k->broken = true;
        }
    }
}

static void kill_stuck(struct soak *k)
{
    uint64_t now = host_time_ns(), limit = (uint64_t)k->options.cpu_seconds * WALL_PER_CPU * 1000000000u;

    for (unsigned i = 0; i < k->options.jobs; i++) {
        if (!k->child[i] || now - k->run[i].started < limit)
            continue;
        host_child_kill(k->child[i]);
        k->child[i] = NULL;
        count(k, i, NULL);
    }
}

static void show_progress(struct soak *k)
{
    uint64_t now = host_time_ns(), all = seed_count(k), tenth = k->sums.done * 10 / all;

    if (host_is_terminal() ? now - k->drawn < WAIT_NS : tenth == k->tenth)
        return;
    k->drawn = now;
    k->tenth = tenth;
    if (k->sums.done < all)
        soak_progress(&k->options, &k->sums, k->started, false);
}

static bool any_running(const struct soak *k)
{
    for (unsigned i = 0; i < k->options.jobs; i++)
        if (k->child[i])
            return true;
    return false;
}

static void run_all(struct soak *k)
{
    struct host_child_result how;

    k->started = host_time_ns();
    host_catch_interrupt();
    for (fill_slots(k); any_running(k) && !k->stopped && !host_interrupted(); fill_slots(k)) {
        int slot = host_child_wait(k->child, k->options.jobs, WAIT_NS, &how);
        if (slot >= 0)
            count(k, (unsigned)slot, &how);
        kill_stuck(k);
        show_progress(k);
    }
    for (unsigned i = 0; i < k->options.jobs; i++) {
        if (!k->child[i])
            continue;
        host_child_kill(k->child[i]);
        soak_clear(&k->options, &k->run[i]);
    }
}

static int execute(struct soak *k)
{
    const struct soak_options *o = &k->options;

    k->sums.hash = calloc(seed_count(k), sizeof *k->sums.hash);
    if (!k->sums.hash) {
        fprintf(stderr, "mpio: out of memory\n");
        return EXIT_USAGE;
    }
    run_all(k);
    bool whole = k->sums.done == seed_count(k);
    soak_progress(o, &k->sums, k->started, true);
    if (host_interrupted())
        fprintf(stderr, "mpio: interrupted\n");
    if (o->list && !soak_list(o, &k->sums)) {
        fprintf(stderr, "mpio: %s cannot be written\n", o->list);
        k->broken = true;
    }
    soak_summary(o, &k->sums, k->started);
    free(k->sums.hash);
    if (k->broken)
        return EXIT_USAGE;
    return k->sums.failed ? EXIT_FOUND : whole ? EXIT_GOOD : EXIT_USAGE;
}

int command_soak(int argc, char **argv)
{
    struct soak *k = calloc(1, sizeof *k);
    char *work;
    int code;

    if (!k)
        return EXIT_USAGE;
    if (argc == 2 && strcmp(argv[0], "--show") == 0) {
        free(k);
        return show(argv[1]);
    }
    k->options = (struct soak_options){.first = 1, .last = DEFAULT_SEEDS, .jobs = host_processors(), .duration = "1min",
                                       .cpu_seconds = CPU_PER_MINUTE, .keep = "mpio-soak"};
    if (k->options.jobs > HOST_MAX_CHILDREN)
        k->options.jobs = HOST_MAX_CHILDREN;
    code = parse(argc, argv, &k->options);
    if (code == EXIT_GOOD) {
        k->options.work = work = host_temporary_directory();
        if (work) {
            code = execute(k);
            host_remove_directory(work);
            free(work);
        } else {
            fprintf(stderr, "mpio: %s\n", host_error());
            code = EXIT_USAGE;
        }
    }
    free(k);
    return code;
}
