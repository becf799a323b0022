/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C, Ctrl-Break and the closing of the console ask the program to end its work in order; a second
 * one ends it at once. One flag for the process, set by the thread that Windows makes for the call.
 */
#include "host/windows/state.h"

static volatile LONG interrupted;

static BOOL WINAPI on_control(DWORD kind)
{
    (void)kind;
    return InterlockedExchange(&interrupted, 1) == 0; /* the second goes to the default: the process ends */
}

void host_catch_interrupt(void)
{
    SetConsoleCtrlHandler(on_control, TRUE);
}

void host_ignore_broken_pipe(void)
{
    /* Windows has no signal for it: the write fails. */
}

bool host_interrupted(void)
{
    return interrupted != 0;
}
