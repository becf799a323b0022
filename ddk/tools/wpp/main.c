/* SPDX-License-Identifier: MIT */
/*
 * wpp: the command line. It takes the switches of a RUN_WPP line as they are; those that have no
 * meaning here are named once on standard error and change nothing.
 *
 *     cd ddk/tools/wpp && cc -o wpp *.c
 *     wpp -km '-func:TracePrint((LEVEL,FLAGS,MSG,...))' -scan:trace.h -I include -o build driver.c io.c
 *
 * Exit codes: 0 written, 1 a declaration is wrong, 2 usage or file error.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wpp.h"

static const char usage[] =
    "wpp [-func:DECLARATION]... [-scan:FILE]... [-ini FILE] [-I DIR]... [-preserveext:.c] -o DIR SOURCE...\n"
    "writes DIR/<source>.tmh for each source; -flags TEXT takes the switches of a RUN_WPP line in one argument\n";

struct command {
    struct project *project;
    const char *output;
    const char *sources[4096];
    unsigned source_count;
    const char *preserved;      /* of -preserveext: */
    char *text;                 /* of -flags */
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool read_into(struct command *c, const char *file, void (*reader)(struct project *, const char *, const char *))
{
    char *text = read_file(file);

    if (!text) {
        fprintf(stderr, "wpp: %s: %s\n", file, strerror(errno));
        return false;
    }
    reader(c->project, file, text);
    free(text);
    return true;
}

/* Switches that RUN_WPP lines carry and that decide nothing here: the emulator's kernel is the only target. */
static bool ignored(const char *argument)
{
    static const char *const words[] = {"-km", "-um", "-dll", "-p:", "-ext:", "-gen:", "-ctl:", "-defwpp:", "-cfgdir:", "-D",
                                        "-argbase:", "-noshrieks", "-C", "-hc", "-v", "-q", "-lookfor:", "-w"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (starts(argument, words[i]))
            return true;
    return false;
}

/* What has a value after ':' or '=' or in the next argument. */
static const char *value_of(const char *argument, const char *name, const char *next, bool *took)
{
    size_t length = strlen(name);

    *took = false;
    if (strncmp(argument, name, length) != 0)
        return NULL;
    if (argument[length] == ':' || argument[length] == '=')
        return argument + length + 1;
    if (argument[length] == '\0' && next) {
        *took = true;
        return next;
    }
    return NULL;
}

static bool take_text(struct command *c, char *text);

/* A declaration that a shell or make has split at its spaces is put together again, in `words`. */
static bool join(int argc, char **argv, char **words, int *count)
{
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        int depth = 0;
        for (const char *at = word; *at; at++)
            depth += (*at == '(') - (*at == ')');
        while (starts(word, "-func") && depth > 0 && i + 1 < argc) {
            const char *more = argv[++i];
            char *longer = malloc(strlen(word) + strlen(more) + 2);
            if (!longer)
                return false;
            sprintf(longer, "%s %s", word, more);
            for (const char *at = more; *at; at++)
                depth += (*at == '(') - (*at == ')');
            word = longer;
        }
        words[(*count)++] = word;
    }
    words[*count] = NULL;
    return true;
}

/* One argument; *took: the next one was its value. */
static bool take(struct command *c, const char *argument, const char *next, bool *took)
{
    struct project *p = c->project;
    const char *value;

    *took = false;
    if (argument[0] != '-') {
        if (c->source_count == sizeof c->sources / sizeof *c->sources) {
            fprintf(stderr, "wpp: more than %u sources\n", c->source_count);
            return false;
        }
        c->sources[c->source_count++] = argument;
        return true;
    }
    if ((value = value_of(argument, "-func", next, took)) != NULL) {
        p->declares = true;
        return declare_function(p, NULL, 0, value);
    }
    if ((value = value_of(argument, "-scan", next, took)) != NULL)
        return read_into(c, value, read_configuration);
    if ((value = value_of(argument, "-ini", next, took)) != NULL)
        return read_into(c, value, read_ini);
    if ((value = value_of(argument, "-odir", next, took)) != NULL || (value = value_of(argument, "-o", next, took)) != NULL) {
        c->output = value;
        return true;
    }
    if ((value = value_of(argument, "-flags", next, took)) != NULL) {
        c->text = strdup(value); /* sources and include paths point into it */
        return c->text && take_text(c, c->text);
    }
    if (starts(argument, "-preserveext:")) {
        c->preserved = argument + strlen("-preserveext:");
        return true;
    }
    if (starts(argument, "-I")) {
        value = argument[2] ? argument + 2 : next;
        *took = !argument[2] && next;
        if (value && p->includes < MAX_PATHS)
            p->include[p->includes++] = value;
        return true;
    }
    if (strcmp(argument, "-help") == 0 || strcmp(argument, "--help") == 0) {
        fputs(usage, stdout);
        exit(0);
    }
    if (ignored(argument)) {
        if (starts(argument, "-dll") || starts(argument, "-um"))
            note(NULL, 0, "%s is ignored: the header is made for a driver", argument);
        return true;
    }
    note(NULL, 0, "unknown switch %s is ignored", argument);
    return true;
}

/* The words of a RUN_WPP line: parentheses, braces and quotes hold a word together. */
static bool take_text(struct command *c, char *text)
{
    char *words[256];
    unsigned count = 0;
    bool took;

    while (*text) {
        while (isspace((unsigned char)*text) || *text == '\\')
            text++;
        if (!*text)
            break;
        char *start = text, *end = text;
        int depth = 0;
        char quote = 0;
        for (; *text && (quote || depth > 0 || !isspace((unsigned char)*text)); text++) {
            if (!quote && (*text == '"' || *text == '\'')) {
                quote = *text;
                continue;
            }
            if (quote && *text == quote) {
                quote = 0;
                continue;
            }
            depth += (*text == '(' || *text == '{') - (*text == ')' || *text == '}');
            *end++ = *text;
        }
        bool more = *text != '\0';
        *end = '\0';
        if (more)
            text++;
        if (count < sizeof words / sizeof *words)
            words[count++] = start;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!take(c, words[i], i + 1 < count ? words[i + 1] : NULL, &took))
            return false;
        i += took;
    }
    return true;
}

/* DIR/<base>.tmh; with -preserveext:.c the source's own suffix stays: DIR/<base>.c.tmh. */
static void output_name(const struct command *c, const char *source, char *name, size_t size)
{
    const char *base = strrchr(source, '/');
    base = base ? base + 1 : source;
    const char *dot = strrchr(base, '.');
    int length = dot ? (int)(dot - base) : (int)strlen(base);

    if (dot && c->preserved) {
        const char *found = strstr(c->preserved, dot);
        size_t n = strlen(dot);
        if (found && (found[n] == '\0' || found[n] == '.' || found[n] == ','))
            length += (int)n;
    }
    snprintf(name, size, "%s/%.*s.tmh", c->output, length, base);
}

static bool make(struct command *c, const char *source, char *text)
{
    char name[4096];

    output_name(c, source, name, sizeof name);
    for (unsigned i = 0; i < c->project->functions; i++)
        c->project->function[i].used = false;
    for (unsigned i = 0; i < c->project->types; i++)
        c->project->type[i].used = false;
    scan_source(c->project, source, text);
    return write_header(c->project, source, text, name);
}

int main(int argc, char **argv)
{
    static struct project project;
    static struct command command = {.project = &project};
    static char *texts[sizeof command.sources / sizeof *command.sources];
    bool took;
    int words = 0;
    static char *word[8192];

    if (argc >= (int)(sizeof word / sizeof *word) || !join(argc, argv, word, &words)) {
        fputs("wpp: too many arguments\n", stderr);
        return 2;
    }
    for (int i = 1; i < words; i++) {
        if (!take(&command, word[i], word[i + 1], &took))
            return project.errors ? 1 : 2;
        i += took;
    }
    if (!command.output || command.source_count == 0) {
        fputs(usage, stderr);
        return 2;
    }
    for (unsigned i = 0; i < command.source_count; i++) {
        texts[i] = read_file(command.sources[i]);
        if (!texts[i]) {
            fprintf(stderr, "wpp: %s: %s\n", command.sources[i], strerror(errno));
            return 2;
        }
        read_configuration(&project, command.sources[i], texts[i]);
    }
    static const char *const defaults[] = {"DoTraceMessage(FLAGS,MSG,...)", "TraceEvents(LEVEL,FLAGS,MSG,...)",
                                           "TracePrint((LEVEL,FLAGS,MSG,...))"};
    for (unsigned i = 0; i < (project.declares ? 1u : 3u); i++)
        if (!find_function(&project, defaults[i], strcspn(defaults[i], "(")))
            declare_function(&project, NULL, 0, defaults[i]);
    if (project.errors)
        return 1;
    for (unsigned i = 0; i < command.source_count; i++)
        if (!make(&command, command.sources[i], texts[i]))
            return 2;
    return project.errors ? 1 : 0;
}
