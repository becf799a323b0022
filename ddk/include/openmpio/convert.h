/* SPDX-License-Identifier: MIT */
/*
 * Rtl: text in other encodings (ANSI is Windows-1252 here), more counted-string routines, calendar
 * time, pseudo-random numbers, security descriptors. PASSIVE_LEVEL unless said otherwise; allocated
 * buffers are paged pool.
 * Source: wdm.h, ntddk.h, ntifs.h and the pages of the routines.
 */
#ifndef OPENMPIO_CONVERT_H
#define OPENMPIO_CONVERT_H

#include <openmpio/runtime.h>

DDK_BEGIN_C

/* ---- runs of characters: sizes in bytes; what does not fit is left out ------------------------------ */
NTKERNELAPI NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                                  PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                                  ULONG BytesInMultiByteString);
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                                  PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                                  ULONG BytesInUnicodeString);
NTKERNELAPI NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                                     ULONG BytesInMultiByteString);
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                                     ULONG BytesInUnicodeString);
NTKERNELAPI NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                                        PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                                        ULONG BytesInUnicodeString);
/* UTF-8: a destination of NULL measures. STATUS_SOME_NOT_MAPPED: malformed parts became U+FFFD;
 * STATUS_BUFFER_TOO_SMALL: whole characters up to the size were written. */
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                             PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                             ULONG UnicodeStringByteCount);
NTKERNELAPI NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                             PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                                             ULONG UTF8StringByteCount);
/* Bytes that the terminated conversion needs. */
NTKERNELAPI ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString);
NTKERNELAPI ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString);
#define RtlAnsiStringToUnicodeSize(string) RtlxAnsiStringToUnicodeSize(string)
#define RtlUnicodeStringToAnsiSize(string) RtlxUnicodeStringToAnsiSize(string)

/* ---- counted strings: as their neighbours in runtime.h ------------------------------------------------ */
/* STATUS_NAME_TOO_LONG instead of cutting the text off. <= DISPATCH_LEVEL. */
NTKERNELAPI NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString);
NTKERNELAPI NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString);
NTKERNELAPI NTSTATUS NTAPI RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString);
NTKERNELAPI VOID NTAPI RtlInitUTF8String(PUTF8_STRING DestinationString, PCSZ SourceString);
NTKERNELAPI NTSTATUS NTAPI RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString);
/* Case-insensitive comparisons PASSIVE_LEVEL, others <= DISPATCH_LEVEL. */
NTKERNELAPI LONG NTAPI RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive);
NTKERNELAPI BOOLEAN NTAPI RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive);
NTKERNELAPI BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                                 BOOLEAN CaseInSensitive);
/* Upper-case copy of what fits; <= DISPATCH_LEVEL. */
NTKERNELAPI VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING *SourceString);
NTKERNELAPI NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                                    PCUNICODE_STRING SourceString,
                                                    BOOLEAN AllocateDestinationString);
/* <= DISPATCH_LEVEL. STATUS_BUFFER_TOO_SMALL, and nothing is appended, when it does not fit. */
NTKERNELAPI NTSTATUS NTAPI RtlAppendStringToString(PSTRING Destination, const STRING *Source);
NTKERNELAPI NTSTATUS NTAPI RtlAppendAsciizToString(PSTRING Destination, PCSZ Source);
#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE         0x00000001
#define RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING   0x00000002
/* A copy in paged pool, freed with RtlFreeUnicodeString. */
NTKERNELAPI NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn,
                                                     PUNICODE_STRING StringOut);
/* Flags: 0. STATUS_INVALID_PARAMETER for lengths that contradict each other. */
NTKERNELAPI NTSTATUS NTAPI RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String);
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString,
                                                        PCUNICODE_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString);
NTKERNELAPI NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString,
                                                        PUTF8_STRING SourceString,
                                                        BOOLEAN AllocateDestinationString);
NTKERNELAPI VOID NTAPI RtlFreeUTF8String(PUTF8_STRING Utf8String);
/* Number in Base (0: with prefix) as 64 bits; EndPointer may be NULL. */
NTKERNELAPI NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING String, ULONG Base, PLONG64 Number,
                                                   PWSTR *EndPointer);

/* ---- calendar time: 100 ns since 1601; any IRQL ---------------------------------------------------------- */
typedef struct _TIME_FIELDS {
    CSHORT Year;   /* 1601 and later */
    CSHORT Month;  /* 1 to 12 */
    CSHORT Day;    /* 1 to 31 */
    CSHORT Hour;   /* 0 to 23 */
    CSHORT Minute; /* 0 to 59 */
    CSHORT Second; /* 0 to 59 */
    CSHORT Milliseconds; /* 0 to 999 */
    CSHORT Weekday;      /* 0 = Sunday */
} TIME_FIELDS, *PTIME_FIELDS;

/* Weekday is filled in. */
NTKERNELAPI VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields);
/* FALSE: a field is out of range (Weekday is not looked at). */
NTKERNELAPI BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time);
/* FALSE: before the epoch, or more than 2^32 - 1 seconds behind it. */
NTKERNELAPI BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds);
NTKERNELAPI BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds);
NTKERNELAPI VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time);
NTKERNELAPI VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time);
/* Local time is UTC. */
NTKERNELAPI VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime);

/* ---- pseudo-random numbers: 0 to 2^31 - 2, from the caller's seed alone -------------------------------- */
NTKERNELAPI ULONG NTAPI RtlRandom(PULONG Seed);
NTKERNELAPI ULONG NTAPI RtlRandomEx(PULONG Seed);
NTKERNELAPI ULONG NTAPI RtlUniform(PULONG Seed);

/* ---- security: kernel callers pass every check ------------------------------------------------------------ */
#define SECURITY_DESCRIPTOR_REVISION 1
#define SE_OWNER_DEFAULTED 0x0001
#define SE_GROUP_DEFAULTED 0x0002
#define SE_DACL_PRESENT    0x0004
#define SE_DACL_DEFAULTED  0x0008
#define SE_SACL_PRESENT    0x0010
#define SE_SELF_RELATIVE   0x8000
typedef USHORT SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;
typedef struct _ACL {
    UCHAR AclRevision;
    UCHAR Sbz1;
    USHORT AclSize;
    USHORT AceCount;
    USHORT Sbz2;
} ACL, *PACL;
typedef struct _SECURITY_DESCRIPTOR {
    UCHAR Revision;
    UCHAR Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;
/* An absolute descriptor without owner and lists, and its discretionary list. */
NTKERNELAPI NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision);
NTKERNELAPI NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent,
                                                        PACL Dacl, BOOLEAN DaclDefaulted);
/* TRUE for kernel mode; every caller is. */
NTKERNELAPI BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode);

DDK_END_C

#endif
