/* SPDX-License-Identifier: MIT */
/*
 * TransportIDs (SPC-4 7.6.4): the name of an initiator port as persistent reservations write it.
 * The array knows initiators by their names; the name's form says the transport:
 *
 *   iqn. eui. naa.      iSCSI; ",i,0x" and 12 hexadecimal digits behind it are the ISID
 *   5 + 15 hex digits   SAS address
 *   16 hex digits       Fibre Channel port name
 *   spi-N               SCSI address N on a parallel bus
 *
 * Any other name travels in the iSCSI form.
 */
#include "transport_id.h"
#include "internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIXED_BYTES   24u
#define ISID_MARK     ",i,0x"
#define ISID_DIGITS   12u
#define FORMAT_DEVICE 0u /* iSCSI: the name alone */
#define FORMAT_PORT   1u /* iSCSI: name and ISID */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Exactly `digits` hexadecimal digits and the end of the text. */
static bool read_hex(const char *text, unsigned digits, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        *value = *value << 4 | (unsigned)digit;
    }
    return text[digits] == '\0';
}

static bool read_spi_address(const char *name, uint16_t *address)
{
    unsigned value = 0;
    const char *digit = name + 4;

    if (strncmp(name, "spi-", 4) != 0 || !*digit)
        return false;
    for (; *digit >= '0' && *digit <= '9' && value <= UINT16_MAX; digit++)
        value = value * 10 + (unsigned)(*digit - '0');
    *address = (uint16_t)value;
    return !*digit && value <= UINT16_MAX;
}

static bool names_a_port(const char *name)
{
    const char *mark = strstr(name, ISID_MARK);
    uint64_t isid;

    return mark && read_hex(mark + strlen(ISID_MARK), ISID_DIGITS, &isid);
}

enum transport transport_of(const char *name)
{
    uint64_t value;
    uint16_t address;

    if (read_hex(name, 16, &value))
        return value >> 60 == 5 ? TRANSPORT_SAS : TRANSPORT_FIBRE_CHANNEL;
    return read_spi_address(name, &address) ? TRANSPORT_SPI : TRANSPORT_ISCSI;
}

uint32_t transport_id_build(uint8_t to[TRANSPORT_ID_MAX], const char *name, unsigned relative_port)
{
    enum transport transport = transport_of(name);
    uint64_t value = 0;
    uint16_t address = 0;

    memset(to, 0, TRANSPORT_ID_MAX);
    to[0] = (uint8_t)transport;
    switch (transport) {
    case TRANSPORT_FIBRE_CHANNEL:
        read_hex(name, 16, &value);
        put_64(to + 8, value);
        return FIXED_BYTES;
    case TRANSPORT_SPI:
        read_spi_address(name, &address);
        put_16(to + 2, address);
        put_16(to + 6, (uint16_t)relative_port);
        return FIXED_BYTES;
    case TRANSPORT_SAS:
        read_hex(name, 16, &value);
        put_64(to + 4, value);
        return FIXED_BYTES;
    case TRANSPORT_ISCSI:
        break;
    }
    /* The name with its NUL, padded to a multiple of four and to the smallest TransportID. */
    uint32_t length = ((uint32_t)strlen(name) + 1 + 3) & ~3u;
    if (length < FIXED_BYTES - 4)
        length = FIXED_BYTES - 4;
    to[0] |= (names_a_port(name) ? FORMAT_PORT : FORMAT_DEVICE) << 6;
    put_16(to + 2, (uint16_t)length);
    memcpy(to + 4, name, strlen(name));
    return 4 + length;
}

static bool parse_iscsi(const uint8_t *id, uint32_t length, struct initiator *to)
{
    const char *text = (const char *)id + 4;
    size_t size = strnlen(text, length - 4);
    unsigned format = id[0] >> 6;

    if (format > FORMAT_PORT || size == 0 || size == length - 4 || size > ARRAY_MAX_NAME)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((uint8_t)text[i] <= ' ' || text[i] == 0x7F)
            return false; /* names go into logs and reports */
    memcpy(to->name, text, size + 1);
    to->whole_device = format == FORMAT_DEVICE;
    if (transport_of(to->name) != TRANSPORT_ISCSI)
        return false;
    return format == FORMAT_DEVICE ? !strchr(to->name, ',') : names_a_port(to->name);
}

uint32_t transport_id_parse(const uint8_t *id, uint32_t available, struct initiator *to)
{
    uint32_t length = FIXED_BYTES;

    *to = (struct initiator){0};
    if (available < FIXED_BYTES)
        return 0;
    to->transport = id[0] & 0x0F;
    if (to->transport == TRANSPORT_ISCSI) {
        length = 4u + get_16(id + 2);
        return length >= FIXED_BYTES && length % 4 == 0 && length <= available && parse_iscsi(id, length, to) ? length : 0;
    }
    if (id[0] >> 6 != 0)
        return 0;
    switch (to->transport) {
    case TRANSPORT_FIBRE_CHANNEL:
        snprintf(to->name, sizeof to->name, "%016llx", (unsigned long long)get_64(id + 8));
        break;
    case TRANSPORT_SPI:
        snprintf(to->name, sizeof to->name, "spi-%u", get_16(id + 2));
        break;
    case TRANSPORT_SAS:
        snprintf(to->name, sizeof to->name, "%016llx", (unsigned long long)get_64(id + 4));
        break;
    default:
        return 0;
    }
    /* A Fibre Channel name of SAS form, or the other way round, would come back as the other. */
    return transport_of(to->name) == to->transport ? length : 0;
}

bool initiator_is(const struct initiator *initiator, const char *name)
{
    size_t length = strlen(initiator->name);

    if (!initiator->whole_device)
        return strcasecmp(name, initiator->name) == 0;
    return strncasecmp(name, initiator->name, length) == 0 &&
           (name[length] == '\0' || (strncasecmp(name + length, ISID_MARK, strlen(ISID_MARK)) == 0 && names_a_port(name)));
}
