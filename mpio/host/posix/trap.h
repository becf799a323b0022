/* SPDX-License-Identifier: MIT */
/* What the signal handler (faults.c) asks trap.c: is this fault the trap handler's? Then *u continues there. */
#ifndef MPIO_HOST_POSIX_TRAP_H
#define MPIO_HOST_POSIX_TRAP_H

#include "host/host.h"

#include <signal.h>
#include <ucontext.h>

/* The interrupted code is an image's. */
bool host_trap_instruction(enum host_fault_kind fault, const siginfo_t *info, ucontext_t *u);
/* It is a routine of this program that an image called; `fault` has its frames. */
bool host_trap_routine(const struct host_fault *fault, const siginfo_t *info, ucontext_t *u);

#endif
