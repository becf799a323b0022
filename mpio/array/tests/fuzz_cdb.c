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
#include "array/task.h"
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
        .number = number, .block_size = value & 1 ? 512 : 4096, .blocks = 1 + value * 7u,
        .pool = value >> 2 & 1};

    switch (take(s) % 12) {
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
    case 10:
        array_power(a, false);
        array_power(a, true);
        break;
    case 11:
        array_port_offline(a, number, value & 1, value & 2);
        break;
    }
}

static struct array_nexus *login(struct array *a, unsigned i)
{
    static const char *const names[] = {"iqn.x:a", "iqn.x:a", "iqn.x:b,i,0x000000000001"};

    return array_login(a, i & 1, names[i]);
}

/* ---- commands that wait in task sets ----------------------------------------------------------- */
#define TASKS 8

struct waiting {
    struct array_task task; /* first */
    bool there;
};

static void ended(struct array_task *task, enum array_task_end how)
{
    (void)how;
    ((struct waiting *)task)->there = false;
}

static void use_tasks(struct script *s, struct waiting *tasks, struct array_nexus *n, uint8_t whom)
{
    struct waiting *w = &tasks[take(s) % TASKS];
    uint8_t lun[8] = {0, whom % (LUNS + 1)}, status, sense[ARRAY_MAX_SENSE], sense_length;
    uint8_t what = take(s);

    switch (what % 8) {
    case 0:
    case 1:
        if (w->there)
            break;
        *w = (struct waiting){{.nexus = n, .tag = what >> 6, .attribute = what >> 4 & 3, .ended = ended}, true};
        memcpy(w->task.lun, lun, sizeof lun);
        w->there = array_task_admit(&w->task, &status, sense, &sense_length);
        break;
    case 2:
        if (w->there && array_task_start(&w->task)) {
            w->there = false;
            array_task_done(&w->task);
        }
        break;
    case 3:
        array_task_next(n, lun);
        break;
    case 4:
        array_abort_task(n, lun, what >> 6);
        break;
    case 5:
        array_abort_task_set(n, lun);
        break;
    case 6:
        array_clear_task_set(n, lun);
        break;
    case 7:
        if (what & 8)
            array_nexus_loss(n);
        else
            array_reset_target_tasks(n);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct script s = {bytes, bytes + size};
    uint64_t clock = 1;
    uint8_t options = take(&s), more = take(&s);
    struct waiting tasks[TASKS] = {0};
    struct array_config config = {.name = "fuzz",
                                  .vendor = "V",
                                  .product = "P",
                                  .revision = "R",
                                  .access = (options & 1) + (options >> 5 & 3),
                                  .passive_state = options >> 6,
                                  .compatible_reservations = options & 32,
                                  .max_registrations = options & 64 ? 3 : 0,
                                  .controllers = 2,
                                  .ports_per_controller = 1,
                                  .naa = 1,
                                  .transport = more % 5,
                                  .volatile_blocks = more & 8 ? 1 + (more >> 6) : 0,
                                  .cache_seed = more & 16,
                                  .quirks = more & 32 ? ARRAY_QUIRK_FAILOVER_PAGE | ARRAY_QUIRK_GHOST_LUN : 0,
                                  .lun_depth = more >> 5,
                                  .descriptor_sense = options & 2,
                                  .transition_us = options & 4 ? 1000 : 0,
                                  .now = now,
                                  .clock = &clock};
    struct array *a = array_create(&config, NULL);
    struct array_nexus *n[3];

    if (!a)
        abort();
    array_checksum(a, options & 8);
    array_set_pool(a, 0, 3 << 16, 50);
    for (uint16_t i = 0; i < LUNS; i++) {
        struct array_lun_config lun = {.number = i,
                                       .block_size = 512,
                                       .blocks = 64 + i * 1000u,
                                       .pool = i == 1,
                                       .media = i == 2 ? ARRAY_MEDIA_NULL : ARRAY_MEDIA_MEMORY};
        if (array_add_lun(a, &lun, NULL) != 0)
            abort();
    }
    for (unsigned i = 0; i < 3; i++) {
        n[i] = login(a, i);
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
        else if (what < 236)
            use_tasks(&s, tasks, nexus, whom);
        else if (what < 250)
            administer(&s, a, nexus, &clock);
        else if (what & 2) /* the session ends for good; another begins */
            array_forget(nexus), n[(whom >> 2) % 3] = login(a, (whom >> 2) % 3);
        else if (what & 1)
            array_logout(nexus);
        else
            login(a, (whom >> 2) % 3);
    }
    array_destroy(a);
    return 0;
}
