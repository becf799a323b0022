/* SPDX-License-Identifier: MIT */
/*
 * Topology files: sections become objects, in two passes - first all names, so that a reference may
 * point to a section further down, then all keys. Parsing is a pure function of the text; every limit
 * is a constant of topology.h. See topology_private.h for the steps.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/topology_private.h"

bool topology_error(const struct topology *t, const struct topology_object *object, const char *key,
                    struct text_error *error, const char *format, ...)
{
    const struct ini_entry *entry = key != NULL ? ini_find(object->section, key, NULL) : NULL;
    va_list arguments;

    va_start(arguments, format);
    text_error_vset(error, ini_file_name(t->ini), entry != NULL ? entry->line : object->section->line,
                    entry != NULL ? entry->column : 0, format, arguments);
    va_end(arguments);
    return false;
}

size_t topology_find(const struct topology *t, enum section_type type, const char *name)
{
    size_t count;
    const char *object = topology_objects(t, type, &count);

    for (size_t i = 0; i < count; i++) {
        const struct topology_object *o =
            (const struct topology_object *)(object + i * topology_sections[type].object_size);

        if (ini_same_name(o->name, name))
            return i;
    }
    return TOPOLOGY_NONE;
}

/* ---- section headers ------------------------------------------------------------------------------ */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Splits "type name": the length of the type, and the name ("" when there is none). */
static size_t split_header(const char *header, const char **name)
{
    size_t length = strcspn(header, " \t");

    *name = header + length;
    while (is_blank(**name))
        ++*name;
    return length;
}

static bool fail_section(const struct topology *t, const struct ini_section *s, size_t type_length,
                         struct text_error *error)
{
    const char *names[SECTION_COUNT], *nearest;
    char type[TOPOLOGY_NAME_MAX + 1], list[96];

    for (unsigned i = 0; i < SECTION_COUNT; i++)
        names[i] = topology_sections[i].name;
    snprintf(type, sizeof type, "%.*s", (int)(type_length < sizeof type ? type_length : sizeof type),
             s->name);
    nearest = topology_nearest(type, names, SECTION_COUNT);
    topology_list_names(names, SECTION_COUNT, list, sizeof list);
    if (nearest != NULL)
        return text_error_set(error, ini_file_name(t->ini), s->line, 0,
                              "there is no section kind \"%s\"; did you mean \"%s\"?", type, nearest);
    return text_error_set(error, ini_file_name(t->ini), s->line, 0,
                          "there is no section kind \"%s\"; known: %s", type, list);
}

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);

    return length >= 1 && length <= TOPOLOGY_NAME_MAX &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") == length;
}

static bool classify(const struct topology *t, const struct ini_section *s, enum section_type *type,
                     const char **name, struct text_error *error)
{
    const char *file = ini_file_name(t->ini);
    size_t length = split_header(s->name, name);
    unsigned i = 0;

    for (; i < SECTION_COUNT; i++) {
        char header[TOPOLOGY_NAME_MAX + 1];

        if (length >= sizeof header)
            return fail_section(t, s, length, error);
        snprintf(header, sizeof header, "%.*s", (int)length, s->name);
        if (ini_same_name(header, topology_sections[i].name))
            break;
    }
    if (i == SECTION_COUNT)
        return fail_section(t, s, length, error);
    *type = (enum section_type)i;
    if (!topology_sections[i].named && **name != '\0')
        return text_error_set(error, file, s->line, 0, "[%s] takes no name",
                              topology_sections[i].name);
    if (topology_sections[i].named && !name_is_good(*name))
        return text_error_set(error, file, s->line, 0,
                              "[%s NAME] needs a name of 1 to %u letters, digits, \"-\", \"_\" or \".\"",
                              topology_sections[i].name, TOPOLOGY_NAME_MAX);
    return true;
}

/* ---- defaults ------------------------------------------------------------------------------------- */
static void set_hba_defaults(struct topology_hba *hba)
{
    hba->kind = HBA_FC;
    hba->tagged = true;
    hba->adapters = 1;
    hba->link_down_time = hba->dev_loss_time = WORLD_NEVER; /* by kind, in topology_check */
}

static void set_array_defaults(struct topology_array *array)
{
    array->vendor = "OPENMPIO";
    array->product = "Simulated Array";
    array->revision = "1.0";
    array->controllers = 2;
    array->ports_per_controller = 1;
    array->preferred = array->failback = true;
}

static void set_lun_defaults(struct topology_lun *lun)
{
    lun->number = UINT32_MAX; /* the next free one, in topology_check */
    lun->count = 1;
    lun->size = 64ull << 20;
    lun->block_size = 512;
    lun->owner = TOPOLOGY_OWNER_SPREAD;
}

static void set_defaults(enum section_type type, void *object)
{
    struct topology_path *path = object;
    struct topology_load *load = object;

    switch (type) {
    case SECTION_MACHINE:
        ((struct topology_machine *)object)->cpus = 2;
        break;
    case SECTION_HBA:
        set_hba_defaults(object);
        break;
    case SECTION_ARRAY:
        set_array_defaults(object);
        break;
    case SECTION_LUN:
        set_lun_defaults(object);
        break;
    case SECTION_LINK:
        ((struct topology_link *)object)->ports = 1;
        ((struct topology_link *)object)->latency = 100 * WORLD_US;
        break;
    case SECTION_PATH:
        path->machine = path->hba = TOPOLOGY_NONE;
        path->timeout = 10 * WORLD_SECOND;
        break;
    case SECTION_CLUSTER:
        ((struct topology_cluster *)object)->timeout = 2 * WORLD_SECOND;
        load = &((struct topology_cluster *)object)->load;
        load->span = 4u << 20;
        load->rate = 500;
        /* fall through */
    case SECTION_LOAD:
        load->lun = "*";
        load->read_percent = 70;
        load->queue_depth = 8;
        load->io_size = 4096;
        break;
    default:
        break;
    }
}

/* ---- the passes ------------------------------------------------------------------------------------ */
static bool count_sections(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < ini_section_count(t->ini); i++) {
        enum section_type type;
        const char *name;

        if (!classify(t, ini_section(t->ini, i), &type, &name, error))
            return false;
        if (topology_sections[type].named)
            ++*(size_t *)((char *)t + topology_sections[type].count);
    }
    return true;
}

static bool allocate_objects(struct topology *t, struct text_error *error)
{
    for (unsigned i = 0; i < SECTION_COUNT; i++) {
        const struct section_kind *kind = &topology_sections[i];
        size_t *count = (size_t *)((char *)t + kind->count);
        void *objects;

        if (!kind->named || *count == 0)
            continue;
        objects = calloc(*count, kind->object_size);
        if (objects == NULL)
            return text_error_set(error, ini_file_name(t->ini), 0, 0, "out of memory");
        *(void **)((char *)t + kind->objects) = objects;
        *count = 0; /* counts again as the objects get their names */
    }
    return true;
}

static bool name_objects(struct topology *t, struct text_error *error)
{
    for (size_t i = 0; i < ini_section_count(t->ini); i++) {
        const struct ini_section *s = ini_section(t->ini, i);
        const struct section_kind *kind;
        enum section_type type;
        const char *name;
        size_t *count, twin;
        struct topology_object *object;

        if (!classify(t, s, &type, &name, error))
            return false;
        kind = &topology_sections[type];
        if (!kind->named)
            continue;
        twin = topology_find(t, type, name);
        count = (size_t *)((char *)t + kind->count);
        object = *(void **)((char *)t + kind->objects);
        if (twin != TOPOLOGY_NONE)
            return text_error_set(
                error, ini_file_name(t->ini), s->line, 0,
                "there are two [%s %s]; the first is on line %u", kind->name, name,
                ((struct topology_object *)((char *)object + twin * kind->object_size))->section->line);
        object = (struct topology_object *)((char *)object + *count * kind->object_size);
        set_defaults(type, object);
        object->name = name;
        object->section = s;
        ++*count;
    }
    return true;
}

/* A profile is a file with one section, [profile], of the keys of [array]: what the array is unless its own
 * section says otherwise. While it is read it stands in the topology's place, for errors to name it. */
static bool read_profile(struct topology *t, struct topology_array *array,
                         const struct topology_files *files, struct text_error *error)
{
    const struct ini_entry *entry = ini_find(array->object.section, "profile", NULL);
    struct section_kind kind = topology_sections[SECTION_ARRAY];
    struct ini *own = t->ini;
    struct text_error why = {0};
    size_t length = 0;

    if (entry == NULL)
        return true;
    if (entry->value_count != 1)
        return topology_error(t, &array->object, "profile", error, "profile takes one file or name");
    const char *name = entry->values[0].text;
    if (files == NULL)
        return topology_error(t, &array->object, "profile", error, "no profiles can be read here");
    char *text = files->read(files->user, name, ini_file_name(own), &length, &why);
    if (text == NULL)
        return topology_error(t, &array->object, "profile", error, "profile \"%.60s\": %s", name, why.message);
    array->profile_ini = ini_parse(name, text, length, INI_UNIQUE, error);
    free(text);
    if (array->profile_ini == NULL)
        return false;
    if (ini_section_count(array->profile_ini) != 1 ||
        !ini_same_name(ini_section(array->profile_ini, 0)->name, "profile"))
        return topology_error(t, &array->object, "profile", error,
                              "\"%.60s\" is no profile: that is one section, [profile]", name);
    kind.name = "profile";
    t->ini = array->profile_ini;
    bool good = topology_read_fields(t, &kind, ini_section(array->profile_ini, 0), array, error);
    t->ini = own;
    if (good && array->profile != NULL)
        return topology_error(t, &array->object, "profile", error, "a profile cannot name another profile");
    return good;
}

static bool read_profiles(struct topology *t, const struct topology_files *files, struct text_error *error)
{
    for (size_t i = 0; i < t->array_count; i++)
        if (!read_profile(t, &t->arrays[i], files, error))
            return false;
    return true;
}

static bool read_objects(struct topology *t, struct text_error *error)
{
    for (unsigned type = 0; type < SECTION_COUNT; type++) {
        const struct section_kind *kind = &topology_sections[type];
        size_t count;
        char *object;

        if (!kind->named)
            continue;
        object = topology_objects(t, (enum section_type)type, &count);
        for (size_t i = 0; i < count; i++, object += kind->object_size)
            if (!topology_read_fields(t, kind, ((struct topology_object *)object)->section, object,
                                      error))
                return false;
    }
    return true;
}

static bool read_file(struct topology *t, const struct topology_files *files, struct text_error *error)
{
    const struct ini_section *world, *timeline;

    if (!count_sections(t, error) || !allocate_objects(t, error) || !name_objects(t, error))
        return false;
    world = ini_find_section(t->ini, topology_sections[SECTION_WORLD].name);
    if (world != NULL &&
        !topology_read_fields(t, &topology_sections[SECTION_WORLD], world, t, error))
        return false;
    if (!read_profiles(t, files, error) || !read_objects(t, error) || !topology_check(t, error))
        return false;
    timeline = ini_find_section(t->ini, topology_sections[SECTION_TIMELINE].name);
    return timeline == NULL || topology_read_timeline(t, timeline, error);
}

struct topology *topology_parse(const char *file_name, const char *text, size_t length,
                                struct text_error *error)
{
    return topology_parse_with(file_name, text, length, NULL, error);
}

struct topology *topology_parse_with(const char *file_name, const char *text, size_t length,
                                     const struct topology_files *files, struct text_error *error)
{
    struct topology *t = calloc(1, sizeof *t);

    if (t == NULL) {
        text_error_set(error, file_name, 0, 0, "out of memory");
        return NULL;
    }
    t->ini = ini_parse(file_name, text, length, INI_UNIQUE, error);
    if (t->ini == NULL || !read_file(t, files, error)) {
        topology_free(t);
        return NULL;
    }
    return t;
}

void topology_free(struct topology *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; t->arrays != NULL && i < t->array_count; i++)
        if (t->arrays[i].profile_ini != NULL)
            ini_free(t->arrays[i].profile_ini);
    for (unsigned i = 0; i < SECTION_COUNT; i++)
        if (topology_sections[i].named)
            free(*(void **)((char *)t + topology_sections[i].objects));
    free(t->actions);
    if (t->ini != NULL)
        ini_free(t->ini);
    free(t);
}
