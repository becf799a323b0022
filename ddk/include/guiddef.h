/* SPDX-License-Identifier: MIT */
/* GUID and DEFINE_GUID live in ntdef.h. */
#ifndef OPENMPIO_GUIDDEF_H
#define OPENMPIO_GUIDDEF_H
#include <ntdef.h>
#endif
