/* SPDX-License-Identifier: MIT */
/* Published name of: kernel providers of event tracing. */
#ifndef OPENMPIO_EVNTPROV_H
#define OPENMPIO_EVNTPROV_H
#include <openmpio/etw.h>
#endif
