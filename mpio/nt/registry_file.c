/* SPDX-License-Identifier: MIT */
/*
 * The registry from the house side (nt.h): .reg text in and out, and single values for settings and tests.
 * Names are hostile: the parser bounds them, the tree bounds them again. HKEY_LOCAL_MACHINE is
 * \Registry\Machine, HKEY_USERS is \Registry\User. Runs outside the machine, between events.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/registry.h"
#include "nt/rtl.h"
#include "text/regfile.h"
#include "text/utf16.h"

#define PATH_UNITS ((REGISTRY_KEY_NAME + 1) * REGISTRY_DEPTH)

static const struct {
    const WCHAR *name, *root;
} hives[] = {
    {u"HKEY_LOCAL_MACHINE", u"Machine"},
    {u"HKLM", u"Machine"},
    {u"HKEY_USERS", u"User"},
    {u"HKU", u"User"},
};

/* The hive named by the first component: its \Registry root, and what follows the component. */
static PNT_KEY find_hive(PNT_MACHINE kernel, const WCHAR *path, size_t length, size_t *rest)
{
    size_t first = 0;

    while (first < length && path[first] != '\\') {
        first++;
    }
    *rest = first < length ? first + 1 : length;
    for (size_t i = 0; i < RTL_NUMBER_OF(hives); i++) {
        if (NtCompareText(path, first, hives[i].name, NtTextLength(hives[i].name), TRUE) == 0) {
            PNT_KEY registry = NtKeyChild(kernel->Registry->Root, u"Registry", 8);
            return NtKeyChild(registry, hives[i].root, NtTextLength(hives[i].root));
        }
    }
    return NULL;
}

static PNT_KEY find_key(PNT_MACHINE kernel, const WCHAR *path, size_t length, bool create, NTSTATUS *status)
{
    size_t rest;
    PNT_KEY hive = find_hive(kernel, path, length, &rest);
    PNT_KEY key = NULL;

    *status = STATUS_OBJECT_PATH_NOT_FOUND;
    if (hive != NULL) {
        *status = NtKeyWalk(kernel, hive, path + rest, length - rest, create, FALSE, &key, NULL);
    }
    return NT_SUCCESS(*status) ? key : NULL;
}

/* ---- load ------------------------------------------------------------------------------------ */

struct loading {
    PNT_MACHINE kernel;
    PNT_KEY key;
};

static const char *refusal(NTSTATUS status)
{
    switch (status) {
    case STATUS_OBJECT_PATH_NOT_FOUND:
        return "unknown hive; use HKEY_LOCAL_MACHINE or HKEY_USERS";
    case STATUS_NAME_TOO_LONG:
        return "key path too deep; at most 64 components";
    case STATUS_INSUFFICIENT_RESOURCES:
        return "too many keys or values, or a value above 1 MiB, or out of memory";
    case STATUS_CHILD_MUST_BE_VOLATILE:
        return "key lies below a volatile key";
    default:
        return "not a valid key or value name";
    }
}

static const char *load_key(void *context, const uint16_t *path, size_t length, bool deleted)
{
    struct loading *loading = context;
    NTSTATUS status;

    loading->key = find_key(loading->kernel, path, length, !deleted, &status);
    if (!deleted) {
        return loading->key != NULL ? NULL : refusal(status);
    }
    if (loading->key == NULL) {
        return status == STATUS_OBJECT_NAME_NOT_FOUND ? NULL : refusal(status);
    }
    if (loading->key->Depth <= 2) {
        return "a whole hive cannot be deleted";
    }
    NtKeyRemove(loading->kernel, loading->key);
    loading->key = NULL;
    return NULL;
}

static const char *load_value(void *context, const uint16_t *name, size_t name_length, uint32_t type,
                              const uint8_t *data, size_t length, bool deleted)
{
    struct loading *loading = context;
    NTSTATUS status = STATUS_SUCCESS;

    if (loading->key == NULL) {
        return "value below a deleted key";
    }
    if (deleted) {
        NtKeyDeleteValue(loading->kernel, loading->key, name, name_length);
    } else if (length > REGISTRY_VALUE_DATA) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        status = NtKeySet(loading->kernel, loading->key, name, name_length, type, data, (ULONG)length);
    }
    return NT_SUCCESS(status) ? NULL : refusal(status);
}

bool nt_registry_load(struct machine *m, const char *file_name, const char *text, size_t length,
                      struct text_error *error)
{
    struct loading loading = {.kernel = NtKernelOf(m)};
    struct regfile_receiver receiver = {.context = &loading, .on_key = load_key, .on_value = load_value};

    return regfile_parse(file_name, text, length, &receiver, error);
}

/* ---- save ------------------------------------------------------------------------------------ */

struct path_text {
    WCHAR unit[PATH_UNITS];
    size_t length;
};

static bool save_tree(PNT_KEY key, struct path_text *path, struct buffer *out)
{
    size_t length = path->length;

    if (key->Volatile) {
        return true; /* volatile keys live in memory only */
    }
    if (!regfile_write_key(out, path->unit, path->length, false)) {
        return false;
    }
    for (ULONG i = 0; i < key->ValueCount; i++) {
        const NT_VALUE *v = &key->Value[i];
        if (!regfile_write_value(out, v->Name, v->NameLength, v->Type, v->Data, v->DataLength)) {
            return false;
        }
    }
    for (ULONG i = 0; i < key->ChildCount; i++) {
        PNT_KEY child = key->Child[i];
        if (child->NameLength + 1 > PATH_UNITS - length) {
            return false;
        }
        path->unit[length] = '\\';
        memcpy(path->unit + length + 1, child->Name, child->NameLength * sizeof(WCHAR));
        path->length = length + 1 + child->NameLength;
        if (!save_tree(child, path, out)) {
            return false;
        }
    }
    path->length = length;
    return true;
}

/* UTF-8 to units; false when it does not fit or is malformed. */
static bool widen(const char *utf8, WCHAR *units, size_t capacity, size_t *length)
{
    *length = utf8_to_utf16(utf8, strlen(utf8), UTF_STRICT, units, capacity);
    return *length <= capacity;
}

bool nt_registry_save(struct machine *m, const char *key, struct buffer *out)
{
    struct path_text *path = malloc(sizeof(*path));
    NTSTATUS status;
    PNT_KEY found = NULL;
    bool saved = false;

    if (path != NULL && widen(key, path->unit, PATH_UNITS, &path->length)) {
        found = find_key(NtKernelOf(m), path->unit, path->length, false, &status);
    }
    if (found != NULL) {
        saved = regfile_write_header(out) && save_tree(found, path, out);
    }
    free(path);
    return saved;
}

/* ---- single values ------------------------------------------------------------------------------ */

/* The key, and the value's name in units. The caller frees *name. */
static PNT_KEY open_named(struct machine *m, const char *key, const char *name, bool create, WCHAR **units,
                          size_t *name_length)
{
    WCHAR *path = malloc((PATH_UNITS + REGISTRY_VALUE_NAME) * sizeof(*path));
    PNT_KEY found = NULL;
    NTSTATUS status;
    size_t length;

    *units = path;
    if (path != NULL && widen(key, path, PATH_UNITS, &length)) {
        found = find_key(NtKernelOf(m), path, length, create, &status);
    }
    if (found != NULL && !widen(name, path, REGISTRY_VALUE_NAME, name_length)) {
        found = NULL;
    }
    return found;
}

static bool set_value(struct machine *m, const char *key, const char *name, ULONG type, const void *data,
                      size_t length)
{
    WCHAR *units;
    size_t name_length;
    PNT_KEY found = open_named(m, key, name, true, &units, &name_length);
    bool set = found != NULL && length <= REGISTRY_VALUE_DATA &&
               NT_SUCCESS(NtKeySet(NtKernelOf(m), found, units, name_length, type, data, (ULONG)length));

    free(units);
    return set;
}

bool nt_registry_set_dword(struct machine *m, const char *key, const char *name, uint32_t value)
{
    return set_value(m, key, name, REG_DWORD, &value, sizeof(value));
}

bool nt_registry_get_dword(struct machine *m, const char *key, const char *name, uint32_t *value)
{
    WCHAR *units;
    size_t name_length;
    PNT_KEY found = open_named(m, key, name, false, &units, &name_length);
    PNT_VALUE stored = found != NULL ? NtKeyValue(found, units, name_length) : NULL;
    bool good = stored != NULL && stored->Type == REG_DWORD && stored->DataLength == sizeof(*value);

    if (good) {
        memcpy(value, stored->Data, sizeof(*value));
    }
    free(units);
    return good;
}

bool nt_registry_set_text(struct machine *m, const char *key, const char *name, const char *utf8)
{
    size_t length = utf8_to_utf16(utf8, strlen(utf8), UTF_STRICT, NULL, 0);
    WCHAR *units;
    bool set;

    if (length == UTF_REFUSED || (units = calloc(length + 1, sizeof(*units))) == NULL) {
        return false;
    }
    utf8_to_utf16(utf8, strlen(utf8), UTF_STRICT, units, length);
    set = set_value(m, key, name, REG_SZ, units, (length + 1) * sizeof(*units));
    free(units);
    return set;
}

/* Units of a REG_MULTI_SZ before the NUL that ends the list. */
static size_t multi_length(const NT_VALUE *value)
{
    const WCHAR *text = (const WCHAR *)(const void *)value->Data;
    size_t length = value->DataLength / sizeof(WCHAR), used = 0;

    while (used < length && text[used] != 0) {
        while (used < length && text[used] != 0) {
            used++;
        }
        if (used == length) {
            return 0; /* not terminated: not a list we can append to; start anew */
        }
        used++;
    }
    return used;
}

bool nt_registry_add_multi(struct machine *m, const char *key, const char *name, const char *utf8)
{
    size_t added = utf8_to_utf16(utf8, strlen(utf8), UTF_STRICT, NULL, 0);
    size_t name_length, used;
    WCHAR *units, *list;
    PNT_KEY found;
    PNT_VALUE old;
    bool set;

    if (added == UTF_REFUSED || added == 0) {
        return false; /* an empty string would end the list */
    }
    found = open_named(m, key, name, true, &units, &name_length);
    old = found != NULL ? NtKeyValue(found, units, name_length) : NULL;
    used = old != NULL && old->Type == REG_MULTI_SZ ? multi_length(old) : 0;
    list = found != NULL ? calloc(used + added + 2, sizeof(*list)) : NULL;
    if (list == NULL) {
        free(units);
        return false;
    }
    if (used != 0) {
        memcpy(list, old->Data, used * sizeof(*list));
    }
    utf8_to_utf16(utf8, strlen(utf8), UTF_STRICT, list + used, added);
    set = (used + added + 2) * sizeof(*list) <= REGISTRY_VALUE_DATA &&
          NT_SUCCESS(NtKeySet(NtKernelOf(m), found, units, name_length, REG_MULTI_SZ, list,
                              (ULONG)((used + added + 2) * sizeof(*list))));
    free(list);
    free(units);
    return set;
}
