/* SPDX-License-Identifier: MIT */
/*
 * Methods of a class. WMI numbers parameters with id(n) from 0 over in and out together; the header
 * numbers them from 1. The in parameters are one block, the out parameters another.
 */
#include "mofc.h"

#include <stdlib.h>

struct ranked {
    uint64_t id;
    size_t order; /* as written: qsort keeps no order of its own */
    struct member *parameter;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool check_parameter(struct mofc *mofc, const struct class *class, struct member *parameter)
{
    unsigned errors = mofc->errors;

    parameter->is_in = qualifier_is_true(parameter->qualifiers, "in");
    parameter->is_out = qualifier_is_true(parameter->qualifiers, "out");
    if (!parameter->is_in && !parameter->is_out) {
        if (class->is_wmi)
            report_error(mofc, parameter->place,
                         "parameter %.60s is neither [in] nor [out]; say which", parameter->name);
        parameter->is_in = true;
    }
    check_member(mofc, parameter);
    if (class->is_wmi && (parameter->type == CIM_REF || parameter->type == CIM_VOID))
        report_error(mofc, parameter->place, "parameter %.60s has a type that no driver can carry",
                     parameter->name);
    if (class->is_wmi && parameter->is_array && !parameter->has_count && !parameter->size_is)
        report_error(mofc, parameter->place,
                     "array %.60s has no length; write %.60s[8] or WmiSizeIs(\"Count\")",
                     parameter->name, parameter->name);
    return mofc->errors == errors;
}

/* The parameters in the order of their ids; NULL after an error. */
static struct ranked *rank(struct mofc *mofc, const struct method *method, size_t count)
{
    struct ranked *ranked = arena_take(mofc, (count + 1) * sizeof(*ranked));
    size_t i = 0, with_id = 0;

    for (struct member *p = method->parameters; p; p = p->next, i++) {
        struct qualifier *id = find_qualifier(p->qualifiers, "id");

        ranked[i] = (struct ranked){i, i, p};
        if (id && !qualifier_number(mofc, id, 0, UINT32_MAX, &ranked[i].id))
            return NULL;
        with_id += id != NULL;
    }
    if (with_id != 0 && with_id != count) {
        report_error(mofc, method->place,
                     "some parameters of %.60s have id(n) and some have none; number all or none",
                     method->name);
        return NULL;
    }
    if (count > 1)
        qsort(ranked, count, sizeof(*ranked), compare);
    for (i = 0; i < count; i++)
        if (ranked[i].id != i + (ranked[0].id == 1)) {
            report_error(
                mofc, ranked[i].parameter->place,
                "the ids of the parameters of %.60s must be 0, 1, 2 ...; %.60s should have %llu",
                method->name, ranked[i].parameter->name,
                (unsigned long long)(i + (ranked[0].id == 1)));
            return NULL;
        }
    return ranked;
}

static void check_method(struct mofc *mofc, struct class *class, struct method *method)
{
    size_t count = 0;
    bool is_good = true;

    for (struct member *p = method->parameters; p; p = p->next, count++)
        is_good &= check_parameter(mofc, class, p);
    if (class->is_wmi && method->type != CIM_VOID)
        report_error(mofc, method->place,
                     "method %.60s must be void; return a value through an [out] parameter",
                     method->name);
    if (class->is_wmi && !find_qualifier(method->qualifiers, "Implemented"))
        report_warning(mofc, method->place, "method %.60s has no Implemented: WMI will not call it",
                       method->name);
    if (!is_good)
        return;
    const struct ranked *ranked = rank(mofc, method, count);
    for (size_t i = 0; ranked && i < count; i++) {
        struct member *parameter = ranked[i].parameter;

        if (parameter->class &&
            (parameter->class->is_broken || parameter->class->state != CLASS_DONE))
            return;
        parameter->id = (uint32_t)(i + 1);
        if (parameter->is_in)
            add_slot(mofc, &method->in, parameter, parameter->id);
        if (parameter->is_out)
            add_slot(mofc, &method->out, parameter, parameter->id);
    }
    layout_block(mofc, &method->in, method->name);
    layout_block(mofc, &method->out, method->name);
}

struct numbered {
    uint32_t id;
    const struct method *method;
};

static int compare_ids(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->method->place.line < y->method->place.line ? -1 : 1;
}

void check_methods(struct mofc *mofc, struct class *class)
{
    size_t count = 0, i = 0;

    for (struct method *m = class->methods; m; m = m->next)
        count++;
    struct numbered *numbered = arena_take(mofc, (count + 1) * sizeof(*numbered));
    for (struct method *m = class->methods; m; m = m->next) {
        struct qualifier *id = find_qualifier(m->qualifiers, "WmiMethodId");
        uint64_t number = 0;

        if (id && qualifier_number(mofc, id, 1, UINT32_MAX, &number))
            numbered[i++] = (struct numbered){m->id = (uint32_t)number, m};
        else if (!id && class->is_wmi)
            report_error(mofc, m->place,
                         "method %.60s has no WmiMethodId; number the methods from 1", m->name);
        check_method(mofc, class, m);
    }
    if (i > 1)
        qsort(numbered, i, sizeof(*numbered), compare_ids);
    for (size_t j = 1; j < i; j++)
        if (numbered[j].id == numbered[j - 1].id)
            report_error(mofc, numbered[j].method->place,
                         "WmiMethodId(%u) belongs to %.60s already; give %.60s another",
                         (unsigned)numbered[j].id, numbered[j - 1].method->name,
                         numbered[j].method->name);
}
