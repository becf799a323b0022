/* SPDX-License-Identifier: MIT */
/*
 * What the files of the topology reader share: the tables of sections and keys, and the steps of a
 * parse in their order: sections (topology.c), keys (topology_fields.c), checks across sections
 * (topology_check.c), timeline (topology_timeline.c). No state outside the topology being made.
 */
#ifndef MPIO_WORLD_TOPOLOGY_PRIVATE_H
#define MPIO_WORLD_TOPOLOGY_PRIVATE_H

#include "world/topology.h"

enum section_type {
    SECTION_WORLD,
    SECTION_MACHINE,
    SECTION_HBA,
    SECTION_ARRAY,
    SECTION_LUN,
    SECTION_LINK,
    SECTION_PATH,
    SECTION_LOAD,
    SECTION_CLUSTER,
    SECTION_TIMELINE,
    SECTION_COUNT
};

struct topology_field;
struct section_kind {
    const char *name;
    bool named;                 /* [type name], else [type] once */
    size_t objects, count;      /* offsets in struct topology; named kinds only */
    size_t object_size;
    const struct topology_field *fields;
    size_t field_count;
};
extern const struct section_kind topology_sections[SECTION_COUNT];

/* The objects of a kind, one after the other. */
static inline void *topology_objects(const struct topology *t, enum section_type type, size_t *count)
{
    const struct section_kind *kind = &topology_sections[type];

    *count = *(const size_t *)((const char *)t + kind->count);
    return *(void *const *)((const char *)t + kind->objects);
}
/* Index of the object of that name, or TOPOLOGY_NONE. */
size_t topology_find(const struct topology *t, enum section_type type, const char *name);

/* Reads every key of `section` into *object. */
bool topology_read_fields(struct topology *t, const struct section_kind *kind,
                          const struct ini_section *section, void *object, struct text_error *error);
bool topology_check(struct topology *t, struct text_error *error);
bool topology_read_timeline(struct topology *t, const struct ini_section *section,
                            struct text_error *error);
/* By time, equal times by line. */
void topology_sort_actions(struct topology_action *actions, size_t count);

/* An error about a section, or about the value of one of its keys when it has it. Returns false. */
__attribute__((format(printf, 5, 6)))
bool topology_error(const struct topology *t, const struct topology_object *object, const char *key,
                    struct text_error *error, const char *format, ...);
/* The name nearest to `wrong`, or NULL when none resembles it. */
const char *topology_nearest(const char *wrong, const char *const *names, size_t count);
/* "a, b or c" for messages. */
void topology_list_names(const char *const *names, size_t count, char *text, size_t size);
extern const char *const topology_action_names[ACTION_COUNT];
/* One value of a timeline, "WORD ...", into *action (topology_action.c); its time and line are there already. */
bool topology_read_action(const struct topology *t, const struct ini_value *value,
                          struct topology_action *action, struct text_error *error);

#endif
