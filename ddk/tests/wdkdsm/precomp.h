/* SPDX-License-Identifier: MIT */
/* What every source includes first, in the order that WDK drivers use: the prototypes come before srbhelper.h. */

#ifndef _WDKDSM_PRECOMP_H_
#define _WDKDSM_PRECOMP_H_

#pragma warning(disable : 4201) // nameless struct/union
#pragma warning(disable : 4214) // bit field types other than int

#include <stdio.h>
#include <stdarg.h>
#include <dsm.h>
#include <mpiodisk.h>
#include <mpiowmi.h>
#include "wdkdsmwmi.h"
#include "wdkdsmdsm.h"
#include "wdkdsm.h"
#include "prototypes.h"
#include "trace.h"

//
// The helpers' own assertions count, for the self-test.
//
#define SRBHELPER_ASSERT(Condition) ((void)((Condition) ? 0 : (WdChecksOfSrbHelper++)))
#include <srbhelper.h>
#include <ntstrsafe.h>
#include <ntintsafe.h>
#include "inlines.h"

#endif // _WDKDSM_PRECOMP_H_
