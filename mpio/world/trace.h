/* SPDX-License-Identifier: MIT */
/*
 * The event stream: every decision of a run in order, and its hash. Objects appear as ordinals,
 * never as addresses. Reports, replay and tests all read this stream.
 */
#ifndef MPIO_WORLD_TRACE_H
#define MPIO_WORLD_TRACE_H

#include "world/world.h"

/* X(KIND, "name", "argument names, comma-separated, at most 4") - one list makes the codes, the names and the texts. */
#define TRACE_KINDS(X)                                                                              \
    X(TRACE_RUN, "run", "seed")                                                                     \
    X(TRACE_MACHINE, "machine", "state")                                                            \
    X(TRACE_FAULT, "fault", "kind,object,value")                                                    \
    X(TRACE_LINK, "link", "hba,target,state")                                                       \
    X(TRACE_CONTROLLER, "controller", "array,controller,state")                                     \
    X(TRACE_CDB, "cdb", "nexus_lun,opcode_length,status_sense,checksum")                            \
    X(TRACE_DSM_REGISTER, "dsm-register", "dsm,type,status")                                        \
    X(TRACE_DSM_CALL, "dsm-call", "dsm_callback,object,argument,result")                            \
    X(TRACE_LUN, "lun", "lun,state,paths")                                                          \
    X(TRACE_PATH, "path", "path,state,lun")                                                         \
    X(TRACE_FAILOVER, "failover", "path,new_path,mask,status")                                      \
    X(TRACE_IO_RETRY, "io-retry", "lun,path,budget,interval")                                       \
    X(TRACE_IO_DONE, "io-done", "lun,status,information,path")                                      \
    X(TRACE_EVENT_LOG, "event-log", "id,object,value")                                              \
    X(TRACE_PNP, "pnp", "device,minor,status")                                                      \
    X(TRACE_BUGCHECK, "bugcheck", "rule,first,second")                                              \
    X(TRACE_MESSAGE, "message", "component,level,hash")                                             \
    X(TRACE_CHECK, "check", "lun,verdict,lba")                                                      \
    X(TRACE_CLUSTER, "cluster", "cluster,member,former")                           \
    X(TRACE_ORPHAN, "orphan", "hba_target,opcode_length,status,checksum")                           \
    X(TRACE_DRIVER_TRACE, "trace", "driver,level_line,flag,function_format")                        \
    X(TRACE_FABRIC, "fabric", "hba,target,what,value")

enum trace_kind {
#define X(kind, name, arguments) kind,
    TRACE_KINDS(X)
#undef X
    TRACE_KIND_COUNT
};

struct trace_record {
    uint64_t time;
    uint32_t machine;           /* ordinal + 1; 0: the world */
    uint16_t kind;
    uint8_t cpu;
    uint8_t irql;
    uint64_t argument[4];
};

/* Appends a record (hash and ring). A few nanoseconds; never allocates. */
void trace_emit(struct world *w, struct machine *m, enum trace_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* Appends a record that the hash leaves out: about what somebody switched on, which must not change a run's name. */
void trace_note(struct world *w, struct machine *m, enum trace_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
uint64_t trace_hash(const struct world *w);
uint64_t trace_count(const struct world *w);
/* Record number n (from 0); NULL when it has left the ring. */
const struct trace_record *trace_record(const struct world *w, uint64_t n);
/* A listener sees the records of the kinds it wants as they are made (reports, files). NULL removes it. */
#define TRACE_BIT(kind) (1u << (kind))
#define TRACE_ALL_KINDS UINT32_MAX
void trace_listen(struct world *w, uint32_t kinds, void (*listener)(void *user, const struct trace_record *r), void *user);
/* One line of text, without newline. */
void trace_format(const struct trace_record *r, char *text, size_t size);
const char *trace_kind_name(enum trace_kind kind);

#endif
