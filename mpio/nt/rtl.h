/* SPDX-License-Identifier: MIT */
/*
 * Character routines that the files rtl_*.c, registry_*.c and wmi.c share. Pure functions; any IRQL.
 */
#ifndef MPIO_NT_RTL_H
#define MPIO_NT_RTL_H

#include <ntdef.h>

/* Simple case mapping of one unit: ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic, full-width. */
WCHAR NtUpcase(WCHAR Character);
WCHAR NtDowncase(WCHAR Character);
/* Negative, 0 or positive; lengths in characters. */
LONG NtCompareText(PCWCH A, SIZE_T LengthA, PCWCH B, SIZE_T LengthB, BOOLEAN CaseInSensitive);
SIZE_T NtTextLength(PCWSTR Text);

#endif
