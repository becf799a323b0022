/* SPDX-License-Identifier: MIT */
/* All C library names a DSM may use are declared in openmpio_crt.h. */
#ifndef OPENMPIO_CRT_STRING_H
#define OPENMPIO_CRT_STRING_H
#include <openmpio_crt.h>
#endif
