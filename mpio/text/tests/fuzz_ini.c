/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target for text/ini.h: parses, visits everything, and expands every value against the first
 * section. clang -g -O1 -fsanitize=fuzzer,address,undefined -Impio mpio/text/{*.c,tests/fuzz_ini.c}
 */
#include "text/ini.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_error error = {0};
    struct buffer out;
    unsigned flags = size ? data[0] & 3u : 0;

    if (size == 0)
        return 0;
    struct ini *ini = ini_parse("fuzz", (const char *)data + 1, size - 1, flags, &error);
    if (!ini) {
        if (!error.message[0])
            abort();
        return 0;
    }
    buffer_init(&out, 1 << 20);
    for (size_t s = 0; s < ini_section_count(ini); s++) {
        const struct ini_section *section = ini_section(ini, s);
        if (ini_find_section(ini, section->name) != section)
            abort();
        for (size_t e = 0; e < section->entry_count; e++) {
            const struct ini_entry *entry = ini_entry(section, e);
            for (size_t v = 0; v < entry->value_count; v++) {
                buffer_clear(&out);
                ini_expand(ini, &entry->values[v], ini_section(ini, 0), NULL, &out, &error);
            }
        }
    }
    buffer_free(&out);
    ini_free(ini);
    return 0;
}
