/* SPDX-License-Identifier: MIT */
/*
 * Taking an installation out. Its records are undone from the last to the first. What another installation wants too
 * stays, and that one inherits the record: whoever leaves last restores what was before the first. A value that
 * someone else has changed since is left as it is. Keys that were made go when they are empty, or are inherited.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/journal.h"
#include "text/ini.h"

struct record {
    struct registry_key *where;        /* the record's own key */
    struct registry_key *installation;
    char *kind, *key, *name;
    size_t place;                      /* in undo.sorted */
};

struct undo {
    struct registry_image *image;
    struct registry_key *own; /* being taken out */
    struct record *records;   /* of every installation, each in order */
    size_t count, room;
    struct record **sorted;   /* the same by kind and value, so that those of one value lie together */
    unsigned *left;
    struct buffer *said;
};

static bool is(const struct record *r, const char *kind)
{
    return strcmp(r->kind, kind) == 0;
}

static bool add_record(struct undo *u, struct registry_key *installation, struct registry_key *where)
{
    if (u->count == u->room) {
        size_t room = u->room ? u->room * 2 : 64;
        struct record *grown = realloc(u->records, room * sizeof *grown);
        if (!grown)
            return false;
        u->records = grown;
        u->room = room;
    }
    struct record *r = &u->records[u->count];
    *r = (struct record){.where = where, .installation = installation, .kind = registry_key_text(where, "Kind"),
                         .key = registry_key_text(where, "Key"), .name = registry_key_text(where, "Name")};
    if (r->kind && r->key) {
        u->count++;
        return true;
    }
    free(r->kind); /* not a record of ours */
    free(r->key);
    free(r->name);
    return true;
}

static struct registry_key *child(const struct registry_key *key, const char *name)
{
    for (size_t i = 0; i < key->child_count; i++)
        if (ini_same_name(key->children[i]->name, name))
            return key->children[i];
    return NULL;
}

/* 0 when both tell the same about the same value. */
static int compare_values(const struct record *a, const struct record *b)
{
    int order = strcmp(a->kind, b->kind);

    if (!order)
        order = ini_compare_names(a->key, b->key);
    return order ? order : ini_compare_names(a->name ? a->name : "", b->name ? b->name : "");
}

static int compare_records(const void *left, const void *right)
{
    const struct record *a = *(struct record *const *)left, *b = *(struct record *const *)right;
    int order = compare_values(a, b);

    return order ? order : a < b ? -1 : a > b; /* of one value: in the order of `records` */
}

static bool sort_records(struct undo *u)
{
    u->sorted = calloc(u->count + 1, sizeof *u->sorted);
    if (!u->sorted)
        return false;
    for (size_t i = 0; i < u->count; i++)
        u->sorted[i] = &u->records[i];
    qsort(u->sorted, u->count, sizeof *u->sorted, compare_records);
    for (size_t i = 0; i < u->count; i++)
        u->sorted[i]->place = i;
    return true;
}

/* The records of r's kind and value, r among them: sorted[from] to sorted[to - 1]. */
static void same_value(const struct undo *u, const struct record *r, size_t *from, size_t *to)
{
    *from = r->place;
    *to = r->place + 1;
    while (*from > 0 && compare_values(u->sorted[*from - 1], r) == 0)
        --*from;
    while (*to < u->count && compare_values(u->sorted[*to], r) == 0)
        ++*to;
}

static bool read_records(struct undo *u)
{
    struct registry_key *all = u->own->parent;

    for (size_t i = 0; i < all->child_count; i++) {
        struct registry_key *changes = child(all->children[i], "Changes");
        for (size_t c = 0; changes && c < changes->child_count; c++)
            if (!add_record(u, all->children[i], changes->children[c]))
                return false;
    }
    return sort_records(u);
}

static void drop_records(struct undo *u)
{
    for (size_t i = 0; i < u->count; i++) {
        free(u->records[i].kind);
        free(u->records[i].key);
        free(u->records[i].name);
    }
    free(u->records);
    free(u->sorted);
}

/* Replaces Before or After of a record by a value, or by nothing. The value may live in the same key. */
static bool set_side(struct undo *u, struct registry_key *record, const char *side, const struct registry_value *value)
{
    if (!value) {
        registry_key_unset(u->image, record, side);
        return true;
    }
    return registry_key_set(u->image, record, side, value->type, value->data, value->length);
}

static bool leave(struct undo *u, const struct record *r)
{
    ++*u->left;
    return !u->said || buffer_printf(u->said, "left      %s, %s: someone else has changed it since\n", r->key,
                                     *r->name ? r->name : "(default)");
}

/* The value becomes what it was before. */
static bool restore(struct undo *u, const struct record *r)
{
    const struct registry_value *before = registry_key_value(r->where, "Before");
    struct registry_key *key = before ? registry_image_make(u->image, r->key, NULL, NULL)
                                      : registry_image_find(u->image, r->key);

    if (before)
        return key && registry_key_set(u->image, key, r->name, before->type, before->data, before->length);
    if (key)
        registry_key_unset(u->image, key, r->name);
    return true;
}

static bool undo_value(struct undo *u, const struct record *r)
{
    const struct registry_value *before = registry_key_value(r->where, "Before");
    const struct registry_value *after = registry_key_value(r->where, "After");
    struct registry_key *key = registry_image_find(u->image, r->key);
    bool ours = registry_value_equal(key ? registry_key_value(key, r->name) : NULL, after);
    size_t from, to;

    if (!registry_key_number(r->where, "Changed", 0))
        return true;
    same_value(u, r, &from, &to);
    for (size_t i = from; i < to; i++) {
        const struct record *other = u->sorted[i];
        if (other->installation == u->own)
            continue;
        bool changed = registry_key_number(other->where, "Changed", 0);
        if (changed && registry_value_equal(registry_key_value(other->where, "Before"), after))
            return set_side(u, other->where, "Before", before);
        if (!changed && ours)
            return set_side(u, other->where, "Before", before) && set_side(u, other->where, "After", after) &&
                   registry_key_set_number(u->image, other->where, "Changed", 1);
    }
    return ours ? restore(u, r) : leave(u, r);
}

/* The duty to restore an empty list goes to another record of the list: an own one that is still to be undone, or one
 * of another installation. */
static bool pass_ownership(struct undo *u, const struct record *r)
{
    const struct record *heir = NULL;
    size_t from, to;

    same_value(u, r, &from, &to);
    for (size_t i = from; i < to; i++) {
        const struct record *other = u->sorted[i];
        bool own = other->installation == u->own;
        if (!(own && other >= r) && (!heir || own))
            heir = other;
    }
    if (!heir)
        return true;
    return registry_key_set_number(u->image, heir->where, "Owner", 1) &&
           set_side(u, heir->where, "Before", registry_key_value(r->where, "Before"));
}

static bool undo_string(struct undo *u, const struct record *r)
{
    const struct registry_value *string = registry_key_value(r->where, "After");
    struct registry_key *key = registry_image_find(u->image, r->key);
    const struct registry_value *list = key ? registry_key_value(key, r->name) : NULL;
    bool owner = registry_key_number(r->where, "Owner", 0), kept = !registry_key_number(r->where, "Changed", 0);

    size_t from, to;

    same_value(u, r, &from, &to);
    for (size_t i = from; i < to && !kept; i++) {
        const struct record *other = u->sorted[i];
        if (other->installation == u->own || registry_key_number(other->where, "Changed", 0) ||
            !registry_value_equal(registry_key_value(other->where, "After"), string))
            continue;
        kept = true; /* wanted by that one too */
        if (!registry_key_set_number(u->image, other->where, "Changed", 1))
            return false;
    }
    long place = list && string && !kept ? multi_find(list, string->data, string->length) : -1;
    if (place >= 0 && !multi_remove(u->image, key, r->name, (size_t)place))
        return false;
    if (!owner)
        return true;
    list = key ? registry_key_value(key, r->name) : NULL;
    return multi_count(list) == 0 ? restore(u, r) : pass_ownership(u, r);
}

static bool undo_gone_string(struct undo *u, const struct record *r)
{
    const struct registry_value *string = registry_key_value(r->where, "After");
    struct registry_key *key = registry_image_make(u->image, r->key, NULL, NULL);
    size_t index = registry_key_number(r->where, "Index", 0);

    if (!key)
        return false;
    const struct registry_value *list = registry_key_value(key, r->name);
    if (!string || multi_find(list, string->data, string->length) >= 0)
        return true;
    size_t count = multi_count(list);
    return multi_insert(u->image, key, r->name, index < count ? index : count, string->data, string->length);
}

/* An installation that has something at or below the path. */
static struct registry_key *heir_of_key(const struct undo *u, const char *path)
{
    size_t length = strlen(path);
    struct registry_key *all = registry_image_find(u->image, JOURNAL_ROOT), *heir = NULL;
    struct buffer own = {0};

    for (size_t i = 0; i < u->count && !heir; i++) {
        const struct record *r = &u->records[i];
        if (r->installation != u->own && strncmp(r->key, path, length) == 0 && (!r->key[length] || r->key[length] == '\\'))
            heir = r->installation;
    }
    if (!heir && all && all->child_count > 0 && registry_key_path(all, &own) &&
        strncmp(buffer_text(&own), path, length) == 0)
        heir = all->children[0];
    buffer_free(&own);
    return heir;
}

static int longest_first(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    size_t x = strlen(a), y = strlen(b);

    return x != y ? x < y ? 1 : -1 : strcmp(a, b);
}

/* Keys that were made, the deepest first. Their texts live as long as the records. */
static bool undo_keys(struct undo *u, const char **paths, size_t count)
{
    qsort(paths, count, sizeof *paths, longest_first);
    for (size_t i = 0; i < count; i++) {
        struct registry_key *key = registry_image_find(u->image, paths[i]);
        if (!key)
            continue;
        if (key->child_count == 0 && key->value_count == 0) {
            registry_image_remove(u->image, key);
            continue;
        }
        struct registry_key *heir = heir_of_key(u, paths[i]);
        struct journal_entry entry = {.kind = JOURNAL_KEY, .key = paths[i]};
        if (heir && !journal_add(u->image, heir, &entry))
            return false;
        if (!heir) {
            ++*u->left;
            if (u->said && !buffer_printf(u->said, "left      %s: it holds what others wrote\n", paths[i]))
                return false;
        }
    }
    return true;
}

static bool undo_record(struct undo *u, const struct record *r)
{
    if (is(r, "gone key"))
        return registry_image_make(u->image, r->key, NULL, NULL) != NULL;
    if (!r->name)
        return true;
    return is(r, "value") ? undo_value(u, r) : is(r, "string") ? undo_string(u, r)
           : is(r, "gone string") ? undo_gone_string(u, r) : true;
}

bool journal_undo(struct registry_image *image, struct registry_key *installation, unsigned *left, struct buffer *said)
{
    struct undo u = {.image = image, .own = installation, .left = left, .said = said};
    bool ok = read_records(&u);
    const char **paths = ok ? calloc(u.count + 1, sizeof *paths) : NULL;
    size_t path_count = 0;

    *left = 0;
    for (size_t i = u.count; paths && ok && i-- > 0;) {
        if (u.records[i].installation != installation)
            continue;
        if (is(&u.records[i], "key"))
            paths[path_count++] = u.records[i].key;
        else
            ok = undo_record(&u, &u.records[i]);
    }
    if (paths && ok) {
        registry_image_remove(image, installation);
        ok = undo_keys(&u, paths, path_count);
    }
    ok = ok && paths;
    free(paths);
    drop_records(&u);
    return ok;
}
