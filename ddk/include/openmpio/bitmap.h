/* SPDX-License-Identifier: MIT */
/*
 * Rtl: bitmaps. Bit n is bit n % 32 of the n / 32-th ULONG of a buffer that the driver owns. Every
 * routine is legal at any IRQL at which that buffer may be touched; the caller guards the bitmap.
 * Source: wdm.h and the pages of the RtlXxxBits family.
 */
#ifndef OPENMPIO_BITMAP_H
#define OPENMPIO_BITMAP_H

#include <openmpio/kernel.h>

DDK_BEGIN_C

typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap; /* bits */
    PULONG Buffer;      /* a whole number of ULONGs */
} RTL_BITMAP, *PRTL_BITMAP;

typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

#define RTL_BITMAP_NOT_FOUND 0xFFFFFFFF
#define RtlCheckBit(header, bit) ((((header)->Buffer[(bit) / 32] >> ((bit) % 32)) & 0x1))

/* Describes BitMapBuffer; the bits keep what the buffer holds. */
NTKERNELAPI VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap);
/* One bit; its number must be below SizeOfBitMap. */
NTKERNELAPI VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
NTKERNELAPI VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
NTKERNELAPI BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber);
/* All bits, or a run that must lie within the bitmap. */
NTKERNELAPI VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader);
NTKERNELAPI VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader);
NTKERNELAPI VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear);
NTKERNELAPI VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet);
/* First run of at least that many clear (set) bits at or behind the hint, then from the start of the
 * bitmap; its first bit, or 0xFFFFFFFF. The second pair changes the run it found. */
NTKERNELAPI ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
NTKERNELAPI ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
NTKERNELAPI ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
NTKERNELAPI ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex);
/* Runs of clear bits: the first ones, or the longest ones, longest first; answers how many. */
NTKERNELAPI ULONG NTAPI RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray,
                                         BOOLEAN LocateLongestRuns);
/* Length of the longest (first, next from FromIndex on, last at or before FromIndex) run of clear bits,
 * 0 when there is none; *StartingIndex is its first bit. */
NTKERNELAPI ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex);
NTKERNELAPI ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex);
NTKERNELAPI ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                                   PULONG StartingRunIndex);
NTKERNELAPI ULONG NTAPI RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                                    PULONG StartingRunIndex);
/* Counts. A range that does not lie within the bitmap counts nothing. */
NTKERNELAPI ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader);
NTKERNELAPI ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader);
NTKERNELAPI ULONG NTAPI RtlNumberOfClearBitsInRange(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
NTKERNELAPI ULONG NTAPI RtlNumberOfSetBitsInRange(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
NTKERNELAPI ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target);
/* TRUE when the whole run lies within the bitmap and is clear (set); FALSE for a length of 0. */
NTKERNELAPI BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
NTKERNELAPI BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length);
/* Copies Source into Destination from bit TargetBit on, as much as fits. */
NTKERNELAPI VOID NTAPI RtlCopyBitMap(PRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit);
/* Copies NumberOfBits of Source, from bit TargetBit on, to the start of Destination, as much as fits. */
NTKERNELAPI VOID NTAPI RtlExtractBitMap(PRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit,
                                        ULONG NumberOfBits);
/* Number of the highest (lowest) bit that is set; -1 for 0. */
NTKERNELAPI CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set);
NTKERNELAPI CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set);

DDK_END_C

#endif
