/* SPDX-License-Identifier: MIT */
/*
 * TransportIDs: initiator port names as persistent reservations carry them (SPC-4 7.6.4).
 */
#ifndef MPIO_ARRAY_TRANSPORT_ID_H
#define MPIO_ARRAY_TRANSPORT_ID_H

#include <stdbool.h>
#include <stdint.h>

#define TRANSPORT_NAME_MAX 240u /* an iSCSI name of 223 bytes, ",i,0x" and 12 digits */
#define TRANSPORT_ID_MAX   248u /* 4, the name, NUL and padding */

enum transport { /* protocol identifiers */
    TRANSPORT_FIBRE_CHANNEL = 0,
    TRANSPORT_SPI = 1,
    TRANSPORT_ISCSI = 5,
    TRANSPORT_SAS = 6,
};

struct initiator {
    uint8_t transport;  /* enum transport */
    bool whole_device;  /* iSCSI name without ISID: every port of that initiator */
    char name[TRANSPORT_NAME_MAX + 1];
};

enum transport transport_of(const char *name);
/* Returns the bytes written, a multiple of four. `name` has at most TRANSPORT_NAME_MAX bytes. */
uint32_t transport_id_build(uint8_t to[TRANSPORT_ID_MAX], const char *name, unsigned relative_port);
/* Returns the bytes the TransportID takes of those available; 0 when it is none we know. */
uint32_t transport_id_parse(const uint8_t *id, uint32_t available, struct initiator *to);
bool initiator_is(const struct initiator *initiator, const char *name);

#endif
