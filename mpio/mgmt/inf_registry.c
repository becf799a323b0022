/* SPDX-License-Identifier: MIT */
/*
 * AddReg and DelReg: one line is `root, [subkey], [value], [flags], [data, ...]`; the flags are those of setupapi.h
 * (FLG_ADDREG_*, FLG_DELREG_*). A line becomes one change of the plan, its data in the form the registry stores.
 */
#include "mgmt/inf_internal.h"

#include <string.h>

#include "mgmt/registry_image.h"
#include "text/number.h"
#include "text/regfile.h"

enum {
    FLAG_BINARY = 0x1,         /* the data are bytes; the high word names the type */
    FLAG_NO_CLOBBER = 0x2,
    FLAG_DELETE_VALUE = 0x4,
    FLAG_APPEND = 0x8,
    FLAG_KEY_ONLY = 0x10,
    FLAG_OVERWRITE_ONLY = 0x20,
    FLAG_64_BIT_KEY = 0x1000,
    FLAG_KEY_ONLY_COMMON = 0x2000,
    FLAG_32_BIT_KEY = 0x4000,
    FLAG_DELETES = 0x8000,     /* read the line as DelReg does */
    FLAGS_KNOWN = 0xF03F,
    FLAG_DELETE_STRING = 0x2,  /* with FLAG_DELETES and the multi-string type */
    TYPES = 0xFFFF0001,
    TYPE_MULTI_SZ = 0x00010000,
    TYPE_EXPAND_SZ = 0x00020000,
    TYPE_DWORD = 0x00010001,
    TYPE_NONE = 0x00020001,
    TYPE_QWORD = 0x000B0001,
};

struct inf_change *inf_add_change(struct inf *inf, enum inf_action action, const char *key, const char *name,
                                  unsigned line)
{
    struct inf_change *change = INF_ADD(inf, changes, INF_MAX_CHANGES, line);

    if (change)
        *change = (struct inf_change){.action = action, .key = key, .name = name, .line = line,
                                      .data = (const uint8_t *)""};
    return change;
}

static bool set_data(struct inf *inf, struct inf_change *change, uint32_t type, struct buffer *data)
{
    if (data->failed)
        return inf_fail(inf, change->line, "the data have more than %u bytes", INF_MAX_TEXT);
    change->type = type;
    change->length = data->length;
    change->data = (const uint8_t *)inf_keep(inf, data->data, data->length);
    return change->data != NULL;
}

bool inf_set_strings(struct inf *inf, struct inf_change *change, uint32_t type, const char *const *texts, size_t count)
{
    struct buffer data;

    buffer_init(&data, INF_MAX_TEXT);
    for (size_t i = 0; i < count; i++)
        registry_append_utf16(&data, texts[i]);
    if (type == REGFILE_MULTI_SZ)
        buffer_append(&data, "\0", 2);
    bool ok = set_data(inf, change, type, &data);
    buffer_free(&data);
    return ok;
}

/* ---- where ---------------------------------------------------------------------------------- */

static bool uses_32_bit_view(const struct inf *inf, uint64_t flags)
{
    return (flags & FLAG_32_BIT_KEY) && inf->target->architecture != INF_X86 && inf->target->architecture != INF_ARM;
}

static const char *root_path(struct inf *inf, const char *root, const struct inf_context *context, unsigned line,
                             bool *software)
{
    *software = false;
    if (ini_same_name(root, "HKLM") || ini_same_name(root, "HKEY_LOCAL_MACHINE"))
        return "HKEY_LOCAL_MACHINE";
    if (ini_same_name(root, "HKCR") || ini_same_name(root, "HKEY_CLASSES_ROOT"))
        return "HKEY_LOCAL_MACHINE\\SOFTWARE\\Classes";
    if (ini_same_name(root, "HKU") || ini_same_name(root, "HKEY_USERS"))
        return "HKEY_USERS";
    if (ini_same_name(root, "HKCU") || ini_same_name(root, "HKEY_CURRENT_USER")) {
        bool noted = inf_note(inf, line, "HKCU is the user who installs: here HKEY_USERS\\.DEFAULT, the system's");
        return noted ? "HKEY_USERS\\.DEFAULT" : NULL;
    }
    if (!ini_same_name(root, "HKR")) {
        inf_fail(inf, line, "'%.40s' is no registry root; use HKR, HKLM, HKCR, HKU or HKCU", root);
        return NULL;
    }
    switch (context->root) {
    case INF_ROOT_SERVICE:
    case INF_ROOT_HARDWARE:
        return context->key;
    case INF_ROOT_SOFTWARE:
        *software = true;
        return "";
    default:
        inf_fail(inf, line, "HKR names nothing here: no device or service is installed; write HKLM and the path");
        return NULL;
    }
}

/* Backslashes at the ends of a sub-key say nothing. */
static const char *trimmed(struct inf *inf, const char *subkey)
{
    size_t length;

    subkey += strspn(subkey, "\\");
    length = strlen(subkey);
    if (length == 0 || subkey[length - 1] != '\\')
        return subkey;
    while (length > 0 && subkey[length - 1] == '\\')
        length--;
    return inf_keep(inf, subkey, length);
}

static const char *full_key(struct inf *inf, const char *root, const char *subkey, bool view32)
{
    static const char software[] = "SOFTWARE\\";

    if (view32 && strcmp(root, "HKEY_LOCAL_MACHINE") == 0) {
        size_t i = 0;
        while (software[i] && (subkey[i] & ~0x20) == (software[i] & ~0x20))
            i++;
        if (!software[i])
            return inf_format(inf, "%s\\SOFTWARE\\WOW6432Node\\%s", root, subkey + i);
    }
    return inf_format(inf, "%s%s%s", root, *root && *subkey ? "\\" : "", subkey);
}

/* ---- data ----------------------------------------------------------------------------------- */

static bool read_bytes(struct inf *inf, const struct ini_entry *e, size_t from, struct buffer *data)
{
    for (size_t i = from; i < e->value_count; i++) {
        const char *text = inf_field(inf, e, i), *digits = text;
        unsigned byte = 0;
        if (!text)
            return false;
        if (digits[0] == '0' && (digits[1] | 0x20) == 'x')
            digits += 2;
        size_t length = strlen(digits);
        if (i + 1 == e->value_count && i > from && length == 0)
            break; /* a comma behind the last byte */
        if (length < 1 || length > 2 || strspn(digits, "0123456789abcdefABCDEF") != length)
            return inf_fail(inf, e->values[i].line, "'%.20s' is no byte; write one or two hexadecimal digits", text);
        for (; *digits; digits++)
            byte = byte << 4 | (unsigned)(*digits <= '9' ? *digits - '0' : (*digits | 0x20) - 'a' + 10);
        buffer_append_byte(data, (unsigned char)byte);
    }
    return true;
}

/* A number as one field, or as its bytes. */
static bool read_integer(struct inf *inf, const struct ini_entry *e, size_t size, struct buffer *data)
{
    size_t count = e->value_count > 4 ? e->value_count - 4 : 0;
    uint64_t number;

    if (count == size)
        return read_bytes(inf, e, 4, data);
    if (count > 1)
        return inf_fail(inf, e->line, "%zu fields of data for a number of %zu bytes; write one number or %zu bytes",
                        count, size, size);
    const char *text = inf_field(inf, e, 4);
    if (!text)
        return false;
    bool negative = *text == '-';
    if (!inf_number(inf, e->line, "the number", text + negative, size == 4 ? UINT32_MAX : UINT64_MAX, 0, &number))
        return false;
    if (negative)
        number = 0 - number;
    for (size_t i = 0; i < size; i++)
        buffer_append_byte(data, (unsigned char)(number >> (8 * i)));
    return true;
}

static bool read_strings(struct inf *inf, const struct ini_entry *e, bool multi, struct buffer *data)
{
    for (size_t i = 4; i < e->value_count || (!multi && i == 4); i++) {
        const char *text = inf_field(inf, e, i);
        if (!text)
            return false;
        if (!multi && i > 4)
            return inf_fail(inf, e->line, "%zu fields of data for one string; put it in quotes", e->value_count - 4);
        if (multi && !*text) {
            if (e->value_count > 5 && !inf_note(inf, e->line, "an empty string in a multi-string is left out"))
                return false;
            continue;
        }
        registry_append_utf16(data, text);
    }
    if (multi)
        buffer_append(data, "\0", 2);
    return true;
}

static bool read_data(struct inf *inf, const struct ini_entry *e, uint32_t kind, struct inf_change *change)
{
    struct buffer data;
    uint32_t type;
    bool ok;

    buffer_init(&data, INF_MAX_TEXT);
    switch (kind) {
    case 0:
    case TYPE_EXPAND_SZ:
    case TYPE_MULTI_SZ:
        type = kind == 0 ? REGFILE_SZ : kind == TYPE_EXPAND_SZ ? REGFILE_EXPAND_SZ : REGFILE_MULTI_SZ;
        ok = read_strings(inf, e, kind == TYPE_MULTI_SZ, &data);
        break;
    case TYPE_DWORD:
        type = REGFILE_DWORD;
        ok = read_integer(inf, e, 4, &data);
        break;
    case TYPE_QWORD:
        type = REGFILE_QWORD;
        ok = read_integer(inf, e, 8, &data);
        break;
    default: /* bytes of the type in the high word; no type there is REG_BINARY */
        type = kind == TYPE_NONE ? REGFILE_NONE : kind == FLAG_BINARY ? REGFILE_BINARY : kind >> 16;
        ok = (kind & FLAG_BINARY) ? read_bytes(inf, e, 4, &data)
                                  : inf_fail(inf, e->line, "value type 0x%08X is not known; FLG_ADDREG_TYPE_* are", kind);
    }
    ok = ok && set_data(inf, change, type, &data);
    buffer_free(&data);
    return ok;
}

/* ---- lines ---------------------------------------------------------------------------------- */

static bool finish_set(struct inf *inf, const struct ini_entry *e, uint64_t flags, struct inf_change *change)
{
    uint32_t kind = (uint32_t)flags & TYPES;

    if ((flags & FLAG_APPEND) && kind != TYPE_MULTI_SZ)
        return inf_fail(inf, e->line, "the append flag 0x8 is for multi-strings only; the type is 0x%08X, write 0x00010008",
                        kind);
    change->no_clobber = flags & FLAG_NO_CLOBBER;
    change->overwrite_only = flags & FLAG_OVERWRITE_ONLY;
    change->append = flags & FLAG_APPEND;
    return read_data(inf, e, kind, change);
}

static bool finish_delete(struct inf *inf, const struct ini_entry *e, uint64_t flags, struct inf_change *change)
{
    if (flags & FLAG_KEY_ONLY_COMMON || e->value_count < 3 || (e->value_count == 3 && !*change->name))
        change->action = INF_DELETE_KEY;
    if ((flags & TYPES) != TYPE_MULTI_SZ || !(flags & FLAG_DELETE_STRING) || (flags & FLAG_DELETE_VALUE))
        return true;
    const char *text = inf_field(inf, e, 4);
    if (!text)
        return false;
    if (!*text)
        return inf_fail(inf, e->line, "no string to delete from the multi-string; write it behind the flags");
    change->action = INF_REMOVE_STRING;
    return inf_set_strings(inf, change, REGFILE_SZ, &text, 1);
}

static bool read_line(struct inf *inf, const struct ini_entry *e, bool deletes, const struct inf_context *context)
{
    const char *part[4];
    uint64_t flags;
    bool software;

    if (e->key)
        return inf_fail(inf, e->line, "a registry line is ROOT, subkey, value, flags, data; put '=' in quotes");
    for (size_t i = 0; i < 4; i++)
        if (!(part[i] = inf_field(inf, e, i)))
            return false;
    if (!inf_number(inf, e->line, "the flags field", part[3], UINT32_MAX, 0, &flags))
        return false;
    if (flags & 0xFFFF & ~(uint64_t)FLAGS_KNOWN)
        return inf_fail(inf, e->line, "flags 0x%08X: bits 0x%X are not known; FLG_ADDREG_* of setupapi.h are", (unsigned)flags,
                        (unsigned)(flags & 0xFFFF & ~(uint64_t)FLAGS_KNOWN));
    deletes = deletes || (flags & (FLAG_DELETES | FLAG_DELETE_VALUE));
    const char *root = root_path(inf, part[0], context, e->line, &software);
    const char *subkey = root ? trimmed(inf, part[1]) : NULL;
    const char *key = subkey ? full_key(inf, root, subkey, uses_32_bit_view(inf, flags)) : NULL;
    if (!key)
        return false;
    enum inf_action action = deletes ? INF_DELETE_VALUE
                             : (flags & (FLAG_KEY_ONLY | FLAG_KEY_ONLY_COMMON)) || e->value_count < 3 ? INF_MAKE_KEY
                                                                                                     : INF_SET_VALUE;
    struct inf_change *change = inf_add_change(inf, action, key, part[2], e->line);
    if (!change)
        return false;
    change->software = software;
    return action == INF_SET_VALUE ? finish_set(inf, e, flags, change)
           : deletes               ? finish_delete(inf, e, flags, change)
                                   : true;
}

bool inf_read_registry(struct inf *inf, const struct ini_section *section, bool deletes,
                       const struct inf_context *context)
{
    for (size_t i = 0; i < section->entry_count; i++)
        if (!read_line(inf, &section->entries[i], deletes, context))
            return false;
    return true;
}

static bool read_sections(struct inf *inf, const struct ini_section *section, const char *word, bool deletes,
                          const struct inf_context *context)
{
    for (const struct ini_entry *e = NULL; (e = ini_find(section, word, e));) {
        for (size_t v = 0; v < e->value_count; v++) {
            const char *name = inf_text(inf, &e->values[v]);
            if (!name)
                return false;
            if (!*name)
                continue;
            const struct ini_section *named = inf_section(inf, name, e->line, word);
            if (!named || !inf_read_registry(inf, named, deletes, context))
                return false;
        }
    }
    return true;
}

/* Setup deletes first, whatever the order of the lines. */
bool inf_registry_directives(struct inf *inf, const struct ini_section *section, const struct inf_context *context)
{
    const struct ini_entry *bits = ini_find(section, "BitReg", NULL);

    if (bits)
        return inf_fail(inf, bits->line, "BitReg is not supported: whose bits the value has cannot be told apart when it is"
                        " undone; set the whole value with AddReg");
    return read_sections(inf, section, "DelReg", true, context) && read_sections(inf, section, "AddReg", false, context);
}
