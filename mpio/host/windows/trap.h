/* SPDX-License-Identifier: MIT */
/* What the vectored handler (faults.c) asks trap.c. */
#ifndef MPIO_HOST_WINDOWS_TRAP_H
#define MPIO_HOST_WINDOWS_TRAP_H

#include "host/windows/state.h"

/* Is this exception perhaps the trap handler's? Then the context continues there. */
bool host_trap_exception(enum host_fault_kind fault, const EXCEPTION_RECORD *e, CONTEXT *c);

#endif
