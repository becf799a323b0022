/* SPDX-License-Identifier: MIT */
/*
 * Declarations: FUNC, USEPREFIX, USESUFFIX, CUSTOM_TYPE, DEFINE_CPLX_TYPE, from -func:, from
 * "begin_wpp config" blocks of comments, and from .ini files. A directive that is not understood is
 * named and skipped; one that is understood and wrong is an error with its place.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wpp.h"

struct place {
    struct project *project;
    const char *file;
    unsigned line;
};

static const char *blanks(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* Takes an identifier; NULL when there is none or it is too long. */
static const char *identifier(const char *at, char name[NAME_LENGTH])
{
    size_t length = 0;

    at = blanks(at);
    if (!isalpha((unsigned char)*at) && *at != '_')
        return NULL;
    while (isalnum((unsigned char)at[length]) || at[length] == '_')
        length++;
    if (length >= NAME_LENGTH)
        return NULL;
    memcpy(name, at, length);
    name[length] = '\0';
    return blanks(at + length);
}

struct function *find_function(struct project *p, const char *name, size_t length)
{
    for (unsigned i = 0; i < p->functions; i++)
        if (strlen(p->function[i].name) == length && memcmp(p->function[i].name, name, length) == 0)
            return &p->function[i];
    return NULL;
}

static struct parameter *add_parameter(struct function *f)
{
    return f->parameters < MAX_PARAMETERS ? &f->parameter[f->parameters++] : NULL;
}

/* {LEVEL=TRACE_LEVEL_ERROR, FLAGS=INIT} */
static const char *presets(struct function *f, const char *at)
{
    do {
        struct parameter *parameter = add_parameter(f);
        size_t length;
        if (!parameter || !(at = identifier(at + 1, parameter->name)) || *at != '=')
            return NULL;
        at = blanks(at + 1);
        length = strcspn(at, ",}");
        while (length > 0 && isspace((unsigned char)at[length - 1]))
            length--;
        if (length == 0 || length >= NAME_LENGTH)
            return NULL;
        memcpy(parameter->preset, at, length);
        at = blanks(at + length);
    } while (*at == ',');
    return *at == '}' ? blanks(at + 1) : NULL;
}

/* The list between the parentheses, nested ones included; answers what follows the last one. */
static const char *parameters(struct function *f, const char *at)
{
    unsigned depth = 1, first = f->parameters;

    at = blanks(at + 1);
    if (*at == '(') {
        f->all_in_parentheses = true;
        depth++;
        at = blanks(at + 1);
    }
    while (depth > 0) {
        if (*at == ')') {
            depth--;
            at = blanks(at + 1);
        } else if (*at == ',') {
            at = blanks(at + 1);
        } else if (*at == '(' && f->inner == 0 && f->parameters > first && !f->all_in_parentheses) {
            f->inner = f->parameters;
            depth++;
            at = blanks(at + 1);
        } else if (strncmp(at, "...", 3) == 0) {
            f->variable = true;
            at = blanks(at + 3);
            if (*at != ')')
                return NULL;
        } else {
            struct parameter *parameter = add_parameter(f);
            if (!parameter || !(at = identifier(at, parameter->name)))
                return NULL;
            if (strcmp(parameter->name, "MSG") == 0)
                f->message = (int)f->parameters - 1;
        }
    }
    return at;
}

bool declare_function(struct project *p, const char *file, unsigned line, const char *text)
{
    struct function f = {.message = -1};
    const char *at = identifier(text, f.name);

    if (at && *at == '{')
        at = presets(&f, at);
    if (at && *at == '(')
        at = parameters(&f, at);
    else if (at)
        at = NULL;
    if (at && *at == ';')
        at = blanks(at + 1);
    if (!at || *at) {
        complain(p, file, line, "trace function '%.80s' is not understood; write it as NAME(LEVEL,FLAGS,MSG,...), "
                 "NAME((LEVEL,FLAGS,MSG,...)), NAME(LEVEL,(MSG,...)) or NAME{LEVEL=VALUE}(FLAGS,MSG,...)", text);
        return false;
    }
    if (f.message < 0 && f.variable) {
        complain(p, file, line, "trace function %s takes arguments but has no MSG", f.name);
        return false;
    }
    struct function *known = find_function(p, f.name, strlen(f.name));
    if (!known && p->functions == MAX_FUNCTIONS) {
        complain(p, file, line, "more than %u trace functions", MAX_FUNCTIONS);
        return false;
    }
    *(known ? known : &p->function[p->functions++]) = f;
    return true;
}

/* USEPREFIX (Name, "text" [, argument ...]) and USESUFFIX. */
static void affix(const struct place *w, const char *at, bool prefix)
{
    char name[NAME_LENGTH];
    const char *start, *end;
    struct function *f;

    at = blanks(at);
    if (*at != '(' || !(at = identifier(at + 1, name)) || *at != ',') {
        complain(w->project, w->file, w->line, "write it as USEPREFIX (NAME, \"text\", argument ...);");
        return;
    }
    start = blanks(at + 1);
    end = *start == '"' ? skip_literal(start) : start;
    f = find_function(w->project, name, strlen(name));
    if (end == start || !f) {
        complain(w->project, w->file, w->line, f ? "a prefix or suffix is a string" : "%s is not declared before its prefix or suffix", name);
        return;
    }
    at = blanks(end);
    const char *arguments = at;
    int depth = 1;
    while (*at && depth > 0) {
        depth += (*at == '(') - (*at == ')');
        at++;
    }
    size_t length = (size_t)(end - start), rest = depth == 0 ? (size_t)(at - 1 - arguments) : strlen(arguments);
    if (length >= TEXT_LENGTH || rest >= TEXT_LENGTH) {
        complain(w->project, w->file, w->line, "prefix or suffix of %s is longer than %d characters", name, TEXT_LENGTH - 1);
        return;
    }
    snprintf(prefix ? f->prefix : f->suffix, TEXT_LENGTH, "%.*s", (int)length, start);
    snprintf(prefix ? f->prefix_arguments : f->suffix_arguments, TEXT_LENGTH, "%.*s", (int)rest, arguments);
}

/* CUSTOM_TYPE(name, ItemListLong(a, b)); and DEFINE_CPLX_TYPE(name, macro, type, ItemHEXDump, ...). */
static void custom_type(const struct place *w, const char *at, bool complex)
{
    char name[NAME_LENGTH];

    at = blanks(at);
    if (*at != '(' || !(at = identifier(at + 1, name)) || *at != ',') {
        complain(w->project, w->file, w->line, "write it as CUSTOM_TYPE(NAME, ItemListLong(A, B));");
        return;
    }
    at = blanks(at + 1);
    for (unsigned i = 0; complex && i < 2; i++) {
        at += strcspn(at, ",");
        at = *at ? blanks(at + 1) : at;
    }
    declare_type(w->project, w->file, w->line, name, at);
}

static bool word(const char **at, const char *name)
{
    size_t length = strlen(name);

    if (strncmp(*at, name, length) != 0 || isalnum((unsigned char)(*at)[length]) || (*at)[length] == '_')
        return false;
    *at = blanks(*at + length);
    return true;
}

static void directive(const struct place *w, const char *at)
{
    at = blanks(at);
    if (*at == '\0' || *at == '#' || *at == ';' || *at == '[')
        return;
    if (word(&at, "FUNC")) {
        w->project->declares = true;
        declare_function(w->project, w->file, w->line, at);
    } else if (word(&at, "USEPREFIX")) {
        affix(w, at, true);
    } else if (word(&at, "USESUFFIX")) {
        affix(w, at, false);
    } else if (word(&at, "CUSTOM_TYPE")) {
        custom_type(w, at, false);
    } else if (word(&at, "DEFINE_CPLX_TYPE")) {
        custom_type(w, at, true);
    } else if (word(&at, "NOPREFIX") || word(&at, "NOSUFFIX") || word(&at, "MACRO") || word(&at, "FUNCTION_CLASS")) {
        return; /* nothing to do: no prefix is added that was not asked for */
    } else {
        note(w->file, w->line, "'%.40s' is not known here and is skipped", at);
    }
}

/* The next directive: the lines up to the ';' outside strings, or one line that is none of ours. */
static const char *statement(struct place *w, const char *line, const char *stop, bool in_comment)
{
    char text[16384];
    size_t used = 0;
    bool complete = false, begun = false;
    unsigned lines = 0;

    while (line < stop && !complete) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        const char *next = end ? end + 1 : stop;
        const char *at = line;
        end = end ? end : stop;
        while (at < end && (isspace((unsigned char)*at) || (in_comment && (*at == '/' || *at == '*'))))
            at++;
        if (at == end && !begun)
            begun = complete = true;
        for (; at < end && !complete; at++) {
            begun = true;
            if (*at == '"') {
                const char *after = skip_literal(at);
                for (; at + 1 < after && used + 2 < sizeof text; at++)
                    text[used++] = *at;
            }
            complete = *at == ';';
            if (used + 2 < sizeof text && *at != '\r')
                text[used++] = *at;
        }
        if (used + 2 < sizeof text)
            text[used++] = ' ';
        line = next;
        lines++;
    }
    text[used] = '\0';
    directive(w, text);
    w->line += lines;
    return line;
}

void read_configuration(struct project *p, const char *file, const char *text)
{
    struct place w = {p, file, 1};
    const char *line = text;

    while (*line) {
        const char *end = strchr(line, '\n');
        const char *next = end ? end + 1 : line + strlen(line);
        const char *mark = strstr(line, "begin_wpp");
        if (mark && mark < next && strncmp(blanks(mark + 9), "config", 6) == 0) {
            const char *stop = strstr(next, "end_wpp");
            if (!stop) {
                complain(p, file, w.line, "begin_wpp config without end_wpp");
                return;
            }
            while (stop > next && stop[-1] != '\n')
                stop--;
            w.line++;
            while (next < stop)
                next = statement(&w, next, stop, true);
            w.line--;
        }
        line = next;
        w.line++;
    }
}

void read_ini(struct project *p, const char *file, const char *text)
{
    struct place w = {p, file, 1};
    const char *stop = text + strlen(text);

    while (text < stop) {
        if (*text == '#' || *text == ';' || *text == '[') {
            const char *end = strchr(text, '\n');
            text = end ? end + 1 : stop;
            w.line++;
        } else {
            text = statement(&w, text, stop, false);
        }
    }
}
