/* SPDX-License-Identifier: MIT */
/*
 * Checkers that are always on: rules of storage that no machine, fabric or array of a world may break.
 * They watch where commands meet (an HBA's queue, the door of an array) and keep books of their own; a
 * rule that is broken becomes a finding, which makes the run's verdict. They change nothing: the world
 * behaves as if they were not there. Data are checked by the load (embed/stream.c).
 */
#ifndef MPIO_WORLD_CHECK_H
#define MPIO_WORLD_CHECK_H

#include "array/array.h"
#include "world/world.h"

/* X(RULE, "name", "what holds") */
#define CHECK_RULES(X)                                                                              \
    X(CHECK_ONCE, "command-once", "an HBA ends every command once")                                 \
    X(CHECK_LATE, "late-command", "a command that the host was told to be over reaches no array")   \
    X(CHECK_RESERVATION, "reservation", "reservations admit and refuse as SPC-4 says")              \
    X(CHECK_UNREGISTERED, "unregistered-path",                                                      \
      "a host that is registered sends no media command through a path that is not")                \
    X(CHECK_IO, "io-once", "a request of an application ends once")                                 \
    X(CHECK_DISK, "one-disk", "a LUN is one disk of a machine")                                     \
    X(CHECK_CLUSTER, "cluster", "of a shared LUN only its owner writes, and preemption fences") \
    X(CHECK_BOOT, "boot", "a machine that boots again gets its drivers and adapters")

enum check_rule {
#define X(rule, name, text) rule,
    CHECK_RULES(X)
#undef X
    CHECK_RULE_COUNT
};

struct check_finding {
    uint64_t time;
    enum check_rule rule;
    const struct machine *machine;  /* NULL: of the world */
    char text[200];
};

const char *check_rule_name(enum check_rule rule);
const char *check_rule_text(enum check_rule rule);
/* How many there were; the first CHECK_KEPT of them can be read. */
#define CHECK_KEPT 32u
unsigned check_count(const struct world *w);
const struct check_finding *check_finding(const struct world *w, unsigned n);
/* A rule was broken: a TRACE_CHECK record, and a finding. `object` and `detail` are ordinals and numbers for the record. */
__attribute__((format(printf, 6, 7)))
void check_report(struct world *w, struct machine *m, enum check_rule rule, uint64_t object, uint64_t detail,
                  const char *format, ...);

/* ---- commands at the HBA: check_command.c ------------------------------------------------------ */
/* The state of a command in its HBA, kept in struct hba_cmd. Values that memory nobody has written is unlikely to have. */
enum { CHECK_OUTSTANDING = 0x4f75745f, CHECK_ENDED = 0x456e645f };
struct hba;
struct hba_cmd;
/* It ends though it is not outstanding. */
void check_ended_twice(const struct hba *h, const struct hba_cmd *cmd);
/* The machine has been unloaded: nothing of it may be left in its HBAs. */
void check_unloaded(struct machine *m);
/* It is about to reach the array though it is not outstanding. */
void check_too_late(const struct hba *h, const struct hba_cmd *cmd);

/* ---- reservations: check_reservation.c ----------------------------------------------------------- */
/* Who sent a command to an array. */
struct check_sender {
    struct world *world;
    struct machine *machine;    /* NULL: nobody's, as a ghost */
    struct array *array;
    const struct array_nexus *nexus;
    const char *initiator;
    unsigned port;
};
/* Whether there is anything to do for this command; few are. */
bool check_concerns(const struct world *w, const struct array_cmd *cmd);
/* The array has executed the command: its outcome against the model, then the model after it. */
void check_executed(const struct check_sender *s, const struct array_cmd *cmd);
/* What else changes reservations. `lun` NULL: every LUN of the array. */
void check_reset(const struct check_sender *s, const uint8_t *lun);
void check_logged_out(const struct check_sender *s);
void check_power_lost(struct world *w, const struct array *a);
void check_lun_removed(struct world *w, const struct array *a, uint16_t lun);
/* The next `count` RESERVATION CONFLICTs of a LUN are somebody's wish (array_inject). */
void check_excuse(struct world *w, const struct array *a, uint16_t lun, unsigned count);

#endif
