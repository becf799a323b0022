/* SPDX-License-Identifier: MIT */
/*
 * Wide-character routines of the DSM library, on 16-bit characters (compiled with -fshort-wchar;
 * the names are macros of openmpio_crt.h for Ddk* symbols). Case is that of the C locale: A-Z
 * only. Any IRQL; no state.
 */
#include <openmpio_crt.h>

_Static_assert(sizeof(wchar_t) == 2, "compile with -fshort-wchar");

size_t wcslen(const wchar_t *s)
{
    size_t n = 0;

    while (s[n] != 0) {
        n++;
    }
    return n;
}

size_t wcsnlen(const wchar_t *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n] != 0) {
        n++;
    }
    return n;
}

wchar_t towupper(wchar_t c)
{
    return c >= L'a' && c <= L'z' ? (wchar_t)(c - (L'a' - L'A')) : c;
}

wchar_t towlower(wchar_t c)
{
    return c >= L'A' && c <= L'Z' ? (wchar_t)(c + (L'a' - L'A')) : c;
}

int wcsncmp(const wchar_t *a, const wchar_t *b, size_t limit)
{
    for (; limit > 0; a++, b++, limit--) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
        if (*a == 0) {
            break;
        }
    }
    return 0;
}

int wcscmp(const wchar_t *a, const wchar_t *b)
{
    return wcsncmp(a, b, (size_t)-1);
}

int _wcsnicmp(const wchar_t *a, const wchar_t *b, size_t limit)
{
    for (; limit > 0; a++, b++, limit--) {
        wchar_t x = towlower(*a), y = towlower(*b);

        if (x != y) {
            return x < y ? -1 : 1;
        }
        if (x == 0) {
            break;
        }
    }
    return 0;
}

int _wcsicmp(const wchar_t *a, const wchar_t *b)
{
    return _wcsnicmp(a, b, (size_t)-1);
}

wchar_t *wcscpy(wchar_t *to, const wchar_t *from)
{
    size_t n = 0;

    do {
        to[n] = from[n];
    } while (from[n++] != 0);
    return to;
}

wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t limit)
{
    size_t n = 0;

    for (; n < limit && from[n] != 0; n++) {
        to[n] = from[n];
    }
    for (; n < limit; n++) {
        to[n] = 0;
    }
    return to;
}

wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t limit)
{
    wchar_t *end = to + wcslen(to);

    for (; limit > 0 && *from != 0; limit--) {
        *end++ = *from++;
    }
    *end = 0;
    return to;
}

wchar_t *wcscat(wchar_t *to, const wchar_t *from)
{
    return wcsncat(to, from, (size_t)-1);
}

wchar_t *wcschr(const wchar_t *s, wchar_t c)
{
    for (; *s != c; s++) {
        if (*s == 0) {
            return NULL;
        }
    }
    return (wchar_t *)s;
}

wchar_t *wcsrchr(const wchar_t *s, wchar_t c)
{
    const wchar_t *found = NULL;

    do {
        if (*s == c) {
            found = s;
        }
    } while (*s++ != 0);
    return (wchar_t *)found;
}

wchar_t *wcsstr(const wchar_t *s, const wchar_t *part)
{
    size_t length = wcslen(part);

    for (;; s++) {
        if (wcsncmp(s, part, length) == 0) {
            return (wchar_t *)s;
        }
        if (*s == 0) {
            return NULL;
        }
    }
}

size_t wcsspn(const wchar_t *s, const wchar_t *set)
{
    size_t n = 0;

    while (s[n] != 0 && wcschr(set, s[n]) != NULL) {
        n++;
    }
    return n;
}

wchar_t *_wcsupr(wchar_t *s)
{
    for (wchar_t *p = s; *p != 0; p++) {
        *p = towupper(*p);
    }
    return s;
}

wchar_t *_wcslwr(wchar_t *s)
{
    for (wchar_t *p = s; *p != 0; p++) {
        *p = towlower(*p);
    }
    return s;
}
