/* SPDX-License-Identifier: MIT */
/* A file until its end, whatever size it claims to have: pipes and /proc have none. */
#include "host/read_all.h"

#include "host/fail.h"
#include <errno.h>
#include <stdlib.h>

char *host_read_all(const char *path, int file, int64_t (*read)(int file, void *data, size_t length), size_t limit,
                    size_t *length)
{
    size_t room = 4096, have = 0;
    char *data = malloc(room + 1);

    while (data != NULL) {
        int64_t n = read(file, data + have, room - have);
        if (n < 0) {
            host_fail(errno, "cannot read %s", path);
            break;
        }
        have += (size_t)n;
        if (have > limit) {
            host_fail(0, "cannot read %s: longer than %zu bytes", path, limit);
            break;
        }
        if (n == 0) {
            data[have] = '\0';
            if (length != NULL)
                *length = have;
            return data;
        }
        if (have == room) {
            char *more = realloc(data, room * 2 + 1);
            if (more == NULL) {
                host_fail(ENOMEM, "cannot read %s", path);
                break;
            }
            data = more;
            room *= 2;
        }
    }
    free(data);
    return NULL;
}
