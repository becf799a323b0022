/* SPDX-License-Identifier: MIT */
/*
 * Base types of the Windows kernel: fixed-width integers, strings, GUID, lists, object attributes.
 * LONG and ULONG are 32 bits and WCHAR 16 bits for every compiler. Usable at any IRQL; no state.
 * Source: ntdef.h, basetsd.h, guiddef.h.
 */
#ifndef OPENMPIO_NTDEF_H
#define OPENMPIO_NTDEF_H

#include <openmpio/compiler.h>
#include <stdarg.h>
#include <stddef.h>
#include <sal.h>
#ifdef OPENMPIO_DSM_SOURCE
#include <openmpio_crt.h>
#endif

DDK_BEGIN_C

#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#define ANYSIZE_ARRAY 1
#define FAR
#define NEAR

/* ---- integers -------------------------------------------------------------------------------- */
typedef void *PVOID, *LPVOID;
typedef const void *PCVOID, *LPCVOID;
typedef void *HANDLE, **PHANDLE;

typedef char CHAR, *PCHAR, CCHAR, *PCCHAR, *PSTR, *LPSTR, *PSZ;
typedef const char *PCSTR, *LPCSTR, *PCSZ, *PCCH, *LPCCH, *PCNZCH;
typedef char *PCH, *LPCH, *PNZCH, **PZPSTR;
typedef signed char SCHAR, *PSCHAR, INT8, *PINT8;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, UINT8, *PUINT8;
typedef const unsigned char *PCUCHAR;
typedef short SHORT, *PSHORT, CSHORT, *PCSHORT, INT16, *PINT16;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD, UINT16, *PUINT16;
typedef const unsigned short *PCUSHORT;
typedef int INT, *PINT, LONG, *PLONG, INT32, *PINT32, LONG32, *PLONG32, BOOL, *PBOOL;
typedef unsigned int UINT, *PUINT, ULONG, *PULONG, UINT32, *PUINT32, ULONG32, *PULONG32;
typedef unsigned int DWORD, *PDWORD, DWORD32, *PDWORD32, LOGICAL, *PLOGICAL, CLONG, *PCLONG;
typedef const unsigned int *PCULONG;
typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64, USN;
typedef unsigned long long ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, UINT64, *PUINT64;
typedef unsigned long long DWORD64, *PDWORD64, DWORDLONG, *PDWORDLONG;
typedef UCHAR BOOLEAN, *PBOOLEAN;

#ifdef _WIN64
typedef long long LONG_PTR, *PLONG_PTR, INT_PTR, *PINT_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR, UINT_PTR, *PUINT_PTR, DWORD_PTR, *PDWORD_PTR;
typedef int HALF_PTR;
typedef unsigned int UHALF_PTR;
#else
typedef int LONG_PTR, *PLONG_PTR, INT_PTR, *PINT_PTR;
typedef unsigned int ULONG_PTR, *PULONG_PTR, UINT_PTR, *PUINT_PTR, DWORD_PTR, *PDWORD_PTR;
typedef short HALF_PTR;
typedef unsigned short UHALF_PTR;
#endif
typedef __SIZE_TYPE__ SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef LONG KPRIORITY;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef ULONG LCID, *PLCID;
typedef PVOID PSECURITY_DESCRIPTOR, PSID, PACCESS_TOKEN;

/* A 16-bit character that takes L"" under -fshort-wchar (and on Windows) and u"" elsewhere. */
#if defined(__cplusplus) && __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif __SIZEOF_WCHAR_T__ == 2
typedef __WCHAR_TYPE__ WCHAR;
#else
typedef unsigned short WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR, *PWCH, *LPWCH, *NWPSTR, *PNZWCH, *PZZWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR, *PCWCH, *LPCWCH, *PCWCHAR, *PCNZWCH, *PCZZWSTR;
typedef PCWSTR *PZPCWSTR;
typedef PSTR *PPSTR;
typedef PWSTR *PPWSTR;
DDK_STATIC_ASSERT(sizeof(WCHAR) == 2 && sizeof(LONG) == 4 && sizeof(LONGLONG) == 8, "base types");

#ifndef NULL
#define NULL 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#ifndef MINCHAR
#define MINCHAR  0x80
#define MAXCHAR  0x7f
#define MINSHORT 0x8000
#define MAXSHORT 0x7fff
#define MINLONG  0x80000000
#define MAXLONG  0x7fffffff
#define MAXUCHAR  0xff
#define MAXUSHORT 0xffff
#define MAXULONG  0xffffffff
#endif
#define MAXLONGLONG  (0x7fffffffffffffffLL)
#define MAXULONGLONG (~(ULONGLONG)0)
#define MAXLONG64    MAXLONGLONG
#define MAXULONG64   MAXULONGLONG
#define MAXULONG_PTR (~(ULONG_PTR)0)
#define MAXLONG_PTR  ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MAXSIZE_T    (~(SIZE_T)0)
#define UNICODE_NULL ((WCHAR)0)
#define ANSI_NULL    ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS 32767

/* ---- small helpers --------------------------------------------------------------------------- */
#define FIELD_OFFSET(type, field)  ((LONG)__builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG)__builtin_offsetof(type, field))
#define RTL_FIELD_SIZE(type, field) (sizeof(((type *)0)->field))
#define RTL_SIZEOF_THROUGH_FIELD(type, field) \
    (__builtin_offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(structure, size, field) \
    (((PCHAR)(&(structure)->field) + sizeof((structure)->field)) <= ((PCHAR)(structure) + (size)))
#define CONTAINING_RECORD(address, type, field) \
    ((type *)((PCHAR)(address) - __builtin_offsetof(type, field)))
#define RTL_NUMBER_OF(array)    (sizeof(array) / sizeof((array)[0]))
#define RTL_NUMBER_OF_V1(array) RTL_NUMBER_OF(array)
#define RTL_NUMBER_OF_V2(array) RTL_NUMBER_OF(array)
#define ARRAYSIZE(array)        RTL_NUMBER_OF(array)
#define _ARRAYSIZE(array)       RTL_NUMBER_OF(array)
#define RTL_BITS_OF(x)          (sizeof(x) * 8)
#ifdef __cplusplus
#define C_ASSERT(condition) static_assert(condition, #condition)
#else
#define C_ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define UNREFERENCED_PARAMETER(name)      ((void)(name))
#define UNREFERENCED_LOCAL_VARIABLE(name) ((void)(name))
#define DBG_UNREFERENCED_PARAMETER(name)  ((void)(name))
#define ARGUMENT_PRESENT(pointer) ((PVOID)(pointer) != NULL)
#define ALIGN_DOWN_BY(length, alignment) \
    ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment) - 1))
#define ALIGN_UP_BY(length, alignment) \
    (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment) - 1), alignment))
#define ALIGN_DOWN(length, type) ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type)   ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER_BY(address, alignment) ((PVOID)ALIGN_DOWN_BY(address, alignment))
#define ALIGN_UP_POINTER_BY(address, alignment)   ((PVOID)ALIGN_UP_BY(address, alignment))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type)   ALIGN_UP_POINTER_BY(address, sizeof(type))
#define PtrToUlong(p)    ((ULONG)(ULONG_PTR)(p))
#define PtrToLong(p)     ((LONG)(LONG_PTR)(p))
#define PtrToUshort(p)   ((USHORT)(ULONG_PTR)(p))
#define PtrToInt(p)      ((INT)(INT_PTR)(p))
#define PtrToUint(p)     ((UINT)(UINT_PTR)(p))
#define HandleToUlong(h) ((ULONG)(ULONG_PTR)(h))
#define HandleToULong(h) HandleToUlong(h)
#define HandleToLong(h)  ((LONG)(LONG_PTR)(h))
#define UlongToPtr(u)    ((PVOID)(ULONG_PTR)(u))
#define ULongToPtr(u)    UlongToPtr(u)
#define UintToPtr(u)     UlongToPtr(u)
#define LongToPtr(l)     ((PVOID)(LONG_PTR)(l))
#define IntToPtr(i)      ((PVOID)(INT_PTR)(i))
#define UlongToHandle(u) ((HANDLE)(ULONG_PTR)(u))
#define LongToHandle(l)  ((HANDLE)(LONG_PTR)(l))
#define Int32x32To64(a, b)  ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b) ((ULONGLONG)(ULONG)(a) * (ULONGLONG)(ULONG)(b))
#define Int64ShllMod32(a, b) ((ULONGLONG)(a) << ((b) & 31))
#define Int64ShrlMod32(a, b) ((ULONGLONG)(a) >> ((b) & 31))
#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#else
#define DEFINE_ENUM_FLAG_OPERATORS(type)
#endif
#define DECLARE_HANDLE(name) typedef struct name##__ { int unused; } *name
#define __RTL_SWITCH_FALLTHROUGH

#define NT_SUCCESS(status)     (((NTSTATUS)(status)) >= 0)
#define NT_INFORMATION(status) ((((ULONG)(status)) >> 30) == 1)
#define NT_WARNING(status)     ((((ULONG)(status)) >> 30) == 2)
#define NT_ERROR(status)       ((((ULONG)(status)) >> 30) == 3)

/* ---- compound types -------------------------------------------------------------------------- */
typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct _UNICODE_STRING {
    USHORT Length;        /* bytes, without terminator */
    USHORT MaximumLength; /* bytes */
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING,
    *PUTF8_STRING;
typedef const STRING *PCOEM_STRING, *PCANSI_STRING, *PCSTRING;

#define DECLARE_CONST_UNICODE_STRING(name, text)              \
    const WCHAR name##_buffer[] = text;                       \
    const UNICODE_STRING name = {sizeof(text) - sizeof(WCHAR), \
                                 sizeof(text), (PWCH)name##_buffer}
#define DECLARE_UNICODE_STRING_SIZE(name, characters) \
    WCHAR name##_buffer[characters];                  \
    UNICODE_STRING name = {0, (characters) * sizeof(WCHAR), name##_buffer}
#define RTL_CONSTANT_STRING(text) \
    {sizeof(text) - sizeof((text)[0]), sizeof(text), text}

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID, *PGUID;
#endif
typedef const GUID *LPCGUID;
typedef GUID *LPGUID;
typedef GUID CLSID, IID;
#ifdef __cplusplus
#define REFGUID const GUID &
#define DDK_GUID_ADDRESS(guid) (&(guid))
#else
#define REFGUID const GUID *
#define DDK_GUID_ADDRESS(guid) (guid)
#endif
#define IsEqualGUID(a, b) \
    (__builtin_memcmp(DDK_GUID_ADDRESS(a), DDK_GUID_ADDRESS(b), sizeof(GUID)) == 0)
#define InlineIsEqualGUID(a, b) IsEqualGUID(a, b)

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes; /* OBJ_* */
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT            0x00000002
#define OBJ_PERMANENT          0x00000010
#define OBJ_EXCLUSIVE          0x00000020
#define OBJ_CASE_INSENSITIVE   0x00000040
#define OBJ_OPENIF             0x00000080
#define OBJ_OPENLINK           0x00000100
#define OBJ_KERNEL_HANDLE      0x00000200
#define OBJ_FORCE_ACCESS_CHECK 0x00000400
#define OBJ_VALID_ATTRIBUTES   0x00001FF2

#define InitializeObjectAttributes(p, name, attributes, root, security) \
    do {                                                                \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                        \
        (p)->RootDirectory = (root);                                    \
        (p)->Attributes = (attributes);                                 \
        (p)->ObjectName = (name);                                       \
        (p)->SecurityDescriptor = (security);                           \
        (p)->SecurityQualityOfService = NULL;                           \
    } while (0)
#define RTL_CONSTANT_OBJECT_ATTRIBUTES(name, attributes) \
    {sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(name), attributes, NULL, NULL}

typedef enum _EVENT_TYPE {
    NotificationEvent,
    SynchronizationEvent
} EVENT_TYPE;

typedef enum _TIMER_TYPE {
    NotificationTimer,
    SynchronizationTimer
} TIMER_TYPE;

typedef enum _WAIT_TYPE {
    WaitAll,
    WaitAny
} WAIT_TYPE;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

DDK_END_C

/* A GUID is defined in the one source that includes initguid.h (or sets INITGUID) first. */
#include <openmpio/guid.h>

#endif
