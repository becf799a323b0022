/* SPDX-License-Identifier: MIT */
/*
 * The report page: one HTML file with everything inside. Its picture shows I/O per second of every
 * path over simulated time, one band per path, with the faults marked; below it the tables and what
 * happened when.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/buffer.h"
#include "text/html.h"

#define MAX_BANDS 32
#define MAX_MARKS 4000
#define CHART_WIDTH  1000
#define BAND_HEIGHT  64
#define BAND_GAP     14
#define LEFT_MARGIN  170

struct band {
    char name[112];
    unsigned hba, target;
    uint64_t total[REPORT_SAMPLES + 1]; /* cumulative I/Os at the end of each step */
};

struct report {
    struct mpio *w;
    uint64_t start, duration;
    unsigned samples;
    struct band bands[MAX_BANDS];
    unsigned band_count;
    struct mpio_mark marks[MAX_MARKS]; /* the event log leaves room for the rest */
    unsigned mark_count, marks_lost;
    struct buffer body;         /* picture and tables, as they were at report_close */
};

static void add_mark(void *user, const struct mpio_mark *m)
{
    struct report *r = user;

    unsigned limit = strcmp(m->kind, "event-log") == 0 ? MAX_MARKS / 2 : MAX_MARKS;
    if (r->mark_count < limit)
        r->marks[r->mark_count++] = *m;
    else
        r->marks_lost++;
}

struct report *report_begin(struct mpio *w, uint64_t duration)
{
    struct report *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->w = w;
    r->start = mpio_now(w);
    r->duration = duration;
    mpio_on_mark(w, add_mark, r);
    return r;
}

static struct band *find_band(struct report *r, const struct mpio_path_report *p)
{
    for (unsigned i = 0; i < r->band_count; i++)
        if (r->bands[i].hba == p->hba_ordinal && r->bands[i].target == p->target)
            return &r->bands[i];
    if (r->band_count == MAX_BANDS)
        return NULL;
    struct band *b = &r->bands[r->band_count++];
    b->hba = p->hba_ordinal;
    b->target = p->target;
    snprintf(b->name, sizeof b->name, "%s  %s", p->machine, p->path);
    return b;
}

void report_sample(struct report *r)
{
    struct mpio_path_report p;

    if (!r || r->samples == REPORT_SAMPLES)
        return;
    unsigned s = ++r->samples;
    mpio_paths(r->w);
    uint64_t now[MAX_BANDS] = {0};
    for (unsigned i = 0; mpio_path_report(r->w, i, &p); i++) {
        struct band *b = find_band(r, &p);
        if (b)
            now[b - r->bands] += p.reads + p.writes;
    }
    for (unsigned b = 0; b < r->band_count; b++)
        r->bands[b].total[s] = now[b];
}

static double x_of(const struct report *r, uint64_t time)
{
    double part = time > r->start ? (double)(time - r->start) / (double)r->duration : 0;

    return LEFT_MARGIN + (part > 1 ? 1 : part) * CHART_WIDTH;
}

static const char *mark_class(const char *kind)
{
    if (strcmp(kind, "fault") == 0)
        return "fault";
    if (strcmp(kind, "bugcheck") == 0 || strcmp(kind, "check") == 0)
        return "bad";
    return strcmp(kind, "failover") == 0 ? "failover" : NULL;
}

static void chart(const struct report *r, struct buffer *out)
{
    unsigned height = r->band_count * (BAND_HEIGHT + BAND_GAP) + 50;
    uint64_t most = 1;

    for (unsigned b = 0; b < r->band_count; b++)
        for (unsigned s = 1; s <= r->samples; s++) {
            uint64_t d = r->bands[b].total[s] - r->bands[b].total[s - 1];
            if (d > most)
                most = d;
        }
    double step_seconds = (double)r->duration / REPORT_SAMPLES / MPIO_SECOND;
    buffer_printf(out, "<svg viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"I/O per path over time\">\n",
                  LEFT_MARGIN + CHART_WIDTH + 20, height);
    for (unsigned m = 0; m < r->mark_count; m++) {
        const char *class = mark_class(r->marks[m].kind);
        if (!class)
            continue;
        double x = x_of(r, r->marks[m].time);
        buffer_printf(out, "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"4\" y2=\"%u\"><title>%.3f s ", class, x, x,
                      height - 44, (double)r->marks[m].time / MPIO_SECOND);
        html_append_text(out, r->marks[m].text);
        buffer_append_text(out, "</title></line>\n");
    }
    for (unsigned b = 0; b < r->band_count; b++) {
        unsigned base = (b + 1) * (BAND_HEIGHT + BAND_GAP);
        buffer_printf(out, "<text class=\"name\" x=\"0\" y=\"%u\">", base - BAND_HEIGHT / 2);
        html_append_text(out, r->bands[b].name);
        buffer_printf(out, "</text><path class=\"band b%u\" d=\"M%d %u", b % 6, LEFT_MARGIN, base);
        for (unsigned s = 1; s <= r->samples; s++) {
            uint64_t d = r->bands[b].total[s] - r->bands[b].total[s - 1];
            double y = base - (double)d / (double)most * BAND_HEIGHT;
            buffer_printf(out, "L%.1f %.1fL%.1f %.1f", LEFT_MARGIN + (s - 1.0) * CHART_WIDTH / REPORT_SAMPLES, y,
                          LEFT_MARGIN + (double)s * CHART_WIDTH / REPORT_SAMPLES, y);
        }
        buffer_printf(out, "L%.1f %uZ\"/><line class=\"base\" x1=\"%d\" x2=\"%d\" y1=\"%u\" y2=\"%u\"/>\n",
                      LEFT_MARGIN + (double)r->samples * CHART_WIDTH / REPORT_SAMPLES, base, LEFT_MARGIN,
                      LEFT_MARGIN + CHART_WIDTH, base, base);
    }
    for (unsigned t = 0; t <= 10; t++)
        buffer_printf(out, "<text class=\"tick\" x=\"%u\" y=\"%u\">%.0f s</text>\n", LEFT_MARGIN + t * CHART_WIDTH / 10,
                      height - 24, (double)(r->start + r->duration / 10 * t) / MPIO_SECOND);
    buffer_printf(out, "<text class=\"tick\" x=\"%u\" y=\"%u\">simulated time; full height of a band: %.0f I/O per second"
                  "</text></svg>\n", LEFT_MARGIN + CHART_WIDTH / 2, height - 6, (double)most / step_seconds);
}

static void tables(const struct report *r, struct buffer *out)
{
    struct mpio_load_report l;
    struct mpio_path_report p;
    struct mpio_disk_info d;

    buffer_append_text(out, "<h2>LUNs</h2><table><tr><th>LUN<th>machine<th>serial<th>state<th>reads<th>writes<th>errors"
                            "<th>blocks verified<th>longest stall</tr>\n");
    for (unsigned i = 0; mpio_disk_info(r->w, i, &d); i++) {
        mpio_load_report_disk(r->w, i, &l);
        buffer_append_text(out, "<tr><td>");
        html_append_text(out, d.name);
        buffer_append_text(out, "<td>");
        html_append_text(out, d.machine);
        buffer_append_text(out, "<td>");
        html_append_text(out, d.serial);
        buffer_printf(out, "<td>%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%.3f s</tr>\n",
                      d.present ? "present" : "gone", l.reads, l.writes, l.errors, l.verified_blocks,
                      (double)l.longest_stall / MPIO_SECOND);
    }
    buffer_append_text(out, "</table><h2>Paths</h2><table><tr><th>LUN<th>path<th>state<th>reads<th>writes<th>bytes"
                            "<th>retries<th>errors<th>failovers<th>longest stall</tr>\n");
    for (unsigned i = 0; mpio_path_report(r->w, i, &p); i++) {
        buffer_append_text(out, "<tr><td>");
        html_append_text(out, p.disk);
        buffer_append_text(out, "<td>");
        html_append_text(out, p.path);
        buffer_printf(out, "<td class=\"%s\">%s<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64 "<td>%" PRIu64
                      "<td>%" PRIu64 "<td>%.3f s</tr>\n", strcmp(p.state, "active") ? "off" : "on", p.state, p.reads, p.writes,
                      p.bytes, p.retries, p.errors, p.failovers, (double)p.longest_stall / MPIO_SECOND);
    }
    buffer_append_text(out, "</table>\n");
}

static void marks(const struct report *r, struct buffer *out)
{
    buffer_append_text(out, "<h2>What happened</h2><table><tr><th>time<th>machine<th>kind<th>what</tr>\n");
    for (unsigned m = 0; m < r->mark_count; m++) {
        buffer_printf(out, "<tr><td>%.3f s<td>", (double)r->marks[m].time / MPIO_SECOND);
        html_append_text(out, r->marks[m].machine);
        buffer_printf(out, "<td>%s<td>", r->marks[m].kind);
        html_append_text(out, r->marks[m].text);
        buffer_append_text(out, "</tr>\n");
    }
    buffer_append_text(out, "</table>\n");
    if (r->marks_lost)
        buffer_printf(out, "<p>%u more are not shown.</p>\n", r->marks_lost);
}

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "h1{margin-bottom:.2em}.verdict{display:inline-block;padding:.3em .8em;border-radius:4px;font-weight:600}"
    ".good{background:#dff3e3;color:#14532d}.bad{background:#fde2e2;color:#7f1d1d}"
    "table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}"
    "td,th{padding:.2em .7em;border-bottom:1px solid #ddd;text-align:left}"
    ".on{color:#14532d}.off{color:#b91c1c}code{background:#f3f4f6;padding:.1em .3em}"
    "svg{width:100%;height:auto;margin-top:1em}.name{font-size:11px}.tick{font-size:11px;fill:#666;text-anchor:middle}"
    ".base{stroke:#bbb}.band{opacity:.85}.b0{fill:#2563eb}.b1{fill:#0d9488}.b2{fill:#d97706}.b3{fill:#7c3aed}"
    ".b4{fill:#4d7c0f}.b5{fill:#be185d}line.fault{stroke:#dc2626;stroke-width:1.2}"
    "line.failover{stroke:#9ca3af;stroke-dasharray:3 3}line.bad{stroke:#000;stroke-width:2}";

void report_close(struct report *r)
{
    if (!r)
        return;
    buffer_append_text(&r->body, "<h2>I/O per path</h2><p>Red lines are faults, dashed lines failovers; point at one to "
                                 "read it.</p>\n");
    chart(r, &r->body);
    tables(r, &r->body);
    marks(r, &r->body);
    mpio_on_mark(r->w, NULL, NULL);
}

bool report_write(struct report *r, const char *file, const struct run_plan *plan, const char *verdict, bool good,
                  double wall_seconds)
{
    struct buffer out;

    buffer_init(&out, 0);
    buffer_printf(&out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>OpenMPIO run</title>"
                  "<meta name=\"viewport\" content=\"width=device-width\"><style>%s</style></head><body>\n"
                  "<h1>OpenMPIO run</h1><p class=\"verdict %s\">", style, good ? "good" : "bad");
    html_append_text(&out, verdict);
    buffer_append_text(&out, "</p><p>DSM ");
    for (unsigned i = 0; i < plan->dsms; i++) {
        buffer_append_text(&out, i ? ", <code>" : "<code>");
        html_append_text(&out, plan->dsm[i]);
        buffer_append_text(&out, "</code>");
    }
    buffer_append_text(&out, " on <code>");
    html_append_text(&out, plan->topology);
    buffer_printf(&out, "</code>, seed %" PRIu64 ", %.1f s of simulated time in %.2f s, event stream "
                  "<code>%016" PRIx64 "</code>.</p>\n", plan->seed, (double)mpio_now(r->w) / MPIO_SECOND, wall_seconds,
                  plan->hash);
    buffer_append(&out, r->body.data, r->body.length);
    buffer_append_text(&out, "</body></html>\n");
    bool ok = !out.failed && !r->body.failed && host_write_file(file, buffer_text(&out), out.length);
    buffer_free(&out);
    return ok;
}

void report_end(struct report *r)
{
    if (r)
        buffer_free(&r->body);
    free(r);
}
