/* SPDX-License-Identifier: MIT */
/*
 * Code addresses for people: module and offset from our own loader or Windows', function and line from
 * addr2line when the module has DWARF debug information. Slow; for reports.
 */
#include "host/windows/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADERS_ROOM 4096u

/* Where the linker placed a module: Windows overwrites that number in memory, so it is read from the file. */
static uint64_t linked_base(const wchar_t *path)
{
    union {
        IMAGE_DOS_HEADER dos;
        unsigned char bytes[HEADERS_ROOM];
    } head;
    IMAGE_NT_HEADERS64 nt;
    DWORD length = 0;
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return 0;
    bool read = ReadFile(file, &head, sizeof(head), &length, NULL);
    CloseHandle(file);
    if (!read || length != sizeof(head) || head.dos.e_lfanew < 0 ||
        (DWORD)head.dos.e_lfanew > sizeof(head) - sizeof(nt))
        return 0;
    memcpy(&nt, head.bytes + head.dos.e_lfanew, sizeof(nt));
    return nt.Signature == IMAGE_NT_SIGNATURE && nt.OptionalHeader.Magic == IMAGE_NT_OPTIONAL_HDR64_MAGIC
               ? nt.OptionalHeader.ImageBase
               : 0;
}

/* Fills module and offset; answers what to add to the offset to get the address its symbols use. */
static uint64_t find_module(const void *pc, struct host_location *location)
{
    const struct host_image *image = host_image_find(pc);
    HMODULE module;
    wchar_t path[1024];
    if (image != NULL) {
        snprintf(location->module, sizeof(location->module), "%s", image->path);
        location->offset = (uintptr_t)pc - (uintptr_t)image->base;
        return image->linked_base;
    }
    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            pc, &module) ||
        GetModuleFileNameW(module, path, sizeof(path) / sizeof(path[0])) == 0)
        return 0;
    char *name = host_narrow(path);
    snprintf(location->module, sizeof(location->module), "%s", name);
    free(name);
    location->offset = (uintptr_t)pc - (uintptr_t)module;
    return linked_base(path);
}

/* addr2line answers two lines: the function, then file:line; "??" for what it does not know. */
static void ask_addr2line(struct host_location *location, uint64_t base)
{
    char address[32], answer[1024];
    snprintf(address, sizeof(address), "%#llx", (unsigned long long)(location->offset + base));
    const char *const argv[] = {"addr2line", "-f", "-e", location->module, address, NULL};
    if (host_run(argv, answer, sizeof(answer)) != 0)
        return;
    char *file = strchr(answer, '\n');
    if (file == NULL)
        return;
    answer[strcspn(answer, "\r\n")] = '\0';
    file++;
    file[strcspn(file, "\r\n")] = '\0';
    if (answer[0] != '\0' && answer[0] != '?')
        snprintf(location->function, sizeof(location->function), "%.*s", (int)sizeof(location->function) - 1, answer);
    char *colon = strrchr(file, ':');
    if (file[0] == '?' || colon == NULL)
        return;
    *colon = '\0';
    snprintf(location->file, sizeof(location->file), "%.*s", (int)sizeof(location->file) - 1, file);
    location->line = (unsigned)strtoul(colon + 1, NULL, 10);
}

void host_locate(const void *pc, struct host_location *location)
{
    *location = (struct host_location){0};
    uint64_t base = find_module(pc, location);
    if (location->module[0] != '\0')
        ask_addr2line(location, base);
}
