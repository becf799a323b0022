/* SPDX-License-Identifier: MIT */
/*
 * The CPU-time watchdog: a thread of its own that looks at the beat and at the watched thread's CPU time. A period of
 * CPU time in which the beat did not change is a hang; the watched thread is suspended, told to continue in the fault
 * handler, and resumed. The period is the only word both threads write; the rest is looked at while the other is suspended.
 * It ends with the watched thread, or before it when that one ends the program.
 */
#include "host/windows/state.h"

#include <stdlib.h>

#define SHORTEST_LOOK 5 /* milliseconds */
#define PERIOD_OVER   (-1)

struct host_watch {
    struct host_state *state;
    HANDLE thread;              /* the watched one */
    HANDLE watcher;
    HANDLE changed;             /* event: the period is another */
    volatile LONG period;       /* milliseconds, 0: off */
    uintptr_t system_low, system_high; /* ntdll: code that must not be abandoned */
};

volatile uint32_t *host_watchdog_beat(void)
{
    return &host_state.beat;
}

static uint64_t cpu_of(HANDLE thread)
{
    FILETIME created, ended, kernel, user;
    if (!GetThreadTimes(thread, &created, &ended, &kernel, &user))
        return 0;
    return (((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
            ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime)) / 10000;
}

/* True when the thread was diverted. Within the system's own code, which may hold its locks, another time. */
static bool interrupt(struct host_watch *w, uint32_t beat)
{
    struct host_state *s = w->state;
    CONTEXT c = {.ContextFlags = CONTEXT_FULL | CONTEXT_FLOATING_POINT};
    bool diverted = false;
    if (SuspendThread(w->thread) == (DWORD)-1)
        return false;
    if (GetThreadContext(w->thread, &c) && s->beat == beat && s->handler != NULL && !s->handling &&
        !(c.Rip >= w->system_low && c.Rip < w->system_high)) {
        s->fault.kind = HOST_FAULT_HANG;
        s->fault.address = NULL;
        host_fault_land(s, &c);
        diverted = SetThreadContext(w->thread, &c);
        if (!diverted)
            s->handling = false;
    }
    ResumeThread(w->thread);
    return diverted;
}

static DWORD WINAPI watch(void *argument)
{
    struct host_watch *w = argument;
    uint32_t beat = w->state->beat;
    uint64_t since = cpu_of(w->thread);
    for (;;) {
        DWORD period = (DWORD)w->period;
        DWORD look = period == 0 ? INFINITE : period / 4 > SHORTEST_LOOK ? period / 4 : SHORTEST_LOOK;
        const HANDLE news[] = {w->thread, w->changed};
        DWORD what = WaitForMultipleObjects(2, news, FALSE, look);
        if (what == WAIT_OBJECT_0 || w->period == PERIOD_OVER)
            break; /* the watched thread is gone, and its state with it */
        bool changed = what == WAIT_OBJECT_0 + 1;
        uint64_t now = cpu_of(w->thread);
        if (changed || w->state->beat != beat || w->state->handler == NULL || w->state->handling) {
            beat = w->state->beat;
            since = now;
        } else if (now - since >= period && interrupt(w, beat)) {
            since = now;
        }
    }
    CloseHandle(w->thread);
    CloseHandle(w->changed);
    CloseHandle(w->watcher);
    free(w);
    return 0;
}

/* At the end of the program: a thread that is alive then may take the exit code with it. */
static void stop(void)
{
    struct host_watch *w = host_state.watch;
    HANDLE watcher;
    if (w == NULL || !DuplicateHandle(GetCurrentProcess(), w->watcher, GetCurrentProcess(), &watcher, 0, FALSE,
                                      DUPLICATE_SAME_ACCESS))
        return;
    host_state.watch = NULL;
    InterlockedExchange(&w->period, PERIOD_OVER);
    SetEvent(w->changed);
    WaitForSingleObject(watcher, INFINITE);
    CloseHandle(watcher);
}

static struct host_watch *start(struct host_state *s)
{
    struct host_watch *w = calloc(1, sizeof(*w));
    HANDLE self = GetCurrentProcess();
    const char *ntdll = (const char *)GetModuleHandleW(L"ntdll.dll");
    const IMAGE_NT_HEADERS *headers = (const void *)(ntdll + ((const IMAGE_DOS_HEADER *)ntdll)->e_lfanew);
    if (w == NULL)
        return NULL;
    w->state = s;
    w->system_low = (uintptr_t)ntdll;
    w->system_high = w->system_low + headers->OptionalHeader.SizeOfImage;
    w->changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (w->changed != NULL &&
        DuplicateHandle(self, GetCurrentThread(), self, &w->thread, 0, FALSE, DUPLICATE_SAME_ACCESS))
        w->watcher = CreateThread(NULL, 0, watch, w, CREATE_SUSPENDED, NULL);
    if (w->watcher == NULL) {
        host_fail_system(GetLastError(), "cannot start the thread that looks for hangs");
        return NULL; /* what was made stays; the program goes on without a watchdog */
    }
    ResumeThread(w->watcher);
    atexit(stop);
    return w;
}

void host_watchdog(unsigned milliseconds)
{
    struct host_state *s = &host_state;
    if (s->watch == NULL && (milliseconds == 0 || (s->watch = start(s)) == NULL))
        return;
    s->beat++;
    InterlockedExchange(&s->watch->period, (LONG)milliseconds);
    SetEvent(s->watch->changed);
}
