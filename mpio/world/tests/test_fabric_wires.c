/* SPDX-License-Identifier: MIT */
/* Bandwidth: wires carry one transfer at a time, whoever shares them; and what that does to load balancing. */
#include "test_fabric_rig.h"

#define KIB 1024
#define MS_PER_TRANSFER(ms) ((ms) * 1000000ull / 64) /* nanoseconds per KiB, for transfers of 64 KiB */

static struct rig_cmd a[8];

static int connect(struct rig *r, unsigned machine, unsigned port, uint64_t latency, uint64_t link, uint64_t array_port)
{
    struct fabric_path_config config = {.array = r->array, .port = port, .latency = latency, .ns_per_kib = link,
                                        .port_ns_per_kib = array_port};

    return fabric_connect(r->hba[machine], &config);
}

/* A read of 64 KiB. */
static void read_much(struct rig *r, unsigned machine, uint32_t target, struct rig_cmd *c)
{
    rig_blocks(c, false, 0, 128, 0);
    rig_submit(r, machine, target, c, ARRAY_TASK_SIMPLE);
}

static void transfers_of_one_link_queue(void **state)
{
    struct rig r;
    uint64_t start;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    connect(&r, 0, 0, 100, MS_PER_TRANSFER(1), 0);
    connect(&r, 0, 1, 100, 0, 0);
    rig_settle(&r, 0, 0);
    rig_settle(&r, 0, 1);
    start = world_now(r.world);
    for (unsigned i = 0; i < 3; i++)
        read_much(&r, 0, 0, &a[i]);
    read_much(&r, 0, 1, &a[3]);
    rig_run(&r, WORLD_SECOND);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(a[i].done_at - start, 100 + (i + 1) * WORLD_MS);
    assert_int_equal(a[3].done_at - start, 100); /* another link */
    start = world_now(r.world);
    read_much(&r, 0, 0, &a[0]);
    rig_run(&r, WORLD_SECOND);
    assert_int_equal(a[0].done_at - start, 100 + WORLD_MS); /* an idle wire owes nothing */
    rig_end(&r);
}

static void cable_is_shared_by_targets_and_port_by_machines(void **state)
{
    struct fabric_hba_config slow = {.name = "slow", .initiator = "10000000c9000009", .kind = HBA_FC,
                                     .ns_per_kib = MS_PER_TRANSFER(2)};
    struct fabric_path_config path = {.latency = 0};
    struct rig r;
    uint64_t start;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    r.machine[2]->operations = &rig_operations;
    struct hba *own = r.hba[0];
    r.hba[0] = fabric_create_hba(r.machine[0], &slow);
    path.array = r.array;
    for (path.port = 0; path.port < 2; path.port++)
        assert_int_equal(fabric_connect(r.hba[0], &path), (int)path.port);
    connect(&r, 1, 0, 0, 0, 0); /* connected before the port had a bandwidth */
    connect(&r, 2, 0, 0, 0, MS_PER_TRANSFER(1));
    for (unsigned m = 0; m < 3; m++)
        rig_settle(&r, m, 0);
    rig_settle(&r, 0, 1);
    start = world_now(r.world);
    read_much(&r, 0, 1, &a[0]);
    read_much(&r, 0, 1, &a[1]);
    read_much(&r, 0, 0, &a[2]);
    read_much(&r, 1, 0, &a[3]);
    read_much(&r, 2, 0, &a[4]);
    rig_run(&r, WORLD_SECOND);
    assert_int_equal(a[0].done_at - start, 2 * WORLD_MS);
    assert_int_equal(a[1].done_at - start, 4 * WORLD_MS);
    assert_int_equal(a[2].done_at - start, 6 * WORLD_MS);
    assert_int_equal(a[3].done_at - start, 2 * WORLD_MS); /* behind a[2] at the port */
    assert_int_equal(a[4].done_at - start, 3 * WORLD_MS);
    r.hba[0] = own;
    rig_end(&r);
}

/* ---- a chooser in the manner of a DSM: two paths, one ten times slower ---------------------------------- */
struct chooser {
    struct rig rig;
    bool least; /* least queue depth; else round robin */
    unsigned next, depth[2], finished;
    struct rig_cmd slot[16];
};

static struct chooser chooser;

static void chosen_done(struct hba_cmd *cmd);

static void choose_and_send(struct rig_cmd *c)
{
    unsigned path = chooser.next;

    if (chooser.least)
        path = chooser.depth[1] < chooser.depth[0] ? 1 : 0;
    chooser.next = 1 - chooser.next;
    chooser.depth[path]++;
    c->cmd.target = path;
    hba_submit(chooser.rig.hba[0], &c->cmd);
}

static void chosen_done(struct hba_cmd *cmd)
{
    chooser.depth[cmd->target]--;
    chooser.finished++;
    choose_and_send(cmd->owner);
}

static unsigned throughput(bool least, uint64_t latency[2], uint64_t link[2])
{
    unsigned finished;

    memset(&chooser, 0, sizeof chooser);
    rig_begin(&chooser.rig, HBA_FC, NULL);
    for (unsigned i = 0; i < 2; i++) {
        connect(&chooser.rig, 0, i, latency[i], link[i], 0);
        rig_settle(&chooser.rig, 0, i);
    }
    chooser.least = least;
    for (unsigned i = 0; i < 16; i++) {
        struct rig_cmd *c = &chooser.slot[i];

        rig_blocks(c, false, 0, 8, 0);
        c->world = chooser.rig.world;
        c->cmd.scsi.cdb = c->cdb;
        c->cmd.done = chosen_done;
        c->cmd.owner = c;
        choose_and_send(c);
    }
    rig_run(&chooser.rig, WORLD_SECOND);
    finished = chooser.finished;
    rig_end(&chooser.rig);
    return finished;
}

static void least_queue_depth_beats_round_robin_on_uneven_paths(void **state)
{
    uint64_t latency[2] = {100 * WORLD_US, 1000 * WORLD_US}, none[2] = {0, 0};
    uint64_t near[2] = {10 * WORLD_US, 10 * WORLD_US}, link[2] = {10000, 100000}; /* 4 KiB in 40 and 400 us */
    unsigned robin, least;

    (void)state;
    robin = throughput(false, latency, none);
    least = throughput(true, latency, none);
    assert_true(least * 10 > robin * 13);
    robin = throughput(false, near, link);
    least = throughput(true, near, link);
    assert_true(least * 10 > robin * 13);
    /* Where paths are even there is nothing to gain. */
    latency[1] = latency[0];
    assert_int_equal(throughput(true, latency, none), throughput(false, latency, none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transfers_of_one_link_queue),
        cmocka_unit_test(cable_is_shared_by_targets_and_port_by_machines),
        cmocka_unit_test(least_queue_depth_beats_round_robin_on_uneven_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
