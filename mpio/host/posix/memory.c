/* SPDX-License-Identifier: MIT */
/*
 * Pages. Nothing here keeps state; the caller remembers base and size.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0 /* then the address is a hint, and the result is compared */
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

size_t host_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *host_map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        host_fail(errno, "cannot map %zu bytes", bytes);
        return NULL;
    }
    return base;
}

void *host_map_at(uint64_t address, size_t bytes)
{
    void *wanted = (void *)(uintptr_t)address;
    if ((uintptr_t)wanted != address || address == 0) {
        host_fail(0, "cannot map %zu bytes at %#llx: no such address on this host", bytes,
                  (unsigned long long)address);
        return NULL;
    }
    void *base = mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (base == wanted)
        return base;
    int error = base == MAP_FAILED ? errno : EEXIST;
    if (base != MAP_FAILED)
        munmap(base, bytes); /* a system that took the address as a hint only */
    host_fail(error, "cannot map %zu bytes at %#llx", bytes, (unsigned long long)address);
    return NULL;
}

void host_prefer_large_pages(void *base, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    madvise(base, bytes, MADV_HUGEPAGE);
#else
    (void)base;
    (void)bytes;
#endif
}

void host_unmap(void *base, size_t bytes)
{
    if (base != NULL)
        munmap(base, bytes);
}

bool host_protect(void *base, size_t bytes, enum host_access access)
{
    static const int protection[] = {
        [HOST_NONE] = PROT_NONE,
        [HOST_READ] = PROT_READ,
        [HOST_READ_WRITE] = PROT_READ | PROT_WRITE,
        [HOST_READ_EXECUTE] = PROT_READ | PROT_EXEC,
    };
    if (mprotect(base, bytes, protection[access]) != 0)
        return host_fail(errno, "cannot change the protection of %zu bytes", bytes);
    return true;
}
