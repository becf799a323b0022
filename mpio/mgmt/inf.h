/* SPDX-License-Identifier: MIT */
/*
 * A driver information file (INF), read for one Windows version and architecture, as a plan: which model, which
 * services, which registry changes, which files. Nothing is applied here (inf_install.h) and nothing of the host is
 * asked. Rules: Microsoft's published INF reference, in our words in docs/howto-install-an-inf.md.
 */
#ifndef MPIO_MGMT_INF_H
#define MPIO_MGMT_INF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/text_error.h"

#define INF_MAX_TEXT     65536u              /* bytes of one value after its tokens are replaced; one data item */
#define INF_MAX_ALL_TEXT (32u * 1024 * 1024) /* bytes of all of them */
#define INF_MAX_CHANGES  32768u              /* registry changes of one plan */
#define INF_MAX_SECTIONS 4096u               /* sections read through directives; one read twice counts twice */
#define INF_MAX_NEEDS    16u                 /* sections that need sections that need ... */
#define INF_MAX_MODELS   4096u
#define INF_MAX_SERVICES 64u
#define INF_MAX_FILES    4096u

enum inf_architecture { INF_X86, INF_AMD64, INF_IA64, INF_ARM, INF_ARM64, INF_ARCHITECTURES };
extern const char *const inf_architecture_name[INF_ARCHITECTURES]; /* "x86", "amd64", ... */

enum inf_product { INF_WORKSTATION = 1, INF_DOMAIN_CONTROLLER = 2, INF_SERVER = 3 };

/* What the file is read for. */
struct inf_target {
    unsigned major, minor, build;
    enum inf_product product;
    unsigned suites;          /* bits of what is installed */
    enum inf_architecture architecture;
    unsigned language;        /* of [Strings.<language>], such as 0x0409 */
    const char *model;        /* number from 1 in file order, a hardware id, or NULL: the only or first one */
    bool uninstall;           /* read [DefaultUninstall] instead of a model */
};
/* Windows 10, amd64, server, US English, first model. */
extern const struct inf_target inf_default_target;
/* "10.0", "6.1" or "10.0.17763". */
bool inf_parse_version(const char *text, struct inf_target *target);

enum inf_action { INF_SET_VALUE, INF_MAKE_KEY, INF_DELETE_VALUE, INF_DELETE_KEY, INF_REMOVE_STRING };

struct inf_change {
    enum inf_action action;
    const char *key;      /* full path; below `software_class` when `software` */
    bool software;        /* key is relative to the driver's own key, whose number only the registry knows */
    const char *name;     /* of the value; "" is the default value */
    uint32_t type;
    const uint8_t *data;  /* as the registry stores it */
    size_t length;
    bool no_clobber, overwrite_only, append;
    unsigned line;
};

struct inf_service {
    const char *name, *display_name, *image_path, *group; /* "" when not given */
    uint32_t flags, type, start, error_control;
    bool associated;      /* the service of the device */
    unsigned line;
};

struct inf_file {
    const char *name, *source; /* source: relative to the INF, with '/'; NULL when [SourceDisksFiles] does not tell */
    const char *directory;     /* where Setup puts it, as Windows names it */
    bool copied;               /* else deleted or renamed */
    unsigned line;
};

struct inf_model {
    const char *description, *section, *hardware_id;
    unsigned line;
};

struct inf_text_line { /* a note: what is not done and why; a pragma: the text behind ";hct-" */
    const char *text;
    unsigned line;
};

struct inf_secured { /* a WMI class whose users the file names */
    const char *guid; /* as the registry value is called */
    unsigned line;
};

#define INF_LIST(type) struct { type *item; size_t count, room; }

struct inf_plan {
    const char *file_name;    /* the caller's */
    const char *class_name, *class_guid, *provider, *driver_date, *driver_version;
    const char *catalog;      /* the one of the target's architecture, else CatalogFile; "" */
    bool lockdown;            /* PnpLockdown = 1 */
    const char *models_section, *install_section; /* with decoration, as chosen; "" */
    const char *feature_score; /* as written, "" when not given */
    const struct inf_model *model; /* the chosen one; NULL for [DefaultInstall] and [DefaultUninstall] */
    const char *software_class;    /* key of the setup class */
    INF_LIST(struct inf_model) models;
    INF_LIST(struct inf_service) services;
    INF_LIST(struct inf_service) deleted_services;
    INF_LIST(struct inf_change) changes;
    INF_LIST(struct inf_file) files;
    INF_LIST(struct inf_secured) secured;
    INF_LIST(struct inf_text_line) notes;
    INF_LIST(struct inf_text_line) pragmas;
};

/* Reads a file image: ANSI, UTF-8, or UTF-16 with byte order mark. NULL on the first error, which *error describes.
 * `file_name` must outlive the plan and *error; target->model is used only during the call. */
struct inf_plan *inf_read(const char *file_name, const char *image, size_t length, const struct inf_target *target,
                          struct text_error *error);
void inf_free(struct inf_plan *plan);

/* A security descriptor from SDDL text as its self-relative bytes; appended to *out (a struct buffer). */
struct buffer;
bool inf_security_descriptor(const char *sddl, struct buffer *out, const char **why);

#endif
