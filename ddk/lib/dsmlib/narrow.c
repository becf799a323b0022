/* SPDX-License-Identifier: MIT */
/*
 * Byte-character routines that host C libraries lack, name otherwise or make depend on a locale,
 * plus sorting and searching. ASCII only. Any IRQL; no state.
 */
#include <openmpio_crt.h>

size_t strnlen(const char *s, size_t limit)
{
    size_t n = 0;

    while (n < limit && s[n] != 0) {
        n++;
    }
    return n;
}

int toupper(int c)
{
    return c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c;
}

int tolower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int isdigit(int c)
{
    return c >= '0' && c <= '9';
}

int isspace(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int isalpha(int c)
{
    return toupper(c) >= 'A' && toupper(c) <= 'Z';
}

int isxdigit(int c)
{
    return isdigit(c) || (toupper(c) >= 'A' && toupper(c) <= 'F');
}

int isprint(int c)
{
    return c >= ' ' && c <= '~';
}

int _strnicmp(const char *a, const char *b, size_t limit)
{
    for (; limit > 0; a++, b++, limit--) {
        int x = tolower((unsigned char)*a), y = tolower((unsigned char)*b);

        if (x != y) {
            return x - y;
        }
        if (x == 0) {
            break;
        }
    }
    return 0;
}

int _stricmp(const char *a, const char *b)
{
    return _strnicmp(a, b, (size_t)-1);
}

/* Stops before a digit that would overflow. */
int atoi(const char *s)
{
    int sign = 1, value = 0, next;

    while (isspace((unsigned char)*s)) {
        s++;
    }
    if (*s == '-' || *s == '+') {
        sign = *s++ == '-' ? -1 : 1;
    }
    for (; isdigit((unsigned char)*s); s++) {
        if (__builtin_mul_overflow(value, 10, &next) ||
            __builtin_add_overflow(next, sign * (*s - '0'), &next)) {
            break;
        }
        value = next;
    }
    return value;
}

void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (DDK_CRT_CDECL *compare)(const void *, const void *))
{
    const unsigned char *low = base;

    while (count > 0) {
        const unsigned char *middle = low + count / 2 * size;
        int order = compare(key, middle);

        if (order == 0) {
            return (void *)middle;
        }
        if (order > 0) {
            low = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}

static void swap_elements(unsigned char *a, unsigned char *b, size_t size)
{
    for (; size > 0; size--) {
        unsigned char keep = *a;

        *a++ = *b;
        *b++ = keep;
    }
}

/* Heap sort: no recursion and no extra memory, for kernel stacks are small. */
static void sift_down(unsigned char *base, size_t root, size_t count, size_t size,
                      int (DDK_CRT_CDECL *compare)(const void *, const void *))
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0) {
            child++;
        }
        if (compare(base + root * size, base + child * size) >= 0) {
            return;
        }
        swap_elements(base + root * size, base + child * size, size);
    }
}

void qsort(void *base, size_t count, size_t size,
           int (DDK_CRT_CDECL *compare)(const void *, const void *))
{
    for (size_t root = count / 2; root-- > 0;) {
        sift_down(base, root, count, size, compare);
    }
    for (size_t end = count; end-- > 1;) {
        swap_elements(base, (unsigned char *)base + end * size, size);
        sift_down(base, 0, end, size, compare);
    }
}
