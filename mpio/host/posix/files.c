/* SPDX-License-Identifier: MIT */
/*
 * Files. A whole file is written through a temporary beside it, so readers see the old or the new
 * contents and never a half.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"
#include "host/read_all.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int file, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(file, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static int64_t read_some(int file, void *data, size_t length)
{
    ssize_t n;
    do
        n = read(file, data, length);
    while (n < 0 && errno == EINTR);
    return n;
}

char *host_read_file(const char *path, size_t limit, size_t *length)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        host_fail(errno, "cannot open %s", path);
        return NULL;
    }
    char *data = host_read_all(path, file, read_some, limit, length);
    close(file);
    return data;
}

bool host_write_file(const char *path, const void *data, size_t length)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        return host_fail(ENAMETOOLONG, "cannot write %s", path);
    int file = mkostemp(temporary, O_CLOEXEC);
    if (file < 0)
        return host_fail(errno, "cannot write %s: no temporary file beside it", path);
    struct stat old;
    mode_t mode = stat(path, &old) == 0 ? old.st_mode & 0777 : 0644;
    bool written = write_all(file, data, length) && fchmod(file, mode) == 0 && fsync(file) == 0;
    int error = errno;
    if (close(file) != 0 && written) {
        written = false;
        error = errno;
    }
    if (written && rename(temporary, path) == 0)
        return true;
    if (written)
        error = errno;
    unlink(temporary);
    return host_fail(error, "cannot write %s", path);
}

int host_file_open(const char *path, bool create)
{
    int file = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0644);
    if (file < 0)
        host_fail(errno, "cannot open %s", path);
    return file;
}

int64_t host_file_size(int file)
{
    struct stat s;
    if (fstat(file, &s) == 0)
        return s.st_size;
    host_fail(errno, "cannot ask for the size of a file");
    return -1;
}

bool host_file_resize(int file, uint64_t size)
{
    if (size > INT64_MAX || ftruncate(file, (off_t)size) != 0)
        return host_fail(size > INT64_MAX ? EFBIG : errno, "cannot resize a file to %llu bytes",
                         (unsigned long long)size);
    return true;
}

/* Both transfers go on until everything is done or the file ends. */
int64_t host_file_pread(int file, void *data, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(file, (char *)data + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            host_fail(errno, "cannot read %zu bytes at offset %llu", length,
                      (unsigned long long)offset);
            return -1;
        }
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

int64_t host_file_pwrite(int file, const void *data, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pwrite(file, (const char *)data + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            host_fail(errno, "cannot write %zu bytes at offset %llu", length,
                      (unsigned long long)offset);
            return -1;
        }
        done += (size_t)n;
    }
    return (int64_t)done;
}

bool host_file_sync(int file)
{
    return fdatasync(file) == 0 || host_fail(errno, "cannot write a file through to its device");
}

void host_file_close(int file)
{
    close(file);
}

bool host_make_directory(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(part))
        return host_fail(length == 0 ? ENOENT : ENAMETOOLONG, "cannot make directory '%s'", path);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char end = part[i];
        part[i] = '\0';
        struct stat s;
        if (mkdir(part, 0777) != 0 && (errno != EEXIST || stat(part, &s) != 0))
            return host_fail(errno, "cannot make directory %s", part);
        part[i] = end;
    }
    struct stat s;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode))
        return host_fail(ENOTDIR, "cannot make directory %s", path);
    return true;
}

bool host_remove_file(const char *path)
{
    return remove(path) == 0 || host_fail(errno, "cannot remove %s", path);
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *place)
{
    (void)s, (void)kind, (void)place;
    return remove(path);
}

bool host_remove_directory(const char *path)
{
    enum { OPEN_AT_ONCE = 16 };
    return nftw(path, remove_entry, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS) == 0 || host_fail(errno, "cannot remove %s", path);
}

char *host_temporary_directory(void)
{
    const char *where = getenv("TMPDIR");
    if (where == NULL || where[0] == '\0')
        where = "/tmp";
    char *name;
    if (asprintf(&name, "%s/mpio-XXXXXX", where) < 0) {
        host_fail(ENOMEM, "cannot name a temporary directory");
        return NULL;
    }
    if (mkdtemp(name) != NULL) /* made with mode 0700 */
        return name;
    host_fail(errno, "cannot make a temporary directory in %s", where);
    free(name);
    return NULL;
}

bool host_copy_file(const char *from, const char *to)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return host_fail(errno, "cannot open %s", from);
    struct stat s;
    int target = -1;
    if (fstat(source, &s) == 0)
        target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, s.st_mode & 0777);
    bool good = target >= 0;
    char block[65536];
    while (good) {
        ssize_t n = read(source, block, sizeof(block));
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            continue;
        good = n > 0 && write_all(target, block, (size_t)n);
    }
    int error = errno;
    close(source);
    if (target >= 0 && close(target) != 0 && good) {
        good = false;
        error = errno;
    }
    return good || host_fail(error, "cannot copy %s to %s", from, to);
}
