/* SPDX-License-Identifier: MIT */
/*
 * The good path allocates nothing (design 2.8): I/O through the sample DSM from submission to
 * completion takes no block from the machine's pool once every list has grown to the load's depth.
 * The DSM is the one `make` built; MPIO_TEST_DSM names another; without one the tests are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mpio.h"
#include "load/tests/sample_dsm.h"

#define DEPTH 32
#define IOS   20000u

/* Without latency everything completes inside the submission; with it every command is an event. */
#define TOPOLOGY(latency)                                                                                      \
    "[machine node]\n[hba h0]\n[hba h1]\n"                                                                     \
    "[array a]\nvendor = TEST\nproduct = ALLOCATIONS\nports-per-controller = 2\ncontrollers = 1\n"             \
    "[lun l]\ncount = 3\nsize = 4M\n"                                                                          \
    "[link p0]\nhba = h0\nport = 0\nlatency = " latency "\n[link p1]\nhba = h1\nport = 1\nlatency = " latency "\n"

struct load {
    struct mpio *w;
    unsigned left, out, failed;
    enum mpio_operation operation;
};

struct slot {
    struct mpio_io io;
    struct load *load;
    unsigned disk;
    char data[4096];
};

static void submit(struct slot *s)
{
    struct load *load = s->load;

    load->left--;
    load->out++;
    s->disk = (s->disk + 1) % mpio_disks(load->w);
    s->io.lba = load->left % 512 * 8;
    assert_true(mpio_submit(load->w, s->disk, &s->io));
}

static void done(struct mpio_io *io)
{
    struct slot *s = io->user;

    s->load->out--;
    s->load->failed += io->status < 0;
    if (s->load->left > 0)
        submit(s);
}

static void run(struct load *load, struct slot *slots, unsigned count)
{
    load->left = count;
    for (unsigned i = 0; i < DEPTH; i++) {
        slots[i].load = load;
        slots[i].io = (struct mpio_io){.operation = load->operation, .blocks = 8, .buffer = slots[i].data,
                                       .done = done, .user = &slots[i]};
        submit(&slots[i]);
    }
    for (unsigned step = 0; load->left + load->out > 0 && step < 10000; step++)
        assert_true(mpio_run(load->w, MPIO_SECOND / 1000));
    assert_int_equal(load->out, 0);
    assert_int_equal(load->failed, 0);
}

static void allocates_nothing(const char *topology, enum mpio_operation operation)
{
    struct mpio_options options = {.topology_file = "test", .topology_text = topology};
    struct mpio_kernel_counters before, after;
    char error[600] = "";

    if (access(dsm(), R_OK) != 0) {
        print_message("%s is not there: build it with make, or name one in MPIO_TEST_DSM\n", dsm());
        skip();
    }
    struct mpio *w = mpio_create(&options, error, sizeof error);
    if (!w)
        fail_msg("%s", error);
    if (!mpio_load_dsm(w, NULL, dsm()) || !mpio_boot(w))
        fail_msg("%s", mpio_error(w));
    struct load load = {.w = w, .operation = operation};
    struct slot *slots = calloc(DEPTH, sizeof *slots);
    assert_non_null(slots);

    run(&load, slots, 10 * DEPTH); /* every list grows to what DEPTH needs */
    assert_true(mpio_run(w, MPIO_SECOND / 10));
    mpio_counters(w, NULL, &before);
    run(&load, slots, IOS);
    mpio_counters(w, NULL, &after);
    assert_int_equal(after.pool_allocations - before.pool_allocations, 0);
    assert_int_equal(after.pool_blocks - before.pool_blocks, 0);
    free(slots);
    mpio_destroy(w);
}

static void reads_that_complete_inside_the_submission(void **state)
{
    (void)state;
    allocates_nothing(TOPOLOGY("0"), MPIO_READ);
}

static void writes_that_complete_inside_the_submission(void **state)
{
    (void)state;
    allocates_nothing(TOPOLOGY("0"), MPIO_WRITE);
}

static void reads_that_travel(void **state)
{
    (void)state;
    allocates_nothing(TOPOLOGY("50us"), MPIO_READ);
}

static void writes_that_travel(void **state)
{
    (void)state;
    allocates_nothing(TOPOLOGY("50us"), MPIO_WRITE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_that_complete_inside_the_submission),
        cmocka_unit_test(writes_that_complete_inside_the_submission),
        cmocka_unit_test(reads_that_travel),
        cmocka_unit_test(writes_that_travel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
