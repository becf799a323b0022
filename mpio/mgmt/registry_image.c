/* SPDX-License-Identifier: MIT */
/*
 * The tree of mgmt/registry_image.h: keys, values, paths. Sorted arrays, searched by halves. Nothing here reads or
 * writes text; registry_image_text.c does.
 */
#include "mgmt/registry_image.h"

#include <stdlib.h>
#include <string.h>

#include "text/regfile.h"
#include "text/utf16.h"

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
}

static int compare(const char *a, const char *b, size_t b_length)
{
    size_t i = 0;

    for (; i < b_length && a[i]; i++)
        if (fold(a[i]) != fold(b[i]))
            return fold(a[i]) < fold(b[i]) ? -1 : 1;
    return i < b_length ? -1 : a[i] ? 1 : 0;
}

/* Where the child or value of that name is or belongs. */
static size_t child_place(const struct registry_key *key, const char *name, size_t length, bool *found)
{
    size_t low = 0, high = key->child_count;

    *found = false;
    while (low < high && !*found) {
        size_t middle = (low + high) / 2;
        int order = compare(key->children[middle]->name, name, length);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t value_place(const struct registry_key *key, const char *name, bool *found)
{
    size_t low = 0, high = key->value_count, length = strlen(name);

    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(key->values[middle].name, name, length);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Opens a gap at `place` of an array that doubles. */
static bool open_gap(void *array, size_t *room, size_t count, size_t size, size_t place)
{
    char **elements = array;

    if (count == *room) {
        size_t more = *room ? *room * 2 : 4;
        char *grown = realloc(*elements, more * size);
        if (!grown)
            return false;
        *elements = grown;
        *room = more;
    }
    memmove(*elements + (place + 1) * size, *elements + place * size, (count - place) * size);
    return true;
}

struct registry_image *registry_image_create(void)
{
    return calloc(1, sizeof(struct registry_image));
}

static void drop_value(struct registry_image *image, struct registry_value *value)
{
    image->values--;
    image->bytes -= value->length;
    free(value->name);
    free(value->data);
}

/* What hangs on a key; the depth limit bounds the recursion. */
static void drop_contents(struct registry_image *image, struct registry_key *key)
{
    for (size_t i = 0; i < key->value_count; i++)
        drop_value(image, &key->values[i]);
    for (size_t i = 0; i < key->child_count; i++) {
        drop_contents(image, key->children[i]);
        free(key->children[i]);
        image->keys--;
    }
    free(key->values);
    free(key->children);
    free(key->name);
}

void registry_image_free(struct registry_image *image)
{
    if (!image)
        return;
    drop_contents(image, &image->root);
    free(image);
}

void registry_image_remove(struct registry_image *image, struct registry_key *key)
{
    struct registry_key *parent = key->parent;
    bool found;
    size_t place = child_place(parent, key->name, strlen(key->name), &found);

    parent->child_count--;
    memmove(parent->children + place, parent->children + place + 1,
            (parent->child_count - place) * sizeof *parent->children);
    drop_contents(image, key);
    free(key);
    image->keys--;
}

/* The first component; a short name of a root is the long one. */
static const char *root_name(const char *path, size_t *length)
{
    static const char *const roots[][2] = {{"HKLM", "HKEY_LOCAL_MACHINE"}, {"HKU", "HKEY_USERS"},
                                           {"HKCU", "HKEY_CURRENT_USER"}, {"HKCR", "HKEY_CLASSES_ROOT"}};

    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (compare(roots[i][0], path, *length) == 0) {
            *length = strlen(roots[i][1]);
            return roots[i][1];
        }
    return path;
}

static struct registry_key *add_child(struct registry_image *image, struct registry_key *key, size_t place,
                                      const char *name, size_t length)
{
    struct registry_key *child;

    if (image->keys == REGISTRY_IMAGE_KEYS || !(child = calloc(1, sizeof *child)))
        return NULL;
    child->name = malloc(length + 1);
    if (!child->name || !open_gap(&key->children, &key->child_room, key->child_count, sizeof *key->children, place)) {
        free(child->name);
        free(child);
        return NULL;
    }
    memcpy(child->name, name, length);
    child->name[length] = 0;
    child->parent = key;
    key->children[place] = child;
    key->child_count++;
    image->keys++;
    return child;
}

static bool tell(const struct registry_key *key, bool (*made)(void *user, const char *path), void *user)
{
    struct buffer path = {0};
    bool ok = !made || (registry_key_path(key, &path) && made(user, buffer_text(&path)));

    buffer_free(&path);
    return ok;
}

static bool name_fits(const char *name, size_t length)
{
    return length > 0 && utf8_to_utf16(name, length, UTF_STRICT, NULL, 0) <= REGFILE_MAX_KEY_NAME;
}

static struct registry_key *walk(struct registry_image *image, const char *path, bool make,
                                 bool (*made)(void *user, const char *path), void *user)
{
    struct registry_key *key = &image->root;
    unsigned depth = 0;

    for (;; path++) {
        size_t length = strcspn(path, "\\"), name_length = length;
        const char *name = key != &image->root ? path : root_name(path, &name_length);
        bool found;
        if (++depth > REGISTRY_IMAGE_DEPTH || !name_fits(name, name_length))
            return NULL;
        size_t place = child_place(key, name, name_length, &found);
        if (found)
            key = key->children[place];
        else if (!make || !(key = add_child(image, key, place, name, name_length)) || !tell(key, made, user))
            return NULL;
        path += length;
        if (!*path)
            return key;
    }
}

struct registry_key *registry_image_find(const struct registry_image *image, const char *path)
{
    return walk((struct registry_image *)image, path, false, NULL, NULL);
}

struct registry_key *registry_image_make(struct registry_image *image, const char *path,
                                         bool (*made)(void *user, const char *path), void *user)
{
    return walk(image, path, true, made, user);
}

bool registry_key_path(const struct registry_key *key, struct buffer *out)
{
    const struct registry_key *way[REGISTRY_IMAGE_DEPTH];
    unsigned depth = 0;

    for (; key->parent; key = key->parent)
        way[depth++] = key;
    while (depth-- > 0) {
        buffer_append_text(out, way[depth]->name);
        if (depth)
            buffer_append_byte(out, '\\');
    }
    return !out->failed;
}

struct registry_value *registry_key_value(const struct registry_key *key, const char *name)
{
    bool found;
    size_t place = value_place(key, name, &found);

    return found ? &key->values[place] : NULL;
}

bool registry_key_set(struct registry_image *image, struct registry_key *key, const char *name, uint32_t type,
                      const void *data, size_t length)
{
    bool found;
    size_t place = value_place(key, name, &found), name_length = strlen(name);

    if (length > REGFILE_MAX_DATA || image->bytes + length > REGISTRY_IMAGE_BYTES ||
        (!found && image->values == REGISTRY_IMAGE_VALUES) ||
        utf8_to_utf16(name, name_length, UTF_STRICT, NULL, 0) > REGFILE_MAX_VALUE_NAME)
        return false;
    uint8_t *copy = malloc(length + 1);
    if (!copy)
        return false;
    if (length > 0)
        memcpy(copy, data, length);
    if (!found) {
        char *own = malloc(name_length + 1);
        if (!own || !open_gap(&key->values, &key->value_room, key->value_count, sizeof *key->values, place)) {
            free(own);
            free(copy);
            return false;
        }
        memcpy(own, name, name_length + 1);
        key->values[place] = (struct registry_value){.name = own};
        key->value_count++;
        image->values++;
    }
    struct registry_value *value = &key->values[place];
    image->bytes += length - value->length;
    free(value->data);
    value->type = type;
    value->data = copy;
    value->length = length;
    return true;
}

void registry_key_unset(struct registry_image *image, struct registry_key *key, const char *name)
{
    bool found;
    size_t place = value_place(key, name, &found);

    if (!found)
        return;
    drop_value(image, &key->values[place]);
    key->value_count--;
    memmove(key->values + place, key->values + place + 1, (key->value_count - place) * sizeof *key->values);
}
