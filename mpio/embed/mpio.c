/* SPDX-License-Identifier: MIT */
/*
 * Worlds as a whole: create, run, ask, destroy.
 */
#include "embed/embed.h"
#include "world/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPOLOGY_FILE_LIMIT (4u * 1024 * 1024)

bool embed_fail(struct mpio *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(w->error, sizeof w->error, format, arguments);
    va_end(arguments);
    return false;
}

struct node *embed_node(const struct mpio *w, const char *machine)
{
    for (unsigned i = 0; i < w->node_count; i++)
        if (!machine || strcmp(w->nodes[i].machine->name, machine) == 0)
            return (struct node *)&w->nodes[i];
    return NULL;
}

static bool read_topology(struct mpio *w)
{
    size_t length = 0;
    if (w->options.topology_text) {
        length = strlen(w->options.topology_text);
        w->topology_text = malloc(length + 1);
        if (w->topology_text)
            memcpy(w->topology_text, w->options.topology_text, length + 1);
    } else if (w->options.topology_file) {
        w->topology_text = host_read_file(w->options.topology_file, TOPOLOGY_FILE_LIMIT, &length);
        if (!w->topology_text)
            return embed_fail(w, "%s", host_error());
    } else {
        return embed_fail(w, "no topology given: name a file, for example docs/examples/two-paths.ini");
    }
    const char *name = w->options.topology_file ? w->options.topology_file : "topology";
    w->topology_name = malloc(strlen(name) + 1);
    if (!w->topology_text || !w->topology_name)
        return embed_fail(w, "out of memory while reading the topology");
    strcpy(w->topology_name, name);

    struct text_error error;
    w->topology = world_parse_topology(w->topology_name, w->topology_text, length, &error);
    if (!w->topology) {
        text_error_format(&error, w->error, sizeof w->error);
        return false;
    }
    return true;
}

bool mpio_check_topology(const char *file, char **text)
{
    struct text_error error;
    struct buffer out;
    size_t length = 0;
    bool ok = false;

    buffer_init(&out, 0);
    char *bytes = host_read_file(file, TOPOLOGY_FILE_LIMIT, &length);
    if (!bytes) {
        buffer_printf(&out, "%s", host_error());
    } else {
        struct topology *t = world_parse_topology(file, bytes, length, &error);
        if (t) {
            topology_describe(t, &out);
            topology_free(t);
            ok = true;
        } else {
            char line[512];
            text_error_format(&error, line, sizeof line);
            buffer_append_text(&out, line);
        }
        free(bytes);
    }
    *text = buffer_take(&out, NULL);
    return ok;
}

bool mpio_needs_preload(const char *dsm_file, const char **library)
{
    return load_needs_preload(dsm_file, library);
}

uint64_t mpio_file_hash(const char *file)
{
    return load_file_hash(file);
}

struct mpio *mpio_create(const struct mpio_options *options, char *error, size_t error_size)
{
    struct mpio *w = calloc(1, sizeof *w);
    if (!w) {
        if (error)
            snprintf(error, error_size, "out of memory");
        return NULL;
    }
    w->options = *options;
    if (!read_topology(w) || !embed_build(w)) {
        if (error)
            snprintf(error, error_size, "%s", w->error);
        mpio_destroy(w);
        return NULL;
    }
    return w;
}

void mpio_destroy(struct mpio *w)
{
    if (!w)
        return;
    embed_dismantle(w);
    if (w->topology)
        topology_free(w->topology);
    free(w->paths);
    free(w->last);
    index_free(&w->path_by_place);
    buffer_free(&w->plan);
    free(w->topology_text);
    free(w->topology_name);
    free(w);
}

const char *mpio_error(const struct mpio *w)
{
    return w->error;
}

static bool any_machine_runs(const struct mpio *w)
{
    for (unsigned i = 0; i < w->node_count; i++)
        if (w->nodes[i].machine->state == MACHINE_RUNNING)
            return true;
    return false;
}

bool mpio_run(struct mpio *w, uint64_t duration)
{
    uint64_t end = world_now(w->world) + duration;

    while (world_now(w->world) < end && (any_machine_runs(w) || embed_boots_ahead(w))) {
        embed_reboot(w);
        if (world_run(w->world, end) == WORLD_IDLE)
            break; /* and a boot would have stopped it */
    }
    if (any_machine_runs(w) || embed_boots_ahead(w))
        return true;
    return embed_fail(w, "every machine has stopped");
}

/* A routine that runs as a thread of a machine, and the mark that it has ended. */
struct call {
    void (*routine)(void *argument);
    void *argument;
    struct world *world;
    bool done;
};

static void call_thread(void *argument)
{
    struct call *call = argument;

    call->routine(call->argument);
    call->done = true;
    world_stop(call->world);
}

bool embed_call(struct node *n, const char *name, void (*routine)(void *argument), void *argument, uint64_t limit)
{
    struct call call = {routine, argument, n->machine->world, false};

    if (n->machine->state != MACHINE_RUNNING)
        return embed_fail(n->world, "machine %s has stopped", n->machine->name);
    nt_run_thread(n->machine, name, call_thread, &call);
    uint64_t end = world_now(call.world) + limit;
    while (!call.done && n->machine->state == MACHINE_RUNNING && world_now(call.world) < end)
        if (world_run(call.world, end) == WORLD_IDLE)
            break;
    if (call.done)
        return true;
    if (n->machine->state == MACHINE_RUNNING) {
        /* The thread still holds `call`: stop the machine rather than return under it. */
        machine_stop(n->machine, MACHINE_STOPPED);
        return embed_fail(n->world, "%s on machine %s did not end within %llu simulated seconds; machine stopped", name,
                          n->machine->name, (unsigned long long)(limit / WORLD_SECOND));
    }
    return embed_fail(n->world, "machine %s stopped during %s", n->machine->name, name);
}

uint64_t mpio_now(const struct mpio *w)
{
    return world_now(w->world);
}

uint64_t mpio_seed(const struct mpio *w)
{
    return world_seed(w->world);
}

uint64_t mpio_hash(const struct mpio *w)
{
    return trace_hash(w->world);
}

uint64_t mpio_events(const struct mpio *w)
{
    return world_events(w->world);
}

bool mpio_is_real(const struct mpio *w)
{
    return world_clock(w->world) == WORLD_CLOCK_HOST;
}

void embed_describe_bugcheck(const struct node *node, const struct nt_bugcheck *b, struct mpio_bugcheck *out)
{
    memset(out, 0, sizeof *out);
    snprintf(out->machine, sizeof out->machine, "%s", node->machine->name);
    snprintf(out->rule, sizeof out->rule, "%s", nt_rule_id(b->rule));
    snprintf(out->text, sizeof out->text, "%s", b->text);
    if (b->driver_frame < b->frames) {
        const struct nt_frame *f = &b->frame[b->driver_frame];
        snprintf(out->file, sizeof out->file, "%s", f->file);
        snprintf(out->function, sizeof out->function, "%s", f->function);
        out->line = f->line;
    }
}

bool mpio_bugcheck(const struct mpio *w, unsigned n, struct mpio_bugcheck *out)
{
    if (embed_dead_bugcheck(w, &n, out, NULL))
        return true;
    for (unsigned i = 0; i < w->node_count; i++) {
        const struct nt_bugcheck *b = nt_bugcheck(w->nodes[i].machine);
        if (!b || n-- > 0)
            continue;
        embed_describe_bugcheck(&w->nodes[i], b, out);
        return true;
    }
    return false;
}

char *mpio_bugcheck_text(const struct mpio *w, unsigned n)
{
    char *dead;

    if (embed_dead_bugcheck(w, &n, NULL, &dead))
        return dead;
    for (unsigned i = 0; i < w->node_count; i++) {
        if (!nt_bugcheck(w->nodes[i].machine) || n-- > 0)
            continue;
        struct buffer text;
        buffer_init(&text, 0);
        nt_bugcheck_print(w->nodes[i].machine, &text);
        return buffer_take(&text, NULL);
    }
    return NULL;
}

#define EVENT_LEFT_BEHIND 0xc0000005u /* of nt's unload */

bool mpio_leftover(const struct mpio *w, unsigned n, char *text, size_t size)
{
    for (unsigned i = 0; i < w->node_count; i++) {
        const struct machine *m = w->nodes[i].machine;
        for (unsigned e = 0; e < nt_log_count(m); e++) {
            const struct nt_log_entry *entry = nt_log_at(m, e);
            if (!entry || entry->id != EVENT_LEFT_BEHIND || n-- > 0)
                continue;
            snprintf(text, size, "%s: %s", m->name, entry->text);
            return true;
        }
    }
    return false;
}

uint64_t mpio_trace_text(const struct mpio *w, void (*line)(void *user, const char *text), void *user)
{
    uint64_t count = trace_count(w->world), given = 0;
    char text[256];

    for (uint64_t n = 0; n < count; n++) {
        const struct trace_record *r = trace_record(w->world, n);
        if (!r)
            continue; /* has left the ring */
        trace_format(r, text, sizeof text);
        line(user, text);
        given++;
    }
    return given;
}

char *mpio_registry_text(struct mpio *w, const char *machine, const char *key)
{
    struct node *n = embed_node(w, machine);
    struct buffer text;

    buffer_init(&text, 0);
    if (!n || !nt_registry_save(n->machine, key, &text)) {
        buffer_free(&text);
        embed_fail(w, "no registry key %s on machine %s", key, machine ? machine : "(first)");
        return NULL;
    }
    return buffer_take(&text, NULL);
}

static bool set_trace(const struct node *n, const char *driver, uint32_t flags, unsigned level)
{
    const char *slash = driver ? strchr(driver, '/') : NULL;
    char service[64] = "";

    if (driver)
        snprintf(service, sizeof service, "%.*s", slash ? (int)(slash - driver) : (int)strlen(driver), driver);
    return nt_trace_flags(n->machine, service, slash ? slash + 1 : NULL, flags, (uint8_t)level);
}

bool mpio_trace_flags(struct mpio *w, const char *machine, const char *driver, uint32_t flags, unsigned level)
{
    bool found = false;

    if (level > UINT8_MAX)
        return embed_fail(w, "trace level %u: levels are 0 to 255", level);
    for (unsigned i = 0; i < w->node_count; i++) {
        if (machine && strcmp(w->nodes[i].machine->name, machine) != 0)
            continue;
        found = true;
        if (!set_trace(&w->nodes[i], driver, flags, level))
            return embed_fail(w, "trace flags of %s: more than 64 drivers and providers are asked for, or the name is longer "
                              "than 63 characters", driver ? driver : "every driver");
    }
    return found || embed_fail(w, "there is no machine %s", machine ? machine : "");
}

void mpio_fail_pool(struct mpio *w, const char *machine, uint64_t nth)
{
    struct node *n = embed_node(w, machine);
    if (n)
        nt_fail_pool(n->machine, nth);
}

void mpio_counters(const struct mpio *w, const char *machine, struct mpio_kernel_counters *out)
{
    const struct node *n = embed_node(w, machine);
    struct nt_counters c;

    memset(out, 0, sizeof *out);
    if (!n)
        return;
    nt_counters(n->machine, &c);
    out->pool_allocations = c.pool_allocations;
    out->kernel_calls = c.kernel_calls;
    out->dpcs = c.dpcs;
    out->timers = c.timers;
    out->pool_blocks = c.pool_blocks;
    out->pool_bytes = c.pool_bytes;
}
