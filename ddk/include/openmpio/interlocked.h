/* SPDX-License-Identifier: MIT */
/*
 * Interlocked operations on 16, 32, 64-bit and pointer variables, as full-barrier inlines. Any IRQL.
 * Increment, Decrement and Add answer the new value; Exchange*, CompareExchange and the bit operations
 * the old one.
 *
 * A PE image may meet a kernel with several processors: there they are the compiler's atomic built-ins.
 * Everything else runs in OpenMPIO, where one OS thread runs a machine and nothing is preempted between
 * kernel calls: there a compiler barrier does, without the price of a locked instruction.
 * Source: wdm.h and the pages of the Interlocked routines.
 */
#ifndef OPENMPIO_INTERLOCKED_H
#define OPENMPIO_INTERLOCKED_H

#include <ntdef.h>

DDK_BEGIN_C

#ifdef _WIN32
#define DDK_FETCH_ADD(type, target, value)      __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST)
#define DDK_FETCH_AND(type, target, value)      __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST)
#define DDK_FETCH_OR(type, target, value)       __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST)
#define DDK_FETCH_XOR(type, target, value)      __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST)
#define DDK_EXCHANGE(type, target, value)       __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST)
#define DDK_COMPARE_EXCHANGE(type, target, value, expected) \
    (__atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST), expected)
#else
#define DDK_UPDATE(type, target, new_value)                   \
    __extension__({                                     \
        type old_;                                      \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);        \
        old_ = *(target);                               \
        *(target) = (type)(new_value);                  \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);        \
        old_;                                           \
    })
#define DDK_FETCH_ADD(type, target, value)                  DDK_UPDATE(type, target, (ULONGLONG)old_ + (ULONGLONG)(value))
#define DDK_FETCH_AND(type, target, value)                  DDK_UPDATE(type, target, old_ & (value))
#define DDK_FETCH_OR(type, target, value)                   DDK_UPDATE(type, target, old_ | (value))
#define DDK_FETCH_XOR(type, target, value)                  DDK_UPDATE(type, target, old_ ^ (value))
#define DDK_EXCHANGE(type, target, value)                   DDK_UPDATE(type, target, value)
#define DDK_COMPARE_EXCHANGE(type, target, value, expected) DDK_UPDATE(type, target, old_ == (expected) ? (value) : old_)
#endif

#define DDK_INTERLOCKED_FAMILY(suffix, type)                                                      \
    FORCEINLINE type InterlockedIncrement##suffix(type volatile *target)                          \
    {                                                                                             \
        return (type)((ULONGLONG)DDK_FETCH_ADD(type, target, 1) + 1);                             \
    }                                                                                             \
    FORCEINLINE type InterlockedDecrement##suffix(type volatile *target)                          \
    {                                                                                             \
        return (type)((ULONGLONG)DDK_FETCH_ADD(type, target, -1) - 1);                            \
    }                                                                                             \
    FORCEINLINE type InterlockedAdd##suffix(type volatile *target, type value)                    \
    {                                                                                             \
        return (type)((ULONGLONG)DDK_FETCH_ADD(type, target, value) + (ULONGLONG)value);          \
    }                                                                                             \
    FORCEINLINE type InterlockedExchange##suffix(type volatile *target, type value)               \
    {                                                                                             \
        return DDK_EXCHANGE(type, target, value);                                                 \
    }                                                                                             \
    FORCEINLINE type InterlockedExchangeAdd##suffix(type volatile *target, type value)            \
    {                                                                                             \
        return DDK_FETCH_ADD(type, target, value);                                                \
    }                                                                                             \
    FORCEINLINE type InterlockedAnd##suffix(type volatile *target, type value)                    \
    {                                                                                             \
        return DDK_FETCH_AND(type, target, value);                                                \
    }                                                                                             \
    FORCEINLINE type InterlockedOr##suffix(type volatile *target, type value)                     \
    {                                                                                             \
        return DDK_FETCH_OR(type, target, value);                                                 \
    }                                                                                             \
    FORCEINLINE type InterlockedXor##suffix(type volatile *target, type value)                    \
    {                                                                                             \
        return DDK_FETCH_XOR(type, target, value);                                                \
    }                                                                                             \
    FORCEINLINE type InterlockedCompareExchange##suffix(type volatile *target, type value,        \
                                                        type expected)                            \
    {                                                                                             \
        return DDK_COMPARE_EXCHANGE(type, target, value, expected);                               \
    }

DDK_INTERLOCKED_FAMILY(16, SHORT)
DDK_INTERLOCKED_FAMILY(, LONG)
DDK_INTERLOCKED_FAMILY(64, LONGLONG)
#undef DDK_INTERLOCKED_FAMILY

FORCEINLINE CHAR InterlockedExchange8(CHAR volatile *target, CHAR value)
{
    return DDK_EXCHANGE(CHAR, target, value);
}
FORCEINLINE CHAR InterlockedOr8(CHAR volatile *target, CHAR value)
{
    return DDK_FETCH_OR(CHAR, target, value);
}
FORCEINLINE CHAR InterlockedAnd8(CHAR volatile *target, CHAR value)
{
    return DDK_FETCH_AND(CHAR, target, value);
}
FORCEINLINE PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    return DDK_EXCHANGE(PVOID, target, value);
}
FORCEINLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value,
                                                    PVOID expected)
{
    return DDK_COMPARE_EXCHANGE(PVOID, target, value, expected);
}

/* Bit 0 is the least significant bit of *base; positions beyond 31 reach into the next LONG. */
FORCEINLINE BOOLEAN InterlockedBitTestAndSet(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (DDK_FETCH_OR(LONG, base + (bit >> 5), mask) & mask) != 0;
}
FORCEINLINE BOOLEAN InterlockedBitTestAndReset(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (DDK_FETCH_AND(LONG, base + (bit >> 5), ~mask) & mask) != 0;
}
FORCEINLINE BOOLEAN InterlockedBitTestAndComplement(LONG volatile *base, LONG bit)
{
    LONG mask = (LONG)(1u << (bit & 31));
    return (DDK_FETCH_XOR(LONG, base + (bit >> 5), mask) & mask) != 0;
}
FORCEINLINE BOOLEAN InterlockedBitTestAndSet64(LONGLONG volatile *base, LONGLONG bit)
{
    LONGLONG mask = (LONGLONG)(1ull << (bit & 63));
    return (DDK_FETCH_OR(LONGLONG, base + (bit >> 6), mask) & mask) != 0;
}
FORCEINLINE BOOLEAN InterlockedBitTestAndReset64(LONGLONG volatile *base, LONGLONG bit)
{
    LONGLONG mask = (LONGLONG)(1ull << (bit & 63));
    return (DDK_FETCH_AND(LONGLONG, base + (bit >> 6), ~mask) & mask) != 0;
}

#define InterlockedIncrementAcquire       InterlockedIncrement
#define InterlockedIncrementRelease       InterlockedIncrement
#define InterlockedIncrementNoFence       InterlockedIncrement
#define InterlockedDecrementAcquire       InterlockedDecrement
#define InterlockedDecrementRelease       InterlockedDecrement
#define InterlockedDecrementNoFence       InterlockedDecrement
#define InterlockedCompareExchangeAcquire InterlockedCompareExchange
#define InterlockedCompareExchangeRelease InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence InterlockedCompareExchange
#define InterlockedExchangeAcquire        InterlockedExchange
#define InterlockedExchangeNoFence        InterlockedExchange
#define InterlockedExchangeAddNoFence     InterlockedExchangeAdd
#define InterlockedOrNoFence              InterlockedOr
#define InterlockedAndNoFence             InterlockedAnd
#define _InterlockedIncrement             InterlockedIncrement
#define _InterlockedDecrement             InterlockedDecrement
#define _InterlockedExchange              InterlockedExchange
#define _InterlockedExchangeAdd           InterlockedExchangeAdd
#define _InterlockedCompareExchange       InterlockedCompareExchange
#define _InterlockedCompareExchange64     InterlockedCompareExchange64
#define _InterlockedAnd                   InterlockedAnd
#define _InterlockedOr                    InterlockedOr
#define _InterlockedXor                   InterlockedXor
#ifdef _WIN64
#define InterlockedIncrementSizeT(target) \
    ((SIZE_T)InterlockedIncrement64((LONGLONG volatile *)(target)))
#define InterlockedDecrementSizeT(target) \
    ((SIZE_T)InterlockedDecrement64((LONGLONG volatile *)(target)))
#else
#define InterlockedIncrementSizeT(target) ((SIZE_T)InterlockedIncrement((LONG volatile *)(target)))
#define InterlockedDecrementSizeT(target) ((SIZE_T)InterlockedDecrement((LONG volatile *)(target)))
#endif

/* Plain loads and stores that the compiler may neither tear nor repeat. */
#define READ_NO_FENCE_FAMILY(name, type)                                    \
    FORCEINLINE type Read##name##NoFence(type const volatile *source)       \
    {                                                                       \
        return __atomic_load_n(source, __ATOMIC_RELAXED);                   \
    }                                                                       \
    FORCEINLINE type Read##name##Acquire(type const volatile *source)       \
    {                                                                       \
        return __atomic_load_n(source, __ATOMIC_ACQUIRE);                   \
    }                                                                       \
    FORCEINLINE VOID Write##name##NoFence(type volatile *target, type value) \
    {                                                                       \
        __atomic_store_n(target, value, __ATOMIC_RELAXED);                  \
    }                                                                       \
    FORCEINLINE VOID Write##name##Release(type volatile *target, type value) \
    {                                                                       \
        __atomic_store_n(target, value, __ATOMIC_RELEASE);                  \
    }
READ_NO_FENCE_FAMILY(, LONG)
READ_NO_FENCE_FAMILY(ULong, ULONG)
READ_NO_FENCE_FAMILY(64, LONGLONG)
READ_NO_FENCE_FAMILY(ULong64, ULONGLONG)
READ_NO_FENCE_FAMILY(UChar, UCHAR)
READ_NO_FENCE_FAMILY(Pointer, PVOID)
#undef READ_NO_FENCE_FAMILY

#define KeMemoryBarrier()               __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrierWithoutFence()   __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define MemoryBarrier()                 KeMemoryBarrier()
#define _ReadWriteBarrier()             KeMemoryBarrierWithoutFence()

DDK_END_C

#endif
