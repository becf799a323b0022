/* SPDX-License-Identifier: MIT */
/*
 * What many initiators can take from the target: sessions up to the limit and one past it, logins
 * without end under ever new names. Someone who was there before is served all the time.
 */
#include "support.h"

#define initiator persistent_initiator /* transport_id.h has a struct of that name as well */
#include "array/internal.h"
#undef initiator
#include "target/internal.h"

static void log_in_as(struct initiator *i, struct rig *r, unsigned number)
{
    char text[300];
    int length = snprintf(text, sizeof text, "InitiatorName=iqn.2026-01.test:%u%cTargetName=" NODE "%cSessionType=Normal%c",
                          number, 0, 0, 0);

    dial(i, r, number % 2);
    send_login(i, OPERATIONAL_TO_FULL, text, (size_t)length);
    expect(i, LOGIN_RESPONSE);
}

static void expect_served(struct initiator *i)
{
    send_command(i, PDU_FINAL | COMMAND_READ, READ_10(1), 512, NULL, 0);
    expect(i, DATA_IN);
    assert_int_equal(i->length, 512);
    i->at = i->in.length;
}

static unsigned known_nexuses(const struct rig *r)
{
    unsigned count = 0;

    for (const struct array_nexus *n = r->target->nodes[0].array->nexuses; n; n = n->next)
        count++;
    return count;
}

static void session_513_is_refused_and_the_others_live(void **state)
{
    struct rig *r = *state;
    struct initiator *i = calloc(TARGET_MAX_SESSIONS + 1, sizeof *i);

    log_in(&i[0], r, 0);
    settle_in(&i[0]);
    for (unsigned n = 1; n < TARGET_MAX_SESSIONS; n++) {
        log_in_as(&i[n], r, n);
        assert_int_equal(login_status(&i[n]), 0);
    }
    struct initiator *last = &i[TARGET_MAX_SESSIONS];
    for (unsigned tries = 0; tries < 100; tries++) {
        log_in_as(last, r, TARGET_MAX_SESSIONS);
        assert_int_equal(login_status(last), LOGIN_NO_RESOURCES);
        assert_null(last->connection);
        hang_up(last);
    }
    assert_int_equal(known_nexuses(r), TARGET_MAX_SESSIONS);
    expect_served(&i[0]);
    hang_up(&i[7]);
    log_in_as(last, r, TARGET_MAX_SESSIONS); /* there is room again */
    assert_int_equal(login_status(last), 0);
    log_in_as(&i[7], r, 8); /* reinstatement of session 8 */
    assert_int_equal(login_status(&i[7]), 0);
    look(&i[8]);
    assert_null(i[8].connection);
    expect_served(&i[0]);
    for (unsigned n = 0; n <= TARGET_MAX_SESSIONS; n++)
        hang_up(&i[n]);
    assert_int_equal(known_nexuses(r), 0);
    free(i);
}

/* The array would remember everybody who ever came. */
static void five_thousand_logins_leave_nothing_behind(void **state)
{
    struct rig *r = *state;
    struct initiator honest, i;

    log_in(&honest, r, 0);
    settle_in(&honest);
    for (unsigned n = 1; n <= 5000; n++) {
        log_in_as(&i, r, n);
        assert_int_equal(login_status(&i), 0);
        hang_up(&i);
    }
    assert_int_equal(known_nexuses(r), 1);
    expect_served(&honest);
    hang_up(&honest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(session_513_is_refused_and_the_others_live),
        rig_test(five_thousand_logins_leave_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
