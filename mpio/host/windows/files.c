/* SPDX-License-Identifier: MIT */
/*
 * Files, by UTF-8 names; both slashes separate. A whole file is written through a temporary beside it, so readers
 * see the old or the new contents and never a half. Descriptors are those of the C library over handles.
 */
#include "host/windows/state.h"
#include "host/read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEMPORARY_TRIES 100u
#define TRANSFER_LIMIT  ((size_t)1 << 30)

static int open_wide(const char *path, int flags)
{
    wchar_t *wide = host_wide(path);
    int file = _wopen(wide, flags | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
    int error = errno;
    free(wide);
    if (file < 0)
        host_fail(error, "cannot open %s", path);
    return file;
}

static bool write_all(int file, const char *data, size_t length)
{
    while (length > 0) {
        int n = _write(file, data, (unsigned)(length < TRANSFER_LIMIT ? length : TRANSFER_LIMIT));
        if (n <= 0)
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static int64_t read_some(int file, void *data, size_t length)
{
    return _read(file, data, (unsigned)(length < TRANSFER_LIMIT ? length : TRANSFER_LIMIT));
}

char *host_read_file(const char *path, size_t limit, size_t *length)
{
    int file = open_wide(path, _O_RDONLY);
    if (file < 0)
        return NULL;
    char *data = host_read_all(path, file, read_some, limit, length);
    _close(file);
    return data;
}

/* A new file `path`.number, the number being free; its name malloc'ed. */
static int open_beside(const char *path, char **name)
{
    size_t size = strlen(path) + 40;
    *name = malloc(size);
    if (*name == NULL)
        abort();
    for (unsigned i = 0; i < TEMPORARY_TRIES; i++) {
        snprintf(*name, size, "%s.%lu-%u", path, (unsigned long)GetCurrentProcessId(), i);
        int file = open_wide(*name, _O_WRONLY | _O_CREAT | _O_EXCL);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

bool host_write_file(const char *path, const void *data, size_t length)
{
    char *temporary;
    int file = open_beside(path, &temporary);
    if (file < 0) {
        int error = errno;
        free(temporary);
        return host_fail(error, "cannot write %s: no temporary file beside it", path);
    }
    bool written = write_all(file, data, length) && _commit(file) == 0;
    int error = errno;
    if (_close(file) != 0 && written) {
        written = false;
        error = errno;
    }
    wchar_t *from = host_wide(temporary), *to = host_wide(path);
    bool done = written && MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH);
    DWORD code = GetLastError();
    if (!done)
        DeleteFileW(from);
    free(from);
    free(to);
    free(temporary);
    if (done)
        return true;
    return written ? host_fail_system(code, "cannot write %s", path) : host_fail(error, "cannot write %s", path);
}

int host_file_open(const char *path, bool create)
{
    return open_wide(path, _O_RDWR | (create ? _O_CREAT : 0));
}

/* An invalid descriptor answers INVALID_HANDLE_VALUE, whose transfers fail with a reason. */
static HANDLE handle_of(int file)
{
    return (HANDLE)_get_osfhandle(file);
}

int64_t host_file_size(int file)
{
    LARGE_INTEGER size;
    if (GetFileSizeEx(handle_of(file), &size))
        return size.QuadPart;
    host_fail_system(GetLastError(), "cannot ask for the size of a file");
    return -1;
}

bool host_file_resize(int file, uint64_t size)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};
    if (size > INT64_MAX)
        return host_fail(EFBIG, "cannot resize a file to %llu bytes", (unsigned long long)size);
    return SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof(end)) ||
           host_fail_system(GetLastError(), "cannot resize a file to %llu bytes", (unsigned long long)size);
}

/* Both transfers go on until everything is done or the file ends. */
int64_t host_file_pread(int file, void *data, size_t length, uint64_t offset)
{
    size_t done = 0;
    host_touch(data, length);
    while (done < length) {
        uint64_t at = offset + done;
        OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
        DWORD n = 0, part = (DWORD)(length - done < TRANSFER_LIMIT ? length - done : TRANSFER_LIMIT);
        if (!ReadFile(handle_of(file), (char *)data + done, part, &n, &where) && GetLastError() != ERROR_HANDLE_EOF) {
            host_fail_system(GetLastError(), "cannot read %zu bytes at offset %llu", length,
                             (unsigned long long)offset);
            return -1;
        }
        if (n == 0)
            break;
        done += n;
    }
    return (int64_t)done;
}

int64_t host_file_pwrite(int file, const void *data, size_t length, uint64_t offset)
{
    size_t done = 0;
    host_touch((void *)data, length);
    while (done < length) {
        uint64_t at = offset + done;
        OVERLAPPED where = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
        DWORD n = 0, part = (DWORD)(length - done < TRANSFER_LIMIT ? length - done : TRANSFER_LIMIT);
        if (!WriteFile(handle_of(file), (const char *)data + done, part, &n, &where) || n == 0) {
            host_fail_system(GetLastError(), "cannot write %zu bytes at offset %llu", length,
                             (unsigned long long)offset);
            return -1;
        }
        done += n;
    }
    return (int64_t)done;
}

bool host_file_sync(int file)
{
    return FlushFileBuffers(handle_of(file)) ||
           host_fail_system(GetLastError(), "cannot write a file through to its device");
}

void host_file_close(int file)
{
    _close(file);
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

bool host_make_directory(const char *path)
{
    wchar_t *part = host_wide(path);
    bool good = part[0] != L'\0';
    for (size_t i = 1; good && i <= wcslen(path[0] != '\0' ? part : L""); i++) {
        wchar_t end = part[i];
        if ((end != L'/' && end != L'\\' && end != L'\0') || part[i - 1] == L':')
            continue;
        part[i] = L'\0';
        good = CreateDirectoryW(part, NULL) || is_directory(part);
        part[i] = end;
    }
    good = good && is_directory(part);
    free(part);
    return good || host_fail(path[0] == '\0' ? ENOENT : ENOTDIR, "cannot make directory %s", path);
}

bool host_remove_file(const char *path)
{
    wchar_t *wide = host_wide(path);
    bool done = DeleteFileW(wide) || RemoveDirectoryW(wide);
    DWORD code = GetLastError();
    free(wide);
    return done || host_fail_system(code, "cannot remove %s", path);
}

/* A directory's entries but itself and its parent; recursive. */
static void remove_entries(const wchar_t *directory)
{
    WIN32_FIND_DATAW found;
    size_t size = wcslen(directory) + MAX_PATH + 2;
    wchar_t *name = malloc(size * sizeof(*name));
    if (name == NULL)
        abort();
    _snwprintf(name, size, L"%ls\\*", directory);
    HANDLE search = FindFirstFileW(name, &found);
    for (bool more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileW(search, &found)) {
        if (wcscmp(found.cFileName, L".") == 0 || wcscmp(found.cFileName, L"..") == 0)
            continue;
        _snwprintf(name, size, L"%ls\\%ls", directory, found.cFileName);
        if (!(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
            DeleteFileW(name);
            continue;
        }
        if (!(found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
            remove_entries(name);
        RemoveDirectoryW(name);
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    free(name);
}

bool host_remove_directory(const char *path)
{
    wchar_t *wide = host_wide(path);
    remove_entries(wide);
    bool done = RemoveDirectoryW(wide);
    DWORD code = GetLastError();
    free(wide);
    return done || host_fail_system(code, "cannot remove %s", path);
}

/* Full access for this user, none for others; the caller frees *descriptor with LocalFree. */
static bool only_me(PSECURITY_DESCRIPTOR *descriptor)
{
    union {
        TOKEN_USER user;
        char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } token;
    HANDLE process;
    DWORD size;
    wchar_t *sid, text[256];
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &process))
        return false;
    bool known = GetTokenInformation(process, TokenUser, &token, sizeof(token), &size) &&
                 ConvertSidToStringSidW(token.user.User.Sid, &sid);
    CloseHandle(process);
    if (!known)
        return false;
    _snwprintf(text, sizeof(text) / sizeof(text[0]) - 1, L"D:P(A;OICI;FA;;;%ls)", sid);
    text[sizeof(text) / sizeof(text[0]) - 1] = L'\0';
    LocalFree(sid);
    return ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, descriptor, NULL);
}

char *host_temporary_directory(void)
{
    wchar_t where[MAX_PATH + 1], name[MAX_PATH + 64];
    SECURITY_ATTRIBUTES security = {.nLength = sizeof(security)};
    if (GetTempPathW(sizeof(where) / sizeof(where[0]), where) == 0 || !only_me(&security.lpSecurityDescriptor)) {
        host_fail_system(GetLastError(), "cannot name a temporary directory");
        return NULL;
    }
    bool made = false;
    for (unsigned i = 0; i < TEMPORARY_TRIES && !made; i++) {
        swprintf(name, sizeof(name) / sizeof(name[0]), L"%lsmpio-%lu-%u", where, (unsigned long)GetCurrentProcessId(), i);
        made = CreateDirectoryW(name, &security);
        if (!made && GetLastError() != ERROR_ALREADY_EXISTS)
            break;
    }
    DWORD code = GetLastError();
    LocalFree(security.lpSecurityDescriptor);
    if (made)
        return host_narrow(name);
    host_fail_system(code, "cannot make a temporary directory below that for temporary files");
    return NULL;
}

bool host_copy_file(const char *from, const char *to)
{
    wchar_t *source = host_wide(from), *target = host_wide(to);
    bool done = CopyFileW(source, target, FALSE);
    DWORD code = GetLastError();
    free(source);
    free(target);
    return done || host_fail_system(code, "cannot copy %s to %s", from, to);
}
