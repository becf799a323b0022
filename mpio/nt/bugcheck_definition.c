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
#define ENTRIES_ROOM (1u << 24) /* text of a driver's debug information, the outermost entries */

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

/* objdump's answer: the image base, then an entry per routine: its name, line and first address, a line of text each. */
static unsigned find_definition(char *entries, const struct nt_frame *frame)
{
    uint64_t base = 0;
    unsigned declared = 0;
    bool named = false, here = false;

    for (char *line = strtok(entries, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *value = strstr(line, ": ");

        if (strncmp(line, "ImageBase", 9) == 0) {
            base = strtoull(line + 9, NULL, 16);
        } else if (strstr(line, "(DW_TAG_") != NULL) {
            named = here = false;
            declared = 0;
        } else if (value == NULL) {
            continue;
        } else if (strstr(line, "DW_AT_name ") != NULL) {
            size_t length = strlen(value), name = strlen(frame->function);

            /* The name may stand behind where in the string table it comes from. */
            named = name > 0 && length > name && strcmp(value + length - name, frame->function) == 0 &&
                    value[length - name - 1] == ' ';
        } else if (strstr(line, "DW_AT_decl_line ") != NULL) {
            declared = (unsigned)strtoul(value + 2, NULL, 10);
        } else if (strstr(line, "DW_AT_low_pc ") != NULL) {
            here = strtoull(value + 2, NULL, 16) == base + frame->offset;
        }
        if (named && here && declared != 0) {
            return declared;
        }
    }
    return 0;
}

static void ask_objdump(struct nt_frame *frame)
{
    const char *const argv[] = {"objdump", "-p", "--dwarf=info", "--dwarf-depth=2", frame->module, NULL};
    char *entries = calloc(1, ENTRIES_ROOM);
    unsigned line = entries != NULL && host_run(argv, entries, ENTRIES_ROOM) == 0 ? find_definition(entries, frame) : 0;

    if (line != 0) {
        frame->line = line;
    }
    free(entries);
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
        } else {
            ask_objdump(frame);
        }
    }
    free(symbols);
}
