/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: trace providers of a machine - WPP controls of our own builds, providers of binaries
 * that call Etw* - and what somebody asked to see of them.
 */
#ifndef MPIO_NT_TRACE_WPP_H
#define MPIO_NT_TRACE_WPP_H

#include <openmpio/etw.h>
#include <openmpio/trace.h>

#include "nt/debug.h"

#define NT_TRACE_PROVIDERS 64u  /* registered at one time; more are refused */
#define NT_TRACE_CONTROLS  64u  /* control GUIDs of one provider */
#define NT_TRACE_WORDS     64u  /* words of flags of one control */
#define NT_TRACE_REQUESTS  64u  /* nt_trace_flags: different drivers and providers */
#define NT_TRACE_NAME      64u

enum nt_trace_kind { NT_TRACE_FREE, NT_TRACE_WPP, NT_TRACE_ETW, NT_TRACE_CLASSIC };

typedef struct _NT_TRACE_PROVIDER {
    enum nt_trace_kind Kind;
    ULONG Id;                   /* never used again */
    PDRIVER_OBJECT Driver;      /* compared, never followed: the driver may be gone */
    ULONG DriverOrdinal;
    CHAR DriverName[NT_TRACE_NAME];
    POPENMPIO_TRACE_PROVIDER Block; /* WPP: the driver's, valid while the driver is loaded */
    GUID Guid;                  /* ETW and classic */
    UCHAR Level;                /* ETW and classic: what is let through */
    ULONG Flags;
} NT_TRACE_PROVIDER, *PNT_TRACE_PROVIDER;

typedef struct _NT_TRACE_REQUEST {
    CHAR Driver[NT_TRACE_NAME], Provider[NT_TRACE_NAME]; /* "": every one */
    ULONG Flags;
    UCHAR Level;
} NT_TRACE_REQUEST;

typedef struct _NT_TRACE {
    NT_TRACE_PROVIDER Provider[NT_TRACE_PROVIDERS];
    NT_TRACE_REQUEST Request[NT_TRACE_REQUESTS];
    ULONG Requests;
    ULONG LastId;
} NT_TRACE, *PNT_TRACE;

/* A new provider of the driver that calls; NULL: too many. */
PNT_TRACE_PROVIDER NtTraceNewProvider(PNT_MACHINE Kernel, enum nt_trace_kind Kind);
/* NULL: no such provider, or its driver is gone. */
PNT_TRACE_PROVIDER NtTraceFindProvider(PNT_MACHINE Kernel, ULONG Id);
/* What is wanted of a driver's provider (Name may be ""). TRUE: somebody asked for this driver by name. */
BOOLEAN NtTraceWanted(PNT_MACHINE Kernel, PCSTR Driver, PCSTR Name, PULONG Flags, PUCHAR Level);
/* Brings every provider's switches up to date. */
VOID NtTraceRefresh(PNT_MACHINE Kernel);
/* The routine that MmGetSystemRoutineAddress answers for a name of ours, NULL: none. */
PVOID NtTraceRoutine(PCSTR Name, BOOLEAN Pe);

/* WmiTraceMessage with its pairs of pointer and length in a source: for wrappers of PE images. */
NTSTATUS NtTraceWmiMessage(TRACEHANDLE LoggerHandle, const GUID *MessageGuid, USHORT MessageNumber,
                           struct format_source *Pairs);

#endif
