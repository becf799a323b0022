/* SPDX-License-Identifier: MIT */
/*
 * Profiles of array families: every file of docs/profiles becomes an array that is what it says;
 * the topology's own keys count more; what is wrong is told with its place. Runs in the tree's root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "host/host.h"
#include "world/build_array.h"
#include "world/profile.h"

#define BESIDE "docs/profiles/topology.ini" /* need not be there: it only says where names are looked for */

static const char *const families[] = {
    "mirrorpeak", "duostore", "clearlake", "harborline", "oldguard", "tidewater", "shyalua",
    "jumble",     "nameless", "sleeper",   "quartet",    "thinair",  "paperback", "template",
};

static char message[400];

static struct topology *parse(const char *text)
{
    struct text_error error;
    struct topology *t = world_parse_topology(BESIDE, text, strlen(text), &error);

    if (t == NULL)
        text_error_format(&error, message, sizeof message);
    return t;
}

static void refuse(const char *text, const char *told)
{
    struct topology *t = parse(text);

    assert_null(t);
    if (strstr(message, told) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, told);
}

static struct array_cmd command(struct array_nexus *n, uint8_t lun, const uint8_t *cdb, uint8_t length,
                                void *data, uint32_t size)
{
    struct array_cmd cmd = {.cdb = cdb, .cdb_length = length, .lun = {0, lun}, .data = data, .length = size};

    assert_int_equal(array_execute(n, &cmd), ARRAY_DONE);
    if (cmd.status == 2 && (cmd.sense[0] == 0x70 ? cmd.sense[2] : cmd.sense[1]) == 6)
        return command(n, lun, cdb, length, data, size);
    return cmd;
}

/* INQUIRY of the whole family, through a nexus of the last port. */
static void every_family_is_what_its_file_says(void **state)
{
    struct world *world = world_create(&(struct world_options){.seed = 1});

    (void)state;
    assert_non_null(world);
    for (unsigned i = 0; i < sizeof families / sizeof families[0]; i++) {
        char text[200];
        uint8_t data[1024];
        struct text_error error;
        snprintf(text, sizeof text, "[array a]\nprofile = %s\n[lun l]\nnumber = 1\nsize = 1M\n", families[i]);
        struct topology *t = parse(text);
        if (t == NULL)
            fail_msg("%s: %s", families[i], message);
        const struct topology_array *p = &t->arrays[0];
        assert_non_null(p->description);
        struct array *a = world_build_array(world, t, 0, &error);
        if (a == NULL)
            fail_msg("%s: %s", families[i], error.message);
        assert_int_equal(array_ports(a), p->controllers * p->ports_per_controller);
        struct array_nexus *n = array_login(a, array_ports(a) - 1, "test");
        struct array_cmd cmd = command(n, 1, (const uint8_t[]){0x12, 0, 0, 0, 96, 0}, 6, data, 96);
        assert_int_equal(cmd.status, 0);
        assert_memory_equal(data + 8, p->vendor, strlen(p->vendor));
        assert_memory_equal(data + 16, p->product, strlen(p->product));
        bool alua = p->access >= ARRAY_ALUA_IMPLICIT && p->access <= ARRAY_ALUA_BOTH;
        assert_int_equal(data[5] >> 4, alua && !(p->quirks & ARRAY_QUIRK_HIDDEN_ALUA) ? p->access : 0);
        cmd = command(n, 1, (const uint8_t[]){0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0}, 12, data, 512);
        if (alua)
            assert_int_equal(cmd.status, 0);
        assert_int_equal(cmd.delay_us, p->slow_report / WORLD_US);
        cmd = command(n, 1, (const uint8_t[]){0x12, 1, 0x83, 4, 0, 0}, 6, data, 1024);
        assert_int_equal(cmd.status, p->quirks & ARRAY_QUIRK_NO_PAGE_83 ? 2 : 0);
        if (cmd.status == 0) { /* the designators fill the page exactly */
            unsigned at = 4, count = 0;
            for (; at + 4 <= cmd.transferred; at += 4u + data[at + 3])
                count++;
            assert_int_equal(at, cmd.transferred);
            assert_true(count >= 2);
        }
        cmd = command(n, 0, (const uint8_t[]){0x12, 0, 0, 0, 96, 0}, 6, data, 96);
        assert_int_equal(data[0], p->quirks & ARRAY_QUIRK_GHOST_LUN ? 0x0C : 0x7F);
        array_destroy(a);
        topology_free(t);
    }
    world_destroy(world);
}

static void the_topology_counts_more_than_the_profile(void **state)
{
    (void)state;
    struct topology *t = parse("[array a]\nrevision = MINE\nprofile = duostore\nlun-depth = 3\n[lun l]\n");

    assert_non_null(t);
    assert_string_equal(t->arrays[0].vendor, "DUOSTORE");
    assert_string_equal(t->arrays[0].revision, "MINE");
    assert_int_equal(t->arrays[0].lun_depth, 3);
    assert_int_equal(t->arrays[0].transition, 800 * WORLD_MS);
    topology_free(t);
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    refuse("[array a]\nprofile = nobody\n", "nobody");
    refuse("[array a]\nprofile = ./nobody.ini\n", "nobody.ini");
    refuse("[array a]\nprofile = ../examples/demo.ini\n", "is no profile");
    refuse("[array a]\nquirks = ghost-lum\n", "did you mean \"ghost-lun\"");
    refuse("[array a]\nquirks = x\n", "accepted");
    refuse("[array a]\ndesignators = naa, nab\n", "did you mean \"naa\"");
    refuse("[array a]\ndesignators = naa, naa, naa, naa, naa, naa, naa, naa, naa, naa, naa, naa, naa\n", "more than 12");
    refuse("[array a]\npool-threshold = 101\n", "0 to 100");
    assert_null(topology_parse("t.ini", "[array a]\nprofile = duostore\n", 30, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_is_what_its_file_says),
        cmocka_unit_test(the_topology_counts_more_than_the_profile),
        cmocka_unit_test(what_is_wrong_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
