/* SPDX-License-Identifier: MIT */
/*
 * Clocks and the resident set. Only the host clock of a world and the benchmarks ask.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t host_time_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t host_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t host_rss_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    unsigned long long all, resident;
    int fields = fscanf(file, "%llu %llu", &all, &resident);
    fclose(file);
    return fields == 2 ? resident * host_page_size() : 0;
}
