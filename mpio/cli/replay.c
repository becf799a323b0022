/* SPDX-License-Identifier: MIT */
/*
 * Replay files: everything that decided a run, in text. The topology is inside, so that the file
 * says the same after the original has been edited; DSMs are named by path and by the hash of their
 * bytes.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define REPLAY_FIRST_LINE "OpenMPIO replay 1\n"
#define REPLAY_LIMIT      (8u << 20)

bool replay_write(const char *file, const struct run_plan *plan, const char *topology_text)
{
    FILE *f = fopen(file, "w");

    if (!f || !topology_text)
        return false;
    fprintf(f, REPLAY_FIRST_LINE "version %s\nseed %" PRIu64 "\nduration %" PRIu64 "\nfaults %u\nexplore %d\n"
            "hash %016" PRIx64 "\n", MPIO_VERSION, plan->seed, plan->duration, plan->faults, plan->explore, plan->hash);
    for (unsigned i = 0; i < plan->dsms; i++)
        fprintf(f, "dsm %016" PRIx64 " %s\n", mpio_file_hash(plan->dsm[i]), plan->dsm[i]);
    for (unsigned i = 0; i < plan->infs; i++)
        fprintf(f, "inf %016" PRIx64 " %s\n", mpio_file_hash(plan->inf[i]), plan->inf[i]);
    fprintf(f, "topology %s\n%s", plan->topology, topology_text);
    return fclose(f) == 0;
}

/* The value behind `word ` at the start of *line; *line moves to the next one. NULL: another word. */
static char *take(char **line, const char *word)
{
    size_t length = strlen(word);
    char *value = *line + length + 1, *end = strchr(*line, '\n');

    if (strncmp(*line, word, length) != 0 || (*line)[length] != ' ' || !end)
        return NULL;
    *end = '\0';
    *line = end + 1;
    return value;
}

static bool parse(char *text, struct run_plan *plan, uint64_t *hash, const char **missing)
{
    static const char *const words[] = {"version", "seed", "duration", "faults", "explore", "hash"};
    char *line = text + strlen(REPLAY_FIRST_LINE), *value[6], *dsm, *inf;

    for (unsigned i = 0; i < 6; i++) {
        *missing = words[i];
        value[i] = take(&line, words[i]);
        if (!value[i])
            return false;
    }
    if (strcmp(value[0], MPIO_VERSION) != 0)
        fprintf(stderr, "mpio: recorded with version %s, this is %s: the event stream may differ\n", value[0],
                MPIO_VERSION);
    plan->seed = strtoull(value[1], NULL, 10);
    plan->duration = strtoull(value[2], NULL, 10);
    plan->faults = (unsigned)strtoul(value[3], NULL, 10);
    plan->explore = value[4][0] == '1';
    *hash = strtoull(value[5], NULL, 16);
    *missing = "dsm";
    while ((dsm = take(&line, "dsm")) != NULL) {
        char *file = strchr(dsm, ' ');
        if (!file || plan->dsms == CLI_MAX_DSMS)
            return false;
        plan->dsm[plan->dsms++] = file + 1;
        uint64_t recorded = strtoull(dsm, NULL, 16);
        if (mpio_file_hash(file + 1) != recorded)
            fprintf(stderr, "mpio: %s is not the file that was recorded (or is gone): the run may differ\n", file + 1);
    }
    *missing = "inf";
    while ((inf = take(&line, "inf")) != NULL) {
        char *file = strchr(inf, ' ');
        if (!file || plan->infs == CLI_MAX_DSMS)
            return false;
        plan->inf[plan->infs++] = file + 1;
        if (mpio_file_hash(file + 1) != strtoull(inf, NULL, 16))
            fprintf(stderr, "mpio: %s is not the file that was recorded (or is gone): the run may differ\n", file + 1);
    }
    *missing = "topology";
    plan->topology = take(&line, "topology");
    plan->topology_text = line;
    return plan->dsms > 0 && plan->topology && plan->duration > 0 && plan->seed > 0;
}

int command_replay(int argc, char **argv)
{
    struct run_plan plan = {.quiet = false};
    const char *missing = NULL;
    uint64_t hash = 0;
    size_t length;

    if (argc != 1) {
        fprintf(stderr, "mpio: replay takes one file, as written by mpio run --save\n");
        return EXIT_USAGE;
    }
    char *text = host_read_file(argv[2], REPLAY_LIMIT, &length);
    if (!text) {
        fprintf(stderr, "mpio: %s\n", host_error());
        return EXIT_USAGE;
    }
    if (strncmp(text, REPLAY_FIRST_LINE, strlen(REPLAY_FIRST_LINE)) != 0 || strlen(text) != length ||
        !parse(text, &plan, &hash, &missing)) {
        fprintf(stderr, "mpio: %s is not a whole replay file%s%s%s; mpio run --save FILE writes one\n", argv[2],
                missing ? " (line '" : "", missing ? missing : "", missing ? "' missing or wrong)" : "");
        free(text);
        return EXIT_USAGE;
    }
    plan.recorded = true;
    int code = run_plan_execute(&plan, argv);
    if (code != EXIT_USAGE) {
        bool same = plan.hash == hash;
        printf("replay    %s\n", same ? "same event stream as recorded" : "DIFFERENT from the recorded event stream");
        if (!same && code == EXIT_GOOD)
            code = EXIT_FOUND;
    }
    free(text);
    return code;
}
