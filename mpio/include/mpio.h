/* SPDX-License-Identifier: MIT */
/*
 * OpenMPIO embedding interface: build a world from a topology, load DSMs, run I/O and faults in
 * simulated or real time, and read what happened. The command line, the harness and plug-ins use
 * this header and nothing else.
 *
 * One thread per world; no call may be made from inside a callback unless it says so. Times are
 * uint64_t in units of 100 ns since the world began. Functions that can fail return false or NULL
 * and leave a sentence in mpio_error(world).
 */
#ifndef MPIO_H
#define MPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPIO_VERSION "0.1.0"
#define MPIO_SECOND  10000000ull

struct mpio;                    /* a world */

/* ---- building ------------------------------------------------------------------------------ */
struct mpio_options {
    const char *topology_file;  /* name used in messages; read when topology_text is NULL */
    const char *topology_text;  /* NUL-terminated; may be NULL */
    uint64_t seed;              /* 0: the topology's, else 1 */
    bool explore;               /* draw equal-time order, CPUs and preemption from the seed */
    uint32_t os_major, os_minor, os_build; /* 0: Windows 10 personality */
    unsigned trace_records;     /* how many records mpio_trace_text can look back; 0: 8192 */
    /* Called for each line of driver debug output and of the event log. NULL: only what happens to real paths is told,
     * on standard error. */
    void (*message)(void *user, const char *machine, const char *source, const char *text);
    void *user;
};
/* NULL: *error says file, line, reason. error may be NULL. */
struct mpio *mpio_create(const struct mpio_options *options, char *error, size_t error_size);
void mpio_destroy(struct mpio *w);
const char *mpio_error(const struct mpio *w);

/* Reads a topology without building it. True: *text is a table of what it says; false: *text is the error. Both are
 * malloc'ed (NULL when memory ran out). */
bool mpio_check_topology(const char *file, char **text);

/* The topology as one text that needs no other: sections and keys as they were read, those of the profiles it names
 * written out (malloc'ed; NULL when memory ran out). Comments are gone. */
char *mpio_topology_text(const struct mpio *w);

/* True when the DSM was built with AddressSanitizer and this program has no such runtime: start again with *library
 * in LD_PRELOAD before anything else. */
bool mpio_needs_preload(const char *dsm_file, const char **library);
/* A number that names the bytes of a DSM file in replay files; 0 when it cannot be read. */
uint64_t mpio_file_hash(const char *file);

/* Loads a DSM (ELF shared object) into every machine (machine NULL) or one. Call before mpio_boot. The
 * service name is the file's base name without suffix. */
bool mpio_load_dsm(struct mpio *w, const char *machine, const char *file);
/* Installs a driver information file (INF) into the registry of every machine (machine NULL) or one, as `mpio install`
 * does into a file. The device list that the topology implies is dropped: what the INF lists is what MPIO takes. Call
 * before mpio_boot. */
bool mpio_install_inf(struct mpio *w, const char *machine, const char *file);
/* Starts drivers, then PnP; returns when arrivals have settled (or a simulated minute is over). False when a DSM
 * refused to load, a machine died, or no pseudo-LUN arrived though the topology has LUNs. */
bool mpio_boot(struct mpio *w);
/* DriverUnload of everything in order; the world can still be read afterwards. */
bool mpio_shutdown(struct mpio *w);
/* What DSMs left behind at unload (pool, devices, references), one sentence each: false when there is no n-th. */
bool mpio_leftover(const struct mpio *w, unsigned n, char *text, size_t size);

/* ---- running ------------------------------------------------------------------------------- */
/* Runs for this long. Returns false when every machine has stopped (bug check). */
bool mpio_run(struct mpio *w, uint64_t duration);
uint64_t mpio_now(const struct mpio *w);
uint64_t mpio_seed(const struct mpio *w);
uint64_t mpio_hash(const struct mpio *w);       /* of the event stream so far */
uint64_t mpio_events(const struct mpio *w);     /* scheduler events run */
bool mpio_is_real(const struct mpio *w);        /* host clock: the topology has real iSCSI paths */

/* ---- faults: the words of a [timeline] ------------------------------------------------------ */
/* For example "link hba0 down", "controller array0 1 up". Takes effect now. */
bool mpio_fault(struct mpio *w, const char *command);
/* Plans a seeded schedule over [now, now + duration): between least and most faults. Returns the number planned. */
unsigned mpio_fault_plan(struct mpio *w, uint64_t duration, unsigned least, unsigned most);
/* The same with the whole menu of faults. Some of them let requests fail; the plan then begins with `expect errors`. */
unsigned mpio_fault_swarm(struct mpio *w, uint64_t duration, unsigned least, unsigned most);
/* Why requests may have failed: what was done to them (a LUN unmapped, an array without power, another host's reservation),
 * or "the timeline expects errors". NULL: nothing that a stack should not bear. Data errors are never allowed. */
const char *mpio_errors_allowed(const struct mpio *w);
/* The n-th finding of the checkers that are always on, as one sentence: rule, what, where, when. False: there is none. */
bool mpio_check(const struct mpio *w, unsigned n, char *text, size_t size);
/* What mpio_fault_plan has drawn so far, as lines of a [timeline], each with its end; "" before. The world's. */
const char *mpio_fault_plan_text(const struct mpio *w);
/* Plans such lines instead of drawing any: called at the same time, the run is the same. */
bool mpio_fault_plan_read(struct mpio *w, const char *lines);

/* ---- disks and I/O --------------------------------------------------------------------------- */
struct mpio_disk_info {
    char machine[32];
    char name[32];              /* "MPIO Disk0" or "Disk0" when it is no pseudo-LUN */
    char serial[80];
    char vendor[9], product[17];
    uint32_t block_size;
    uint64_t blocks;
    bool multipath, present;
};
unsigned mpio_disks(const struct mpio *w);
bool mpio_disk_info(const struct mpio *w, unsigned disk, struct mpio_disk_info *info);

enum mpio_operation { MPIO_READ, MPIO_WRITE, MPIO_WRITE_FUA, MPIO_FLUSH, MPIO_SCSI };
struct mpio_io {
    enum mpio_operation operation;
    uint64_t lba;
    uint32_t blocks;            /* MPIO_SCSI: bytes of buffer */
    void *buffer;
    uint8_t cdb[16], cdb_length;/* MPIO_SCSI */
    bool data_out;              /* MPIO_SCSI */
    int32_t status;             /* NTSTATUS; valid in done */
    uint32_t information;       /* bytes */
    uint8_t scsi_status, sense[32];
    uint64_t submitted, completed;
    void (*done)(struct mpio_io *io); /* in the loop; may submit again */
    void *user;
    uint64_t private_area[40];  /* the framework's while the I/O is out */
};
/* From outside or from inside a done callback. The io and its buffer stay the framework's until done. */
bool mpio_submit(struct mpio *w, unsigned disk, struct mpio_io *io);

/* ---- verified load: the topology's [load] sections --------------------------------------------- */
bool mpio_load_start(struct mpio *w);
bool mpio_load_stop(struct mpio *w);            /* no new I/O; returns when the last one is done or 10 minutes are over */
struct mpio_load_report {
    uint64_t reads, writes, bytes, errors;
    uint64_t verified_blocks, stale, torn, misdirected, lost, foreign;
    uint64_t longest_stall;     /* longest time between submit and completion of one I/O, 100 ns */
};
void mpio_load_report(const struct mpio *w, struct mpio_load_report *report);
void mpio_load_report_disk(const struct mpio *w, unsigned disk, struct mpio_load_report *report);

/* Clusters: the topology's [cluster] sections, part of the verified load. What must not be: */
enum mpio_cluster_finding {
    MPIO_CLUSTER_SPLIT_BRAIN,   /* a write of a machine that had lost its part succeeded */
    MPIO_CLUSTER_UNFENCED,      /* PREEMPT AND ABORT ended well, and the victim is still registered */
    MPIO_CLUSTER_REFUSED,       /* RESERVATION CONFLICT for a machine that nobody had preempted */
    MPIO_CLUSTER_WRONG_RESERVATION, /* after the preemption READ RESERVATION shows none, or another type */
    MPIO_CLUSTER_FINDINGS
};
struct mpio_cluster_report {
    char name[32];
    uint64_t takeovers;         /* parts of a silent machine taken over */
    uint64_t fenced;            /* machines that were preempted and noticed at their next I/O */
    uint64_t withdrawn;         /* machines that had lost every path to the LUN */
    uint64_t late;              /* commands that reached an array after their machine had crashed */
    uint64_t findings[MPIO_CLUSTER_FINDINGS];
};
/* The n-th shared LUN, in the order of the topology; false: there is no n-th. */
bool mpio_cluster_report(const struct mpio *w, unsigned n, struct mpio_cluster_report *report);

/* ---- what happened ------------------------------------------------------------------------------ */
struct mpio_path_report {
    char machine[32], disk[32], path[64]; /* "hba0 -> array0 port 1" or the portal */
    unsigned disk_index, hba_ordinal, target;
    char state[24];             /* "active", "failed", ...; "gone" when the instance was removed */
    uint64_t reads, writes, bytes, retries, errors, failovers; /* over every life of the instance */
    uint64_t longest_stall;     /* of one request, from its arrival at MPIO to its end on this path, 100 ns */
};
unsigned mpio_paths(struct mpio *w);            /* takes a snapshot; the next calls read it */
bool mpio_path_report(const struct mpio *w, unsigned index, struct mpio_path_report *report);

struct mpio_bugcheck {
    char machine[32], rule[16], text[400];
    char file[256], function[96]; /* of the innermost driver frame; may be empty */
    unsigned line;
};
/* NULL-terminated by index: false when there is no n-th bug check. */
bool mpio_bugcheck(const struct mpio *w, unsigned n, struct mpio_bugcheck *out);
/* Full report of the n-th bug check as text (malloc'ed; the caller frees). */
char *mpio_bugcheck_text(const struct mpio *w, unsigned n);

/* Records of the event stream, in order, as text lines. Returns the number of lines given. */
uint64_t mpio_trace_text(const struct mpio *w, void (*line)(void *user, const char *text), void *user);
/* Listener over state changes (faults, links, failovers, event log) while running; for reports. */
struct mpio_mark { uint64_t time; char machine[32]; char kind[20]; char text[160]; };
void mpio_on_mark(struct mpio *w, void (*mark)(void *user, const struct mpio_mark *m), void *user);

/* The registry sub-tree as .reg text (malloc'ed; the caller frees). NULL when there is no such key. */
char *mpio_registry_text(struct mpio *w, const char *machine, const char *key);
/* The n-th pool allocation of DSM code from now on fails (1 = the next); 0 switches it off. */
void mpio_fail_pool(struct mpio *w, const char *machine, uint64_t nth);
/* Switches trace messages (WPP) of a driver, before or after it is loaded: "SERVICE" or "SERVICE/PROVIDER", where PROVIDER is
 * the name of a control GUID; NULL: every driver. Flag n is bit n, UINT32_MAX is all; messages above `level` (1 fatal ...
 * 5 verbose) are off. The last word counts. Unasked: everything when there is a `message` callback, else warnings. Neither
 * the hash nor anything else of the run depends on it. */
bool mpio_trace_flags(struct mpio *w, const char *machine, const char *driver, uint32_t flags, unsigned level);

struct mpio_kernel_counters { uint64_t pool_allocations, kernel_calls, dpcs, timers; uint64_t pool_blocks, pool_bytes; };
void mpio_counters(const struct mpio *w, const char *machine, struct mpio_kernel_counters *out);

#ifdef __cplusplus
}
#endif
#endif
