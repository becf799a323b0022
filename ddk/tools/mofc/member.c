/* SPDX-License-Identifier: MIT */
/* One property or parameter by itself: its class, array, text length, default and named values; and
 * how qualifiers are read. */
#include "mofc.h"

#include <string.h>

struct qualifier *find_qualifier(struct qualifier *first, const char *name)
{
    while (first && !same_name(first->name, name))
        first = first->next;
    return first;
}

bool qualifier_is_true(struct qualifier *first, const char *name)
{
    const struct qualifier *qualifier = find_qualifier(first, name);

    if (!qualifier)
        return false;
    const struct value *value = qualifier->value;
    return !value || (value->kind == VALUE_BOOLEAN && value->boolean) ||
           (value->kind == VALUE_INTEGER && value->magnitude != 0);
}

const char *qualifier_text(struct qualifier *first, const char *name)
{
    const struct qualifier *qualifier = find_qualifier(first, name);

    return qualifier && qualifier->value && qualifier->value->kind == VALUE_STRING
               ? qualifier->value->text
               : NULL;
}

bool qualifier_number(struct mofc *mofc, struct qualifier *qualifier, uint64_t low, uint64_t high,
                      uint64_t *number)
{
    const struct value *value = qualifier->value;

    if (value && value->kind == VALUE_INTEGER && !value->negative && value->magnitude >= low &&
        value->magnitude <= high) {
        *number = value->magnitude;
        return true;
    }
    report_error(mofc, value ? value->place : qualifier->place,
                 "%.60s takes a number from %llu to %llu", qualifier->name, (unsigned long long)low,
                 (unsigned long long)high);
    return false;
}

static bool integer_fits(const struct cim_type_facts *type, bool negative, uint64_t magnitude)
{
    if (negative)
        return type->is_signed && magnitude <= (uint64_t)1 << (type->bits - 1);
    return magnitude <= UINT64_MAX >> (64 - type->bits + type->is_signed);
}

/* ---- default values ---- */
static bool value_fits(const struct member *member, const struct value *value)
{
    const struct cim_type_facts *type = &cim_types[member->type];

    if (value->kind == VALUE_NULL)
        return true;
    if (type->bits)
        return value->kind == VALUE_INTEGER &&
               integer_fits(type, value->negative, value->magnitude);
    switch (member->type) {
    case CIM_BOOLEAN:
        return value->kind == VALUE_BOOLEAN;
    case CIM_CHAR16:
        return value->kind == VALUE_CHARACTER;
    case CIM_REAL32:
    case CIM_REAL64:
        return value->kind == VALUE_REAL || value->kind == VALUE_INTEGER;
    case CIM_STRING:
    case CIM_DATETIME:
        return value->kind == VALUE_STRING;
    case CIM_REF:
        return value->kind == VALUE_STRING || value->kind == VALUE_ALIAS;
    default:
        return value->kind == VALUE_INSTANCE || value->kind == VALUE_ALIAS;
    }
}

static void check_initial(struct mofc *mofc, const struct member *member)
{
    const struct value *initial = member->initial;
    const char *type = member->type == CIM_CLASS ? member->class_name
                       : member->type == CIM_REF ? "ref"
                                                 : cim_types[member->type].name;

    if (initial->kind == VALUE_NULL)
        return;
    if (member->is_array != (initial->kind == VALUE_LIST)) {
        report_error(mofc, initial->place,
                     member->is_array ? "the default of array %.60s is a list; write {...}"
                                      : "%.60s is no array; its default is one value",
                     member->name);
        return;
    }
    for (const struct value *v = member->is_array ? initial->first : initial; v;
         v = member->is_array ? v->next : NULL)
        if (!value_fits(member, v)) {
            report_error(mofc, v->place, "this is no value of type %.60s, which %.60s has", type,
                         member->name);
            return;
        }
}

/* ---- Values, ValueMap, DefineValues, ValueDescriptions; BitMap, BitValues, DefineBitMap ---- */
/* Lists are walked side by side; a missing one gives NULL for ever. */
static const struct value *list_of(struct mofc *mofc, struct qualifier *qualifiers,
                                   const char *name, size_t *count)
{
    const struct qualifier *qualifier = find_qualifier(qualifiers, name);
    size_t length = 0;

    if (!qualifier)
        return NULL;
    if (!qualifier->value || qualifier->value->kind != VALUE_LIST) {
        report_error(mofc, qualifier->place, "%s takes a list; write %s{\"...\", \"...\"}", name,
                     name);
        return NULL;
    }
    for (const struct value *v = qualifier->value->first; v; v = v->next) {
        length++;
        if (v->kind != VALUE_STRING && v->kind != VALUE_INTEGER) {
            report_error(mofc, v->place, "the list of %s holds texts; write \"...\"", name);
            return NULL;
        }
    }
    if (*count && length != *count) {
        report_error(mofc, qualifier->place,
                     "%s has %llu entries, but the list before has %llu; make them pairs", name,
                     (unsigned long long)length, (unsigned long long)*count);
        return NULL;
    }
    *count = length;
    return qualifier->value->first;
}

/* "16", "0x10", "-1" */
static bool map_number(const struct value *value, struct define *define)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = value->text, *digit;
    uint64_t base = 10;

    if (value->kind == VALUE_INTEGER) {
        define->negative = value->negative;
        define->magnitude = value->magnitude;
        return true;
    }
    if ((define->negative = *at == '-'))
        at++;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    if (!*at)
        return false;
    for (; *at; at++) {
        char c = *at >= 'A' && *at <= 'F' ? (char)(*at + 0x20) : *at;

        if (!(digit = strchr(digits, c)) || (uint64_t)(digit - digits) >= base ||
            define->magnitude > (UINT64_MAX - 15) / base)
            return false;
        define->magnitude = define->magnitude * base + (uint64_t)(digit - digits);
    }
    define->negative = define->negative && define->magnitude > 0;
    return true;
}

static bool is_c_name(const char *name)
{
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789")] ==
           0;
}

static const char *next_text(const struct value **list)
{
    const char *text = *list ? (*list)->text : NULL;

    if (*list)
        *list = (*list)->next;
    return text;
}

static void check_defines(struct mofc *mofc, struct member *member)
{
    const struct cim_type_facts *type = &cim_types[member->type];
    struct qualifier *qualifiers = member->qualifiers;
    bool is_bit = find_qualifier(qualifiers, "BitMap") && !find_qualifier(qualifiers, "ValueMap");
    struct define **last = &member->defines;
    const char *name_list = !is_bit                                   ? "Values"
                            : find_qualifier(qualifiers, "BitValues") ? "BitValues"
                                                                      : "Bits";
    size_t count = 0;

    const struct value *map = list_of(mofc, qualifiers, is_bit ? "BitMap" : "ValueMap", &count);
    const struct value *names = list_of(mofc, qualifiers, name_list, &count);
    const struct value *defines = list_of(
        mofc, qualifiers,
        is_bit && find_qualifier(qualifiers, "DefineBitMap") ? "DefineBitMap" : "DefineValues",
        &count);
    const struct value *descriptions =
        list_of(mofc, qualifiers,
                is_bit && find_qualifier(qualifiers, "BitDescriptions") ? "BitDescriptions"
                                                                        : "ValueDescriptions",
                &count);
    if (!type->bits) /* of a text, the texts that it may have: they stay qualifiers */
        return;
    for (size_t i = 0; i < count; i++) {
        const struct value *at = map ? map : defines ? defines : names;
        struct define define = {
            .place = at ? at->place : member->place, .is_bit = is_bit, .magnitude = i};
        bool is_number = true;

        if (map) {
            define.magnitude = 0;
            is_number = map_number(map, &define);
            map = map->next;
        }
        define.define = next_text(&defines);
        define.name = next_text(&names);
        define.description = next_text(&descriptions);
        if (!is_number && !define.define)
            continue; /* DMTF's ranges "2..7" have no one value */
        if (!is_number || (is_bit ? define.negative || define.magnitude >= type->bits
                                  : !integer_fits(type, define.negative, define.magnitude))) {
            report_error(mofc, define.place, "this is no %s of a %s, which %.60s is",
                         is_bit ? "bit number" : "value", type->name, member->name);
            continue;
        }
        if (define.define && !is_c_name(define.define)) {
            report_error(mofc, define.place,
                         "\"%.60s\" of DefineValues is no name in C; use letters, "
                         "digits and _",
                         define.define);
            continue;
        }
        *last = arena_take(mofc, sizeof(**last));
        **last = define;
        last = &(*last)->next;
    }
}

/* ---- arrays and text ---- */
static void check_array(struct mofc *mofc, struct member *member)
{
    struct qualifier *max = find_qualifier(member->qualifiers, "MAX");
    struct qualifier *size_is = find_qualifier(member->qualifiers, "WmiSizeIs");

    if (max && member->is_array && !member->has_count && !size_is)
        member->has_count = qualifier_number(mofc, max, 1, MOFC_MAX_BLOCK, &member->count);
    if (!size_is)
        return;
    if (!size_is->value || size_is->value->kind != VALUE_STRING)
        report_error(mofc, size_is->place,
                     "WmiSizeIs takes the name of a member; write "
                     "WmiSizeIs(\"Count\")");
    else if (!member->is_array)
        report_error(mofc, size_is->place, "WmiSizeIs, but %.60s is no array; write %.60s[]",
                     member->name, member->name);
    else if (member->has_count)
        report_error(mofc, size_is->place,
                     "%.60s has a fixed number of elements and WmiSizeIs; keep one of them",
                     member->name);
    else
        member->size_is = size_is->value;
}

void check_member(struct mofc *mofc, struct member *member)
{
    struct qualifier *max_len = find_qualifier(member->qualifiers, "MaxLen");
    uint64_t number = 0;

    if (member->type == CIM_CLASS) {
        member->class = names_find(&mofc->class_names, member->class_name);
        if (!member->class)
            report_error(
                mofc, member->type_place,
                "%.60s is neither a CIM type nor a class declared in these files; declare it "
                "or #pragma include its file",
                member->class_name);
    }
    if (max_len && member->type != CIM_STRING)
        report_error(mofc, max_len->place, "MaxLen, but %.60s is no string; remove it",
                     member->name);
    else if (max_len && qualifier_number(mofc, max_len, 1, MOFC_MAX_TEXT, &number))
        member->max_len = (uint32_t)number;
    check_array(mofc, member);
    check_defines(mofc, member);
    if (member->initial)
        check_initial(mofc, member);
}
