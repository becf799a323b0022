/* SPDX-License-Identifier: MIT */
/*
 * The C library names that ntoskrnl.exe exports, for images built by Microsoft's tools or mingw-w64 (ddk/lib/crt.def).
 * Shared objects never see them: there the names are the host's. Wide characters have 16 bits; case is that of the C
 * locale, A-Z only. Any IRQL; the state of rand belongs to the machine.
 */
#include "load/exports.h"

#include <string.h>

#include "nt/kernel.h"

/* ---- bytes ---------------------------------------------------------------------------------------------- */

PE_CDECL void *pe_memcpy(void *to, const void *from, size_t bytes)
{
    return memmove(to, from, bytes); /* Windows' memcpy is memmove, and drivers rely on it */
}

PE_CDECL void *pe_memmove(void *to, const void *from, size_t bytes)
{
    return memmove(to, from, bytes);
}

PE_CDECL void *pe_memset(void *to, int value, size_t bytes)
{
    return memset(to, value, bytes);
}

PE_CDECL int pe_memcmp(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes);
}

PE_CDECL void *pe_memchr(const void *where, int value, size_t bytes)
{
    return memchr(where, value, bytes);
}

/* ---- characters ------------------------------------------------------------------------------------------- */

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int upper(int c)
{
    return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
}

PE_CDECL int pe_tolower(int c)
{
    return lower(c);
}

PE_CDECL int pe_toupper(int c)
{
    return upper(c);
}

PE_CDECL uint16_t pe_towlower(uint16_t c)
{
    return (uint16_t)lower(c);
}

PE_CDECL uint16_t pe_towupper(uint16_t c)
{
    return (uint16_t)upper(c);
}

PE_CDECL int pe_isdigit(int c)
{
    return c >= '0' && c <= '9';
}

PE_CDECL int pe_isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

PE_CDECL int pe_isxdigit(int c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

PE_CDECL int pe_isalpha(int c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

PE_CDECL int pe_isalnum(int c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

PE_CDECL int pe_isprint(int c)
{
    return c >= ' ' && c <= '~';
}

PE_CDECL int pe_islower(int c)
{
    return c >= 'a' && c <= 'z';
}

PE_CDECL int pe_isupper(int c)
{
    return c >= 'A' && c <= 'Z';
}

/* ---- strings of either width: one body, two types ---------------------------------------------------------- */

#define STRINGS(Type, Unit, Length, BoundedLength, Compare, CompareN, CompareNoCase, CompareNNoCase, Copy, CopyN, Append, AppendN, \
                Find, FindLast, FindText, Upper, Lower)                                            \
    PE_CDECL size_t pe_##BoundedLength(const Type *s, size_t limit)                                  \
    {                                                                                              \
        size_t n = 0;                                                                              \
        while (n < limit && s[n] != 0)                                                             \
            n++;                                                                                   \
        return n;                                                                                  \
    }                                                                                              \
    PE_CDECL size_t pe_##Length(const Type *s)                                                       \
    {                                                                                              \
        size_t n = 0;                                                                              \
        while (s[n] != 0)                                                                          \
            n++;                                                                                   \
        return n;                                                                                  \
    }                                                                                              \
    static int compare_##Type(const Type *a, const Type *b, size_t limit, int fold)                \
    {                                                                                              \
        for (; limit > 0; a++, b++, limit--) {                                                     \
            int x = (Unit)*a, y = (Unit)*b;                                                        \
            if (fold)                                                                              \
                x = lower(x), y = lower(y);                                                        \
            if (x != y)                                                                            \
                return x < y ? -1 : 1;                                                             \
            if (x == 0)                                                                            \
                break;                                                                             \
        }                                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    PE_CDECL int pe_##Compare(const Type *a, const Type *b)                                          \
    {                                                                                              \
        return compare_##Type(a, b, (size_t)-1, 0);                                                \
    }                                                                                              \
    PE_CDECL int pe_##CompareN(const Type *a, const Type *b, size_t limit)                           \
    {                                                                                              \
        return compare_##Type(a, b, limit, 0);                                                     \
    }                                                                                              \
    PE_CDECL int pe_##CompareNoCase(const Type *a, const Type *b)                                    \
    {                                                                                              \
        return compare_##Type(a, b, (size_t)-1, 1);                                                \
    }                                                                                              \
    PE_CDECL int pe_##CompareNNoCase(const Type *a, const Type *b, size_t limit)                     \
    {                                                                                              \
        return compare_##Type(a, b, limit, 1);                                                     \
    }                                                                                              \
    PE_CDECL Type *pe_##Copy(Type *to, const Type *from)                                             \
    {                                                                                              \
        size_t i = 0;                                                                              \
        do                                                                                         \
            to[i] = from[i];                                                                       \
        while (from[i++] != 0);                                                                    \
        return to;                                                                                 \
    }                                                                                              \
    PE_CDECL Type *pe_##CopyN(Type *to, const Type *from, size_t limit)                              \
    {                                                                                              \
        size_t i = 0;                                                                              \
        for (; i < limit && from[i] != 0; i++)                                                     \
            to[i] = from[i];                                                                       \
        for (; i < limit; i++)                                                                     \
            to[i] = 0;                                                                             \
        return to;                                                                                 \
    }                                                                                              \
    PE_CDECL Type *pe_##AppendN(Type *to, const Type *from, size_t limit)                            \
    {                                                                                              \
        size_t end = 0, i = 0;                                                                     \
        while (to[end] != 0)                                                                       \
            end++;                                                                                 \
        for (; i < limit && from[i] != 0; i++)                                                     \
            to[end + i] = from[i];                                                                 \
        to[end + i] = 0;                                                                           \
        return to;                                                                                 \
    }                                                                                              \
    PE_CDECL Type *pe_##Append(Type *to, const Type *from)                                           \
    {                                                                                              \
        return pe_##AppendN(to, from, (size_t)-1);                                                 \
    }                                                                                              \
    PE_CDECL Type *pe_##Find(const Type *s, int c)                                                   \
    {                                                                                              \
        for (;; s++) {                                                                             \
            if (*s == (Type)c)                                                                     \
                return (Type *)s;                                                                  \
            if (*s == 0)                                                                           \
                return NULL;                                                                       \
        }                                                                                          \
    }                                                                                              \
    PE_CDECL Type *pe_##FindLast(const Type *s, int c)                                               \
    {                                                                                              \
        const Type *last = NULL;                                                                   \
        for (;; s++) {                                                                             \
            if (*s == (Type)c)                                                                     \
                last = s;                                                                          \
            if (*s == 0)                                                                           \
                return (Type *)last;                                                               \
        }                                                                                          \
    }                                                                                              \
    PE_CDECL Type *pe_##FindText(const Type *s, const Type *part)                                    \
    {                                                                                              \
        size_t length = 0;                                                                         \
        while (part[length] != 0)                                                                  \
            length++;                                                                              \
        for (;; s++) {                                                                             \
            if (compare_##Type(s, part, length, 0) == 0)                                           \
                return (Type *)s;                                                                  \
            if (*s == 0)                                                                           \
                return NULL;                                                                       \
        }                                                                                          \
    }                                                                                              \
    PE_CDECL Type *pe_##Upper(Type *s)                                                               \
    {                                                                                              \
        for (Type *c = s; *c != 0; c++)                                                            \
            *c = (Type)upper((Unit)*c);                                                            \
        return s;                                                                                  \
    }                                                                                              \
    PE_CDECL Type *pe_##Lower(Type *s)                                                               \
    {                                                                                              \
        for (Type *c = s; *c != 0; c++)                                                            \
            *c = (Type)lower((Unit)*c);                                                            \
        return s;                                                                                  \
    }

STRINGS(char, unsigned char, strlen, strnlen, strcmp, strncmp, _stricmp, _strnicmp, strcpy, strncpy, strcat, strncat, strchr, strrchr,
        strstr, _strupr, _strlwr)
STRINGS(uint16_t, uint16_t, wcslen, wcsnlen, wcscmp, wcsncmp, _wcsicmp, _wcsnicmp, wcscpy, wcsncpy, wcscat, wcsncat, wcschr, wcsrchr,
        wcsstr, _wcsupr, _wcslwr)

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* Overflow wraps, as it does in Microsoft's library. `long` has 32 bits in an image. */
PE_CDECL int32_t pe_atoi(const char *s)
{
    uint32_t value = 0;

    while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
        s++;
    int negative = *s == '-';
    if (*s == '-' || *s == '+')
        s++;
    for (; *s >= '0' && *s <= '9'; s++)
        value = value * 10 + (uint32_t)(*s - '0');
    return (int32_t)(negative ? 0u - value : value);
}

PE_CDECL int32_t pe_atol(const char *s)
{
    return pe_atoi(s);
}

PE_CDECL int32_t pe_abs(int32_t value)
{
    return (int32_t)(value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}

/* The state is kept less 1, so that a machine begins with a seed of 1. */
PE_CDECL void pe_srand(unsigned seed)
{
    NtKernel()->RandState = seed - 1;
}

PE_CDECL int pe_rand(void)
{
    uint32_t state = (NtKernel()->RandState + 1) * 214013u + 2531011u;

    NtKernel()->RandState = state - 1;
    return (int)(state >> 16 & 0x7FFF);
}

/* ---- sorting: heap sort, so that no order of elements makes it slow or deep ------------------------------------- */

typedef int (*compare_function)(const void *, const void *);

static void swap(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

static void sift_down(uint8_t *base, size_t root, size_t count, size_t size, compare_function compare)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && PE_INVOKE_CDECL(compare, base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (PE_INVOKE_CDECL(compare, base + root * size, base + child * size) >= 0)
            return;
        swap(base + root * size, base + child * size, size);
    }
}

PE_CDECL void pe_qsort(void *base, size_t count, size_t size, compare_function compare)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(base, i, count, size, compare);
    for (size_t end = count; end-- > 1;) {
        swap(base, (uint8_t *)base + end * size, size);
        sift_down(base, 0, end, size, compare);
    }
}

PE_CDECL void *pe_bsearch(const void *key, const void *base, size_t count, size_t size, compare_function compare)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const uint8_t *at = (const uint8_t *)base + middle * size;
        int order = PE_INVOKE_CDECL(compare, key, at);

        if (order == 0)
            return (void *)at;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
