/* SPDX-License-Identifier: MIT */
/*
 * Which routines MmGetSystemRoutineAddress finds. The room that binds drivers' imports (load) has the
 * table of exports and sets the look-up; without one every name is unknown.
 */
#ifndef MPIO_NT_ROUTINE_H
#define MPIO_NT_ROUTINE_H

#include <stdbool.h>

struct machine;

/* Answers the routine in the caller's convention (pe: the Microsoft x64 one), or NULL. */
void nt_set_routine_lookup(struct machine *m, void *(*lookup)(const char *name, unsigned char pe));

#endif
