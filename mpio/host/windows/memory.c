/* SPDX-License-Identifier: MIT */
/*
 * Pages. Windows charges committed memory at once, so a large area at a fixed address is only reserved, and
 * committed in steps as it is touched: the vectored handler in faults.c asks host_first_touch. The areas are
 * the process's; a lock guards their list.
 */
#include "host/windows/state.h"

#include <errno.h>
#include <stdlib.h>

#define COMMIT_AT_ONCE ((size_t)8 << 20)
#define COMMIT_STEP    ((size_t)2 << 20)
#define LAZY_AREAS     64 /* of all worlds in the process; one more is committed whole */

struct lazy {
    uintptr_t base;
    size_t bytes;
};

static struct {
    SRWLOCK lock;
    struct lazy area[LAZY_AREAS];
    unsigned count;
} host_lazy = {.lock = SRWLOCK_INIT};

size_t host_page_size(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

void *host_map(size_t bytes)
{
    void *base = VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (base == NULL)
        host_fail_system(GetLastError(), "cannot map %zu bytes", bytes);
    return base;
}

static bool remember_lazy(void *base, size_t bytes)
{
    bool room;
    AcquireSRWLockExclusive(&host_lazy.lock);
    room = host_lazy.count < LAZY_AREAS;
    if (room)
        host_lazy.area[host_lazy.count++] = (struct lazy){(uintptr_t)base, bytes};
    ReleaseSRWLockExclusive(&host_lazy.lock);
    return room;
}

static bool forget_lazy(void *base)
{
    bool found = false;
    AcquireSRWLockExclusive(&host_lazy.lock);
    for (unsigned i = 0; i < host_lazy.count && !found; i++) {
        if (host_lazy.area[i].base == (uintptr_t)base) {
            host_lazy.area[i] = host_lazy.area[--host_lazy.count];
            found = true;
        }
    }
    ReleaseSRWLockExclusive(&host_lazy.lock);
    return found;
}

/* Commits what is not yet committed of [from, to); what is committed keeps its protection. */
static bool commit(uintptr_t from, uintptr_t to)
{
    MEMORY_BASIC_INFORMATION part;
    while (from < to && VirtualQuery((void *)from, &part, sizeof(part)) != 0) {
        uintptr_t end = (uintptr_t)part.BaseAddress + part.RegionSize;
        end = end < to ? end : to;
        if (part.State == MEM_RESERVE &&
            VirtualAlloc((void *)from, end - from, MEM_COMMIT, PAGE_READWRITE) == NULL)
            return false;
        from = end;
    }
    return true;
}

/* The lazy area of an address; a copy, as areas come and go in other threads. */
static struct lazy find_lazy(uintptr_t address)
{
    struct lazy found = {0, 0};
    AcquireSRWLockShared(&host_lazy.lock);
    for (unsigned i = 0; i < host_lazy.count; i++)
        if (address - host_lazy.area[i].base < host_lazy.area[i].bytes)
            found = host_lazy.area[i];
    ReleaseSRWLockShared(&host_lazy.lock);
    return found;
}

bool host_first_touch(uintptr_t address)
{
    struct lazy area = find_lazy(address);
    MEMORY_BASIC_INFORMATION part;
    if (area.bytes == 0 || VirtualQuery((void *)address, &part, sizeof(part)) == 0 || part.State != MEM_RESERVE)
        return false;
    uintptr_t from = area.base + (address - area.base) / COMMIT_STEP * COMMIT_STEP;
    uintptr_t end = area.base + area.bytes;
    return commit(from, end - from < COMMIT_STEP ? end : from + COMMIT_STEP);
}

void host_touch(void *memory, size_t bytes)
{
    uintptr_t from = (uintptr_t)memory;
    if (bytes > 0 && find_lazy(from).bytes != 0)
        commit(from, from + bytes);
}

void *host_map_at(uint64_t address, size_t bytes)
{
    void *wanted = (void *)(uintptr_t)address;
    if ((uintptr_t)wanted != address || address == 0) {
        host_fail(0, "cannot map %zu bytes at %#llx: no such address on this host", bytes,
                  (unsigned long long)address);
        return NULL;
    }
    bool lazy = bytes > COMMIT_AT_ONCE;
    host_take_exceptions();
    void *base = VirtualAlloc(wanted, bytes, lazy ? MEM_RESERVE : MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (base != wanted) { /* taken, or rounded down to the allocation granularity */
        DWORD code = base == NULL ? GetLastError() : ERROR_ALREADY_EXISTS;
        if (base != NULL)
            VirtualFree(base, 0, MEM_RELEASE);
        host_fail_system(code == ERROR_INVALID_ADDRESS ? ERROR_ALREADY_EXISTS : code, "cannot map %zu bytes at %#llx",
                         bytes, (unsigned long long)address);
        return NULL;
    }
    /* The beginning is used by everybody; the rest comes when it is touched. */
    if (lazy && !commit(address, address + (remember_lazy(base, bytes) ? COMMIT_AT_ONCE : bytes))) {
        host_fail_system(GetLastError(), "cannot map %zu bytes at %#llx", bytes, (unsigned long long)address);
        host_unmap(base, bytes);
        return NULL;
    }
    return base;
}

void host_prefer_large_pages(void *base, size_t bytes)
{
    (void)base;
    (void)bytes; /* Windows has them for memory that is committed and locked as a whole only */
}

/* Releases an allocation once nothing of it is committed: it was given back piece by piece. */
static void release_when_empty(char *allocation)
{
    MEMORY_BASIC_INFORMATION part;
    char *at = allocation;
    while (VirtualQuery(at, &part, sizeof(part)) != 0 && part.AllocationBase == allocation) {
        if (part.State == MEM_COMMIT)
            return;
        at = (char *)part.BaseAddress + part.RegionSize;
    }
    VirtualFree(allocation, 0, MEM_RELEASE);
}

void host_unmap(void *base, size_t bytes)
{
    MEMORY_BASIC_INFORMATION first;
    if (base == NULL || bytes == 0)
        return;
    if (forget_lazy(base)) {
        VirtualFree(base, 0, MEM_RELEASE);
        return;
    }
    if (VirtualQuery(base, &first, sizeof(first)) == 0 || first.State == MEM_FREE)
        return;
    VirtualFree(base, bytes, MEM_DECOMMIT);
    release_when_empty(first.AllocationBase);
}

bool host_protect(void *base, size_t bytes, enum host_access access)
{
    static const DWORD protection[] = {
        [HOST_NONE] = PAGE_NOACCESS,
        [HOST_READ] = PAGE_READONLY,
        [HOST_READ_WRITE] = PAGE_READWRITE,
        [HOST_READ_EXECUTE] = PAGE_EXECUTE_READ,
    };
    DWORD old;
    if (!commit((uintptr_t)base, (uintptr_t)base + bytes) || !VirtualProtect(base, bytes, protection[access], &old))
        return host_fail_system(GetLastError(), "cannot change the protection of %zu bytes", bytes);
    return true;
}
