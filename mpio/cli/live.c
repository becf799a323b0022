/* SPDX-License-Identifier: MIT */
/*
 * A run on real paths, seen while it goes on: one line each second (at most LIVE_LINES over the run)
 * with the I/Os of every path since the line before and the state of its instances.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_LINES   60
#define LIVE_COLUMNS 6  /* more paths than this are in the table at the end */

struct column {
    char name[64];
    unsigned hba, target;
    uint64_t before;
};

struct live {
    struct mpio *w;
    uint64_t start, interval, due;
    struct column columns[LIVE_COLUMNS];
    unsigned count;
};

static struct column *find(struct live *l, const struct mpio_path_report *p)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->columns[i].hba == p->hba_ordinal && l->columns[i].target == p->target)
            return &l->columns[i];
    return NULL;
}

/* A column for every path, by HBA and target, while there is room. */
static bool add_columns(struct live *l)
{
    unsigned before = l->count;
    struct mpio_path_report p;

    mpio_paths(l->w);
    for (unsigned i = 0; mpio_path_report(l->w, i, &p); i++) {
        if (find(l, &p) || l->count == LIVE_COLUMNS)
            continue;
        struct column *c = &l->columns[l->count++];
        for (; c > l->columns && (c[-1].hba > p.hba_ordinal || (c[-1].hba == p.hba_ordinal && c[-1].target > p.target)); c--)
            *c = c[-1];
        *c = (struct column){.hba = p.hba_ordinal, .target = p.target};
        memcpy(c->name, p.path, sizeof c->name);
    }
    return l->count != before;
}

static void head(const struct live *l)
{
    fprintf(stderr, "I/Os at  ");
    for (unsigned i = 0; i < l->count; i++)
        fprintf(stderr, "%28s", l->columns[i].name);
    fputc('\n', stderr);
}

struct live *live_begin(struct mpio *w, uint64_t duration)
{
    struct live *l = calloc(1, sizeof *l);
    struct mpio_path_report p;

    if (!l)
        return NULL;
    l->w = w;
    l->start = mpio_now(w);
    l->interval = (duration / LIVE_LINES / MPIO_SECOND + 1) * MPIO_SECOND;
    l->due = l->start + l->interval;
    add_columns(l);
    for (unsigned i = 0; mpio_path_report(w, i, &p); i++) {
        struct column *c = find(l, &p);
        if (c)
            c->before += p.reads + p.writes;
    }
    head(l);
    return l;
}

void live_look(struct live *l)
{
    uint64_t now[LIVE_COLUMNS] = {0};
    const char *state[LIVE_COLUMNS] = {NULL};
    struct mpio_path_report p;

    if (mpio_now(l->w) < l->due)
        return;
    if (add_columns(l))
        head(l);
    for (unsigned i = 0; mpio_path_report(l->w, i, &p); i++) {
        struct column *c = find(l, &p);
        if (!c)
            continue;
        unsigned n = (unsigned)(c - l->columns);
        now[n] += p.reads + p.writes;
        if (!state[n])
            state[n] = strcmp(p.state, "active") == 0 ? "active" : strcmp(p.state, "gone") == 0 ? "gone" : "failed";
    }
    fprintf(stderr, "%6.0f s ", (double)(l->due - l->start) / MPIO_SECOND);
    for (unsigned i = 0; i < l->count; i++) {
        fprintf(stderr, "%19" PRIu64 " %-8s", now[i] - l->columns[i].before, state[i] ? state[i] : "gone");
        l->columns[i].before = now[i];
    }
    fputc('\n', stderr);
    l->due += l->interval;
}

void live_end(struct live *l)
{
    free(l);
}
