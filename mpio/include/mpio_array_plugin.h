/* SPDX-License-Identifier: MIT */
/*
 * Behaviour of an array in C. A vendor's shared object exports `mpio_array_plugin`; an [array] names
 * it with `plugin = FILE` or `plugin = FILE, ARGUMENT`. It sees every command before the device
 * server does and every answer after it, and keeps its own state per array.
 *
 * Everything runs in the world's one thread, to the end of the call: no blocking, no threads, no
 * host clock and no random numbers, or a run will not replay. `now` is the only time there is.
 * What a plug-in is given stays valid for the call only, except `services`, which live as long as
 * the array.
 */
#ifndef MPIO_ARRAY_PLUGIN_H
#define MPIO_ARRAY_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPIO_ARRAY_PLUGIN_VERSION 1
#define MPIO_ARRAY_SENSE_MAX      252

/* What the array does for its plug-in. LUNs go by the array's own numbers, not by a host's. */
struct mpio_array_services {
    void *array;                /* first argument of all below */
    uint64_t (*now)(void *array);                              /* units of 100 ns; 0: no clock */
    bool (*owner)(void *array, uint16_t lun, unsigned *controller);
    void (*move_lun)(void *array, uint16_t lun, unsigned controller);
    void (*unit_attention)(void *array, uint16_t lun, uint8_t asc, uint8_t ascq); /* every nexus */
};

struct mpio_array_info {
    const char *name;           /* of the array */
    unsigned controllers, ports_per_controller;
    const char *argument;       /* from the topology; "" when there is none */
    const struct mpio_array_services *services;
};

struct mpio_array_command {
    const char *initiator;      /* name of the initiator port */
    unsigned port, controller;  /* it came through */
    bool lun_exists;            /* for this initiator; else `lun` is 0 */
    uint16_t lun;               /* the array's own number */
    const uint8_t *cdb;         /* at least cdb_length bytes */
    uint8_t cdb_length;
    bool out;                   /* data goes to the array */
    uint8_t *data;              /* may be NULL when length is 0; to be written only when !out */
    uint32_t length;
    /* the answer */
    uint8_t status;             /* SCSI status */
    uint8_t sense_length;       /* with status 02h only */
    uint8_t sense[MPIO_ARRAY_SENSE_MAX];
    uint32_t transferred;       /* at most length */
    uint32_t delay_us;          /* who carries the answer waits this long with it */
};

enum mpio_array_verdict {
    MPIO_ARRAY_PASS_ON,         /* the device server answers */
    MPIO_ARRAY_ANSWERED,        /* the answer stands in the command */
};

struct mpio_array_plugin {
    uint32_t version;           /* MPIO_ARRAY_PLUGIN_VERSION */
    uint32_t size;              /* sizeof(struct mpio_array_plugin) */
    const char *name;           /* for messages */
    /* Required. State for one array, or NULL with *why set to a static text: the array is not built. */
    void *(*create)(const struct mpio_array_info *info, const char **why);
    /* Required. */
    void (*destroy)(void *state);
    /* Optional. Before the device server, unit attentions and reservations included. */
    enum mpio_array_verdict (*command)(void *state, struct mpio_array_command *command);
    /* Optional. After the device server; may change the answer. Not called for what `command` answered. */
    void (*finished)(void *state, struct mpio_array_command *command);
};

/* The one symbol a plug-in exports. */
const struct mpio_array_plugin *mpio_array_plugin(void);

/* CHECK CONDITION with fixed-format sense data. */
static inline void mpio_array_check(struct mpio_array_command *c, uint8_t key, uint8_t asc, uint8_t ascq)
{
    memset(c->sense, 0, 18);
    c->sense[0] = 0x70;
    c->sense[2] = key;
    c->sense[7] = 10;
    c->sense[12] = asc;
    c->sense[13] = ascq;
    c->sense_length = 18;
    c->status = 0x02;
    c->transferred = 0;
}

#ifdef __cplusplus
}
#endif

#endif
