/* SPDX-License-Identifier: MIT */
/* mpio run: one run from a plan, with a progress line, the tables at the end and the verdict. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

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

static bool write_trace(struct mpio *w, const char *file);

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

static void save(struct run_plan *plan, bool found)
{
    char name[64];
    const char *file = plan->save;

    if (plan->recorded || (!file && !found))
        return;
    if (!file) {
        snprintf(name, sizeof name, "mpio-%" PRIu64 ".replay", plan->seed);
        file = name;
    }
    size_t length;
    char *text = plan->topology_text ? NULL : host_read_file(plan->topology, 4u << 20, &length);
    if (replay_write(file, plan, plan->topology_text ? plan->topology_text : text))
        printf("replay    mpio replay %s\n", file);
    else
        fprintf(stderr, "mpio: replay file %s: %s\n", file, host_error());
    free(text);
}

static int print_bugchecks(struct mpio *w)
{
    int count = 0;
    char *text;

    for (unsigned i = 0; (text = mpio_bugcheck_text(w, i)) != NULL; i++) {
        printf("\n%s\n", text);
        free(text);
        count++;
    }
    return count;
}

static unsigned print_leftovers(struct mpio *w)
{
    char text[200];
    unsigned n = 0;

    while (mpio_leftover(w, n, text, sizeof text))
        printf("%s%s\n", n++ ? "" : "\n", text);
    return n;
}

static void verdict_text(const struct mpio_load_report *r, int bugchecks, unsigned leftovers, bool unloaded, char *text, size_t size, bool *good)
{
    uint64_t bad = r->stale + r->torn + r->misdirected + r->lost + r->foreign;

    *good = bad == 0 && r->errors == 0 && bugchecks == 0 && leftovers == 0 && unloaded;
    if (bugchecks)
        snprintf(text, size, "BUG CHECK");
    else if (bad)
        snprintf(text, size, "DATA ERRORS: %" PRIu64 " stale, %" PRIu64 " torn, %" PRIu64 " misdirected, %" PRIu64
                 " lost, %" PRIu64 " foreign blocks", r->stale, r->torn, r->misdirected, r->lost, r->foreign);
    else if (r->errors)
        snprintf(text, size, "I/O ERRORS: %" PRIu64 " requests failed (data verified: %" PRIu64 " blocks good)",
                 r->errors, r->verified_blocks);
    else if (!unloaded)
        snprintf(text, size, "UNLOAD FAILED (data verified: %" PRIu64 " blocks good)", r->verified_blocks);
    else if (leftovers)
        snprintf(text, size, "LEFT BEHIND: %u at unload (data verified: %" PRIu64 " blocks good)", leftovers,
                 r->verified_blocks);
    else
        snprintf(text, size, "GOOD: %" PRIu64 " blocks verified, none stale, torn, misdirected or lost",
                 r->verified_blocks);
}

int run_plan_execute(struct run_plan *plan, char **argv)
{
    char error[700];
    struct mpio_options options = {
        .topology_file = plan->topology,
        .topology_text = plan->topology_text,
        .seed = plan->seed,
        .explore = plan->explore,
        .message = plan->verbose ? message : NULL,
    };

    if (argv)
        preload(plan, argv);
    struct mpio *w = mpio_create(&options, error, sizeof error);
    if (!w) {
        fprintf(stderr, "mpio: %s\n", error);
        return EXIT_USAGE;
    }
    plan->seed = mpio_seed(w);
    host_watchdog(HANG_MILLISECONDS);
    uint64_t start = host_time_ns(), drawn = 0;
    bool ready = true;
    for (unsigned i = 0; i < plan->dsms && ready; i++)
        ready = mpio_load_dsm(w, NULL, plan->dsm[i]);
    struct mpio_bugcheck dead;
    struct report *report = NULL;
    struct live *live = NULL;
    bool ran = false, clean = true;
    if (ready)
        ready = mpio_boot(w);
    if (ready && plan->faults)
        ready = mpio_fault_plan(w, plan->duration, plan->faults, plan->faults) > 0;
    if (ready)
        ready = mpio_load_start(w);
    if (ready) {
        report = report_begin(w, plan->duration);
        if (mpio_is_real(w) && !plan->quiet)
            live = live_begin(w, plan->duration);
        uint64_t begun = mpio_now(w);
        ran = true;
        host_catch_interrupt();
        for (unsigned step = 1; step <= REPORT_SAMPLES && !host_interrupted(); step++) {
            ran = run_step(w, begun + plan->duration / REPORT_SAMPLES * step, live);
            if (!ran)
                break;
            report_sample(report);
            if (!live)
                progress(w, plan, step, start, &drawn);
        }
        if (host_interrupted())
            fprintf(stderr, "\nmpio: interrupted; the run ends here\n");
        live_end(live);
        if (ran)
            clean = mpio_load_stop(w);
        mpio_paths(w);
    }
    int bugchecks = print_bugchecks(w);
    if (!ready && !bugchecks) {
        fprintf(stderr, "mpio: %s\n", mpio_error(w));
        report_end(report);
        mpio_destroy(w);
        return EXIT_USAGE;
    }

    struct mpio_load_report total;
    char verdict[300];
    bool good;
    double wall = seconds_since(start);
    double simulated = (double)mpio_now(w) / MPIO_SECOND;
    mpio_load_report(w, &total);
    if (ready) {
        print_disks(w);
        print_paths(w);
    }
    report_close(report);
    if (ran && clean && !bugchecks) {
        clean = mpio_shutdown(w);
        bugchecks = print_bugchecks(w);
    }
    plan->hash = mpio_hash(w);
    if (!clean && !bugchecks)
        printf("\n%s\n", mpio_error(w));
    verdict_text(&total, bugchecks, print_leftovers(w), clean, verdict, sizeof verdict, &good);
    printf("\nverdict   %s\n", verdict);
    printf("I/O       %" PRIu64 " reads, %" PRIu64 " writes, longest stall %.3f s\n", total.reads, total.writes,
           (double)total.longest_stall / MPIO_SECOND);
    printf("seed      %" PRIu64 "   event stream %016" PRIx64 "\n", plan->seed, plan->hash);
    if (mpio_is_real(w))
        printf("time      %.1f s on real paths\n", wall);
    else
        printf("time      %.1f s simulated in %.2f s wall (%.0f x)\n", simulated, wall, wall > 0 ? simulated / wall : 0.0);
    if (report && plan->report) {
        if (report_write(report, plan->report, plan, verdict, good, wall))
            printf("report    %s\n", plan->report);
        else
            fprintf(stderr, "mpio: report %s: %s\n", plan->report, host_error());
    }
    if (plan->trace && !write_trace(w, plan->trace))
        fprintf(stderr, "mpio: trace %s: %s\n", plan->trace, host_error());
    save(plan, !good && !mpio_is_real(w)); /* real paths do not come again */
    report_end(report);
    int code = bugchecks || mpio_bugcheck(w, 0, &dead) ? EXIT_BUGCHECK : good ? EXIT_GOOD : EXIT_FOUND;
    mpio_destroy(w);
    return code;
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
