/* SPDX-License-Identifier: MIT */
/*
 * What making something new asks of the system: random bytes that nobody else draws, and whether a
 * directory is free. Any thread, no state.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

bool host_random(void *bytes, size_t count)
{
    char *next = bytes;

    while (count > 0) {
        ssize_t n = getrandom(next, count, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return host_fail(errno, "no random bytes");
        next += n;
        count -= (size_t)n;
    }
    return true;
}

int host_directory_entries(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        if (errno == ENOENT)
            return 0;
        host_fail(errno, "cannot look into %s", path);
        return -1;
    }
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(directory);
    return found;
}
