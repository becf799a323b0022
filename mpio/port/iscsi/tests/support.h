/* SPDX-License-Identifier: MIT */
/*
 * Live tests: a tgtd of our own (tools/tgt_rig.sh), proxies to hurt paths (tools/path_proxy.c, run
 * in a child), a world with the host clock, and one HBA whose events and completions are recorded.
 * Programs run in the root of the tree. Without tgtd every test is skipped with the reason.
 */
#ifndef MPIO_PORT_ISCSI_TESTS_SUPPORT_H
#define MPIO_PORT_ISCSI_TESTS_SUPPORT_H

#define main path_proxy_main
#include "../../../../tools/path_proxy.c"
#undef main

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/wait.h>

#include "host/host.h"
#include "port/iscsi/iscsi_hba.h"

#define INITIATOR "iqn.2026-11.org.openmpio:test"
#define LOGIN_MS  3000u

/* ---- the target ----------------------------------------------------------------------------- */
static struct {
    char *directory;
    char portal[2][64], target[128];
    unsigned port;
    int pid;
    char reason[512]; /* why there is no target */
} rig;

static void rig_value(const char *output, const char *name, unsigned which, char *value,
                      size_t size)
{
    const char *at = output;

    *value = '\0';
    for (;; at++) {
        at = strstr(at, name);
        if (at == NULL)
            return;
        if (which-- == 0)
            break;
    }
    at += strlen(name);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
}

static bool rig_start_again(const char *luns, const char *size)
{
    const char *const argv[] = {"/bin/sh", "tools/tgt_rig.sh", "start", rig.directory, luns, size,
                                NULL};
    char output[1024], number[32];

    if (host_run(argv, output, sizeof output) != 0) {
        snprintf(rig.reason, sizeof rig.reason, "no tgtd: see the message of tgt_rig above");
        return false;
    }
    rig_value(output, "PORT=", 0, number, sizeof number);
    rig.port = (unsigned)atoi(number);
    rig_value(output, "PID=", 0, number, sizeof number);
    rig.pid = atoi(number);
    rig_value(output, "TARGET=", 0, rig.target, sizeof rig.target);
    rig_value(output, "PORTAL=", 0, rig.portal[0], sizeof rig.portal[0]);
    rig_value(output, "PORTAL=", 1, rig.portal[1], sizeof rig.portal[1]);
    return true;
}

static int rig_start(void **state)
{
    (void)state;
    rig.directory = host_temporary_directory();
    if (rig.directory == NULL)
        snprintf(rig.reason, sizeof rig.reason, "%s", host_error());
    else
        rig_start_again("2", "16M");
    return 0;
}

static int rig_stop(void **state)
{
    const char *const stop[] = {"/bin/sh", "tools/tgt_rig.sh", "stop", rig.directory, NULL};
    const char *const clean[] = {"/bin/rm", "-rf", rig.directory, NULL};

    (void)state;
    if (rig.directory != NULL) {
        host_run(stop, NULL, 0);
        host_run(clean, NULL, 0);
    }
    free(rig.directory);
    return 0;
}

#define NEED_RIG()                                                                                 \
    do {                                                                                           \
        if (rig.port == 0) {                                                                       \
            print_message("skipped: %s\n", rig.reason);                                            \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

/* ---- proxies -------------------------------------------------------------------------------- */
struct test_proxy {
    int pid, commands, answers;
    char portal[64];
};

static void proxy_read_line(struct test_proxy *p, char *line, size_t size)
{
    size_t n = 0;

    while (n + 1 < size && read(p->answers, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
}

static void proxy_start(struct test_proxy *p, const char *portal)
{
    int in[2], out[2];
    char line[64], *argv[] = {(char *)"path_proxy", (char *)(uintptr_t)portal, NULL};

    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    p->pid = fork();
    if (p->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        _exit(path_proxy_main(2, argv));
    }
    close(in[0]);
    close(out[1]);
    p->commands = in[1];
    p->answers = out[0];
    proxy_read_line(p, line, sizeof line);
    assert_memory_equal(line, "PORT=", 5);
    snprintf(p->portal, sizeof p->portal, "127.0.0.1:%.8s", line + 5);
}

static void proxy_say(struct test_proxy *p, const char *command)
{
    char line[64];

    assert_int_equal(write(p->commands, command, strlen(command)), (ssize_t)strlen(command));
    assert_int_equal(write(p->commands, "\n", 1), 1);
    proxy_read_line(p, line, sizeof line);
    assert_string_equal(line, "ok");
}

static void proxy_stop(struct test_proxy *p)
{
    close(p->commands);
    close(p->answers);
    waitpid(p->pid, NULL, 0);
}

/* ---- the world ------------------------------------------------------------------------------ */
#define MAX_EVENTS 64
struct rig_world {
    struct world *world;
    struct machine *machine;
    struct hba *hba;
    struct {
        enum hba_event event;
        uint32_t target;
        uint64_t time;
    } event[MAX_EVENTS];
    unsigned events;
    unsigned done;     /* commands that ended */
    char report[2048]; /* lines of the HBA */
};

static void on_event(struct hba *h, enum hba_event event, uint32_t target)
{
    struct rig_world *r = h->miniport;

    assert_true(r->events < MAX_EVENTS);
    r->event[r->events].event = event;
    r->event[r->events].target = target;
    r->event[r->events++].time = world_now(r->world);
}

static void on_report(void *user, const char *line)
{
    struct rig_world *r = user;
    size_t have = strlen(r->report);

    snprintf(r->report + have, sizeof r->report - have, "%s\n", line);
}

static void world_up(struct rig_world *r, uint64_t dev_loss_time)
{
    struct world_options options = {.seed = 1, .clock = WORLD_CLOCK_HOST};
    struct iscsi_hba_config config = {.name = "hba0",
                                      .initiator = INITIATOR,
                                      .dev_loss_time = dev_loss_time,
                                      .report = on_report,
                                      .user = r};

    memset(r, 0, sizeof *r);
    r->world = world_create(&options);
    assert_non_null(r->world);
    r->machine = machine_create(r->world, "node1", 2);
    r->hba = iscsi_hba_create(r->machine, &config);
    assert_non_null(r->hba);
    r->hba->on_event = on_event;
    r->hba->miniport = r;
}

static void world_down(struct rig_world *r)
{
    fabric_destroy_hbas(r->machine);
    world_destroy(r->world);
}

/* Runs the world until the condition holds; it must within `ms`. */
#define RUN_UNTIL(r, condition, ms)                                                                \
    do {                                                                                           \
        uint64_t until_ = world_now((r)->world) + (ms)*WORLD_MS;                                   \
        while (!(condition) && world_now((r)->world) < until_)                                     \
            world_run((r)->world, world_now((r)->world) + WORLD_MS);                               \
        if (!(condition))                                                                          \
            print_message("%s", (r)->report);                                                      \
        assert_true(condition);                                                                    \
    } while (0)

static void run_for(struct rig_world *r, unsigned ms)
{
    world_run(r->world, world_now(r->world) + ms * WORLD_MS);
}

static unsigned count_events(const struct rig_world *r, enum hba_event event, uint32_t target)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->events; i++)
        count += r->event[i].event == event && r->event[i].target == target;
    return count;
}

static uint64_t time_of_event(const struct rig_world *r, enum hba_event event, uint32_t target)
{
    for (unsigned i = 0; i < r->events; i++)
        if (r->event[i].event == event && r->event[i].target == target)
            return r->event[i].time;
    return WORLD_NEVER;
}

static bool is_up(const struct rig_world *r, uint32_t target)
{
    struct iscsi_path_state state;

    return iscsi_hba_path_state(r->hba, target, &state) && state.up;
}

static uint32_t add_path(struct rig_world *r, const char *portal)
{
    struct iscsi_path_config config = {
        .portal = portal, .target = rig.target, .retry_interval = 20 * WORLD_MS};
    int target = iscsi_hba_add_path(r->hba, &config);

    assert_true(target >= 0);
    return (uint32_t)target;
}

/* ---- commands ------------------------------------------------------------------------------- */
struct test_command {
    struct hba_cmd cmd;
    uint8_t cdb[32];
    unsigned endings;
};

static void on_done(struct hba_cmd *cmd)
{
    struct test_command *c = (struct test_command *)cmd;
    struct rig_world *r = cmd->owner;

    c->endings++;
    r->done++;
}

static void submit(struct rig_world *r, struct test_command *c, uint32_t target, unsigned lun,
                   const uint8_t *cdb, unsigned cdb_length, void *data, uint32_t length, bool out)
{
    memset(c, 0, sizeof *c);
    memcpy(c->cdb, cdb, cdb_length);
    c->cmd.scsi.cdb = c->cdb;
    c->cmd.scsi.cdb_length = (uint8_t)cdb_length;
    c->cmd.scsi.lun[1] = (uint8_t)lun;
    c->cmd.scsi.data = data;
    c->cmd.scsi.length = length;
    c->cmd.scsi.out = out;
    c->cmd.target = target;
    c->cmd.done = on_done;
    c->cmd.owner = r;
    hba_submit(r->hba, &c->cmd);
}

static void submit_block(struct rig_world *r, struct test_command *c, uint32_t target, unsigned lun,
                         uint32_t lba, uint16_t blocks, void *data, bool out)
{
    uint8_t cdb[10] = {
        out ? 0x2a : 0x28, 0, (uint8_t)(lba >> 24),   (uint8_t)(lba >> 16), (uint8_t)(lba >> 8),
        (uint8_t)lba,      0, (uint8_t)(blocks >> 8), (uint8_t)blocks};

    submit(r, c, target, lun, cdb, sizeof cdb, data, blocks * 512u, out);
}

static void wait_for(struct rig_world *r, struct test_command *c)
{
    RUN_UNTIL(r, c->endings != 0, 2000);
    assert_int_equal(c->endings, 1);
}

static void test_unit_ready(struct rig_world *r, struct test_command *c, uint32_t target,
                            unsigned lun)
{
    static const uint8_t cdb[6];

    submit(r, c, target, lun, cdb, sizeof cdb, NULL, 0, false);
    wait_for(r, c);
}

/* Logs in and takes the power-on attention of LUN 1 and 2. */
static uint32_t path_up(struct rig_world *r, const char *portal)
{
    uint32_t target = add_path(r, portal);
    struct test_command c;

    RUN_UNTIL(r, is_up(r, target), LOGIN_MS);
    test_unit_ready(r, &c, target, 1);
    test_unit_ready(r, &c, target, 2);
    run_for(r, 1);
    return target;
}

static void assert_sense(const struct test_command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
    assert_int_equal(c->cmd.status, HBA_OK);
    assert_int_equal(c->cmd.scsi.status, 2);
    assert_true(c->cmd.scsi.sense_length >= 14);
    assert_int_equal(c->cmd.scsi.sense[0] & 0x7f, 0x70);
    assert_int_equal(c->cmd.scsi.sense[2] & 15, key);
    assert_int_equal(c->cmd.scsi.sense[12], asc);
    assert_int_equal(c->cmd.scsi.sense[13], ascq);
}

static void assert_good(const struct test_command *c)
{
    assert_int_equal(c->endings, 1);
    assert_int_equal(c->cmd.status, HBA_OK);
    assert_int_equal(c->cmd.scsi.status, 0);
}

#endif
