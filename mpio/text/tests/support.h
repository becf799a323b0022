/* SPDX-License-Identifier: MIT */
/* What the test programs of this room share: the CMocka includes and a copy that ASan can watch. */
#ifndef MPIO_TEXT_TESTS_SUPPORT_H
#define MPIO_TEXT_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The first `length` bytes in a block of exactly that size, so that ASan sees one byte too far. */
static inline char *exact_copy(const void *bytes, size_t length)
{
    char *copy = malloc(length ? length : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    return length ? copy : realloc(copy, 1);
}

#endif
