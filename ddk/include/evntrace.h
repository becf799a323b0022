/* SPDX-License-Identifier: MIT */
/* Published name of: trace levels and the routines behind WPP. */
#ifndef OPENMPIO_EVNTRACE_H
#define OPENMPIO_EVNTRACE_H
#include <openmpio/etw.h>

#ifndef TRACE_LEVEL_NONE
#define TRACE_LEVEL_NONE        0
#define TRACE_LEVEL_CRITICAL    1
#endif
#ifndef TRACE_LEVEL_FATAL
#define TRACE_LEVEL_FATAL       1
#endif
#ifndef TRACE_LEVEL_ERROR
#define TRACE_LEVEL_ERROR       2
#endif
#ifndef TRACE_LEVEL_WARNING
#define TRACE_LEVEL_WARNING     3
#endif
#ifndef TRACE_LEVEL_INFORMATION
#define TRACE_LEVEL_INFORMATION 4
#endif
#ifndef TRACE_LEVEL_VERBOSE
#define TRACE_LEVEL_VERBOSE     5
#endif

#endif
