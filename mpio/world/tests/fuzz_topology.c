/* SPDX-License-Identifier: MIT */
/* Fuzz target: any bytes are a topology file. What is accepted must also be describable. */
#include "world/topology.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_error error;
    struct buffer out;
    struct topology *t = topology_parse("fuzz.ini", (const char *)data, size, &error);

    if (t == NULL) {
        char text[512];

        text_error_format(&error, text, sizeof text);
        return 0;
    }
    buffer_init(&out, 1u << 20);
    topology_describe(t, &out);
    buffer_free(&out);
    topology_free(t);
    return 0;
}
