/* SPDX-License-Identifier: MIT */
/* What the files that read an INF share: the file under way, its strings, and helpers that fail with a place. */
#ifndef MPIO_MGMT_INF_INTERNAL_H
#define MPIO_MGMT_INF_INTERNAL_H

#include "mgmt/inf.h"
#include "text/buffer.h"
#include "text/ini.h"

struct inf_string {
    const char *name, *text;
    unsigned rank; /* 0: of the language; then the neutral ones; within a rank the first one wins */
    size_t order;
};

struct inf_block {
    struct inf_block *next;
    size_t used, size;
    char bytes[];
};

struct inf {
    struct inf_plan plan; /* first: inf_free gets its address */
    struct ini *ini;
    const struct inf_target *target;
    struct text_error *error;
    struct inf_string *strings; /* sorted by name, rank, order */
    size_t string_count;
    struct inf_block *blocks; /* of kept text */
    size_t kept;
    unsigned sections; /* read so far, against INF_MAX_SECTIONS */
};

#define INF_SERVICES_KEY "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services"
#define INF_CONTROL_KEY  "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control"
#define INF_WMI_SECURITY INF_CONTROL_KEY "\\WMI\\Security"

/* ---- inf.c ---- */
/* Parses the file and its strings. */
bool inf_open(struct inf *inf, const char *image, size_t length);
/* Fails with a message that belongs to a line. Returns false. */
__attribute__((format(printf, 3, 4))) bool inf_fail(struct inf *inf, unsigned line, const char *format, ...);
__attribute__((format(printf, 3, 4))) bool inf_note(struct inf *inf, unsigned line, const char *format, ...);
/* Copies bytes, with a NUL behind them; they live as long as the plan. NULL after inf_fail. */
char *inf_keep(struct inf *inf, const void *bytes, size_t length);
__attribute__((format(printf, 2, 3))) const char *inf_format(struct inf *inf, const char *format, ...);
/* Room for one more item of a list of the plan; NULL after inf_fail. */
void *inf_add(struct inf *inf, void *list, size_t size, size_t limit, const char *what, unsigned line);
#define INF_ADD(inf, list, limit, line) \
    inf_add(inf, &(inf)->plan.list, sizeof *(inf)->plan.list.item, limit, #list, line)

/* The value with its %tokens% replaced, and %12% by the directory. NULL after inf_fail. */
const char *inf_text(struct inf *inf, const struct ini_value *value);
const char *inf_key(struct inf *inf, const struct ini_entry *entry); /* the same for its key */
/* The same of the value at `index`; "" when there is none. */
const char *inf_field(struct inf *inf, const struct ini_entry *entry, size_t index);
/* The first value of the last entry of that key; "" when there is none. */
const char *inf_setting(struct inf *inf, const struct ini_section *section, const char *key, unsigned *line);
/* A number, decimal or 0x; an empty text is `otherwise`. */
bool inf_number(struct inf *inf, unsigned line, const char *what, const char *text, uint64_t maximum,
                uint64_t otherwise, uint64_t *number);
/* The section that a directive names; counts it. NULL after inf_fail. */
const struct ini_section *inf_section(struct inf *inf, const char *name, unsigned line, const char *directive);
/* The section `name` with the decoration of the target, or without; NULL when there is none. */
const struct ini_section *inf_decorated_section(struct inf *inf, const char *name);
const struct ini_section *inf_part(struct inf *inf, const struct ini_section *section, const char *suffix);
const char *inf_directory(unsigned long id); /* NULL: not known */

/* ---- inf_decoration.c ---- */
/* Fills plan.models and plan.models_section. */
bool inf_read_models(struct inf *inf);

/* ---- inf_registry.c ---- */
enum inf_root { INF_ROOT_SERVICE, INF_ROOT_SOFTWARE, INF_ROOT_HARDWARE, INF_ROOT_NONE };
struct inf_context {
    enum inf_root root; /* what HKR is here */
    const char *key;    /* of the service or the device */
};
bool inf_read_registry(struct inf *inf, const struct ini_section *section, bool deletes,
                       const struct inf_context *context);
/* AddReg, DelReg and BitReg lines of a section. */
bool inf_registry_directives(struct inf *inf, const struct ini_section *section, const struct inf_context *context);
struct inf_change *inf_add_change(struct inf *inf, enum inf_action action, const char *key, const char *name,
                                  unsigned line);
/* Sets a REG_SZ, REG_EXPAND_SZ or (strings, ended by an empty one) REG_MULTI_SZ. */
bool inf_set_strings(struct inf *inf, struct inf_change *change, uint32_t type, const char *const *texts, size_t count);

/* ---- inf_service.c ---- */
bool inf_read_services(struct inf *inf, const struct ini_section *section);
bool inf_read_wmi(struct inf *inf, const struct ini_section *section);

/* ---- inf_files.c ---- */
/* CopyFiles, DelFiles and RenFiles lines of a section. */
bool inf_file_directives(struct inf *inf, const struct ini_section *section);

#endif
