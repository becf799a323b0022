/* SPDX-License-Identifier: MIT */
/* mpio run: one run from a plan, with a progress line, the tables at the end and the verdict. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define TRACE_RECORDS (1u << 22) /* of --trace: the last four million, 200 MB */
#define PROGRESS_NS 100000000u
#define SLICE       (MPIO_SECOND / 20)
#define HANG_MILLISECONDS 3000 /* CPU time of driver code without a kernel call */

static double seconds_since(uint64_t start_ns)
{
    return (double)(host_time_ns() - start_ns) / 1e9;
}

static void message(void *user, const char *machine, const char *source, const char *text)
{
    (void)user;
    fprintf(stderr, "%s %s: %s\n", machine, source, text);
}

/* A DSM with AddressSanitizer needs its runtime first in the process: start again with it. */
static void preload(const struct run_plan *plan, char **argv)
{
    const char *library;

    for (unsigned i = 0; i < plan->dsms; i++) {
        if (!mpio_needs_preload(plan->dsm[i], &library))
            continue;
        fprintf(stderr, "mpio: %s was built with AddressSanitizer: starting again with %s\n", plan->dsm[i], library);
        host_reexec(argv, "LD_PRELOAD", library);
        fprintf(stderr, "mpio: %s\n", host_error());
        return;
    }
}

/* On a terminal a line that is drawn over, at most ten times a second; elsewhere a line for each tenth. */
static void progress(struct mpio *w, const struct run_plan *plan, unsigned step, uint64_t start, uint64_t *drawn)
{
    struct mpio_load_report r;
    uint64_t now = host_time_ns();

    bool terminal = host_is_terminal();
    if (plan->quiet || (step < REPORT_SAMPLES && (terminal ? now - *drawn < PROGRESS_NS : step % (REPORT_SAMPLES / 10))))
        return;
    *drawn = now;
    mpio_load_report(w, &r);
    fprintf(stderr, "%s%3u %%  %5.0f s simulated  %9" PRIu64 " I/Os  %4" PRIu64 " errors  %6.1f s wall %s",
            terminal ? "\r" : "", step * 100 / REPORT_SAMPLES, (double)mpio_now(w) / MPIO_SECOND, r.reads + r.writes, r.errors,
            seconds_since(start), terminal && step < REPORT_SAMPLES ? "" : "\n");
    fflush(stderr);
}

/* One of the REPORT_SAMPLES steps. Real time passes in slices, so that Ctrl-C is heard and each second has its line. */
static bool run_step(struct mpio *w, uint64_t end, struct live *live)
{
    while (mpio_now(w) < end && !host_interrupted()) {
        uint64_t left = end - mpio_now(w);
        if (!mpio_run(w, mpio_is_real(w) && left > SLICE ? SLICE : left))
            return false;
        if (live)
            live_look(live);
    }
    return true;
}

static void save(struct run_plan *plan, const struct mpio *w, bool found)
{
    char name[64];
    const char *file = plan->save;

    if (plan->recorded || (!file && !found))
        return;
    if (!file) {
        snprintf(name, sizeof name, "mpio-%" PRIu64 ".replay", plan->seed);
        file = name;
    }
    char *topology = mpio_topology_text(w);
    if (topology && replay_write(file, plan, mpio_fault_plan_text(w), topology))
        printf("replay    mpio replay %s\n%s%s%s", file, found ? "reduce    mpio shrink " : "", found ? file : "",
               found ? "\n" : "");
    else
        fprintf(stderr, "mpio: replay file %s: %s\n", file, topology ? host_error() : "out of memory");
    free(topology);
}

static void trace_line(void *user, const char *text)
{
    fprintf(user, "%s\n", text);
}

static bool write_trace(struct mpio *w, const char *file)
{
    FILE *f = fopen(file, "w");

    if (!f)
        return false;
    mpio_trace_text(w, trace_line, f);
    return fclose(f) == 0;
}

/* Prints the bug checks from number `from` on; answers how many there are in all. */
static unsigned print_bugchecks(struct mpio *w, unsigned from)
{
    char *text;

    for (; (text = mpio_bugcheck_text(w, from)) != NULL; from++) {
        printf("\n%s\n", text);
        free(text);
    }
    return from;
}

static unsigned print_leftovers(struct mpio *w)
{
    char text[200];
    unsigned n = 0;

    while (mpio_leftover(w, n, text, sizeof text))
        printf("%s%s\n", n++ ? "" : "\n", text);
    return n;
}

/* A run under way. */
struct run {
    struct run_plan *plan;
    struct mpio *w;
    struct report *report;
    struct live *live;
    uint64_t start;             /* host_time_ns */
    uint64_t seen;              /* load before something had failed; 0: nothing seen while it ran */
    bool ready;                 /* booted and loaded */
    bool whole;                 /* ran to its end, drained and unloaded */
    unsigned bugchecks, leftovers;
    bool good;
    char verdict[400];
};

/* Without --verbose only what was asked for, and warnings. */
static bool switch_traces(struct run *r)
{
    if (r->plan->trace_count && !r->plan->verbose && !mpio_trace_flags(r->w, NULL, NULL, UINT32_MAX, 3))
        return false;
    for (unsigned i = 0; i < r->plan->trace_count; i++) {
        const struct trace_flags *t = &r->plan->traces[i];
        if (!mpio_trace_flags(r->w, NULL, t->driver, t->flags, t->level))
            return false;
    }
    return true;
}

static unsigned draw_faults(struct run *r)
{
    const struct run_plan *p = r->plan;

    return p->swarm ? mpio_fault_swarm(r->w, p->duration, p->faults, p->faults)
                    : mpio_fault_plan(r->w, p->duration, p->faults, p->faults);
}

static void boot(struct run *r)
{
    bool ok = switch_traces(r);

    for (unsigned i = 0; i < r->plan->infs && ok; i++)
        ok = mpio_install_inf(r->w, NULL, r->plan->inf[i]);
    for (unsigned i = 0; i < r->plan->dsms && ok; i++)
        ok = mpio_load_dsm(r->w, NULL, r->plan->dsm[i]);
    r->ready = ok && mpio_boot(r->w) && (!r->plan->lines || mpio_fault_plan_read(r->w, r->plan->lines)) &&
               (r->plan->faults == 0 || draw_faults(r) > 0) && mpio_load_start(r->w);
}

/* Is the run more work than mpio shrink wants to see? */
static bool too_much(const struct run *r)
{
    return r->plan->most_events && mpio_events(r->w) > r->plan->most_events;
}

static void drive(struct run *r)
{
    uint64_t begun = mpio_now(r->w), drawn = 0;
    bool ok = true;

    r->report = report_begin(r->w, r->plan->duration);
    if (mpio_is_real(r->w) && !r->plan->quiet)
        r->live = live_begin(r->w, r->plan->duration);
    host_catch_interrupt();
    for (unsigned step = 1; step <= REPORT_SAMPLES && ok && !host_interrupted() && !too_much(r); step++) {
        ok = run_step(r->w, begun + r->plan->duration / REPORT_SAMPLES * step, r->live);
        if (!r->seen && r->plan->result && result_any(r->w))
            r->seen = mpio_now(r->w) - begun;
        if (ok)
            report_sample(r->report);
        if (ok && !r->live)
            progress(r->w, r->plan, step, r->start, &drawn);
    }
    if (host_interrupted())
        fprintf(stderr, "\nmpio: interrupted; the run ends here\n");
    live_end(r->live);
    r->whole = ok && mpio_load_stop(r->w);
    mpio_paths(r->w);
}

/* The rules are in docs/contract/02-framework-choices.md (Verdict); the first that is broken names it. */
static void judge(struct run *r)
{
    struct mpio_load_report l;
    char *text = r->verdict, check[300], failed[160] = "";
    size_t size = sizeof r->verdict;

    mpio_load_report(r->w, &l);
    uint64_t bad = l.stale + l.torn + l.misdirected + l.lost + l.foreign;
    const char *allowed = mpio_errors_allowed(r->w);
    bool checked = !mpio_check(r->w, 0, check, sizeof check), errors = l.errors && !allowed;
    char cluster[300];
    bool whole_clusters = !cluster_finding(r->w, cluster, sizeof cluster);
    r->good = bad == 0 && !errors && checked && whole_clusters && r->bugchecks == 0 && r->leftovers == 0 && r->whole;
    if (l.errors && allowed)
        snprintf(failed, sizeof failed, "; %" PRIu64 " requests failed, which is allowed: %s", l.errors, allowed);
    if (r->bugchecks)
        snprintf(text, size, "BUG CHECK");
    else if (bad)
        snprintf(text, size, "DATA ERRORS: %" PRIu64 " stale, %" PRIu64 " torn, %" PRIu64 " misdirected, %" PRIu64
                 " lost, %" PRIu64 " foreign blocks", l.stale, l.torn, l.misdirected, l.lost, l.foreign);
    else if (!whole_clusters)
        snprintf(text, size, "CLUSTER ERRORS: %s", cluster);
    else if (!checked)
        snprintf(text, size, "CHECK FAILED: %s", check);
    else if (!r->whole)
        snprintf(text, size, "NOT FINISHED: %.200s", mpio_error(r->w));
    else if (errors)
        snprintf(text, size, "I/O ERRORS: %" PRIu64 " requests failed (data verified: %" PRIu64 " blocks good)", l.errors,
                 l.verified_blocks);
    else if (r->leftovers)
        snprintf(text, size, "LEFT BEHIND: %u at unload (data verified: %" PRIu64 " blocks good)", r->leftovers,
                 l.verified_blocks);
    else
        snprintf(text, size, "GOOD: %" PRIu64 " blocks verified, none stale, torn, misdirected or lost%s",
                 l.verified_blocks, failed);
}

static void print_checks(struct mpio *w)
{
    char text[300];
    unsigned n = 0;

    for (; mpio_check(w, n, text, sizeof text); n++)
        printf("%s%s\n", n ? "" : "\n", text);
}

static void print_end(const struct run *r, double wall)
{
    struct mpio_load_report l;
    double simulated = (double)mpio_now(r->w) / MPIO_SECOND;

    mpio_load_report(r->w, &l);
    printf("\nverdict   %s\n", r->verdict);
    printf("I/O       %" PRIu64 " reads, %" PRIu64 " writes, longest stall %.3f s\n", l.reads, l.writes,
           (double)l.longest_stall / MPIO_SECOND);
    print_clusters(r->w);
    printf("seed      %" PRIu64 "   event stream %016" PRIx64 "\n", r->plan->seed, r->plan->hash);
    if (mpio_is_real(r->w))
        printf("time      %.1f s on real paths\n", wall);
    else
        printf("time      %.1f s simulated in %.2f s wall (%.0f x)\n", simulated, wall, wall > 0 ? simulated / wall : 0.0);
}

static void write_files(const struct run *r, double wall)
{
    if (r->report && r->plan->report) {
        if (report_write(r->report, r->plan->report, r->plan, r->verdict, r->good, wall))
            printf("report    %s\n", r->plan->report);
        else
            fprintf(stderr, "mpio: report %s: %s\n", r->plan->report, host_error());
    }
    if (r->plan->trace && !write_trace(r->w, r->plan->trace))
        fprintf(stderr, "mpio: trace %s cannot be written\n", r->plan->trace);
    save(r->plan, r->w, !r->good && !mpio_is_real(r->w)); /* real paths do not come again */
    if (r->plan->result && !result_write(r->plan->result, r->w, r->seen, r->whole))
        fprintf(stderr, "mpio: result %s: %s\n", r->plan->result, host_error());
}

int run_plan_execute(struct run_plan *plan, char **argv)
{
    char error[700];
    struct run r = {.plan = plan};
    struct mpio_options options = {
        .topology_file = plan->topology,
        .topology_text = plan->topology_text,
        .seed = plan->seed,
        .explore = plan->explore,
        .message = plan->verbose || plan->trace_count ? message : NULL,
        .trace_records = plan->trace ? TRACE_RECORDS : 0,
    };

    if (argv)
        preload(plan, argv);
    r.w = mpio_create(&options, error, sizeof error);
    if (!r.w) {
        fprintf(stderr, "mpio: %s\n", error);
        return EXIT_USAGE;
    }
    plan->seed = mpio_seed(r.w);
    r.start = host_time_ns();
    host_watchdog(HANG_MILLISECONDS);
    boot(&r);
    if (r.ready)
        drive(&r);
    double wall = seconds_since(r.start);
    r.bugchecks = print_bugchecks(r.w, 0);
    int code = EXIT_USAGE;
    if (r.ready || r.bugchecks) {
        if (r.ready) {
            print_disks(r.w);
            print_paths(r.w);
            report_close(r.report);
        }
        if (r.whole && r.bugchecks == 0) {
            r.whole = mpio_shutdown(r.w);
            r.bugchecks = print_bugchecks(r.w, 0);
            r.leftovers = print_leftovers(r.w);
        }
        plan->hash = mpio_hash(r.w);
        print_checks(r.w);
        judge(&r);
        print_end(&r, wall);
        write_files(&r, wall);
        code = r.bugchecks ? EXIT_BUGCHECK : r.good ? EXIT_GOOD : EXIT_FOUND;
    } else {
        fprintf(stderr, "mpio: %s\n", mpio_error(r.w));
    }
    report_end(r.report);
    mpio_destroy(r.w);
    return code;
}
