/* SPDX-License-Identifier: MIT */
/* Makes every DEFINE_GUID that follows in this source a definition. */
#ifndef OPENMPIO_INITGUID_H
#define OPENMPIO_INITGUID_H
#ifndef INITGUID
#define INITGUID
#endif
#include <ntdef.h>
#include <openmpio/guid.h>
#endif
