/* SPDX-License-Identifier: MIT */
/* mpio: command line. Parses arguments; the work is in run.c, replay.c and report.c. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

static const char usage[] =
    "mpio " MPIO_VERSION " - runs Windows MPIO device-specific modules on simulated and real storage\n"
    "\n"
    "  mpio run --dsm FILE [--dsm FILE ...] --topology FILE [options]\n"
    "  mpio target --topology FILE --listen ADDRESS:PORT[,...] [options]\n"
    "  mpio check-topology FILE     say what a topology file describes, or what is wrong with it\n"
    "  mpio replay FILE             run a recorded run again and compare\n"
    "  mpio shrink FILE             reduce a failing recorded run to a small scenario; 'mpio shrink --help' tells more\n"
    "  mpio soak --dsm FILE         random worlds with random faults by the thousand; 'mpio soak --help' tells more\n"
    "  mpio install FILE.inf --registry FILE.reg    install a driver information file; 'mpio install --help' tells more\n"
    "  mpio uninstall NAME --registry FILE.reg      take it out again: the registry is as before\n"
    "  mpio newdsm NAME DIR         start a DSM of your own; 'mpio newdsm --help' tells more\n"
    "  mpio --help | --version\n"
    "\n"
    "options of run\n"
    "  --dsm FILE        a DSM built with ddk/dsm.mk; several are asked in this order\n"
    "  --inf FILE        install this INF into the machines' registries first; its device ids are what MPIO takes\n"
    "  --topology FILE   machines, HBAs, arrays, LUNs, load, timeline (docs/examples/)\n"
    "  --seed N          every random decision comes from it (default: the topology's, or 1)\n"
    "  --for TIME        simulated time to run: 10s, 30min, 2h (default 1min)\n"
    "  --faults N        also draw N faults from the seed, as a good stack bears them without an I/O error\n"
    "  --swarm           draw them from the whole menu (without --faults: 12); some then allow I/O errors\n"
    "  --explore         draw scheduling decisions from the seed too\n"
    "  --report FILE     write one self-contained HTML page\n"
    "  --save FILE       write a replay file (always written when something was found)\n"
    "  --trace FILE      write the event stream as text\n"
    "  --trace-flags DRIVER[/PROVIDER]=FLAGS[:LEVEL]\n"
    "                    show trace messages (WPP) of a driver: FLAGS such as 0x1f or all, LEVEL 1 to 5 (default 5)\n"
    "  --quiet           no progress line    --verbose  show driver messages and the event log\n"
    "\n"
    "options of target: the topology's arrays as an iSCSI target (docs/howto-iscsi-target.md)\n"
    "  --listen A:P[,..] addresses, as array ports 0, 1, ...; A:P=N for port N; not loopback: needs CHAP\n"
    "  --array NAME      only this array\n"
    "  --control SOCKET  takes faults while it runs: one line each, `help` lists them\n"
    "  --no-auth         nobody needs CHAP, on whatever address\n"
    "\n"
    "exit codes: 0 good, 1 the run found an error, 2 usage or set-up error, 3 bug check\n"
    "\n"
    "examples\n"
    "  mpio run --dsm build/dsm_sample.so --topology docs/examples/demo.ini --for 30min\n"
    "  mpio run --dsm mydsm.so --topology docs/examples/two-paths.ini --seed 7 --faults 20\n";

static int complain(const char *what, const char *argument)
{
    fprintf(stderr, "mpio: %s%s%s; 'mpio --help' shows the usage\n", what, argument ? ": " : "", argument ? argument : "");
    return EXIT_USAGE;
}

/* DRIVER[/PROVIDER]=FLAGS[:LEVEL] */
static bool parse_trace_flags(const char *value, struct trace_flags *t)
{
    struct text_error error;
    const char *equal = strchr(value, '='), *colon = equal ? strchr(equal, ':') : NULL;
    char flags[16];
    uint64_t number = UINT32_MAX, level = 5;

    if (!equal || equal == value || (size_t)(equal - value) >= sizeof t->driver)
        return false;
    snprintf(t->driver, sizeof t->driver, "%.*s", (int)(equal - value), value);
    size_t length = colon ? (size_t)(colon - equal - 1) : strlen(equal + 1);
    if (length >= sizeof flags)
        return false;
    snprintf(flags, sizeof flags, "%.*s", (int)length, equal + 1);
    if (strcmp(flags, "all") != 0 && !text_parse_unsigned(flags, 0, UINT32_MAX, &number, &error))
        return false;
    if (colon && !text_parse_unsigned(colon + 1, 0, UINT8_MAX, &level, &error))
        return false;
    t->flags = (uint32_t)number;
    t->level = (unsigned)level;
    return true;
}

static int command_run(int argc, char **argv, char **all)
{
    struct run_plan plan = {.duration = 60 * MPIO_SECOND};
    struct text_error error;
    uint64_t number;

    for (int i = 0; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--explore") == 0) {
            plan.explore = true;
            continue;
        }
        if (strcmp(name, "--swarm") == 0) {
            plan.swarm = true;
            continue;
        }
        if (strcmp(name, "--quiet") == 0) {
            plan.quiet = true;
            continue;
        }
        if (strcmp(name, "--verbose") == 0) {
            plan.verbose = true;
            continue;
        }
        static const char *const with_value[] = {"--dsm", "--topology", "--seed", "--for", "--faults", "--report",
                                                 "--save", "--trace", "--trace-flags", "--inf"};
        unsigned which = 0;
        while (which < sizeof with_value / sizeof *with_value && strcmp(name, with_value[which]) != 0)
            which++;
        if (which == sizeof with_value / sizeof *with_value)
            return complain("unknown option", name);
        if (!value)
            return complain("option needs a value", name);
        i++;
        switch (which) {
        case 0:
            if (plan.dsms == CLI_MAX_DSMS)
                return complain("more than 16 DSMs", NULL);
            plan.dsm[plan.dsms++] = value;
            break;
        case 1: plan.topology = value; break;
        case 2:
            if (!text_parse_unsigned(value, 1, UINT64_MAX, &plan.seed, &error)) {
                fprintf(stderr, "mpio: --seed: %s\n", error.message);
                return EXIT_USAGE;
            }
            break;
        case 3:
            if (!text_parse_time(value, &plan.duration, &error) || plan.duration == 0) {
                fprintf(stderr, "mpio: --for: %s\n", plan.duration ? error.message : "must be longer than 0");
                return EXIT_USAGE;
            }
            break;
        case 4:
            if (!text_parse_unsigned(value, 0, 1000, &number, &error)) {
                fprintf(stderr, "mpio: --faults: %s\n", error.message);
                return EXIT_USAGE;
            }
            plan.faults = (unsigned)number;
            break;
        case 5: plan.report = value; break;
        case 6: plan.save = value; break;
        case 7: plan.trace = value; break;
        case 8:
            if (plan.trace_count == CLI_MAX_TRACES)
                return complain("more than 32 --trace-flags", NULL);
            if (!parse_trace_flags(value, &plan.traces[plan.trace_count++]))
                return complain("--trace-flags is written as DRIVER[/PROVIDER]=FLAGS[:LEVEL], for example mydsm=0x1f:5, not", value);
            break;
        case 9:
            if (plan.infs == CLI_MAX_DSMS)
                return complain("more than 16 INFs", NULL);
            plan.inf[plan.infs++] = value;
            break;
        }
    }
    if (plan.swarm && plan.faults == 0)
        plan.faults = 12;
    if (plan.dsms == 0)
        return complain("no --dsm given", NULL);
    if (!plan.topology)
        return complain("no --topology given", NULL);
    return run_plan_execute(&plan, all);
}

static int command_check(int argc, char **argv)
{
    char *text = NULL;

    if (argc != 1)
        return complain("check-topology takes one file", NULL);
    bool ok = mpio_check_topology(argv[0], &text);
    fprintf(ok ? stdout : stderr, "%s%s", text ? text : "out of memory", ok ? "" : "\n");
    free(text);
    return ok ? EXIT_GOOD : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return complain("no command", NULL);
    if (argc > 2 && strcmp(argv[1], "newdsm") == 0 && strcmp(argv[2], "--help") == 0) {
        newdsm_help();
        return EXIT_GOOD;
    }
    if (argc > 2 && strstr(argv[1], "install") && strcmp(argv[2], "--help") == 0) {
        install_help();
        return EXIT_GOOD;
    }
    if (argc > 2 && strcmp(argv[1], "soak") == 0 && strcmp(argv[2], "--help") == 0) {
        soak_help();
        return EXIT_GOOD;
    }
    if (argc > 2 && strcmp(argv[1], "shrink") == 0 && strcmp(argv[2], "--help") == 0) {
        shrink_help();
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0 ||
        (argc > 2 && strcmp(argv[2], "--help") == 0)) {
        fputs(usage, stdout);
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("mpio " MPIO_VERSION);
        return EXIT_GOOD;
    }
    if (strcmp(argv[1], "run") == 0)
        return command_run(argc - 2, argv + 2, argv);
    if (strcmp(argv[1], "check-topology") == 0)
        return command_check(argc - 2, argv + 2);
    if (strcmp(argv[1], "target") == 0)
        return command_target(argc - 2, argv + 2);
    if (strcmp(argv[1], "replay") == 0)
        return command_replay(argc - 2, argv);
    if (strcmp(argv[1], "shrink") == 0)
        return command_shrink(argc - 2, argv + 2);
    if (strcmp(argv[1], "soak") == 0)
        return command_soak(argc - 2, argv + 2);
    if (strcmp(argv[1], "install") == 0)
        return command_install(argc - 2, argv + 2);
    if (strcmp(argv[1], "uninstall") == 0)
        return command_uninstall(argc - 2, argv + 2);
    if (strcmp(argv[1], "newdsm") == 0)
        return command_newdsm(argc - 2, argv + 2);
    return complain("unknown command", argv[1]);
}
