/* SPDX-License-Identifier: MIT */
/*
 * Registry text (.reg): `Windows Registry Editor Version 5.00` and `REGEDIT4`.
 *
 *   [HKEY_LOCAL_MACHINE\a\b]    opens a key           [-HKEY_...\b]    deletes it and what lies
 * below "name"="text"  @="text"     REG_SZ; \\ and \" are the escapes; a string may span lines
 *   "name"=dword:0000001f       REG_DWORD, 1 to 8 hexadecimal digits
 *   "name"=hex:01,02,\          REG_BINARY; a '\' at the end continues on the next line
 *   "name"=hex(7):...           any type: 1 SZ, 2 EXPAND_SZ, 7 MULTI_SZ, b QWORD, ...
 *   "name"=-                    deletes the value     ; a comment line, or behind a finished line
 *
 * Names and data arrive as a registry stores them: names in UTF-16, data as bytes with strings in
 * UTF-16LE and their NUL. In REGEDIT4 the bytes of hex(1), hex(2) and hex(7) are Windows-1252 and
 * are widened here. What a file says is not changed otherwise: hex(4) with three bytes arrives as
 * three bytes of type 4.
 */
#ifndef MPIO_TEXT_REGFILE_H
#define MPIO_TEXT_REGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"
#include "text/text_error.h"

#define REGFILE_MAX_FILE       (16u * 1024 * 1024) /* bytes of the file image */
#define REGFILE_MAX_DATA       (1024u * 1024)      /* bytes of one value, as delivered */
#define REGFILE_MAX_KEY_NAME   255u   /* UTF-16 units of one component; published limit */
#define REGFILE_MAX_KEY_DEPTH  512u   /* components of a path; published limit */
#define REGFILE_MAX_VALUE_NAME 16383u /* UTF-16 units; published limit */

enum regfile_type {
    REGFILE_NONE = 0,
    REGFILE_SZ = 1,
    REGFILE_EXPAND_SZ = 2,
    REGFILE_BINARY = 3,
    REGFILE_DWORD = 4,
    REGFILE_MULTI_SZ = 7,
    REGFILE_QWORD = 11,
};

/* Both return NULL to go on, or a text that says why the file is refused here; it ends the parse
 * and becomes its error message. Pointers are valid during the call only. Strings are not
 * NUL-terminated: lengths are in UTF-16 units. */
struct regfile_receiver {
    void *context;
    /* A key line; its values follow. `path` is as written, with its root:
     * HKEY_LOCAL_MACHINE\SYSTEM\... It has no empty components. After a deleted key no value comes
     * until the next key. */
    const char *(*on_key)(void *context, const uint16_t *path, size_t length, bool deleted);
    /* A value of the latest key. name_length 0 is the default value. A deleted value has type
     * REGFILE_NONE and no data. */
    const char *(*on_value)(void *context, const uint16_t *name, size_t name_length, uint32_t type,
                            const uint8_t *data, size_t length, bool deleted);
};

/* Parses a file image: UTF-16 with byte order mark (as Windows writes it), UTF-8, or for REGEDIT4
 * also Windows-1252. False on the first error, which *error (may be NULL) describes; what came
 * before it has been delivered. */
bool regfile_parse(const char *file_name, const char *image, size_t length,
                   const struct regfile_receiver *receiver, struct text_error *error);

/* The writer appends UTF-8 text with one form for each value, so equal registries give equal files
 * when the caller writes keys and values in one order. The parser reads it back bit for bit. A
 * REG_SZ that is not one well-formed, terminated string without control characters is written as
 * hex(1); a REG_DWORD that has not four bytes as hex(4). All return false when *out fails, and,
 * with nothing written, when a key path or value name cannot be told in the format: a limit above
 * is passed, a NUL or half a surrogate pair, in a path also an empty component, a '-' in front, or
 * a line break. */
bool regfile_write_header(struct buffer *out);
bool regfile_write_key(struct buffer *out, const uint16_t *path, size_t length, bool deleted);
bool regfile_write_value(struct buffer *out, const uint16_t *name, size_t name_length,
                         uint32_t type, const uint8_t *data, size_t length);
bool regfile_write_deleted_value(struct buffer *out, const uint16_t *name, size_t name_length);

#endif
