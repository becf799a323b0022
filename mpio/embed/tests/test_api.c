/* SPDX-License-Identifier: MIT */
/*
 * The embedding interface, as an embedder uses it: a world with the sample DSM, single I/Os, faults
 * from outside, reports. The DSM is the one that `make` built for this configuration; MPIO_TEST_DSM
 * names another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpio.h"
#include "load/tests/sample_dsm.h"

static const char two_paths[] = "[machine node]\nparameter = PDORemovePeriod, 10\n"
                                "[hba h0]\nlink-down-time = 100ms\ndev-loss-time = 2s\n"
                                "[hba h1]\nlink-down-time = 100ms\ndev-loss-time = 2s\n"
                                "[array a]\nvendor = TEST\nproduct = API\nports-per-controller = 2\ncontrollers = 1\n"
                                "[lun l]\ncount = 2\nsize = 4M\n"
                                "[link p0]\nhba = h0\nport = 0\nlatency = 50us\n"
                                "[link p1]\nhba = h1\nport = 1\nlatency = 50us\n";

static struct mpio *world(const char *topology, uint64_t seed)
{
    struct mpio_options options = {.topology_file = "test", .topology_text = topology, .seed = seed};
    char error[600] = "";
    struct mpio *w = mpio_create(&options, error, sizeof error);

    if (!w)
        fail_msg("%s", error);
    if (!mpio_load_dsm(w, NULL, dsm()) || !mpio_boot(w))
        fail_msg("%s", mpio_error(w));
    return w;
}

static void done(struct mpio_io *io)
{
    *(bool *)io->user = true;
}

static int32_t run_io(struct mpio *w, unsigned disk, struct mpio_io *io, uint64_t limit)
{
    bool finished = false;

    io->done = done;
    io->user = &finished;
    assert_true(mpio_submit(w, disk, io));
    for (uint64_t end = mpio_now(w) + limit; !finished && mpio_now(w) < end;)
        assert_true(mpio_run(w, MPIO_SECOND / 100));
    assert_true(finished);
    return io->status;
}

static void disks_arrive_with_their_paths_and_identity(void **state)
{
    struct mpio *w = world(two_paths, 1);
    struct mpio_disk_info d;
    (void)state;

    assert_int_equal(mpio_disks(w), 2);
    assert_true(mpio_disk_info(w, 1, &d));
    assert_true(d.multipath && d.present);
    assert_string_equal(d.name, "MPIO Disk1");
    assert_string_equal(d.machine, "node");
    assert_int_equal(d.block_size, 512);
    assert_int_equal(d.blocks, 4 * 2048);
    assert_false(mpio_disk_info(w, 2, &d));
    assert_int_equal(mpio_paths(w), 4);
    assert_true(mpio_shutdown(w));
    char text[200];
    assert_false(mpio_leftover(w, 0, text, sizeof text));
    mpio_destroy(w);
}

static void what_was_written_is_read_back(void **state)
{
    struct mpio *w = world(two_paths, 1);
    char out[4096], in[4096] = "";
    (void)state;

    memset(out, 0x5A, sizeof out);
    struct mpio_io io = {.operation = MPIO_WRITE_FUA, .lba = 17, .blocks = 8, .buffer = out};
    assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    assert_int_equal(io.information, 4096);
    io = (struct mpio_io){.operation = MPIO_READ, .lba = 17, .blocks = 8, .buffer = in};
    assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    assert_memory_equal(in, out, sizeof in);
    io = (struct mpio_io){.operation = MPIO_READ, .lba = 17, .blocks = 8, .buffer = in};
    assert_int_equal(run_io(w, 1, &io, MPIO_SECOND), 0);
    assert_int_equal(in[0], 0); /* the other LUN */
    io = (struct mpio_io){.operation = MPIO_FLUSH};
    assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    mpio_destroy(w);
}

static void the_last_block_is_there_and_the_next_is_not(void **state)
{
    struct mpio *w = world(two_paths, 1);
    char block[512];
    (void)state;

    struct mpio_io io = {.operation = MPIO_READ, .lba = 4 * 2048 - 1, .blocks = 1, .buffer = block};
    assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    io = (struct mpio_io){.operation = MPIO_READ, .lba = 4 * 2048, .blocks = 1, .buffer = block};
    assert_true(run_io(w, 0, &io, MPIO_SECOND) < 0);
    struct mpio_io wrong = {.operation = (enum mpio_operation)77, .done = done};
    assert_false(mpio_submit(w, 0, &wrong));
    assert_false(mpio_submit(w, 99, &io));
    mpio_destroy(w);
}

static void a_raw_inquiry_reaches_the_array(void **state)
{
    struct mpio *w = world(two_paths, 1);
    char data[96] = "";
    (void)state;

    struct mpio_io io = {.operation = MPIO_SCSI, .blocks = sizeof data, .buffer = data, .cdb_length = 6,
                         .cdb = {0x12, 0, 0, 0, sizeof data, 0}};
    assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    assert_memory_equal(data + 8, "TEST    API             ", 24);
    io = (struct mpio_io){.operation = MPIO_SCSI, .cdb_length = 6, .cdb = {0xC0}};
    run_io(w, 0, &io, MPIO_SECOND);
    assert_int_equal(io.scsi_status, 2);
    assert_int_equal(io.sense[2] & 15, 5);
    mpio_destroy(w);
}

static void io_goes_on_when_one_link_is_cut_and_waits_when_both_are(void **state)
{
    struct mpio *w = world(two_paths, 1);
    char block[512];
    struct mpio_io io;
    (void)state;

    assert_int_equal(mpio_paths(w), 4);
    assert_true(mpio_fault(w, "link h0 down"));
    for (int i = 0; i < 10; i++) {
        io = (struct mpio_io){.operation = MPIO_READ, .lba = (uint64_t)i, .blocks = 1, .buffer = block};
        assert_int_equal(run_io(w, 0, &io, 30 * MPIO_SECOND), 0);
    }
    assert_true(mpio_run(w, 5 * MPIO_SECOND));
    mpio_paths(w);
    struct mpio_path_report p;
    unsigned gone = 0;
    for (unsigned i = 0; mpio_path_report(w, i, &p); i++)
        gone += strcmp(p.state, "gone") == 0;
    assert_int_equal(gone, 2);

    assert_true(mpio_fault(w, "link h1 down"));
    bool finished = false;
    io = (struct mpio_io){.operation = MPIO_READ, .blocks = 1, .buffer = block, .done = done, .user = &finished};
    assert_true(mpio_submit(w, 0, &io));
    assert_true(mpio_run(w, 3 * MPIO_SECOND));
    assert_false(finished); /* held: PDORemovePeriod runs */
    assert_true(mpio_fault(w, "link h0 up"));
    assert_true(mpio_run(w, 5 * MPIO_SECOND));
    assert_true(finished);
    assert_int_equal(io.status, 0);
    assert_false(mpio_fault(w, "link h7 down"));
    assert_non_null(strstr(mpio_error(w), "h7"));
    assert_false(mpio_fault(w, "link h0 down\n[machine x]"));
    mpio_destroy(w);
}

static void io_fails_when_no_path_returns_in_time(void **state)
{
    struct mpio *w = world(two_paths, 1);
    char block[512];
    struct mpio_disk_info d;
    (void)state;

    assert_true(mpio_fault(w, "link h0 down"));
    assert_true(mpio_fault(w, "link h1 down"));
    struct mpio_io io = {.operation = MPIO_READ, .blocks = 1, .buffer = block};
    assert_true(run_io(w, 0, &io, 60 * MPIO_SECOND) < 0);
    assert_true(mpio_run(w, 60 * MPIO_SECOND));
    assert_true(mpio_disk_info(w, 0, &d));
    assert_false(d.present);
    assert_true(mpio_fault(w, "link h1 up"));
    assert_true(mpio_run(w, 10 * MPIO_SECOND));
    assert_true(mpio_disk_info(w, 0, &d));
    assert_true(d.present); /* the same disk, by its identifier */
    assert_int_equal(mpio_disks(w), 2);
    io = (struct mpio_io){.operation = MPIO_READ, .blocks = 1, .buffer = block};
    assert_int_equal(run_io(w, 0, &io, 10 * MPIO_SECOND), 0);
    mpio_destroy(w);
}

static uint64_t hash_of_run(uint64_t seed)
{
    struct mpio *w = world(two_paths, seed);
    struct mpio_load_report r;

    assert_true(mpio_load_start(w));
    assert_true(mpio_fault_plan(w, 20 * MPIO_SECOND, 3, 6) >= 1);
    assert_true(mpio_run(w, 20 * MPIO_SECOND));
    assert_true(mpio_load_stop(w));
    mpio_load_report(w, &r);
    assert_true(r.reads > 1000 && r.writes > 100 && r.verified_blocks > 100);
    assert_int_equal(r.stale + r.torn + r.lost + r.misdirected + r.foreign, 0);
    uint64_t hash = mpio_hash(w);
    mpio_destroy(w);
    return hash;
}

static void the_seed_decides_everything(void **state)
{
    (void)state;
    uint64_t first = hash_of_run(11);
    assert_true(first == hash_of_run(11));
    assert_true(first != hash_of_run(12));
}

static void a_block_that_changes_behind_mpio_is_found(void **state)
{
    struct mpio *w = world(two_paths, 1);
    struct mpio_load_report r;
    static char junk[4096];
    (void)state;

    assert_true(mpio_load_start(w));
    assert_true(mpio_run(w, 20 * MPIO_SECOND));
    assert_true(mpio_load_stop(w));
    mpio_load_report(w, &r);
    assert_int_equal(r.torn + r.stale + r.lost + r.foreign + r.misdirected, 0);
    memset(junk, 0xEE, sizeof junk);
    for (uint64_t lba = 0; lba < 4 * 2048; lba += 8) {
        struct mpio_io io = {.operation = MPIO_WRITE, .lba = lba, .blocks = 8, .buffer = junk};
        assert_int_equal(run_io(w, 0, &io, MPIO_SECOND), 0);
    }
    assert_true(mpio_load_start(w));
    assert_true(mpio_run(w, 5 * MPIO_SECOND));
    assert_true(mpio_load_stop(w));
    mpio_load_report_disk(w, 0, &r);
    assert_true(r.torn > 0);
    mpio_load_report_disk(w, 1, &r);
    assert_int_equal(r.torn, 0);
    mpio_destroy(w);
}

static void the_registry_can_be_read_as_text(void **state)
{
    struct mpio *w = world(two_paths, 1);
    (void)state;

    char *text = mpio_registry_text(w, "node", "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\mpio\\Parameters");
    assert_non_null(text);
    assert_non_null(strstr(text, "\"PDORemovePeriod\"=dword:0000000a"));
    free(text);
    assert_null(mpio_registry_text(w, "node", "HKEY_LOCAL_MACHINE\\NOWHERE"));
    assert_null(mpio_registry_text(w, "nobody", "HKEY_LOCAL_MACHINE\\SYSTEM"));
    mpio_destroy(w);
}

static void allocations_that_fail_during_arrival_only_cost_the_path(void **state)
{
    (void)state;
    for (uint64_t nth = 1; nth <= 12; nth++) {
        struct mpio_options options = {.topology_file = "test", .topology_text = two_paths, .seed = 1};
        struct mpio *w = mpio_create(&options, NULL, 0);
        struct mpio_bugcheck b;
        assert_non_null(w);
        assert_true(mpio_load_dsm(w, NULL, dsm()));
        mpio_fail_pool(w, "node", nth);
        (void)mpio_boot(w); /* may refuse: no memory for the DSM itself */
        assert_false(mpio_bugcheck(w, 0, &b));
        mpio_destroy(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disks_arrive_with_their_paths_and_identity),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(the_last_block_is_there_and_the_next_is_not),
        cmocka_unit_test(a_raw_inquiry_reaches_the_array),
        cmocka_unit_test(io_goes_on_when_one_link_is_cut_and_waits_when_both_are),
        cmocka_unit_test(io_fails_when_no_path_returns_in_time),
        cmocka_unit_test(the_seed_decides_everything),
        cmocka_unit_test(a_block_that_changes_behind_mpio_is_found),
        cmocka_unit_test(the_registry_can_be_read_as_text),
        cmocka_unit_test(allocations_that_fail_during_arrival_only_cost_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
