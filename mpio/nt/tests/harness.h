/* SPDX-License-Identifier: MIT */
/*
 * Harness for the kernel's tests: a world with one machine, in which a body runs as a thread, in a
 * callback of a vendor's driver at a chosen level, or beside other bodies. CMocka's asserts jump,
 * which a fibre must not: bodies use CHECK, and the test asserts when the world has stopped.
 * Functions marked VENDOR lie in one section, which is the image of the driver "vendor".
 */
#ifndef MPIO_NT_TESTS_HARNESS_H
#define MPIO_NT_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "nt/kernel.h"

#define VENDOR __attribute__((section("vendor_text"), noinline, noclone, unused))
#if defined(__clang__)
#undef VENDOR
#define VENDOR __attribute__((section("vendor_text"), noinline, unused))
#endif
extern char __start_vendor_text[], __stop_vendor_text[];

struct harness {
    struct world *world;
    struct machine *machine;
    PDRIVER_OBJECT vendor;      /* foreign driver object, loaded */
    PDRIVER_OBJECT house;       /* framework driver object, loaded */
    char failure[300];
    unsigned finished;          /* bodies that ran to their end */
};
static struct harness h;

#define CHECK(condition)                                                                             \
    do {                                                                                             \
        if (!(condition) && h.failure[0] == '\0') {                                                  \
            snprintf(h.failure, sizeof(h.failure), "%s:%d: %s", __FILE__, __LINE__, #condition);     \
        }                                                                                            \
    } while (0)

static NTSTATUS VENDOR VendorEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Path;
    h.vendor = Driver;
    return STATUS_SUCCESS;
}

static NTSTATUS HouseEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Path;
    h.house = Driver;
    return STATUS_SUCCESS;
}

static inline void begin_with(const struct world_options *options)
{
    struct nt_options kernel = {.pool_bytes = 64u << 20};
    struct nt_image image = {.path = "vendor.so", .base = __start_vendor_text};
    const char *why = "";

    memset(&h, 0, sizeof(h));
    image.size = (size_t)(__stop_vendor_text - __start_vendor_text);
    h.world = world_create(options);
    h.machine = machine_create(h.world, "node", 4);
    if (!nt_create(h.machine, &kernel, &why)) {
        fail_msg("nt_create: %s", why);
    }
    assert_true(nt_load_driver(h.machine, "house", (void *)HouseEntry, NULL, NULL, NULL));
    assert_true(nt_load_driver(h.machine, "vendor", (void *)VendorEntry, &image, NULL, NULL));
    world_run(h.world, 0);
    assert_non_null(h.vendor);
    assert_non_null(h.house);
}

static inline void begin(void)
{
    begin_with(&(struct world_options){.seed = 1});
}

/* The rule that ended the machine, RULE_NONE while it lives. */
static inline enum nt_rule rule_now(void)
{
    const struct nt_bugcheck *b = NtKernelOf(h.machine)->BugCheck;

    return b == NULL ? RULE_NONE : b->rule;
}

static inline void end(void)
{
    world_destroy(h.world);
    if (h.failure[0] != '\0') {
        fail_msg("%s", h.failure);
    }
}

struct body {
    void (*run)(void);
    KIRQL irql, highest;
    bool vendor;
};

static inline void run_body(void *argument)
{
    const struct body *body = argument;
    KIRQL old;

    KeRaiseIrql(body->irql, &old);
    if (body->vendor) {
        NT_CALL_VOID("test callback", h.vendor, body->highest, body->run);
    } else {
        body->run();
    }
    KeLowerIrql(old);
    h.finished++;
}

/* Runs one body until the world has nothing left to do, or one simulated hour. */
static inline enum nt_rule run_until_idle(const struct body *body)
{
    nt_run_thread(h.machine, "test", run_body, (void *)(uintptr_t)body);
    world_run(h.world, world_now(h.world) + 3600 * WORLD_SECOND);
    return rule_now();
}

/* A whole test: the body in the vendor's callback breaks exactly this rule (RULE_NONE: none, and it ends). */
static inline void expect_in_callback(enum nt_rule rule, KIRQL irql, KIRQL highest, void (*run)(void))
{
    struct body body = {run, irql, highest, true};
    enum nt_rule got;

    begin();
    got = run_until_idle(&body);
    assert_string_equal(nt_rule_id(got), nt_rule_id(rule));
    assert_int_equal(h.finished, rule == RULE_NONE ? 1 : 0);
    assert_int_equal(h.machine->state, rule == RULE_NONE ? MACHINE_RUNNING : MACHINE_BUGCHECKED);
    end();
}

static inline void expect(enum nt_rule rule, KIRQL irql, void (*run)(void))
{
    expect_in_callback(rule, irql, PASSIVE_LEVEL, run);
}

/* A body of the framework that must run to its end. */
static inline void expect_good(void (*run)(void))
{
    struct body body = {run, PASSIVE_LEVEL, PASSIVE_LEVEL, false};
    enum nt_rule got;

    begin();
    got = run_until_idle(&body);
    if (got != RULE_NONE) {
        print_error("%s\n", nt_bugcheck(h.machine)->text);
    }
    assert_string_equal(nt_rule_id(got), "");
    assert_int_equal(h.finished, 1);
    end();
}

static inline LARGE_INTEGER milliseconds(LONGLONG count)
{
    LARGE_INTEGER time;

    time.QuadPart = -count * (LONGLONG)WORLD_MS;
    return time;
}

static inline void sleep_for(LONGLONG count)
{
    LARGE_INTEGER time = milliseconds(count);

    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

#endif
