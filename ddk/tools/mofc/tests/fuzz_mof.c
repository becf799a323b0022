/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target: bytes as a MOF source that all includes find again, through every output; what
 * was written as .bmf must read back as the same JSON. Bytes that begin with OMOF go to the reader
 * of .bmf, with length and checksum put right so that the inside is reached.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -o fuzz_mof tests/fuzz_mof.c $(ls *.c | grep
 * -v main.c)
 */
#include "../mofc.h"

#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *data;
    size_t size;
    struct buffer header, blob, json, again;
};

static enum read_result read_input(struct mofc *mofc, const char *name, size_t limit,
                                   struct buffer *data)
{
    const struct input *input = mofc->read_context;

    if (strchr(name, '?'))
        return READ_NO_FILE;
    if (input->size > limit)
        return READ_TOO_LONG;
    buffer_add(data, (const char *)input->data, input->size);
    return READ_DONE;
}

static void write_header_only(struct mofc *mofc, void *context)
{
    write_header(mofc, "fuzz.h", &((struct input *)context)->header);
}

static void write_all(struct mofc *mofc, void *context)
{
    struct input *input = context;
    struct emitter emitter = {.out = &input->json, .form = EMIT_JSON};

    describe(mofc, &emitter);
    write_blob(mofc, &input->blob);
    if (read_blob((const unsigned char *)input->blob.data, input->blob.length, &input->again))
        abort();
    if (input->json.length != input->again.length ||
        memcmp(input->json.data, input->again.data, input->json.length) != 0)
        abort();
}

static void read_only(struct mofc *mofc, void *context)
{
    struct input *input = context;

    (void)mofc;
    read_blob((const unsigned char *)input->blob.data, input->blob.length, &input->json);
}

/* The reader's own checks are run too: a wrong length or checksum one time in eight. */
static void fuzz_reader(struct mofc *mofc, struct input *input)
{
    buffer_add(&input->blob, (const char *)input->data, input->size);
    if (input->size >= 16 && input->data[12] % 8 != 0) {
        unsigned char *head = (unsigned char *)input->blob.data;
        uint32_t size = (uint32_t)input->size - 16, crc = 0xFFFFFFFF;

        for (size_t i = 16; i < input->size; i++) {
            crc ^= input->data[i];
            for (unsigned bit = 0; bit < 8; bit++)
                crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        }
        for (unsigned i = 0; i < 4; i++) {
            head[8 + i] = (unsigned char)(size >> 8 * i);
            head[12 + i] = (unsigned char)(~crc >> 8 * i);
        }
    }
    mofc_try(mofc, read_only, input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mofc mofc;
    struct input input = {.data = data, .size = size};

    mofc_init(&mofc, NULL);
    mofc.read_file = read_input;
    mofc.read_context = &input;
    input.header.mofc = input.blob.mofc = input.json.mofc = input.again.mofc = &mofc;
    if (size >= 4 && memcmp(data, "OMOF", 4) == 0) {
        fuzz_reader(&mofc, &input);
    } else if (mofc_compile(&mofc, "fuzz.mof")) {
        if (!mofc_try(&mofc, write_all, &input) && mofc.memory < MOFC_MAX_MEMORY / 4)
            abort(); /* a checked source has a description, unless it is huge */
        mofc_try(&mofc, write_header_only, &input);
    }
    mofc_free(&mofc);
    return 0;
}
