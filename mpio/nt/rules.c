/* SPDX-License-Identifier: MIT */
/* Ids and texts of the rules, from the one list in rules.h. */
#include <stddef.h>

#include "nt/rules.h"

static const struct {
    const char *id;
    const char *text;
} rules[NT_RULE_COUNT] = {
    [RULE_NONE] = {"", "no rule"},
#define X(code, id, text) [code] = {id, text},
    NT_RULES(X)
#undef X
};

const char *nt_rule_id(enum nt_rule rule)
{
    return (unsigned)rule < NT_RULE_COUNT ? rules[rule].id : "";
}

const char *nt_rule_text(enum nt_rule rule)
{
    return (unsigned)rule < NT_RULE_COUNT ? rules[rule].text : "unknown rule";
}
