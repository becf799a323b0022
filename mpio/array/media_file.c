/* SPDX-License-Identifier: MIT */
/*
 * Media in a file of the host: what media.c does with ARRAY_MEDIA_FILE.
 */
#include "media_file.h"

#include <string.h>

#include "host/host.h"

#define PIECE 4096u /* of zeros */

/* A file only ever grows: shrinking a LUN must not destroy what someone keeps in the file. */
bool media_file_grow(int file, uint64_t bytes)
{
    int64_t size = host_file_size(file);

    return size >= 0 && ((uint64_t)size >= bytes || host_file_resize(file, bytes));
}

enum media_result media_file_erase(int file)
{
    int64_t size = host_file_size(file);

    return size >= 0 && host_file_resize(file, 0) && host_file_resize(file, (uint64_t)size)
               ? MEDIA_GOOD
               : MEDIA_WRITE_FAILED;
}

/* A host may move fewer bytes than asked; at the end of the file the rest reads as zero. */
enum media_result media_file_read(int file, uint64_t offset, uint8_t *to, size_t length)
{
    while (length) {
        int64_t got = host_file_pread(file, to, length, offset);
        if (got < 0 || (uint64_t)got > length)
            return MEDIA_READ_FAILED;
        if (got == 0) {
            memset(to, 0, length);
            break;
        }
        to += got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return MEDIA_GOOD;
}

enum media_result media_file_write(int file, uint64_t offset, const uint8_t *from, size_t length)
{
    while (length) {
        int64_t put = host_file_pwrite(file, from, length, offset);
        if (put <= 0 || (uint64_t)put > length)
            return MEDIA_WRITE_FAILED;
        from += put;
        offset += (uint64_t)put;
        length -= (size_t)put;
    }
    return MEDIA_GOOD;
}

enum media_result media_file_zero(int file, uint64_t offset, uint64_t length)
{
    static const uint8_t zeros[PIECE];
    enum media_result result = MEDIA_GOOD;

    while (length && result == MEDIA_GOOD) {
        size_t part = length < PIECE ? (size_t)length : PIECE;
        result = media_file_write(file, offset, zeros, part);
        offset += part;
        length -= part;
    }
    return result;
}
