/* SPDX-License-Identifier: MIT */
/*
 * Candidates in child processes of this program, as many at a time as there are jobs. Each is a
 * replay file in a private directory; the child writes what failed beside it. The first candidate in
 * order that fails in the wanted way is taken, however long the others take, so the outcome does not
 * depend on the number of jobs. Children of candidates behind it are killed: nobody wants to know.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_NS 100000000u
#define MORE_WORK   2000        /* events a smaller run may cost more, beside a quarter */

bool shrink_over(const struct shrink *s)
{
    return s->broken || host_interrupted() || host_time_ns() >= s->deadline;
}

bool shrink_open(struct shrink *s)
{
    s->directory = host_temporary_directory();
    if (!s->directory) {
        fprintf(stderr, "mpio: %s\n", host_error());
        return false;
    }
    snprintf(s->program, sizeof s->program, "%s", host_executable());
    for (unsigned i = 0; i < SHRINK_MAX_JOBS; i++) {
        snprintf(s->slots[i].replay, sizeof s->slots[i].replay, "%s/%u.replay", s->directory, i);
        snprintf(s->slots[i].result, sizeof s->slots[i].result, "%s/%u.result", s->directory, i);
    }
    return true;
}

static void clear(struct shrink_world *world)
{
    free(world->text);
    world->text = NULL;
}

void shrink_close(struct shrink *s)
{
    if (s->directory)
        host_remove_directory(s->directory);
    free(s->directory);
    free(s->failed);
    clear(&s->best);
}

/* ---- one run ----------------------------------------------------------------------------------- */

/* What a candidate may cost: more work is not smaller. */
static uint64_t most_events(const struct shrink *s)
{
    return s->least_events + s->least_events / 4 + MORE_WORK;
}

/* Starts the program on a replay file; events: after which its load stops (0: never). */
static bool start(struct shrink *s, unsigned slot, const char *replay, unsigned cpu_seconds, uint64_t events)
{
    char number[24];
    const char *const argv[] = {s->program, "replay", replay, "--quiet", "--result", s->slots[slot].result,
                                events ? "--events" : NULL, number, NULL};

    snprintf(number, sizeof number, "%" PRIu64, events);

    host_remove_file(s->slots[slot].result);
    s->slots[slot].started = host_time_ns();
    s->children[slot] = host_child_start(argv, NULL, cpu_seconds);
    return s->children[slot] != NULL;
}

/* What a child that has ended found. A crash of the program itself is a failure like others. */
static bool outcome(struct shrink *s, unsigned slot, const struct host_child_result *end, struct run_result *result)
{
    bool good = end->end == HOST_CHILD_EXITED && result_read(s->slots[slot].result, result);

    if (end->end != HOST_CHILD_CRASHED)
        return good;
    *result = (struct run_result){.failures = 1};
    snprintf(result->failure[0], RESULT_TEXT, "mpio itself ended by signal or exception %d", end->code);
    return true;
}

bool shrink_run(struct shrink *s, const char *replay, struct run_result *result, uint64_t *cpu_ns)
{
    struct host_child_result end;
    struct host_child *child[1];
    bool heed = !host_interrupted(); /* else the person has already been heard */
    int ended = -1;

    if (!start(s, 0, replay, 0, 0)) {
        fprintf(stderr, "mpio: %s\n", host_error());
        return false;
    }
    child[0] = s->children[0];
    s->children[0] = NULL;
    while (ended < 0 && !(heed && host_interrupted()) && host_time_ns() < s->deadline)
        ended = host_child_wait(child, 1, PROGRESS_NS, &end); /* Ctrl-C does not end a wait everywhere */
    if (ended < 0) {
        host_child_kill(child[0]);
        return false;
    }
    *cpu_ns = end.cpu_ns;
    return outcome(s, 0, &end, result);
}

/* ---- candidates -------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct shrink_world *world)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */

    for (const char *c = world->text; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    hash = (hash ^ world->explore) * 1099511628211u;
    for (unsigned i = 0; i < 8; i++)
        hash = (hash ^ (unsigned char)(world->duration >> 8 * i)) * 1099511628211u;
    return hash;
}

static bool has_failed(const struct shrink *s, uint64_t hash)
{
    for (size_t i = 0; i < s->failed_count; i++)
        if (s->failed[i] == hash)
            return true;
    return false;
}

static void remember(struct shrink *s, uint64_t hash)
{
    if (s->failed_count % 256 == 0) {
        s->failed = realloc(s->failed, (s->failed_count + 256) * sizeof *s->failed);
        if (!s->failed)
            abort();
    }
    s->failed[s->failed_count++] = hash;
}

/* Starts the candidate in a free slot; false when it is known not to do, or nothing else than the best. */
static bool begin(struct shrink *s, unsigned slot, struct shrink_world *world, size_t candidate)
{
    struct shrink_slot *place = &s->slots[slot];
    struct run_plan plan = s->plan;

    if (has_failed(s, hash_of(world)) || hash_of(world) == hash_of(&s->best)) {
        clear(world);
        return false;
    }
    plan.seed = 0; /* the text's */
    plan.duration = world->duration;
    plan.explore = world->explore;
    plan.hash = 0;
    place->world = *world;
    place->candidate = candidate;
    s->tried++;
    if (replay_write(place->replay, &plan, "", world->text) && start(s, slot, place->replay, s->cpu_seconds, most_events(s)))
        return true;
    if (!s->broken)
        fprintf(stderr, "mpio: %s\n", host_error());
    s->broken = true;
    clear(&place->world);
    return false;
}

static bool fails_alike(const struct shrink *s, const struct run_result *r)
{
    if (r->events > most_events(s))
        return false;
    for (unsigned i = 0; i < r->failures; i++)
        if (strcmp(r->failure[i], s->signature) == 0)
            return true;
    return false;
}

static void adopt(struct shrink *s, struct shrink_world *world, const struct run_result *r)
{
    clear(&s->best);
    s->best = *world;
    s->seen = r->seen;
    if (r->events < s->least_events)
        s->least_events = r->events;
    world->text = NULL;
}

static void progress(struct shrink *s)
{
    uint64_t now = host_time_ns();

    if (!host_is_terminal() || now - s->drawn < PROGRESS_NS)
        return;
    s->drawn = now;
    struct ini *ini = shrink_parse(s->best.text);
    char time[32];
    shrink_time_text(s->best.duration, time, sizeof time);
    fprintf(stderr, "\rshrink    %u tried, %zu lines, %zu actions, %s, %.0f s wall   ", s->tried,
            shrink_line_count(ini) - shrink_action_count(ini), shrink_action_count(ini), time, (double)(now - s->start) / 1e9);
    fflush(stderr);
    ini_free(ini);
}

/* The candidates of one call of shrink_try. */
struct batch {
    size_t count, next;
    size_t taken;               /* the first so far that fails alike; `count`: none */
    struct shrink_world world;  /* its */
    struct run_result result;
};

static void drop(struct shrink *s, unsigned slot)
{
    host_child_kill(s->children[slot]);
    s->children[slot] = NULL;
    clear(&s->slots[slot].world);
}

/* What is behind the one that will be taken; `from` 0: all. */
static void drop_from(struct shrink *s, size_t from)
{
    for (unsigned i = 0; i < s->jobs; i++)
        if (s->children[i] && s->slots[i].candidate >= from)
            drop(s, i);
}

/* Waits for any child and judges it. */
static void hear(struct shrink *s, struct batch *b)
{
    struct host_child_result end;
    struct run_result r;
    int slot = host_child_wait(s->children, s->jobs, PROGRESS_NS, &end);

    for (unsigned i = 0; i < s->jobs; i++)
        if (s->children[i] && host_time_ns() - s->slots[i].started > s->patience)
            drop(s, i);
    if (slot < 0)
        return;
    struct shrink_slot *place = &s->slots[slot];
    if (outcome(s, (unsigned)slot, &end, &r) && fails_alike(s, &r)) {
        clear(&b->world);
        b->taken = place->candidate;
        b->world = place->world;
        b->result = r;
        place->world.text = NULL;
        drop_from(s, b->taken);
    } else {
        remember(s, hash_of(&place->world));
    }
    clear(&place->world);
}

static unsigned count_children(const struct shrink *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->jobs; i++)
        count += s->children[i] != NULL;
    return count;
}

static unsigned free_slot(const struct shrink *s)
{
    unsigned slot = 0;

    while (slot < s->jobs && s->children[slot])
        slot++;
    return slot;
}

size_t shrink_try(struct shrink *s, shrink_make make, const void *user, size_t count)
{
    struct batch b = {.count = count, .taken = count};

    while (!shrink_over(s)) {
        unsigned slot = free_slot(s);
        if (slot < s->jobs && b.next < count && b.taken == count) {
            struct shrink_world world = {.text = NULL};
            if (make(s, user, b.next, &world))
                begin(s, slot, &world, b.next);
            b.next++;
        } else if (count_children(s) > 0) {
            hear(s, &b);
        } else {
            break;
        }
        progress(s);
    }
    drop_from(s, 0);
    if (b.taken < count)
        adopt(s, &b.world, &b.result);
    return b.taken;
}
