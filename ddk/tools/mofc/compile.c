/* SPDX-License-Identifier: MIT */
/* A run: start, parse, check; and the net under every step that may give up. */
#include "mofc.h"

#include <string.h>

void mofc_init(struct mofc *mofc, FILE *messages)
{
    memset(mofc, 0, sizeof(*mofc));
    mofc->messages = messages;
    mofc->space = "root\\wmi";
    mofc->read_file = source_read_file;
    mofc->classes_end = &mofc->classes;
    mofc->emit_end = &mofc->emit_first;
    mofc->instances_end = &mofc->instances;
    mofc->pragmas_end = &mofc->pragmas;
}

void mofc_free(struct mofc *mofc)
{
    arena_free(mofc);
}

bool mofc_try(struct mofc *mofc, void (*step)(struct mofc *mofc, void *context), void *context)
{
    if (setjmp(mofc->give_up))
        return false;
    step(mofc, context);
    return mofc->errors == 0;
}

static void compile(struct mofc *mofc, void *name)
{
    parse_file(mofc, name, NULL);
    check_all(mofc);
}

bool mofc_compile(struct mofc *mofc, const char *name)
{
    return mofc_try(mofc, compile, (void *)(uintptr_t)name);
}
