/* SPDX-License-Identifier: MIT */
/* mpio replay: a recorded run once more, and whether it was the same. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

int command_replay(int argc, char **argv)
{
    const char *file = NULL, *result = NULL;
    struct replay r;
    bool quiet = false, wrong = false;
    uint64_t events = 0;

    for (int i = 2; i < argc + 2; i++) {
        if (strcmp(argv[i], "--quiet") == 0)
            quiet = true;
        else if (strcmp(argv[i], "--result") == 0 && i + 1 < argc + 2)
            result = argv[++i];
        else if (strcmp(argv[i], "--events") == 0 && i + 1 < argc + 2)
            wrong |= !text_parse_unsigned(argv[++i], 1, UINT64_MAX, &events, NULL);
        else if (argv[i][0] == '-' || file)
            wrong = true;
        else
            file = argv[i];
    }
    if (!file || wrong) {
        fprintf(stderr, "mpio: replay takes one file, as written by mpio run --save; 'mpio --help' shows the usage\n");
        return EXIT_USAGE;
    }
    if (!replay_read(file, &r))
        return EXIT_USAGE;
    r.plan.quiet = quiet;
    r.plan.result = result;
    r.plan.most_events = events;
    int code = run_plan_execute(&r.plan, argv);
    if (code != EXIT_USAGE) {
        bool same = r.plan.hash == r.hash;
        printf("replay    %s\n", same ? "same event stream as recorded" : "DIFFERENT from the recorded event stream");
        if (!same && code == EXIT_GOOD)
            code = EXIT_FOUND;
    }
    free(r.text);
    return code;
}
