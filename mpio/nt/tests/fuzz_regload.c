/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: hostile .reg text into the registry of a machine, and what was accepted out again.
 * clang -fsanitize=fuzzer,address,undefined ... mpio/nt/tests/fuzz_regload.c
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "nt/nt.h"
#include "text/buffer.h"
#include "text/text_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = "";
    struct nt_options options = {.pool_bytes = 1u << 20};
    struct world *w = world_create(&(struct world_options){.seed = 1, .trace_records = 16});
    struct machine *m = machine_create(w, "node", 2);
    struct buffer first = {0}, second = {0};
    struct text_error error = {0};

    if (!nt_create(m, &options, &why)) {
        abort();
    }
    nt_registry_load(m, "fuzz.reg", (const char *)data, size, &error);
    if (nt_registry_save(m, "HKEY_LOCAL_MACHINE", &first)) {
        if (!nt_registry_load(m, "saved.reg", first.data, first.length, &error) ||
            !nt_registry_save(m, "HKEY_LOCAL_MACHINE", &second) || second.length != first.length) {
            abort();
        }
    }
    buffer_free(&first);
    buffer_free(&second);
    world_destroy(w);
    return 0;
}
