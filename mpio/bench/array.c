/* SPDX-License-Identifier: MIT */
/*
 * The array model alone: commands handed to array_execute, without fabric, port or kernel. What a simulated
 * array costs when it is asked, and the most that anything above it can reach.
 */
#include "bench/array.h"

#include <stdlib.h>
#include <string.h>

#include "array/array.h"
#include "host/host.h"

#define ROUNDS   9
#define COMMANDS 100000u
#define BLOCKS   (1u << 21) /* 1 GiB of 512 bytes */
#define WARM     4096u      /* blocks of memory media that exist before the clock runs: 2 MiB */

struct kind {
    const char *name;
    enum array_media media;
    unsigned luns;
    uint8_t cdb[16], cdb_length;
    uint32_t bytes;     /* of the buffer */
    bool out, moves;    /* moves: the block address changes from command to command */
};

static const struct kind kinds[] = {
    {"TEST UNIT READY", ARRAY_MEDIA_NULL, 1, {0x00}, 6, 0, false, false},
    {"INQUIRY", ARRAY_MEDIA_NULL, 1, {0x12, 0, 0, 0, 96}, 6, 96, false, false},
    {"INQUIRY, VPD page 83h", ARRAY_MEDIA_NULL, 1, {0x12, 1, 0x83, 0, 255}, 6, 255, false, false},
    {"REPORT TARGET PORT GROUPS", ARRAY_MEDIA_NULL, 1, {0xA3, 0x0A, [8] = 1}, 12, 256, false, false},
    {"READ KEYS, none", ARRAY_MEDIA_NULL, 1, {0x5E, 0, [8] = 255}, 10, 255, false, false},
    {"READ(10) 4 KiB, no media", ARRAY_MEDIA_NULL, 1, {0x28, [8] = 8}, 10, 4096, false, true},
    {"READ(10) 4 KiB, no media", ARRAY_MEDIA_NULL, 10000, {0x28, [8] = 8}, 10, 4096, false, true},
    {"READ(10) 4 KiB, memory", ARRAY_MEDIA_MEMORY, 1, {0x28, [8] = 8}, 10, 4096, false, true},
    {"WRITE(10) 4 KiB, memory", ARRAY_MEDIA_MEMORY, 1, {0x2A, [8] = 8}, 10, 4096, true, true},
    {"WRITE(10) 256 KiB, memory", ARRAY_MEDIA_MEMORY, 1, {0x2A, [7] = 2}, 10, 262144, true, true},
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static struct array *make(const struct kind *k, struct array_nexus **nexus)
{
    const struct array_config config = {.name = "bench", .vendor = "BENCH", .product = "MODEL", .revision = "1",
                                        .access = ARRAY_ALUA_BOTH, .controllers = 2, .ports_per_controller = 4, .naa = 1};
    struct array *a = array_create(&config, NULL);

    for (unsigned lun = 0; a && lun < k->luns; lun++) {
        const struct array_lun_config one = {.number = (uint16_t)lun, .block_size = 512, .blocks = BLOCKS, .media = k->media};
        if (array_add_lun(a, &one, NULL) < 0) {
            array_destroy(a);
            return NULL;
        }
    }
    *nexus = a ? array_login(a, 0, "iqn.2026-01.org.openmpio:bench") : NULL;
    return a;
}

static bool run(struct array_nexus *nexus, struct array_cmd *cmd, uint8_t *cdb, const struct kind *k, unsigned count,
                unsigned *place)
{
    bool good = true;

    for (unsigned n = 0; n < count; n++) {
        unsigned at = (*place)++;
        unsigned lun = k->luns > 1 ? at % k->luns : 0;
        if (k->moves) {
            unsigned lba = at * (k->bytes / 512) % WARM;
            cdb[4] = (uint8_t)(lba >> 8);
            cdb[5] = (uint8_t)lba;
        }
        cmd->lun[0] = (uint8_t)(lun < 256 ? 0 : 0x40 | lun >> 8); /* peripheral or flat addressing */
        cmd->lun[1] = (uint8_t)lun;
        good = array_execute(nexus, cmd) == ARRAY_DONE && cmd->status == 0 && good;
    }
    return good;
}

static bool measure(const struct kind *k, double ns[2])
{
    static uint8_t data[262144];
    struct array_nexus *nexus;
    struct array *a = make(k, &nexus);
    uint8_t cdb[16];
    struct array_cmd cmd = {.cdb = cdb, .cdb_length = k->cdb_length, .data = data, .length = k->bytes, .out = k->out};
    unsigned place = 0, count = k->bytes > 4096 ? COMMANDS / 20 : COMMANDS;
    double rounds[ROUNDS];

    memcpy(cdb, k->cdb, sizeof cdb);
    bool ok = a && nexus;
    if (ok) {
        run(nexus, &cmd, cdb, k, 2 * k->luns + WARM, &place); /* unit attentions, and media that comes into being */
        for (unsigned r = 0; r < ROUNDS && ok; r++) {
            uint64_t begun = host_cpu_ns();
            ok = run(nexus, &cmd, cdb, k, count, &place);
            rounds[r] = (double)(host_cpu_ns() - begun) / count;
        }
        qsort(rounds, ROUNDS, sizeof *rounds, by_value);
        ns[0] = rounds[ROUNDS / 2];
        ns[1] = rounds[0];
    }
    array_destroy(a);
    return ok;
}

int array_table(FILE *csv)
{
    if (csv)
        fprintf(csv, "command,luns,ns_per_command,fastest_ns,million_commands_per_second\n");
    printf("%-28s %7s %11s %8s %20s\n", "command", "LUNs", "ns each", "fastest", "million per second");
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct kind *k = &kinds[i];
        double ns[2];
        if (!measure(k, ns)) {
            fprintf(stderr, "mpio-bench: %s failed\n", k->name);
            return 1;
        }
        printf("%-28s %7u %11.1f %8.1f %20.2f\n", k->name, k->luns, ns[0], ns[1], 1000 / ns[0]);
        if (csv)
            fprintf(csv, "\"%s\",%u,%.1f,%.1f,%.3f\n", k->name, k->luns, ns[0], ns[1], 1000 / ns[0]);
    }
    return 0;
}
