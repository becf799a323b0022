/* SPDX-License-Identifier: MIT */
/*
 * One seed of a soak: its world is written to a file, `mpio run` runs it in a process of its own, and what that printed
 * is read. A child that crashes, hangs or says nothing is a finding like any other.
 */
#include "cli/soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LIMIT 4096
#define LOG_LIMIT  (64u << 20)
#define MAX_ARGUMENTS (2 * CLI_MAX_DSMS + 20)

static const char *const suffixes[] = {"ini", "replay", "log"};
enum { INI, REPLAY, LOG, FILES };

static const char *file_name(const char *directory, uint64_t seed, unsigned file, char *path)
{
    snprintf(path, PATH_LIMIT, "%s/%" PRIu64 ".%s", directory, seed, suffixes[file]);
    return path;
}

/* ---- starting ------------------------------------------------------------------------------------ */
static bool write_world(const char *file, struct soak_run *run)
{
    struct buffer text = {0};
    bool good = swarm_topology_write(run->seed, &text, &run->world) && host_write_file(file, text.data, text.length);

    buffer_free(&text);
    return good;
}

struct host_child *soak_start(const struct soak_options *o, struct soak_run *run)
{
    const char *argv[MAX_ARGUMENTS + 1];
    char ini[PATH_LIMIT], replay[PATH_LIMIT], log[PATH_LIMIT], program[PATH_LIMIT], seed[24], faults[24];
    unsigned n = 0;

    if (!write_world(file_name(o->work, run->seed, INI, ini), run))
        return NULL;
    snprintf(program, sizeof program, "%s", host_executable());
    snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
    snprintf(faults, sizeof faults, "%u", run->world.faults);
    argv[n++] = program;
    argv[n++] = "run";
    for (unsigned i = 0; i < o->dsms; i++) {
        argv[n++] = "--dsm";
        argv[n++] = o->dsm[i];
    }
    argv[n++] = "--topology";
    argv[n++] = o->topology ? o->topology : ini;
    argv[n++] = "--seed";
    argv[n++] = seed;
    argv[n++] = "--for";
    argv[n++] = o->duration;
    argv[n++] = "--faults";
    argv[n++] = faults;
    argv[n++] = "--save";
    argv[n++] = file_name(o->work, run->seed, REPLAY, replay);
    argv[n++] = "--quiet";
    if (run->world.harsh && !o->gentle)
        argv[n++] = "--swarm";
    if (o->explore || run->world.explore)
        argv[n++] = "--explore";
    argv[n] = NULL;
    run->started = host_time_ns();
    return host_child_start(argv, file_name(o->work, run->seed, LOG, log), o->cpu_seconds);
}

/* ---- reading ------------------------------------------------------------------------------------- */
/* What follows `word` at the start of a line, in the last such line; NULL: there is none. */
static const char *last_line(const char *text, const char *word)
{
    size_t length = strlen(word);
    const char *found = NULL;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, length) == 0)
            found = line + length;
    }
    return found;
}

static uint64_t number_before(const char *line, const char *word)
{
    size_t length = strcspn(line, "\n");
    const char *at = strstr(line, word);

    if (!at || (size_t)(at - line) > length)
        return 0;
    while (at > line && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return strtoull(at, NULL, 10);
}

static void copy_line(char *to, const char *line)
{
    snprintf(to, SOAK_TEXT, "%.*s", (int)strcspn(line, "\r\n"), line);
}

/* A run that gave no verdict: the last thing it said. */
static void last_words(const char *text, char *verdict)
{
    size_t end = strlen(text), begin;

    while (end > 0 && strchr(" \t\r\n", text[end - 1]))
        end--;
    for (begin = end; begin > 0 && text[begin - 1] != '\n'; begin--)
        ;
    size_t have = strlen(verdict);
    if (end > begin)
        snprintf(verdict + have, SOAK_TEXT - have, ": %.*s", (int)(end - begin), text + begin);
}

static void read_log(const char *text, struct soak_result *r)
{
    const char *verdict = last_line(text, "verdict   "), *io = last_line(text, "I/O       "), *seed = last_line(text, "seed      ");
    const char *time = last_line(text, "time      "), *stream = seed ? strstr(seed, "event stream ") : NULL;
    uint64_t whole = 0, tenth = 0;

    if (!verdict || !io || !stream || !time) {
        last_words(text, r->verdict);
        return;
    }
    copy_line(r->verdict, verdict);
    r->verified = number_before(verdict, " blocks ");
    r->reads = number_before(io, " reads");
    r->writes = number_before(io, " writes");
    r->hash = strtoull(stream + strlen("event stream "), NULL, 16);
    if (sscanf(time, "%" SCNu64 ".%1" SCNu64, &whole, &tenth) == 2)
        r->simulated_ms = whole * 1000 + tenth * 100;
}

/* How it ended, in words; what it printed may replace them. */
static void describe_end(const struct soak_options *o, const struct host_child_result *how, char *verdict)
{
    if (!how)
        snprintf(verdict, SOAK_TEXT, "STUCK: killed, it neither ended nor used its processor time");
    else if (how->end == HOST_CHILD_OUT_OF_CPU)
        snprintf(verdict, SOAK_TEXT, "OUT OF TIME: %u s of processor time", o->cpu_seconds);
    else if (how->end == HOST_CHILD_CRASHED)
        snprintf(verdict, SOAK_TEXT, "CRASHED: signal or exception 0x%x", (unsigned)how->code);
    else
        snprintf(verdict, SOAK_TEXT, "NO VERDICT, exit code %d", how->code);
}

static void count_fault(struct soak_faults *f, const char *action)
{
    char name[sizeof f->kind[0].name];
    unsigned i;

    if (strncmp(action, "path-fault ", 11) == 0) { /* HBA target N KIND */
        for (i = 0; i < 4 && action; i++) {
            action = strchr(action, ' ');
            action += action != NULL;
        }
        if (!action)
            return;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(action, " \n"), action);
    for (i = 0; i < f->kinds && strcmp(f->kind[i].name, name) != 0; i++)
        ;
    if (i == SOAK_MAX_FAULTS)
        return;
    if (i == f->kinds) {
        memcpy(f->kind[f->kinds++].name, name, sizeof name);
        f->kind[i].count = 0;
    }
    f->kind[i].count++;
}

/* The drawn faults stand in the replay file between its lines `faults N` and `topology NAME`. */
static void read_faults(const char *file, struct soak_faults *faults)
{
    size_t length;
    char *text = host_read_file(file, LOG_LIMIT, &length);
    const char *line = text ? last_line(text, "faults ") : NULL;

    while (line && (line = strchr(line, '\n')) != NULL && strncmp(++line, "topology ", 9) != 0) {
        const char *end = strchr(line, '\n'), *action = strstr(line, " = ");
        if (action && end && action < end)
            count_fault(faults, action + 3);
    }
    free(text);
}

void soak_read(const struct soak_options *o, const struct soak_run *run, const struct host_child_result *how,
               struct soak_result *result, struct soak_faults *faults)
{
    char path[PATH_LIMIT];
    size_t length;

    *result = (struct soak_result){.cpu_ns = how ? how->cpu_ns : 0};
    describe_end(o, how, result->verdict);
    char *text = host_read_file(file_name(o->work, run->seed, LOG, path), LOG_LIMIT, &length);
    if (text)
        read_log(text, result);
    free(text);
    result->good = how && how->end == HOST_CHILD_EXITED && how->code == EXIT_GOOD && result->hash != 0;
    read_faults(file_name(o->work, run->seed, REPLAY, path), faults);
}

/* ---- what stays -------------------------------------------------------------------------------------- */
void soak_clear(const struct soak_options *o, const struct soak_run *run)
{
    char path[PATH_LIMIT];

    for (unsigned file = 0; file < FILES; file++)
        host_remove_file(file_name(o->work, run->seed, file, path));
}

static void print_run(const struct soak_options *o, const struct soak_run *run)
{
    printf("mpio run");
    for (unsigned i = 0; i < o->dsms; i++)
        printf(" --dsm %s", o->dsm[i]);
    if (o->topology)
        printf(" --topology %s", o->topology);
    else
        printf(" --topology %s/%" PRIu64 ".ini", o->keep, run->seed);
    printf(" --seed %" PRIu64 " --for %s --faults %u%s%s\n", run->seed, o->duration, run->world.faults,
           run->world.harsh && !o->gentle ? " --swarm" : "", o->explore || run->world.explore ? " --explore" : "");
}

void soak_keep(const struct soak_options *o, const struct soak_run *run, const struct soak_result *result)
{
    char from[PATH_LIMIT], to[PATH_LIMIT];
    bool kept[FILES] = {false};

    if (!host_make_directory(o->keep))
        fprintf(stderr, "mpio: %s\n", host_error());
    for (unsigned file = 0; file < FILES; file++) {
        size_t length;
        char *text = host_read_file(file_name(o->work, run->seed, file, from), LOG_LIMIT, &length);
        kept[file] = text && host_write_file(file_name(o->keep, run->seed, file, to), text, length);
        free(text);
    }
    printf("seed %" PRIu64 "  %s\n    ", run->seed, result->verdict);
    if (kept[REPLAY]) /* a child that died wrote none */
        printf("mpio replay %s/%" PRIu64 ".replay   mpio shrink %s/%" PRIu64 ".replay\n", o->keep, run->seed, o->keep,
               run->seed);
    else
        print_run(o, run);
    fflush(stdout);
}
