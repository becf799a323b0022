/* SPDX-License-Identifier: MIT */
/*
 * The end of mpio shrink: the smallest run as a scenario file whose head says what fails and how to
 * run it, and the record of one such run.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ARGUMENTS (16 + 4 * CLI_MAX_DSMS)

/* A command: arguments for a child, and the same as a person types it. */
struct command {
    const char *argument[MAX_ARGUMENTS];
    unsigned count;
    struct buffer line;
};

static void add(struct command *c, const char *argument)
{
    bool plain = argument[0] && !strpbrk(argument, " \t\"'$`\\*?;&|<>()#~!");

    c->argument[c->count++] = argument;
    buffer_append_text(&c->line, c->count > 1 ? " " : "");
    if (plain) {
        buffer_append_text(&c->line, argument);
        return;
    }
    buffer_append_text(&c->line, "'");
    for (; *argument; argument++)
        buffer_printf(&c->line, *argument == '\'' ? "'\\%c'" : "%c", *argument);
    buffer_append_text(&c->line, "'");
}

static void add_pair(struct command *c, const char *option, const char *value)
{
    add(c, option);
    add(c, value);
}

static void put_head(struct shrink *s, struct buffer *out, const struct command *c, const char *base,
                     uint64_t base_duration)
{
    struct ini *before = shrink_parse(base), *now = shrink_parse(s->best.text);
    char was[32], is[32];

    shrink_time_text(base_duration, was, sizeof was);
    shrink_time_text(s->best.duration, is, sizeof is);
    buffer_printf(out, "; What fails: %s\n;\n;   %s\n;\n", s->signature, buffer_text(&c->line));
    buffer_printf(out, "; Reduced by mpio shrink from %s, seed %" PRIu64 ". Left are %zu of %zu actions, %zu of %zu sections,\n"
                  "; %zu of %zu lines and %s of %s of load.\n\n",
                  s->file, shrink_seed(now), shrink_action_count(now), shrink_action_count(before), ini_section_count(now),
                  ini_section_count(before), shrink_line_count(now) - shrink_action_count(now),
                  shrink_line_count(before) - shrink_action_count(before), is, was);
    printf("left      %zu of %zu actions, %zu of %zu sections, %s of %s; %u candidates in %.1f s\n",
           shrink_action_count(now), shrink_action_count(before), ini_section_count(now), ini_section_count(before), is, was,
           s->tried, (double)(host_time_ns() - s->start) / 1e9);
    ini_free(before);
    ini_free(now);
}

/* Runs the command with these arguments and waits. */
static bool run(struct shrink *s, const char *const argv[])
{
    struct host_child *child[1] = {host_child_start(argv, NULL, 0)};
    struct host_child_result end;
    uint64_t until = host_time_ns() + s->patience;

    if (!child[0])
        return false;
    while (host_time_ns() < until)
        if (host_child_wait(child, 1, until - host_time_ns(), &end) == 0)
            return true;
    host_child_kill(child[0]);
    return false;
}

/* Does the recorded run of the scenario file still fail in the way it says? */
static bool confirm(struct shrink *s, struct command *c, const char *replay)
{
    struct run_result r;
    uint64_t cpu;

    c->argument[0] = s->program;
    add(c, "--quiet");
    add_pair(c, "--save", replay);
    c->argument[c->count] = NULL;
    host_remove_file(replay);
    s->deadline = host_time_ns() + s->patience; /* the limit is for the search */
    if (strncmp(s->signature, "mpio itself", 11) == 0)
        return run(s, c->argument);
    if (!run(s, c->argument) || !shrink_run(s, replay, &r, &cpu))
        return false;
    for (unsigned i = 0; i < r.failures; i++)
        if (strcmp(r.failure[i], s->signature) == 0)
            return true;
    return false;
}

bool shrink_write(struct shrink *s, const char *base, uint64_t base_duration, const char *out, const char *replay)
{
    struct command c = {.count = 0};
    struct buffer text = {0};
    char time[32];

    shrink_time_text(s->best.duration, time, sizeof time);
    add(&c, "mpio");
    add(&c, "run");
    for (unsigned i = 0; i < s->plan.dsms; i++)
        add_pair(&c, "--dsm", s->plan.dsm[i]);
    for (unsigned i = 0; i < s->plan.infs; i++)
        add_pair(&c, "--inf", s->plan.inf[i]);
    add_pair(&c, "--topology", out);
    add_pair(&c, "--for", time);
    if (s->best.explore)
        add(&c, "--explore");
    put_head(s, &text, &c, base, base_duration);
    buffer_append_text(&text, s->best.text);
    bool ok = !text.failed && host_write_file(out, text.data, text.length);
    buffer_free(&text);
    if (!ok) {
        fprintf(stderr, "mpio: %s\n", host_error());
    } else {
        printf("scenario  %s\nrun it    %s\n", out, buffer_text(&c.line));
        ok = confirm(s, &c, replay);
        if (ok)
            printf("replay    mpio replay %s\n", replay);
        else
            fprintf(stderr, "mpio: %s does not fail as its candidate did; please report this with %s\n", out, s->file);
    }
    buffer_free(&c.line);
    return ok;
}
