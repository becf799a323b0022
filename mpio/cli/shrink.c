/* SPDX-License-Identifier: MIT */
/*
 * mpio shrink: reduces a recorded failing run to the smallest that fails in the same way. Delta
 * debugging: half of the actions, sections or lines is left out, then quarters and so on; then
 * numbers become smaller and rounder; all of it again until nothing changes. What does not parse or
 * fails in another way is passed over.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

#define DEFAULT_LIMIT (60 * MPIO_SECOND)
#define LONGER        4         /* times as long a run with less in it may be */
#define LEAST_DURATION (MPIO_SECOND / 10) /* of load */
#define OTHER_SEEDS   16        /* tried when the first text fails in another way than the recorded run */
#define MAX_VALUES    4096      /* of one line that numbers are looked for in */

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

/* ---- leaving things out ---------------------------------------------------------------------- */

/* Sections or lines that may go, by number. */
struct units {
    const struct ini *ini;
    bool sections;
    size_t *unit, count;
    size_t from, chunk;         /* candidate n is without `chunk` of them from from + n * chunk on */
};

static bool make_without(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct units *u = user;
    size_t first = u->from + n * u->chunk;
    struct shrink_edit edit = {.drop_section = calloc(ini_section_count(u->ini) + 1, sizeof(bool)),
                               .drop_line = calloc(shrink_line_count(u->ini) + 1, sizeof(bool))};

    if (!edit.drop_section || !edit.drop_line)
        abort();
    for (size_t i = first; i < u->count && i < first + u->chunk; i++)
        (u->sections ? edit.drop_section : edit.drop_line)[u->unit[i]] = true;
    shrink_follow(u->ini, &edit);
    if (s->bearable)
        shrink_keep_returns(u->ini, &edit);
    *world = (struct shrink_world){shrink_edit(u->ini, &edit), s->best.duration, s->best.explore};
    free(edit.drop_section);
    free(edit.drop_line);
    return true;
}

/* Lines that say how many ways there are to a LUN and what the machine bears. */
static bool is_way(const struct ini_entry *entry)
{
    static const char *const keys[] = {"port", "ports", "controllers", "ports-per-controller", "parameter",
                                       "link-down-time", "dev-loss-time", "registry"};

    for (unsigned i = 0; entry->key && i < sizeof keys / sizeof *keys; i++)
        if (ini_same_name(entry->key, keys[i]))
            return true;
    return false;
}

/* Type: of the sections; NULL: lines, those of the timeline or the others. */
static void list_units(const struct shrink *s, struct units *u, const char *type, bool timeline)
{
    const struct ini_section *section;
    const struct ini_entry *entry;
    size_t lines = shrink_line_count(u->ini), sections = ini_section_count(u->ini);

    u->sections = type != NULL;
    u->unit = calloc((type ? sections : lines) + 1, sizeof *u->unit);
    if (!u->unit)
        abort();
    u->count = 0;
    for (size_t i = 0; type && i < sections; i++)
        if (shrink_is_type(ini_section(u->ini, i), type))
            u->unit[u->count++] = i;
    for (size_t i = 0; !type && i < lines; i++)
        if ((entry = shrink_line(u->ini, i, &section)) != NULL && shrink_is_timeline(section) == timeline &&
            !(s->bearable && is_way(entry)))
            u->unit[u->count++] = i;
}

/* All, halves, quarters ... single ones. True when something went. */
static bool leave_out(struct shrink *s, const char *type, bool timeline)
{
    bool changed = false, again = true;
    size_t chunk = SIZE_MAX, from = 0;

    while (chunk && !shrink_over(s)) {
        struct units u = {.ini = shrink_parse(s->best.text), .from = from};
        list_units(s, &u, type, timeline);
        if (chunk > u.count)
            chunk = u.count;
        u.chunk = chunk;
        size_t candidates = chunk && from < u.count ? (u.count - from + chunk - 1) / chunk : 0;
        size_t taken = shrink_try(s, make_without, &u, candidates);
        if (taken < candidates) {
            from += taken * chunk; /* what stood behind it has moved up */
            changed = again = true;
        } else {
            from = 0;
            if (chunk != 1 || !again)
                chunk /= 2;
            again = chunk != 1;
        }
        free(u.unit);
        ini_free((struct ini *)u.ini);
    }
    return changed;
}

/* ---- smaller numbers ------------------------------------------------------------------------- */

/* A number in the text: the word of a value of a line; value -1 is the time of an action. */
struct place {
    const struct ini *ini;
    size_t line;
    int value;
    unsigned word;
};

/* The value with one of its words replaced by the smaller form; "" when there is none such. */
static void replace_word(const char *value, unsigned word, unsigned form, char *out, size_t size)
{
    char text[64];
    size_t length, at = strspn(value, " \t");

    for (; word; word--) {
        at += strcspn(value + at, " \t");
        at += strspn(value + at, " \t");
    }
    length = strcspn(value + at, " \t");
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : 0), value + at);
    out[0] = '\0';
    if (shrink_smaller(text, form, text, sizeof text))
        snprintf(out, size, "%.*s%s%s", (int)at, value, text, value + at + length);
}

static const char *text_at(const struct place *p, const struct ini_section **section)
{
    const struct ini_entry *entry = shrink_line(p->ini, p->line, section);

    return p->value < 0 ? entry->key : entry->values[p->value].text;
}

static bool make_smaller(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct place *p = user;
    const struct ini_section *section;
    char text[600];
    struct shrink_edit edit = {.line = p->line, .value = p->value, .with = text};

    replace_word(text_at(p, &section), p->word, (unsigned)n, text, sizeof text);
    if (!text[0])
        return false;
    *world = (struct shrink_world){shrink_edit(p->ini, &edit), s->best.duration, s->best.explore};
    return true;
}

/* What a person would not call a size: numbers that only tell things apart. */
static bool is_name(const struct ini_entry *entry)
{
    static const char *const names[] = {"seed", "naa", "serial", "vendor", "product", "revision", "initiator", "os",
                                        "registry", "plugin", "passive-sense"};

    for (unsigned i = 0; entry->key && i < sizeof names / sizeof *names; i++)
        if (ini_same_name(entry->key, names[i]))
            return true;
    return false;
}

static bool reduce_number(struct shrink *s, struct place *p)
{
    bool changed = false;

    for (size_t taken = 0; taken < SHRINK_FORMS && !shrink_over(s);) {
        p->ini = shrink_parse(s->best.text);
        taken = shrink_try(s, make_smaller, p, SHRINK_FORMS);
        changed |= taken < SHRINK_FORMS;
        ini_free((struct ini *)p->ini);
    }
    return changed;
}

static unsigned count_words(const char *text)
{
    unsigned count = 0;

    for (text += strspn(text, " \t"); *text; text += strspn(text, " \t"), count++)
        text += strcspn(text, " \t");
    return count;
}

static bool reduce_line(struct shrink *s, size_t line)
{
    struct ini *ini = shrink_parse(s->best.text);
    const struct ini_section *section;
    const struct ini_entry *entry = shrink_line(ini, line, &section);
    unsigned words[MAX_VALUES];
    int values = entry->value_count < MAX_VALUES ? (int)entry->value_count : MAX_VALUES;
    bool timeline = shrink_is_timeline(section), changed = false;
    bool name = is_name(entry) || (s->bearable && (timeline || is_way(entry)));

    for (int v = 0; v < values; v++)
        words[v] = timeline ? count_words(entry->values[v].text) : 1;
    ini_free(ini);
    for (int v = timeline ? -1 : 0; v < values && !name; v++)
        for (unsigned w = 0; w < (v < 0 ? 1 : words[v]); w++)
            changed |= reduce_number(s, &(struct place){.line = line, .value = v, .word = w});
    return changed;
}

static bool reduce_numbers(struct shrink *s)
{
    struct ini *ini = shrink_parse(s->best.text);
    size_t lines = shrink_line_count(ini);
    bool changed = false;

    ini_free(ini);
    for (size_t line = 0; line < lines && !shrink_over(s); line++)
        changed |= reduce_line(s, line);
    return changed;
}

/* Fewer LUNs, for as long as now or, since less happens then, for longer. */
static bool make_lighter(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    uint64_t longer = s->best.duration < s->longest / LONGER ? s->best.duration * LONGER : s->longest;

    if (!make_smaller(s, user, n / 2, world))
        return false;
    if (n % 2)
        world->duration = longer;
    return true;
}

/* The number of LUNs first: most of what a run costs. */
static bool lighten(struct shrink *s)
{
    const struct ini_section *section;
    const struct ini_entry *entry;
    bool changed = false;

    for (size_t line = 0; !shrink_over(s);) {
        struct place p = {.ini = shrink_parse(s->best.text), .line = line};
        size_t taken = 2 * SHRINK_FORMS;
        entry = shrink_line(p.ini, line, &section);
        if (entry && shrink_is_type(section, "lun") && entry->key && ini_same_name(entry->key, "count"))
            taken = shrink_try(s, make_lighter, &p, 2 * SHRINK_FORMS);
        ini_free((struct ini *)p.ini);
        if (!entry)
            break;
        changed |= taken < 2 * SHRINK_FORMS;
        line += taken == 2 * SHRINK_FORMS;
    }
    return changed;
}

/* ---- the run as a whole ------------------------------------------------------------------------ */

static char *copy_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    if (!copy)
        abort();
    return strcpy(copy, text);
}

/* A duration that is round and reaches the time at which the failure was seen; the same when none is shorter. */
static uint64_t until_seen(const struct shrink *s)
{
    uint64_t step = LEAST_DURATION, time;

    while (s->seen / step >= 100)
        step *= 10;
    time = (s->seen + step - 1) / step * step;
    if (time < LEAST_DURATION)
        time = LEAST_DURATION;
    return time < s->best.duration ? time : s->best.duration;
}

/* First until the failure was seen, then shorter ones. */
static bool make_shorter(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    uint64_t duration = n == 0 ? until_seen(s) : shrink_smaller_time(s->best.duration, (unsigned)n - 1);

    (void)user;
    if (duration < LEAST_DURATION)
        duration = LEAST_DURATION;
    if (duration >= s->best.duration)
        return false;
    *world = (struct shrink_world){copy_text(s->best.text), duration, s->best.explore};
    return true;
}

static bool shorten(struct shrink *s)
{
    bool changed = false;

    while (!shrink_over(s) && shrink_try(s, make_shorter, NULL, SHRINK_FORMS + 1) <= SHRINK_FORMS)
        changed = true;
    return changed;
}

/* Everything earlier: all times of the timeline, and the duration. */
static bool make_earlier(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct shrink_edit edit = {.quarters = (unsigned)n + 1};

    uint64_t duration = s->best.duration / 4 * edit.quarters;
    if (duration < LEAST_DURATION)
        duration = s->best.duration;
    *world = (struct shrink_world){shrink_edit(user, &edit), duration, s->best.explore};
    return true;
}

static bool hasten(struct shrink *s)
{
    bool changed = false;

    for (size_t taken = 0; taken < 3 && !shrink_over(s);) {
        struct ini *ini = shrink_parse(s->best.text);
        taken = shrink_action_count(ini) ? shrink_try(s, make_earlier, ini, 3) : 3;
        changed |= taken < 3;
        ini_free(ini);
    }
    return changed;
}

static bool make_plain(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    (void)user, (void)n;
    *world = (struct shrink_world){copy_text(s->best.text), s->best.duration, false};
    return true;
}

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
        changed = s->best.explore && shrink_try(s, make_plain, NULL, 1) == 0;
        changed |= shorten(s);
        if (lighten(s)) {
            shorten(s);
            changed = true;
        }
        changed |= leave_out(s, NULL, true);
        tell(s, "actions");
        changed |= !s->bearable && hasten(s);
        changed |= shorten(s);
        for (unsigned i = s->bearable ? ANY_WAYS : 0; i < sizeof types / sizeof *types; i++)
            changed |= leave_out(s, types[i], false);
        tell(s, "sections");
        changed |= leave_out(s, NULL, false);
        tell(s, "lines");
        changed |= reduce_numbers(s);
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
    uint64_t duration = n == 0 && s->seen ? until_seen(s) : s->best.duration, seed = r->seed + (n ? n - 1 : 0);

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
    s->best.text = copy_text(""); /* none yet */
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
