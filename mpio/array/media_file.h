/* SPDX-License-Identifier: MIT */
/* The blocks of a LUN in a file of the host. */
#ifndef MPIO_ARRAY_MEDIA_FILE_H
#define MPIO_ARRAY_MEDIA_FILE_H

#include "media.h"

bool media_file_grow(int file, uint64_t bytes); /* to at least so many */
enum media_result media_file_erase(int file);   /* all of it; its size stays */
enum media_result media_file_read(int file, uint64_t offset, uint8_t *to, size_t length);
enum media_result media_file_write(int file, uint64_t offset, const uint8_t *from, size_t length);
enum media_result media_file_zero(int file, uint64_t offset, uint64_t length);

#endif
