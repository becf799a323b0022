/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target for text/regfile.h: what the parser delivers is written again; reading that must
 * succeed and deliver the same, so the second text equals the first. clang -g -O1
 * -fsanitize=fuzzer,address,undefined -Impio mpio/text/{*.c,tests/fuzz_reg.c}
 */
#include "text/regfile.h"

#include <stdlib.h>
#include <string.h>

static const char *on_key(void *context, const uint16_t *path, size_t length, bool deleted)
{
    return regfile_write_key(context, path, length, deleted) ? NULL : "key not written";
}

static const char *on_value(void *context, const uint16_t *name, size_t name_length, uint32_t type,
                            const uint8_t *data, size_t length, bool deleted)
{
    bool good = deleted ? regfile_write_deleted_value(context, name, name_length)
                        : regfile_write_value(context, name, name_length, type, data, length);

    return good ? NULL : "value not written";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first = {0}, second = {0};
    struct text_error error = {0};
    struct regfile_receiver receiver = {&first, on_key, on_value};

    regfile_write_header(&first);
    regfile_write_header(&second);
    if (regfile_parse("fuzz", (const char *)data, size, &receiver, &error)) {
        receiver.context = &second;
        if (!regfile_parse("again", first.data, first.length, &receiver, &error) ||
            first.length != second.length || memcmp(first.data, second.data, first.length))
            abort();
    } else if (!error.message[0] || strstr(error.message, "not written")) {
        abort(); /* whatever was read can be written */
    }
    buffer_free(&first);
    buffer_free(&second);
    return 0;
}
