/* SPDX-License-Identifier: MIT */
/*
 * Safe integers, all inline, any IRQL: Rtl<Type>Add, Sub, Mult and Rtl<From>To<To>. A result that
 * does not fit answers STATUS_INTEGER_OVERFLOW and leaves the type's all-ones (signed: -1) in
 * *Result.
 */
#ifndef OPENMPIO_NTINTSAFE_H
#define OPENMPIO_NTINTSAFE_H

#include <ntdef.h>
#include <ntstatus.h>

DDK_BEGIN_C

#define ULONG_ERROR     ((ULONG)-1)
#define ULONGLONG_ERROR ((ULONGLONG)-1)
#define USHORT_ERROR    ((USHORT)-1)
#define SIZET_ERROR     ((SIZE_T)-1)

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
DDK_SAFE_ARITHMETIC(UInt8, UINT8)
DDK_SAFE_ARITHMETIC(UShort, USHORT)
DDK_SAFE_ARITHMETIC(UInt, UINT)
DDK_SAFE_ARITHMETIC(ULong, ULONG)
DDK_SAFE_ARITHMETIC(ULongLong, ULONGLONG)
DDK_SAFE_ARITHMETIC(ULongPtr, ULONG_PTR)
DDK_SAFE_ARITHMETIC(UIntPtr, UINT_PTR)
DDK_SAFE_ARITHMETIC(SizeT, SIZE_T)
DDK_SAFE_ARITHMETIC(Int, INT)
DDK_SAFE_ARITHMETIC(Long, LONG)
DDK_SAFE_ARITHMETIC(LongLong, LONGLONG)

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
DDK_SAFE_CONVERSION(UShortToUChar, USHORT, UCHAR)
DDK_SAFE_CONVERSION(UShortToUInt8, USHORT, UINT8)
DDK_SAFE_CONVERSION(UIntToUChar, UINT, UCHAR)
DDK_SAFE_CONVERSION(UIntToUShort, UINT, USHORT)
DDK_SAFE_CONVERSION(ULongToUChar, ULONG, UCHAR)
DDK_SAFE_CONVERSION(ULongToUShort, ULONG, USHORT)
DDK_SAFE_CONVERSION(ULongToLong, ULONG, LONG)
DDK_SAFE_CONVERSION(ULongToInt, ULONG, INT)
DDK_SAFE_CONVERSION(LongToULong, LONG, ULONG)
DDK_SAFE_CONVERSION(LongToUShort, LONG, USHORT)
DDK_SAFE_CONVERSION(IntToULong, INT, ULONG)
DDK_SAFE_CONVERSION(IntToUShort, INT, USHORT)
DDK_SAFE_CONVERSION(LongLongToLong, LONGLONG, LONG)
DDK_SAFE_CONVERSION(LongLongToULong, LONGLONG, ULONG)
DDK_SAFE_CONVERSION(LongLongToULongLong, LONGLONG, ULONGLONG)
DDK_SAFE_CONVERSION(ULongLongToUChar, ULONGLONG, UCHAR)
DDK_SAFE_CONVERSION(ULongLongToUShort, ULONGLONG, USHORT)
DDK_SAFE_CONVERSION(ULongLongToULong, ULONGLONG, ULONG)
DDK_SAFE_CONVERSION(ULongLongToLong, ULONGLONG, LONG)
DDK_SAFE_CONVERSION(ULongLongToLongLong, ULONGLONG, LONGLONG)
DDK_SAFE_CONVERSION(ULongLongToSizeT, ULONGLONG, SIZE_T)
DDK_SAFE_CONVERSION(ULongLongToULongPtr, ULONGLONG, ULONG_PTR)
DDK_SAFE_CONVERSION(ULongPtrToULong, ULONG_PTR, ULONG)
DDK_SAFE_CONVERSION(ULongPtrToUShort, ULONG_PTR, USHORT)
DDK_SAFE_CONVERSION(SizeTToUChar, SIZE_T, UCHAR)
DDK_SAFE_CONVERSION(SizeTToUShort, SIZE_T, USHORT)
DDK_SAFE_CONVERSION(SizeTToULong, SIZE_T, ULONG)
DDK_SAFE_CONVERSION(SizeTToLong, SIZE_T, LONG)
DDK_SAFE_CONVERSION(SizeTToInt, SIZE_T, INT)
#undef DDK_SAFE_OPERATION
#undef DDK_SAFE_ARITHMETIC
#undef DDK_SAFE_CONVERSION

#define RtlSIZETAdd RtlSizeTAdd
#define RtlSIZETSub RtlSizeTSub
#define RtlSIZETMult RtlSizeTMult

DDK_END_C

#endif
