/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: a machine's bug check. Addresses are recorded at once; names and source lines are
 * looked up when somebody asks, because that is slow.
 */
#ifndef MPIO_NT_BUGCHECK_H
#define MPIO_NT_BUGCHECK_H

#include "nt/kernel.h"

#define NT_BUGCHECK_FRAMES RTL_NUMBER_OF(((struct nt_bugcheck *)0)->frame)
#define NT_BUGCHECK_INNER  8

typedef struct _NT_BUGCHECK {
    struct nt_bugcheck Public;
    BOOLEAN Located;
    PVOID Pc[NT_BUGCHECK_FRAMES];   /* inside the calling instructions */
    PVOID InnerPc[NT_BUGCHECK_INNER]; /* the emulator's own frames below the driver's first, from there inward */
    unsigned InnerFrames;
    struct nt_image Image;          /* the driver's */
} NT_BUGCHECK;

/* A driver's routine that has returned. */
typedef struct _NT_RETURNED {
    PCSTR Name;                     /* of the callback */
    PVOID Routine;
} NT_RETURNED;

/* Corrects file and line of a frame that lies at a routine's first instruction. */
void NtLocateDefinition(struct nt_frame *frame);

/* machine_operations.fault */
void NtFault(struct machine *m, const void *host_fault);

#endif
