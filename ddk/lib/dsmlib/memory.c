/* SPDX-License-Identifier: MIT */
/*
 * memcpy and the byte-string routines for PE drivers, which have no C library. (A native .so
 * takes the host's.) Compiled with -fno-tree-loop-distribute-patterns and -fno-builtin, or memcpy
 * would be made to call itself. Any IRQL; no state.
 */
#include <openmpio_crt.h>

#ifndef _WIN32
#error "PE only: a native DSM uses the host's C library for these"
#endif

#ifdef _MSC_VER
/* Clang asks for this name in every object that computes with floating point. */
extern const int _fltused;
const int _fltused = 0x9875;
#endif

void *memcpy(void *to, const void *from, size_t bytes)
{
    void *target = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return target;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    unsigned char *target = to;
    const unsigned char *source = from;

    if (target <= source || target >= source + bytes) {
        return memcpy(to, from, bytes);
    }
    while (bytes-- > 0) {
        target[bytes] = source[bytes];
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    void *target = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return target;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;

    for (; bytes > 0; x++, y++, bytes--) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

void *memchr(const void *where, int value, size_t bytes)
{
    const unsigned char *byte = where;

    for (; bytes > 0; byte++, bytes--) {
        if (*byte == (unsigned char)value) {
            return (void *)byte;
        }
    }
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != 0) {
        n++;
    }
    return n;
}

int strncmp(const char *a, const char *b, size_t limit)
{
    for (; limit > 0; a++, b++, limit--) {
        if (*a != *b) {
            return (unsigned char)*a - (unsigned char)*b;
        }
        if (*a == 0) {
            break;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, (size_t)-1);
}

char *strcpy(char *to, const char *from)
{
    return memcpy(to, from, strlen(from) + 1);
}

char *strncpy(char *to, const char *from, size_t limit)
{
    size_t n = strnlen(from, limit);

    memcpy(to, from, n);
    memset(to + n, 0, limit - n);
    return to;
}

char *strcat(char *to, const char *from)
{
    strcpy(to + strlen(to), from);
    return to;
}

char *strchr(const char *s, int c)
{
    return memchr(s, c, strlen(s) + 1);
}

char *strrchr(const char *s, int c)
{
    for (size_t n = strlen(s) + 1; n-- > 0;) {
        if (s[n] == (char)c) {
            return (char *)s + n;
        }
    }
    return NULL;
}

char *strstr(const char *s, const char *part)
{
    size_t length = strlen(part);

    for (;; s++) {
        if (strncmp(s, part, length) == 0) {
            return (char *)s;
        }
        if (*s == 0) {
            return NULL;
        }
    }
}
