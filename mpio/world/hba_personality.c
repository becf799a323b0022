/* SPDX-License-Identifier: MIT */
/*
 * The table of HBA personalities. The plain ones behave as the transport's textbook says; the others
 * deviate the way adapters do in the field: one reports a lost link as a bus reset, one as a time-out, one
 * never reports it before the device is gone. Constant data, no state.
 */
#include "world/hba_personality.h"

#include <stddef.h>

#include "text/ini.h"
#include "world/world.h"

#define MIB (1024u * 1024u)

/* The plain ones stand at the position of their kind. */
static const struct hba_personality personalities[] = {
    {"fc", HBA_FC, "textbook Fibre Channel adapter", 5 * WORLD_SECOND, 30 * WORLD_SECOND, 32, 0, MIB,
     HBA_SAYS_NO_DEVICE, HBA_SAYS_NO_DEVICE, HBA_SAYS_BUS_RESET, false, false},
    {"iscsi", HBA_ISCSI, "textbook iSCSI initiator", 15 * WORLD_SECOND, 60 * WORLD_SECOND, 32, 0, MIB,
     HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_NO_DEVICE, HBA_SAYS_BUS_RESET, false, false},
    {"sas", HBA_SAS, "textbook SAS adapter", 2 * WORLD_SECOND, 10 * WORLD_SECOND, 32, 0, MIB,
     HBA_SAYS_NO_DEVICE, HBA_SAYS_NO_DEVICE, HBA_SAYS_BUS_RESET, false, false},
    {"spi", HBA_SPI, "textbook parallel SCSI adapter", 0, 10 * WORLD_SECOND, 32, 0, MIB,
     HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_BUS_RESET, false, false},

    {"merganser", HBA_FC, "dual-port FC; holds I/O long, then calls a lost link a selection time-out",
     30 * WORLD_SECOND, 60 * WORLD_SECOND, 64, 2048, 2 * MIB,
     HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_BUS_RESET, false, false},
    {"swiftlet", HBA_FC, "low-latency FC; gives a link up within a second and calls it a bus reset",
     1 * WORLD_SECOND, 5 * WORLD_SECOND, 254, 4096, 4 * MIB,
     HBA_SAYS_NO_DEVICE, HBA_SAYS_BUS_RESET, HBA_SAYS_BUS_RESET, false, false},
    {"tortoise", HBA_ISCSI, "iSCSI offload card; small queues, answers BUSY while a session is away",
     10 * WORLD_SECOND, 120 * WORLD_SECOND, 16, 256, MIB / 4,
     HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_BUSY, HBA_SAYS_TIMEOUT, false, false},
    {"pangolin", HBA_SAS, "SAS controller; no hold at all, a lost phy ends commands with a time-out",
     0, 4 * WORLD_SECOND, 128, 1024, 4 * MIB,
     HBA_SAYS_NO_DEVICE, HBA_SAYS_TIMEOUT, HBA_SAYS_ERROR, false, false},
    {"trilobite", HBA_SPI, "old SCSI card; no tagged queueing, no REPORT LUNS, 64 KiB requests",
     0, 10 * WORLD_SECOND, 1, 16, 64 * 1024,
     HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_BUS_RESET, true, true},
};

const struct hba_personality *hba_personality(unsigned n)
{
    return n < sizeof personalities / sizeof *personalities ? &personalities[n] : NULL;
}

const struct hba_personality *hba_plain_personality(enum hba_kind kind)
{
    return &personalities[kind <= HBA_SPI ? kind : HBA_FC];
}

const struct hba_personality *hba_find_personality(const char *name)
{
    const struct hba_personality *p;

    for (unsigned i = 0; (p = hba_personality(i)) != NULL; i++)
        if (ini_same_name(p->name, name))
            return p;
    return NULL;
}

const char *hba_flavour_name(enum hba_flavour flavour)
{
    static const char *const names[] = {
        [HBA_SAYS_NO_DEVICE] = "no device",   [HBA_SAYS_SELECTION_TIMEOUT] = "selection time-out",
        [HBA_SAYS_BUS_RESET] = "bus reset",   [HBA_SAYS_TIMEOUT] = "time-out",
        [HBA_SAYS_BUSY] = "busy",             [HBA_SAYS_LINK_DOWN] = "link down",
        [HBA_SAYS_ERROR] = "error",
    };

    return names[flavour];
}
