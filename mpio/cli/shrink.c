/* SPDX-License-Identifier: MIT */
/*
 * mpio shrink: reduces a recorded failing run to the smallest that fails in the same way. The command, the run as it
 * was recorded, and the order in which the steps of shrink_step.c are tried, again and again until nothing changes.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

#define DEFAULT_LIMIT (60 * MPIO_SECOND)
#define LONGEST_LIMIT (24 * 3600 * MPIO_SECOND)
#define OTHER_SEEDS   16        /* tried when the first text fails in another way than the recorded run */

void shrink_help(void)
{
    puts("mpio shrink FILE.replay [-o OUT.ini] [--jobs N] [--limit TIME]\n"
         "\n"
         "Reduces a failing run to the smallest that fails in the same way (the same rule at the same line of the\n"
         "driver, or the same kind of error), and writes it as a topology file that 'mpio run' takes, with a head\n"
         "that says how to run it. docs/howto-shrink.md shows one.\n"
         "\n"
         "  -o OUT.ini    what to write (default: FILE.ini); OUT.replay beside it is a record of that run\n"
         "  --jobs N      runs at a time (default: the processors); the outcome does not depend on it\n"
         "  --limit TIME  stop looking after this long on the wall clock (default 60s); Ctrl-C does the same\n"
         "\n"
         "exit codes: 0 reduced, 2 nothing to shrink, or a usage or set-up error");
}

/* ---- the order of the steps --------------------------------------------------------------------- */

static void tell(const struct shrink *s, const char *what)
{
    if (!host_is_terminal())
        fprintf(stderr, "shrink    %s: %u tried, %.1f s\n", what, s->tried, (double)(host_time_ns() - s->start) / 1e9);
}

static void reduce(struct shrink *s)
{
    static const char *const types[] = {"machine", "hba", "array", "link", "load", "lun"};
    enum { ANY_WAYS = 4 }; /* of the types: from here on no path goes */

    for (bool changed = true; changed && !shrink_over(s);) {
        changed = shrink_plain(s);
        changed |= shrink_shorten(s);
        if (shrink_lighten(s)) {
            shrink_shorten(s);
            changed = true;
        }
        changed |= shrink_leave_out(s, NULL, true);
        tell(s, "actions");
        changed |= !s->bearable && shrink_hasten(s);
        changed |= shrink_shorten(s);
        for (unsigned i = s->bearable ? ANY_WAYS : 0; i < sizeof types / sizeof *types; i++)
            changed |= shrink_leave_out(s, types[i], false);
        tell(s, "sections");
        changed |= shrink_leave_out(s, NULL, false);
        tell(s, "lines");
        changed |= shrink_numbers(s);
        tell(s, "numbers");
    }
}

/* ---- beginning --------------------------------------------------------------------------------- */

struct recorded {
    const char *topology, *faults;
    uint64_t seed;
};

/* First as long as it takes to fail, then as long as recorded. With the drawn faults in the timeline the events of one
 * instant may come in another order: then with other seeds. */
static bool make_base(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct recorded *r = user;
    uint64_t duration = n == 0 && s->seen ? shrink_until_seen(s) : s->best.duration, seed = r->seed + (n ? n - 1 : 0);

    *world = (struct shrink_world){shrink_join(r->topology, r->faults, seed), duration, s->best.explore};
    return true;
}

/* The run as it was recorded: what fails, how long it takes. */
static bool begin(struct shrink *s)
{
    struct run_result r;
    uint64_t cpu_ns, start = host_time_ns();

    s->deadline = UINT64_MAX;
    if (!shrink_run(s, s->file, &r, &cpu_ns)) {
        fprintf(stderr, "mpio: %s does not run to its end: 'mpio replay %s' says why\n", s->file, s->file);
        return false;
    }
    if (r.failures == 0) {
        fprintf(stderr, "mpio: %s does not fail: there is nothing to shrink\n", s->file);
        return false;
    }
    uint64_t wall = host_time_ns() - start;
    snprintf(s->signature, sizeof s->signature, "%s", r.failure[0]);
    s->bearable = strcmp(s->signature, "I/O errors") == 0 || strcmp(s->signature, "not finished") == 0;
    s->least_events = r.events;
    s->seen = r.seen;
    s->patience = 3 * wall + 10000000000u;
    s->cpu_seconds = (unsigned)(3 * cpu_ns / 1000000000u) + 5;
    printf("fails     %s (%.1f s)\n", s->signature, (double)wall / 1e9);
    fflush(stdout);
    return true;
}

static bool has_real_paths(const char *topology)
{
    struct ini *ini = shrink_parse(topology);
    bool found = false;

    for (size_t i = 0; i < ini_section_count(ini); i++)
        found |= shrink_is_type(ini_section(ini, i), "path");
    ini_free(ini);
    return found;
}

static bool shrink(struct shrink *s, const struct replay *r, uint64_t limit, const char *out, const char *replay)
{
    struct recorded recorded = {r->plan.topology_text, r->plan.lines, r->plan.seed};
    bool ok = false;

    if (!begin(s))
        return false;
    if (!recorded.seed) {
        struct ini *ini = shrink_parse(recorded.topology);
        recorded.seed = shrink_seed(ini);
        ini_free(ini);
    }
    s->start = host_time_ns();
    s->deadline = s->start + limit * 100;
    s->longest = r->plan.duration;
    s->best = (struct shrink_world){NULL, r->plan.duration, r->plan.explore};
    char *base = shrink_join(recorded.topology, recorded.faults, recorded.seed);
    s->best.text = shrink_copy(""); /* none yet */
    if (shrink_try(s, make_base, &recorded, 2 + OTHER_SEEDS) < 2 + OTHER_SEEDS) {
        reduce(s);
        if (host_is_terminal())
            fputs("\n", stderr);
        if (shrink_over(s) && !s->broken)
            printf("stopped   %s: the smallest so far\n", host_interrupted() ? "by Ctrl-C" : "at the limit");
        ok = shrink_write(s, base, r->plan.duration, out, replay);
    } else if (!s->broken) {
        fprintf(stderr, "mpio: with its drawn faults in the timeline the run does not fail as %s does%s\n", s->file,
                shrink_over(s) ? ", within the limit" : "; the order of equal times decides it");
    }
    free(base);
    return ok;
}

static int complain(const char *what, const char *argument)
{
    fprintf(stderr, "mpio: shrink: %s%s; 'mpio shrink --help' shows the usage\n", what, argument);
    return EXIT_USAGE;
}

/* FILE with another suffix, malloc'ed. */
static char *with_suffix(const char *file, const char *old, const char *suffix)
{
    size_t length = strlen(file), cut = strlen(old);
    char *name = malloc(length + strlen(suffix) + 1);

    if (!name)
        abort();
    if (length > cut && strcmp(file + length - cut, old) == 0)
        length -= cut;
    sprintf(name, "%.*s%s", (int)length, file, suffix);
    return name;
}

int command_shrink(int argc, char **argv)
{
    const char *file = NULL, *out = NULL;
    uint64_t jobs = host_processors(), limit = DEFAULT_LIMIT;
    struct text_error error;
    struct replay r;

    for (int i = 0; i < argc; i++) {
        bool option = argv[i][0] == '-';
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!option && file)
            return complain("one replay file, not also ", argv[i]);
        if (!option) {
            file = argv[i];
            continue;
        }
        if (!value)
            return complain("option needs a value: ", argv[i]);
        if (strcmp(argv[i], "-o") == 0)
            out = value;
        else if (strcmp(argv[i], "--jobs") == 0 && !text_parse_unsigned(value, 1, SHRINK_MAX_JOBS, &jobs, &error))
            return complain("--jobs: ", error.message);
        else if (strcmp(argv[i], "--limit") == 0 && !text_parse_time(value, &limit, &error))
            return complain("--limit: ", error.message);
        else if (limit == 0 || limit > LONGEST_LIMIT)
            return complain("--limit takes at most 24h, not ", value);
        else if (strcmp(argv[i], "--jobs") != 0 && strcmp(argv[i], "--limit") != 0)
            return complain("unknown option: ", argv[i]);
        i++;
    }
    if (!file)
        return complain("no replay file given", "");
    if (!replay_read(file, &r))
        return EXIT_USAGE;
    struct ini *ini = ini_parse(file, r.plan.topology_text, strlen(r.plan.topology_text), INI_UNIQUE, &error);
    if (!ini || has_real_paths(r.plan.topology_text)) {
        fprintf(stderr, "mpio: %s: %s\n", file, ini ? "real paths do not come again: no run of theirs can be reduced"
                                                    : error.message);
        ini_free(ini);
        free(r.text);
        return EXIT_USAGE;
    }
    ini_free(ini);

    struct shrink *s = calloc(1, sizeof *s);
    char *scenario = out ? with_suffix(out, "", "") : with_suffix(file, ".replay", ".ini");
    char *replay = with_suffix(scenario, ".ini", ".replay");
    if (!s)
        abort();
    if (strcmp(replay, file) == 0) { /* the record of the recorded run stays */
        free(replay);
        replay = with_suffix(scenario, ".ini", ".shrunk.replay");
    }
    s->plan = r.plan;
    s->file = file;
    s->jobs = jobs > SHRINK_MAX_JOBS ? SHRINK_MAX_JOBS : (unsigned)jobs;
    host_catch_interrupt();
    bool ok = shrink_open(s) && shrink(s, &r, limit, scenario, replay);
    shrink_close(s);
    free(s);
    free(scenario);
    free(replay);
    free(r.text);
    return ok ? EXIT_GOOD : EXIT_USAGE;
}
