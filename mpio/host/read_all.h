/* SPDX-License-Identifier: MIT */
#ifndef MPIO_HOST_READ_ALL_H
#define MPIO_HOST_READ_ALL_H

#include <stddef.h>
#include <stdint.h>

/* What an open file still holds, as host_read_file answers it. `read` gives 0 at the end, negative with errno set. */
char *host_read_all(const char *path, int file, int64_t (*read)(int file, void *data, size_t length), size_t limit,
                    size_t *length);

#endif
