/* SPDX-License-Identifier: MIT */
/*
 * Code addresses for people: module and offset from the dynamic linker or the list of PE images, function
 * and line from addr2line when the module has debug information. Slow; for reports.
 */
#define _GNU_SOURCE
#include "host/posix/image.h"
#include "host/posix/state.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
    uintptr_t pc;
    struct host_location *location;
    bool found;
};

static int look_into_module(struct dl_phdr_info *module, size_t size, void *argument)
{
    (void)size;
    struct search *s = argument;
    for (unsigned i = 0; i < module->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &module->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD ||
            s->pc - (module->dlpi_addr + segment->p_vaddr) >= segment->p_memsz)
            continue;
        bool program = module->dlpi_name == NULL || module->dlpi_name[0] == '\0';
        snprintf(s->location->module, sizeof(s->location->module), "%s",
                 program ? host_executable() : module->dlpi_name);
        s->location->offset = s->pc - module->dlpi_addr;
        s->found = true;
        return 1;
    }
    return 0;
}

/* addr2line answers two lines: the function, then file:line; "??" for what it does not know. */
static bool ask_addr2line(const char *program, uint64_t address, struct host_location *location)
{
    char text[32], answer[1024];
    snprintf(text, sizeof(text), "%#llx", (unsigned long long)address);
    const char *const argv[] = {program, "-f", "-e", location->module, text, NULL};
    if (host_run(argv, answer, sizeof(answer)) != 0)
        return false;
    char *file = strchr(answer, '\n');
    if (file == NULL)
        return false;
    *file++ = '\0';
    file[strcspn(file, "\n")] = '\0';
    if (answer[0] != '\0' && answer[0] != '?')
        snprintf(location->function, sizeof(location->function), "%.*s",
                 (int)sizeof(location->function) - 1, answer);
    char *colon = strrchr(file, ':');
    if (file[0] == '?' || colon == NULL)
        return false;
    *colon = '\0';
    snprintf(location->file, sizeof(location->file), "%.*s", (int)sizeof(location->file) - 1, file);
    location->line = (unsigned)strtoul(colon + 1, NULL, 10);
    return location->line != 0;
}

/* The host's own addr2line reads PE files when it was built for that; the others come with the compilers
 * that make PE files. Addresses are those the linker gave. */
static void locate_in_image(const struct host_image *image, uintptr_t pc, struct host_location *location)
{
    static const char *const programs[] = {"addr2line", "x86_64-w64-mingw32-addr2line", "llvm-addr2line"};
    location->offset = pc - (uintptr_t)image->base;
    snprintf(location->module, sizeof(location->module), "%s", image->path);
    for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (ask_addr2line(programs[i], image->linked_base + location->offset, location))
            return;
}

void host_locate(const void *pc, struct host_location *location)
{
    *location = (struct host_location){0};
    const struct host_image *image = host_image_find((uintptr_t)pc);
    if (image != NULL) {
        locate_in_image(image, (uintptr_t)pc, location);
        return;
    }
    struct search search = {.pc = (uintptr_t)pc, .location = location};
    dl_iterate_phdr(look_into_module, &search);
    if (!search.found)
        return;
    ask_addr2line("addr2line", location->offset, location);
    Dl_info symbol;
    if (location->function[0] == '\0' && dladdr(pc, &symbol) != 0 && symbol.dli_sname != NULL)
        snprintf(location->function, sizeof(location->function), "%s", symbol.dli_sname);
}
