/* SPDX-License-Identifier: MIT */
/*
 * The state of host/posix and the sentence about the last failure. Per thread, so it needs
 * no guard.
 */
#include "host/posix/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Thread_local struct host_state host_state;

const char *host_error(void)
{
    return host_state.error;
}

bool host_fail(int error, const char *format, ...)
{
    char *text = host_state.error;
    size_t size = sizeof(host_state.error);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    if (error != 0 && length >= 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, ": %s", strerror(error));
    return false;
}
