/* SPDX-License-Identifier: MIT */
/*
 * The CPU-time watchdog: a timer on this thread's CPU clock. A period in which the beat did not
 * change is a hang; faults.c then abandons the running code. Runs in the signal handler.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

int host_watchdog_signal(void)
{
    return SIGVTALRM;
}

volatile uint32_t *host_watchdog_beat(void)
{
    return &host_state.beat;
}

/* Nobody is there to be told, or the report itself is running: then a long period means nothing. */
bool host_watchdog_expired(void)
{
    struct host_state *s = &host_state;
    bool same = s->beat == s->last_beat;
    s->last_beat = s->beat;
    return same && s->handler != NULL && !s->handling;
}

void host_watchdog(unsigned milliseconds)
{
    struct host_state *s = &host_state;
    if (!s->timer_made) {
        if (milliseconds == 0)
            return;
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                                 .sigev_signo = host_watchdog_signal()};
        event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
        if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &s->timer) != 0) {
            host_fail(errno, "cannot make a CPU-time timer");
            return;
        }
        if (!s->installed)
            signal(host_watchdog_signal(), SIG_IGN); /* until host_on_fault takes it */
        s->timer_made = true;
    }
    struct timespec period = {.tv_sec = milliseconds / 1000,
                              .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    struct itimerspec times = {.it_value = period, .it_interval = period};
    s->last_beat = s->beat - 1;
    timer_settime(s->timer, 0, &times, NULL);
}
