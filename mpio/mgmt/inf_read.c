/* SPDX-License-Identifier: MIT */
/*
 * The way through an INF: Version -> Manufacturer -> models -> install section with its .Services, .HW and .Wmi parts,
 * or [DefaultInstall], or [DefaultUninstall]. What Setup would do and we do not becomes a note.
 */
#include "mgmt/inf_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf16.h"

static bool copy_setting(struct inf *inf, const struct ini_section *section, const char *key, const char **place)
{
    *place = inf_setting(inf, section, key, NULL);
    return *place != NULL;
}

static bool is_date(const char *text)
{
    static const char form[] = "dd/dd/dddd";

    for (unsigned i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return !text[sizeof form - 1];
}

static bool read_driver_version(struct inf *inf, const struct ini_section *section)
{
    const struct ini_entry *e = ini_find(section, "DriverVer", NULL);

    inf->plan.driver_date = inf->plan.driver_version = "";
    if (!e)
        return inf_note(inf, section->line, "[Version] has no DriverVer; versions cannot be told apart");
    if (!(inf->plan.driver_date = inf_field(inf, e, 0)) || !(inf->plan.driver_version = inf_field(inf, e, 1)))
        return false;
    if (!is_date(inf->plan.driver_date) ||
        strspn(inf->plan.driver_version, "0123456789.") != strlen(inf->plan.driver_version))
        return inf_fail(inf, e->line, "DriverVer is written as mm/dd/yyyy,w.x.y.z, not '%.30s,%.30s'", inf->plan.driver_date,
                        inf->plan.driver_version);
    return true;
}

static bool read_version(struct inf *inf)
{
    const struct ini_section *section = ini_find_section(inf->ini, "Version");
    struct inf_plan *plan = &inf->plan;
    const char *signature, *lockdown;
    char catalog[32];
    unsigned line;
    uint64_t number;

    if (!section)
        return inf_fail(inf, 1, "no [Version] section: this is no driver information file");
    if (!(signature = inf_setting(inf, section, "Signature", &line)))
        return false;
    if (!ini_same_name(signature, "$WINDOWS NT$") && !ini_same_name(signature, "$CHICAGO$") &&
        !ini_same_name(signature, "$WINDOWS 95$"))
        return inf_fail(inf, line, "Signature is '%.40s'; Setup takes \"$WINDOWS NT$\"", signature);
    if (!copy_setting(inf, section, "Class", &plan->class_name) ||
        !copy_setting(inf, section, "ClassGuid", &plan->class_guid) ||
        !copy_setting(inf, section, "Provider", &plan->provider) || !read_driver_version(inf, section))
        return false;
    if (strpbrk(plan->class_guid, "\\"))
        return inf_fail(inf, section->line, "ClassGuid is '%.60s', which is no GUID", plan->class_guid);
    snprintf(catalog, sizeof catalog, "CatalogFile.NT%s", inf_architecture_name[inf->target->architecture]);
    if (!copy_setting(inf, section, catalog, &plan->catalog) ||
        (!*plan->catalog && !copy_setting(inf, section, "CatalogFile.NT", &plan->catalog)) ||
        (!*plan->catalog && !copy_setting(inf, section, "CatalogFile", &plan->catalog)))
        return false;
    if (!(lockdown = inf_setting(inf, section, "PnpLockdown", &line)) ||
        !inf_number(inf, line, "PnpLockdown", lockdown, 1, 0, &number))
        return false;
    plan->lockdown = number != 0;
    plan->software_class = inf_format(inf, "%s\\Class\\%s", INF_CONTROL_KEY, plan->class_guid);
    return plan->software_class != NULL;
}

/* Comment lines `;hct-...`, which the INI parser drops. */
static bool read_pragmas(struct inf *inf, const char *image, size_t length)
{
    struct buffer text = {0};
    unsigned line = 0;
    bool ok = text_decode_file(inf->plan.file_name, image, length, TEXT_DECODE_ANSI, &text, inf->error);

    for (const char *at = buffer_text(&text), *end = at + text.length; ok && at < end;) {
        const char *stop = at;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        line++;
        while (at < stop && (*at == ' ' || *at == '\t'))
            at++;
        if (stop - at > 5 && memcmp(at, ";hct-", 5) == 0) {
            struct inf_text_line *pragma = INF_ADD(inf, pragmas, INF_MAX_CHANGES, line);
            ok = pragma && (pragma->text = inf_keep(inf, at + 5, (size_t)(stop - at - 5)));
            if (ok)
                pragma->line = line;
        }
        at = stop + (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    buffer_free(&text);
    return ok;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words && !ini_same_name(word, *words))
        words++;
    return *words != NULL;
}

/* What the lines of an install section say that neither the registry nor the file list takes. */
static bool note_directives(struct inf *inf, const struct ini_section *section)
{
    static const char *const done[] = {"AddReg", "DelReg", "BitReg", "CopyFiles", "DelFiles", "RenFiles", "Needs",
                                       "Include", "FeatureScore", "DriverVer", "CopyINF", "Reboot", "Signature", NULL};

    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        if (!e->key)
            return inf_fail(inf, e->line, "a line of [%.60s] is DIRECTIVE = value; '=' is missing", section->name);
        if (ini_same_name(e->key, "Include") && e->value_count > 0 &&
            !inf_note(inf, e->line, "Include = %.80s is not read; only sections of this file are", e->values[0].text))
            return false;
        if (ini_same_name(e->key, "FeatureScore") && !(inf->plan.feature_score = inf_field(inf, e, 0)))
            return false;
        if (!is_one_of(e->key, done) && !inf_note(inf, e->line, "%.40s is not done here", e->key))
            return false;
    }
    return true;
}

static bool read_install_section(struct inf *inf, const struct ini_section *section, const struct inf_context *context,
                                 const char *suffix, unsigned depth);

/* Needs = section, ...: these first. A section of an included INF is not there; its name is noted. */
static bool read_needs(struct inf *inf, const struct ini_section *section, const struct inf_context *context,
                       const char *suffix, unsigned depth)
{
    for (const struct ini_entry *e = NULL; (e = ini_find(section, "Needs", e));) {
        for (size_t v = 0; v < e->value_count; v++) {
            const char *name = inf_text(inf, &e->values[v]);
            if (!name)
                return false;
            if (depth == INF_MAX_NEEDS)
                return inf_fail(inf, e->line, "Needs = %.60s goes %u sections deep, perhaps in a circle; break it", name,
                                INF_MAX_NEEDS);
            if (!ini_find_section(inf->ini, name)) {
                if (!inf_note(inf, e->line, "Needs = %.80s: not in this file, left out", name))
                    return false;
                continue;
            }
            const struct ini_section *needed = inf_section(inf, name, e->line, "Needs");
            if (!needed || !read_install_section(inf, needed, context, suffix, depth + 1))
                return false;
        }
    }
    return true;
}

static bool read_install_section(struct inf *inf, const struct ini_section *section, const struct inf_context *context,
                                 const char *suffix, unsigned depth)
{
    if (!read_needs(inf, section, context, suffix, depth))
        return false;
    if (strcmp(suffix, ".Services") == 0)
        return inf_read_services(inf, section);
    return note_directives(inf, section) && inf_file_directives(inf, section) &&
           inf_registry_directives(inf, section, context);
}

/* Key of the device that a root-enumerated id gives: Enum\ROOT\NAME\0000. */
static const char *device_key(struct inf *inf)
{
    const char *id = inf->plan.model ? inf->plan.model->hardware_id : "";

    return inf_format(inf, "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Enum\\%s\\0000\\Device Parameters",
                      *id ? id : "ROOT\\UNKNOWN");
}

static bool read_parts(struct inf *inf, const struct ini_section *section, bool device)
{
    static const char *const noted[] = {".CoInstallers", ".Interfaces", ".LogConfigOverride", ".PosDup",
                                        ".Events", ".Filters", ".Software", ".Components"};
    struct inf_context software = {device ? INF_ROOT_SOFTWARE : INF_ROOT_NONE, NULL};
    struct inf_context hardware = {INF_ROOT_HARDWARE, NULL};
    const struct ini_section *part;

    inf->plan.install_section = section->name;
    if (!read_install_section(inf, section, &software, "", 0))
        return false;
    if ((part = inf_part(inf, section, ".HW")) &&
        (!(hardware.key = device_key(inf)) || !read_install_section(inf, part, &hardware, ".HW", 0)))
        return false;
    if ((part = inf_part(inf, section, ".Services")) && !read_install_section(inf, part, &software, ".Services", 0))
        return false;
    if ((part = inf_part(inf, section, ".Wmi")) && !inf_read_wmi(inf, part))
        return false;
    for (size_t i = 0; i < sizeof noted / sizeof *noted; i++)
        if ((part = inf_part(inf, section, noted[i])) &&
            !inf_note(inf, part->line, "[%.80s] is not done here", part->name))
            return false;
    return true;
}

/* Which WMI classes the file secures, by AddReg or by WMIInterface. */
static bool find_secured(struct inf *inf)
{
    for (size_t i = 0; i < inf->plan.changes.count; i++) {
        const struct inf_change *c = &inf->plan.changes.item[i];
        if (c->action != INF_SET_VALUE || !ini_same_name(c->key, INF_WMI_SECURITY))
            continue;
        struct inf_secured *s = INF_ADD(inf, secured, INF_MAX_CHANGES, c->line);
        if (!s)
            return false;
        *s = (struct inf_secured){c->name, c->line};
    }
    return true;
}

static bool read_default(struct inf *inf, const char *name)
{
    const struct ini_section *section = inf_decorated_section(inf, name);

    return section ? read_parts(inf, section, false)
                   : inf_fail(inf, 0, "no [%s] section; nothing here can be %s", name,
                              inf->target->uninstall ? "uninstalled" : "installed without a [Manufacturer] section");
}

static bool read_all(struct inf *inf, const char *image, size_t length)
{
    struct inf_plan *plan = &inf->plan;

    plan->models_section = plan->install_section = plan->feature_score = "";
    if (!inf_open(inf, image, length) || !read_pragmas(inf, image, length) || !read_version(inf))
        return false;
    if (inf->target->uninstall)
        return read_default(inf, "DefaultUninstall");
    if (!ini_find_section(inf->ini, "Manufacturer"))
        return read_default(inf, "DefaultInstall") && find_secured(inf);
    if (!inf_read_models(inf))
        return false;
    const struct ini_section *section = inf_decorated_section(inf, plan->model->section);
    if (!section)
        return inf_fail(inf, plan->model->line, "the model's install section [%.60s] is not in the file, with or without"
                        " .NT%s; add it", plan->model->section, inf_architecture_name[inf->target->architecture]);
    return read_parts(inf, section, true) && find_secured(inf);
}

struct inf_plan *inf_read(const char *file_name, const char *image, size_t length, const struct inf_target *target,
                          struct text_error *error)
{
    struct inf *inf = calloc(1, sizeof *inf);

    if (!inf) {
        text_error_set(error, file_name, 0, 0, "out of memory");
        return NULL;
    }
    inf->plan.file_name = file_name;
    inf->target = target;
    inf->error = error;
    if (read_all(inf, image, length)) {
        inf->target = NULL; /* the caller's */
        inf->error = NULL;
        return &inf->plan;
    }
    inf_free(&inf->plan);
    return NULL;
}
