/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target: the input is a script of commands, faults and administration on a small array.
 * Per step: one byte what, one byte whom, then for a command CDB length, buffer length (2 bytes),
 * the CDB and, for data-out, a fill byte and up to 64 bytes of data. Buffers have exactly their
 * length.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -Impio -Impio/include \
 *     mpio/array/tests/fuzz_cdb.c mpio/array/[a-z]*.c -o fuzz_cdb
 */
#include <stdlib.h>
#include <string.h>

#include "array/array.h"
#include "host_double.h"

#define LUNS 3

struct script {
    const uint8_t *next, *end;
};

static uint8_t take(struct script *s)
{
    return s->next < s->end ? *s->next++ : 0;
}

static uint64_t now(void *clock)
{
    return *(uint64_t *)clock;
}

static void command(struct script *s, struct array_nexus *n, uint8_t whom, bool out)
{
    uint8_t cdb_length = take(s) % 33;
    uint32_t length = (uint32_t)take(s) << 8 | take(s);
    uint8_t *cdb = malloc(cdb_length ? cdb_length : 1);
    uint8_t *data = malloc(length ? length : 1);
    struct array_cmd cmd = {.cdb = cdb,
                            .cdb_length = cdb_length,
                            .data = length ? data : NULL,
                            .length = length,
                            .out = out};

    if (!cdb || !data)
        abort();
    cmd.lun[1] = whom % (LUNS + 1);
    for (unsigned i = 0; i < cdb_length; i++)
        cdb[i] = take(s);
    if (out) {
        memset(data, take(s), length);
        for (unsigned i = 0; i < 64 && i < length; i++)
            data[i] = take(s);
    } else {
        memset(data, 0xEE, length);
    }
    if (array_execute(n, &cmd) == ARRAY_DONE) {
        if (cmd.transferred > length || cmd.sense_length > ARRAY_MAX_SENSE ||
            (cmd.status == 0x02) != (cmd.sense_length != 0))
            abort();
    }
    free(cdb);
    free(data);
}

static void administer(struct script *s, struct array *a, struct array_nexus *n, uint64_t *clock)
{
    uint8_t number = take(s) % (LUNS + 1), value = take(s);
    struct array_lun_config lun = {
        .number = number, .block_size = value & 1 ? 512 : 4096, .blocks = 1 + value * 7u};

    switch (take(s) % 10) {
    case 0:
        array_controller_up(a, value & 1, value & 2);
        break;
    case 1:
        array_move_lun(a, number, value & 1);
        break;
    case 2:
        array_force_state(a, number, value & 1, value >> 4);
        break;
    case 3:
        array_inject(a, number, value & 3, value & 4 ? 0x02 : 0x08, 3, 0x11, 0);
        break;
    case 4:
        array_unit_attention(a, number, 0x2A, value);
        break;
    case 5:
        array_remove_lun(a, number);
        break;
    case 6:
        array_add_lun(a, &lun, NULL);
        break;
    case 7:
        array_resize_lun(a, number, value);
        break;
    case 8:
        array_reset_lun(n, (uint8_t[8]){0, number});
        break;
    case 9:
        *clock += (uint64_t)value << 12;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct script s = {bytes, bytes + size};
    uint64_t clock = 1;
    uint8_t options = take(&s);
    struct array_config config = {.name = "fuzz",
                                  .vendor = "V",
                                  .product = "P",
                                  .revision = "R",
                                  .access = options & 1 ? ARRAY_ALUA_IMPLICIT : ARRAY_SYMMETRIC,
                                  .controllers = 2,
                                  .ports_per_controller = 1,
                                  .naa = 1,
                                  .descriptor_sense = options & 2,
                                  .transition_us = options & 4 ? 1000 : 0,
                                  .now = now,
                                  .clock = &clock};
    struct array *a = array_create(&config, NULL);
    struct array_nexus *n[3];

    if (!a)
        abort();
    array_checksum(a, options & 8);
    for (uint16_t i = 0; i < LUNS; i++) {
        struct array_lun_config lun = {.number = i,
                                       .block_size = 512,
                                       .blocks = 64 + i * 1000u,
                                       .media = i == 2 ? ARRAY_MEDIA_NULL : ARRAY_MEDIA_MEMORY};
        if (array_add_lun(a, &lun, NULL) != 0)
            abort();
    }
    for (unsigned i = 0; i < 3; i++) {
        n[i] = array_login(a, i & 1, i < 2 ? "host a" : "host b");
        if (!n[i])
            abort();
    }
    for (unsigned i = 0; options & 16 && i < 3 * LUNS; i++) { /* past the power-on attentions */
        uint8_t tur[6] = {0};
        struct array_cmd cmd = {.cdb = tur, .cdb_length = 6, .lun = {0, i / 3}};
        array_execute(n[i % 3], &cmd);
    }
    while (s.next < s.end) {
        uint8_t what = take(&s), whom = take(&s);
        struct array_nexus *nexus = n[(whom >> 2) % 3];
        if (what < 224)
            command(&s, nexus, whom, what & 1);
        else if (what < 248)
            administer(&s, a, nexus, &clock);
        else if (what & 1)
            array_logout(nexus);
        else
            array_login(a, ((whom >> 2) % 3) & 1, (whom >> 2) % 3 < 2 ? "host a" : "host b");
    }
    array_destroy(a);
    return 0;
}
