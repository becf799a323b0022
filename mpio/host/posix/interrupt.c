/* SPDX-License-Identifier: MIT */
/*
 * Signals of the process as a whole. Ctrl-C asks the program to end its work in order; a second one
 * ends it at once. A process that was started with the signal ignored goes on ignoring it. One flag
 * for the process, set in the handler.
 */
#define _GNU_SOURCE
#include "host/host.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void host_catch_interrupt(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)(SA_RESTART | SA_RESETHAND)}, before;

        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void host_ignore_broken_pipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

bool host_interrupted(void)
{
    return interrupted != 0;
}
