/* SPDX-License-Identifier: MIT */
/*
 * What the files of this room share. A path is one session with its timers:
 *
 *   waiting     the next attempt is due at retry_at
 *   connecting, logging in    an attempt is under way, until opened_at + login_timeout
 *   up          commands go out
 *   draining    the session is gone; its commands and the news wait for the interrupt
 *   down        taken out of use (iscsi_hba_link), or its machine has stopped
 *
 * Runs in the world's loop; nothing needs a lock. The session reports nothing by itself: after each
 * call into it the path looks at its state (iscsi_path_look).
 */
#ifndef MPIO_PORT_ISCSI_PATH_H
#define MPIO_PORT_ISCSI_PATH_H

#include "port/iscsi/iscsi_hba.h"
#include "port/iscsi/session.h"

enum iscsi_path_phase {
    ISCSI_PATH_DOWN,
    ISCSI_PATH_WAITING,
    ISCSI_PATH_CONNECTING,
    ISCSI_PATH_LOGGING_IN,
    ISCSI_PATH_UP,
    ISCSI_PATH_DRAINING,
};

struct iscsi_path_times {
    uint64_t command, login, retry, ping_interval, ping_timeout;
};

struct iscsi_path {
    struct iscsi_hba *hba;
    uint32_t target;
    struct iscsi_path_times times;
    struct iscsi_session_config texts; /* copies */
    struct iscsi_session *session;
    enum iscsi_path_phase phase;
    bool enabled; /* iscsi_hba_link */
    bool holding; /* a reset of ours reconnects: new commands wait in `held` */
    bool present; /* the target exists for the machine: up, or lost a short time ago */
    bool lost;    /* it was up before and is not now */
    bool told_up, told_present; /* what the miniport knows */
    struct hba_cmd *held, **held_end;
    int fd; /* watched, or -1 */
    unsigned want;
    uint64_t opened_at, up_at, lost_at, retry_at;
    uint64_t next_ping, ping_sent;
    uint64_t answers;   /* of the session when the NOP-Out that is under way was sent */
    struct event timer; /* the earliest of the deadlines */
    struct event news;  /* hands finished commands and link events to the machine */
    struct event flush; /* sends what was submitted since */
    struct event say;   /* reports a loss when the commands have been dealt with */
    uint64_t commands, lost_commands, logins;
    char error[320];
};

struct iscsi_hba {
    struct hba hba;
    uint64_t dev_loss_time;
    void (*report)(void *user, const char *line);
    void *user;
    struct iscsi_path *path[HBA_MAX_TARGETS];
};

/* ---- path.c --------------------------------------------------------------------------------- */
/* First call on a path whose memory is zero but for hba, target, times, texts and session. */
void iscsi_path_start(struct iscsi_path *p);
/* Closes the session and takes the path out of the world. */
void iscsi_path_stop(struct iscsi_path *p);
void iscsi_path_enable(struct iscsi_path *p, bool enabled);
void iscsi_path_submit(struct iscsi_path *p, struct hba_cmd *cmd);
void iscsi_path_reset_lun(struct iscsi_path *p, const uint8_t lun[8]);
void iscsi_path_reset(struct iscsi_path *p);
const char *iscsi_path_phase_name(enum iscsi_path_phase phase);

/* ---- command.c ------------------------------------------------------------------------------ */
void iscsi_command_clear(struct array_cmd *scsi);
/* False when the library cannot carry it: the result is then set, as a target would refuse it. */
bool iscsi_command_check(struct array_cmd *scsi);
/* Ends a command that no session has: trace, count, done. */
void iscsi_command_end(struct iscsi_path *p, struct hba_cmd *cmd, enum hba_status status);
/* The same for the finished commands of the path's session. */
void iscsi_command_drain(struct iscsi_path *p);

#endif
