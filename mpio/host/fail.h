/* SPDX-License-Identifier: MIT */
#ifndef MPIO_HOST_FAIL_H
#define MPIO_HOST_FAIL_H

#include <stdbool.h>

#ifdef _WIN32
#define HOST_FORMAT gnu_printf
#else
#define HOST_FORMAT printf
#endif

/* Notes "what: reason of errno" (or just `what` with error 0) for host_error; answers false. */
bool host_fail(int error, const char *format, ...) __attribute__((format(HOST_FORMAT, 2, 3)));

#endif
