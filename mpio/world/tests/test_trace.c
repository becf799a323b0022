/* SPDX-License-Identifier: MIT */
/*
 * The event stream: hash, ring, listener, text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/trace.h"

#include <string.h>

static struct world *make(uint64_t seed, unsigned records)
{
    struct world_options options = {.seed = seed, .trace_records = records};
    return world_create(&options);
}

static uint64_t hash_of(uint64_t seed, uint64_t last_argument)
{
    struct world *w = make(seed, 8);
    for (uint64_t i = 0; i < 100; i++)
        trace_emit(w, NULL, TRACE_PATH, i, world_random(w, STREAM_FAULTS), 0,
                   i == 50 ? last_argument : 0);
    uint64_t hash = trace_hash(w);
    world_destroy(w);
    return hash;
}

static void same_seed_same_hash_other_seed_other_hash(void **state)
{
    (void)state;
    assert_int_equal(hash_of(7, 0), hash_of(7, 0));
    assert_int_not_equal(hash_of(7, 0), hash_of(8, 0));
    assert_int_not_equal(hash_of(7, 0), hash_of(7, 1));
}

static void every_field_and_the_order_count(void **state)
{
    (void)state;
    uint64_t hash[8];
    for (unsigned i = 0; i < 8; i++) {
        struct world *w = make(1, 8);
        struct machine *m = machine_create(w, "m", 2);
        bool swap = i == 7;
        trace_emit(w, i == 5 ? NULL : m, i == 6 ? TRACE_LUN : TRACE_PATH, (i == 1) + swap * 9,
                   i == 2, i == 3, i == 4);
        trace_emit(w, m, TRACE_PATH, swap ? 0 : 9, 0, 0, 0);
        hash[i] = trace_hash(w);
        world_destroy(w);
    }
    for (unsigned i = 0; i < 8; i++)
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(hash[i], hash[j]);
}

static void the_ring_keeps_the_last_records(void **state)
{
    (void)state;
    struct world *w = make(1, 8);
    uint64_t first = trace_count(w);
    for (uint64_t i = 0; i < 100; i++)
        trace_emit(w, NULL, TRACE_PATH, i, 0, 0, 0);
    assert_int_equal(trace_count(w), first + 100);
    assert_null(trace_record(w, first + 100));
    assert_null(trace_record(w, first + 91));
    for (uint64_t i = 92; i < 100; i++)
        assert_int_equal(trace_record(w, first + i)->argument[0], i);
    world_destroy(w);
}

static void listen(void *user, const struct trace_record *r)
{
    *(uint64_t *)user += r->argument[0];
}

static void a_listener_sees_the_kinds_it_wants(void **state)
{
    (void)state;
    struct world *w = make(1, 2);
    uint64_t sum = 0;
    trace_listen(w, TRACE_ALL_KINDS, listen, &sum);
    for (uint64_t i = 1; i <= 100; i++)
        trace_emit(w, NULL, TRACE_PATH, i, 0, 0, 0);
    trace_listen(w, TRACE_BIT(TRACE_CHECK) | TRACE_BIT(TRACE_RUN), listen, &sum);
    trace_emit(w, NULL, TRACE_PATH, 1, 0, 0, 0);
    trace_emit(w, NULL, TRACE_CHECK, 1000, 0, 0, 0);
    trace_emit(w, NULL, TRACE_RUN, 1000, 0, 0, 0);
    trace_listen(w, TRACE_ALL_KINDS, NULL, NULL);
    trace_emit(w, NULL, TRACE_PATH, 1, 0, 0, 0);
    assert_int_equal(sum, 7050);
    world_destroy(w);
}

static char line[128];

static void emit_here(void *argument)
{
    uint8_t *local = (uint8_t *)world_fibre->local;
    local[0] = 2;
    local[1] = 1;
    trace_emit(argument, machine_now(), TRACE_FAILOVER, 3, 4, 0xdeadbeef, 0);
    trace_format(trace_record(argument, trace_count(argument) - 1), line, sizeof(line));
}

static void text_has_time_machine_irql_and_names(void **state)
{
    (void)state;
    struct world *w = make(1, 8);
    machine_create(w, "first", 2);
    struct machine *m = machine_create(w, "second", 2);
    world_run(w, 15000001);
    fibre_start(w, m, emit_here, w);
    world_run(w, WORLD_NEVER);
    const char *whole =
        "1.5000001 m1 cpu1 irql2 failover path=3 new_path=4 mask=0xdeadbeef status=0";
    assert_string_equal(line, whole);
    const struct trace_record *r = trace_record(w, trace_count(w) - 1);
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char cut[128];
        memset(cut, '#', sizeof(cut));
        trace_format(r, cut, size);
        assert_int_equal(strlen(cut), size - 1);
        assert_memory_equal(cut, whole, size - 1);
        assert_int_equal(cut[size], '#');
    }
    assert_string_equal(trace_kind_name(TRACE_CHECK), "check");
    assert_string_equal(trace_kind_name(TRACE_KIND_COUNT), "unknown");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_hash_other_seed_other_hash),
        cmocka_unit_test(every_field_and_the_order_count),
        cmocka_unit_test(the_ring_keeps_the_last_records),
        cmocka_unit_test(a_listener_sees_the_kinds_it_wants),
        cmocka_unit_test(text_has_time_machine_irql_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
