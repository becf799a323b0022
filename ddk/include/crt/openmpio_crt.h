/* SPDX-License-Identifier: MIT */
/*
 * The C library names a DSM may use. Being findable on the include path is also what marks a
 * source as a DSM's (openmpio/compiler.h).
 *
 * Wide-character routines work on 16-bit characters and are renamed, so that the host's 32-bit
 * wchar_t versions can never be linked by accident; they come from the static DSM library
 * (ddk/lib/dsmlib), the byte routines from the host's C library (.so) or from that library (.sys).
 */
#ifndef OPENMPIO_CRT_H
#define OPENMPIO_CRT_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An x86 driver is compiled with stdcall as its convention (-mrtd). Sort and search call back with
 * cdecl, as on Windows. What compilers call on their own follows the compiler: gcc pops its
 * arguments there too, clang does not; the DSM library is built by the same compiler. */
#ifdef __i386__
#define DDK_CRT_CDECL __attribute__((cdecl))
#else
#define DDK_CRT_CDECL
#endif
#if defined(__i386__) && defined(__clang__)
#define DDK_CRT_CALL __attribute__((cdecl))
#else
#define DDK_CRT_CALL
#endif

void *DDK_CRT_CALL memcpy(void *to, const void *from, size_t bytes);
void *DDK_CRT_CALL memmove(void *to, const void *from, size_t bytes);
void *DDK_CRT_CALL memset(void *to, int value, size_t bytes);
int DDK_CRT_CALL memcmp(const void *a, const void *b, size_t bytes);
void *memchr(const void *where, int value, size_t bytes);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t limit);
char *strcpy(char *to, const char *from);
char *strncpy(char *to, const char *from, size_t limit);
char *strcat(char *to, const char *from);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* Names that host libraries lack or give another meaning. */
#define strnlen    DdkStrnlen
#define _stricmp   DdkStricmp
#define _strnicmp  DdkStrnicmp
#define stricmp    DdkStricmp
#define strnicmp   DdkStrnicmp
#define toupper    DdkToupper
#define tolower    DdkTolower
#define isdigit    DdkIsdigit
#define isspace    DdkIsspace
#define isxdigit   DdkIsxdigit
#define isalpha    DdkIsalpha
#define isprint    DdkIsprint
#define atoi       DdkAtoi
#define wcslen     DdkWcslen
#define wcsnlen    DdkWcsnlen
#define wcscmp     DdkWcscmp
#define wcsncmp    DdkWcsncmp
#define _wcsicmp   DdkWcsicmp
#define _wcsnicmp  DdkWcsnicmp
#define wcscpy     DdkWcscpy
#define wcsncpy    DdkWcsncpy
#define wcscat     DdkWcscat
#define wcsncat    DdkWcsncat
#define wcschr     DdkWcschr
#define wcsrchr    DdkWcsrchr
#define wcsstr     DdkWcsstr
#define wcsspn     DdkWcsspn
#define towupper   DdkTowupper
#define towlower   DdkTowlower
#define wcsupr     DdkWcsupr
#define _wcsupr    DdkWcsupr
#define _wcslwr    DdkWcslwr
#define bsearch    DdkBsearch
#define qsort      DdkQsort

size_t strnlen(const char *s, size_t limit);
int _stricmp(const char *a, const char *b);
int _strnicmp(const char *a, const char *b, size_t limit);
int toupper(int c);
int tolower(int c);
int isdigit(int c);
int isspace(int c);
int isxdigit(int c);
int isalpha(int c);
int isprint(int c);
int atoi(const char *s);
size_t wcslen(const wchar_t *s);
size_t wcsnlen(const wchar_t *s, size_t limit);
int wcscmp(const wchar_t *a, const wchar_t *b);
int wcsncmp(const wchar_t *a, const wchar_t *b, size_t limit);
int _wcsicmp(const wchar_t *a, const wchar_t *b);
int _wcsnicmp(const wchar_t *a, const wchar_t *b, size_t limit);
wchar_t *wcscpy(wchar_t *to, const wchar_t *from);
wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t limit);
wchar_t *wcscat(wchar_t *to, const wchar_t *from);
wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t limit);
wchar_t *wcschr(const wchar_t *s, wchar_t c);
wchar_t *wcsrchr(const wchar_t *s, wchar_t c);
wchar_t *wcsstr(const wchar_t *s, const wchar_t *part);
size_t wcsspn(const wchar_t *s, const wchar_t *set);
wchar_t towupper(wchar_t c);
wchar_t towlower(wchar_t c);
wchar_t *_wcsupr(wchar_t *s);
wchar_t *_wcslwr(wchar_t *s);
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (DDK_CRT_CDECL *compare)(const void *, const void *));
void qsort(void *base, size_t count, size_t size,
           int (DDK_CRT_CDECL *compare)(const void *, const void *));

#define _byteswap_ushort(x) __builtin_bswap16(x)
#define _byteswap_ulong(x)  __builtin_bswap32(x)
#define _byteswap_uint64(x) __builtin_bswap64(x)
#ifndef __cplusplus
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif
#define __min(a, b) (((a) < (b)) ? (a) : (b))
#define __max(a, b) (((a) > (b)) ? (a) : (b))
#define _countof(array) (sizeof(array) / sizeof((array)[0]))

#ifdef __cplusplus
}
#endif
#endif
