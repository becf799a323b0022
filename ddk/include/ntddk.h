/* SPDX-License-Identifier: MIT */
/* The same names as wdm.h. */
#ifndef OPENMPIO_NTDDK_H
#define OPENMPIO_NTDDK_H
#include <wdm.h>
#endif
