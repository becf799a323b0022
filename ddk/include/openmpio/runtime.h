/* SPDX-License-Identifier: MIT */
/*
 * Rtl: memory, counted strings, numbers, GUID text, versions. Memory routines: any IRQL. String
 * routines that change case or allocate: PASSIVE_LEVEL; allocated buffers are paged pool and are
 * freed with RtlFreeUnicodeString or RtlFreeAnsiString.
 * Source: wdm.h, ntddk.h and the pages of the Rtl routines.
 */
#ifndef OPENMPIO_RUNTIME_H
#define OPENMPIO_RUNTIME_H

#include <openmpio/executive.h>

DDK_BEGIN_C

/* ---- memory ---------------------------------------------------------------------------------- */
#define RtlCopyMemory(to, from, n)      __builtin_memcpy((to), (from), (n))
#define RtlMoveMemory(to, from, n)      __builtin_memmove((to), (from), (n))
#define RtlFillMemory(to, n, value)     __builtin_memset((to), (value), (n))
#define RtlZeroMemory(to, n)            __builtin_memset((to), 0, (n))
#define RtlEqualMemory(a, b, n)         (__builtin_memcmp((a), (b), (n)) == 0)
#define RtlCopyBytes                    RtlCopyMemory
#define RtlZeroBytes                    RtlZeroMemory
#define RtlFillBytes                    RtlFillMemory
#define RtlCopyMemoryNonTemporal        RtlCopyMemory
#ifdef OPENMPIO_DSM_SOURCE
#define CopyMemory RtlCopyMemory
#define ZeroMemory RtlZeroMemory
#endif

FORCEINLINE PVOID RtlSecureZeroMemory(PVOID Pointer, SIZE_T Size)
{
    volatile UCHAR *byte = (volatile UCHAR *)Pointer;

    while (Size-- > 0) {
        *byte++ = 0;
    }
    return Pointer;
}

/* Number of equal bytes from the start. */
NTKERNELAPI SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length);

/* Byte order reversed. Any IRQL. Inline; the routines are what x86 images import. */
NTKERNELAPI USHORT FASTCALL RtlUshortByteSwap(USHORT Source);
NTKERNELAPI ULONG FASTCALL RtlUlongByteSwap(ULONG Source);
NTKERNELAPI ULONGLONG FASTCALL RtlUlonglongByteSwap(ULONGLONG Source);
#define RtlUshortByteSwap(x)    __builtin_bswap16((USHORT)(x))
#define RtlUlongByteSwap(x)     __builtin_bswap32((ULONG)(x))
#define RtlUlonglongByteSwap(x) __builtin_bswap64((ULONGLONG)(x))
#define LOWBYTE_MASK 0xFF
#define RtlRetrieveUshort(to, from) __builtin_memcpy((to), (from), sizeof(USHORT))
#define RtlRetrieveUlong(to, from)  __builtin_memcpy((to), (from), sizeof(ULONG))
#define RtlStoreUshort(to, value)                            \
    do {                                                     \
        USHORT rtlStored = (value);                          \
        __builtin_memcpy((to), &rtlStored, sizeof(USHORT));  \
    } while (0)
#define RtlStoreUlong(to, value)                             \
    do {                                                     \
        ULONG rtlStored = (value);                           \
        __builtin_memcpy((to), &rtlStored, sizeof(ULONG));   \
    } while (0)

/* ---- counted strings ------------------------------------------------------------------------- */
NTKERNELAPI VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString);
NTKERNELAPI VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString);
NTKERNELAPI VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString);
NTKERNELAPI VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString,
                                            PCUNICODE_STRING SourceString);
NTKERNELAPI VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING *SourceString);
NTKERNELAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination,
                                                          PCUNICODE_STRING Source);
NTKERNELAPI NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source);
NTKERNELAPI BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                                BOOLEAN CaseInSensitive);
NTKERNELAPI BOOLEAN NTAPI RtlEqualString(const STRING *String1, const STRING *String2,
                                         BOOLEAN CaseInSensitive);
NTKERNELAPI LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                               BOOLEAN CaseInSensitive);
/* Lengths in characters. */
NTKERNELAPI LONG NTAPI RtlCompareUnicodeStrings(PCWCH String1, SIZE_T String1Length, PCWCH String2,
                                                SIZE_T String2Length, BOOLEAN CaseInSensitive);
NTKERNELAPI BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                                 BOOLEAN CaseInSensitive);
NTKERNELAPI VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString);
NTKERNELAPI VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString);
NTKERNELAPI NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                                        PCANSI_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString);
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                                        PCUNICODE_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString);
NTKERNELAPI WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter);
NTKERNELAPI WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter);
NTKERNELAPI NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                                  PCUNICODE_STRING SourceString,
                                                  BOOLEAN AllocateDestinationString);
NTKERNELAPI CHAR NTAPI RtlUpperChar(CHAR Character);
#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599  1
NTKERNELAPI NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive,
                                                ULONG HashAlgorithm, PULONG HashValue);

/* ---- numbers: Base 0 reads 0x, 0o and 0b prefixes; otherwise 2, 8, 10 or 16 ------------------ */
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base,
                                                     PULONG Value);
NTKERNELAPI NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base,
                                                     PUNICODE_STRING String);
NTKERNELAPI NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base,
                                                   PUNICODE_STRING String);
NTKERNELAPI NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value);
/* Text form {8-4-4-4-12}; the buffer is allocated for the caller. */
NTKERNELAPI NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString);
NTKERNELAPI NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid);

/* ---- versions -------------------------------------------------------------------------------- */
typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;

#define VER_MINORVERSION     0x0000001
#define VER_MAJORVERSION     0x0000002
#define VER_BUILDNUMBER      0x0000004
#define VER_PLATFORMID       0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME        0x0000040
#define VER_PRODUCT_TYPE     0x0000080
#define VER_EQUAL            1
#define VER_GREATER          2
#define VER_GREATER_EQUAL    3
#define VER_LESS             4
#define VER_LESS_EQUAL       5
#define VER_AND              6
#define VER_OR               7
#define VER_NT_WORKSTATION       1
#define VER_NT_DOMAIN_CONTROLLER 2
#define VER_NT_SERVER            3
#define VER_PLATFORM_WIN32_NT    2
#define VER_SET_CONDITION(mask, type, condition) \
    ((mask) = VerSetConditionMask((mask), (type), (condition)))

/* Fills the longer structure when dwOSVersionInfoSize says so. */
NTKERNELAPI NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation);
NTKERNELAPI NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                                ULONGLONG ConditionMask);
NTKERNELAPI ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask,
                                                UCHAR Condition);
/* A routine of the DSM library (rtlver.lib in the WDK), not of the kernel. */
extern BOOLEAN NTAPI WdmlibRtlIsNtDdiVersionAvailable(ULONG Version);
#define RtlIsNtDdiVersionAvailable WdmlibRtlIsNtDdiVersionAvailable

/* Only the low and high halves; kept for old sources. */
#define RtlConvertLongToLargeInteger(l)  ((LARGE_INTEGER){.QuadPart = (LONG)(l)})
#define RtlConvertUlongToLargeInteger(u) ((LARGE_INTEGER){.QuadPart = (ULONG)(u)})

DDK_END_C

#endif
