/* SPDX-License-Identifier: MIT */
/*
 * Real paths: an HBA whose targets are iSCSI sessions of this process (libiscsi over TCP). It
 * stands behind the same struct hba_operations as the simulated fabric, so the iSCSI miniport
 * drives either without knowing which. One session = one I_T nexus = one target id = one path.
 *
 * Needs a world with the host clock: sockets become events of the world's loop. A lost session ends
 * its commands with HBA_LINK_DOWN at once, tells LINK_DOWN, and TARGET_GONE when the dev-loss time
 * is over; meanwhile the HBA keeps trying. The first unit attention of a new session (29/00) is
 * passed on.
 */
#ifndef MPIO_PORT_ISCSI_HBA_H
#define MPIO_PORT_ISCSI_HBA_H

#include "world/fabric.h"

#define ISCSI_MAX_TEXT      255u  /* bytes of a portal, name or CHAP text: libiscsi's own limit */
#define ISCSI_MAX_INITIATOR 223u  /* bytes of an iSCSI name, RFC 7143 */
#define ISCSI_MAX_COMMANDS  1024u /* outstanding on one session; more end HBA_BUSY */
#define ISCSI_MAX_CDB       16u
#define ISCSI_MAX_TRANSFER  ARRAY_MAX_TRANSFER

struct iscsi_hba_config {
    const char *name;
    const char *initiator;  /* iSCSI name of the initiator */
    uint32_t queue_depth;   /* per LUN; 0: 32 */
    uint64_t dev_loss_time; /* units of 100 ns, counted from the loss; 0: the target disappears at
                               once */
    /* Hears of refused logins, lost paths and returns, one line each. NULL: host_log. */
    void (*report)(void *user, const char *line);
    void *user;
};

/* NULL: a name is missing or too long, memory is short, or the machine has an HBA of this name. */
struct hba *iscsi_hba_create(struct machine *m, const struct iscsi_hba_config *config);

/* Texts are copied. Times are units of 100 ns; 0 takes the default. */
struct iscsi_path_config {
    const char *portal; /* "address:port" or "[address]:port"; a host name is looked up at each
                         * attempt and holds the world up meanwhile */
    const char *target; /* iSCSI name of the target */
    const char *user, *secret;               /* CHAP; NULL: none */
    const char *target_user, *target_secret; /* mutual CHAP; NULL: none */
    const char *initiator;                   /* NULL: the HBA's */
    uint32_t isid; /* part of the initiator port's name, 24 bits; 0: from HBA and target id */
    uint64_t command_timeout; /* default 10 s: the oldest command without an answer brings the path
                                 down */
    uint64_t login_timeout;   /* default 10 s: connect and login together */
    uint64_t retry_interval;  /* default 500 ms: between attempts to log in */
    uint64_t ping_interval; /* default command_timeout / 8, at most command_timeout: a NOP-Out goes
                             * out so often */
    uint64_t ping_timeout;  /* default command_timeout / 4: no answer to it, nor any other, brings
                             * the path down */
    bool header_digest;     /* insist on CRC32C header digests */
};

/* Starts to log in and returns the target id; the target is announced (ARRIVED) when the login is
 * done. -1 when the configuration is out of range, the HBA is full, memory is short, or the world
 * has no host clock; `report` has the reason. */
int iscsi_hba_add_path(struct hba *h, const struct iscsi_path_config *config);

/* Takes a path (or all: HBA_ALL_TARGETS) out of use, as a pulled cable does, and puts it back. */
void iscsi_hba_link(struct hba *h, uint32_t target, bool up);
/* True for HBAs of this kind: their links belong to iscsi_hba_link, not to fabric_link. */
bool iscsi_hba_is(const struct hba *h);

struct iscsi_path_state {
    const char *portal, *target;
    const char *state; /* "connecting", "logging in", "up", "draining", "waiting", "down" */
    const char *error; /* why the last session or attempt ended; "" after none */
    bool up;
    uint64_t commands, lost; /* submitted; ended without an answer of the target */
    uint64_t logins;         /* sessions that came up */
};
/* false when there is no such target. The texts are valid until the path changes. */
bool iscsi_hba_path_state(const struct hba *h, uint32_t target, struct iscsi_path_state *state);

#endif
