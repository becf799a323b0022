/* SPDX-License-Identifier: MIT */
/*
 * Numbers, sizes, times and booleans as people write them in topology files and on command lines.
 * One reader for each kind, so that every place of the tree accepts the same forms and says the
 * same when it does not. Integers only: nothing here rounds.
 */
#ifndef MPIO_TEXT_NUMBER_H
#define MPIO_TEXT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "text/text_error.h"

#define TEXT_TIME_MAX ((uint64_t)INT64_MAX) /* units of 100 ns; Windows times are signed */

/* All return true and set *result, or return false, leave *result alone and fill error->message
 * (`error` may be NULL) with what was wrong and what is accepted; file, line and column become 0.
 * White space is not skipped. */

/* Decimal, or hexadecimal with 0x; from `minimum` to `maximum`. */
bool text_parse_unsigned(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *result,
                         struct text_error *error);
/* Bytes: 512, 64K, 1M, 1G, 2T (powers of 1024, either case); from `minimum` to `maximum`. */
bool text_parse_size(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *result,
                     struct text_error *error);
/* 100ns, 5us, 10ms, 5s, 30min, 2h, or a bare 0; *result in units of 100 ns, at most TEXT_TIME_MAX.
 */
bool text_parse_time(const char *text, uint64_t *result, struct text_error *error);
/* yes/no, true/false, 1/0, either case. */
bool text_parse_boolean(const char *text, bool *result, struct text_error *error);

#endif
