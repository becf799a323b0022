/* SPDX-License-Identifier: MIT */
/* Each checker fires on a planted sequence, and stays silent on the right one. */
#include <stdlib.h>

#include "test_fabric_support.h"
#include "world/check.h"
#include "world/fabric_private.h"

#define WRITE   0x2a
#define READ    0x28
#define CONFLICT 0x18
#define KEY_A   0x0a0a
#define KEY_B   0x0b0b

enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT };

struct bench {
    struct site site;
    struct check_sender a, a2, b; /* two paths of one machine, and another host */
    struct array_nexus nexus;
};

static void begin(struct bench *t)
{
    memset(t, 0, sizeof *t);
    site_init(&t->site, 0, 0);
    t->nexus.array = &t->site.array;
    t->a = (struct check_sender){t->site.world, t->site.machine, &t->site.array, &t->nexus, "iqn.a", 0};
    t->a2 = t->a;
    t->a2.port = 1;
    t->b = (struct check_sender){t->site.world, NULL, &t->site.array, &t->nexus, "iqn.b", 0};
}

static void end(struct bench *t)
{
    site_end(&t->site);
}

/* `sender` sent a command to LUN 1 and the array answered `status`. */
static void did(const struct check_sender *sender, uint8_t opcode, uint8_t status)
{
    uint8_t cdb[10] = {opcode};
    struct array_cmd cmd = {.cdb = cdb, .cdb_length = sizeof cdb, .lun = {0, 1}, .status = status};

    if (check_concerns(sender->world, &cmd))
        check_executed(sender, &cmd);
}

static void persistent(const struct check_sender *sender, unsigned action, unsigned type, uint64_t key,
                       uint64_t target, uint8_t status)
{
    uint8_t cdb[10] = {0x5f, (uint8_t)action, (uint8_t)type, 0, 0, 0, 0, 0, 24}, list[24] = {0};
    struct array_cmd cmd = {.cdb = cdb, .cdb_length = sizeof cdb, .lun = {0, 1}, .status = status,
                            .data = list, .length = sizeof list, .out = true};

    for (unsigned i = 0; i < 8; i++) {
        list[i] = (uint8_t)(key >> (56 - 8 * i));
        list[8 + i] = (uint8_t)(target >> (56 - 8 * i));
    }
    assert_true(check_concerns(sender->world, &cmd));
    check_executed(sender, &cmd);
}

static void assert_found(const struct bench *t, unsigned count, enum check_rule rule)
{
    assert_int_equal(check_count(t->site.world), count);
    assert_int_equal(check_finding(t->site.world, count - 1)->rule, rule);
}

/* SPC-4 tables 43 and 44: who may read and write, by type: holder, registered, unregistered. */
static void every_type_admits_as_the_standard_says(void **state)
{
    static const struct {
        unsigned type;
        bool registered_read, registered_write, read, write;
    } table[] = {
        {1, true, false, true, false}, {3, false, false, false, false}, {5, true, true, true, false},
        {6, true, true, false, false}, {7, true, true, true, false},    {8, true, true, false, false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct check_sender c;
        struct bench t;

        begin(&t);
        c = t.b;
        c.initiator = "iqn.c";
        persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
        persistent(&t.b, REGISTER, 0, 0, KEY_B, 0);
        persistent(&t.a, RESERVE, table[i].type, KEY_A, 0, 0);
        did(&t.a, WRITE, 0);
        did(&t.a, READ, 0);
        did(&t.b, READ, table[i].registered_read ? 0 : CONFLICT);
        did(&t.b, WRITE, table[i].registered_write ? 0 : CONFLICT);
        did(&c, READ, table[i].read ? 0 : CONFLICT);
        did(&c, WRITE, table[i].write ? 0 : CONFLICT);
        did(&c, 0x12, 0);
        assert_int_equal(check_count(t.site.world), 0);
        did(&t.b, WRITE, table[i].registered_write ? CONFLICT : 0);
        assert_found(&t, 1, CHECK_RESERVATION);
        did(&c, WRITE, table[i].write ? CONFLICT : 0);
        assert_found(&t, 2, CHECK_RESERVATION);
        did(&t.a, READ, CONFLICT);
        assert_found(&t, 3, CHECK_RESERVATION);
        end(&t);
    }
}

static void conflict_without_a_reservation_is_found(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    did(&t.a, READ, CONFLICT);
    assert_found(&t, 1, CHECK_RESERVATION);
    end(&t);
}

static void injected_conflicts_are_excused_as_often_as_asked(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    check_excuse(t.site.world, &t.site.array, 1, 2);
    did(&t.a, READ, CONFLICT);
    did(&t.a, READ, 0);
    did(&t.a, READ, CONFLICT);
    assert_int_equal(check_count(t.site.world), 0);
    did(&t.a, READ, CONFLICT);
    assert_found(&t, 1, CHECK_RESERVATION);
    end(&t);
}

static void preempted_host_keeps_nothing(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
    persistent(&t.a, RESERVE, 5, KEY_A, 0, 0);
    persistent(&t.b, REGISTER, 0, 0, KEY_B, 0);
    persistent(&t.b, PREEMPT, 5, KEY_B, KEY_A, 0);
    did(&t.a, WRITE, CONFLICT);
    did(&t.b, WRITE, 0);
    persistent(&t.a, RESERVE, 5, KEY_A, 0, CONFLICT); /* its key is gone */
    assert_int_equal(check_count(t.site.world), 0);
    did(&t.a, WRITE, 0); /* the late write of a preempted host */
    assert_found(&t, 1, CHECK_RESERVATION);
    persistent(&t.b, PREEMPT, 5, KEY_B, KEY_A, 0); /* nobody has that key */
    assert_found(&t, 2, CHECK_RESERVATION);
    end(&t);
}

static void reservation_ends_with_its_holder_and_with_release_and_clear(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
    persistent(&t.a, RESERVE, 3, KEY_A, 0, 0);
    did(&t.b, READ, CONFLICT);
    persistent(&t.a, RELEASE, 3, KEY_A, 0, 0);
    did(&t.b, READ, 0);
    persistent(&t.a, RESERVE, 3, KEY_A, 0, 0);
    persistent(&t.a, REGISTER, 0, KEY_A, 0, 0);
    did(&t.b, READ, 0);
    persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
    persistent(&t.a, RESERVE, 1, KEY_A, 0, 0);
    persistent(&t.a, CLEAR, 0, KEY_A, 0, 0);
    did(&t.b, WRITE, 0);
    assert_int_equal(check_count(t.site.world), 0);
    end(&t);
}

static void unit_reservation_falls_with_reset_logout_and_power(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    for (unsigned i = 0; i < 4; i++) {
        did(&t.a, 0x16, 0);
        did(&t.b, READ, CONFLICT);
        did(&t.a, READ, 0);
        if (i == 0)
            check_reset(&t.b, (const uint8_t[8]){0, 1});
        else if (i == 1)
            check_logged_out(&t.a);
        else if (i == 2)
            check_power_lost(t.site.world, &t.site.array);
        else
            did(&t.a, 0x17, 0);
        did(&t.b, READ, 0);
    }
    assert_int_equal(check_count(t.site.world), 0);
    did(&t.a, 0x16, 0);
    did(&t.b, READ, 0);
    assert_found(&t, 1, CHECK_RESERVATION);
    end(&t);
}

static void registrations_fall_with_power_unless_aptpl(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
    persistent(&t.a, RESERVE, 3, KEY_A, 0, 0);
    check_power_lost(t.site.world, &t.site.array);
    did(&t.b, READ, 0);
    assert_int_equal(check_count(t.site.world), 0);
    end(&t);
}

static void media_command_through_the_unregistered_path_of_a_registered_host_is_found(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    persistent(&t.a, REGISTER, 0, 0, KEY_A, 0);
    did(&t.a2, WRITE, 0); /* nothing is reserved yet */
    persistent(&t.a, RESERVE, 5, KEY_A, 0, 0);
    did(&t.a2, READ, 0); /* write exclusive: whoever reads */
    assert_int_equal(check_count(t.site.world), 0);
    did(&t.a2, WRITE, CONFLICT); /* the array is right, the host is not */
    assert_found(&t, 1, CHECK_UNREGISTERED);
    did(&t.b, WRITE, CONFLICT); /* a stranger is only refused */
    assert_int_equal(check_count(t.site.world), 1);
    persistent(&t.a2, REGISTER, 0, 0, KEY_A, 0);
    did(&t.a2, WRITE, 0);
    assert_int_equal(check_count(t.site.world), 1);
    end(&t);
}

static void command_that_ends_twice_is_found(void **state)
{
    struct test_cmd c;
    struct bench t;

    (void)state;
    begin(&t);
    site_connect(&t.site, &t.site.array, 0, 0);
    submit(&t.site, &c, 0, LUN_A);
    assert_int_equal(c.done, 1);
    assert_int_equal(check_count(t.site.world), 0);
    hba_end(t.site.hba, &c.cmd);
    assert_found(&t, 1, CHECK_ONCE);
    end(&t);
}

static void command_that_the_host_was_told_to_be_over_must_not_land(void **state)
{
    struct test_cmd c;
    struct bench t;

    (void)state;
    begin(&t);
    site_connect(&t.site, &t.site.array, 0, WORLD_MS);
    submit(&t.site, &c, 0, LUN_A);
    fabric_reset_target(t.site.hba, 0);
    assert_int_equal(c.cmd.status, HBA_ABORTED);
    assert_int_equal(check_count(t.site.world), 0);
    fabric_execute(fabric_hba_of(t.site.hba)->path[0], &c.cmd); /* a fabric that forgot to take it out */
    assert_found(&t, 1, CHECK_LATE);
    end(&t);
}

static void findings_are_counted_beyond_those_that_are_kept(void **state)
{
    struct bench t;

    (void)state;
    begin(&t);
    for (unsigned i = 0; i < CHECK_KEPT + 1; i++)
        check_report(t.site.world, NULL, CHECK_IO, i, 0, "planted %u", i);
    assert_int_equal(check_count(t.site.world), CHECK_KEPT + 1);
    assert_string_equal(check_finding(t.site.world, CHECK_KEPT - 1)->text, "planted 31");
    assert_null(check_finding(t.site.world, CHECK_KEPT));
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_admits_as_the_standard_says),
        cmocka_unit_test(conflict_without_a_reservation_is_found),
        cmocka_unit_test(injected_conflicts_are_excused_as_often_as_asked),
        cmocka_unit_test(preempted_host_keeps_nothing),
        cmocka_unit_test(reservation_ends_with_its_holder_and_with_release_and_clear),
        cmocka_unit_test(unit_reservation_falls_with_reset_logout_and_power),
        cmocka_unit_test(registrations_fall_with_power_unless_aptpl),
        cmocka_unit_test(media_command_through_the_unregistered_path_of_a_registered_host_is_found),
        cmocka_unit_test(command_that_ends_twice_is_found),
        cmocka_unit_test(command_that_the_host_was_told_to_be_over_must_not_land),
        cmocka_unit_test(findings_are_counted_beyond_those_that_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
