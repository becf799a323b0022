/* SPDX-License-Identifier: MIT */
/*
 * Candidates in child processes of this program, as many at a time as there are jobs. Each is a
 * replay file in a private directory; the child writes what failed beside it. The first candidate in
 * order that fails in the wanted way is taken, however long the others take, so the outcome does not
 * depend on the number of jobs. Children of candidates behind it run to their end unheard: killed,
 * they would leave their private copies of the DSM behind.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_NS 100000000u
#define MOST_DRAIN_NS 3000000000u /* that Ctrl-C waits for children */
#define MORE_WORK   2000        /* events a smaller run may cost more, beside a quarter */

bool shrink_over(const struct shrink *s)
{
    return s->broken || host_interrupted() || host_time_ns() >= s->deadline;
}

bool shrink_open(struct shrink *s)
{
    s->directory = host_temporary_directory();
    if (!s->directory)
        return false;
    snprintf(s->program, sizeof s->program, "%s", host_executable());
    for (unsigned i = 0; i < SHRINK_MAX_JOBS; i++) {
        snprintf(s->slots[i].replay, sizeof s->slots[i].replay, "%s/%u.replay", s->directory, i);
        snprintf(s->slots[i].result, sizeof s->slots[i].result, "%s/%u.result", s->directory, i);
    }
    return true;
}

static unsigned count_children(const struct shrink *s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->jobs; i++)
        count += s->children[i] != NULL;
    return count;
}

static void clear(struct shrink_world *world)
{
    free(world->text);
    world->text = NULL;
}

void shrink_drain(struct shrink *s)
{
    uint64_t until = host_time_ns() + (host_interrupted() ? MOST_DRAIN_NS : s->patience);
    struct host_child_result end;

    for (uint64_t now; (now = host_time_ns()) < until;)
        if (host_child_wait(s->children, s->jobs, until - now, &end) < 0 && count_children(s) == 0)
            break;
    for (unsigned i = 0; i < s->jobs; i++) {
        host_child_kill(s->children[i]);
        s->children[i] = NULL;
        clear(&s->slots[i].world);
    }
}

void shrink_close(struct shrink *s)
{
    shrink_drain(s);
    for (unsigned i = 0; s->directory && i < SHRINK_MAX_JOBS; i++) {
        host_remove_file(s->slots[i].replay);
        host_remove_file(s->slots[i].result);
    }
    if (s->directory)
        host_remove_file(s->directory);
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
        ended = host_child_wait(child, 1, s->deadline - host_time_ns(), &end);
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
    place->batch = s->batch;
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

/* Waits for any child and judges it. */
static void hear(struct shrink *s, struct batch *b)
{
    struct host_child_result end;
    struct run_result r;
    int slot = host_child_wait(s->children, s->jobs, PROGRESS_NS, &end);

    for (unsigned i = 0; i < s->jobs; i++) {
        if (s->children[i] && host_time_ns() - s->slots[i].started > s->patience) {
            host_child_kill(s->children[i]);
            s->children[i] = NULL;
            clear(&s->slots[i].world);
        }
    }
    if (slot < 0)
        return;
    struct shrink_slot *place = &s->slots[slot];
    if (place->batch == s->batch && place->candidate < b->taken) {
        if (outcome(s, (unsigned)slot, &end, &r) && fails_alike(s, &r)) {
            clear(&b->world);
            b->taken = place->candidate;
            b->world = place->world;
            b->result = r;
            place->world.text = NULL;
        } else {
            remember(s, hash_of(&place->world));
        }
    }
    clear(&place->world);
}

static unsigned awaited(const struct shrink *s, const struct batch *b)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->jobs; i++)
        count += s->children[i] && s->slots[i].batch == s->batch && s->slots[i].candidate < b->taken;
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

    s->batch++;
    while (!shrink_over(s)) {
        unsigned slot = free_slot(s);
        if (slot < s->jobs && b.next < count && b.taken == count) {
            struct shrink_world world = {.text = NULL};
            if (make(s, user, b.next, &world))
                begin(s, slot, &world, b.next);
            b.next++;
        } else if (awaited(s, &b) > 0 || (b.next < count && b.taken == count)) {
            hear(s, &b);
        } else {
            break;
        }
        progress(s);
    }
    if (b.taken < count)
        adopt(s, &b.world, &b.result);
    return b.taken;
}
