/* SPDX-License-Identifier: MIT */
/*
 * Applies the registry changes of a plan to a registry image, each with its record in the journal (mgmt/journal.h),
 * written before the change. An INF may not touch the journal: its undoing would be in the hands of the file.
 */
#include "mgmt/inf_install.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/journal.h"
#include "text/ini.h"
#include "text/regfile.h"

#define MAX_INSTANCES 10000u /* drivers of one setup class */

struct apply {
    struct registry_image *image;
    const struct inf_plan *plan;
    struct registry_key *installation; /* NULL: nothing is recorded */
    char software[320];                /* the driver's own key; "" until it is needed */
    struct text_error *error;
    const struct inf_change *change;
    const char *path; /* of the change's key */
};

static bool fail(struct apply *a, const char *what)
{
    return text_error_set(a->error, a->plan->file_name, a->change ? a->change->line : 0, 0, "%s", what);
}

static bool full(struct apply *a)
{
    return fail(a, "the change does not fit: a key path of at most 64 components of 255 characters, 65536 keys and 64 MiB"
                   " of data in one registry; shorten it, or use another registry file");
}

/* ---- records -------------------------------------------------------------------------------- */

static bool record(struct apply *a, struct journal_entry entry)
{
    return !a->installation || journal_add(a->image, a->installation, &entry);
}

static bool record_made(void *user, const char *path)
{
    return record(user, (struct journal_entry){.kind = JOURNAL_KEY, .key = path});
}

struct made_paths {
    char *path[REGISTRY_IMAGE_DEPTH];
    unsigned count;
};

static bool collect_made(void *user, const char *path)
{
    struct made_paths *made = user;
    size_t size = strlen(path) + 1;
    char *copy = malloc(size);

    if (copy)
        made->path[made->count++] = memcpy(copy, path, size);
    return copy != NULL;
}

/* Makes the installation's key; the keys made on the way to it are its first records. */
static bool begin(struct apply *a, const char *name)
{
    struct made_paths made = {.count = 0};
    struct buffer path = {0};

    if (buffer_printf(&path, "%s\\%s", JOURNAL_ROOT, name))
        a->installation = registry_image_make(a->image, buffer_text(&path), collect_made, &made);
    bool ok = a->installation != NULL;
    for (unsigned i = 0; i < made.count; i++) {
        struct journal_entry entry = {.kind = JOURNAL_KEY, .key = made.path[i]};
        ok = ok && (i + 1 == made.count || journal_add(a->image, a->installation, &entry));
        free(made.path[i]);
    }
    buffer_free(&path);
    return ok;
}

/* ---- one change ----------------------------------------------------------------------------- */

static bool same_start(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((a[i] >= 'a' && a[i] <= 'z' ? a[i] - 0x20 : a[i]) != (b[i] >= 'a' && b[i] <= 'z' ? b[i] - 0x20 : b[i]))
            return false;
    return true;
}

/* One lies at or below the other. */
static bool overlaps(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b), shorter = x < y ? x : y;

    return same_start(a, b, shorter) && (x == y || (x > y ? a : b)[shorter] == '\\');
}

static bool is_below(const char *path, const char *root)
{
    return strlen(path) >= strlen(root) && overlaps(path, root);
}

/* Key of the driver: the first free number of its setup class. */
static bool find_software_key(struct apply *a)
{
    for (unsigned n = 0; n < MAX_INSTANCES; n++) {
        int length = snprintf(a->software, sizeof a->software, "%s\\%04u", a->plan->software_class, n);
        if (length >= (int)sizeof a->software)
            return fail(a, "HKR is the driver's key below its ClassGuid, and that is too long; correct [Version] ClassGuid");
        if (!registry_image_find(a->image, a->software))
            return true;
    }
    return fail(a, "the setup class has 10000 drivers already; remove some, or use another registry file");
}

static bool append_strings(struct apply *a, struct registry_key *key)
{
    const struct inf_change *c = a->change;
    const struct registry_value *list = registry_key_value(key, c->name);

    if (list && list->type != REGFILE_MULTI_SZ)
        return fail(a, "the value to append to is there and is no multi-string; correct the registry file or the INF");
    for (size_t at = 0; at + 2 < c->length;) {
        size_t end = at;
        while (c->data[end] || c->data[end + 1])
            end += 2;
        end += 2;
        list = registry_key_value(key, c->name);
        struct registry_value string = {.type = REGFILE_SZ, .data = (uint8_t *)c->data + at, .length = end - at};
        bool there = multi_find(list, string.data, string.length) >= 0, first = multi_count(list) == 0;
        struct journal_entry entry = {.kind = JOURNAL_STRING, .key = a->path, .name = c->name, .after = &string,
                                      .changed = !there, .owner = !there && first,
                                      .before = !there && first ? list : NULL};
        if (!record(a, entry) ||
            (!there && !multi_insert(a->image, key, c->name, multi_count(list), string.data, string.length)))
            return full(a);
        at = end;
    }
    return true;
}

static bool set_value(struct apply *a)
{
    const struct inf_change *c = a->change;
    struct registry_key *key = registry_image_find(a->image, a->path);
    const struct registry_value *old = key ? registry_key_value(key, c->name) : NULL;
    const struct registry_value new = {.type = c->type, .data = (uint8_t *)c->data, .length = c->length};

    if (c->overwrite_only && !old)
        return true;
    if (!key && !(key = registry_image_make(a->image, a->path, record_made, a)))
        return full(a);
    if (c->append)
        return append_strings(a, key);
    bool keep = old && (c->no_clobber || registry_value_equal(old, &new));
    struct journal_entry entry = {.kind = JOURNAL_VALUE, .key = a->path, .name = c->name, .before = old,
                                  .after = keep ? old : &new, .changed = !keep};
    if (!record(a, entry) || (!keep && !registry_key_set(a->image, key, c->name, new.type, new.data, new.length)))
        return full(a);
    return true;
}

static bool delete_value(struct apply *a)
{
    struct registry_key *key = registry_image_find(a->image, a->path);
    const struct registry_value *old = key ? registry_key_value(key, a->change->name) : NULL;
    struct journal_entry entry = {.kind = JOURNAL_VALUE, .key = a->path, .name = a->change->name, .before = old,
                                  .changed = true};

    if (!old)
        return true;
    if (!record(a, entry))
        return full(a);
    registry_key_unset(a->image, key, a->change->name);
    return true;
}

/* Undone from the last record to the first: the keys come back before their values. */
static bool record_tree(struct apply *a, const struct registry_key *key)
{
    struct buffer path = {0};
    bool ok = registry_key_path(key, &path);

    for (size_t i = 0; i < key->child_count && ok; i++)
        ok = record_tree(a, key->children[i]);
    for (size_t i = 0; i < key->value_count && ok; i++)
        ok = record(a, (struct journal_entry){.kind = JOURNAL_VALUE, .key = buffer_text(&path), .name = key->values[i].name,
                                              .before = &key->values[i], .changed = true});
    ok = ok && record(a, (struct journal_entry){.kind = JOURNAL_GONE_KEY, .key = buffer_text(&path)});
    buffer_free(&path);
    return ok;
}

static bool delete_key(struct apply *a)
{
    struct registry_key *key = registry_image_find(a->image, a->path);

    if (!key)
        return true;
    if (!record_tree(a, key))
        return full(a);
    registry_image_remove(a->image, key);
    return true;
}

static bool remove_string(struct apply *a)
{
    const struct inf_change *c = a->change;
    struct registry_key *key = registry_image_find(a->image, a->path);
    const struct registry_value *list = key ? registry_key_value(key, c->name) : NULL;
    long index = list && list->type == REGFILE_MULTI_SZ ? multi_find(list, c->data, c->length) : -1;
    const struct registry_value string = {.type = REGFILE_SZ, .data = (uint8_t *)c->data, .length = c->length};

    if (index < 0)
        return true;
    if (!record(a, (struct journal_entry){.kind = JOURNAL_GONE_STRING, .key = a->path, .name = c->name, .after = &string,
                                          .changed = true, .index = (uint32_t)index}) ||
        !multi_remove(a->image, key, c->name, (size_t)index))
        return full(a);
    return true;
}

static bool apply_change(struct apply *a, const struct inf_change *c)
{
    struct registry_key *key;
    struct buffer path = {0};
    bool ok = true;

    a->change = c;
    if (c->software && !*a->software && !find_software_key(a))
        return false;
    buffer_printf(&path, "%s%s%s", c->software ? a->software : "", c->software && *c->key ? "\\" : "", c->key);
    /* Records name a key as the registry does. */
    if ((key = registry_image_find(a->image, buffer_text(&path)))) {
        buffer_clear(&path);
        registry_key_path(key, &path);
    }
    a->path = buffer_text(&path);
    if (path.failed)
        ok = fail(a, "out of memory");
    else if (c->action == INF_DELETE_KEY && !strchr(a->path, '\\'))
        ok = fail(a, "a whole registry root would be deleted; name a key below it");
    else if (c->action == INF_DELETE_KEY ? overlaps(a->path, JOURNAL_ROOT) : is_below(a->path, JOURNAL_ROOT))
        ok = fail(a, "an INF may not change what is kept about installations (SOFTWARE\\OpenMPIO\\Installed); use another key");
    else
        switch (c->action) {
        case INF_SET_VALUE: ok = set_value(a); break;
        case INF_MAKE_KEY: ok = registry_image_make(a->image, a->path, record_made, a) || full(a); break;
        case INF_DELETE_VALUE: ok = delete_value(a); break;
        case INF_DELETE_KEY: ok = delete_key(a); break;
        case INF_REMOVE_STRING: ok = remove_string(a); break;
        }
    buffer_free(&path);
    a->path = NULL;
    return ok;
}

static bool apply_all(struct apply *a)
{
    for (size_t i = 0; i < a->plan->changes.count; i++)
        if (!apply_change(a, &a->plan->changes.item[i]))
            return false;
    a->change = NULL;
    return true;
}

/* ---- whole files ---------------------------------------------------------------------------- */

uint64_t inf_hash(const char *image, size_t length)
{
    uint64_t hash = 14695981039346656037ull; /* FNV-1a */

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)image[i]) * 1099511628211ull;
    return hash;
}

/* What an installation is told by: the same text there means there is nothing to do. */
static const char *const facts[] = {"Provider", "DriverVer", "Section", "Content"};

static void describe(const struct inf_plan *plan, const struct inf_target *t, uint64_t hash, char version[200],
                     char content[200])
{
    snprintf(version, 200, "%.50s%s%.100s", plan->driver_date, *plan->driver_version ? "," : "", plan->driver_version);
    snprintf(content, 200, "%016" PRIx64 " Windows %u.%u.%u %s", hash, t->major, t->minor, t->build,
             inf_architecture_name[t->architecture]);
}

static bool take_out(struct registry_image *image, struct registry_key *installation, struct buffer *said,
                     struct text_error *error, const char *file_name)
{
    unsigned left;

    return journal_undo(image, installation, &left, said) ||
           text_error_set(error, file_name, 0, 0, "the installation cannot be undone: memory, or a limit of the registry"
                          " file, ran out; nothing was written");
}

bool inf_install(struct registry_image *image, const struct inf_plan *plan, const struct inf_target *target,
                 uint64_t image_hash, enum inf_outcome *outcome, struct buffer *said, struct text_error *error)
{
    struct apply a = {.image = image, .plan = plan, .error = error};
    char name[REGFILE_MAX_KEY_NAME + 1], version[200], content[200];
    const char *const fact[] = {plan->provider, version, plan->install_section, content};

    if (!journal_name(plan->file_name, name, sizeof name))
        return text_error_set(error, plan->file_name, 0, 0, "the file name cannot name an installation: it is empty or"
                              " longer than %u characters", REGFILE_MAX_KEY_NAME);
    describe(plan, target, image_hash, version, content);
    struct registry_key *old = journal_find(image, name);
    *outcome = old ? INF_UPGRADED : INF_INSTALLED;
    if (old) {
        bool same = true;
        for (unsigned i = 0; i < 4; i++) {
            char *text = registry_key_text(old, facts[i]);
            same = same && text && strcmp(text, fact[i]) == 0;
            if (i == 1 && said)
                buffer_printf(said, "was there %s\n", text && *text ? text : "without a version");
            free(text);
        }
        if (same) {
            *outcome = INF_ALREADY_THERE;
            return true;
        }
        if (!take_out(image, old, said, error, plan->file_name))
            return false;
    }
    bool ok = begin(&a, name);
    for (unsigned i = 0; i < 4 && ok; i++)
        ok = registry_key_set_text(image, a.installation, facts[i], fact[i]);
    return ok ? apply_all(&a) : full(&a);
}

bool inf_apply(struct registry_image *image, const struct inf_plan *plan, struct text_error *error)
{
    struct apply a = {.image = image, .plan = plan, .error = error};

    return apply_all(&a);
}

bool inf_uninstall(struct registry_image *image, const char *name, bool *found, struct buffer *said,
                   struct text_error *error)
{
    char own[REGFILE_MAX_KEY_NAME + 1];
    struct registry_key *installation = journal_name(name, own, sizeof own) ? journal_find(image, own) : NULL;

    *found = installation != NULL;
    return !installation || take_out(image, installation, said, error, name);
}
