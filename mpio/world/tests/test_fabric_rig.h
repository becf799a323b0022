/* SPDX-License-Identifier: MIT */
/*
 * Machines with an HBA each on one real array (mpio/array): for tests of what the fabric and the array
 * do together. test_fabric_support.h has the array that only counts.
 */
#ifndef TEST_FABRIC_RIG_H
#define TEST_FABRIC_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "world/fabric.h"
#include "world/trace.h"

#define RIG_MACHINES 3
#define RIG_EVENTS   64
#define RIG_LUN      ((const uint8_t[8]){0, 0})
#define RIG_BLOCK    512

struct rig_event {
    enum hba_event event;
    uint32_t target;
    uint64_t time;
};
struct rig {
    struct world *world;
    struct array *array;
    struct machine *machine[RIG_MACHINES];
    struct hba *hba[RIG_MACHINES];
    struct rig_event events[RIG_MACHINES][RIG_EVENTS];
    unsigned event_count[RIG_MACHINES];
};
struct rig_cmd {
    struct hba_cmd cmd;
    uint8_t cdb[16];
    uint8_t data[64 * 1024];
    struct world *world;
    unsigned done, order; /* order of completion, from 1 */
    uint64_t done_at;
};

static unsigned rig_completions;

static uint64_t rig_now(void *clock)
{
    return world_now(clock);
}

static inline void rig_interrupt(struct machine *m, void (*routine)(void *), void *argument)
{
    (void)m;
    routine(argument);
}
static const struct machine_operations rig_operations = {.interrupt = rig_interrupt};

static inline void rig_event(struct hba *h, enum hba_event event, uint32_t target)
{
    struct rig *r = h->miniport;
    unsigned m = h->machine->ordinal;

    assert_true(r->event_count[m] < RIG_EVENTS);
    r->events[m][r->event_count[m]++] = (struct rig_event){event, target, world_now(r->world)};
}

static inline void rig_done(struct hba_cmd *cmd)
{
    struct rig_cmd *c = cmd->owner;

    c->done++;
    c->order = ++rig_completions;
    c->done_at = world_now(c->world);
}

/* `config` NULL: a symmetric array of two controllers with a port each. One LUN, number 0, of 256 blocks. */
static inline void rig_begin(struct rig *r, enum hba_kind kind, struct array_config *config)
{
    struct world_options options = {.seed = 7};
    struct array_config plain = {.name = "array0", .vendor = "V", .product = "P", .revision = "1",
                                 .access = ARRAY_SYMMETRIC, .controllers = 2, .ports_per_controller = 1, .naa = 1};
    struct array_lun_config lun = {.number = 0, .block_size = RIG_BLOCK, .blocks = 256, .media = ARRAY_MEDIA_MEMORY};
    const char *why = NULL;

    memset(r, 0, sizeof *r);
    rig_completions = 0;
    r->world = world_create(&options);
    if (config != NULL) {
        plain.lun_depth = config->lun_depth;
        plain.port_depth = config->port_depth;
        plain.slow_report_us = config->slow_report_us;
        plain.access = config->access;
    }
    plain.now = rig_now;
    plain.clock = r->world;
    r->array = array_create(&plain, &why);
    assert_non_null(r->array);
    assert_int_equal(array_add_lun(r->array, &lun, &why), 0);
    for (unsigned i = 0; i < RIG_MACHINES; i++) {
        char name[16] = "node0", port[32] = "10000000c9000000";
        struct fabric_hba_config hba = {.name = "hba0", .initiator = port, .kind = kind,
                                        .link_down_time = 2 * WORLD_SECOND, .dev_loss_time = 10 * WORLD_SECOND};
        name[4] = (char)('0' + i);
        port[15] = (char)('0' + i);
        r->machine[i] = machine_create(r->world, name, 2);
        r->machine[i]->operations = &rig_operations;
        r->hba[i] = fabric_create_hba(r->machine[i], &hba);
        assert_non_null(r->hba[i]);
        r->hba[i]->miniport = r;
    }
}

static inline uint32_t rig_connect(struct rig *r, unsigned machine, unsigned port, uint64_t latency)
{
    struct fabric_path_config config = {.array = r->array, .port = port, .latency = latency};
    int target = fabric_connect(r->hba[machine], &config);

    assert_true(target >= 0);
    return (uint32_t)target;
}

static inline void rig_listen(struct rig *r)
{
    for (unsigned i = 0; i < RIG_MACHINES; i++)
        r->hba[i]->on_event = rig_event;
}

static inline void rig_end(struct rig *r)
{
    for (unsigned i = 0; i < RIG_MACHINES; i++)
        fabric_destroy_hbas(r->machine[i]);
    for (unsigned i = 0; i < RIG_MACHINES; i++)
        r->machine[i]->operations = NULL;
    array_destroy(r->array);
    world_destroy(r->world);
}

static inline void rig_submit(struct rig *r, unsigned machine, uint32_t target, struct rig_cmd *c,
                              enum array_task_attribute attribute)
{
    c->world = r->world;
    c->done = c->order = 0;
    c->cmd.scsi.cdb = c->cdb;
    memcpy(c->cmd.scsi.lun, RIG_LUN, 8);
    c->cmd.target = target;
    c->cmd.task.attribute = attribute;
    c->cmd.done = rig_done;
    c->cmd.owner = c;
    hba_submit(r->hba[machine], &c->cmd);
}

static inline void rig_blocks(struct rig_cmd *c, bool write, uint32_t lba, uint16_t blocks, uint8_t fill)
{
    memset(c, 0, sizeof *c);
    memset(c->data, fill, (size_t)blocks * RIG_BLOCK);
    c->cdb[0] = write ? 0x2A : 0x28;
    c->cdb[4] = (uint8_t)(lba >> 8);
    c->cdb[5] = (uint8_t)lba;
    c->cdb[7] = (uint8_t)(blocks >> 8);
    c->cdb[8] = (uint8_t)blocks;
    c->cmd.scsi.cdb_length = 10;
    c->cmd.scsi.data = c->data;
    c->cmd.scsi.length = (uint32_t)blocks * RIG_BLOCK;
    c->cmd.scsi.out = write;
}

static inline void rig_write(struct rig *r, unsigned machine, uint32_t target, struct rig_cmd *c, uint32_t lba,
                             uint8_t fill)
{
    rig_blocks(c, true, lba, 1, fill);
    rig_submit(r, machine, target, c, ARRAY_TASK_SIMPLE);
}

static inline void rig_run(struct rig *r, uint64_t time)
{
    world_run(r->world, world_now(r->world) + time);
}

/* First byte of a block as machine 0 reads it through `target`, past any unit attention. */
static inline uint8_t rig_byte(struct rig *r, unsigned machine, uint32_t target, uint32_t lba)
{
    static struct rig_cmd c;

    for (unsigned i = 0; i < 8; i++) {
        rig_blocks(&c, false, lba, 1, 0xEE);
        rig_submit(r, machine, target, &c, ARRAY_TASK_SIMPLE);
        rig_run(r, WORLD_SECOND);
        assert_int_equal(c.done, 1);
        assert_int_equal(c.cmd.status, HBA_OK);
        if (c.cmd.scsi.status == 0)
            return c.data[0];
    }
    fail_msg("no read gets through");
    return 0;
}

/* ASC << 8 | ASCQ that the next command of a path hears; 0: none. */
static inline unsigned rig_attention(struct rig *r, unsigned machine, uint32_t target)
{
    static struct rig_cmd c;

    rig_blocks(&c, false, 0, 1, 0);
    rig_submit(r, machine, target, &c, ARRAY_TASK_SIMPLE);
    rig_run(r, WORLD_SECOND);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.cmd.status, HBA_OK);
    return c.cmd.scsi.status == 2 ? (unsigned)c.cmd.scsi.sense[12] << 8 | c.cmd.scsi.sense[13] : 0;
}

static inline void rig_settle(struct rig *r, unsigned machine, uint32_t target)
{
    while (rig_attention(r, machine, target) != 0)
        ;
}

#endif
