/* SPDX-License-Identifier: MIT */
/*
 * What classes are to each other: bases, classes in classes, ids of data members. The published
 * rules of wmimofck: a WMI class has a guid, every data member but InstanceName and Active has a
 * WmiDataId, and these are 1, 2, 3 ... An embedded class is laid out before the class that holds
 * it, so the order in which they are finished is one that a C compiler can read.
 */
#include "mofc.h"

#include <stdlib.h>
#include <string.h>

/* ---- guid ---- */
static bool guid_digits(const char **at, unsigned digits, uint64_t *value)
{
    for (*value = 0; digits > 0; digits--, ++*at) {
        char c = **at >= 'A' && **at <= 'F' ? (char)(**at + 0x20) : **at;

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
        *value = *value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

static bool parse_guid(const char *text, struct class *class)
{
    static const uint8_t widths[] = {8, 4, 4, 4, 12};
    uint64_t part[5];
    size_t length = strlen(text);
    bool braces = text[0] == '{';

    if (length != (braces ? 38 : 36) || (braces && text[37] != '}'))
        return false;
    text += braces;
    for (unsigned i = 0; i < 5; i++)
        if ((i > 0 && *text++ != '-') || !guid_digits(&text, widths[i], &part[i]))
            return false;
    class->guid1 = (uint32_t)part[0];
    class->guid2 = (uint16_t)part[1];
    class->guid3 = (uint16_t)part[2];
    for (unsigned i = 0; i < 2; i++)
        class->guid4[i] = (uint8_t)(part[3] >> (8 - 8 * i));
    for (unsigned i = 0; i < 6; i++)
        class->guid4[2 + i] = (uint8_t)(part[4] >> (40 - 8 * i));
    return true;
}

static void check_guid(struct mofc *mofc, struct class *class)
{
    struct qualifier *guid = find_qualifier(class->qualifiers, "guid");
    const char *text = qualifier_text(class->qualifiers, "guid");

    if (guid) {
        class->has_guid = text && parse_guid(text, class);
        if (!class->has_guid)
            report_error(mofc, guid->value ? guid->value->place : guid->place,
                         "this is no guid; write guid(\"{01234567-89ab-cdef-0123-456789abcdef}\")");
    } else if (class->is_wmi) {
        report_error(mofc, class->place,
                     "WMI class %.60s has no guid; add guid(\"{...}\") with a new one (uuidgen)",
                     class->name);
    }
}

/* ---- data members ---- */
static bool is_wmi_own(const struct member *member)
{
    return same_name(member->name, "InstanceName") || same_name(member->name, "Active");
}

static const struct member *find_property(const struct class *class, const char *name)
{
    for (unsigned depth = 0; class && depth <= MOFC_MAX_DEPTH; class = class->base, depth++) {
        const struct member *member = names_find(&class->names, name);

        if (member)
            return member->is_method ? NULL : member;
    }
    return NULL;
}

static void check_property(struct mofc *mofc, const struct class *class, struct member *member)
{
    struct qualifier *id = find_qualifier(member->qualifiers, "WmiDataId");
    uint64_t number;

    check_member(mofc, member);
    if (id && qualifier_number(mofc, id, 1, UINT32_MAX, &number))
        member->id = (uint32_t)number;
    if (!id) {
        const struct member *overridden = find_property(class->base, member->name);

        if (class->is_wmi && !is_wmi_own(member) && !(overridden && overridden->id))
            report_error(mofc, member->place,
                         "%.60s has no WmiDataId; number the data members 1, 2, 3 ... (only "
                         "InstanceName and Active have none)",
                         member->name);
        return;
    }
    if (member->type == CIM_REF)
        report_error(mofc, member->place,
                     "a driver's data holds no references; make %.60s a string", member->name);
    if (member->is_array && !member->has_count && !member->size_is &&
        !find_qualifier(member->qualifiers, "WmiSizeIs"))
        report_error(mofc, member->place,
                     "array %.60s has no length; write %.60s[8] or WmiSizeIs(\"Count\")",
                     member->name, member->name);
}

static int compare_slots(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    if (x->member->place.line != y->member->place.line)
        return x->member->place.line < y->member->place.line ? -1 : 1;
    return x->member->place.column < y->member->place.column ? -1 : 1;
}

/* The slots of the base, then our own; a member of the same name takes the base's place and id. */
static void collect_slots(struct mofc *mofc, struct class *class)
{
    struct names names = {0};

    for (struct member *m = class->members; m; m = m->next)
        names_add(mofc, &names, m->name, m);
    for (size_t i = 0; class->base && i < class->base->data.count; i++) {
        const struct slot *inherited = &class->base->data.slots[i];
        struct member *own = names_find(&names, inherited->member->name);

        if (!own)
            add_slot(mofc, &class->data, inherited->member, inherited->id);
        else if (own->id == 0)
            own->id = inherited->id;
    }
    for (struct member *m = class->members; m; m = m->next)
        if (m->id)
            add_slot(mofc, &class->data, m, m->id);
}

static bool check_ids(struct mofc *mofc, struct class *class)
{
    struct block *data = &class->data;

    if (data->count > 1)
        qsort(data->slots, data->count, sizeof(*data->slots), compare_slots);
    for (size_t i = 0; i < data->count; i++) {
        const struct slot *slot = &data->slots[i];

        if (slot->id == i + 1)
            continue;
        if (i > 0 && slot->id == data->slots[i - 1].id)
            report_error(mofc, slot->member->place,
                         "WmiDataId(%u) belongs to %.60s already; give %.60s another",
                         (unsigned)slot->id, data->slots[i - 1].member->name, slot->member->name);
        else
            report_error(
                mofc, slot->member->place,
                "WmiDataId(%u) leaves a gap: the ids of class %.60s must be 1, 2, 3 ..., and "
                "this one %u",
                (unsigned)slot->id, class->name, (unsigned)(i + 1));
        return false;
    }
    return true;
}

/* ---- classes ---- */
/* Classes that Windows has in root\wmi, without data members. */
static bool is_windows_class(const char *name)
{
    return (name[0] == '_' && name[1] == '_') || same_name(name, "WMIEvent") ||
           same_name(name, "EventTrace") || same_name(name, "MSNT_SystemTrace");
}

static bool finish_class(struct mofc *mofc, struct class *class, unsigned level);

/* `other` must be finished before `class`. */
static bool need_class(struct mofc *mofc, struct class *class, struct class *other, unsigned level,
                       struct place place, const char *how)
{
    if (other->state == CLASS_BUSY) {
        report_error(mofc, place, "class %.60s %s itself through %.60s; that would have no end",
                     class->name, how, other->name);
        return false;
    }
    if (level >= MOFC_MAX_DEPTH) {
        report_error(mofc, place, "class %.60s %s classes deeper than %d; make them flat",
                     class->name, how, MOFC_MAX_DEPTH);
        return false;
    }
    if (!finish_class(mofc, other, level + 1))
        return false;
    if (other->depth + 1 > class->depth)
        class->depth = other->depth + 1;
    if (class->depth > MOFC_MAX_DEPTH) {
        report_error(mofc, place, "class %.60s %s classes deeper than %d; make them flat",
                     class->name, how, MOFC_MAX_DEPTH);
        return false;
    }
    return true;
}

static bool finish_base(struct mofc *mofc, struct class *class, unsigned level)
{
    if (!class->base_name)
        return true;
    class->base = names_find(&mofc->class_names, class->base_name);
    if (class->base)
        return need_class(mofc, class, class->base, level, class->base_place, "inherits");
    if (is_windows_class(class->base_name))
        return true;
    report_error(mofc, class->base_place,
                 "base class %.60s is not declared; declare it or #pragma include its file",
                 class->base_name);
    return false;
}

static bool finish_embedded(struct mofc *mofc, struct class *class, struct member *member,
                            unsigned level)
{
    if (!member->class || !need_class(mofc, class, member->class, level, member->place, "contains"))
        return false;
    if (member->class->data.count > 0)
        return true;
    report_error(mofc, member->place,
                 "class %.60s has no data members; nothing of it can be in %.60s",
                 member->class->name, class->name);
    return false;
}

static void warn_of_missing(struct mofc *mofc, const struct class *class)
{
    bool has_name = false, has_active = false;

    for (const struct member *m = class->members; m; m = m->next) {
        has_name |= same_name(m->name, "InstanceName") && m->type == CIM_STRING &&
                    qualifier_is_true(m->qualifiers, "key");
        has_active |= same_name(m->name, "Active") && m->type == CIM_BOOLEAN;
    }
    if (!has_name && !class->base_name)
        report_warning(mofc, class->place,
                       "class %.60s has no [key, read] string InstanceName; WMI needs it",
                       class->name);
    if (!has_active && !class->base_name)
        report_warning(mofc, class->place, "class %.60s has no [read] boolean Active; WMI needs it",
                       class->name);
}

/* True when the class can be used in others. */
static bool finish_class(struct mofc *mofc, struct class *class, unsigned level)
{
    unsigned errors = mofc->errors;
    bool is_good;

    if (class->state == CLASS_DONE)
        return !class->is_broken;
    class->state = CLASS_BUSY;
    class->depth = 1;
    class->is_wmi = qualifier_is_true(class->qualifiers, "WMI");
    check_guid(mofc, class);
    is_good = finish_base(mofc, class, level);
    for (struct member *m = class->members; m; m = m->next) {
        check_property(mofc, class, m);
        if (m->id && m->type == CIM_CLASS)
            is_good &= finish_embedded(mofc, class, m, level);
    }
    for (struct method *method = class->methods; method; method = method->next)
        for (struct member *p = method->parameters; p; p = p->next)
            if (p->type == CIM_CLASS && (p->class = names_find(&mofc->class_names, p->class_name)))
                is_good &= finish_embedded(mofc, class, p, level);
    /* After an error below, ids and sizes would bring errors that are none. */
    if (is_good && mofc->errors == errors && !class->is_broken) {
        collect_slots(mofc, class);
        if (check_ids(mofc, class))
            layout_block(mofc, &class->data, class->name);
        check_methods(mofc, class);
        if (class->is_wmi && qualifier_is_true(class->qualifiers, "Dynamic"))
            warn_of_missing(mofc, class);
    }
    class->is_broken |= !is_good || mofc->errors != errors;
    class->state = CLASS_DONE;
    *mofc->emit_end = class;
    mofc->emit_end = &class->emit_next;
    return !class->is_broken;
}

/* ---- instances ---- */
static void check_instance(struct mofc *mofc, const struct instance *instance)
{
    const struct class *class = names_find(&mofc->class_names, instance->class_name);

    /* The classes of Windows and of other files are not ours to judge. */
    if (!class || class->is_broken)
        return;
    for (const struct property_value *p = instance->values; p; p = p->next)
        if (!find_property(class, p->name))
            report_error(mofc, p->place, "class %.60s has no property %.60s", class->name, p->name);
}

void check_all(struct mofc *mofc)
{
    for (struct class *class = mofc->classes; class; class = class->next)
        finish_class(mofc, class, 0);
    for (struct instance *instance = mofc->instances; instance; instance = instance->next)
        check_instance(mofc, instance);
    for (struct value *use = mofc->alias_uses; use; use = use->first)
        if (!names_find(&mofc->aliases, use->text))
            report_error(mofc, use->place,
                         "no class or instance here is called $%.60s; write 'as $%.60s' "
                         "where it is declared",
                         use->text, use->text);
}
