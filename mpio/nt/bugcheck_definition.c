/* SPDX-License-Identifier: MIT */
/*
 * Where a driver's routine is defined. Line tables answer for instructions only, and an optimizer may
 * give a routine's first one to any line of its body; `nm -l` knows the line of the definition.
 * Outside the machine; slow; what nm does not know is left as it was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/bugcheck.h"

#define SYMBOLS_ROOM (1u << 20) /* text of a driver's symbol table; what lies beyond is not looked at */

/* The line of nm's answer for the code symbol at offset, or NULL: "address type name TAB file:line". */
static char *find_symbol(char *symbols, uint64_t offset)
{
    for (char *line = strtok(symbols, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char *type;

        if (strtoull(line, &type, 16) == offset && type != line && (strncmp(type, " T ", 3) == 0 ||
                                                                   strncmp(type, " t ", 3) == 0)) {
            return line;
        }
    }
    return NULL;
}

void NtLocateDefinition(struct nt_frame *frame)
{
    const char *const argv[] = {"nm", "-l", frame->module, NULL};
    char *symbols = calloc(1, SYMBOLS_ROOM);
    char *file, *colon;

    if (symbols != NULL && host_run(argv, symbols, SYMBOLS_ROOM) == 0) {
        file = find_symbol(symbols, frame->offset);
        file = file == NULL ? NULL : strchr(file, '\t');
        colon = file == NULL ? NULL : strrchr(file, ':');
        if (colon != NULL) {
            *colon = '\0';
            snprintf(frame->file, sizeof(frame->file), "%s", file + 1);
            frame->line = (unsigned)strtoul(colon + 1, NULL, 10);
        }
    }
    free(symbols);
}
