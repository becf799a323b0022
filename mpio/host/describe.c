/* SPDX-License-Identifier: MIT */
/* A code address in words, from what each system's host_locate found. */
#include "host/host.h"

#include <stdio.h>

/* Source files of a PE image may carry Windows' names. */
static const char *last_part(const char *path)
{
    const char *part = path;
    for (const char *c = path; *c != '\0'; c++)
        if (*c == '/' || *c == '\\')
            part = c + 1;
    return part;
}

void host_describe_address(const void *pc, char *text, size_t size)
{
    struct host_location l;
    host_locate(pc, &l);
    const char *function = l.function[0] != '\0' ? l.function : "unknown function";
    if (l.line != 0)
        snprintf(text, size, "%s at %s:%u", function, last_part(l.file), l.line);
    else if (l.module[0] != '\0')
        snprintf(text, size, "%s in %s+%#llx", function, last_part(l.module), (unsigned long long)l.offset);
    else
        snprintf(text, size, "no known code (%p)", pc);
}
