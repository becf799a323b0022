/* SPDX-License-Identifier: MIT */
/*
 * A world with a machine, an HBA and an array that only counts: the fabric's tests see what reached the
 * array and when, without SCSI. The array functions here replace the array room's.
 */
#ifndef TEST_FABRIC_SUPPORT_H
#define TEST_FABRIC_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "world/fabric.h"
#include "world/trace.h"

#define MAX_EVENTS 64
#define LUN_A ((const uint8_t[8]){0, 1})
#define LUN_B ((const uint8_t[8]){0x41, 2}) /* flat addressing: 258 */

struct array_nexus {
    struct array *array;
    unsigned port;
    bool logged_in;
};
struct array {
    const char *name;
    unsigned controllers, ports_per_controller;
    bool dead[ARRAY_MAX_CONTROLLERS];
    bool mute; /* swallows commands */
    unsigned executed, logins, logouts, lun_resets, target_resets, bus_resets, nexus_losses, removed, injected, attentions, moves;
    uint64_t resized_to, identity;
    unsigned mappings, unmappings, mapped_as, forced, offline, lie, lies;
    struct array_nexus nexus[ARRAY_MAX_PORTS * 4];
    unsigned nexus_count;
};

unsigned array_ports(const struct array *a)
{
    return a->controllers * a->ports_per_controller;
}
unsigned array_controller_of_port(const struct array *a, unsigned port)
{
    return port / a->ports_per_controller;
}
bool array_controller_is_up(const struct array *a, unsigned controller)
{
    return !a->dead[controller];
}
void array_controller_up(struct array *a, unsigned controller, bool up)
{
    a->dead[controller] = !up;
}
struct array_nexus *array_login(struct array *a, unsigned port, const char *initiator_name)
{
    struct array_nexus *n = &a->nexus[a->nexus_count++ % (ARRAY_MAX_PORTS * 4)];

    assert_true(initiator_name[0] != '\0');
    *n = (struct array_nexus){a, port, true};
    a->logins++;
    return n;
}
void array_logout(struct array_nexus *n)
{
    assert_true(n->logged_in);
    n->logged_in = false;
    n->array->logouts++;
}
enum array_result array_execute(struct array_nexus *n, struct array_cmd *cmd)
{
    struct array *a = n->array;

    assert_true(n->logged_in);
    if (a->mute || a->dead[n->port / a->ports_per_controller])
        return ARRAY_NO_ANSWER;
    a->executed++;
    cmd->status = 2;
    cmd->sense_length = 18;
    memset(cmd->sense, 0, 18);
    cmd->sense[0] = 0x70;
    cmd->sense[2] = 6;
    cmd->sense[12] = 0x29;
    cmd->sense[13] = 3;
    cmd->transferred = cmd->length;
    cmd->checksum = a->executed;
    return ARRAY_DONE;
}
bool array_reset_lun(struct array_nexus *n, const uint8_t lun[8])
{
    (void)lun;
    n->array->lun_resets++;
    return true;
}
void array_reset_target(struct array_nexus *n)
{
    n->array->target_resets++;
}
const char *array_name(const struct array *a)
{
    return a->name;
}
int array_seen_lun(const struct array_nexus *n, const uint8_t lun[8])
{
    (void)n;
    return lun[1];
}
void array_bus_reset(struct array *a, unsigned port)
{
    (void)port;
    a->bus_resets++;
}
unsigned array_nexus_loss(struct array_nexus *n)
{
    n->array->nexus_losses++;
    return 0;
}
/* No task sets: test_fabric_tasks.c has them, of a real array. */
bool array_task_admit(struct array_task *task, uint8_t *status, uint8_t *sense, uint8_t *sense_length)
{
    (void)status, (void)sense, (void)sense_length;
    task->started = false;
    return true;
}
bool array_task_start(struct array_task *task)
{
    task->started = true;
    return true;
}
void array_task_done(struct array_task *task)
{
    (void)task;
}
struct array_task *array_task_next(struct array_nexus *n, const uint8_t lun[8])
{
    (void)n, (void)lun;
    return NULL;
}
unsigned array_reset_lun_tasks(struct array_nexus *n, const uint8_t lun[8])
{
    (void)n, (void)lun;
    return 0;
}
unsigned array_reset_target_tasks(struct array_nexus *n)
{
    (void)n;
    return 0;
}
int array_remove_lun(struct array *a, uint16_t number)
{
    (void)number;
    a->removed++;
    return 0;
}
int array_resize_lun(struct array *a, uint16_t number, uint64_t blocks)
{
    (void)number;
    a->resized_to = blocks;
    return 0;
}
void array_move_lun(struct array *a, uint16_t number, unsigned owner)
{
    (void)number;
    (void)owner;
    a->moves++;
}
void array_inject(struct array *a, uint16_t number, unsigned count, uint8_t status, uint8_t key,
                  uint8_t asc, uint8_t ascq)
{
    (void)number, (void)status, (void)key, (void)asc, (void)ascq;
    a->injected += count;
}
void array_unit_attention(struct array *a, uint16_t number, uint8_t asc, uint8_t ascq)
{
    (void)number, (void)asc, (void)ascq;
    a->attentions++;
}
bool array_set_identity(struct array *a, uint16_t number, uint64_t identity)
{
    (void)number;
    a->identity = identity;
    return true;
}
bool array_has_mapping(const struct array *a)
{
    return a->mappings != 0;
}
bool array_map_lun(struct array *a, const char *hosts, uint16_t as, uint16_t number)
{
    (void)hosts, (void)number;
    a->mappings++;
    a->mapped_as = as;
    return true;
}
bool array_unmap_lun(struct array *a, const char *hosts, uint16_t as)
{
    (void)hosts, (void)as;
    a->unmappings++;
    return true;
}
void array_power(struct array *a, bool on)
{
    a->mute = !on;
}
bool array_force_state(struct array *a, uint16_t number, unsigned controller, enum array_port_state state)
{
    (void)number, (void)controller;
    a->forced = state;
    return true;
}
bool array_port_offline(struct array *a, uint16_t number, unsigned port, bool offline)
{
    (void)number;
    a->offline = offline ? port + 1 : 0;
    return true;
}
void array_wrong_report(struct array *a, enum array_lie lie, unsigned count)
{
    a->lie = lie;
    a->lies = count;
}

/* ---- the machine's side ----------------------------------------------------------------------------- */
struct seen_event {
    enum hba_event event;
    uint32_t target;
    uint64_t time;
};
struct site {
    struct world *world;
    struct machine *machine;
    struct hba *hba;
    struct array array;
    struct machine_operations operations;
    struct seen_event events[MAX_EVENTS];
    unsigned event_count;
};
struct test_cmd {
    struct hba_cmd cmd;
    uint8_t cdb[10];
    struct site *site;
    unsigned done;
    uint64_t done_at;
    bool in_interrupt;
    bool again; /* done submits it once more */
};

static bool inside_interrupt;

static inline void site_interrupt(struct machine *m, void (*routine)(void *), void *argument)
{
    (void)m;
    assert_false(inside_interrupt);
    inside_interrupt = true;
    routine(argument);
    inside_interrupt = false;
}

static inline void site_event(struct hba *h, enum hba_event event, uint32_t target)
{
    struct site *s = h->miniport;

    assert_true(inside_interrupt);
    assert_true(s->event_count < MAX_EVENTS);
    s->events[s->event_count++] = (struct seen_event){event, target, world_now(s->world)};
}

static inline void site_done(struct hba_cmd *cmd)
{
    struct test_cmd *c = cmd->owner;

    c->done++;
    c->done_at = world_now(c->site->world);
    c->in_interrupt = inside_interrupt;
    if (c->again) {
        c->again = false;
        hba_submit(c->site->hba, cmd);
    }
}

static inline void site_init_on(struct site *s, struct world *w, const char *machine,
                                uint64_t link_down, uint64_t dev_loss)
{
    struct fabric_hba_config config = {.name = "hba0", .initiator = "10000000c9000001", .kind = HBA_FC,
                                       .link_down_time = link_down, .dev_loss_time = dev_loss};

    memset(s, 0, sizeof *s);
    s->world = w;
    s->machine = machine_create(w, machine, 2);
    s->operations.interrupt = site_interrupt;
    s->machine->operations = &s->operations;
    s->array = (struct array){.name = "array0", .controllers = 2, .ports_per_controller = 1};
    s->hba = fabric_create_hba(s->machine, &config);
    assert_non_null(s->hba);
    s->hba->miniport = s;
}

static inline void site_init(struct site *s, uint64_t link_down, uint64_t dev_loss)
{
    struct world_options options = {.seed = 7};

    inside_interrupt = false;
    site_init_on(s, world_create(&options), "node0", link_down, dev_loss);
}

static inline void site_end(struct site *s)
{
    fabric_destroy_hbas(s->machine);
    s->machine->operations = NULL;
    world_destroy(s->world);
}

static inline uint32_t site_connect(struct site *s, struct array *a, unsigned port, uint64_t latency)
{
    struct fabric_path_config config = {.array = a, .port = port, .latency = latency};
    int target = fabric_connect(s->hba, &config);

    assert_true(target >= 0);
    return (uint32_t)target;
}

static inline void submit(struct site *s, struct test_cmd *c, uint32_t target, const uint8_t lun[8])
{
    memset(c, 0, sizeof *c);
    c->site = s;
    c->cdb[0] = 0x28;
    c->cmd.scsi.cdb = c->cdb;
    c->cmd.scsi.cdb_length = sizeof c->cdb;
    memcpy(c->cmd.scsi.lun, lun, 8);
    c->cmd.target = target;
    c->cmd.done = site_done;
    c->cmd.owner = c;
    hba_submit(s->hba, &c->cmd);
}

#endif
