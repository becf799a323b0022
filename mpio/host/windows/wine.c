/* SPDX-License-Identifier: MIT */
/*
 * Programs of the system below Wine: tools such as addr2line are found and run there when Windows has none. Wine starts
 * them but hands over neither pipes nor their end; so the output goes to a file, and the input is a socket
 * whose other end closes when the program ends. No state.
 */
#include "host/windows/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

wchar_t *host_wine_find(const char *name)
{
    static const wchar_t where[] = L"Z:\\usr\\local\\bin;Z:\\usr\\bin;Z:\\bin";
    wchar_t found[MAX_PATH + 1];
    if (!is_wine())
        return NULL;
    wchar_t *wide = host_wide(name);
    DWORD length = SearchPathW(where, wide, NULL, MAX_PATH, found, NULL);
    free(wide);
    return length != 0 && length <= MAX_PATH ? _wcsdup(found) : NULL;
}

char *host_wine_name(const char *path)
{
    typedef char *(CDECL *unix_name)(LPCWSTR);
    FARPROC address = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "wine_get_unix_file_name");
    if (address == NULL)
        return NULL;
    wchar_t *wide = host_wide(path);
    char *name = ((unix_name)(void *)address)(wide);
    free(wide);
    if (name == NULL)
        return NULL;
    char *copy = strdup(name);
    HeapFree(GetProcessHeap(), 0, name);
    return copy;
}

/* A new empty file that is gone when it is closed; other programs may write to it. */
static HANDLE output_file(void)
{
    wchar_t directory[MAX_PATH + 1], name[MAX_PATH + 1];
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    if (GetTempPathW(MAX_PATH, directory) == 0 || GetTempFileNameW(directory, L"mpi", 0, name) == 0)
        return INVALID_HANDLE_VALUE;
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                       &inherited, CREATE_ALWAYS, FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

static void wait_for_end(SOCKET ours)
{
    char nothing[16];
    while (recv(ours, nothing, sizeof(nothing), 0) > 0)
        ;
}

bool host_wine_run(const wchar_t *program, wchar_t *line, char *output, size_t size)
{
    WSADATA data;
    SOCKET ends[2];
    PROCESS_INFORMATION child;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return false;
    bool ran = host_socket_pair(ends);
    if (ran) {
        HANDLE file = output_file();
        STARTUPINFOW start = {.cb = sizeof(start),
                              .dwFlags = STARTF_USESTDHANDLES,
                              .hStdInput = (HANDLE)ends[1],
                              .hStdOutput = file,
                              .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
        SetHandleInformation((HANDLE)ends[1], HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        ran = file != INVALID_HANDLE_VALUE && CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child);
        closesocket(ends[1]);
        if (ran)
            wait_for_end(ends[0]);
        closesocket(ends[0]);
        OVERLAPPED beginning = {0};
        DWORD length = 0;
        if (ran && size > 0 && !ReadFile(file, output, (DWORD)(size - 1), &length, &beginning))
            length = 0;
        if (size > 0)
            output[length] = '\0';
        if (file != INVALID_HANDLE_VALUE)
            CloseHandle(file);
    }
    WSACleanup();
    return ran;
}
