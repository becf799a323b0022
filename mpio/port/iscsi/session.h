/* SPDX-License-Identifier: MIT */
/*
 * One iSCSI session in plain types: session.c is the only file that knows libiscsi. Nothing in here
 * calls back: whatever the library reports is kept - state, finished commands, counters - and asked
 * for after the call has returned, so its owner may close the session at any time.
 *
 * A command is outstanding from submit until its answer, a cancel or a close; then it is finished
 * and waits for iscsi_session_take.
 */
#ifndef MPIO_PORT_ISCSI_SESSION_H
#define MPIO_PORT_ISCSI_SESSION_H

#include "world/fabric.h"

struct iscsi_session;

enum iscsi_session_state {
    ISCSI_SESSION_CLOSED,
    ISCSI_SESSION_CONNECTING,
    ISCSI_SESSION_LOGGING_IN,
    ISCSI_SESSION_READY,
    ISCSI_SESSION_BROKEN, /* close it; iscsi_session_error says why */
};

/* The texts belong to the caller and outlive the session. */
struct iscsi_session_config {
    const char *portal, *target, *initiator;
    const char *user, *secret, *target_user, *target_secret;
    uint32_t isid;
    bool header_digest;
};

/* NULL when memory is short. */
struct iscsi_session *iscsi_session_create(const struct iscsi_session_config *config);
void iscsi_session_destroy(struct iscsi_session *s);

/* Starts connect and login with a fresh library context. The state says how it goes on. */
void iscsi_session_open(struct iscsi_session *s);
/* Drops the connection. Every outstanding command is finished with `status`; no buffer is touched
 * after. */
void iscsi_session_close(struct iscsi_session *s, enum hba_status status);

enum iscsi_session_state iscsi_session_state(const struct iscsi_session *s);
const char *iscsi_session_error(const struct iscsi_session *s); /* printable ASCII */

/* The socket and what to wait for (HOST_POLL_*); both may change with each service. -1: none. */
int iscsi_session_fd(const struct iscsi_session *s);
unsigned iscsi_session_want(const struct iscsi_session *s);
/* Reads and writes what can be read and written; `got` as host_poll says. */
void iscsi_session_service(struct iscsi_session *s, unsigned got);

/* Queues a command on a READY session; the next service sends it. The command has passed
 * iscsi_command_check. False: too many are outstanding, or memory is short, or the session broke.
 */
bool iscsi_session_submit(struct iscsi_session *s, struct hba_cmd *cmd, uint64_t now);
/* The next finished command; NULL when there is none. */
struct hba_cmd *iscsi_session_take(struct iscsi_session *s);
bool iscsi_session_has_finished(const struct iscsi_session *s);
/* When the oldest question that has no answer yet was asked, pings not counted; WORLD_NEVER: none.
 */
uint64_t iscsi_session_oldest(const struct iscsi_session *s);
/* Answers of any kind so far. */
uint64_t iscsi_session_answers(const struct iscsi_session *s);

/* Sends a NOP-Out. */
void iscsi_session_ping(struct iscsi_session *s);
bool iscsi_session_ping_unanswered(const struct iscsi_session *s);

/* Sends LOGICAL UNIT RESET and finishes the LUN's commands with HBA_ABORTED. False: parts of
 * commands still wait in the library's send queue and cannot be taken back, so only a close aborts
 * them. */
bool iscsi_session_reset_lun(struct iscsi_session *s, const uint8_t lun[8], uint64_t now);

#endif
