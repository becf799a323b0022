/* SPDX-License-Identifier: MIT */
/*
 * What a path and a LUN cost in the pool of a machine, DSM included: exact counts of bytes, so that a structure that
 * grows is seen. The DSM is the one `make` built; MPIO_TEST_DSM names another; without one the test is skipped.
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

#define LUNS          200u
#define BYTES_OF_PATH 2100u /* two device objects are 770 of them */
#define BYTES_OF_LUN  7400u

static uint64_t pool_bytes(unsigned luns, unsigned paths)
{
    char text[2048], error[600];
    size_t used = (size_t)snprintf(text, sizeof text, "[machine node]\n[hba h]\n[array a]\nvendor = TEST\nproduct = MEMORY\n"
                                   "controllers = 1\nports-per-controller = 8\n[lun l]\ncount = %u\nsize = 4M\nmedia = null\n",
                                   luns);
    struct mpio_kernel_counters counters;

    for (unsigned p = 0; p < paths; p++)
        used += (size_t)snprintf(text + used, sizeof text - used, "[link p%u]\nhba = h\nport = %u\nlatency = 0\n", p, p);
    struct mpio_options options = {.topology_file = "memory", .topology_text = text, .seed = 1};
    struct mpio *w = mpio_create(&options, error, sizeof error);
    if (!w)
        fail_msg("%s", error);
    if (!mpio_load_dsm(w, NULL, dsm()) || !mpio_boot(w))
        fail_msg("%s", mpio_error(w));
    assert_int_equal(mpio_paths(w), luns * paths);
    mpio_counters(w, NULL, &counters);
    mpio_destroy(w);
    return counters.pool_bytes;
}

static void paths_and_luns_cost_what_is_written(void **state)
{
    (void)state;
    if (access(dsm(), R_OK) != 0) {
        print_message("skipped: %s is not built\n", dsm());
        skip();
    }
    uint64_t few = pool_bytes(LUNS, 4), many = pool_bytes(LUNS, 8), half = pool_bytes(LUNS / 2, 4);
    uint64_t path = (many - few) / (LUNS * 4), lun = (few - half) / (LUNS / 2) - 4 * path;
    print_message("pool bytes: %u per path, %u per LUN\n", (unsigned)path, (unsigned)lun);
    assert_in_range(path, 1, BYTES_OF_PATH);
    assert_in_range(lun, 1, BYTES_OF_LUN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_and_luns_cost_what_is_written)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
