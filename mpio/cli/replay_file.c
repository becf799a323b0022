/* SPDX-License-Identifier: MIT */
/*
 * Replay files: everything that decided a run, in text. The faults that were drawn are inside line
 * by line and the topology with its profiles, so that the file says the same after the generator, a
 * profile or the topology has changed. DSMs, INFs, registry files and plug-ins are named by path and
 * by the hash of their bytes.
 */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/ini.h"
#include "text/number.h"

#define FIRST_WORDS  "OpenMPIO replay "
#define FIRST_LINE   FIRST_WORDS "2\n"
#define REPLAY_LIMIT (8u << 20)

/* ---- writing --------------------------------------------------------------------------------- */

static void put_file(struct buffer *out, const char *word, const char *file)
{
    buffer_printf(out, "%s %016" PRIx64 " %s\n", word, mpio_file_hash(file), file);
}

/* Files that the topology names and that decide the run too. */
static void put_named_files(struct buffer *out, const char *topology)
{
    struct ini *ini = ini_parse("topology", topology, strlen(topology), INI_UNIQUE, NULL);

    for (size_t i = 0; ini && i < ini_section_count(ini); i++) {
        const struct ini_section *s = ini_section(ini, i);
        const struct ini_entry *entry = NULL;
        while ((entry = ini_find(s, "registry", entry)) != NULL)
            for (size_t v = 0; v < entry->value_count; v++)
                put_file(out, "file", entry->values[v].text);
        entry = ini_find(s, "plugin", NULL);
        if (entry && entry->value_count > 0)
            put_file(out, "file", entry->values[0].text);
        entry = ini_find(s, "media", NULL);
        if (entry && entry->value_count > 0 && ini_same_name(entry->values[0].text, "file"))
            fprintf(stderr, "mpio: [%s] keeps its blocks in a file: a replay starts from what is in it then\n", s->name);
    }
    if (ini)
        ini_free(ini);
}

bool replay_write(const char *file, const struct run_plan *plan, const char *faults, const char *topology)
{
    struct buffer out = {0};
    unsigned lines = 0;

    for (const char *c = faults; *c; c++)
        lines += *c == '\n';
    buffer_printf(&out, FIRST_LINE "version %s\nseed %" PRIu64 "\nduration %" PRIu64 "\nexplore %d\nhash %016" PRIx64 "\n",
                  MPIO_VERSION, plan->seed, plan->duration, plan->explore, plan->hash);
    for (unsigned i = 0; i < plan->dsms; i++)
        put_file(&out, "dsm", plan->dsm[i]);
    for (unsigned i = 0; i < plan->infs; i++)
        put_file(&out, "inf", plan->inf[i]);
    put_named_files(&out, topology);
    buffer_printf(&out, "faults %u\n%stopology %s\n%s", lines, faults, plan->topology, topology);
    size_t length = 0;
    char *text = buffer_take(&out, &length);
    bool ok = text && host_write_file(file, text, length);
    free(text);
    return ok;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The value behind `word ` at the start of *line; *line moves to the next one. NULL: another word. */
static char *take(char **line, const char *word)
{
    size_t length = strlen(word);
    char *end = strchr(*line, '\n'), *value = *line + length + 1;

    if (!end || strncmp(*line, word, length) != 0 || (*line)[length] != ' ')
        return NULL;
    *end = '\0';
    *line = end + 1;
    return value;
}

static bool take_number(char **line, const char *word, uint64_t least, uint64_t most, uint64_t *number)
{
    char *value = take(line, word);

    return value && text_parse_unsigned(value, least, most, number, NULL);
}

/* A hash as it is written: 16 digits, without 0x. */
static bool read_hash(const char *text, char after, uint64_t *hash)
{
    char *end;

    if (strspn(text, "0123456789abcdef") != 16)
        return false;
    *hash = strtoull(text, &end, 16);
    return *end == after;
}

/* Lines `word HASH FILE` into files; tells which are other files than then. files NULL: only that. */
static bool take_files(char **line, const char *word, const char **files, unsigned *count)
{
    uint64_t recorded;
    char *value;

    while ((value = take(line, word)) != NULL) {
        if (!read_hash(value, ' ', &recorded) || (files && *count == CLI_MAX_DSMS))
            return false;
        const char *file = value + 17;
        if (mpio_file_hash(file) != recorded)
            fprintf(stderr, "mpio: %s is not the file that was recorded (or is gone): the run may differ\n", file);
        if (files)
            files[(*count)++] = file;
    }
    return true;
}

/* The lines stay where they are; what follows them is cut off by parse. */
static bool take_faults(char **line, uint64_t count, const char **faults)
{
    char *first = *line;

    for (; count > 0; count--) {
        char *end = strchr(*line, '\n');
        if (!end)
            return false;
        *line = end + 1;
    }
    *faults = first;
    return true;
}

static bool parse(struct replay *r, const char **missing)
{
    struct run_plan *plan = &r->plan;
    char *line = r->text + strlen(FIRST_LINE), *value;
    uint64_t number, lines;

    *missing = "version";
    if (!(value = take(&line, "version")))
        return false;
    if (strcmp(value, MPIO_VERSION) != 0)
        fprintf(stderr, "mpio: recorded with version %s, this is %s: the event stream may differ\n", value, MPIO_VERSION);
    *missing = "seed"; /* 0: the topology's */
    if (!take_number(&line, "seed", 0, UINT64_MAX, &plan->seed))
        return false;
    *missing = "duration";
    if (!take_number(&line, "duration", 1, INT64_MAX, &plan->duration))
        return false;
    *missing = "explore";
    if (!take_number(&line, "explore", 0, 1, &number))
        return false;
    plan->explore = number == 1;
    *missing = "hash";
    if (!(value = take(&line, "hash")) || !read_hash(value, '\0', &r->hash))
        return false;
    *missing = "dsm";
    if (!take_files(&line, "dsm", plan->dsm, &plan->dsms) || plan->dsms == 0)
        return false;
    *missing = "inf";
    if (!take_files(&line, "inf", plan->inf, &plan->infs))
        return false;
    *missing = "file";
    if (!take_files(&line, "file", NULL, NULL))
        return false;
    *missing = "faults";
    if (!take_number(&line, "faults", 0, REPLAY_LIMIT, &lines) || !take_faults(&line, lines, &plan->lines))
        return false;
    *missing = "topology";
    char *topology = line;
    plan->topology = take(&line, "topology");
    if (!plan->topology || !*line)
        return false;
    topology[0] = '\0'; /* ends the faults */
    plan->topology_text = line;
    plan->recorded = true;
    return true;
}

bool replay_read(const char *file, struct replay *r)
{
    const char *missing = NULL;
    size_t length = 0;

    *r = (struct replay){.text = host_read_file(file, REPLAY_LIMIT, &length)};
    if (!r->text) {
        fprintf(stderr, "mpio: %s\n", host_error());
        return false;
    }
    bool is_one = strlen(r->text) == length && strncmp(r->text, FIRST_WORDS, strlen(FIRST_WORDS)) == 0;
    if (is_one && strncmp(r->text, FIRST_LINE, strlen(FIRST_LINE)) != 0)
        fprintf(stderr, "mpio: %s is of another format than this mpio reads (2): record the run again with mpio run --save\n", file);
    else if (!is_one || !parse(r, &missing))
        fprintf(stderr, "mpio: %s is not a whole replay file%s%s%s; mpio run --save FILE writes one\n", file,
                missing ? " (line '" : "", missing ? missing : "", missing ? "' missing or wrong)" : "");
    else
        return true;
    free(r->text);
    r->text = NULL;
    return false;
}
