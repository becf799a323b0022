/* SPDX-License-Identifier: MIT */
/*
 * Names that only images built for 32-bit processors import: the fastcall twins of routines that
 * x64 images know under other names. Sources use the general names, which are declared elsewhere.
 * Source: the x86 halves of wdm.h; import tables of x86 drivers.
 */
#ifndef OPENMPIO_X86_H
#define OPENMPIO_X86_H

#include <openmpio/executive.h>

DDK_BEGIN_C

/* KeAcquireSpinLock, KeReleaseSpinLock and their AtDpcLevel forms. */
NTKERNELAPI KIRQL FASTCALL KfAcquireSpinLock(PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID FASTCALL KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);
NTKERNELAPI VOID FASTCALL KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
NTKERNELAPI VOID FASTCALL KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);
/* The ExInterlocked list routines and ExInterlockedAddUlong. Any IRQL. */
NTKERNELAPI PLIST_ENTRY FASTCALL ExfInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                                              PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY FASTCALL ExfInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                                              PKSPIN_LOCK Lock);
NTKERNELAPI PLIST_ENTRY FASTCALL ExfInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY FASTCALL ExfInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock);
NTKERNELAPI PSINGLE_LIST_ENTRY FASTCALL ExfInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                                    PSINGLE_LIST_ENTRY ListEntry,
                                                                    PKSPIN_LOCK Lock);
NTKERNELAPI ULONG FASTCALL ExfInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock);
/* *Destination becomes *Exchange if it was *Comparand; answers what it was. Any IRQL. */
NTKERNELAPI LONGLONG FASTCALL ExfInterlockedCompareExchange64(LONGLONG volatile *Destination, PLONGLONG Exchange,
                                                              PLONGLONG Comparand);
/* 64-bit statistics without a result. Any IRQL. */
#define ExInterlockedAddLargeStatistic(addend, increment) \
    ((VOID)InterlockedExchangeAdd64((LONGLONG volatile *)&(addend)->QuadPart, (LONGLONG)(increment)))
#define ExInterlockedCompareExchange64(destination, exchange, comparand, lock) \
    InterlockedCompareExchange64((LONGLONG volatile *)(destination), *(exchange), *(comparand))
#define ExInterlockedIncrementLong(addend, lock)      InterlockedIncrement(addend)
#define ExInterlockedDecrementLong(addend, lock)      InterlockedDecrement(addend)
#define ExInterlockedExchangeUlong(target, value, lock) \
    ((ULONG)InterlockedExchange((LONG volatile *)(target), (LONG)(value)))
#define ExInterlockedExchangeAddLargeInteger(target, value, lock) \
    InterlockedExchangeAdd64((LONGLONG volatile *)&(target)->QuadPart, (value).QuadPart)

DDK_END_C

#endif
