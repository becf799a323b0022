/* SPDX-License-Identifier: MIT */
/*
 * The state of host/windows, the sentence about the last failure, and the way between UTF-8, which
 * the rest of the tree speaks, and UTF-16, which Windows does. Per thread, so it needs no guard.
 */
#include "host/windows/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Thread_local struct host_state host_state;

const char *host_error(void)
{
    return host_state.error;
}

static void note(const char *reason, const char *format, va_list arguments)
{
    char *text = host_state.error;
    size_t size = sizeof(host_state.error);
    int length = vsnprintf(text, size, format, arguments);
    if (reason[0] != '\0' && length >= 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, ": %s", reason);
}

bool host_fail(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    note(error != 0 ? strerror(error) : "", format, arguments);
    va_end(arguments);
    return false;
}

/* The common ones in the words of the other hosts. */
static int errno_of(DWORD code)
{
    switch (code) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
        return ENOENT;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
        return EACCES;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        return EEXIST;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_COMMITMENT_LIMIT:
        return ENOMEM;
    case ERROR_INVALID_HANDLE:
        return EBADF;
    case ERROR_DISK_FULL:
        return ENOSPC;
    default:
        return 0;
    }
}

bool host_fail_system(DWORD code, const char *format, ...)
{
    wchar_t wide[256] = L"";
    char reason[300] = "";
    int error = errno_of(code);
    if (error != 0) {
        snprintf(reason, sizeof(reason), "%s", strerror(error));
    } else if (code != 0) {
        DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, code, 0,
                                      wide, sizeof(wide) / sizeof(wide[0]), NULL);
        while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.'))
            wide[--length] = L'\0';
        if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, reason, sizeof(reason), NULL, NULL) <= 1)
            snprintf(reason, sizeof(reason), "Windows error %u", (unsigned)code);
    }
    va_list arguments;
    va_start(arguments, format);
    note(reason, format, arguments);
    va_end(arguments);
    return false;
}

wchar_t *host_wide(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = calloc((size_t)length + 1, sizeof(*wide));
    if (wide == NULL)
        abort();
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
    return wide;
}

char *host_narrow(const wchar_t *text)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *narrow = calloc((size_t)length + 1, 1);
    if (narrow == NULL)
        abort();
    WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, length, NULL, NULL);
    return narrow;
}
