/* SPDX-License-Identifier: MIT */
/* Drivers include <stdio.h> by habit; the kernel's few formatting routines are in openmpio_crt.h. */
#ifndef OPENMPIO_CRT_STDIO_H
#define OPENMPIO_CRT_STDIO_H
#include <openmpio_crt.h>
#endif
