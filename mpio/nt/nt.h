/* SPDX-License-Identifier: MIT */
/*
 * The kernel of one machine, seen from the house side: create it, load drivers into it, run code as
 * one of its threads, read its registry, learn why it died. Drivers see <ntddk.h> and nt/driver.h.
 */
#ifndef MPIO_NT_NT_H
#define MPIO_NT_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "nt/rules.h"
#include "world/world.h"

struct buffer; /* text/buffer.h */

struct nt_options {
    uint32_t os_major, os_minor, os_build; /* 0: 10.0.14393 */
    size_t pool_bytes;                     /* address space of the pool arena; 0: 1 GiB */
};

/* Gives the machine a kernel. Registry is empty but for the standard keys. NULL-safe error text in *why. */
bool nt_create(struct machine *m, const struct nt_options *options, const char **why);

/* Where a driver's code lies: for stack traces and the PE convention. */
struct nt_image {
    char path[256];
    void *base;
    size_t size;
    bool pe;
};

/* Creates the driver object and its registry path (\Registry\Machine\System\CurrentControlSet\Services\<service>,
 * with a Parameters key), and runs entry (a DRIVER_INITIALIZE) as a system thread when the world runs next.
 * `done` (may be NULL) is called in that thread with the NTSTATUS. */
bool nt_load_driver(struct machine *m, const char *service, void *entry, const struct nt_image *image,
                    void (*done)(void *user, int32_t status), void *user);
/* Calls DriverUnload in a system thread; then checks for pool, device objects and references left behind.
 * done receives STATUS_SUCCESS, or STATUS_NOT_SUPPORTED when there is no unload routine. */
void nt_unload_driver(struct machine *m, const char *service, void (*done)(void *user, int32_t status), void *user);

/* Runs routine(argument) in a new system thread of m at PASSIVE_LEVEL. */
void nt_run_thread(struct machine *m, const char *name, void (*routine)(void *argument), void *argument);

/* ---- registry ------------------------------------------------------------------------------------------ */
struct text_error;
bool nt_registry_load(struct machine *m, const char *file_name, const char *text, size_t length, struct text_error *error);
/* Appends the sub-tree as .reg text; key such as "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\mpio". */
bool nt_registry_save(struct machine *m, const char *key, struct buffer *out);
bool nt_registry_set_dword(struct machine *m, const char *key, const char *name, uint32_t value);
bool nt_registry_get_dword(struct machine *m, const char *key, const char *name, uint32_t *value);
bool nt_registry_set_text(struct machine *m, const char *key, const char *name, const char *utf8);
bool nt_registry_add_multi(struct machine *m, const char *key, const char *name, const char *utf8); /* append one string */

/* ---- death ------------------------------------------------------------------------------------------------ */
struct nt_frame {
    char function[96];
    char file[256];
    unsigned line;
    char module[256];
    uint64_t offset;
    bool foreign;               /* code of a vendor's driver, not of the emulator */
    unsigned repeats;           /* recursion: how often more the same call stands on the stack */
};
struct nt_bugcheck {
    enum nt_rule rule;
    uint64_t p1, p2;
    uint64_t time;
    uint8_t irql, cpu;
    char callback[64];          /* what the emulator called the driver for, "" when nothing */
    char driver[64];            /* its service name */
    unsigned frames;
    char routine[96];           /* the kernel routine that frame 0 called, "" when none or unknown */
    struct nt_frame frame[24];  /* innermost first, from the driver's first frame to its last; all when it has none */
    bool returned;              /* the driver's routine has returned: frame 0 is its definition, the only frame */
    unsigned driver_frame;      /* first frame that is driver code: 0 */
    char text[400];             /* one line: rule id, what, where, parameters */
};
/* NULL while the machine is alive. */
const struct nt_bugcheck *nt_bugcheck(const struct machine *m);
/* The whole report as text: rule, parameters, call stack with source lines, seed, what to do next. */
void nt_bugcheck_print(const struct machine *m, struct buffer *out);

/* ---- records ------------------------------------------------------------------------------------------------ */
struct nt_log_entry {
    uint64_t time;
    uint32_t id;
    char source[16];
    char text[160];
};
unsigned nt_log_count(const struct machine *m);
const struct nt_log_entry *nt_log_at(const struct machine *m, unsigned index); /* NULL when it has left the ring of 4096 */
/* Debug output (DbgPrint, trace macros) of drivers: called per line. NULL: kept in a ring only. */
void nt_on_message(struct machine *m, void (*message)(void *user, const char *component, unsigned level, const char *text),
                   void *user);

/* Switches the trace messages of a driver (service name; NULL: every one) and of one of its providers (name of the control
 * GUID; NULL: every one): flag n is bit n, UINT32_MAX all; messages above `level` are off. Before or after the driver is
 * loaded; the last word counts. Without it: everything for a listener, else all flags at warning. False: a name is too
 * long, or too many are remembered. */
bool nt_trace_flags(struct machine *m, const char *driver, const char *provider, uint32_t flags, uint8_t level);

/* The switches of one machine's kernel for another kernel: that of the same machine after its next boot. */
struct nt_trace_switches;
struct nt_trace_switches *nt_trace_take(const struct machine *m); /* NULL: out of memory */
void nt_trace_give(struct machine *m, struct nt_trace_switches *s); /* frees it; NULL is fine */

struct nt_counters {
    uint64_t pool_allocations, pool_frees, pool_bytes, pool_blocks;
    uint64_t lookaside_misses, irps_allocated, irps_freed, dpcs, timers, waits, kernel_calls;
};
void nt_counters(const struct machine *m, struct nt_counters *out);

/* fail-Nth: the n-th pool allocation from now on (1 = next) made by drivers' code fails; 0 switches it off. */
void nt_fail_pool(struct machine *m, uint64_t nth);

#endif
