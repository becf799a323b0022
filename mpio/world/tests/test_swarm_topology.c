/* SPDX-License-Identifier: MIT */
/*
 * Worlds from seeds: the topology reader takes every one, they stay within what a machine can hold, each feature is on
 * sometimes and off sometimes, and a seed means one text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "world/swarm_topology.h"
#include "world/topology.h"

#define SEEDS 2000

static struct topology *parse(uint64_t seed, struct buffer *text, struct swarm_world *world)
{
    struct text_error error;

    buffer_clear(text);
    assert_true(swarm_topology_write(seed, text, world));
    struct topology *t = topology_parse("swarm", text->data, text->length, &error);
    if (t == NULL)
        fail_msg("seed %llu: line %u: %s\n%s", (unsigned long long)seed, error.line, error.message, buffer_text(text));
    return t;
}

static void every_world_is_accepted(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct swarm_world world;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        topology_free(parse(seed, &text, &world));
    topology_free(parse(UINT64_MAX, &text, &world));
    buffer_free(&text);
}

/* Path instances of one LUN on one machine. */
static unsigned paths_of_lun(const struct topology *t, size_t machine, size_t array)
{
    unsigned paths = 0;
    for (size_t i = 0; i < t->link_count; i++)
        if (t->hbas[t->links[i].hba].machine == machine && t->links[i].array == array)
            paths += t->links[i].ports;
    return paths;
}

static void no_lun_has_more_paths_than_mpio_takes_and_none_is_out_of_reach(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct swarm_world world;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct topology *t = parse(seed, &text, &world);
        for (size_t m = 0; m < t->machine_count; m++)
            for (size_t a = 0; a < t->array_count; a++) {
                unsigned paths = paths_of_lun(t, m, a);
                assert_in_range(paths, 1, 32);
                if (world.features >> SWARM_LONE_PATH & 1)
                    assert_int_equal(paths, 1);
            }
        topology_free(t);
    }
    buffer_free(&text);
}

static void a_parallel_bus_has_at_most_two_initiators(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct swarm_world world;
    unsigned buses = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct topology *t = parse(seed, &text, &world);
        if (t->hbas[0].kind == HBA_SPI) {
            assert_true(t->hba_count <= 2);
            buses++;
        }
        topology_free(t);
    }
    assert_true(buses > SEEDS / 20);
    buffer_free(&text);
}

static void every_feature_is_on_in_some_worlds_and_off_in_most(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct swarm_world world;
    unsigned on[SWARM_FEATURE_COUNT] = {0}, explored = 0, quiet = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        buffer_clear(&text);
        assert_true(swarm_topology_write(seed, &text, &world));
        for (unsigned feature = 0; feature < SWARM_FEATURE_COUNT; feature++)
            on[feature] += world.features >> feature & 1;
        explored += world.explore;
        quiet += world.faults == 0;
    }
    for (unsigned feature = 0; feature < SWARM_FEATURE_COUNT; feature++)
        assert_in_range(on[feature], SEEDS / 50, SEEDS * 2 / 3);
    assert_in_range(explored, SEEDS / 5, SEEDS / 2);
    assert_in_range(quiet, SEEDS / 30, SEEDS / 5);
    buffer_free(&text);
}

static void a_seed_means_one_text_and_another_seed_another(void **state)
{
    (void)state;
    struct buffer one = {0}, again = {0}, other = {0};
    struct swarm_world world;
    for (uint64_t seed = 0; seed < 50; seed++) {
        buffer_clear(&one);
        buffer_clear(&again);
        buffer_clear(&other);
        assert_true(swarm_topology_write(seed, &one, &world) && swarm_topology_write(seed, &again, &world) &&
                    swarm_topology_write(seed + 1, &other, &world));
        assert_string_equal(buffer_text(&one), buffer_text(&again));
        assert_string_not_equal(strchr(buffer_text(&one), '['), strchr(buffer_text(&other), '['));
    }
    buffer_free(&one);
    buffer_free(&again);
    buffer_free(&other);
}

static void a_buffer_that_is_too_small_is_told(void **state)
{
    (void)state;
    struct buffer text;
    struct swarm_world world;
    buffer_init(&text, 100);
    assert_false(swarm_topology_write(1, &text, &world));
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_world_is_accepted),
        cmocka_unit_test(no_lun_has_more_paths_than_mpio_takes_and_none_is_out_of_reach),
        cmocka_unit_test(a_parallel_bus_has_at_most_two_initiators),
        cmocka_unit_test(every_feature_is_on_in_some_worlds_and_off_in_most),
        cmocka_unit_test(a_seed_means_one_text_and_another_seed_another),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
