/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the host's files: one file of 64 KiB whose failures a test can order. Linked
 * before the host library it takes the place of the real functions.
 */
#ifndef MPIO_ARRAY_TESTS_HOST_DOUBLE_H
#define MPIO_ARRAY_TESTS_HOST_DOUBLE_H

#include <string.h>

#include "host/host.h"

static struct {
    uint8_t bytes[65536];
    int64_t size;
    bool fails;
    bool no_open;
    unsigned syncs;
} disk;

/* No shared objects on the bench: plug-ins come as tables. */
void *host_library_open(const char *path)
{
    (void)path;
    return NULL;
}
void *host_library_symbol(void *library, const char *name)
{
    (void)library, (void)name;
    return NULL;
}
void host_library_close(void *library)
{
    (void)library;
}
const char *host_error(void)
{
    return "no such file";
}
int host_file_open(const char *path, bool create)
{
    (void)path, (void)create;
    return disk.no_open ? -1 : 3;
}
int64_t host_file_size(int file)
{
    (void)file;
    return disk.size;
}
bool host_file_resize(int file, uint64_t size)
{
    (void)file;
    if (size > sizeof disk.bytes)
        return false;
    memset(disk.bytes + size, 0, sizeof disk.bytes - size);
    disk.size = (int64_t)size;
    return true;
}
int64_t host_file_pread(int file, void *data, size_t length, uint64_t offset)
{
    (void)file;
    if (disk.fails)
        return -1;
    if (offset >= (uint64_t)disk.size)
        return 0;
    length = length > 1000 ? 1000 : length; /* hosts may give less than asked */
    if (length > (uint64_t)disk.size - offset)
        length = (size_t)((uint64_t)disk.size - offset);
    memcpy(data, disk.bytes + offset, length);
    return (int64_t)length;
}
int64_t host_file_pwrite(int file, const void *data, size_t length, uint64_t offset)
{
    (void)file;
    if (disk.fails || offset + length > sizeof disk.bytes)
        return -1;
    length = length > 1000 ? 1000 : length;
    memcpy(disk.bytes + offset, data, length);
    return (int64_t)length;
}
bool host_file_sync(int file)
{
    (void)file;
    disk.syncs++;
    return !disk.fails;
}
void host_file_close(int file)
{
    (void)file;
}

#endif
