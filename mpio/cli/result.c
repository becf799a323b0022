/* SPDX-License-Identifier: MIT */
/*
 * What failed in a run, in words. For mpio shrink in words that are the same for the same failure: rule and source
 * line of a bug check, else the kinds of what the verdict found, without counts, names of machines and times. A run
 * writes them to a file (--result) and mpio shrink reads them there.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/buffer.h"
#include "text/number.h"

#define FIRST_LINE   "OpenMPIO result 1\n"
#define RESULT_LIMIT 65536

static const char *base_name(const char *file)
{
    for (const char *c; (c = strpbrk(file, "/\\")) != NULL;)
        file = c + 1;
    return file;
}

static void put_bugcheck(struct buffer *out, const struct mpio_bugcheck *b)
{
    buffer_printf(out, "failure bug check %s", b->rule);
    if (b->file[0])
        buffer_printf(out, " at %s:%u", base_name(b->file), b->line);
    else if (b->function[0])
        buffer_printf(out, " in %s", b->function);
    buffer_append_text(out, "\n");
}

/* Each number as #: "dsm left pool allocated after unload: # blocks". */
static void put_words(struct buffer *out, const char *kind, const char *text)
{
    buffer_printf(out, "failure %s: ", kind);
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9')
            buffer_append_byte(out, (unsigned char)*c);
        else if (c[1] < '0' || c[1] > '9')
            buffer_append_byte(out, '#');
    }
    buffer_append_text(out, "\n");
}

/* The rule is what stands before the first colon. */
static void put_checks(struct buffer *out, const struct mpio *w)
{
    char text[300], last[300] = "";

    for (unsigned n = 0; mpio_check(w, n, text, sizeof text); n++) {
        text[strcspn(text, ":")] = '\0';
        if (strcmp(text, last) != 0)
            buffer_printf(out, "failure check %s\n", text);
        memcpy(last, text, sizeof last);
    }
}

static void put_data(struct buffer *out, const struct mpio_load_report *l)
{
    const struct {
        const char *kind;
        uint64_t count;
    } kinds[] = {{"stale", l->stale}, {"torn", l->torn}, {"misdirected", l->misdirected}, {"lost", l->lost},
                 {"foreign", l->foreign}};

    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].count)
            buffer_printf(out, "failure data error: %s blocks\n", kinds[i].kind);
}

/* The first finding of the clusters, by name; false: there is none. */
bool cluster_finding(const struct mpio *w, char *text, size_t size)
{
    static const char *const names[MPIO_CLUSTER_FINDINGS] = {
        [MPIO_CLUSTER_SPLIT_BRAIN] = "a write succeeded after another machine had preempted it",
        [MPIO_CLUSTER_UNFENCED] = "a preempted machine is still registered",
        [MPIO_CLUSTER_REFUSED] = "RESERVATION CONFLICT for a machine that nobody had preempted",
        [MPIO_CLUSTER_WRONG_RESERVATION] = "no reservation, or another one, after a preemption",
    };
    struct mpio_cluster_report c;

    for (unsigned n = 0; mpio_cluster_report(w, n, &c); n++) {
        for (unsigned i = 0; i < MPIO_CLUSTER_FINDINGS; i++) {
            if (c.findings[i] == 0)
                continue;
            snprintf(text, size, "%s, %s (%" PRIu64 " times)", c.name, names[i], c.findings[i]);
            return true;
        }
    }
    return false;
}

bool result_any(const struct mpio *w)
{
    struct mpio_load_report l;
    struct mpio_bugcheck b;

    mpio_load_report(w, &l);
    char text[200];
    if (mpio_check(w, 0, text, sizeof text) || (l.errors && !mpio_errors_allowed(w)))
        return true;
    return l.stale + l.torn + l.misdirected + l.lost + l.foreign != 0 || mpio_bugcheck(w, 0, &b);
}

bool result_write(const char *file, const struct mpio *w, uint64_t seen, bool whole)
{
    struct mpio_load_report l;
    struct mpio_bugcheck b;
    struct buffer out = {0};
    char text[300];
    unsigned bugchecks = 0;
    size_t length = 0;

    mpio_load_report(w, &l);
    buffer_printf(&out, FIRST_LINE "events %" PRIu64 "\nseen %" PRIu64 "\n", mpio_events(w), seen);
    while (mpio_bugcheck(w, bugchecks, &b)) {
        put_bugcheck(&out, &b);
        bugchecks++;
    }
    put_data(&out, &l);
    if (cluster_finding(w, text, sizeof text))
        put_words(&out, "cluster", text);
    put_checks(&out, w);
    if (!whole && bugchecks == 0)
        buffer_append_text(&out, "failure not finished\n");
    if (l.errors && !mpio_errors_allowed(w))
        buffer_append_text(&out, "failure I/O errors\n");
    for (unsigned n = 0; mpio_leftover(w, n, text, sizeof text); n++) {
        const char *colon = strstr(text, ": "); /* behind the machine */
        put_words(&out, "left behind", colon ? colon + 2 : text);
    }
    char *bytes = buffer_take(&out, &length);
    bool ok = bytes && host_write_file(file, bytes, length);
    free(bytes);
    return ok;
}

/* The value behind `word ` when the line starts so. */
static const char *value_of(const char *line, const char *word)
{
    size_t length = strlen(word);

    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

bool result_read(const char *file, struct run_result *r)
{
    size_t length = 0;
    char *text = host_read_file(file, RESULT_LIMIT, &length), *line, *end;
    const char *value;
    bool good = text && strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) == 0;

    *r = (struct run_result){.failures = 0};
    for (line = text; good && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if ((value = value_of(line, "events")) != NULL)
            good = text_parse_unsigned(value, 0, UINT64_MAX, &r->events, NULL);
        else if ((value = value_of(line, "seen")) != NULL)
            good = text_parse_unsigned(value, 0, UINT64_MAX, &r->seen, NULL);
        else if ((value = value_of(line, "failure")) != NULL && r->failures < RESULT_FAILURES)
            snprintf(r->failure[r->failures++], RESULT_TEXT, "%s", value);
    }
    free(text);
    return good;
}
