/* SPDX-License-Identifier: MIT */
/* Verified load on one disk; see stream.c. */
#ifndef MPIO_EMBED_STREAM_H
#define MPIO_EMBED_STREAM_H

#include "embed/embed.h"

struct unit {
    uint32_t acknowledged;      /* generation of the last write that succeeded; 0: none */
    uint32_t highest;           /* of the last write that was started */
    uint32_t durable;           /* of the last acknowledged write that no loss of power can take */
    bool busy;
};

struct slot {
    struct mpio_io io;
    struct stream *stream;
    struct event event;
    uint64_t unit;
    bool out;
};

struct stream {
    struct disk *disk;
    unsigned index;             /* of the disk in its world; the LUN ordinal in the stamps */
    uint32_t read_percent, unit_blocks;
    uint64_t interval;          /* between two starts, 100 ns; 0: as fast as it goes */
    uint64_t next_time;
    uint64_t first_lba, unit_count;
    struct unit *units;
    struct slot *slots;
    unsigned slot_count;
    char *memory;
    bool stopping;
    bool volatile_cache;        /* its array loses what was not flushed: every other write is a write-through */
    bool unjudged;              /* another disk may have written to the LUN: what is read says nothing */
    struct mpio_load_report report;
};

/* NULL: out of memory, or the disk is too small for the load. */
struct stream *stream_create(struct disk *d, unsigned index, const struct topology_load *t);
void stream_start(struct stream *s);
void stream_stop(struct stream *s);
/* The machine died: nothing that was out ends any more. What it wrote last may be there or not. */
void stream_machine_lost(struct stream *s);
/* The LUN's array lost its power: blocks may hold what they held before the last write-through. */
void stream_power_lost(struct stream *s);
/* The LUN has become this small: what was behind is gone for ever. */
void stream_cut(struct stream *s, uint64_t blocks);
unsigned stream_outstanding(const struct stream *s);
void stream_free(struct stream *s);

#endif
