/* SPDX-License-Identifier: MIT */
/*
 * The WPP extensions %!NAME! of trace messages, and names for NTSTATUS values. FUNC, FILE, LINE, LEVEL,
 * FLAGS and their kin come from the place of the message, every other one takes exactly one argument,
 * also a name that nobody knows: so what follows is read right. ddk/tools/wpp/known.h lists the names
 * for the tool that checks sources. Any IRQL; no state.
 */
#include <string.h>

#include <ntdef.h>
#include <ntstatus.h>

#include "nt/format.h"

#define STATUS_NAMES(X)                                                                             \
    X(STATUS_SUCCESS) X(STATUS_PENDING) X(STATUS_TIMEOUT) X(STATUS_BUFFER_OVERFLOW)                 \
    X(STATUS_NO_MORE_ENTRIES) X(STATUS_DEVICE_BUSY) X(STATUS_BUS_RESET) X(STATUS_VERIFY_REQUIRED)   \
    X(STATUS_UNSUCCESSFUL) X(STATUS_NOT_IMPLEMENTED) X(STATUS_INFO_LENGTH_MISMATCH)                 \
    X(STATUS_ACCESS_VIOLATION) X(STATUS_INVALID_HANDLE) X(STATUS_INVALID_PARAMETER)                 \
    X(STATUS_NO_SUCH_DEVICE) X(STATUS_INVALID_DEVICE_REQUEST) X(STATUS_NO_MEDIA_IN_DEVICE)          \
    X(STATUS_NONEXISTENT_SECTOR) X(STATUS_MORE_PROCESSING_REQUIRED) X(STATUS_NO_MEMORY)             \
    X(STATUS_ACCESS_DENIED) X(STATUS_BUFFER_TOO_SMALL) X(STATUS_OBJECT_TYPE_MISMATCH)               \
    X(STATUS_OBJECT_NAME_INVALID) X(STATUS_OBJECT_NAME_NOT_FOUND) X(STATUS_OBJECT_NAME_COLLISION)   \
    X(STATUS_OBJECT_PATH_NOT_FOUND) X(STATUS_OBJECT_PATH_SYNTAX_BAD) X(STATUS_DATA_OVERRUN)         \
    X(STATUS_DATA_ERROR) X(STATUS_CRC_ERROR) X(STATUS_SHARING_VIOLATION) X(STATUS_DELETE_PENDING)   \
    X(STATUS_INTEGER_OVERFLOW) X(STATUS_INSUFFICIENT_RESOURCES) X(STATUS_DEVICE_DATA_ERROR)         \
    X(STATUS_DEVICE_NOT_CONNECTED) X(STATUS_MEDIA_WRITE_PROTECTED) X(STATUS_DEVICE_NOT_READY)       \
    X(STATUS_IO_TIMEOUT) X(STATUS_NOT_SUPPORTED) X(STATUS_DEVICE_DOES_NOT_EXIST)                    \
    X(STATUS_ADAPTER_HARDWARE_ERROR) X(STATUS_INTERNAL_ERROR) X(STATUS_CANCELLED)                   \
    X(STATUS_KEY_DELETED) X(STATUS_INVALID_DEVICE_STATE) X(STATUS_IO_DEVICE_ERROR)                  \
    X(STATUS_DEVICE_PROTOCOL_ERROR) X(STATUS_CONNECTION_DISCONNECTED) X(STATUS_CONNECTION_RESET)    \
    X(STATUS_NOT_FOUND) X(STATUS_RETRY) X(STATUS_REQUEST_ABORTED) X(STATUS_WMI_GUID_NOT_FOUND)      \
    X(STATUS_WMI_INSTANCE_NOT_FOUND) X(STATUS_WMI_ITEMID_NOT_FOUND) X(STATUS_WMI_TRY_AGAIN)         \
    X(STATUS_DEVICE_REMOVED) X(STATUS_DEVICE_UNREACHABLE) X(STATUS_OPERATION_IN_PROGRESS)           \
    X(STATUS_ASSERTION_FAILURE) X(STATUS_DEVICE_ENUMERATION_ERROR)

const char *format_status_name(uint32_t status)
{
    static const struct {
        uint32_t status;
        const char *name;
    } names[] = {
#define X(name) {(uint32_t)name, #name},
        STATUS_NAMES(X)
#undef X
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].status == status) {
            return names[i].name;
        }
    }
    return NULL;
}

static const char *const level_names[FORMAT_LEVELS] = {"NONE", "FATAL", "ERROR", "WARNING", "INFORMATION", "VERBOSE"};

const char *format_level_name(unsigned level)
{
    return level < FORMAT_LEVELS ? level_names[level] : NULL;
}

static void put_status(struct format_output *out, uint32_t status)
{
    const char *name = format_status_name(status);

    format_put_text(out, "0x");
    format_put_hex(out, status, 8, 0);
    if (name != NULL) {
        format_put_text(out, "(");
        format_put_text(out, name);
        format_put_text(out, ")");
    }
}

void format_put_guid(struct format_output *out, const void *bytes)
{
    const GUID *guid = bytes;

    if (guid == NULL) {
        format_put_text(out, "(null)");
        return;
    }
    format_put_text(out, "{");
    format_put_hex(out, guid->Data1, 8, 0);
    format_put_text(out, "-");
    format_put_hex(out, guid->Data2, 4, 0);
    format_put_text(out, "-");
    format_put_hex(out, guid->Data3, 4, 0);
    for (unsigned i = 0; i < 8; i++) {
        if (i == 0 || i == 2) {
            format_put_text(out, "-");
        }
        format_put_hex(out, guid->Data4[i], 2, 0);
    }
    format_put_text(out, "}");
}

static void put_irql(struct format_output *out, uint8_t irql)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};

    if (irql < sizeof(names) / sizeof(names[0])) {
        format_put_text(out, names[irql]);
    } else {
        format_put_text(out, "DIRQL ");
        format_put_decimal(out, irql);
    }
}

static void put_address(struct format_output *out, uint32_t address) /* network byte order */
{
    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            format_put_text(out, ".");
        }
        format_put_decimal(out, address >> (8 * i) & 255);
    }
}

/* Revision and authority of a SID, then its sub-authorities: at most 15 by definition. */
static void put_sid(struct format_output *out, const uint8_t *sid)
{
    uint64_t authority = 0;

    if (sid == NULL) {
        format_put_text(out, "(null)");
        return;
    }
    if (sid[0] != 1 || sid[1] > 15) {
        format_put_text(out, "(no SID)");
        return;
    }
    for (unsigned i = 2; i < 8; i++) {
        authority = authority << 8 | sid[i];
    }
    format_put_text(out, "S-1-");
    format_put_decimal(out, authority);
    for (unsigned i = 0; i < sid[1]; i++) {
        uint32_t sub;
        memcpy(&sub, sid + 8 + 4 * i, sizeof(sub));
        format_put_text(out, "-");
        format_put_decimal(out, sub);
    }
}

/* ---- times: 100 ns since 1601, UTC -------------------------------------------------------------- */

#define TICKS_PER_SECOND 10000000u
#define SECONDS_PER_DAY  86400u

static void put_padded(struct format_output *out, uint64_t value, unsigned digits)
{
    uint64_t limit = 1;

    for (unsigned i = 1; i < digits; i++) {
        limit *= 10;
    }
    for (; limit > 1 && value < limit; limit /= 10) {
        format_put_text(out, "0");
    }
    format_put_decimal(out, value);
}

static void put_clock(struct format_output *out, uint64_t ticks, unsigned fraction_digits)
{
    uint64_t second = ticks / TICKS_PER_SECOND % SECONDS_PER_DAY, fraction = ticks % TICKS_PER_SECOND;

    put_padded(out, second / 3600, 2);
    format_put_text(out, ":");
    put_padded(out, second / 60 % 60, 2);
    format_put_text(out, ":");
    put_padded(out, second % 60, 2);
    format_put_text(out, ".");
    put_padded(out, fraction_digits == 3 ? fraction / 10000 : fraction, fraction_digits);
}

/* Days since 1601-01-01, in eras of 400 years that begin in March. */
static void put_date(struct format_output *out, uint64_t ticks)
{
    uint64_t days = ticks / TICKS_PER_SECOND / SECONDS_PER_DAY + 306;
    uint64_t era = days / 146097, day_of_era = days % 146097;
    uint64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day = day_of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * day + 2) / 153;

    put_padded(out, 1600 + era * 400 + year + (month >= 10), 4);
    format_put_text(out, "-");
    put_padded(out, month < 10 ? month + 3 : month - 9, 2);
    format_put_text(out, "-");
    put_padded(out, day - (153 * month + 2) / 5 + 1, 2);
}

/* Milliseconds as day~hour:minute:second. */
static void put_delta(struct format_output *out, int64_t milliseconds)
{
    uint64_t size = milliseconds < 0 ? 0 - (uint64_t)milliseconds : (uint64_t)milliseconds;

    if (milliseconds < 0) {
        format_put_text(out, "-");
    }
    format_put_decimal(out, size / (1000 * (uint64_t)SECONDS_PER_DAY));
    format_put_text(out, "~");
    put_clock(out, size % (1000 * (uint64_t)SECONDS_PER_DAY) * 10000, 3);
}

/* A wait as KeWaitForSingleObject takes it: negative is relative, anything else a date. */
static void put_due(struct format_output *out, int64_t ticks)
{
    if (ticks < 0) {
        uint64_t size = 0 - (uint64_t)ticks;
        format_put_text(out, "in ");
        format_put_decimal(out, size / TICKS_PER_SECOND);
        format_put_text(out, ".");
        put_padded(out, size % TICKS_PER_SECOND, 7);
        format_put_text(out, " s");
    } else {
        put_date(out, (uint64_t)ticks);
        format_put_text(out, " ");
        put_clock(out, (uint64_t)ticks, 7);
    }
}

/* ---- strings and bytes ---------------------------------------------------------------------------- */

#define LONGEST_DUMP 256u

void format_put_bytes(struct format_output *out, const void *bytes, uint64_t length)
{
    const uint8_t *at = bytes;

    for (uint64_t i = 0; i < length && i < LONGEST_DUMP && at != NULL && !out->cut; i++) {
        if (i > 0) {
            format_put_text(out, " ");
        }
        format_put_hex(out, at[i], 2, 0);
    }
    if (at != NULL && length > LONGEST_DUMP) {
        format_put_text(out, " ...");
    }
}

static void put_wide_string(struct format_output *out, const uint16_t *text, size_t length)
{
    if (text == NULL) {
        format_put_text(out, "(null)");
        return;
    }
    for (size_t end = 0; end < length; end++) {
        if (text[end] == 0) {
            length = end;
        }
    }
    format_put_wide(out, text, length);
}

static void put_signed(struct format_output *out, int64_t value)
{
    if (value < 0) {
        format_put_text(out, "-");
    }
    format_put_decimal(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* ---- the names -------------------------------------------------------------------------------------- */

enum type { FUNCTION, SOURCE_FILE, LINE, LEVEL, FLAG_NAMES, COMPONENT, NOTHING, PROCESSOR,
            TRUTH, IRQ_LEVEL, NT_STATUS, HEX32, ERROR_CODE, GUID_POINTER, TIME_STAMP, TIME_OF_DAY, DATE, DELTA, DUE,
            ADDRESS, TCP_PORT, SECURITY_ID, POINTER, NARROW, WIDE, COUNTED, BYTES,
            BITS8, BITS16, BITS32, SIGNED8, UNSIGNED8, SIGNED16, UNSIGNED16, SIGNED32, UNSIGNED32, SIGNED64, UNSIGNED64, HEX64 };

struct type_name {
    const char *name;
    enum type type;
};

/* Case decides first (%!s! is narrow, %!S! wide), then it does not matter. */
static const struct type_name type_names[] = {
    {"FUNC", FUNCTION}, {"FILE", SOURCE_FILE}, {"LINE", LINE}, {"LEVEL", LEVEL}, {"FLAGS", FLAG_NAMES},
    {"COMPNAME", COMPONENT}, {"STDPREFIX", NOTHING}, {"CPU", PROCESSOR},
    {"bool", TRUTH}, {"BOOLEAN", TRUTH}, {"irql", IRQ_LEVEL}, {"STATUS", NT_STATUS}, {"NTSTATUS", NT_STATUS},
    {"HRESULT", HEX32}, {"WINERROR", ERROR_CODE}, {"winerr", ERROR_CODE},
    {"GUID", GUID_POINTER}, {"CLSID", GUID_POINTER}, {"IID", GUID_POINTER}, {"LIBID", GUID_POINTER}, {"REFGUID", GUID_POINTER},
    {"TIMESTAMP", TIME_STAMP}, {"datetime", TIME_STAMP}, {"TIME", TIME_OF_DAY}, {"DATE", DATE}, {"delta", DELTA},
    {"due", DUE}, {"WAITTIME", DUE}, {"IPADDR", ADDRESS}, {"PORT", TCP_PORT}, {"sid", SECURITY_ID},
    {"ptr", POINTER}, {"HANDLE", POINTER}, {"PVOID", POINTER}, {"s", NARROW}, {"S", WIDE}, {"astr", NARROW}, {"wstr", WIDE},
    {"ustr", COUNTED}, {"HEXDUMP", BYTES}, {"xstr", BYTES},
    {"b1", BITS8}, {"b2", BITS16}, {"b4", BITS32}, {"b8", BITS8}, {"b16", BITS16}, {"b32", BITS32},
    {"sbyte", SIGNED8}, {"ubyte", UNSIGNED8}, {"sshort", SIGNED16}, {"ushort", UNSIGNED16}, {"sint", SIGNED32}, {"uint", UNSIGNED32},
    {"slong", SIGNED32}, {"ulong", UNSIGNED32}, {"xint", HEX32}, {"xlong", HEX32}, {"sint64", SIGNED64}, {"uint64", UNSIGNED64},
    {"xint64", HEX64}, {"BOOL", TRUTH},
};

static const struct type_name *find_type(const char *name, size_t length)
{
    const struct type_name *found = NULL;

    for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
        if (strlen(type_names[i].name) != length || strncasecmp(type_names[i].name, name, length) != 0) {
            continue;
        }
        if (memcmp(type_names[i].name, name, length) == 0) {
            return &type_names[i];
        }
        found = found == NULL ? &type_names[i] : found;
    }
    return found;
}

static void put_unknown(struct format_output *out, const char *name, size_t length, struct format_source *source)
{
    char text[FORMAT_NAME + 1];

    memcpy(text, name, length);
    text[length] = '\0';
    format_put_text(out, "%!");
    format_put_text(out, text);
    format_put_text(out, "!0x");
    format_put_hex(out, source->fetch(source, FORMAT_POINTER), 2 * sizeof(void *), 0);
}

const char *format_base_name(const char *file)
{
    for (const char *at = file; at != NULL && *at != '\0'; at++) {
        if (*at == '/' || *at == '\\') {
            file = at + 1;
        }
    }
    return file != NULL ? file : "?";
}

/* Names of the place. False: the type is about an argument. */
static int put_place(struct format_output *out, enum type type, const struct format_site *site)
{
    switch (type) {
    case FUNCTION:
        format_put_text(out, site->function != NULL ? site->function : "?");
        return 1;
    case SOURCE_FILE:
        format_put_text(out, format_base_name(site->file));
        return 1;
    case LINE:
        format_put_decimal(out, site->line);
        return 1;
    case LEVEL: /* a number came through a macro: named again */
        if (site->level_text != NULL && site->level_text[0] != '\0' && (site->level_text[0] < '0' || site->level_text[0] > '9')) {
            format_put_text(out, site->level_text);
        } else if (site->level < FORMAT_LEVELS) {
            format_put_text(out, site->level_text != NULL ? "TRACE_LEVEL_" : "");
            format_put_text(out, level_names[site->level]);
        } else {
            format_put_decimal(out, site->level);
        }
        return 1;
    case FLAG_NAMES:
        if (site->flag_text != NULL) {
            format_put_text(out, site->flag_text);
        } else {
            format_put_text(out, "0x");
            format_put_hex(out, site->flag, 8, 0);
        }
        return 1;
    case COMPONENT:
        format_put_text(out, site->component != NULL ? site->component : "?");
        return 1;
    case PROCESSOR:
        format_put_decimal(out, site->cpu);
        return 1;
    default:
        return type == NOTHING;
    }
}

static void put_value(struct format_output *out, enum type type, struct format_source *source)
{
    uint32_t value = (uint32_t)source->fetch(source, FORMAT_INT32);

    switch (type) {
    case TRUTH:      format_put_text(out, value != 0 ? "TRUE" : "FALSE"); break;
    case IRQ_LEVEL:  put_irql(out, (uint8_t)value); break;
    case NT_STATUS:  put_status(out, value); break;
    case HEX32:
        format_put_text(out, "0x");
        format_put_hex(out, value, 8, 0);
        break;
    case ADDRESS:    put_address(out, value); break;
    case TCP_PORT:   format_put_decimal(out, (value & 255) << 8 | (value >> 8 & 255)); break; /* network byte order */
    case BITS8:      format_put_bits(out, value, 8); break;
    case BITS16:     format_put_bits(out, value, 16); break;
    case BITS32:     format_put_bits(out, value, 32); break;
    case SIGNED8:       put_signed(out, (int8_t)value); break;
    case UNSIGNED8:      format_put_decimal(out, (uint8_t)value); break;
    case SIGNED16:      put_signed(out, (int16_t)value); break;
    case UNSIGNED16:     format_put_decimal(out, (uint16_t)value); break;
    case SIGNED32:      put_signed(out, (int32_t)value); break;
    default:         format_put_decimal(out, value); break; /* UNSIGNED32, ERROR_CODE */
    }
}

static void put_long(struct format_output *out, enum type type, uint64_t value)
{
    switch (type) {
    case TIME_STAMP:
        put_date(out, value);
        format_put_text(out, " ");
        put_clock(out, value, 7);
        break;
    case TIME_OF_DAY: put_clock(out, value, 7); break;
    case DATE:        put_date(out, value); break;
    case DELTA:       put_delta(out, (int64_t)value); break;
    case DUE:         put_due(out, (int64_t)value); break;
    case SIGNED64:       put_signed(out, (int64_t)value); break;
    case UNSIGNED64:      format_put_decimal(out, value); break;
    default:
        format_put_text(out, "0x");
        format_put_hex(out, value, 16, 0);
        break;
    }
}

static void put_object(struct format_output *out, enum type type, const void *pointer)
{
    const UNICODE_STRING *counted = pointer;

    switch (type) {
    case GUID_POINTER: format_put_guid(out, pointer); break;
    case SECURITY_ID:  put_sid(out, pointer); break;
    case NARROW:       format_put_text(out, pointer != NULL ? pointer : "(null)"); break;
    case WIDE:         put_wide_string(out, pointer, pointer != NULL ? out->capacity - out->length + 1 : 0); break;
    case COUNTED:
        put_wide_string(out, counted != NULL ? (const uint16_t *)counted->Buffer : NULL,
                        counted != NULL ? counted->Length / sizeof(uint16_t) : 0);
        break;
    default:           format_put_hex(out, (uintptr_t)pointer, 2 * sizeof(void *), 1); break;
    }
}

int format_trace_extension(struct format_output *out, const char *name, size_t length,
                           struct format_source *source, const struct format_site *site)
{
    const struct type_name *found;
    uint64_t value;

    if (format_project_type(out, name, length, source, site)) {
        return 1;
    }
    found = find_type(name, length);
    if (found == NULL) {
        put_unknown(out, name, length, source);
        return 1;
    }
    switch (found->type) {
    case FUNCTION: case SOURCE_FILE: case LINE: case LEVEL: case FLAG_NAMES: case COMPONENT: case NOTHING: case PROCESSOR:
        return put_place(out, found->type, site);
    case TIME_STAMP: case TIME_OF_DAY: case DATE: case DELTA: case DUE: case SIGNED64: case UNSIGNED64: case HEX64:
        put_long(out, found->type, source->fetch(source, FORMAT_INT64));
        return 1;
    case GUID_POINTER: case SECURITY_ID: case POINTER: case NARROW: case WIDE: case COUNTED:
        put_object(out, found->type, (const void *)(uintptr_t)source->fetch(source, FORMAT_POINTER));
        return 1;
    case BYTES:
        value = source->fetch(source, FORMAT_BUFFER);
        format_put_bytes(out, (const void *)(uintptr_t)value, source->length);
        return 1;
    default:
        put_value(out, found->type, source);
        return 1;
    }
}
