/* SPDX-License-Identifier: MIT */
/*
 * Safe integers, all inline, any IRQL: Rtl<Type>Add, Sub, Mult and Rtl<From>To<To> of
 * ntintsafe.h, for every pair of types. A result that does not fit answers STATUS_INTEGER_OVERFLOW and leaves the type's all-ones (signed: -1) in
 * *Result.
 */
#ifndef OPENMPIO_NTINTSAFE_H
#define OPENMPIO_NTINTSAFE_H

#include <ntdef.h>
#include <ntstatus.h>

DDK_BEGIN_C

#define INT8_ERROR      (-1)
#define UINT8_ERROR     0xff
#define BYTE_ERROR      0xff
#define SHORT_ERROR     (-1)
#define USHORT_ERROR    ((USHORT)-1)
#define WORD_ERROR      ((WORD)-1)
#define INT_ERROR       (-1)
#define UINT_ERROR      ((UINT)-1)
#define LONG_ERROR      (-1)
#define ULONG_ERROR     ((ULONG)-1)
#define DWORD_ERROR     ((DWORD)-1)
#define LONGLONG_ERROR  (-1LL)
#define ULONGLONG_ERROR ((ULONGLONG)-1)
#define INT_PTR_ERROR   ((INT_PTR)-1)
#define UINT_PTR_ERROR  ((UINT_PTR)-1)
#define LONG_PTR_ERROR  ((LONG_PTR)-1)
#define ULONG_PTR_ERROR ((ULONG_PTR)-1)
#define SIZET_ERROR     ((SIZE_T)-1)
#define SIZE_T_ERROR    ((SIZE_T)-1)
#define SSIZE_T_ERROR   ((SSIZE_T)-1)
#define PTRDIFF_T_ERROR ((ptrdiff_t)-1)

#define DDK_SAFE_OPERATION(name, type, builtin)                               \
    FORCEINLINE NTSTATUS Rtl##name(type Left, type Right, type *Result)       \
    {                                                                         \
        if (builtin(Left, Right, Result)) {                                   \
            *Result = (type)-1;                                               \
            return STATUS_INTEGER_OVERFLOW;                                   \
        }                                                                     \
        return STATUS_SUCCESS;                                                \
    }
#define DDK_SAFE_ARITHMETIC(name, type)                         \
    DDK_SAFE_OPERATION(name##Add, type, __builtin_add_overflow) \
    DDK_SAFE_OPERATION(name##Sub, type, __builtin_sub_overflow) \
    DDK_SAFE_OPERATION(name##Mult, type, __builtin_mul_overflow)
/* X(name, type): every type of the family. Rtl<name>Add, Sub and Mult. */
#define DDK_SAFE_TYPES(X)      \
    X(Int8, INT8)              \
    X(UInt8, UINT8)            \
    X(Short, SHORT)            \
    X(UShort, USHORT)          \
    X(Int, INT)                \
    X(UInt, UINT)              \
    X(Long, LONG)              \
    X(ULong, ULONG)            \
    X(LongLong, LONGLONG)      \
    X(ULongLong, ULONGLONG)    \
    X(IntPtr, INT_PTR)         \
    X(UIntPtr, UINT_PTR)       \
    X(LongPtr, LONG_PTR)       \
    X(ULongPtr, ULONG_PTR)     \
    X(SizeT, SIZE_T)           \
    X(SSIZET, SSIZE_T)         \
    X(PtrdiffT, ptrdiff_t)
DDK_SAFE_TYPES(DDK_SAFE_ARITHMETIC)

/* Adding nothing with overflow detection is a checked conversion. */
#define DDK_SAFE_CONVERSION(name, from, to)                          \
    FORCEINLINE NTSTATUS Rtl##name(from Operand, to *Result)         \
    {                                                                \
        if (__builtin_add_overflow(Operand, (from)0, Result)) {      \
            *Result = (to)-1;                                        \
            return STATUS_INTEGER_OVERFLOW;                          \
        }                                                            \
        return STATUS_SUCCESS;                                       \
    }
/* From each type to every other, and to UCHAR, CHAR and BYTE. */
#define DDK_SAFE_CONVERSIONS(name, type)                          \
    DDK_SAFE_CONVERSION(name##ToInt8, type, INT8)                 \
    DDK_SAFE_CONVERSION(name##ToUInt8, type, UINT8)               \
    DDK_SAFE_CONVERSION(name##ToChar, type, CHAR)                 \
    DDK_SAFE_CONVERSION(name##ToUChar, type, UCHAR)               \
    DDK_SAFE_CONVERSION(name##ToByte, type, BYTE)                 \
    DDK_SAFE_CONVERSION(name##ToShort, type, SHORT)               \
    DDK_SAFE_CONVERSION(name##ToUShort, type, USHORT)             \
    DDK_SAFE_CONVERSION(name##ToInt, type, INT)                   \
    DDK_SAFE_CONVERSION(name##ToUInt, type, UINT)                 \
    DDK_SAFE_CONVERSION(name##ToLong, type, LONG)                 \
    DDK_SAFE_CONVERSION(name##ToULong, type, ULONG)               \
    DDK_SAFE_CONVERSION(name##ToLongLong, type, LONGLONG)         \
    DDK_SAFE_CONVERSION(name##ToULongLong, type, ULONGLONG)       \
    DDK_SAFE_CONVERSION(name##ToIntPtr, type, INT_PTR)            \
    DDK_SAFE_CONVERSION(name##ToUIntPtr, type, UINT_PTR)          \
    DDK_SAFE_CONVERSION(name##ToLongPtr, type, LONG_PTR)          \
    DDK_SAFE_CONVERSION(name##ToULongPtr, type, ULONG_PTR)        \
    DDK_SAFE_CONVERSION(name##ToSizeT, type, SIZE_T)              \
    DDK_SAFE_CONVERSION(name##ToSSIZET, type, SSIZE_T)            \
    DDK_SAFE_CONVERSION(name##ToPtrdiffT, type, ptrdiff_t)
DDK_SAFE_TYPES(DDK_SAFE_CONVERSIONS)
#undef DDK_SAFE_CONVERSIONS
#undef DDK_SAFE_TYPES
#undef DDK_SAFE_OPERATION
#undef DDK_SAFE_ARITHMETIC
#undef DDK_SAFE_CONVERSION

#define RtlSIZETAdd RtlSizeTAdd
#define RtlSIZETSub RtlSizeTSub
#define RtlSIZETMult RtlSizeTMult
#define RtlSIZETToULong RtlSizeTToULong
#define RtlSIZETToUShort RtlSizeTToUShort
#define RtlSIZETToInt RtlSizeTToInt
#define RtlSIZETToLong RtlSizeTToLong
#define RtlULongLongToSIZET RtlULongLongToSizeT
#define RtlByteAdd RtlUInt8Add
#define RtlByteSub RtlUInt8Sub
#define RtlByteMult RtlUInt8Mult
#define RtlWordAdd RtlUShortAdd
#define RtlWordSub RtlUShortSub
#define RtlWordMult RtlUShortMult
#define RtlDWordAdd RtlULongAdd
#define RtlDWordSub RtlULongSub
#define RtlDWordMult RtlULongMult
#define RtlDWordPtrAdd RtlULongPtrAdd
#define RtlDWordPtrSub RtlULongPtrSub
#define RtlDWordPtrMult RtlULongPtrMult

DDK_END_C

#endif
