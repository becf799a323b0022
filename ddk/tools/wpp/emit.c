/* SPDX-License-Identifier: MIT */
/*
 * The trace header: the project's types, conditions that the project leaves to us, and a macro per
 * trace function. A macro asks the condition WPP_<names>_ENABLED, then hands logger, place, level,
 * flag, message and arguments to the sink. No line numbers are baked in: a header serves its source
 * until the declarations change.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wpp.h"

enum role { OTHER, LEVEL, FLAGS };

static enum role role_of(const char *name)
{
    if (strncasecmp(name, "LEVEL", 5) == 0 || strcasecmp(name, "LVL") == 0)
        return LEVEL;
    if (strncasecmp(name, "FLAG", 4) == 0)
        return FLAGS;
    return OTHER;
}

/* What a function's condition is made of. */
struct condition {
    char name[MAX_PARAMETERS * NAME_LENGTH];        /* "LEVEL_FLAGS", "" for none */
    char list[MAX_PARAMETERS * (NAME_LENGTH + 2)];  /* "LEVEL, FLAGS": parameters of the condition's macros */
    char values[MAX_PARAMETERS * (NAME_LENGTH + 2)];/* the same with presets in place */
    const struct parameter *level, *flags, *only, *other;
};

static void append(char *text, size_t size, const char *between, const char *word)
{
    size_t used = strlen(text);

    snprintf(text + used, size - used, "%s%s", used ? between : "", word);
}

static void make_condition(const struct function *f, struct condition *c)
{
    unsigned count = 0;

    memset(c, 0, sizeof *c);
    for (unsigned i = 0; i < f->parameters; i++) {
        const struct parameter *p = &f->parameter[i];
        if ((int)i == f->message)
            continue;
        append(c->name, sizeof c->name, "_", p->name);
        append(c->list, sizeof c->list, ", ", p->name);
        append(c->values, sizeof c->values, ", ", p->preset[0] ? p->preset : p->name);
        if (role_of(p->name) == LEVEL && !c->level)
            c->level = p;
        else if (role_of(p->name) == FLAGS && !c->flags)
            c->flags = p;
        else if (role_of(p->name) == OTHER && !c->other)
            c->other = p;
        c->only = ++count == 1 ? p : NULL;
    }
}

/* Conditions that wpp.h has: nothing to add. */
static bool is_built_in(const char *name)
{
    return !name[0] || strcmp(name, "LEVEL") == 0 || strcmp(name, "FLAG") == 0 || strcmp(name, "FLAGS") == 0;
}

static void write_condition(FILE *out, const struct function *f, const struct condition *c)
{
    const char *u = c->name[0] ? "_" : "";

    if (!is_built_in(c->name)) {
        fprintf(out, "#ifndef WPP_%s_ENABLED\n", c->name);
        if (c->flags && c->level)
            fprintf(out, "#define WPP_%s_ENABLED(%s) \\\n    (WPP_IS_BIT_ON(WPP_BIT_##%s) && WPP_CONTROL(WPP_BIT_##%s).Level >= (%s))\n",
                    c->name, c->list, c->flags->name, c->flags->name, c->level->name);
        else if (c->flags)
            fprintf(out, "#define WPP_%s_ENABLED(%s) WPP_IS_BIT_ON(WPP_BIT_##%s)\n", c->name, c->list, c->flags->name);
        else if (f->used)
            fprintf(out, "#error \"%s needs WPP_%s_ENABLED(%s) and WPP_%s_LOGGER(%s): define them before this header is included\"\n",
                    f->name, c->name, c->list, c->name, c->list);
        fprintf(out, "#endif\n#ifndef WPP_%s_LOGGER\n", c->name);
        if (c->flags)
            fprintf(out, "#define WPP_%s_LOGGER(%s) (WPP_CONTROL(WPP_BIT_##%s).Logger),\n", c->name, c->list, c->flags->name);
        else
            fprintf(out, "#define WPP_%s_LOGGER(%s) WPP_LOGGER()\n", c->name, c->list);
        fprintf(out, "#endif\n");
    }
    fprintf(out, "#ifndef WPP%s%s_PRE\n#define WPP%s%s_PRE(...)\n#endif\n", u, c->name, u, c->name);
    fprintf(out, "#ifndef WPP%s%s_POST\n#define WPP%s%s_POST(...)\n#endif\n", u, c->name, u, c->name);
}

/* The parameters as they stand in the call, from number `from`; MSG and "..." included. */
static void write_parameters(FILE *out, const struct function *f)
{
    const char *between = "";

    for (unsigned i = 0; i < f->parameters; i++) {
        if (f->parameter[i].preset[0])
            continue;
        fprintf(out, "%s%s", between, f->parameter[i].name);
        between = ", ";
    }
    if (f->variable)
        fprintf(out, "%s...", between);
}

/* Name(LEVEL, (MSG, ...)) and Name((...)): the inner list is opened by another macro. */
static void write_entry(FILE *out, const struct function *f)
{
    fprintf(out, "#undef %s\n#define %s(", f->name, f->name);
    if (f->all_in_parentheses) {
        fprintf(out, "arguments) WPP_CALL_%s arguments\n#define WPP_CALL_%s(", f->name, f->name);
    } else if (f->inner) {
        char outside[MAX_PARAMETERS * (NAME_LENGTH + 2)] = "";
        for (unsigned i = 0; i < f->inner; i++)
            if (!f->parameter[i].preset[0])
                append(outside, sizeof outside, ", ", f->parameter[i].name);
        fprintf(out, "%s, arguments) WPP_APPLY(WPP_CALL_%s, (%s, WPP_STRIP arguments))\n#define WPP_CALL_%s(", outside,
                f->name, outside, f->name);
    }
    write_parameters(out, f);
    fprintf(out, ")");
}

static void write_text(FILE *out, const struct parameter *p, bool expanded)
{
    if (!p)
        fprintf(out, "\"\"");
    else if (p->preset[0])
        fprintf(out, expanded ? "WPP_TEXT(%s)" : "\"%s\"", p->preset);
    else
        fprintf(out, expanded ? "WPP_TEXT(%s)" : "#%s", p->name);
}

static void write_function(FILE *out, const struct function *f)
{
    struct condition c;
    const struct parameter *level, *flags;

    make_condition(f, &c);
    const char *u = c.name[0] ? "_" : "";
    /* A lone LEVEL is the oldest form's flag; a name of the project's own is shown in its place. */
    flags = c.flags ? c.flags : c.only ? c.only : c.other;
    level = c.level && c.level != flags ? c.level : NULL;
    fprintf(out, "\n/* %s */\n", f->name);
    write_condition(out, f, &c);
    write_entry(out, f);
    fprintf(out, " \\\n    WPP%s%s_PRE(%s) \\\n    ((WPP%s%s_ENABLED(%s)) ? \\\n", u, c.name, c.values, u, c.name, c.values);
    fprintf(out, "     OpenMpioTraceSink(WPP%s%s_LOGGER(%s) WPP_TYPES, __FILE__, __FUNCTION__, __LINE__, \\\n        ", u, c.name, c.values);
    if (level)
        fprintf(out, "(ULONG)(%s), ", level->preset[0] ? level->preset : level->name);
    else
        fprintf(out, "0, ");
    write_text(out, level, false);
    fprintf(out, ", ");
    write_text(out, flags, true);
    fprintf(out, ", %s", f->prefix);
    if (f->message >= 0)
        fprintf(out, " %s ", f->parameter[f->message].name);
    fprintf(out, "%s%s%s%s", f->suffix, f->message < 0 && !f->prefix[0] && !f->suffix[0] ? "\"\"" : "", f->prefix_arguments,
            f->variable ? ", ##__VA_ARGS__" : "");
    fprintf(out, "%s) : 0) \\\n    WPP%s%s_POST(%s)\n", f->suffix_arguments, u, c.name, c.values);
}

bool write_header(struct project *p, const char *source, const char *text, const char *output)
{
    FILE *out = fopen(output, "w");
    bool used = false;

    if (!out) {
        fprintf(stderr, "wpp: %s: %s\n", output, strerror(errno));
        return false;
    }
    for (unsigned i = 0; i < p->functions; i++)
        used |= p->function[i].used;
    fprintf(out, "/* Made by wpp from %s; do not edit. */\n", source);
    if (used)
        fprintf(out, "#ifndef WPP_CONTROL_GUIDS\n#error \"define WPP_CONTROL_GUIDS before this header is included\"\n#endif\n");
    fprintf(out, "#include <openmpio/wpp.h>\n\n#undef WPP_TYPES\n#define WPP_TYPES \"%s\"\n", types_text(p, source, text));
    for (unsigned i = 0; i < p->functions; i++)
        write_function(out, &p->function[i]);
    if (fclose(out) != 0) {
        fprintf(stderr, "wpp: %s: %s\n", output, strerror(errno));
        return false;
    }
    return true;
}
