/* SPDX-License-Identifier: MIT */
/*
 * The task set service: depth, order by attribute, and who is told what when tasks are taken away.
 */
#include "array/task.h"
#include "support.h"

struct waiting {
    struct array_task task; /* first */
    int end;                /* -1: still there */
};

static void ended(struct array_task *task, enum array_task_end how)
{
    ((struct waiting *)task)->end = (int)how;
}

static uint8_t status, sense[ARRAY_MAX_SENSE], sense_length;

static bool admit(struct bench *b, struct waiting *w, unsigned port, uint64_t tag,
                  enum array_task_attribute attribute)
{
    *w = (struct waiting){{.nexus = b->nexus[port], .tag = tag, .attribute = attribute,
                           .ended = ended}, -1};
    return array_task_admit(&w->task, &status, sense, &sense_length);
}

static const uint8_t lun0[8], lun1[8] = {0, 1};

static void limited(struct bench *b, uint32_t lun_depth, uint32_t port_depth)
{
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    array_destroy(b->array);
    config.lun_depth = lun_depth;
    config.port_depth = port_depth;
    b->array = array_create(&config, NULL);
    bench_add(b, (struct array_lun_config){.number = 0});
    bench_add(b, (struct array_lun_config){.number = 1});
    for (unsigned port = 0; port < PORTS; port++)
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
    clear_attentions(b, 0);
    clear_attentions(b, 1);
}

static void a_full_set_says_so_and_a_stranger_hears_busy(void **state)
{
    struct bench *b = *state;
    static struct waiting w[5];

    limited(b, 2, 0);
    assert_true(admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE));
    assert_true(admit(b, &w[1], 0, 2, ARRAY_TASK_SIMPLE));
    assert_false(admit(b, &w[2], 0, 3, ARRAY_TASK_SIMPLE));
    assert_int_equal(status, 0x28);
    assert_false(admit(b, &w[2], 1, 3, ARRAY_TASK_HEAD));
    assert_int_equal(status, 0x08);
    array_task_done(&w[0].task);
    assert_true(admit(b, &w[2], 1, 3, ARRAY_TASK_SIMPLE));
    w[3] = (struct waiting){{.nexus = b->nexus[0], .lun = {0, 9}, .ended = ended}, -1};
    assert_true(array_task_admit(&w[3].task, &status, sense, &sense_length)); /* no such LUN */
    assert_true(array_task_start(&w[3].task));
    array_task_done(&w[3].task);
}

static void a_port_has_a_depth_over_all_luns(void **state)
{
    struct bench *b = *state;
    static struct waiting w[4];

    limited(b, 0, 2);
    assert_true(admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE));
    w[1] = w[0];
    memcpy(w[1].task.lun, lun1, 8);
    assert_true(array_task_admit(&w[1].task, &status, sense, &sense_length));
    assert_false(admit(b, &w[2], 0, 2, ARRAY_TASK_SIMPLE));
    assert_true(admit(b, &w[3], 1, 2, ARRAY_TASK_SIMPLE));
    array_task_done(&w[1].task);
    assert_true(admit(b, &w[2], 0, 2, ARRAY_TASK_SIMPLE));
}

static void ordered_waits_and_is_waited_for(void **state)
{
    struct bench *b = *state;
    static struct waiting w[5];

    admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[1], 1, 2, ARRAY_TASK_ORDERED);
    admit(b, &w[2], 0, 3, ARRAY_TASK_SIMPLE);
    assert_true(array_task_start(&w[0].task));
    assert_false(array_task_start(&w[1].task));
    assert_false(array_task_start(&w[2].task));
    assert_null(array_task_next(b->nexus[0], lun0));
    admit(b, &w[3], 2, 4, ARRAY_TASK_HEAD);
    assert_true(array_task_start(&w[3].task));
    array_task_done(&w[0].task);
    assert_null(array_task_next(b->nexus[0], lun0)); /* HEAD OF QUEUE still runs */
    array_task_done(&w[3].task);
    assert_ptr_equal(array_task_next(b->nexus[0], lun0), &w[1].task);
    assert_null(array_task_next(b->nexus[0], lun0));
    array_task_done(&w[1].task);
    assert_ptr_equal(array_task_next(b->nexus[0], lun0), &w[2].task);
    array_task_done(&w[2].task);
    assert_null(array_task_next(b->nexus[0], lun0));
}

static void aca_is_refused(void **state)
{
    struct bench *b = *state;
    static struct waiting w;

    assert_false(admit(b, &w, 0, 1, ARRAY_TASK_ACA));
    assert_int_equal(status, 0x02);
    assert_int_equal(sense_length, 18);
    assert_int_equal(sense[2] << 16 | sense[12] << 8 | sense[13], 0x54900);
}

static void aborts_end_what_they_name_and_no_more(void **state)
{
    struct bench *b = *state;
    static struct waiting w[4];

    admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[1], 0, 2, ARRAY_TASK_SIMPLE);
    admit(b, &w[2], 1, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[3], 0, 3, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_abort_task(b->nexus[0], lun0, 9), 0);
    assert_int_equal(array_abort_task(b->nexus[0], lun1, 1), 0);
    assert_int_equal(array_abort_task(b->nexus[0], lun0, 1), 1);
    assert_int_equal(w[0].end, ARRAY_TASK_SILENT);
    assert_int_equal(w[2].end, -1);
    assert_int_equal(array_abort_task_set(b->nexus[0], lun0), 2);
    assert_int_equal(w[2].end, -1);
    assert_good(TUR(b, 1, 0)); /* nobody else was touched */
    array_task_done(&w[2].task);
}

static void clear_task_set_tells_the_others(void **state)
{
    struct bench *b = *state;
    static struct waiting w[3];

    admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[1], 1, 2, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_clear_task_set(b->nexus[0], lun0), 2);
    assert_int_equal(w[1].end, ARRAY_TASK_SILENT);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2F, 0);
    assert_good(TUR(b, 0, 0));
    assert_good(TUR(b, 2, 0)); /* had no task */

    /* TAS = 1: the others get a status instead */
    memcpy(b->data, (uint8_t[]){0, 0, 0, 0, 0x0A, 0x0A, 2, 0x10, 0, 0x40, 0, 0, 0, 50, 0, 0}, 16);
    assert_good(OUT(b, 0, 0, 16, 0x15, 0x10, 0, 0, 16, 0));
    clear_attentions(b, 0);
    admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[1], 1, 2, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_clear_task_set(b->nexus[0], lun0), 2);
    assert_int_equal(w[0].end, ARRAY_TASK_SILENT);
    assert_int_equal(w[1].end, ARRAY_TASK_ABORTED);
    assert_good(TUR(b, 1, 0));
    admit(b, &w[1], 1, 2, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_reset_target_tasks(b->nexus[0]), 1);
    assert_int_equal(w[1].end, ARRAY_TASK_ABORTED);
}

static void a_lost_nexus_takes_its_tasks_along(void **state)
{
    struct bench *b = *state;
    static struct waiting w[2];

    admit(b, &w[0], 0, 1, ARRAY_TASK_ORDERED);
    admit(b, &w[1], 1, 2, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_nexus_loss(b->nexus[0]), 1);
    assert_ptr_equal(array_task_next(b->nexus[1], lun0), &w[1].task);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x29, 7);
    array_logout(b->nexus[1]);
    assert_int_equal(w[1].end, ARRAY_TASK_SILENT);
}

/* PERSISTENT RESERVE OUT with small keys. */
static uint8_t pr_out(struct bench *b, unsigned port, uint8_t action, uint8_t key, uint8_t target)
{
    memset(b->data, 0, 24);
    b->data[7] = key;
    b->data[15] = target;
    return OUT(b, port, 0, 24, 0x5F, action, 0x05, 0, 0, 0, 0, 0, 24, 0);
}

static void preempt_and_abort_takes_the_victims_tasks(void **state)
{
    struct bench *b = *state;
    static struct waiting w[3];

    for (uint8_t port = 0; port < 3; port++) /* REGISTER; 1 and 2 have one key */
        assert_good(pr_out(b, port, 0, 0, port ? 2 : 1));
    admit(b, &w[0], 0, 1, ARRAY_TASK_SIMPLE);
    admit(b, &w[1], 1, 1, ARRAY_TASK_SIMPLE);
    assert_good(pr_out(b, 0, 5, 1, 2));
    assert_int_equal(w[0].end, -1);
    assert_int_equal(w[1].end, ARRAY_TASK_SILENT);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2F, 0); /* its task */
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 5); /* its registration */
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 5); /* had no task */
    assert_good(TUR(b, 2, 0));
    assert_good(TUR(b, 3, 0)); /* was not registered */
    assert_good(TUR(b, 0, 0));
    array_task_done(&w[0].task);
}

static void preempt_leaves_tasks_alone(void **state)
{
    struct bench *b = *state;
    static struct waiting w;

    assert_good(pr_out(b, 0, 0, 0, 1));
    assert_good(pr_out(b, 1, 0, 0, 2));
    admit(b, &w, 1, 1, ARRAY_TASK_SIMPLE);
    assert_good(pr_out(b, 0, 4, 1, 2));
    assert_int_equal(w.end, -1);
    array_task_done(&w.task);
}

static void who_preempts_itself_is_told_nothing(void **state)
{
    struct bench *b = *state;
    static struct waiting w;

    assert_good(pr_out(b, 0, 0, 0, 1));
    assert_good(pr_out(b, 0, 1, 1, 0)); /* RESERVE */
    admit(b, &w, 0, 1, ARRAY_TASK_SIMPLE);
    assert_good(pr_out(b, 0, 5, 1, 1));
    assert_int_equal(w.end, ARRAY_TASK_SILENT);
    assert_good(TUR(b, 0, 0));
}

static void a_removed_lun_lets_its_tasks_go(void **state)
{
    struct bench *b = *state;
    static struct waiting w;

    admit(b, &w, 0, 1, ARRAY_TASK_SIMPLE);
    assert_int_equal(array_remove_lun(b->array, 0), 0);
    assert_int_equal(w.end, -1);
    assert_true(array_task_start(&w.task)); /* the server will say that there is no LUN */
    array_task_done(&w.task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, a_full_set_says_so_and_a_stranger_hears_busy),
        TEST_ON(symmetric_bench, a_port_has_a_depth_over_all_luns),
        TEST_ON(symmetric_bench, ordered_waits_and_is_waited_for),
        TEST_ON(symmetric_bench, aca_is_refused),
        TEST_ON(symmetric_bench, aborts_end_what_they_name_and_no_more),
        TEST_ON(symmetric_bench, clear_task_set_tells_the_others),
        TEST_ON(symmetric_bench, a_lost_nexus_takes_its_tasks_along),
        TEST_ON(symmetric_bench, preempt_and_abort_takes_the_victims_tasks),
        TEST_ON(symmetric_bench, preempt_leaves_tasks_alone),
        TEST_ON(symmetric_bench, who_preempts_itself_is_told_nothing),
        TEST_ON(symmetric_bench, a_removed_lun_lets_its_tasks_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
