/* SPDX-License-Identifier: MIT */
/*
 * Control codes of \Device\MPIOControl for our own tools and tests (not published by Microsoft).
 * METHOD_BUFFERED, sent as internal device control, PASSIVE_LEVEL. Structures are fixed-width,
 * naturally aligned without padding, versioned by SnapshotVersion; objects are ordinals.
 */
#ifndef MPIO_CORE_MPIOCTL_H
#define MPIO_CORE_MPIOCTL_H

#include <stdint.h>

#define MPIO_CONTROL_CODE(n)       ((0x8000u << 16) | (3u << 14) | ((0x900u + (n)) << 2))
/* out: struct mpio_snapshot and the tables behind it. A short buffer gets the header with
 * `bytes` = what is needed, and STATUS_BUFFER_OVERFLOW. */
#define IOCTL_OPENMPIO_SNAPSHOT    MPIO_CONTROL_CODE(0)
/* in: struct mpio_move: administrative MoveDevice; the status is the DSM's. */
#define IOCTL_OPENMPIO_MOVE        MPIO_CONTROL_CODE(1)
/* no data: every counter of every table becomes 0. */
#define IOCTL_OPENMPIO_CLEAR       MPIO_CONTROL_CODE(2)
/* in and out: struct mpio_wmi, data behind it. */
#define IOCTL_OPENMPIO_WMI         MPIO_CONTROL_CODE(3)

#define MPIO_SNAPSHOT_VERSION 1u
#define MPIO_NO_ORDINAL       0xFFFFFFFFu

enum mpio_lun_state {
    MPIO_LUN_NORMAL, MPIO_LUN_DEGRADED, MPIO_LUN_THROTTLED, MPIO_LUN_FAILING_OVER,
    MPIO_LUN_ALL_PATHS_FAILED, MPIO_LUN_REMOVING
};
enum mpio_path_state { MPIO_PATH_NORMAL, MPIO_PATH_FAILING_OVER, MPIO_PATH_INVALIDATED, MPIO_PATH_REMOVED };
enum mpio_instance_state {
    MPIO_INSTANCE_NEW, MPIO_INSTANCE_ACTIVE, MPIO_INSTANCE_FAILING, MPIO_INSTANCE_INVALIDATED,
    MPIO_INSTANCE_RECOVERING, MPIO_INSTANCE_REMOVING
};

struct mpio_counters {
    uint64_t reads, writes, bytes_read, bytes_written, others;
    uint64_t retries, errors, failovers;
    uint64_t longest;          /* longest request from arrival to completion, 100 ns */
};
struct mpio_dsm_entry {
    uint32_t ordinal, type, luns, instances;
    char name[64];             /* display name, UTF-8 */
};
struct mpio_lun_entry {
    uint32_t ordinal;          /* N of MPIODisk<N>; MPIO_NO_ORDINAL while it has no device */
    uint32_t dsm, state, instances, usable, held;
    uint64_t outstanding;
    struct mpio_counters counters;
};
struct mpio_path_entry {
    uint32_t ordinal, dsm, state, instances;
    uint64_t path_id;
    uint64_t failovers;
};
struct mpio_instance_entry {
    uint32_t ordinal, lun, path, state; /* path: MPIO_NO_ORDINAL before SetDeviceInfo */
    uint8_t port, bus, target, logical_unit;
    uint32_t active;           /* last answer of DsmIsPathActive */
    uint32_t controller_state; /* DSM_CONTROLLER_*, 0 unknown */
    uint32_t reserved;
    struct mpio_counters counters;
};
struct mpio_snapshot {
    uint32_t version, bytes;
    uint32_t dsms, luns, paths, instances;                             /* entries of each table */
    uint32_t dsm_offset, lun_offset, path_offset, instance_offset;     /* from the start of this structure */
};

struct mpio_move {
    uint32_t lun;              /* ordinal */
    uint32_t flags;            /* DSM_MOVE_*; the administrative bit is added */
    uint64_t path_id;          /* the path wanted */
};

enum mpio_wmi_function { MPIO_WMI_QUERY, MPIO_WMI_SET, MPIO_WMI_EXECUTE };
struct mpio_wmi {
    uint32_t function;         /* enum mpio_wmi_function */
    uint32_t lun;              /* pseudo-LUN whose class it is; MPIO_NO_ORDINAL: DSM-wide class of `dsm` */
    uint32_t dsm;              /* ordinal of the DSM, for DSM-wide classes */
    uint32_t method;
    uint8_t guid[16];          /* in memory order of a GUID */
    uint32_t in_bytes;         /* data behind this structure on input */
    uint32_t out_bytes;        /* on output: data there, or bytes needed with STATUS_BUFFER_OVERFLOW */
};

#endif
