/* SPDX-License-Identifier: MIT */
/* Drivers include <stdio.h> by habit; the few formatting routines come with ntddk.h. */
#ifndef OPENMPIO_CRT_STDIO_H
#define OPENMPIO_CRT_STDIO_H
#include <openmpio_crt.h>
#endif
