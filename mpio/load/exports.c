/* SPDX-License-Identifier: MIT */
/*
 * Look-ups in the table of exports, for the PE loader and for MmGetSystemRoutineAddress. No state.
 */
#include "load/exports.h"

#include <string.h>

#include "load/load.h"
#include "nt/routine.h"

#define MODULE_LIMIT 32u

/* "NTOSKRNL.EXE" -> "ntoskrnl"; false when no module has so long a name. */
static bool plain_module(const char *module, char *plain)
{
    unsigned n = 0;

    for (; module[n] && module[n] != '.'; n++) {
        if (n == MODULE_LIMIT - 1)
            return false;
        plain[n] = (char)(module[n] >= 'A' && module[n] <= 'Z' ? module[n] + ('a' - 'A') : module[n]);
    }
    plain[n] = '\0';
    return true;
}

static const struct export *find(const char *module, const char *name)
{
    unsigned low = 0, high = exports_count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct export *e = &exports_table[middle];
        int order = strcmp(module, e->module);

        if (order == 0)
            order = strcmp(name, e->name);
        if (order == 0)
            return e;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void *exports_find_image(const char *module, const char *name, unsigned ordinal)
{
    char plain[MODULE_LIMIT];

    if (!plain_module(module, plain))
        return NULL;
    if (name) {
        const struct export *e = find(plain, name);
        return e ? e->image : NULL;
    }
    for (unsigned i = 0; i < exports_count && ordinal != 0; i++)
        if (exports_table[i].ordinal == ordinal && strcmp(exports_table[i].module, plain) == 0)
            return exports_table[i].image;
    return NULL;
}

bool exports_know(const char *module)
{
    char plain[MODULE_LIMIT];

    for (unsigned i = 0; plain_module(module, plain) && i < exports_count; i++)
        if (strcmp(exports_table[i].module, plain) == 0)
            return true;
    return false;
}

/* Windows looks in the kernel and the HAL only. */
static void *system_routine(const char *name, unsigned char pe)
{
    const struct export *e = find("ntoskrnl", name);

    if (!e)
        e = find("hal", name);
    return !e ? NULL : pe ? e->image : e->native;
}

void load_attach(struct machine *m)
{
    nt_set_routine_lookup(m, system_routine);
}
