/* SPDX-License-Identifier: MIT */
/*
 * The kernel a driver stands on: everything that WDK sources expect from <wdm.h> and <ntddk.h>.
 * One part per kernel component, under openmpio/.
 */
#ifndef OPENMPIO_WDM_H
#define OPENMPIO_WDM_H

#ifndef _NTDDK_
#define _NTDDK_
#endif
#ifndef _WDMDDK_
#define _WDMDDK_
#endif

#include <ntdef.h>
#include <ntstatus.h>
#include <devioctl.h>
#include <openmpio/interlocked.h>
#include <openmpio/list.h>
#include <openmpio/debug.h>
#include <openmpio/kernel.h>
#include <openmpio/executive.h>
#include <openmpio/memory.h>
#include <openmpio/irp.h>
#include <openmpio/objects.h>
#include <openmpio/io.h>
#include <openmpio/pnp.h>
#include <openmpio/runtime.h>
#include <openmpio/registry.h>
#include <openmpio/etw.h>
#include <openmpio/bitmap.h>
#include <openmpio/table.h>
#include <openmpio/resource.h>
#include <openmpio/callback.h>
#include <openmpio/processors.h>
#include <openmpio/device_queue.h>
#include <openmpio/csq.h>
#include <openmpio/convert.h>
#include <openmpio/notify.h>
#include <openmpio/exception.h>
#include <openmpio/x86.h>
#include <openmpio/declared.h>

#endif
