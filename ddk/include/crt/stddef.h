/* SPDX-License-Identifier: MIT */
/* C's <stddef.h> for DSM sources, from compiler built-ins only. */
#ifndef OPENMPIO_CRT_STDDEF_H
#define OPENMPIO_CRT_STDDEF_H
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
#ifndef __cplusplus
typedef __WCHAR_TYPE__ wchar_t;
#endif
#undef NULL
#ifdef __cplusplus
#define NULL __null
#else
#define NULL ((void *)0)
#endif
#undef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
