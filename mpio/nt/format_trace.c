/* SPDX-License-Identifier: MIT */
/*
 * The WPP extensions %!NAME! of trace messages, and names for NTSTATUS values. FUNC, FILE, LINE, LEVEL
 * and FLAGS come from the place of the message, every other one takes an argument. Any IRQL; no state.
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

static const char *const level_names[] = {"NONE", "FATAL", "ERROR", "WARNING", "INFORMATION", "VERBOSE"};

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

static void put_guid(struct format_output *out, const GUID *guid)
{
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
    for (unsigned i = 2; i < 8; i++) {
        authority = authority << 8 | sid[i];
    }
    format_put_text(out, "S-");
    format_put_decimal(out, sid[0]);
    format_put_text(out, "-");
    format_put_decimal(out, authority);
    for (unsigned i = 0; i < sid[1] && i < 15; i++) {
        uint32_t sub;
        memcpy(&sub, sid + 8 + 4 * i, sizeof(sub));
        format_put_text(out, "-");
        format_put_decimal(out, sub);
    }
}

enum extension { EXT_FUNC, EXT_FILE, EXT_LINE, EXT_LEVEL, EXT_FLAGS, EXT_BOOL, EXT_BOOL_UPPER, EXT_IRQL,
                 EXT_GUID, EXT_STATUS, EXT_HRESULT, EXT_WINERROR, EXT_TIMESTAMP, EXT_SID, EXT_IPADDR };

static int find_extension(const char *name, size_t length)
{
    static const char *const names[] = {"FUNC", "FILE", "LINE", "LEVEL", "FLAGS", "bool", "BOOLEAN", "irql",
                                        "GUID", "STATUS", "HRESULT", "WINERROR", "TIMESTAMP", "sid",
                                        "IPADDR"};

    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (strlen(names[i]) == length && strncasecmp(names[i], name, length) == 0) {
            return i;
        }
    }
    return -1;
}

int format_trace_extension(struct format_output *out, const char *name, size_t length,
                           struct format_source *source, const struct format_site *site)
{
    switch (find_extension(name, length)) {
    case EXT_FUNC:
        format_put_text(out, site->function != NULL ? site->function : "?");
        return 1;
    case EXT_FILE:
        format_put_text(out, site->file != NULL ? site->file : "?");
        return 1;
    case EXT_LINE:
        format_put_decimal(out, site->line);
        return 1;
    case EXT_LEVEL:
        if (site->level < sizeof(level_names) / sizeof(level_names[0])) {
            format_put_text(out, level_names[site->level]);
        } else {
            format_put_decimal(out, site->level);
        }
        return 1;
    case EXT_FLAGS:
        format_put_text(out, "0x");
        format_put_hex(out, site->flag, 8, 0);
        return 1;
    case EXT_BOOL:
    case EXT_BOOL_UPPER:
        format_put_text(out, (uint32_t)source->fetch(source, FORMAT_INT32) != 0 ? "TRUE" : "FALSE");
        return 1;
    case EXT_IRQL:
        put_irql(out, (uint8_t)source->fetch(source, FORMAT_INT32));
        return 1;
    case EXT_GUID:
        put_guid(out, (const GUID *)(uintptr_t)source->fetch(source, FORMAT_POINTER));
        return 1;
    case EXT_STATUS:
        put_status(out, (uint32_t)source->fetch(source, FORMAT_INT32));
        return 1;
    case EXT_HRESULT:
        format_put_text(out, "0x");
        format_put_hex(out, (uint32_t)source->fetch(source, FORMAT_INT32), 8, 0);
        return 1;
    case EXT_WINERROR:
        format_put_decimal(out, (uint32_t)source->fetch(source, FORMAT_INT32));
        return 1;
    case EXT_TIMESTAMP:
        format_put_decimal(out, source->fetch(source, FORMAT_INT64));
        return 1;
    case EXT_SID:
        put_sid(out, (const uint8_t *)(uintptr_t)source->fetch(source, FORMAT_POINTER));
        return 1;
    case EXT_IPADDR:
        put_address(out, (uint32_t)source->fetch(source, FORMAT_INT32));
        return 1;
    default:
        return 0;
    }
}
