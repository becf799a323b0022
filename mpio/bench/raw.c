/* SPDX-License-Identifier: MIT */
/* The bare libiscsi loop of raw.h: one poll loop, sessions in turn. */
#include "bench/raw.h"

#include <stdio.h>
#include <stdlib.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include "host/host.h"

#define MAX_SESSIONS 64
#define LUN 1
#define BLOCK 512u

struct request {
    struct raw *raw;
    struct scsi_iovec iov;
};

struct raw {
    struct iscsi_context *session[MAX_SESSIONS];
    unsigned sessions, depth, bytes, next, outstanding;
    bool stopping, failed;
    uint64_t done;
    uint64_t (*next_lba)(void *user);
    void *user;
    struct request *request;
};

static bool fail(struct raw *r, const char *what, const char *why)
{
    fprintf(stderr, "mpio-bench: bare libiscsi: %s: %s\n", what, why);
    r->failed = true;
    return false;
}

static void on_done(struct iscsi_context *context, int status, void *data, void *argument);

static void send_one(struct request *q)
{
    struct raw *r = q->raw;
    struct iscsi_context *context = r->session[r->next++ % r->sessions];
    unsigned count = r->bytes / BLOCK;
    uint64_t lba = r->next_lba(r->user);
    unsigned char cdb[10] = {0x28, 0, (unsigned char)(lba >> 24), (unsigned char)(lba >> 16), (unsigned char)(lba >> 8),
                             (unsigned char)lba, 0, (unsigned char)(count >> 8), (unsigned char)count};
    struct scsi_task *task = scsi_create_task(sizeof cdb, cdb, SCSI_XFER_READ, (int)r->bytes);

    if (task == NULL) {
        fail(r, "command", "no memory");
        return;
    }
    scsi_task_set_iov_in(task, &q->iov, 1);
    if (iscsi_scsi_command_async(context, LUN, task, on_done, NULL, q) != 0) {
        fail(r, "command", iscsi_get_error(context));
        scsi_free_scsi_task(task);
        return;
    }
    r->outstanding++;
}

static void on_done(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct request *q = argument;
    struct raw *r = q->raw;

    scsi_free_scsi_task(data);
    r->outstanding--;
    if (status != SCSI_STATUS_GOOD)
        fail(r, "command ended badly", iscsi_get_error(context));
    else
        r->done++;
    if (!r->stopping && !r->failed)
        send_one(q);
}

/* What libiscsi's events are: the bits of poll(2). */
enum { LIBRARY_IN = 0x01, LIBRARY_OUT = 0x04, LIBRARY_ERROR = 0x08, LIBRARY_HANG_UP = 0x10 };

static void serve(struct raw *r)
{
    struct host_poll fds[MAX_SESSIONS];

    for (unsigned i = 0; i < r->sessions; i++) {
        int events = iscsi_which_events(r->session[i]);
        fds[i] = (struct host_poll){.fd = iscsi_get_fd(r->session[i]),
                                    .want = (events & LIBRARY_IN ? HOST_POLL_IN : 0u) | (events & LIBRARY_OUT ? HOST_POLL_OUT : 0u)};
    }
    if (host_poll(fds, r->sessions, 1000000000) <= 0)
        return;
    for (unsigned i = 0; i < r->sessions; i++) {
        unsigned got = fds[i].got;
        int events = (got & HOST_POLL_IN ? LIBRARY_IN : 0) | (got & HOST_POLL_OUT ? LIBRARY_OUT : 0) |
                     (got & HOST_POLL_ERROR ? LIBRARY_ERROR : 0) | (got & HOST_POLL_HANG_UP ? LIBRARY_HANG_UP : 0);
        if (got != 0 && iscsi_service(r->session[i], events) < 0)
            fail(r, "session", iscsi_get_error(r->session[i]));
    }
}

static bool log_in(struct raw *r, const char *portal, const char *target)
{
    struct iscsi_context *context = iscsi_create_context("iqn.2026-11.org.openmpio:raw");

    if (context == NULL)
        return fail(r, portal, "no memory");
    r->session[r->sessions++] = context;
    iscsi_set_noautoreconnect(context, 1);
    if (iscsi_set_targetname(context, target) != 0 || iscsi_set_session_type(context, ISCSI_SESSION_NORMAL) != 0 ||
        iscsi_full_connect_sync(context, portal, LUN) != 0)
        return fail(r, portal, iscsi_get_error(context));
    return true;
}

struct raw *raw_open(const char *const *portals, unsigned count, const char *target, unsigned depth, unsigned bytes)
{
    struct raw *r = calloc(1, sizeof *r);

    if (r == NULL || count > MAX_SESSIONS || (r->request = calloc(depth, sizeof *r->request)) == NULL) {
        free(r);
        return NULL;
    }
    r->depth = depth;
    r->bytes = bytes;
    bool ok = true;
    for (unsigned i = 0; i < depth && ok; i++) {
        r->request[i].raw = r;
        r->request[i].iov.iov_len = bytes;
        ok = (r->request[i].iov.iov_base = calloc(1, bytes)) != NULL;
    }
    for (unsigned i = 0; i < count && ok; i++)
        ok = log_in(r, portals[i], target);
    if (ok)
        return r;
    raw_close(r);
    return NULL;
}

uint64_t raw_run(struct raw *r, uint64_t nanoseconds, uint64_t (*next_lba)(void *user), void *user)
{
    uint64_t end = host_time_ns() + nanoseconds;

    r->stopping = false;
    r->done = 0;
    r->next_lba = next_lba;
    r->user = user;
    for (unsigned i = 0; i < r->depth && !r->failed; i++)
        send_one(&r->request[i]);
    while (host_time_ns() < end && !r->failed)
        serve(r);
    r->stopping = true;
    while (r->outstanding > 0 && !r->failed)
        serve(r);
    return r->failed ? 0 : r->done;
}

void raw_close(struct raw *r)
{
    for (unsigned i = 0; i < r->sessions; i++)
        iscsi_destroy_context(r->session[i]);
    for (unsigned i = 0; i < r->depth; i++)
        free(r->request[i].iov.iov_base);
    free(r->request);
    free(r);
}
