/* SPDX-License-Identifier: MIT */
/*
 * The keys of each section: one table says name, kind, place, range and whether it must be there;
 * one reader serves them all. Values that depend on other sections are judged in topology_check.c.
 */
#include <stdio.h>
#include <string.h>

#include "world/topology_private.h"

enum field_kind {
    FIELD_NUMBER32,     /* minimum..maximum */
    FIELD_NUMBER64,
    FIELD_SIZE,         /* with suffix K, M, G, T */
    FIELD_TIME,         /* with unit, into 100 ns; at most maximum */
    FIELD_BANDWIDTH,    /* a size per second, into nanoseconds per KiB */
    FIELD_BOOLEAN,
    FIELD_TEXT,         /* minimum..maximum bytes */
    FIELD_INITIATOR,    /* text kept inside the object */
    FIELD_CHOICE,       /* one of names, into its position */
    FIELD_BLOCK_SIZE,
    FIELD_REFERENCE,    /* an object of section type `minimum`, into its index */
    FIELD_PORTS,        /* "all" */
    FIELD_SEED,
    FIELD_FLAGS,        /* any of names, into bits */
    FIELD_ORDER,        /* names in order, at most `maximum`, into bytes: position + 1 */
    FIELD_TEXT_LIST,    /* any number of values, key repeatable */
    FIELD_PARAMETER,    /* NAME, NUMBER; key repeatable */
};

struct topology_field {
    const char *key;
    enum field_kind kind;
    size_t offset;
    uint64_t minimum, maximum;
    const char *const *names; /* ends with NULL */
    bool required;
};

static const char *const hba_kinds[] = {"fc", "iscsi", "sas", "spi", "driver", NULL};
static const char *const accesses[] = {"symmetric", "implicit", "explicit", "both", "active-passive", NULL};
static const char *const passives[] = {"non-optimized", "standby", "unavailable", NULL};
static const char *const transports[] = {"none", "fc", "iscsi", "sas", "spi", NULL};
static const char *const designators[] = { /* enum array_designator, less 1 */
    "naa", "t10", "long-t10", "eui64", "name", "vendor", "port-name", "relative-port", "port-group",
    "lun-group", "target-name", NULL};
static const char *const quirks[] = { /* enum array_quirk, bit by bit */
    "no-page-83", "hidden-alua", "no-persistent", "no-simple-reserve", "no-command-list", "ghost-lun",
    "failover-page", NULL};
static const char *const cluster_modes[] = {"failover", "active", NULL};
static const char *const cluster_types[] = {"registrants", "all-registrants", NULL};
static const char *const medias[] = {"memory", "file", "null", NULL};

#define AT(type, member) offsetof(struct topology_##type, member)
#define MAX_U32 0xffffffffull

static const struct topology_field world_fields[] = {
    {"seed", FIELD_SEED, 0, 0, UINT64_MAX, NULL, false},
};
static const struct topology_field machine_fields[] = {
    {"cpus", FIELD_NUMBER32, AT(machine, cpus), 2, TOPOLOGY_MAX_CPUS, NULL, false},
    {"os", FIELD_TEXT, AT(machine, os), 1, TOPOLOGY_NAME_MAX, NULL, false},
    {"registry", FIELD_TEXT_LIST, AT(machine, registry), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"parameter", FIELD_PARAMETER, AT(machine, parameters), 0, MAX_U32, NULL, false},
    {"claim", FIELD_TEXT_LIST, AT(machine, claims), 1, TOPOLOGY_TEXT_MAX, NULL, false},
};
static const struct topology_field hba_fields[] = {
    {"machine", FIELD_REFERENCE, AT(hba, machine), SECTION_MACHINE, 0, NULL, true},
    {"kind", FIELD_CHOICE, AT(hba, kind), 0, 0, hba_kinds, false},
    {"initiator", FIELD_INITIATOR, AT(hba, initiator), 1, TOPOLOGY_INITIATOR_MAX, NULL, false},
    {"queue-depth", FIELD_NUMBER32, AT(hba, queue_depth), 1, TOPOLOGY_MAX_QUEUE_DEPTH, NULL, false},
    {"link-down-time", FIELD_TIME, AT(hba, link_down_time), 0, TOPOLOGY_MAX_TIME, NULL, false},
    {"dev-loss-time", FIELD_TIME, AT(hba, dev_loss_time), 0, TOPOLOGY_MAX_TIME, NULL, false},
    {"personality", FIELD_TEXT, AT(hba, personality_name), 1, TOPOLOGY_NAME_MAX, NULL, false},
    {"fabric", FIELD_TEXT, AT(hba, fabric), 1, TOPOLOGY_NAME_MAX, NULL, false},
    {"bandwidth", FIELD_BANDWIDTH, AT(hba, ns_per_kib), TOPOLOGY_MIN_BANDWIDTH, TOPOLOGY_MAX_BANDWIDTH, NULL,
     false},
    {"tagged", FIELD_BOOLEAN, AT(hba, tagged), 0, 0, NULL, false},
    {"file", FIELD_TEXT, AT(hba, file), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"service", FIELD_TEXT, AT(hba, service), 1, TOPOLOGY_NAME_MAX, NULL, false},
    {"adapters", FIELD_NUMBER32, AT(hba, adapters), 1, TOPOLOGY_MAX_ADAPTERS, NULL, false},
    {"parameter", FIELD_PARAMETER, AT(hba, parameters), 0, MAX_U32, NULL, false},
};
static const struct topology_field array_fields[] = {
    {"vendor", FIELD_TEXT, AT(array, vendor), 1, 8, NULL, false},
    {"product", FIELD_TEXT, AT(array, product), 1, 16, NULL, false},
    {"revision", FIELD_TEXT, AT(array, revision), 1, 4, NULL, false},
    {"access", FIELD_CHOICE, AT(array, access), 0, 0, accesses, false},
    {"controllers", FIELD_NUMBER32, AT(array, controllers), 1, ARRAY_MAX_CONTROLLERS, NULL, false},
    {"ports-per-controller", FIELD_NUMBER32, AT(array, ports_per_controller), 1, ARRAY_MAX_PORTS, NULL,
     false},
    {"naa", FIELD_NUMBER64, AT(array, naa), 0, UINT64_MAX, NULL, false},
    {"descriptor-sense", FIELD_BOOLEAN, AT(array, descriptor_sense), 0, 0, NULL, false},
    {"transition", FIELD_TIME, AT(array, transition), 0, TOPOLOGY_MAX_TRANSITION, NULL, false},
    {"transition-busy", FIELD_BOOLEAN, AT(array, transition_busy), 0, 0, NULL, false},
    {"passive", FIELD_CHOICE, AT(array, passive), 0, 0, passives, false},
    {"preferred", FIELD_BOOLEAN, AT(array, preferred), 0, 0, NULL, false},
    {"failback", FIELD_BOOLEAN, AT(array, failback), 0, 0, NULL, false},
    {"compatible-reservations", FIELD_BOOLEAN, AT(array, compatible_reservations), 0, 0, NULL, false},
    {"profile", FIELD_TEXT, AT(array, profile), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"description", FIELD_TEXT, AT(array, description), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"transport", FIELD_CHOICE, AT(array, transport), 0, 0, transports, false},
    {"designators", FIELD_ORDER, AT(array, designators), 1, ARRAY_MAX_DESIGNATORS, designators, false},
    {"quirks", FIELD_FLAGS, AT(array, quirks), 0, 0, quirks, false},
    {"passive-sense", FIELD_NUMBER32, AT(array, passive_sense), 0, 0xFFFFFF, NULL, false},
    {"lun-depth", FIELD_NUMBER32, AT(array, lun_depth), 0, TOPOLOGY_MAX_DEPTH, NULL, false},
    {"port-depth", FIELD_NUMBER32, AT(array, port_depth), 0, TOPOLOGY_MAX_DEPTH, NULL, false},
    {"volatile-blocks", FIELD_NUMBER32, AT(array, volatile_blocks), 0, ARRAY_MAX_VOLATILE, NULL, false},
    {"slow-report", FIELD_TIME, AT(array, slow_report), 0, TOPOLOGY_MAX_TRANSITION, NULL, false},
    {"port-bandwidth", FIELD_BANDWIDTH, AT(array, port_ns_per_kib), TOPOLOGY_MIN_BANDWIDTH,
     TOPOLOGY_MAX_BANDWIDTH, NULL, false},
    {"plugin", FIELD_TEXT_LIST, AT(array, plugin), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"pool-size", FIELD_SIZE, AT(array, pool_size), 65536, TOPOLOGY_MAX_LUN, NULL, false},
    {"pool-threshold", FIELD_NUMBER32, AT(array, pool_threshold), 0, 100, NULL, false},
    {"target", FIELD_TEXT, AT(array, target), 1, TOPOLOGY_INITIATOR_MAX, NULL, false},
    {"user", FIELD_TEXT, AT(array, user), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"secret", FIELD_TEXT, AT(array, secret), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"target-user", FIELD_TEXT, AT(array, target_user), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"target-secret", FIELD_TEXT, AT(array, target_secret), 1, TOPOLOGY_TEXT_MAX, NULL, false},
};
static const struct topology_field lun_fields[] = {
    {"array", FIELD_REFERENCE, AT(lun, array), SECTION_ARRAY, 0, NULL, true},
    {"number", FIELD_NUMBER32, AT(lun, number), 0, ARRAY_MAX_LUNS - 1, NULL, false},
    {"count", FIELD_NUMBER32, AT(lun, count), 1, ARRAY_MAX_LUNS, NULL, false},
    {"size", FIELD_SIZE, AT(lun, size), TOPOLOGY_MIN_LUN, TOPOLOGY_MAX_LUN, NULL, false},
    {"block-size", FIELD_BLOCK_SIZE, AT(lun, block_size), 512, 4096, NULL, false},
    {"physical-block", FIELD_SIZE, AT(lun, physical_block), 512, 4096u << 15, NULL, false},
    {"first-aligned", FIELD_NUMBER32, AT(lun, first_aligned), 0, 16383, NULL, false},
    {"media", FIELD_CHOICE, AT(lun, media), 0, 0, medias, false},
    {"file", FIELD_TEXT, AT(lun, file), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"owner", FIELD_NUMBER32, AT(lun, owner), 0, ARRAY_MAX_CONTROLLERS - 1, NULL, false},
    {"ownership-group", FIELD_NUMBER32, AT(lun, ownership_group), 0, ARRAY_MAX_LUNS, NULL, false},
    {"thin-pool", FIELD_BOOLEAN, AT(lun, thin_pool), 0, 0, NULL, false},
    {"hosts", FIELD_TEXT_LIST, AT(lun, hosts), 1, TOPOLOGY_INITIATOR_MAX, NULL, false},
    {"read-only", FIELD_BOOLEAN, AT(lun, read_only), 0, 0, NULL, false},
    {"serial", FIELD_TEXT, AT(lun, serial), 1, TOPOLOGY_SERIAL_MAX, NULL, false},
};
static const struct topology_field link_fields[] = {
    {"hba", FIELD_REFERENCE, AT(link, hba), SECTION_HBA, 0, NULL, true},
    {"array", FIELD_REFERENCE, AT(link, array), SECTION_ARRAY, 0, NULL, true},
    {"port", FIELD_NUMBER32, AT(link, port), 0, ARRAY_MAX_PORTS - 1, NULL, false},
    {"ports", FIELD_PORTS, AT(link, ports), 0, 0, NULL, false},
    {"latency", FIELD_TIME, AT(link, latency), 0, TOPOLOGY_MAX_TIME, NULL, false},
    {"jitter", FIELD_TIME, AT(link, jitter), 0, TOPOLOGY_MAX_TIME, NULL, false},
    {"bandwidth", FIELD_BANDWIDTH, AT(link, ns_per_kib), TOPOLOGY_MIN_BANDWIDTH,
     TOPOLOGY_MAX_BANDWIDTH, NULL, false},
    {"fabric", FIELD_TEXT, AT(link, fabric), 1, TOPOLOGY_NAME_MAX, NULL, false},
};
static const struct topology_field path_fields[] = {
    {"machine", FIELD_REFERENCE, AT(path, machine), SECTION_MACHINE, 0, NULL, false},
    {"hba", FIELD_REFERENCE, AT(path, hba), SECTION_HBA, 0, NULL, false},
    {"portal", FIELD_TEXT, AT(path, portal), 1, TOPOLOGY_TEXT_MAX, NULL, true},
    {"target", FIELD_TEXT, AT(path, target), 1, TOPOLOGY_INITIATOR_MAX, NULL, true},
    {"user", FIELD_TEXT, AT(path, user), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"secret", FIELD_TEXT, AT(path, secret), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"target-user", FIELD_TEXT, AT(path, target_user), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"target-secret", FIELD_TEXT, AT(path, target_secret), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"timeout", FIELD_TIME, AT(path, timeout), WORLD_MS, TOPOLOGY_MAX_TIME, NULL, false},
};
static const struct topology_field load_fields[] = {
    {"machine", FIELD_REFERENCE, AT(load, machine), SECTION_MACHINE, 0, NULL, true},
    {"lun", FIELD_TEXT, AT(load, lun), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"read", FIELD_NUMBER32, AT(load, read_percent), 0, 100, NULL, false},
    {"queue-depth", FIELD_NUMBER32, AT(load, queue_depth), 1, TOPOLOGY_MAX_QUEUE_DEPTH, NULL, false},
    {"io-size", FIELD_SIZE, AT(load, io_size), 512, ARRAY_MAX_TRANSFER, NULL, false},
    {"rate", FIELD_NUMBER32, AT(load, rate), 0, TOPOLOGY_MAX_RATE, NULL, false},
    {"span", FIELD_SIZE, AT(load, span), 512, TOPOLOGY_MAX_LUN, NULL, false},
};

static const struct topology_field cluster_fields[] = {
    {"lun", FIELD_TEXT, AT(cluster, load.lun), 1, TOPOLOGY_TEXT_MAX, NULL, false},
    {"machines", FIELD_TEXT_LIST, AT(cluster, machines), 1, TOPOLOGY_NAME_MAX, NULL, false},
    {"mode", FIELD_CHOICE, AT(cluster, mode), 0, 0, cluster_modes, false},
    {"reservation", FIELD_CHOICE, AT(cluster, type), 0, 0, cluster_types, false},
    {"timeout", FIELD_TIME, AT(cluster, timeout), TOPOLOGY_MIN_CLUSTER_TIMEOUT, TOPOLOGY_MAX_TIME, NULL, false},
    {"read", FIELD_NUMBER32, AT(cluster, load.read_percent), 0, 100, NULL, false},
    {"queue-depth", FIELD_NUMBER32, AT(cluster, load.queue_depth), 1, TOPOLOGY_MAX_QUEUE_DEPTH, NULL, false},
    {"io-size", FIELD_SIZE, AT(cluster, load.io_size), 512, ARRAY_MAX_TRANSFER, NULL, false},
    {"rate", FIELD_NUMBER32, AT(cluster, load.rate), 0, TOPOLOGY_MAX_RATE, NULL, false},
    {"span", FIELD_SIZE, AT(cluster, load.span), 512, TOPOLOGY_MAX_LUN, NULL, false},
};

#define NAMED(type)                                                                                 \
    #type, true, offsetof(struct topology, type##s), offsetof(struct topology, type##_count),       \
        sizeof(struct topology_##type), type##_fields,                                              \
        sizeof type##_fields / sizeof type##_fields[0]

const struct section_kind topology_sections[SECTION_COUNT] = {
    [SECTION_WORLD] = {"world", false, 0, 0, 0, world_fields, 1},
    [SECTION_MACHINE] = {NAMED(machine)},
    [SECTION_HBA] = {NAMED(hba)},
    [SECTION_ARRAY] = {NAMED(array)},
    [SECTION_LUN] = {NAMED(lun)},
    [SECTION_LINK] = {NAMED(link)},
    [SECTION_PATH] = {NAMED(path)},
    [SECTION_LOAD] = {NAMED(load)},
    [SECTION_CLUSTER] = {NAMED(cluster)},
    [SECTION_TIMELINE] = {"timeline", false, 0, 0, 0, NULL, 0},
};

#define MAX_FIELDS 48 /* of one section */

struct reading {
    struct topology *topology;
    const struct topology_field *field;
    const struct ini_entry *entry;
    void *place;
    struct text_error *error;
};

static bool fail_choice(const struct reading *r, const char *const *names)
{
    char list[96];
    size_t count = 0;

    while (names[count] != NULL)
        count++;
    topology_list_names(names, count, list, sizeof list);
    return ini_error(r->topology->ini, &r->entry->values[0], r->error, "%s is \"%.40s\"; accepted: %s",
                     r->field->key, r->entry->values[0].text, list);
}

/* The position of a value among the field's names; false with the error set when it is none of them. */
static bool find_name(const struct reading *r, const struct ini_value *value, uint32_t *position)
{
    const char *const *names = r->field->names;
    char list[160];
    size_t count = 0;

    for (; names[count] != NULL; count++) {
        if (ini_same_name(names[count], value->text)) {
            *position = (uint32_t)count;
            return true;
        }
    }
    const char *nearest = topology_nearest(value->text, names, count);
    if (nearest != NULL)
        return ini_error(r->topology->ini, value, r->error, "%s: there is no \"%.40s\"; did you mean \"%s\"?",
                         r->field->key, value->text, nearest);
    topology_list_names(names, count, list, sizeof list);
    return ini_error(r->topology->ini, value, r->error, "%s: there is no \"%.40s\"; accepted: %s",
                     r->field->key, value->text, list);
}

static bool read_names(const struct reading *r)
{
    uint32_t position = 0;

    if (r->field->kind == FIELD_ORDER)
        memset(r->place, 0, r->field->maximum);
    else
        *(uint32_t *)r->place = 0;
    for (size_t i = 0; i < r->entry->value_count; i++) {
        if (r->field->kind == FIELD_ORDER && i == r->field->maximum)
            return ini_error(r->topology->ini, &r->entry->values[i], r->error, "more than %u values for %s",
                             (unsigned)r->field->maximum, r->field->key);
        if (!find_name(r, &r->entry->values[i], &position))
            return false;
        if (r->field->kind == FIELD_ORDER)
            ((uint8_t *)r->place)[i] = (uint8_t)(position + 1);
        else
            *(uint32_t *)r->place |= 1u << position;
    }
    return true;
}

static bool read_choice(const struct reading *r)
{
    const char *const *names = r->field->names;

    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (ini_same_name(names[i], r->entry->values[0].text)) {
            *(uint32_t *)r->place = i;
            return true;
        }
    }
    return fail_choice(r, names);
}

static bool check_text(const struct reading *r, const struct ini_value *value)
{
    size_t length = strlen(value->text);

    if (length < r->field->minimum || length > r->field->maximum)
        return ini_error(r->topology->ini, value, r->error, "%s has %zu bytes; accepted: %u to %u",
                         r->field->key, length, (unsigned)r->field->minimum,
                         (unsigned)r->field->maximum);
    return true;
}

static bool read_text_list(const struct reading *r)
{
    struct topology_text_list *list = r->place;

    for (size_t i = 0; i < r->entry->value_count; i++) {
        if (!check_text(r, &r->entry->values[i]))
            return false;
        if (list->count == TOPOLOGY_LIST_MAX)
            return ini_error(r->topology->ini, &r->entry->values[i], r->error,
                             "more than %u values for %s", TOPOLOGY_LIST_MAX, r->field->key);
        list->text[list->count++] = r->entry->values[i].text;
    }
    return true;
}

static bool read_parameter(const struct reading *r)
{
    struct topology_parameters *list = r->place;
    const struct ini_value *values = r->entry->values;
    uint64_t number;

    if (r->entry->value_count != 2 || values[0].text[0] == '\0')
        return ini_error(r->topology->ini, &values[0], r->error,
                         "parameter takes a registry value name and a number, as in "
                         "PathVerifyEnabled, 1");
    if (list->count == TOPOLOGY_LIST_MAX)
        return ini_error(r->topology->ini, &values[0], r->error, "more than %u parameters",
                         TOPOLOGY_LIST_MAX);
    if (!ini_unsigned(r->topology->ini, &values[1], 0, r->field->maximum, &number, r->error))
        return false;
    list->item[list->count++] = (struct topology_parameter){values[0].text, (uint32_t)number};
    return true;
}

static bool read_reference(const struct reading *r)
{
    enum section_type type = (enum section_type)r->field->minimum;
    const char *kind = topology_sections[type].name;
    const struct ini_value *value = &r->entry->values[0];
    size_t index = topology_find(r->topology, type, value->text);

    if (index == TOPOLOGY_NONE)
        return ini_error(r->topology->ini, value, r->error, "there is no [%s %.40s] in this file", kind,
                         value->text);
    *(size_t *)r->place = index;
    return true;
}

static bool read_number(const struct reading *r, uint64_t *number)
{
    const struct topology_field *f = r->field;
    const struct ini *ini = r->topology->ini;
    const struct ini_value *value = &r->entry->values[0];

    if (f->kind == FIELD_SIZE || f->kind == FIELD_BANDWIDTH)
        return ini_size(ini, value, f->minimum, f->maximum, number, r->error);
    if (f->kind != FIELD_TIME)
        return ini_unsigned(ini, value, f->minimum, f->maximum, number, r->error);
    if (!ini_time(ini, value, number, r->error))
        return false;
    if (*number > f->maximum || *number < f->minimum)
        return ini_error(ini, value, r->error, "%s is %s; accepted: %u ms to %llu s", f->key,
                         value->text, (unsigned)(f->minimum / WORLD_MS),
                         (unsigned long long)(f->maximum / WORLD_SECOND));
    return true;
}

static bool read_value(const struct reading *r)
{
    static const char *const block_sizes[] = {"512", "4096", NULL};
    static const char *const all[] = {"all", NULL};
    const struct ini_value *value = &r->entry->values[0];
    uint64_t number;

    switch (r->field->kind) {
    case FIELD_TEXT_LIST:
        return read_text_list(r);
    case FIELD_PARAMETER:
        return read_parameter(r);
    case FIELD_FLAGS:
    case FIELD_ORDER:
        return read_names(r);
    case FIELD_CHOICE:
        return read_choice(r);
    case FIELD_REFERENCE:
        return read_reference(r);
    case FIELD_BOOLEAN:
        return ini_boolean(r->topology->ini, value, r->place, r->error);
    case FIELD_TEXT:
        *(const char **)r->place = value->text;
        return check_text(r, value);
    case FIELD_INITIATOR:
        if (!check_text(r, value))
            return false;
        strcpy(r->place, value->text);
        return true;
    case FIELD_PORTS:
        if (!ini_same_name(value->text, "all"))
            return fail_choice(r, all);
        *(uint32_t *)r->place = 0; /* topology_check puts the array's number */
        return true;
    default:
        break;
    }
    if (!read_number(r, &number))
        return false;
    switch (r->field->kind) {
    case FIELD_BLOCK_SIZE:
        if (number != 512 && number != 4096)
            return fail_choice(r, block_sizes);
        *(uint32_t *)r->place = (uint32_t)number;
        break;
    case FIELD_NUMBER32:
        *(uint32_t *)r->place = (uint32_t)number;
        break;
    case FIELD_BANDWIDTH:
        *(uint64_t *)r->place = 1000000000ull * 1024 / number;
        break;
    case FIELD_SEED:
        r->topology->seed_given = true;
        r->topology->seed = number;
        break;
    default:
        *(uint64_t *)r->place = number;
        break;
    }
    return true;
}

static const struct topology_field *find_field(const struct section_kind *kind, const char *key)
{
    for (size_t i = 0; i < kind->field_count; i++)
        if (ini_same_name(kind->fields[i].key, key))
            return &kind->fields[i];
    return NULL;
}

static bool fail_key(const struct topology *t, const struct section_kind *kind,
                     const struct ini_entry *entry, struct text_error *error)
{
    const char *names[MAX_FIELDS], *nearest;
    char list[128];
    const char *file = ini_file_name(t->ini);

    for (size_t i = 0; i < kind->field_count; i++)
        names[i] = kind->fields[i].key;
    if (entry->key == NULL)
        return text_error_set(error, file, entry->line, entry->column,
                              "a line of [%s] is KEY = VALUE; this one has no \"=\"", kind->name);
    nearest = topology_nearest(entry->key, names, kind->field_count);
    if (nearest != NULL)
        return text_error_set(error, file, entry->line, entry->column,
                              "[%s] has no key \"%.40s\"; did you mean \"%s\"?", kind->name, entry->key,
                              nearest);
    topology_list_names(names, kind->field_count, list, sizeof list);
    return text_error_set(error, file, entry->line, entry->column,
                          "[%s] has no key \"%.40s\"; known: %s", kind->name, entry->key, list);
}

static bool read_entry(struct topology *t, const struct section_kind *kind,
                       const struct ini_section *section, const struct ini_entry *entry, void *object,
                       struct text_error *error)
{
    const struct topology_field *field = entry->key != NULL ? find_field(kind, entry->key) : NULL;
    const char *file = ini_file_name(t->ini);
    const struct ini_entry *first;
    bool list, many;

    if (field == NULL)
        return fail_key(t, kind, entry, error);
    list = field->kind == FIELD_TEXT_LIST || field->kind == FIELD_PARAMETER;
    many = list || field->kind == FIELD_FLAGS || field->kind == FIELD_ORDER;
    if (entry->value_count == 0 || (!many && entry->value_count != 1))
        return text_error_set(error, file, entry->line, entry->column,
                              "%s takes %s; there are %zu", field->key,
                              many ? "at least one value" : "one value", entry->value_count);
    first = ini_find(section, entry->key, NULL);
    if (!list && first != entry)
        return text_error_set(error, file, entry->line, entry->column,
                              "%s stands here twice, first on line %u", field->key, first->line);
    return read_value(&(struct reading){t, field, entry, (char *)object + field->offset, error});
}

/* A reference left out means the only object of its kind. */
static bool fill_references(struct topology *t, const struct section_kind *kind,
                            struct topology_object *object, struct text_error *error)
{
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct topology_field *field = &kind->fields[i];
        enum section_type type = (enum section_type)field->minimum;
        size_t count;

        if (!field->required || ini_find(object->section, field->key, NULL) != NULL)
            continue;
        if (field->kind != FIELD_REFERENCE)
            return topology_error(t, object, NULL, error, "[%s %s] needs %s = ...", kind->name,
                                  object->name, field->key);
        topology_objects(t, type, &count);
        if (count != 1)
            return topology_error(t, object, NULL, error,
                                  "[%s %s] needs %s = NAME; it may be left out when the file has "
                                  "exactly one [%s], it has %zu",
                                  kind->name, object->name, field->key, topology_sections[type].name,
                                  count);
        *(size_t *)((char *)object + field->offset) = 0;
    }
    return true;
}

bool topology_read_fields(struct topology *t, const struct section_kind *kind,
                          const struct ini_section *section, void *object, struct text_error *error)
{
    for (size_t i = 0; i < section->entry_count; i++)
        if (!read_entry(t, kind, section, &section->entries[i], object, error))
            return false;
    return !kind->named || fill_references(t, kind, object, error);
}
