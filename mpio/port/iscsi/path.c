/* SPDX-License-Identifier: MIT */
/*
 * The life of a path: attempts to log in, silence, loss, resets, return; states in path.h.
 *
 * A path goes down when the connection ends, when a NOP-Out gets no answer within ping_timeout, or
 * when the oldest command gets none within the command time-out. The session is closed before
 * anything is told, so the library never touches a buffer that was handed back. What the machine
 * sees - events, ends of commands - happens in the news event, which runs for the machine and
 * raises an interrupt; as in the fabric LINK_DOWN precedes the failed commands.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "port/iscsi/path.h"
#include "world/trace.h"

#define CONTAINER(pointer, member)                                                                 \
    ((struct iscsi_path *)(void *)((char *)(pointer)-offsetof(struct iscsi_path, member)))

#define FIRST_RETRY WORLD_MS

enum trace_link_state { LINK_STATE_DOWN, LINK_STATE_UP, LINK_STATE_GONE, LINK_STATE_ARRIVED };

static void look(struct iscsi_path *p);

const char *iscsi_path_phase_name(enum iscsi_path_phase phase)
{
    static const char *const names[] = {
        [ISCSI_PATH_DOWN] = "down",
        [ISCSI_PATH_WAITING] = "waiting",
        [ISCSI_PATH_CONNECTING] = "connecting",
        [ISCSI_PATH_LOGGING_IN] = "logging in",
        [ISCSI_PATH_UP] = "up",
        [ISCSI_PATH_DRAINING] = "draining",
    };

    return names[phase];
}

static uint64_t now(const struct iscsi_path *p)
{
    return world_now(p->hba->hba.world);
}

static uint64_t after(uint64_t time, uint64_t span)
{
    return span > WORLD_NEVER - time ? WORLD_NEVER : time + span;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void trace_link(const struct iscsi_path *p, enum trace_link_state state)
{
    trace_emit(p->hba->hba.world, p->hba->hba.machine, TRACE_LINK, p->hba->hba.ordinal, p->target,
               state, 0);
}

/* One line for people; the same reason is not repeated at each attempt. */
static void report(struct iscsi_path *p, const char *what)
{
    char line[1100];

    snprintf(line, sizeof line, "iSCSI path %s target %" PRIu32 " (portal %s, %s): %s",
             p->hba->hba.name, p->target, p->texts.portal, p->texts.target, what);
    if (p->hba->report != NULL)
        p->hba->report(p->hba->user, line);
    else
        host_log(line);
}

/* ---- time ----------------------------------------------------------------------------------- */
static void schedule(struct iscsi_path *p)
{
    uint64_t due = WORLD_NEVER;

    switch (p->phase) {
    case ISCSI_PATH_WAITING:
        due = p->retry_at;
        break;
    case ISCSI_PATH_CONNECTING:
    case ISCSI_PATH_LOGGING_IN:
        due = after(p->opened_at, p->times.login);
        break;
    case ISCSI_PATH_UP:
        due = p->next_ping;
        if (iscsi_session_ping_unanswered(p->session))
            due = earlier(due, after(p->ping_sent, p->times.ping_timeout));
        due = earlier(due, after(iscsi_session_oldest(p->session), p->times.command));
        break;
    case ISCSI_PATH_DRAINING:
    case ISCSI_PATH_DOWN:
        break;
    }
    if (p->lost && p->present)
        due = earlier(due, after(p->lost_at, p->hba->dev_loss_time));
    if (due == WORLD_NEVER)
        world_cancel(p->hba->hba.world, &p->timer);
    else
        world_post(p->hba->hba.world, &p->timer, due, EVENT_INTERRUPT);
}

static void post_news(struct iscsi_path *p)
{
    if (!event_is_queued(&p->news))
        world_post(p->hba->hba.world, &p->news, now(p), EVENT_INTERRUPT);
}

/* ---- sockets -------------------------------------------------------------------------------- */
static void unwatch(struct iscsi_path *p)
{
    if (p->fd >= 0)
        world_watch(p->hba->hba.world, p->fd, 0, NULL, NULL);
    p->fd = -1;
    p->want = 0;
}

static void on_socket(void *argument, unsigned got)
{
    struct iscsi_path *p = argument;

    if (p->hba->hba.machine->state != MACHINE_RUNNING) {
        iscsi_path_stop(p);
        return;
    }
    iscsi_session_service(p->session, got);
    look(p);
}

/* The library may have another socket, or want something else, after each call. */
static bool watch(struct iscsi_path *p)
{
    int fd = iscsi_session_fd(p->session);
    unsigned want = fd >= 0 ? iscsi_session_want(p->session) : 0;

    if (fd >= 0 && want == 0)
        want = HOST_POLL_IN;
    if (fd == p->fd && want == p->want)
        return true;
    if (fd != p->fd)
        unwatch(p);
    if (fd >= 0 && !world_watch(p->hba->hba.world, fd, want, on_socket, p))
        return false;
    p->fd = fd;
    p->want = want;
    return true;
}

/* ---- down ----------------------------------------------------------------------------------- */
/* Held commands of one LUN, or of all (lun NULL). */
static void abort_held(struct iscsi_path *p, const uint8_t *lun)
{
    struct hba_cmd *cmd = p->held, *next;

    p->held = NULL;
    p->held_end = &p->held;
    for (; cmd != NULL; cmd = next) {
        next = cmd->next;
        if (lun == NULL || memcmp(lun, cmd->scsi.lun, 8) == 0) {
            iscsi_command_end(p, cmd, HBA_ABORTED);
        } else {
            cmd->next = NULL;
            *p->held_end = cmd;
            p->held_end = &cmd->next;
        }
    }
}

static void close_session(struct iscsi_path *p, enum hba_status status)
{
    unwatch(p);
    world_cancel(p->hba->hba.world, &p->flush);
    iscsi_session_close(p->session, status);
}

/* The session, or the attempt, is over. */
static void lose(struct iscsi_path *p, const char *reason)
{
    bool was_up = p->phase == ISCSI_PATH_UP || p->holding;
    bool same = strcmp(p->error, reason) == 0;
    char line[400];

    snprintf(p->error, sizeof p->error, "%s", reason);
    close_session(p, HBA_LINK_DOWN);
    p->holding = false;
    p->phase = ISCSI_PATH_DRAINING;
    /* Soon after a session that lived a while, but its commands go on their way first; else a target
     * that drops each login would keep us busy. */
    p->retry_at = after(now(p), FIRST_RETRY);
    if (!was_up || now(p) < after(p->up_at, p->times.retry))
        p->retry_at = after(now(p), p->times.retry);
    if (was_up) {
        p->lost = true;
        p->lost_at = now(p);
        trace_link(p, LINK_STATE_DOWN);
        world_post(p->hba->hba.world, &p->say, now(p), EVENT_IDLE); /* writing takes time too */
    } else if (!same && p->enabled) {
        snprintf(line, sizeof line, "%s; trying again every %" PRIu64 " ms", p->error,
                 (uint64_t)(p->times.retry / WORLD_MS));
        report(p, line);
    }
    schedule(p);
    post_news(p);
}

static void on_say(struct event *e)
{
    struct iscsi_path *p = CONTAINER(e, say);
    char line[400];

    snprintf(line, sizeof line, "lost: %s", p->error);
    report(p, line);
}

/* ---- up ------------------------------------------------------------------------------------- */
static void come_up(struct iscsi_path *p)
{
    p->phase = ISCSI_PATH_UP;
    p->up_at = now(p);
    p->next_ping = after(now(p), p->times.ping_interval);
    p->logins++;
    if (!p->present)
        trace_link(p, LINK_STATE_ARRIVED);
    else if (p->lost)
        trace_link(p, LINK_STATE_UP);
    if (*p->error != '\0' && !p->holding)
        report(p, "logged in");
    *p->error = '\0';
    p->present = true;
    p->lost = p->holding = false;
    post_news(p);
}

/* After each call into the session. */
static void look(struct iscsi_path *p)
{
    switch (iscsi_session_state(p->session)) {
    case ISCSI_SESSION_BROKEN:
        lose(p, iscsi_session_error(p->session));
        return;
    case ISCSI_SESSION_LOGGING_IN:
        p->phase = ISCSI_PATH_LOGGING_IN;
        break;
    case ISCSI_SESSION_READY:
        if (p->phase != ISCSI_PATH_UP) {
            come_up(p);
            schedule(p);
        }
        break;
    case ISCSI_SESSION_CONNECTING:
    case ISCSI_SESSION_CLOSED:
        break;
    }
    if (!watch(p)) {
        lose(p, "no memory to watch the socket");
        return;
    }
    if (iscsi_session_has_finished(p->session))
        post_news(p);
}

static void attempt(struct iscsi_path *p)
{
    p->phase = ISCSI_PATH_CONNECTING;
    p->opened_at = now(p);
    iscsi_session_open(p->session);
    schedule(p);
    look(p);
}

/* ---- events --------------------------------------------------------------------------------- */
/* Any answer shows that the connection lives: the NOP-Out may wait behind much data. */
static void check_silence(struct iscsi_path *p)
{
    uint64_t answers = iscsi_session_answers(p->session);

    if (now(p) >= after(iscsi_session_oldest(p->session), p->times.command)) {
        lose(p, "no answer to a command within the command time-out");
        return;
    }
    if (iscsi_session_ping_unanswered(p->session) && answers != p->answers) {
        p->answers = answers;
        p->ping_sent = now(p);
    } else if (iscsi_session_ping_unanswered(p->session) &&
               now(p) >= after(p->ping_sent, p->times.ping_timeout)) {
        lose(p, "no answer to a NOP-Out: the connection is silent");
        return;
    }
    if (now(p) < p->next_ping)
        return;
    p->next_ping = after(now(p), p->times.ping_interval);
    if (iscsi_session_ping_unanswered(p->session))
        return;
    p->answers = answers;
    p->ping_sent = now(p);
    iscsi_session_ping(p->session);
    iscsi_session_service(p->session, HOST_POLL_OUT);
    look(p);
}

static void on_timer(struct event *e)
{
    struct iscsi_path *p = CONTAINER(e, timer);

    if (p->lost && p->present && now(p) >= after(p->lost_at, p->hba->dev_loss_time)) {
        p->present = false;
        trace_link(p, LINK_STATE_GONE);
        post_news(p);
    }
    switch (p->phase) {
    case ISCSI_PATH_WAITING:
        if (now(p) >= p->retry_at)
            attempt(p);
        break;
    case ISCSI_PATH_CONNECTING:
        if (now(p) >= after(p->opened_at, p->times.login))
            lose(p, "cannot connect: no answer within the login time-out");
        break;
    case ISCSI_PATH_LOGGING_IN:
        if (now(p) >= after(p->opened_at, p->times.login))
            lose(p, "login failed: no answer within the login time-out");
        break;
    case ISCSI_PATH_UP:
        check_silence(p);
        break;
    case ISCSI_PATH_DRAINING:
    case ISCSI_PATH_DOWN:
        break;
    }
    schedule(p);
}

static void on_flush(struct event *e)
{
    struct iscsi_path *p = CONTAINER(e, flush);

    iscsi_session_service(p->session, HOST_POLL_OUT);
    look(p);
}

/* The reconnect after a reset has come to an end, well or not. */
static void release_held(struct iscsi_path *p)
{
    struct hba_cmd *cmd = p->held, *next;

    p->held = NULL;
    p->held_end = &p->held;
    for (; cmd != NULL; cmd = next) {
        next = cmd->next;
        p->commands--; /* counted when it came */
        iscsi_path_submit(p, cmd);
    }
}

static void tell(struct iscsi_path *p, enum hba_event event)
{
    struct hba *h = &p->hba->hba;

    if (h->on_event != NULL)
        h->on_event(h, event, p->target);
}

/* The interrupt. A callback may come back with submits and resets: each step looks at the state
 * anew. */
static void tell_news(void *argument)
{
    struct iscsi_path *p = argument;

    if (p->told_up && p->phase != ISCSI_PATH_UP && !p->holding) {
        p->told_up = false;
        tell(p, HBA_EVENT_LINK_DOWN);
    }
    iscsi_command_drain(p);
    if (!p->holding)
        release_held(p);
    if (p->told_present && !p->present) {
        p->told_present = false;
        tell(p, HBA_EVENT_TARGET_GONE);
    }
    if (!p->told_up && p->phase == ISCSI_PATH_UP) {
        p->told_up = true;
        tell(p, HBA_EVENT_LINK_UP);
    }
    if (!p->told_present && p->present) {
        p->told_present = true;
        tell(p, HBA_EVENT_TARGET_ARRIVED);
    }
    if (p->phase == ISCSI_PATH_DRAINING) {
        p->phase = p->enabled ? ISCSI_PATH_WAITING : ISCSI_PATH_DOWN;
        schedule(p);
    }
}

static void on_news(struct event *e)
{
    struct iscsi_path *p = CONTAINER(e, news);
    struct machine *m = p->hba->hba.machine;

    if (m->operations != NULL && m->operations->interrupt != NULL)
        m->operations->interrupt(m, tell_news, p);
    else
        tell_news(p); /* a machine without a kernel: nothing to raise */
}

/* ---- from the HBA --------------------------------------------------------------------------- */
void iscsi_path_start(struct iscsi_path *p)
{
    struct machine *m = p->hba->hba.machine;

    p->timer.run = on_timer;
    p->news.run = on_news;
    p->flush.run = on_flush;
    p->say.run = on_say;
    p->timer.machine = p->news.machine = p->flush.machine = p->say.machine = m;
    p->held_end = &p->held;
    p->fd = -1;
    p->enabled = true;
    p->phase = ISCSI_PATH_WAITING;
    p->retry_at = now(p);
    schedule(p);
}

void iscsi_path_stop(struct iscsi_path *p)
{
    close_session(p, HBA_LINK_DOWN);
    world_cancel(p->hba->hba.world, &p->timer);
    world_cancel(p->hba->hba.world, &p->news);
    world_cancel(p->hba->hba.world, &p->say);
    p->phase = ISCSI_PATH_DOWN;
}

void iscsi_path_enable(struct iscsi_path *p, bool enabled)
{
    if (p->enabled == enabled)
        return;
    p->enabled = enabled;
    if (enabled && p->phase == ISCSI_PATH_DOWN) {
        p->phase = ISCSI_PATH_WAITING;
        p->retry_at = now(p);
        schedule(p);
    } else if (!enabled && p->phase != ISCSI_PATH_DRAINING) {
        lose(p, "taken out of use");
    }
}

void iscsi_path_submit(struct iscsi_path *p, struct hba_cmd *cmd)
{
    p->commands++;
    if (p->phase == ISCSI_PATH_UP) {
        if (iscsi_session_submit(p->session, cmd, now(p))) {
            if (!event_is_queued(&p->flush))
                world_post(p->hba->hba.world, &p->flush, now(p), EVENT_IDLE);
        } else if (iscsi_session_state(p->session) == ISCSI_SESSION_READY) {
            iscsi_command_end(p, cmd, HBA_BUSY);
        } else {
            lose(p, iscsi_session_error(p->session));
            iscsi_command_end(p, cmd, HBA_LINK_DOWN);
        }
    } else if (p->holding) {
        cmd->next = NULL;
        *p->held_end = cmd;
        p->held_end = &cmd->next;
    } else {
        iscsi_command_end(p, cmd, p->present ? HBA_LINK_DOWN : HBA_NO_TARGET);
    }
}

void iscsi_path_reset_lun(struct iscsi_path *p, const uint8_t lun[8])
{
    if (p->phase != ISCSI_PATH_UP) {
        abort_held(p, lun);
    } else if (iscsi_session_reset_lun(p->session, lun, now(p))) {
        iscsi_session_service(p->session, HOST_POLL_OUT);
        look(p);
    } else if (iscsi_session_state(p->session) == ISCSI_SESSION_BROKEN) {
        lose(p, iscsi_session_error(p->session));
    } else {
        iscsi_path_reset(p);
    }
    iscsi_command_drain(p);
}

/* Dropping the session ends every task of the I_T nexus. The path stays up for the miniport unless
 * the next login fails. */
void iscsi_path_reset(struct iscsi_path *p)
{
    abort_held(p, NULL);
    if (p->phase == ISCSI_PATH_UP) {
        close_session(p, HBA_ABORTED);
        p->holding = true;
        attempt(p);
    }
    iscsi_command_drain(p);
}
