/* SPDX-License-Identifier: MIT */
/*
 * Small harness for the tests of pool, registry, strings and formats: a world with one machine, a body that
 * runs in it as a system thread or as a vendor's DriverEntry, and the rule that ended the machine, if any.
 * CMocka's asserts jump, which a fibre must not: bodies use CHECK, and the test asserts afterwards.
 */
#ifndef MPIO_NT_TESTS_HARNESS2_H
#define MPIO_NT_TESTS_HARNESS2_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/kernel.h"

static char harness_failure[256];
static int harness_finished;
static void (*harness_body)(void);

#define CHECK(condition)                                                                             \
    do {                                                                                             \
        if (!(condition) && harness_failure[0] == '\0') {                                            \
            snprintf(harness_failure, sizeof(harness_failure), "%s:%d: %s", __FILE__, __LINE__,      \
                     #condition);                                                                    \
        }                                                                                            \
    } while (0)

struct harness {
    struct world *world;
    struct machine *machine;
};

static inline struct harness harness_begin(void)
{
    struct harness h;
    struct nt_options options = {.pool_bytes = 64u << 20};
    const char *why = "";

    harness_failure[0] = '\0';
    harness_finished = 0;
    h.world = world_create(&(struct world_options){.seed = 1});
    h.machine = machine_create(h.world, "node", 2);
    if (!nt_create(h.machine, &options, &why)) {
        fail_msg("nt_create: %s", why);
    }
    return h;
}

static inline void harness_end(struct harness *h)
{
    world_destroy(h->world);
    if (harness_failure[0] != '\0') {
        fail_msg("%s", harness_failure);
    }
}

static inline void harness_thread(void *argument)
{
    (void)argument;
    harness_body();
    harness_finished = 1;
}

static inline NTSTATUS harness_entry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    (void)DriverObject;
    (void)RegistryPath;
    harness_body();
    harness_finished = 1;
    return STATUS_SUCCESS;
}

static inline void harness_run(struct harness *h, void (*body)(void), int as_driver)
{
    static const struct nt_image image = {.path = "vendor.so"};

    harness_body = body;
    harness_finished = 0;
    if (as_driver) {
        nt_load_driver(h->machine, "vendor", (void *)harness_entry, &image, NULL, NULL);
    } else {
        nt_run_thread(h->machine, "test", harness_thread, NULL);
    }
    world_run(h->world, world_now(h->world) + WORLD_SECOND);
}

/* The body runs to its end and the machine lives. */
static inline void expect_success(void (*body)(void), int as_driver)
{
    struct harness h = harness_begin();
    const struct nt_bugcheck *death;

    harness_run(&h, body, as_driver);
    death = nt_bugcheck(h.machine);
    if (death != NULL) {
        fail_msg("bug check %s", death->text);
    }
    assert_true(harness_finished);
    harness_end(&h);
}

/* The body breaks exactly this rule and never returns. */
static inline void expect_rule(void (*body)(void), int as_driver, enum nt_rule rule)
{
    struct harness h = harness_begin();
    const struct nt_bugcheck *death;

    harness_run(&h, body, as_driver);
    death = nt_bugcheck(h.machine);
    assert_non_null(death);
    assert_string_equal(nt_rule_id(death->rule), nt_rule_id(rule));
    assert_false(harness_finished);
    harness_end(&h);
}

#endif
