/* SPDX-License-Identifier: MIT */
/*
 * The Ex half of ntstrsafe.h: RtlString{Cb,Cch}{Copy,CopyN,Cat,CatN,Printf,VPrintf}Ex{A,W}. They also
 * answer where the text ends and how much room is left (characters or bytes, terminator included), and
 * take STRSAFE_* flags. STRSAFE_NO_TRUNCATION: a text that does not fit leaves an empty string, or what
 * was there before an append. Any IRQL for copies; formatting as _vsnprintf. Source: ntstrsafe.h.
 */
#ifndef OPENMPIO_STRSAFE_EX_H
#define OPENMPIO_STRSAFE_EX_H

#include <ntstrsafe.h>

DDK_BEGIN_C

#define DDK_STRSAFE_EX_FAMILY(A, TYPE, VPRINT)                                                                         \
    /* What the flags ask for once the text lies in pszDest[0 .. end]; it began at "start". */                         \
    FORCEINLINE NTSTATUS DdkStrsafeEnd##A(TYPE *pszDest, SIZE_T cchDest, SIZE_T start, SIZE_T end, NTSTATUS status,    \
                                          TYPE **ppszDestEnd, SIZE_T *pcchRemaining, ULONG dwFlags)                    \
    {                                                                                                                  \
        if (status != STATUS_SUCCESS && cchDest > 0 && cchDest <= NTSTRSAFE_MAX_CCH && pszDest != NULL) {              \
            if ((dwFlags & STRSAFE_NO_TRUNCATION) != 0 && status == STATUS_BUFFER_OVERFLOW) {                          \
                end = start;                                                                                           \
                pszDest[end] = 0;                                                                                      \
            }                                                                                                          \
            if ((dwFlags & STRSAFE_FILL_ON_FAILURE) != 0) {                                                            \
                __builtin_memset(pszDest, (int)(dwFlags & 0xFF), cchDest * sizeof(TYPE));                              \
                end = (dwFlags & 0xFF) == 0 ? 0 : cchDest - 1;                                                         \
                pszDest[end] = 0;                                                                                      \
            }                                                                                                          \
            if ((dwFlags & STRSAFE_NULL_ON_FAILURE) != 0) {                                                            \
                end = 0;                                                                                               \
                pszDest[0] = 0;                                                                                        \
            }                                                                                                          \
        } else if (status == STATUS_SUCCESS && (dwFlags & STRSAFE_FILL_BEHIND_NULL) != 0 && cchDest > end + 1) {       \
            __builtin_memset(pszDest + end + 1, (int)(dwFlags & 0xFF), (cchDest - end - 1) * sizeof(TYPE));            \
        }                                                                                                              \
        if (!NT_ERROR(status)) {                                                                                       \
            if (ppszDestEnd != NULL) {                                                                                 \
                *ppszDestEnd = pszDest == NULL ? NULL : pszDest + end;                                                 \
            }                                                                                                          \
            if (pcchRemaining != NULL) {                                                                               \
                *pcchRemaining = cchDest - end;                                                                        \
            }                                                                                                          \
        }                                                                                                              \
        return status;                                                                                                 \
    }                                                                                                                  \
    /* Copies behind the first "start" characters. A NULL text is empty when the flags allow it. */                    \
    FORCEINLINE NTSTATUS DdkStrsafePut##A(TYPE *pszDest, SIZE_T cchDest, SIZE_T start, const TYPE *pszSrc, SIZE_T cchSrc, \
                                          TYPE **ppszDestEnd, SIZE_T *pcchRemaining, ULONG dwFlags)                    \
    {                                                                                                                  \
        static const TYPE nothing = 0;                                                                                 \
        SIZE_T end = start;                                                                                            \
        NTSTATUS status = STATUS_SUCCESS;                                                                              \
                                                                                                                       \
        if ((dwFlags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 ||                                                            \
            ((pszSrc == NULL || (pszDest == NULL && cchDest != 0)) && (dwFlags & STRSAFE_IGNORE_NULLS) == 0)) {        \
            status = STATUS_INVALID_PARAMETER;                                                                         \
        } else if (pszDest == NULL && cchDest == 0 && (dwFlags & STRSAFE_IGNORE_NULLS) != 0) {                         \
            status = pszSrc == NULL || *pszSrc == 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;                         \
        } else if (pszDest == NULL) {                                                                                  \
            status = STATUS_INVALID_PARAMETER;                                                                         \
        } else {                                                                                                       \
            status = DdkStrsafeCopy##A(pszDest, cchDest, start, pszSrc == NULL ? &nothing : pszSrc, cchSrc, &end);     \
        }                                                                                                              \
        return DdkStrsafeEnd##A(pszDest, cchDest, start, end, status, ppszDestEnd, pcchRemaining, dwFlags);            \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCchCopyNEx##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc, SIZE_T cchToCopy,   \
                                                TYPE **ppszDestEnd, SIZE_T *pcchRemaining, ULONG dwFlags)              \
    {                                                                                                                  \
        return DdkStrsafePut##A(pszDest, cchDest, 0, pszSrc, cchToCopy, ppszDestEnd, pcchRemaining, dwFlags);          \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCchCopyEx##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc, TYPE **ppszDestEnd,  \
                                               SIZE_T *pcchRemaining, ULONG dwFlags)                                   \
    {                                                                                                                  \
        return DdkStrsafePut##A(pszDest, cchDest, 0, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd, pcchRemaining, dwFlags); \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCchCatNEx##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc, SIZE_T cchToAppend,  \
                                               TYPE **ppszDestEnd, SIZE_T *pcchRemaining, ULONG dwFlags)               \
    {                                                                                                                  \
        SIZE_T length = 0;                                                                                             \
                                                                                                                       \
        if (pszDest != NULL && !NT_SUCCESS(RtlStringCchLength##A(pszDest, cchDest, &length))) {                        \
            return DdkStrsafeEnd##A(pszDest, cchDest, 0, 0, STATUS_INVALID_PARAMETER, NULL, NULL, dwFlags);            \
        }                                                                                                              \
        return DdkStrsafePut##A(pszDest, cchDest, length, pszSrc, cchToAppend, ppszDestEnd, pcchRemaining, dwFlags);   \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCchCatEx##A(TYPE *pszDest, SIZE_T cchDest, const TYPE *pszSrc, TYPE **ppszDestEnd,   \
                                              SIZE_T *pcchRemaining, ULONG dwFlags)                                    \
    {                                                                                                                  \
        return RtlStringCchCatNEx##A(pszDest, cchDest, pszSrc, NTSTRSAFE_MAX_LENGTH, ppszDestEnd, pcchRemaining,       \
                                     dwFlags);                                                                         \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCchVPrintfEx##A(TYPE *pszDest, SIZE_T cchDest, TYPE **ppszDestEnd,                   \
                                                  SIZE_T *pcchRemaining, ULONG dwFlags, const TYPE *pszFormat,         \
                                                  va_list argList)                                                     \
    {                                                                                                                  \
        static const TYPE nothing = 0;                                                                                 \
        NTSTATUS status = STATUS_SUCCESS;                                                                              \
        SIZE_T end = 0;                                                                                                \
        int written;                                                                                                   \
                                                                                                                       \
        if (pszFormat == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) != 0) {                                              \
            pszFormat = &nothing;                                                                                      \
        }                                                                                                              \
        if ((dwFlags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 || pszFormat == NULL || cchDest > NTSTRSAFE_MAX_CCH ||        \
            (cchDest == 0 ? pszDest != NULL || *pszFormat != 0 || (dwFlags & STRSAFE_IGNORE_NULLS) == 0                \
                          : pszDest == NULL)) {                                                                        \
            status = STATUS_INVALID_PARAMETER;                                                                         \
        } else if (cchDest != 0) {                                                                                     \
            written = VPRINT(pszDest, cchDest - 1, pszFormat, argList);                                                \
            if (written < 0 || (SIZE_T)written > cchDest - 1) {                                                        \
                status = STATUS_BUFFER_OVERFLOW;                                                                       \
                end = cchDest - 1;                                                                                     \
            } else {                                                                                                   \
                end = (SIZE_T)written;                                                                                 \
            }                                                                                                          \
            pszDest[end] = 0;                                                                                          \
        }                                                                                                              \
        return DdkStrsafeEnd##A(pszDest, cchDest, 0, end, status, ppszDestEnd, pcchRemaining, dwFlags);                \
    }                                                                                                                  \
    DDK_STATIC_INLINE NTSTATUS RtlStringCchPrintfEx##A(TYPE *pszDest, SIZE_T cchDest, TYPE **ppszDestEnd,              \
                                                       SIZE_T *pcchRemaining, ULONG dwFlags, const TYPE *pszFormat, ...) \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        NTSTATUS status;                                                                                               \
                                                                                                                       \
        va_start(arguments, pszFormat);                                                                                \
        status = RtlStringCchVPrintfEx##A(pszDest, cchDest, ppszDestEnd, pcchRemaining, dwFlags, pszFormat, arguments); \
        va_end(arguments);                                                                                             \
        return status;                                                                                                 \
    }                                                                                                                  \
    /* The forms in bytes: an odd byte of a wide destination stays unused and counts as remaining. */                  \
    FORCEINLINE NTSTATUS DdkStrsafeBytes##A(NTSTATUS status, SIZE_T cbDest, SIZE_T *pcbRemaining)                      \
    {                                                                                                                  \
        if (pcbRemaining != NULL && !NT_ERROR(status)) {                                                               \
            *pcbRemaining = *pcbRemaining * sizeof(TYPE) + cbDest % sizeof(TYPE);                                      \
        }                                                                                                              \
        return status;                                                                                                 \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCbCopyEx##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc, TYPE **ppszDestEnd,    \
                                              SIZE_T *pcbRemaining, ULONG dwFlags)                                     \
    {                                                                                                                  \
        return DdkStrsafeBytes##A(RtlStringCchCopyEx##A(pszDest, cbDest / sizeof(TYPE), pszSrc, ppszDestEnd,           \
                                                        pcbRemaining, dwFlags), cbDest, pcbRemaining);                 \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCbCopyNEx##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc, SIZE_T cbToCopy,      \
                                               TYPE **ppszDestEnd, SIZE_T *pcbRemaining, ULONG dwFlags)                \
    {                                                                                                                  \
        return DdkStrsafeBytes##A(RtlStringCchCopyNEx##A(pszDest, cbDest / sizeof(TYPE), pszSrc,                       \
                                                         cbToCopy / sizeof(TYPE), ppszDestEnd, pcbRemaining, dwFlags), \
                                  cbDest, pcbRemaining);                                                               \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCbCatEx##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc, TYPE **ppszDestEnd,     \
                                             SIZE_T *pcbRemaining, ULONG dwFlags)                                      \
    {                                                                                                                  \
        return DdkStrsafeBytes##A(RtlStringCchCatEx##A(pszDest, cbDest / sizeof(TYPE), pszSrc, ppszDestEnd,            \
                                                       pcbRemaining, dwFlags), cbDest, pcbRemaining);                  \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCbCatNEx##A(TYPE *pszDest, SIZE_T cbDest, const TYPE *pszSrc, SIZE_T cbToAppend,     \
                                              TYPE **ppszDestEnd, SIZE_T *pcbRemaining, ULONG dwFlags)                 \
    {                                                                                                                  \
        return DdkStrsafeBytes##A(RtlStringCchCatNEx##A(pszDest, cbDest / sizeof(TYPE), pszSrc,                        \
                                                        cbToAppend / sizeof(TYPE), ppszDestEnd, pcbRemaining, dwFlags), \
                                  cbDest, pcbRemaining);                                                               \
    }                                                                                                                  \
    FORCEINLINE NTSTATUS RtlStringCbVPrintfEx##A(TYPE *pszDest, SIZE_T cbDest, TYPE **ppszDestEnd, SIZE_T *pcbRemaining, \
                                                 ULONG dwFlags, const TYPE *pszFormat, va_list argList)                \
    {                                                                                                                  \
        return DdkStrsafeBytes##A(RtlStringCchVPrintfEx##A(pszDest, cbDest / sizeof(TYPE), ppszDestEnd, pcbRemaining,  \
                                                           dwFlags, pszFormat, argList), cbDest, pcbRemaining);        \
    }                                                                                                                  \
    DDK_STATIC_INLINE NTSTATUS RtlStringCbPrintfEx##A(TYPE *pszDest, SIZE_T cbDest, TYPE **ppszDestEnd,                \
                                                      SIZE_T *pcbRemaining, ULONG dwFlags, const TYPE *pszFormat, ...) \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        NTSTATUS status;                                                                                               \
                                                                                                                       \
        va_start(arguments, pszFormat);                                                                                \
        status = RtlStringCbVPrintfEx##A(pszDest, cbDest, ppszDestEnd, pcbRemaining, dwFlags, pszFormat, arguments);   \
        va_end(arguments);                                                                                             \
        return status;                                                                                                 \
    }

DDK_STRSAFE_EX_FAMILY(A, char, _vsnprintf)
DDK_STRSAFE_EX_FAMILY(W, WCHAR, _vsnwprintf)
#undef DDK_STRSAFE_EX_FAMILY
#define RtlUnalignedStringCchLengthW RtlStringCchLengthW
#define RtlUnalignedStringCbLengthW  RtlStringCbLengthW

DDK_END_C

#endif
