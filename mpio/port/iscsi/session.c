/* SPDX-License-Identifier: MIT */
/*
 * libiscsi 1.19 behind session.h. Its own reconnect is off: a lost connection would replay commands
 * with a new ISID, which is another I_T nexus. Its time-outs are off as well: they count whole
 * seconds. The library cancels what is outstanding when a connection dies, accepts commands
 * afterwards and still says "logged in"; so one unasked CANCELLED, or a failing service, means
 * broken.
 *
 * struct scsi_task is public: the tasks come from slots of ours, so that a command allocates
 * nothing here. The library reads and writes the caller's buffer directly through the slot's iovec.
 * Runs in the world's loop; its callbacks run inside the library's calls and only note what
 * happened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>

#include "host/host.h"
#include "port/iscsi/iscsi_hba.h"
#include "port/iscsi/session.h"

#define SLOTS_PER_BLOCK  64u
#define ISID_RANDOM_BITS 0x4f4d50u   /* of every session: the qualifier tells them apart */
#define NO_TASK          0xffffffffu /* the referenced task tag of a LUN reset */

/* What iscsi_service and iscsi_which_events speak: the bits of poll(2). */
enum { LIBRARY_IN = 0x01, LIBRARY_OUT = 0x04, LIBRARY_ERROR = 0x08, LIBRARY_HANG_UP = 0x10 };

struct slot {
    struct scsi_task task;
    struct scsi_iovec iov;
    struct iscsi_session *session;
    struct hba_cmd *cmd;
    uint64_t submitted;
    struct slot *next_free;
};

struct slot_block {
    struct slot_block *next;
    struct slot slot[SLOTS_PER_BLOCK];
};

struct command_queue {
    struct hba_cmd *first, **end;
};

struct iscsi_session {
    struct iscsi_session_config config;
    struct iscsi_context *context;
    enum iscsi_session_state state;
    enum hba_status cancel_status; /* what a cancelled command ends with */
    bool cancelling;               /* we asked for it */
    struct command_queue outstanding, finished;
    unsigned slot_count, unsent;   /* unsent: commands given to the library since it last wrote */
    struct slot *free_slots;
    struct slot_block *blocks;
    uint64_t answers;
    unsigned pings, resets; /* unanswered */
    uint64_t reset_since;
    char error[320];
};

/* ---- lists ---------------------------------------------------------------------------------- */
static void queue_init(struct command_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_append(struct command_queue *q, struct hba_cmd *cmd)
{
    cmd->next = NULL;
    cmd->link = q->end;
    *q->end = cmd;
    q->end = &cmd->next;
}

static void queue_remove(struct command_queue *q, struct hba_cmd *cmd)
{
    *cmd->link = cmd->next;
    if (cmd->next != NULL)
        cmd->next->link = cmd->link;
    else
        q->end = cmd->link;
}

static struct slot *take_slot(struct iscsi_session *s)
{
    struct slot *slot = s->free_slots;

    if (slot == NULL && s->slot_count < ISCSI_MAX_COMMANDS) {
        struct slot_block *block = calloc(1, sizeof *block);

        if (block == NULL)
            return NULL;
        block->next = s->blocks;
        s->blocks = block;
        s->slot_count += SLOTS_PER_BLOCK;
        for (unsigned i = SLOTS_PER_BLOCK; i-- > 0;) {
            block->slot[i].session = s;
            block->slot[i].next_free = s->free_slots;
            s->free_slots = &block->slot[i];
        }
        slot = s->free_slots;
    }
    if (slot != NULL)
        s->free_slots = slot->next_free;
    return slot;
}

/* ---- ends ----------------------------------------------------------------------------------- */
/* Keeps the first reason. Parts of the text may come from the target: only printable ASCII stays.
 */
static void break_session(struct iscsi_session *s, const char *what, const char *detail)
{
    if (s->state == ISCSI_SESSION_BROKEN || s->cancelling)
        return;
    s->state = ISCSI_SESSION_BROKEN;
    snprintf(s->error, sizeof s->error, "%s%s%s", what, *detail != '\0' ? ": " : "", detail);
    for (char *c = s->error; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

static void break_with_library_error(struct iscsi_session *s, const char *what)
{
    const char *error = iscsi_get_error(s->context);
    char detail[sizeof s->error];
    size_t length;

    /* One wording for one thing: the library's depends on who noticed it. */
    if (error != NULL && (strstr(error, "Can not reconnect right now") != NULL ||
                          strstr(error, "Connection reset by peer") != NULL))
        error = "closed by the other side";
    /* Without the name of the library's function in front and the full stops and line ends behind. */
    if (error != NULL && strncmp(error, "iscsi_", 6) == 0 && error[strcspn(error, ": ")] == ':')
        error += strcspn(error, ":") + 1;
    while (error != NULL && *error == ' ')
        error++;
    snprintf(detail, sizeof detail, "%s", error != NULL ? error : "");
    for (length = strlen(detail); length > 0 && strchr(" .\n", detail[length - 1]) != NULL; length--)
        detail[length - 1] = '\0';
    break_session(s, what, detail);
}

static void finish(struct slot *slot, enum hba_status status)
{
    struct iscsi_session *s = slot->session;
    struct hba_cmd *cmd = slot->cmd;

    cmd->status = status;
    queue_remove(&s->outstanding, cmd);
    queue_append(&s->finished, cmd);
    slot->next_free = s->free_slots;
    s->free_slots = slot;
}

/* ---- answers -------------------------------------------------------------------------------- */
/* CHECK CONDITION comes with a data segment: a length of two bytes, then the sense data. */
static void take_sense(struct array_cmd *scsi, const struct scsi_task *task)
{
    const uint8_t *data = task->datain.data;
    size_t length = 0;

    if (data != NULL && task->datain.size >= 2) {
        length = (size_t)data[0] << 8 | data[1];
        if (length > (size_t)task->datain.size - 2)
            length = (size_t)task->datain.size - 2;
        if (length > sizeof scsi->sense)
            length = sizeof scsi->sense;
        memcpy(scsi->sense, data + 2, length);
    }
    scsi->sense_length = (uint8_t)length;
}

/* The target's figures are bounded by what was asked for; the library itself refuses data beyond
 * the iovec. Two things it keeps from us, so both pass as good: a target that sends less data than
 * it says, and the iSCSI response "target failure" with a SCSI status of zero. */
static void take_lengths(struct array_cmd *scsi, const struct scsi_task *task)
{
    uint32_t residual = task->residual > UINT32_MAX ? UINT32_MAX : (uint32_t)task->residual;

    scsi->transferred = scsi->length;
    scsi->wanted = scsi->length;
    if (task->residual_status == SCSI_RESIDUAL_UNDERFLOW) {
        scsi->transferred = residual < scsi->length ? scsi->length - residual : 0;
        scsi->wanted = scsi->transferred;
    } else if (task->residual_status == SCSI_RESIDUAL_OVERFLOW) {
        scsi->wanted = residual < UINT32_MAX - scsi->length ? scsi->length + residual : UINT32_MAX;
    }
}

static void on_command(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct slot *slot = argument;
    struct iscsi_session *s = slot->session;
    struct array_cmd *scsi = &slot->cmd->scsi;

    (void)context, (void)data;
    if (status >= 0 && status <= 0xff) {
        s->answers++;
        scsi->status = (uint8_t)status;
        take_lengths(scsi, &slot->task);
        if (status == SCSI_STATUS_CHECK_CONDITION)
            take_sense(scsi, &slot->task);
        finish(slot, HBA_OK);
    } else {
        finish(slot, s->cancel_status);
        if (status == (int)SCSI_STATUS_CANCELLED)
            break_session(s, "connection lost", "");
        else
            break_with_library_error(s, "protocol error");
    }
    free(slot->task.datain.data);
    slot->task.datain.data = NULL;
}

static void on_ping(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct iscsi_session *s = argument;

    (void)context, (void)data;
    s->pings--;
    if (status == SCSI_STATUS_GOOD)
        s->answers++;
    else
        break_session(s, "connection lost", "the target did not take a NOP-Out");
}

static void on_lun_reset(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct iscsi_session *s = argument;
    uint32_t response;

    (void)context;
    s->resets--;
    if (status != SCSI_STATUS_GOOD || data == NULL) {
        break_session(s, "connection lost", "no answer to a LUN reset");
        return;
    }
    s->answers++;
    response = *(const uint32_t *)data;
    if (response != ISCSI_TMR_FUNC_COMPLETE && response != ISCSI_TMR_LUN_DOES_NOT_EXIST &&
        response != ISCSI_TMR_TASK_DOES_NOT_EXIST)
        break_session(s, "the target refused a LUN reset", "");
}

static void on_login(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct iscsi_session *s = argument;

    (void)data;
    switch (status) {
    case SCSI_STATUS_GOOD:
        s->state = ISCSI_SESSION_READY;
        break;
    case SCSI_STATUS_REDIRECT:
        /* A path is a portal: following would turn two paths into one behind our back. */
        break_session(s, "the portal redirects logins; name this portal instead",
                      iscsi_get_target_address(context));
        break;
    default:
        break_with_library_error(s, "login failed");
        break;
    }
}

static void on_connect(struct iscsi_context *context, int status, void *data, void *argument)
{
    struct iscsi_session *s = argument;

    (void)data;
    if (s->cancelling || s->state != ISCSI_SESSION_CONNECTING)
        return;
    if (status != SCSI_STATUS_GOOD) {
        break_with_library_error(s, "cannot connect");
        return;
    }
    s->state = ISCSI_SESSION_LOGGING_IN;
    if (iscsi_login_async(context, on_login, s) != 0)
        break_with_library_error(s, "login failed");
}

/* ---- open and close ------------------------------------------------------------------------- */
struct iscsi_session *iscsi_session_create(const struct iscsi_session_config *config)
{
    struct iscsi_session *s = calloc(1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->config = *config;
    queue_init(&s->outstanding);
    queue_init(&s->finished);
    return s;
}

void iscsi_session_destroy(struct iscsi_session *s)
{
    iscsi_session_close(s, HBA_LINK_DOWN);
    while (s->blocks != NULL) {
        struct slot_block *block = s->blocks;

        s->blocks = block->next;
        free(block);
    }
    free(s);
}

static bool configure(struct iscsi_context *context, const struct iscsi_session_config *config)
{
    iscsi_set_noautoreconnect(context, 1);
    iscsi_set_timeout(context, 0);
    return iscsi_set_isid_random(context, ISID_RANDOM_BITS ^ config->isid >> 16,
                                 config->isid & 0xffff) == 0 &&
           iscsi_set_targetname(context, config->target) == 0 &&
           iscsi_set_session_type(context, ISCSI_SESSION_NORMAL) == 0 &&
           iscsi_set_header_digest(context, config->header_digest
                                                ? ISCSI_HEADER_DIGEST_CRC32C
                                                : ISCSI_HEADER_DIGEST_NONE) == 0 &&
           (config->user == NULL ||
            iscsi_set_initiator_username_pwd(context, config->user, config->secret) == 0) &&
           (config->target_user == NULL ||
            iscsi_set_target_username_pwd(context, config->target_user, config->target_secret) ==
                0);
}

void iscsi_session_open(struct iscsi_session *s)
{
    s->state = ISCSI_SESSION_CONNECTING;
    s->cancel_status = HBA_LINK_DOWN;
    s->pings = s->resets = 0;
    s->context = iscsi_create_context(s->config.initiator);
    if (s->context == NULL)
        break_session(s, "no memory for a session", "");
    else if (!configure(s->context, &s->config))
        break_with_library_error(s, "cannot prepare the session");
    else if (iscsi_connect_async(s->context, s->config.portal, on_connect, s) != 0)
        break_with_library_error(s, "cannot connect");
}

void iscsi_session_close(struct iscsi_session *s, enum hba_status status)
{
    s->cancelling = true;
    s->cancel_status = status;
    /* A write that is still in a socket's buffer must not arrive after its retry on another path and
     * what was written after that: an orderly close would go on delivering it. */
    if (s->context != NULL && iscsi_get_fd(s->context) >= 0)
        host_reset_on_close(iscsi_get_fd(s->context));
    if (s->context != NULL)
        iscsi_destroy_context(s->context);
    s->context = NULL;
    while (s->outstanding.first != NULL) /* not called back by the library */
        finish(s->outstanding.first->hardware, status);
    s->cancelling = false;
    s->state = ISCSI_SESSION_CLOSED;
}

enum iscsi_session_state iscsi_session_state(const struct iscsi_session *s)
{
    return s->state;
}

const char *iscsi_session_error(const struct iscsi_session *s)
{
    return s->error;
}

/* ---- socket --------------------------------------------------------------------------------- */
int iscsi_session_fd(const struct iscsi_session *s)
{
    return s->context != NULL ? iscsi_get_fd(s->context) : -1;
}

unsigned iscsi_session_want(const struct iscsi_session *s)
{
    int events = iscsi_which_events(s->context);

    return (events & LIBRARY_IN ? HOST_POLL_IN : 0u) | (events & LIBRARY_OUT ? HOST_POLL_OUT : 0u);
}

void iscsi_session_service(struct iscsi_session *s, unsigned got)
{
    int events = (got & HOST_POLL_IN ? LIBRARY_IN : 0) | (got & HOST_POLL_OUT ? LIBRARY_OUT : 0) |
                 (got & HOST_POLL_ERROR ? LIBRARY_ERROR : 0) |
                 (got & HOST_POLL_HANG_UP ? LIBRARY_HANG_UP : 0);
    bool was_ready = s->state == ISCSI_SESSION_READY;
    /* The library sends each command with a call of its own: together they cost one pass through the network. */
    bool together = (got & HOST_POLL_OUT) != 0 && s->unsent > 1;
    int fd = iscsi_get_fd(s->context);

    if ((got & HOST_POLL_OUT) != 0)
        s->unsent = 0;
    if (together)
        host_hold_sends(fd, true);
    int result = iscsi_service(s->context, events);
    if (together)
        host_hold_sends(fd, false);
    if (result < 0)
        break_with_library_error(s, was_ready ? "connection lost" : "cannot connect");
    else if ((got & (HOST_POLL_ERROR | HOST_POLL_HANG_UP)) != 0)
        break_session(s, "connection lost", "closed by the other side");
}

/* ---- commands ------------------------------------------------------------------------------- */
static int lun_field(const uint8_t lun[8])
{
    return lun[0] << 8 | lun[1]; /* the library puts the first level on the wire as it is */
}

static void prepare_task(struct slot *slot, const struct array_cmd *scsi)
{
    struct scsi_task *task = &slot->task;

    memset(task, 0, sizeof *task);
    memcpy(task->cdb, scsi->cdb, scsi->cdb_length);
    task->cdb_size = scsi->cdb_length;
    task->expxferlen = (int)scsi->length;
    if (scsi->length == 0) {
        task->xfer_dir = SCSI_XFER_NONE;
        return;
    }
    slot->iov.iov_base = scsi->data;
    slot->iov.iov_len = scsi->length;
    task->xfer_dir = scsi->out ? SCSI_XFER_WRITE : SCSI_XFER_READ;
    if (scsi->out)
        scsi_task_set_iov_out(task, &slot->iov, 1);
    else
        scsi_task_set_iov_in(task, &slot->iov, 1);
}

bool iscsi_session_submit(struct iscsi_session *s, struct hba_cmd *cmd, uint64_t now)
{
    struct slot *slot = take_slot(s);

    if (slot == NULL)
        return false;
    prepare_task(slot, &cmd->scsi);
    if (iscsi_scsi_command_async(s->context, lun_field(cmd->scsi.lun), &slot->task, on_command,
                                 NULL, slot) != 0) {
        slot->next_free = s->free_slots;
        s->free_slots = slot;
        break_with_library_error(s, "cannot queue a command");
        return false;
    }
    slot->cmd = cmd;
    slot->submitted = now;
    s->unsent++;
    cmd->hardware = slot;
    queue_append(&s->outstanding, cmd);
    return true;
}

struct hba_cmd *iscsi_session_take(struct iscsi_session *s)
{
    struct hba_cmd *cmd = s->finished.first;

    if (cmd != NULL)
        queue_remove(&s->finished, cmd);
    return cmd;
}

bool iscsi_session_has_finished(const struct iscsi_session *s)
{
    return s->finished.first != NULL;
}

uint64_t iscsi_session_oldest(const struct iscsi_session *s)
{
    uint64_t oldest = s->resets != 0 ? s->reset_since : WORLD_NEVER;

    if (s->outstanding.first != NULL) {
        const struct slot *slot = s->outstanding.first->hardware;

        oldest = slot->submitted < oldest ? slot->submitted : oldest;
    }
    return oldest;
}

uint64_t iscsi_session_answers(const struct iscsi_session *s)
{
    return s->answers;
}

void iscsi_session_ping(struct iscsi_session *s)
{
    if (iscsi_nop_out_async(s->context, on_ping, NULL, 0, s) == 0)
        s->pings++;
    else
        break_with_library_error(s, "cannot queue a NOP-Out");
}

bool iscsi_session_ping_unanswered(const struct iscsi_session *s)
{
    return s->pings != 0;
}

/* ---- LUN reset ------------------------------------------------------------------------------ */
static bool all_sent(const struct iscsi_session *s)
{
    return iscsi_out_queue_length(s->context) == 0 &&
           (iscsi_which_events(s->context) & LIBRARY_OUT) == 0;
}

/* A command that left entirely can be forgotten: late answers to an unknown task are ignored. One
 * that waits in the send queue cannot: its command number would be missing, its data segments would
 * be sent from memory that has another use by then. */
bool iscsi_session_reset_lun(struct iscsi_session *s, const uint8_t lun[8], uint64_t now)
{
    struct hba_cmd *next;

    iscsi_session_service(s, HOST_POLL_OUT);
    if (s->state != ISCSI_SESSION_READY || !all_sent(s))
        return false;
    /* Not iscsi_task_mgmt_lun_reset_async: that one cancels the commands of every LUN. */
    if (iscsi_task_mgmt_async(s->context, lun_field(lun), ISCSI_TM_LUN_RESET, NO_TASK, 0,
                              on_lun_reset, s) != 0)
        return false;
    if (s->resets++ == 0)
        s->reset_since = now;
    s->cancelling = true;
    s->cancel_status = HBA_ABORTED;
    for (struct hba_cmd *cmd = s->outstanding.first; cmd != NULL; cmd = next) {
        struct slot *slot = cmd->hardware;

        next = cmd->next;
        if (memcmp(cmd->scsi.lun, lun, 8) == 0 &&
            iscsi_scsi_cancel_task(s->context, &slot->task) != 0)
            break;
    }
    s->cancelling = false;
    s->cancel_status = HBA_LINK_DOWN;
    for (struct hba_cmd *cmd = s->outstanding.first; cmd != NULL; cmd = cmd->next)
        if (memcmp(cmd->scsi.lun, lun, 8) == 0)
            return false;
    return true;
}
