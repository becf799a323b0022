/* SPDX-License-Identifier: MIT */
/*
 * [install.Services] and [install.Wmi]: what the service control manager and WMI would write. A service becomes values
 * of its key below Services, as Windows writes them. ServiceBinary is a path below C:\Windows; in the registry it is
 * relative, `System32\drivers\x.sys`, for a driver that the boot loader reads (start type 0), which knows no object
 * names yet, and `\SystemRoot\System32\drivers\x.sys` for the others.
 */
#include "mgmt/inf_internal.h"

#include <string.h>

#include "text/regfile.h"

enum { /* SPSVCINST_* */
    ASSOCIATED = 0x2,
    KEEP_DISPLAY_NAME = 0x8,
    KEEP_START_TYPE = 0x10,
    KEEP_ERROR_CONTROL = 0x20,
    KEEP_GROUP = 0x40,
    KEEP_DEPENDENCIES = 0x80,
    KEEP_DESCRIPTION = 0x100,
    REPLACE_SECURITY = 0x400,
    KEEP_PRIVILEGES = 0x1000,
    SERVICE_FLAGS = 0x1FFF,
    OVERWRITE_SECURITY = 0x1, /* SCWMI_OVERWRITE_SECURITY */
};
#define DRIVER_TYPES 0xBu /* kernel, file system, recognizer */

static struct inf_change *set(struct inf *inf, const char *key, const char *name, bool keep, unsigned line)
{
    struct inf_change *change = inf_add_change(inf, INF_SET_VALUE, key, name, line);

    if (change)
        change->no_clobber = keep;
    return change;
}

static bool set_text(struct inf *inf, const char *key, const char *name, uint32_t type, const char *text, bool keep,
                     unsigned line)
{
    if (!*text)
        return true;
    struct inf_change *change = set(inf, key, name, keep, line);
    return change && inf_set_strings(inf, change, type, &text, 1);
}

static bool set_number(struct inf *inf, const char *key, const char *name, uint32_t number, bool keep, unsigned line)
{
    uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
    struct inf_change *change = set(inf, key, name, keep, line);

    if (!change || !(change->data = (const uint8_t *)inf_keep(inf, bytes, sizeof bytes)))
        return false;
    change->type = REGFILE_DWORD;
    change->length = sizeof bytes;
    return true;
}

/* A number that the section must tell. */
static bool required_number(struct inf *inf, const struct ini_section *section, const char *key, uint64_t maximum,
                            uint32_t *result)
{
    unsigned line;
    uint64_t number;
    const char *text = inf_setting(inf, section, key, &line);

    if (!text)
        return false;
    if (!*text)
        return inf_fail(inf, line, "service section [%.60s] has no %s; add it", section->name, key);
    if (!inf_number(inf, line, key, text, maximum, 0, &number))
        return false;
    *result = (uint32_t)number;
    return true;
}

static bool image_path(struct inf *inf, const struct ini_section *section, struct inf_service *s)
{
    static const char windows[] = "C:\\Windows\\";
    unsigned line;
    const char *path = inf_setting(inf, section, "ServiceBinary", &line);

    if (!path)
        return false;
    if (!*path)
        return inf_fail(inf, line, "service section [%.60s] has no ServiceBinary; add it, such as %%12%%\\driver.sys",
                        section->name);
    if (strncmp(path, windows, strlen(windows)) == 0 && (s->type & DRIVER_TYPES))
        path = inf_format(inf, "%s%s", s->start == 0 ? "" : "\\SystemRoot\\", path + strlen(windows));
    s->image_path = path;
    return path != NULL;
}

/* `name, +group, ...` -> DependOnService, DependOnGroup */
static bool set_dependencies(struct inf *inf, const struct ini_section *section, const char *key, bool keep)
{
    const struct ini_entry *e = ini_find(section, "Dependencies", NULL);
    const char *names[2][32];
    size_t count[2] = {0, 0};

    for (size_t i = 0; e && i < e->value_count; i++) {
        const char *text = inf_text(inf, &e->values[i]);
        if (!text)
            return false;
        unsigned group = *text == '+';
        if (count[group] == 32)
            return inf_fail(inf, e->line, "more than 32 dependencies of one kind");
        if (text[group])
            names[group][count[group]++] = text + group;
    }
    for (unsigned group = 0; group < 2; group++) {
        if (count[group] == 0)
            continue;
        struct inf_change *c = set(inf, key, group ? "DependOnGroup" : "DependOnService", keep, e->line);
        if (!c || !inf_set_strings(inf, c, REGFILE_MULTI_SZ, names[group], count[group]))
            return false;
    }
    return true;
}

/* A security descriptor as a REG_BINARY value. */
static bool set_security(struct inf *inf, const char *key, const char *name, const char *sddl, bool keep, unsigned line)
{
    struct buffer bytes;
    const char *why = NULL;

    buffer_init(&bytes, INF_MAX_TEXT);
    bool ok = inf_security_descriptor(sddl, &bytes, &why) ||
              inf_fail(inf, line, "the security descriptor '%.60s' cannot be read: %s", sddl, why);
    struct inf_change *change = ok ? set(inf, key, name, keep, line) : NULL;
    if (change) {
        change->type = REGFILE_BINARY;
        change->length = bytes.length;
        change->data = (const uint8_t *)inf_keep(inf, bytes.data, bytes.length);
        ok = change->data != NULL;
    }
    buffer_free(&bytes);
    return ok && change;
}

static bool read_service_section(struct inf *inf, const struct ini_section *section, struct inf_service *s)
{
    const char *key = inf_format(inf, "%s\\%s", INF_SERVICES_KEY, s->name), *description, *account, *security;
    unsigned line = section->line, security_line;

    if (!key || !required_number(inf, section, "ServiceType", 0xFFF, &s->type) ||
        !required_number(inf, section, "StartType", 4, &s->start) ||
        !required_number(inf, section, "ErrorControl", 3, &s->error_control) || !image_path(inf, section, s))
        return false;
    if (!(s->display_name = inf_setting(inf, section, "DisplayName", NULL)) ||
        !(s->group = inf_setting(inf, section, "LoadOrderGroup", NULL)) ||
        !(description = inf_setting(inf, section, "Description", NULL)) ||
        !(account = inf_setting(inf, section, "StartName", NULL)) ||
        !(security = inf_setting(inf, section, "Security", &security_line)))
        return false;
    const struct inf_service own = *s;
    bool ok = set_number(inf, key, "Type", own.type, false, line) &&
              set_number(inf, key, "Start", own.start, own.flags & KEEP_START_TYPE, line) &&
              set_number(inf, key, "ErrorControl", own.error_control, own.flags & KEEP_ERROR_CONTROL, line) &&
              set_text(inf, key, "ImagePath", REGFILE_EXPAND_SZ, own.image_path, false, line) &&
              set_text(inf, key, "DisplayName", REGFILE_SZ, own.display_name, own.flags & KEEP_DISPLAY_NAME, line) &&
              set_text(inf, key, "Group", REGFILE_SZ, own.group, own.flags & KEEP_GROUP, line) &&
              set_text(inf, key, "Description", REGFILE_SZ, description, own.flags & KEEP_DESCRIPTION, line) &&
              set_text(inf, key, "ObjectName", REGFILE_SZ, account, false, line) &&
              set_dependencies(inf, section, key, own.flags & KEEP_DEPENDENCIES);
    if (ok && *security) {
        const char *place = inf_format(inf, "%s\\Security", key);
        ok = place && set_security(inf, place, "Security", security, !(own.flags & REPLACE_SECURITY), security_line);
    }
    struct inf_context context = {INF_ROOT_SERVICE, key};
    return ok && inf_registry_directives(inf, section, &context);
}

/* One component of a key path. */
static bool is_service_name(const char *name)
{
    return *name && !strpbrk(name, "\\/") && strlen(name) <= 255;
}

static bool add_service(struct inf *inf, const struct ini_entry *e)
{
    const char *name = inf_field(inf, e, 0), *flags_text = inf_field(inf, e, 1), *section_name = inf_field(inf, e, 2);
    uint64_t flags;

    if (!name || !flags_text || !section_name ||
        !inf_number(inf, e->line, "the flags field of AddService", flags_text, UINT32_MAX, 0, &flags))
        return false;
    if (flags & ~(uint64_t)SERVICE_FLAGS)
        return inf_fail(inf, e->line, "AddService flags 0x%X: bits 0x%X are not known; SPSVCINST_* of setupapi.h are",
                        (unsigned)flags, (unsigned)(flags & ~(uint64_t)SERVICE_FLAGS));
    if (!*name)
        return inf_note(inf, e->line, "AddService without a name: the device has no service");
    if (!is_service_name(name))
        return inf_fail(inf, e->line, "'%.60s' is no service name; a name has no slashes and at most 255 bytes", name);
    if (!*section_name)
        return inf_fail(inf, e->line, "AddService = %.60s names no service section; write it as the third field", name);
    for (size_t i = 0; (flags & ASSOCIATED) && i < inf->plan.services.count; i++)
        if (inf->plan.services.item[i].associated)
            return inf_fail(inf, e->line, "a second associated service (flag 0x2); a device has one");
    const struct ini_section *section = inf_section(inf, section_name, e->line, "AddService");
    struct inf_service *s = section ? INF_ADD(inf, services, INF_MAX_SERVICES, e->line) : NULL;
    if (!s)
        return false;
    *s = (struct inf_service){.name = name, .flags = (uint32_t)flags, .associated = flags & ASSOCIATED, .line = e->line};
    return read_service_section(inf, section, s);
}

static bool delete_service(struct inf *inf, const struct ini_entry *e)
{
    const char *name = inf_field(inf, e, 0);

    if (!name)
        return false;
    if (!is_service_name(name))
        return inf_fail(inf, e->line, "DelService names no service; write its name");
    struct inf_service *s = INF_ADD(inf, deleted_services, INF_MAX_SERVICES, e->line);
    if (!s)
        return false;
    *s = (struct inf_service){.name = name, .display_name = "", .image_path = "", .group = "", .line = e->line};
    const char *key = inf_format(inf, "%s\\%s", INF_SERVICES_KEY, name);
    return key && inf_add_change(inf, INF_DELETE_KEY, key, "", e->line);
}

bool inf_read_services(struct inf *inf, const struct ini_section *section)
{
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        const char *word = e->key ? e->key : "";
        bool ok = ini_same_name(word, "AddService")   ? add_service(inf, e)
                  : ini_same_name(word, "DelService") ? delete_service(inf, e)
                  : ini_same_name(word, "Include") || ini_same_name(word, "Needs")
                      ? true
                      : inf_note(inf, e->line, "'%.40s' is not done in a services section", word);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- WMI ------------------------------------------------------------------------------------ */

/* {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}, the braces may be missing -> the value name: lower case, no braces. */
static bool guid_name(const char *text, char name[37])
{
    bool braces = *text == '{';

    text += braces;
    for (unsigned i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = text[i];
        if (c >= 'A' && c <= 'F')
            c |= 0x20;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        name[i] = c;
    }
    name[36] = 0;
    return strcmp(text + 36, braces ? "}" : "") == 0;
}

static bool wmi_interface(struct inf *inf, const struct ini_entry *e)
{
    const char *guid = inf_field(inf, e, 0), *flags_text = inf_field(inf, e, 1), *section_name = inf_field(inf, e, 2);
    char name[37];
    unsigned line;
    uint64_t flags;

    if (!guid || !flags_text || !section_name ||
        !inf_number(inf, e->line, "the flags field of WMIInterface", flags_text, UINT32_MAX, 0, &flags))
        return false;
    if (!guid_name(guid, name))
        return inf_fail(inf, e->line, "'%.60s' is no GUID; written is {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}", guid);
    const struct ini_section *section = inf_section(inf, section_name, e->line, "WMIInterface");
    const char *sddl = section ? inf_setting(inf, section, "Security", &line) : NULL;
    const char *kept = sddl ? inf_keep(inf, name, 36) : NULL;
    if (!kept)
        return false;
    if (!*sddl)
        return inf_fail(inf, line, "section [%.60s] has no Security = \"SDDL\"; add it", section->name);
    return set_security(inf, INF_WMI_SECURITY, kept, sddl, !(flags & OVERWRITE_SECURITY), e->line);
}

bool inf_read_wmi(struct inf *inf, const struct ini_section *section)
{
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        if (!e->key || !ini_same_name(e->key, "WMIInterface"))
            return inf_fail(inf, e->line, "only WMIInterface = {GUID}, flags, section stands in [%.60s]", section->name);
        if (!wmi_interface(inf, e))
            return false;
    }
    return true;
}
