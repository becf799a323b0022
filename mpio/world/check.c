/* SPDX-License-Identifier: MIT */
/*
 * Findings of the checkers. They are counted without end and kept up to CHECK_KEPT; the record in the
 * event stream gives a run that breaks a rule a name of its own.
 */
#include "world/check_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK_FIRST_VERDICT 16 /* of TRACE_CHECK: below are those of the data checker */

static const char *const names[] = {
#define X(rule, name, text) name,
    CHECK_RULES(X)
#undef X
};
static const char *const texts[] = {
#define X(rule, name, text) text,
    CHECK_RULES(X)
#undef X
};

const char *check_rule_name(enum check_rule rule)
{
    return rule < CHECK_RULE_COUNT ? names[rule] : "?";
}

const char *check_rule_text(enum check_rule rule)
{
    return rule < CHECK_RULE_COUNT ? texts[rule] : "?";
}

struct check *check_of(struct world *w)
{
    if (w->check == NULL)
        w->check = calloc(1, sizeof *w->check);
    return w->check;
}

void check_destroy(struct world *w)
{
    if (w->check != NULL)
        check_forget_luns(w->check);
    free(w->check);
    w->check = NULL;
}

unsigned check_count(const struct world *w)
{
    return w->check != NULL ? w->check->count : 0;
}

const struct check_finding *check_finding(const struct world *w, unsigned n)
{
    return n < check_count(w) && n < CHECK_KEPT ? &w->check->kept[n] : NULL;
}

void check_report(struct world *w, struct machine *m, enum check_rule rule, uint64_t object, uint64_t detail,
                  const char *format, ...)
{
    struct check *c = check_of(w);
    va_list arguments;

    trace_emit(w, m, TRACE_CHECK, object, CHECK_FIRST_VERDICT + rule, detail, 0);
    if (c == NULL || c->count++ >= CHECK_KEPT)
        return;
    struct check_finding *f = &c->kept[c->count - 1];
    f->time = world_now(w);
    f->rule = rule;
    f->machine = m;
    va_start(arguments, format);
    vsnprintf(f->text, sizeof f->text, format, arguments);
    va_end(arguments);
}
