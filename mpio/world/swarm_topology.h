/* SPDX-License-Identifier: MIT */
/*
 * A world from a seed: the text of a topology file. Swarm style: the seed first decides which features
 * the world has at all, then the numbers. Every text is accepted by the topology reader, and every LUN
 * is one that a DSM for symmetric arrays claims. The same seed gives the same text as long as this
 * generator is not changed; a failing world is kept as its text.
 */
#ifndef MPIO_WORLD_SWARM_TOPOLOGY_H
#define MPIO_WORLD_SWARM_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buffer.h"

#define SWARM_FEATURES(X)                                                                           \
    X(SWARM_MACHINES, "several machines")                                                           \
    X(SWARM_ARRAYS, "two arrays")                                                                   \
    X(SWARM_CONTROLLERS, "several controllers")                                                     \
    X(SWARM_PORTS, "several ports")                                                                 \
    X(SWARM_FC, "fibre channel")                                                                    \
    X(SWARM_ISCSI, "iscsi")                                                                         \
    X(SWARM_SAS, "sas")                                                                             \
    X(SWARM_SPI, "parallel scsi")                                                                   \
    X(SWARM_TRANSPORT, "transport told by the array")                                               \
    X(SWARM_ONE_PORT, "each hba at one port")                                                       \
    X(SWARM_LONE_PATH, "a lone path")                                                               \
    X(SWARM_NO_HOLD, "no link-down time")                                                           \
    X(SWARM_QUICK_LOSS, "quick device loss")                                                        \
    X(SWARM_PERSONALITY, "hbas of a make")                                                          \
    X(SWARM_FABRICS, "two fabrics")                                                                 \
    X(SWARM_UNTAGGED, "untagged queues")                                                            \
    X(SWARM_SHALLOW, "shallow hba queues")                                                          \
    X(SWARM_LIMITS, "array depth limits")                                                           \
    X(SWARM_FAR, "far links")                                                                       \
    X(SWARM_UNEVEN, "uneven links")                                                                 \
    X(SWARM_JITTER, "jitter")                                                                       \
    X(SWARM_BANDWIDTH, "narrow links")                                                              \
    X(SWARM_MANY_LUNS, "many luns")                                                                 \
    X(SWARM_SPARSE, "sparse lun numbers")                                                           \
    X(SWARM_BIG_BLOCKS, "blocks of 4096")                                                           \
    X(SWARM_THIN, "thin pool")                                                                      \
    X(SWARM_CACHE, "volatile cache")                                                                \
    X(SWARM_MASKED, "masked luns")                                                                  \
    X(SWARM_IDENTITY, "odd identifiers")                                                            \
    X(SWARM_QUIRKS, "quirks")                                                                       \
    X(SWARM_DESCRIPTOR, "descriptor sense")                                                         \
    X(SWARM_VERIFY, "path verification")                                                            \
    X(SWARM_RECOVERY, "own recovery interval")                                                      \
    X(SWARM_RETRY, "own retries")                                                                   \
    X(SWARM_PATIENT, "long removal period")                                                         \
    X(SWARM_WRITES, "mostly writes")                                                                \
    X(SWARM_READS, "mostly reads")                                                                  \
    X(SWARM_LARGE, "large I/O")                                                                     \
    X(SWARM_CLOSED, "as fast as it goes")                                                           \
    X(SWARM_WIDE, "whole luns in use")                                                              \
    X(SWARM_HUGE, "huge luns")

enum swarm_feature {
#define X(feature, name) feature,
    SWARM_FEATURES(X)
#undef X
    SWARM_FEATURE_COUNT
};
_Static_assert(SWARM_FEATURE_COUNT <= 64, "features are the bits of one word");
extern const char *const swarm_feature_names[SWARM_FEATURE_COUNT];

/* What else the seed decides: the rest of the command line of the run. */
struct swarm_world {
    uint64_t features;          /* bits of enum swarm_feature */
    unsigned faults;
    bool harsh;                 /* from the whole menu; else only what a stack bears without an error */
    bool explore;
};

/* Appends the text. False when the buffer failed. */
bool swarm_topology_write(uint64_t seed, struct buffer *out, struct swarm_world *world);

#endif
