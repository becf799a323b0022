/* SPDX-License-Identifier: MIT */
/* Topology files: what is read, defaults, every limit and one past it, the timeline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host/host.h"
#include "world/topology.h"

static struct topology *parse(const char *text)
{
    struct text_error error;
    struct topology *t = topology_parse("t.ini", text, strlen(text), &error);

    if (t == NULL) {
        char line[400];

        text_error_format(&error, line, sizeof line);
        fail_msg("%s", line);
    }
    return t;
}

static bool accepts(const char *text)
{
    struct topology *t = topology_parse("t.ini", text, strlen(text), NULL);

    topology_free(t);
    return t != NULL;
}

#define SMALL "[machine m]\n[hba h]\n[array a]\n[lun l]\n[link k]\n"

static void smallest_file_has_sane_defaults(void **state)
{
    struct topology *t = parse(SMALL);

    (void)state;
    assert_int_equal(t->machine_count, 1);
    assert_int_equal(t->machines[0].cpus, 2);
    assert_null(t->machines[0].os);
    assert_int_equal(t->hbas[0].kind, HBA_FC);
    assert_int_equal(t->hbas[0].targets, 1);
    assert_int_equal(t->hbas[0].link_down_time, 5 * WORLD_SECOND);
    assert_int_equal(t->hbas[0].dev_loss_time, 30 * WORLD_SECOND);
    assert_string_equal(t->hbas[0].initiator, "10000000c9000001");
    assert_int_equal(t->arrays[0].controllers, 2);
    assert_int_equal(t->arrays[0].naa, 1);
    assert_int_equal(t->luns[0].number, 0);
    assert_int_equal(t->luns[0].size, 64 << 20);
    assert_int_equal(t->luns[0].owner, TOPOLOGY_OWNER_SPREAD);
    assert_int_equal(t->links[0].latency, 100 * WORLD_US);
    assert_false(t->seed_given);
    topology_free(t);
    assert_true(accepts(""));
}

static void every_key_is_read(void **state)
{
    struct topology *t = parse(
        "[world]\nseed = 0x10\n"
        "[machine n0]\ncpus = 3\nos = ws2022\nregistry = a.reg, b.reg\nregistry = c.reg\n"
        "parameter = PathVerifyEnabled, 1\nparameter = RetryCount, 5\nclaim = \"VENDOR  PRODUCT\"\n"
        "[hba h0]\nmachine = N0\nkind = sas\ninitiator = 5000c5\nqueue-depth = 7\n"
        "link-down-time = 1s\ndev-loss-time = 2s\n"
        "[array a0]\nvendor = V\nproduct = P\nrevision = R\naccess = implicit\ncontrollers = 4\n"
        "ports-per-controller = 2\nnaa = 77\ndescriptor-sense = yes\ntransition = 3ms\n"
        "transition-busy = yes\npassive = standby\npreferred = no\nfailback = no\n"
        "compatible-reservations = yes\n[array a1]\naccess = active-passive\n"
        "[lun l]\narray = a0\nnumber = 5\ncount = 2\nsize = 1G\nblock-size = 4096\nmedia = null\n"
        "owner = 3\nownership-group = 2\nread-only = yes\n"
        "[lun f]\narray = a0\nmedia = file\nfile = disk.img\nserial = S1\n"
        "[link k]\nhba = h0\narray = a0\nport = 3\nlatency = 5us\njitter = 1us\nbandwidth = 1G\n"
        "[load w]\nmachine = n0\nlun = l?\nread = 30\nqueue-depth = 2\nio-size = 8K\nrate = 100\n"
        "span = 1M\n");

    (void)state;
    assert_true(t->seed_given);
    assert_int_equal(t->seed, 16);
    assert_int_equal(t->machines[0].registry.count, 3);
    assert_string_equal(t->machines[0].registry.text[2], "c.reg");
    assert_int_equal(t->machines[0].parameters.count, 2);
    assert_string_equal(t->machines[0].parameters.item[1].name, "RetryCount");
    assert_int_equal(t->machines[0].parameters.item[1].value, 5);
    assert_string_equal(t->machines[0].claims.text[0], "VENDOR  PRODUCT");
    assert_string_equal(t->machines[0].os, "ws2022");
    assert_int_equal(t->hbas[0].kind, HBA_SAS);
    assert_int_equal(t->hbas[0].queue_depth, 7);
    assert_int_equal(t->hbas[0].dev_loss_time, 2 * WORLD_SECOND);
    assert_int_equal(t->arrays[0].access, ARRAY_ALUA_IMPLICIT);
    assert_int_equal(t->arrays[0].ports_per_controller, 2);
    assert_int_equal(t->arrays[0].naa, 77);
    assert_true(t->arrays[0].descriptor_sense);
    assert_int_equal(t->arrays[0].transition, 3 * WORLD_MS);
    assert_true(t->arrays[0].transition_busy);
    assert_int_equal(t->arrays[0].passive, ARRAY_STATE_STANDBY - 1);
    assert_false(t->arrays[0].preferred || t->arrays[0].failback);
    assert_true(t->arrays[0].compatible_reservations);
    assert_int_equal(t->arrays[1].access, ARRAY_ACTIVE_PASSIVE);
    assert_true(t->arrays[1].preferred && t->arrays[1].failback);
    assert_int_equal(t->luns[0].ownership_group, 2);
    assert_int_equal(t->luns[0].media, ARRAY_MEDIA_NULL);
    assert_int_equal(t->luns[0].owner, 3);
    assert_true(t->luns[0].read_only);
    assert_int_equal(t->luns[1].number, 7); /* the next one */
    assert_string_equal(t->luns[1].file, "disk.img");
    assert_string_equal(t->luns[1].serial, "S1");
    assert_int_equal(t->links[0].port, 3);
    assert_int_equal(t->links[0].latency, 5 * WORLD_US);
    assert_int_equal(t->links[0].jitter, 1 * WORLD_US);
    assert_int_equal(t->links[0].ns_per_kib, 953); /* 10^9 * 1024 / 2^30 */
    assert_int_equal(t->loads[0].read_percent, 30);
    assert_int_equal(t->loads[0].io_size, 8192);
    assert_int_equal(t->loads[0].rate, 100);
    assert_int_equal(t->loads[0].span, 1 << 20);
    topology_free(t);
}

static void references_point_anywhere_and_targets_follow_the_file(void **state)
{
    struct topology *t = parse("[link k]\nhba = H1\narray = a\nports = all\n[HBA h0]\n[hba h1]\n"
                               "[machine m]\n[array a]\ncontrollers = 3\n[link j]\nhba = h1\narray = A2\n"
                               "[array a2]\nnaa = 9\n[link i]\nhba = h0\narray = a\nport = 2\n");

    (void)state;
    assert_int_equal(t->links[0].ports, 3);
    assert_int_equal(t->links[0].hba, 1);
    assert_int_equal(t->links[0].first_target, 0);
    assert_int_equal(t->links[1].first_target, 3);
    assert_int_equal(t->links[1].array, 1);
    assert_int_equal(t->links[2].first_target, 0);
    assert_int_equal(t->hbas[0].targets, 1);
    assert_int_equal(t->hbas[1].targets, 4);
    topology_free(t);
}

static void paths_find_their_machine_and_hba(void **state)
{
    struct topology *t = parse(
        "[machine m]\n[machine n]\n[hba i]\nmachine = n\nkind = iscsi\n"
        "[path p]\nhba = i\nportal = 127.0.0.1:3260\ntarget = iqn.x\nuser = u\nsecret = s\n"
        "target-user = v\ntarget-secret = w\ntimeout = 3s\n"
        "[path q]\nmachine = m\nportal = [::1]:65535\ntarget = naa.1\n");

    (void)state;
    assert_int_equal(t->paths[0].machine, 1);
    assert_int_equal(t->paths[0].hba, 0);
    assert_true(t->hbas[0].real);
    assert_string_equal(t->hbas[0].initiator, "iqn.2026-01.org.openmpio:i");
    assert_string_equal(t->paths[0].target_secret, "w");
    assert_int_equal(t->paths[0].timeout, 3 * WORLD_SECOND);
    assert_int_equal(t->paths[1].machine, 0);
    assert_true(t->paths[1].hba == TOPOLOGY_NONE);
    assert_int_equal(t->paths[1].timeout, 10 * WORLD_SECOND);
    topology_free(t);
}

/* ---- limits ------------------------------------------------------------------------------------------ */
#define NAMED_ALL                                                                                   \
    "[machine m]\n[hba h]\nmachine = m\n[array a]\n[lun l]\narray = a\n[link k]\nhba = h\narray = a\n"

struct limit {
    const char *section; /* the section's header and what it needs */
    const char *key;
    const char *good[2], *bad[2];
};

static const struct limit limits[] = {
    {"[machine x]\n", "cpus", {"2", "64"}, {"1", "65"}},
    {"[machine x]\n", "os", {"a", "0123456789012345678901234567890"},
     {"\"\"", "01234567890123456789012345678901"}},
    {"[machine x]\n", "parameter", {"a, 0", "a, 4294967295"}, {"a, 4294967296", "a"}},
    {"[hba x]\nmachine = m\n", "queue-depth", {"1", "1024"}, {"0", "1025"}},
    {"[hba x]\nmachine = m\ndev-loss-time = 24h\n", "link-down-time", {"0", "24h"}, {"25h", "-1s"}},
    {"[hba x]\nmachine = m\nlink-down-time = 2s\n", "dev-loss-time", {"2s", "24h"}, {"1999ms", "25h"}},
    {"[array x]\n", "vendor", {"1", "12345678"}, {"123456789", "\"\""}},
    {"[array x]\n", "product", {"1", "1234567890123456"}, {"12345678901234567", "\"\""}},
    {"[array x]\n", "revision", {"1", "1234"}, {"12345", "\"\""}},
    {"[array x]\n", "controllers", {"1", "16"}, {"0", "17"}},
    {"[array x]\ncontrollers = 2\n", "ports-per-controller", {"1", "32"}, {"0", "33"}},
    {"[array x]\ncontrollers = 1\n", "ports-per-controller", {"1", "64"}, {"65", "x"}},
    {"[array x]\n", "naa", {"0", "18446744073709551615"}, {"1", "18446744073709551616"}},
    {"[array x]\n", "transition", {"0", "255s"}, {"255001ms", "1"}},
    {"[lun x]\n", "number", {"1", "16383"}, {"0", "16384"}},
    {"[lun x]\n", "count", {"1", "16383"}, {"0", "16384"}},
    {"[lun x]\n", "size", {"64K", "256T"}, {"65535", "257T"}},
    {"[lun x]\n", "block-size", {"512", "4096"}, {"1024", "0"}},
    {"[lun x]\nblock-size = 4096\n", "size", {"68K", "64K"}, {"66K", "0"}},
    {"[lun x]\n", "owner", {"0", "1"}, {"2", "16"}},
    {"[lun x]\n", "serial", {"1", "12345678901234567890123456789012"},
     {"123456789012345678901234567890123", "\"\""}},
    {"[link x]\nhba = h\narray = a\n", "port", {"1", "1"}, {"0", "2"}},
    {"[link x]\nport = 1\n", "latency", {"0", "24h"}, {"25h", "1"}},
    {"[link x]\nport = 1\n", "bandwidth", {"64K", "64G"}, {"65535", "65G"}},
    {"[load x]\n", "read", {"0", "100"}, {"101", "-1"}},
    {"[load x]\n", "queue-depth", {"1", "1024"}, {"0", "1025"}},
    {"[load x]\n", "io-size", {"512", "16M"}, {"511", "17M"}},
    {"[load x]\n", "io-size", {"1024", "1536"}, {"1000", "513"}},
    {"[load x]\n", "rate", {"0", "10000000"}, {"10000001", "-1"}},
    {"[load x]\nio-size = 4K\n", "span", {"4K", "256T"}, {"3584", "257T"}},
};

static void every_limit_holds_and_one_past_it_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct limit *l = &limits[i];

        for (unsigned good = 0; good < 4; good++) {
            const char *value = good < 2 ? l->good[good] : l->bad[good - 2];
            char text[600];

            snprintf(text, sizeof text, NAMED_ALL "%s%s = %s\n", l->section, l->key, value);
            if (accepts(text) != (good < 2))
                fail_msg("%s%s = %s is %s", l->section, l->key, value,
                         good < 2 ? "refused" : "accepted");
        }
    }
}

static void names_have_31_characters_at_most(void **state)
{
    (void)state;
    assert_true(accepts("[machine 0123456789012345678901234567890]\n"));
    assert_false(accepts("[machine 01234567890123456789012345678901]\n"));
    assert_false(accepts("[machine a/b]\n"));
    assert_false(accepts("[machine]\n"));
}

static void hba_has_255_targets_at_most(void **state)
{
    char text[4000];
    int used = snprintf(text, sizeof text, "[machine m]\n[hba h]\n");

    (void)state;
    /* three arrays of 64 ports, one of 63: 255 */
    for (unsigned i = 0; i < 4; i++)
        used += snprintf(text + used, sizeof text - (size_t)used,
                         "[array a%u]\ncontrollers = 1\nports-per-controller = %u\n"
                         "[link k%u]\narray = a%u\nports = all\n",
                         i, i < 3 ? 64 : 63, i, i);
    assert_true(accepts(text));
    snprintf(text + used, sizeof text - (size_t)used, "[array b]\n[link z]\narray = b\n");
    assert_false(accepts(text));
}

/* ---- timeline ------------------------------------------------------------------------------------------ */
static void timeline_is_sorted_and_equal_times_keep_their_order(void **state)
{
    struct topology *t = parse(SMALL "[timeline]\n9s = link h down\n1ms = link h target 0 up\n"
                                     "9s = controller a 1 down\n5s = flap h 3 times 2s\n");

    (void)state;
    assert_int_equal(t->action_count, 4);
    assert_int_equal(t->actions[0].time, WORLD_MS);
    assert_int_equal(t->actions[0].target, 0);
    assert_true(t->actions[0].up);
    assert_int_equal(t->actions[1].kind, ACTION_FLAP);
    assert_int_equal(t->actions[1].count, 3);
    assert_int_equal(t->actions[1].period, 2 * WORLD_SECOND);
    assert_int_equal(t->actions[2].kind, ACTION_LINK);
    assert_int_equal(t->actions[2].target, HBA_ALL_TARGETS);
    assert_false(t->actions[2].up);
    assert_int_equal(t->actions[3].kind, ACTION_CONTROLLER);
    assert_int_equal(t->actions[3].controller, 1);
    topology_free(t);
}

static void every_action_is_written_back_in_the_same_words(void **state)
{
    static const char *const actions[] = {
        "link h down", "link h target 0 up", "flap h 3 times 1500ms", "flap h target 0 1 times 100ns",
        "controller a 1 up", "resize a 0 1048576", "unmap a 0", "move a 0 1",
        "inject a 0 1000000 02 3/11/00", "unit-attention a 0 2a/09", "path-fault h target 0 busy 3",
        "path-fault h target 0 slow 1 250us", "path-fault h target 0 lose-command 1",
        "path-fault h target 0 lose-completion 1", "path-fault h target 0 queue-full 1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        char text[300], back[160];
        struct topology *t;

        snprintf(text, sizeof text, SMALL "[timeline]\n5s = %s\n", actions[i]);
        t = parse(text);
        topology_action_text(t, &t->actions[0], back, sizeof back);
        assert_string_equal(back, actions[i]);
        topology_free(t);
    }
}

static void inject_reads_hexadecimal_as_scsi_tables_print_it(void **state)
{
    struct topology *t = parse(SMALL "[timeline]\n1s = inject a 0 2 28\n2s = inject a 0 1 2 b/4B/3\n");

    (void)state;
    assert_int_equal(t->actions[0].status, 0x28);
    assert_int_equal(t->actions[0].key, 0);
    assert_int_equal(t->actions[1].status, 2);
    assert_int_equal(t->actions[1].key, 0xb);
    assert_int_equal(t->actions[1].asc, 0x4b);
    assert_int_equal(t->actions[1].ascq, 3);
    topology_free(t);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */
static char *read_example(const char *name, size_t *length)
{
    char path[200];
    char *text;

    snprintf(path, sizeof path, "docs/examples/%s", name);
    text = host_read_file(path, 65536, length);
    assert_non_null(text);
    return text;
}

static void examples_are_valid_and_describe_themselves(void **state)
{
    static const char *const names[] = {"demo.ini", "two-paths.ini", "iscsi.ini"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        size_t length;
        char *text = read_example(names[i], &length);
        struct topology *t = parse(text);
        struct buffer out = {0};

        topology_describe(t, &out);
        assert_non_null(strstr(buffer_text(&out), "machine node0"));
        assert_non_null(strstr(buffer_text(&out), i == 2 ? "path path1 --- iqn." : "target 0   --- array0"));
        buffer_free(&out);
        topology_free(t);
        free(text);
    }
}

static void every_prefix_of_a_file_parses_or_fails_cleanly(void **state)
{
    static const char *const names[] = {"demo.ini", "iscsi.ini"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        size_t length;
        char *text = read_example(names[i], &length);

        for (size_t n = 0; n <= length; n++) {
            char *copy = malloc(n + 1); /* exactly n readable bytes for the sanitizer */
            struct text_error error = {0};
            struct topology *t;

            memcpy(copy, text, n);
            t = topology_parse("prefix.ini", n != 0 ? copy : "", n, &error);
            assert_true(t != NULL || error.message[0] != '\0');
            topology_free(t);
            free(copy);
        }
        free(text);
    }
}

static void patterns_match_whole_names(void **state)
{
    (void)state;
    assert_true(topology_matches("*", ""));
    assert_true(topology_matches("lun?", "LUN7"));
    assert_true(topology_matches("*a*b", "xxaxxabab"));
    assert_false(topology_matches("lun?", "lun"));
    assert_false(topology_matches("lun", "lun1"));
    assert_false(topology_matches("", "x"));
    assert_false(topology_matches("a*c", "ab"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_file_has_sane_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(references_point_anywhere_and_targets_follow_the_file),
        cmocka_unit_test(paths_find_their_machine_and_hba),
        cmocka_unit_test(every_limit_holds_and_one_past_it_does_not),
        cmocka_unit_test(names_have_31_characters_at_most),
        cmocka_unit_test(hba_has_255_targets_at_most),
        cmocka_unit_test(timeline_is_sorted_and_equal_times_keep_their_order),
        cmocka_unit_test(every_action_is_written_back_in_the_same_words),
        cmocka_unit_test(inject_reads_hexadecimal_as_scsi_tables_print_it),
        cmocka_unit_test(examples_are_valid_and_describe_themselves),
        cmocka_unit_test(every_prefix_of_a_file_parses_or_fails_cleanly),
        cmocka_unit_test(patterns_match_whole_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
