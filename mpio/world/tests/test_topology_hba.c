/* SPDX-License-Identifier: MIT */
/* Keys of [hba], [link] and [array] about transports: personalities, fabrics, bandwidth, tags, the parallel bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "world/topology.h"

#define COMMON "[machine m]\n[array a]\nport-bandwidth = 1G\n[lun l]\n"

static struct topology *parse(const char *text, struct text_error *error)
{
    return topology_parse("t.ini", text, strlen(text), error);
}

static void personality_fills_what_the_section_leaves_open(void **state)
{
    const char *text = COMMON "[hba x]\npersonality = Tortoise\nqueue-depth = 5\nfabric = red\nbandwidth = 1M\n"
                              "[hba y]\n[link k]\nhba = x\nfabric = blue\n";
    struct text_error error;
    struct topology *t = parse(text, &error);
    struct buffer out = {0};

    (void)state;
    assert_non_null(t);
    assert_int_equal(t->hbas[0].kind, HBA_ISCSI);
    assert_int_equal(t->hbas[0].queue_depth, 5);
    assert_int_equal(t->hbas[0].link_down_time, 10 * WORLD_SECOND);
    assert_int_equal(t->hbas[0].dev_loss_time, 120 * WORLD_SECOND);
    assert_int_equal(t->hbas[0].ns_per_kib, 1000000000ull / 1024);
    assert_string_equal(t->hbas[0].fabric, "red");
    assert_string_equal(t->links[0].fabric, "blue");
    assert_true(t->arrays[0].port_ns_per_kib > 0);
    assert_null(t->hbas[1].personality);
    assert_int_equal(t->hbas[1].queue_depth, 32);
    assert_true(t->hbas[1].tagged);
    topology_describe(t, &out);
    assert_non_null(strstr(out.data, "personality tortoise"));
    assert_non_null(strstr(out.data, "fabric blue"));
    buffer_free(&out);
    topology_free(t);
}

static void untagged_adapter_has_depth_one(void **state)
{
    struct text_error error;
    struct topology *t = parse(COMMON "[hba x]\nkind = spi\ntagged = no\n[hba y]\npersonality = trilobite\ntagged = yes\n",
                               &error);

    (void)state;
    assert_non_null(t);
    assert_int_equal(t->hbas[0].queue_depth, 1);
    assert_true(t->hbas[1].tagged);
    topology_free(t);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {COMMON "[hba x]\npersonality = unicorn\n", "merganser"},
        {COMMON "[hba x]\nkind = sas\npersonality = tortoise\n", "kind"},
        {COMMON "[hba x]\ntagged = no\nqueue-depth = 2\n", "tagged"},
        {COMMON "[hba x]\nkind = spi\n[hba y]\nkind = spi\n[hba z]\nkind = spi\n[link a]\nhba = x\nports = all\n"
                "[link b]\nhba = y\nport = 0\n[link c]\nhba = y\nport = 1\n[link d]\nhba = z\nport = 1\n",
         "initiator number 3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct text_error error;

        assert_null(parse(wrong[i].text, &error));
        assert_non_null(strstr(error.message, wrong[i].message));
    }
}

static void two_initiators_share_a_parallel_bus(void **state)
{
    struct text_error error;
    struct topology *t = parse(COMMON "[hba x]\nkind = spi\n[hba y]\nkind = spi\n[link a]\nhba = x\nports = all\n"
                                      "[link b]\nhba = y\nport = 0\n[link c]\nhba = y\nport = 1\n", &error);

    (void)state;
    assert_non_null(t);
    topology_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(personality_fills_what_the_section_leaves_open),
        cmocka_unit_test(untagged_adapter_has_depth_one),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(two_initiators_share_a_parallel_bus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
