/* SPDX-License-Identifier: MIT */
/* DSMs include this by habit; the GUIDs they need come from mpiodisk.h or from their own MOF. */
#ifndef OPENMPIO_WMIGUID_H
#define OPENMPIO_WMIGUID_H
#endif
