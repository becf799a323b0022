/* SPDX-License-Identifier: MIT */
/*
 * HBA personalities: what adapters of different makers do differently, as data. A topology names one with
 * [hba] personality = NAME; single keys of the section override it. The names are invented.
 */
#ifndef MPIO_WORLD_HBA_PERSONALITY_H
#define MPIO_WORLD_HBA_PERSONALITY_H

#include <stdbool.h>
#include <stdint.h>

enum hba_kind { HBA_FC, HBA_ISCSI, HBA_SAS, HBA_SPI, HBA_DRIVER }; /* HBA_DRIVER: an adapter of a loaded miniport */

/* The SRB status by which a miniport reports that a path does not carry a command. */
enum hba_flavour {
    HBA_SAYS_NO_DEVICE, HBA_SAYS_SELECTION_TIMEOUT, HBA_SAYS_BUS_RESET, HBA_SAYS_TIMEOUT, HBA_SAYS_BUSY,
    HBA_SAYS_LINK_DOWN, HBA_SAYS_ERROR,
};

struct hba_personality {
    const char *name;
    enum hba_kind kind;
    const char *description;        /* for people */
    uint64_t link_down_time, dev_loss_time; /* 100 ns */
    uint32_t queue_depth;           /* per LUN */
    uint32_t port_queue;            /* commands in the adapter; more answer HBA_BUSY; 0: any number */
    uint32_t max_transfer;          /* bytes of one request */
    enum hba_flavour no_target;     /* nobody answers the address */
    enum hba_flavour lost;          /* the link was down longer than the link-down time */
    enum hba_flavour aborted;       /* ended by a reset */
    bool sequential_scan;           /* passes no REPORT LUNS: LUNs are found one by one */
    bool untagged;
};

/* The personality of this name, without regard to case; NULL: there is none. */
const struct hba_personality *hba_find_personality(const char *name);
/* The plain one of a kind, named after it; Fibre Channel's for HBA_DRIVER, where nobody asks it. */
const struct hba_personality *hba_plain_personality(enum hba_kind kind);
/* Number n, NULL behind the last: the plain ones first. */
const struct hba_personality *hba_personality(unsigned n);
const char *hba_flavour_name(enum hba_flavour flavour);

#endif
