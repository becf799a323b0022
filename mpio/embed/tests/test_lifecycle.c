/* SPDX-License-Identifier: MIT */
/* Machines that boot again and adapters that are pulled, with the sample DSM and its load. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntddk.h>
#include "embed/embed.h"
#include "load/tests/sample_dsm.h"

#define KEY "HKEY_LOCAL_MACHINE\\SOFTWARE\\Test"

static const char two_adapters[] = "[machine node]\nparameter = PDORemovePeriod, 10\nparameter = MaxPDORemoves, 3\n"
                                   "[hba h0]\n[hba h1]\n[array a]\n[lun l]\ncount = 2\nsize = 4M\n"
                                   "[link p0]\nhba = h0\nport = 0\nlatency = 50us\n"
                                   "[link p1]\nhba = h1\nport = 1\nlatency = 50us\n[load x]\nlun = *\nread = 50\nrate = 200\nqueue-depth = 4\n";

static struct mpio *world(void)
{
    struct mpio_options options = {.topology_file = "test", .topology_text = two_adapters, .seed = 1};
    char error[600] = "";
    struct mpio *w = mpio_create(&options, error, sizeof error);

    if (!w)
        fail_msg("%s", error);
    if (!mpio_load_dsm(w, NULL, dsm()) || !mpio_boot(w) || !mpio_load_start(w) || !mpio_run(w, MPIO_SECOND))
        fail_msg("%s", mpio_error(w));
    return w;
}

static void fault(struct mpio *w, const char *words)
{
    if (!mpio_fault(w, words))
        fail_msg("%s", mpio_error(w));
}

/* Data are good, nothing was found, everything unloads. */
static void end_well(struct mpio *w, uint64_t most_errors)
{
    struct mpio_load_report r;
    char text[300];

    assert_true(mpio_load_stop(w));
    mpio_load_report(w, &r);
    assert_int_equal(r.stale + r.torn + r.misdirected + r.lost + r.foreign, 0);
    assert_true(r.errors <= most_errors);
    if (!mpio_shutdown(w))
        fail_msg("%s", mpio_error(w));
    if (mpio_check(w, 0, text, sizeof text) || mpio_leftover(w, 0, text, sizeof text))
        fail_msg("%s", text);
    mpio_destroy(w);
}

static unsigned active(struct mpio *w)
{
    struct mpio_path_report p;
    unsigned count = 0;

    for (unsigned i = 0, n = mpio_paths(w); i < n; i++)
        count += mpio_path_report(w, i, &p) && strcmp(p.state, "active") == 0;
    return count;
}

static void the_registry_survives_a_boot_but_for_its_volatile_keys(void **state)
{
    struct mpio *w = world();
    uint32_t value = 0;
    (void)state;

    assert_true(nt_registry_set_dword(w->nodes[0].machine, KEY "\\Deep er", "Kept", 4711));
    assert_true(nt_registry_set_dword(w->nodes[0].machine, EMBED_MPIO_PARAMETERS, "PDORemovePeriod", 77));
    fault(w, "machine node crash");
    assert_true(w->nodes[0].machine->state == MACHINE_CRASHED);
    fault(w, "machine node boot");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_true(nt_registry_get_dword(w->nodes[0].machine, KEY "\\Deep er", "Kept", &value));
    assert_int_equal(value, 4711);
    assert_true(nt_registry_get_dword(w->nodes[0].machine, EMBED_MPIO_PARAMETERS, "PDORemovePeriod", &value));
    assert_int_equal(value, 77);
    assert_int_equal(active(w), 4);
    end_well(w, 0);
}

static void the_load_goes_on_after_each_of_many_boots(void **state)
{
    struct mpio *w = world();
    struct mpio_load_report before, after;
    (void)state;

    for (unsigned i = 0; i < 8; i++) {
        mpio_load_report(w, &before);
        fault(w, "machine node crash");
        assert_true(mpio_run(w, (i + 1) * MPIO_SECOND / 100) == false); /* nothing will bring it back */
        fault(w, "machine node boot");
        assert_true(mpio_run(w, MPIO_SECOND));
        mpio_load_report(w, &after);
        assert_true(after.reads > before.reads && after.writes > before.writes);
        assert_int_equal(mpio_disks(w), 2); /* the same ones, by their identity */
    }
    end_well(w, 0);
}

static void a_boot_that_is_asked_of_a_running_machine_changes_nothing(void **state)
{
    struct mpio *w = world();
    (void)state;

    fault(w, "machine node boot");
    assert_int_equal(embed_booting(w), 0);
    assert_true(mpio_run(w, MPIO_SECOND));
    end_well(w, 0);
}

static void die(void *argument)
{
    (void)argument;
    KeBugCheckEx(0xE2, 1, 2, 3, 4);
}

static void a_bug_check_is_told_after_the_boot_too(void **state)
{
    struct mpio *w = world();
    struct mpio_bugcheck first, b;
    (void)state;

    nt_run_thread(w->nodes[0].machine, "die", die, NULL);
    (void)mpio_run(w, MPIO_SECOND / 100);
    assert_true(mpio_bugcheck(w, 0, &first));
    fault(w, "machine node boot");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(active(w), 4);
    assert_true(mpio_bugcheck(w, 0, &b));
    assert_string_equal(b.text, first.text);
    assert_false(mpio_bugcheck(w, 1, &b));
    nt_run_thread(w->nodes[0].machine, "die", die, NULL); /* and once more: two in order */
    (void)mpio_run(w, MPIO_SECOND / 100);
    assert_true(mpio_bugcheck(w, 1, &b));
    char *text = mpio_bugcheck_text(w, 0);
    assert_non_null(text);
    free(text);
    text = mpio_bugcheck_text(w, 1);
    assert_non_null(text);
    free(text);
    assert_null(mpio_bugcheck_text(w, 2));
    mpio_destroy(w);
}

static void a_driver_that_fails_at_the_next_boot_is_a_finding(void **state)
{
    struct mpio *w = world();
    char text[300];
    (void)state;

    fault(w, "machine node crash");
    fault(w, "machine node boot");
    embed_reboot(w);
    nt_fail_pool(w->nodes[0].machine, 1);
    (void)mpio_run(w, MPIO_SECOND);
    assert_int_equal(embed_booting(w), 0);
    assert_true(w->nodes[0].machine->state == MACHINE_STOPPED);
    assert_true(mpio_check(w, 0, text, sizeof text));
    assert_non_null(strstr(text, "boot: machine node boots again: "));
    mpio_destroy(w);
}

static void each_of_two_adapters_is_pulled_under_load_and_keeps_its_name(void **state)
{
    struct mpio *w = world();
    struct mpio_path_report p;
    (void)state;

    fault(w, "hba h0 remove");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(active(w), 2);
    fault(w, "hba h0 insert");
    assert_true(mpio_run(w, MPIO_SECOND));
    fault(w, "hba h1 remove");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(active(w), 2);
    for (unsigned i = 0; mpio_path_report(w, i, &p); i++)
        assert_true((strcmp(p.state, "active") == 0) == (strncmp(p.path, "h0", 2) == 0));
    fault(w, "hba h1 insert");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(mpio_paths(w), 4);
    assert_int_equal(active(w), 4);
    assert_null(mpio_errors_allowed(w));
    end_well(w, 0);
}

static void both_adapters_come_back_in_the_other_order(void **state)
{
    struct mpio *w = world();
    (void)state;

    fault(w, "hba h0 remove");
    fault(w, "hba h1 remove");
    assert_non_null(mpio_errors_allowed(w)); /* the last way to both LUNs */
    assert_true(mpio_run(w, 3 * MPIO_SECOND));
    assert_int_equal(active(w), 0);
    fault(w, "hba h1 insert");
    assert_true(mpio_run(w, MPIO_SECOND));
    fault(w, "hba h0 insert");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(mpio_paths(w), 4); /* by port number: the same four */
    assert_int_equal(active(w), 4);
    end_well(w, UINT64_MAX);
}

static void an_adapter_that_is_out_at_the_boot_comes_later(void **state)
{
    struct mpio *w = world();
    (void)state;

    fault(w, "hba h0 remove");
    fault(w, "machine node crash");
    fault(w, "machine node boot");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(active(w), 2);
    fault(w, "hba h0 insert");
    assert_true(mpio_run(w, MPIO_SECOND));
    assert_int_equal(active(w), 4);
    end_well(w, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_registry_survives_a_boot_but_for_its_volatile_keys),
        cmocka_unit_test(the_load_goes_on_after_each_of_many_boots),
        cmocka_unit_test(a_boot_that_is_asked_of_a_running_machine_changes_nothing),
        cmocka_unit_test(a_bug_check_is_told_after_the_boot_too),
        cmocka_unit_test(a_driver_that_fails_at_the_next_boot_is_a_finding),
        cmocka_unit_test(each_of_two_adapters_is_pulled_under_load_and_keeps_its_name),
        cmocka_unit_test(both_adapters_come_back_in_the_other_order),
        cmocka_unit_test(an_adapter_that_is_out_at_the_boot_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
