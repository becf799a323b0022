/* SPDX-License-Identifier: MIT */
/*
 * Fuzz entry for the identifier parser: INQUIRY data and two VPD pages cut from the input at lengths it
 * names itself; the descriptors are written into buffers of every small size with a guard behind.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"

/* The parser's only kernel need. */
PVOID ExAllocatePoolZero(POOL_TYPE type, SIZE_T bytes, ULONG tag)
{
    (void)type;
    (void)tag;
    return calloc(1, bytes);
}

static void describe(PCPORT_IDENTITY identity, ULONG (*into)(PCPORT_IDENTITY, PVOID, ULONG))
{
    static const ULONG rooms[] = {0, 1, 7, 8, 12, 35, 36, 37, 64, 300, 8192};

    for (unsigned i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        UCHAR *out = malloc(rooms[i] + 1);
        out[rooms[i]] = 0x5A;
        ULONG size = into(identity, out, rooms[i]);
        if (out[rooms[i]] != 0x5A || size > 8192)
            abort();
        if (size != 0 && rooms[i] >= size && ((STORAGE_DESCRIPTOR_HEADER *)(void *)out)->Size != size)
            abort();
        free(out);
    }
}

static ULONG device(PCPORT_IDENTITY identity, PVOID out, ULONG room)
{
    return PortDescribeDevice(identity, BusTypeFibre, out, room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t rest = size - 4, serial = data[0] % (rest + 1), page = (size_t)data[1] * 8 % (rest - serial + 1);
    UCHAR inquiry[PORT_INQUIRY_BYTES] = {0};
    UCHAR *serial_page = malloc(serial + 1), *id_page = malloc(page + 1); /* exact sizes for ASan, but never 0 */
    memcpy(inquiry, data + 4, rest < sizeof inquiry ? rest : sizeof inquiry);
    memcpy(serial_page, data + 4, serial);
    memcpy(id_page, data + 4 + serial, page);
    if (serial > 1 && (data[2] & 1))
        serial_page[1] = 0x80;
    if (page > 1 && (data[2] & 2))
        id_page[1] = 0x83;
    PPORT_IDENTITY one = PortMakeIdentity(inquiry, data[3] % (PORT_INQUIRY_BYTES + 1), serial_page, (ULONG)serial, id_page,
                                          (ULONG)page);
    PPORT_IDENTITY two = PortMakeIdentity(inquiry, 36, NULL, 0, id_page, (ULONG)page);
    describe(one, PortDescribeIds);
    describe(one, device);
    if (!PortSameIdentity(one, one) || PortSameIdentity(one, two) != PortSameIdentity(two, one))
        abort();
    free(one);
    free(two);
    free(serial_page);
    free(id_page);
    return 0;
}
