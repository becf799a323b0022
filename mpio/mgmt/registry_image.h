/* SPDX-License-Identifier: MIT */
/*
 * A registry outside a machine: the tree that a .reg file tells, to be changed and written back. Names are UTF-8 and
 * compare without regard to ASCII case; data are bytes as a registry stores them. Keys and values are kept sorted by
 * name, so the written text depends on the content alone: undoing a change gives the same bytes again.
 */
#ifndef MPIO_MGMT_REGISTRY_IMAGE_H
#define MPIO_MGMT_REGISTRY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"
#include "text/text_error.h"

#define REGISTRY_IMAGE_KEYS   65536u              /* of one image */
#define REGISTRY_IMAGE_VALUES 262144u             /* of one image */
#define REGISTRY_IMAGE_BYTES  (64u * 1024 * 1024) /* of all data */
#define REGISTRY_IMAGE_DEPTH  64u                 /* components of a path with its root, as the machine's registry */

struct registry_value {
    char *name; /* "" is the default value */
    uint32_t type;
    uint8_t *data;
    size_t length;
};

struct registry_key {
    char *name;
    struct registry_key *parent;
    struct registry_key **children; /* sorted by name */
    size_t child_count, child_room;
    struct registry_value *values; /* sorted by name */
    size_t value_count, value_room;
};

struct registry_image {
    struct registry_key root; /* its children are HKEY_LOCAL_MACHINE, ... */
    size_t keys, values, bytes;
};

/* NULL when memory ran out. */
struct registry_image *registry_image_create(void);
/* Reads the text of a .reg file. A line that deletes what the file itself did not make is refused: the file is then a
 * list of changes, and writing it back as a registry would lose them. `file_name` must outlive *error. */
struct registry_image *registry_image_load(const char *file_name, const char *text, size_t length,
                                           struct text_error *error);
void registry_image_free(struct registry_image *image);
/* Appends the whole registry as .reg text. Keys that lie on the way to others and have no values are implied. */
bool registry_image_save(const struct registry_image *image, struct buffer *out);
/* Appends the .reg text that turns `before` into `after`. */
bool registry_image_diff(const struct registry_image *before, const struct registry_image *after, struct buffer *out);

/* The key of that path (HKEY_LOCAL_MACHINE\..., HKLM\... is the same), NULL when it is not there. */
struct registry_key *registry_image_find(const struct registry_image *image, const char *path);
/* The same, made with its parents. `made` (may be NULL) is called for each new key, the topmost first. NULL when the
 * path is none, or a limit is reached. */
struct registry_key *registry_image_make(struct registry_image *image, const char *path,
                                         bool (*made)(void *user, const char *path), void *user);
/* Takes the key and all below it out. */
void registry_image_remove(struct registry_image *image, struct registry_key *key);
/* Appends the path of a key. */
bool registry_key_path(const struct registry_key *key, struct buffer *out);

struct registry_value *registry_key_value(const struct registry_key *key, const char *name);
/* Copies the data. False when a limit is reached; nothing has changed then. */
bool registry_key_set(struct registry_image *image, struct registry_key *key, const char *name, uint32_t type,
                      const void *data, size_t length);
void registry_key_unset(struct registry_image *image, struct registry_key *key, const char *name);

/* REG_SZ from UTF-8, and back: malloc'ed UTF-8, NULL when there is none or it is no string. */
bool registry_key_set_text(struct registry_image *image, struct registry_key *key, const char *name, const char *text);
char *registry_key_text(const struct registry_key *key, const char *name);
/* Appends the UTF-16LE bytes of a text, with a NUL. */
bool registry_append_utf16(struct buffer *out, const char *text);

#endif
