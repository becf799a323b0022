/* SPDX-License-Identifier: MIT */
/*
 * Safe string routines, all inline: RtlStringCb* (sizes in bytes), RtlStringCch* (in characters),
 * each for A (narrow) and W (wide), and RtlUnicodeString*. The destination of the first two
 * families is always terminated. STATUS_BUFFER_OVERFLOW = the text was cut off;
 * STATUS_INVALID_PARAMETER = a size of 0 or above NTSTRSAFE_MAX_CCH. Narrow and wide copies: any
 * IRQL; formatting as _vsnprintf.
 */
#ifndef OPENMPIO_NTSTRSAFE_H
#define OPENMPIO_NTSTRSAFE_H

#include <ntdef.h>
#include <ntstatus.h>
#include <openmpio/debug.h>

DDK_BEGIN_C

#define NTSTRSAFE_MAX_CCH    2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

#define STRSAFE_IGNORE_NULLS    0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION   0x00001000
#define STRSAFE_FILL_BYTE(x)    ((ULONG)(((x) & 0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x) ((ULONG)(((x) & 0x000000FF) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_ZERO_LENGTH_ON_FAILURE STRSAFE_NULL_ON_FAILURE
#define STRSAFE_VALID_FLAGS                                                                        \
    (0x000000FF | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND_NULL | STRSAFE_FILL_ON_FAILURE |      \
     STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)

typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;

/* One character type: suffix, type, and the formatter of the kernel. */
#define DDK_STRSAFE_FAMILY(A, TYPE, VPRINT)                                                        \
    FORCEINLINE NTSTATUS RtlStringCchLength##A(const TYPE *psz, SIZE_T cchMax, SIZE_T *pcchLength) \
    {                                                                                              \
        SIZE_T length = 0;                                                                         \
        NTSTATUS status = STATUS_INVALID_PARAMETER;                                                \
                                                                                                   \
        if (psz != NULL && cchMax <= NTSTRSAFE_MAX_CCH) {                                          \
            while (length < cchMax && psz[length] != 0) {                                          \
                length++;                                                                          \
            }                                                                                      \
            if (length < cchMax) {                                                                 \
                status = STATUS_SUCCESS;                                                           \
            }                                                                                      \
        }                                                                                          \
        if (pcchLength != NULL) {                                                                  \
            *pcchLength = NT_SUCCESS(status) ? length : 0;                                         \
        }                                                                                          \
        return status;                                                                             \
    }                                                                                              \
    /* Copies up to cchSrc characters from position cchAt on; answers where the copy ended. */     \
    FORCEINLINE NTSTATUS DdkStrsafeCopy##A(TYPE *pszDest, SIZE_T cchDest, SIZE_T cchAt,            \
                                           const TYPE *pszSrc, SIZE_T cchSrc, SIZE_T *pcchEnd)     \
    {                                                                                              \
        if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH || cchSrc > NTSTRSAFE_MAX_LENGTH) {        \
            return STATUS_INVALID_PARAMETER;                                                       \
        }                                                                                          \
        while (cchAt + 1 < cchDest && cchSrc > 0 && *pszSrc != 0) {                                \
            pszDest[cchAt++] = *pszSrc++;                                                          \
            cchSrc--;                                                                              \
        }                                                                                          \
        pszDest[cchAt] = 0;                                                                        \
        *pcchEnd = cchAt;                                                                          \
        return cchSrc > 0 && *pszSrc != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;               \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCopyN##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc,   \
                                              SIZE_T cchToCopy)                                    \
    {                                                                                              \
        SIZE_T end;                                                                                \
        NTSTATUS status = DdkStrsafeCopy##A(pszDest, cchDest, 0, pszSrc, cchToCopy, &end);         \
                                                                                                   \
        if (status == STATUS_INVALID_PARAMETER && cchDest > 0 && cchDest <= NTSTRSAFE_MAX_CCH) {   \
            pszDest[0] = 0;                                                                        \
        }                                                                                          \
        return status;                                                                             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCopy##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc)    \
    {                                                                                              \
        return RtlStringCchCopyN##A(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH);               \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCatN##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc,    \
                                             SIZE_T cchToAppend)                                   \
    {                                                                                              \
        SIZE_T length, end;                                                                        \
        NTSTATUS status = RtlStringCchLength##A(pszDest, cchDest, &length);                        \
                                                                                                   \
        if (!NT_SUCCESS(status)) {                                                                 \
            return status;                                                                         \
        }                                                                                          \
        return DdkStrsafeCopy##A(pszDest, cchDest, length, pszSrc, cchToAppend, &end);             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchCat##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc)     \
    {                                                                                              \
        return RtlStringCchCatN##A(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH);                \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCchVPrintf##A(TYPE *pszDest, SIZE_T cchDest,                     \
                                                const TYPE *pszFormat, va_list argList)            \
    {                                                                                              \
        int written;                                                                               \
                                                                                                   \
        if (cchDest == 0 || cchDest > NTSTRSAFE_MAX_CCH) {                                         \
            return STATUS_INVALID_PARAMETER;                                                       \
        }                                                                                          \
        written = VPRINT(pszDest, cchDest - 1, pszFormat, argList);                                \
        if (written < 0 || (SIZE_T)written > cchDest - 1) {                                        \
            pszDest[cchDest - 1] = 0;                                                              \
            return STATUS_BUFFER_OVERFLOW;                                                         \
        }                                                                                          \
        pszDest[written] = 0;                                                                      \
        return STATUS_SUCCESS;                                                                     \
    }                                                                                              \
    DDK_STATIC_INLINE NTSTATUS RtlStringCchPrintf##A(TYPE *pszDest, SIZE_T cchDest,                \
                                                     const TYPE *pszFormat, ...)                   \
    {                                                                                              \
        va_list arguments;                                                                         \
        NTSTATUS status;                                                                           \
                                                                                                   \
        va_start(arguments, pszFormat);                                                            \
        status = RtlStringCchVPrintf##A(pszDest, cchDest, pszFormat, arguments);                   \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbLength##A(const TYPE *psz, SIZE_T cbMax, SIZE_T *pcbLength)    \
    {                                                                                              \
        NTSTATUS status = RtlStringCchLength##A(psz, cbMax / sizeof(TYPE), pcbLength);             \
                                                                                                   \
        if (pcbLength != NULL) {                                                                   \
            *pcbLength *= sizeof(TYPE);                                                            \
        }                                                                                          \
        return status;                                                                             \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCopy##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc)      \
    {                                                                                              \
        return RtlStringCchCopy##A(pszDest, cbDest / sizeof(TYPE), pszSrc);                        \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCopyN##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc,     \
                                             SIZE_T cbToCopy)                                      \
    {                                                                                              \
        return RtlStringCchCopyN##A(pszDest, cbDest / sizeof(TYPE), pszSrc,                        \
                                    cbToCopy / sizeof(TYPE));                                      \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCat##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc)       \
    {                                                                                              \
        return RtlStringCchCat##A(pszDest, cbDest / sizeof(TYPE), pszSrc);                         \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbCatN##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc,      \
                                            SIZE_T cbToAppend)                                     \
    {                                                                                              \
        return RtlStringCchCatN##A(pszDest, cbDest / sizeof(TYPE), pszSrc,                         \
                                   cbToAppend / sizeof(TYPE));                                     \
    }                                                                                              \
    FORCEINLINE NTSTATUS RtlStringCbVPrintf##A(TYPE *pszDest, SIZE_T cbDest,                       \
                                               const TYPE *pszFormat, va_list argList)             \
    {                                                                                              \
        return RtlStringCchVPrintf##A(pszDest, cbDest / sizeof(TYPE), pszFormat, argList);         \
    }                                                                                              \
    DDK_STATIC_INLINE NTSTATUS RtlStringCbPrintf##A(TYPE *pszDest, SIZE_T cbDest,                  \
                                                    const TYPE *pszFormat, ...)                    \
    {                                                                                              \
        va_list arguments;                                                                         \
        NTSTATUS status;                                                                           \
                                                                                                   \
        va_start(arguments, pszFormat);                                                            \
        status = RtlStringCbVPrintf##A(pszDest, cbDest, pszFormat, arguments);                     \
        va_end(arguments);                                                                         \
        return status;                                                                             \
    }

DDK_STRSAFE_FAMILY(A, char, _vsnprintf)
DDK_STRSAFE_FAMILY(W, WCHAR, _vsnwprintf)
#undef DDK_STRSAFE_FAMILY

DDK_END_C

#include <openmpio/strsafe_ex.h>
#include <openmpio/unicode_strsafe.h>

#endif
