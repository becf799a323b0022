/* SPDX-License-Identifier: MIT */
/*
 * What making something new asks of the system: random bytes that nobody else draws, and whether a
 * directory is free. Any thread, no state.
 */
#define _CRT_RAND_S
#include <stdlib.h>

#include "host/windows/state.h"

#include <string.h>

bool host_random(void *bytes, size_t count)
{
    for (char *next = bytes; count > 0;) {
        unsigned word;
        size_t part = count < sizeof word ? count : sizeof word;
        if (rand_s(&word) != 0)
            return host_fail(0, "no random bytes");
        memcpy(next, &word, part);
        next += part;
        count -= part;
    }
    return true;
}

int host_directory_entries(const char *path)
{
    size_t length = strlen(path);
    char *pattern = malloc(length + 3);
    if (pattern == NULL) {
        host_fail(0, "out of memory");
        return -1;
    }
    memcpy(pattern, path, length);
    memcpy(pattern + length, "/*", 3);
    wchar_t *wide = host_wide(pattern);
    free(pattern);
    WIN32_FIND_DATAW entry;
    HANDLE search = FindFirstFileW(wide, &entry);
    free(wide);
    if (search == INVALID_HANDLE_VALUE) {
        DWORD code = GetLastError();
        if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND)
            return 0;
        host_fail_system(code, "cannot look into %s", path);
        return -1;
    }
    int found = 0;
    do {
        found = wcscmp(entry.cFileName, L".") != 0 && wcscmp(entry.cFileName, L"..") != 0;
    } while (!found && FindNextFileW(search, &entry));
    FindClose(search);
    return found;
}
