/* SPDX-License-Identifier: MIT */
/*
 * The description of all classes for a WMI client, docs/howto-mof.md has its form: per class its
 * guid, the data members with type, id, place and length, the methods with both parameter blocks,
 * and every qualifier as written. Absent things have no key.
 */
#include "mofc.h"

#include <string.h>

static void key_text(struct emitter *e, const char *key, const char *text)
{
    if (!text)
        return;
    emit_key(e, key);
    emit_text(e, text, strlen(text));
}

static void key_number(struct emitter *e, const char *key, uint64_t number)
{
    emit_key(e, key);
    emit_integer(e, false, number);
}

static void key_true(struct emitter *e, const char *key, bool value)
{
    if (!value)
        return;
    emit_key(e, key);
    emit_boolean(e, true);
}

static void open_list(struct emitter *e, const char *key)
{
    emit_key(e, key);
    emit_open(e, '[');
}

/* ---- values and qualifiers ---- */
static void emit_instance(struct emitter *e, const struct instance *instance);

static void emit_value(struct emitter *e, const struct value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        emit_null(e);
        break;
    case VALUE_BOOLEAN:
        emit_boolean(e, value->boolean);
        break;
    case VALUE_INTEGER:
    case VALUE_CHARACTER:
        emit_integer(e, value->negative, value->magnitude);
        break;
    case VALUE_REAL: /* as text: no rounding between here and the client */
    case VALUE_STRING:
        emit_text(e, value->text, strlen(value->text));
        break;
    case VALUE_ALIAS:
        emit_open(e, '{');
        key_text(e, "alias", value->text);
        emit_close(e, '{');
        break;
    case VALUE_INSTANCE:
        emit_instance(e, value->instance);
        break;
    case VALUE_LIST:
        emit_open(e, '[');
        for (const struct value *v = value->first; v; v = v->next)
            emit_value(e, v);
        emit_close(e, '[');
        break;
    }
}

static void emit_qualifiers(struct emitter *e, const struct qualifier *qualifiers)
{
    if (!qualifiers)
        return;
    open_list(e, "qualifiers");
    for (const struct qualifier *q = qualifiers; q; q = q->next) {
        emit_open(e, '{');
        key_text(e, "name", q->name);
        emit_key(e, "value");
        if (q->value)
            emit_value(e, q->value);
        else
            emit_boolean(e, true);
        if (q->flavors) {
            open_list(e, "flavors");
            for (unsigned i = 0; flavor_names[i]; i++)
                if (q->flavors >> i & 1)
                    emit_text(e, flavor_names[i], strlen(flavor_names[i]));
            emit_close(e, '[');
        }
        emit_close(e, '{');
    }
    emit_close(e, '[');
}

static void emit_display(struct emitter *e, struct qualifier *qualifiers)
{
    key_text(e, "displayName", qualifier_text(qualifiers, "DisplayName"));
    key_text(e, "description", qualifier_text(qualifiers, "Description"));
}

/* ---- members ---- */
static void emit_named_values(struct emitter *e, const struct member *member)
{
    if (!member->defines)
        return;
    open_list(e, member->defines->is_bit ? "bits" : "values");
    for (const struct define *d = member->defines; d; d = d->next) {
        emit_open(e, '{');
        emit_key(e, d->is_bit ? "bit" : "value");
        emit_integer(e, d->negative, d->magnitude);
        key_text(e, "name", d->name);
        key_text(e, "define", d->define);
        key_text(e, "description", d->description);
        emit_close(e, '{');
    }
    emit_close(e, '[');
}

static void emit_member(struct emitter *e, const struct member *member, const struct slot *slot)
{
    emit_open(e, '{');
    key_text(e, "name", member->name);
    key_text(e, "type",
             member->type == CIM_CLASS ? "object"
             : member->type == CIM_REF ? "ref"
                                       : cim_types[member->type].name);
    key_text(e, "class", member->class ? member->class->name : member->class_name);
    if (slot)
        key_number(e, "id", slot->id);
    if (member->is_array && member->has_count)
        key_number(e, "count", member->count);
    key_true(e, "array", member->is_array);
    if (slot && slot->size_is)
        key_text(e, "sizeIs", slot->size_is->name);
    if (member->max_len)
        key_number(e, "maxLen", member->max_len);
    if (slot && slot->form != SLOT_OMITTED) {
        key_number(e, "offset", slot->offset);
        key_number(e, "size", slot->size);
    }
    key_true(e, "read", qualifier_is_true(member->qualifiers, "read"));
    key_true(e, "write", qualifier_is_true(member->qualifiers, "write"));
    key_true(e, "key", qualifier_is_true(member->qualifiers, "key"));
    emit_display(e, member->qualifiers);
    emit_named_values(e, member);
    if (member->initial) {
        emit_key(e, "default");
        emit_value(e, member->initial);
    }
    emit_qualifiers(e, member->qualifiers);
    emit_close(e, '{');
}

static void emit_block(struct emitter *e, const char *key, const struct block *block)
{
    open_list(e, key);
    for (size_t i = 0; i < block->count; i++)
        emit_member(e, block->slots[i].member, &block->slots[i]);
    emit_close(e, '[');
}

static void emit_methods(struct emitter *e, const struct method *methods)
{
    if (!methods)
        return;
    open_list(e, "methods");
    for (const struct method *m = methods; m; m = m->next) {
        emit_open(e, '{');
        key_text(e, "name", m->name);
        if (m->id)
            key_number(e, "id", m->id);
        key_true(e, "implemented", qualifier_is_true(m->qualifiers, "Implemented"));
        emit_display(e, m->qualifiers);
        emit_block(e, "in", &m->in);
        emit_block(e, "out", &m->out);
        emit_qualifiers(e, m->qualifiers);
        emit_close(e, '{');
    }
    emit_close(e, '[');
}

/* ---- classes ---- */
static void emit_class(struct emitter *e, const struct class *class)
{
    char guid[40];
    const uint8_t *d = class->guid4;
    bool others = false;

    emit_open(e, '{');
    key_text(e, "name", class->name);
    key_text(e, "base", class->base_name);
    key_text(e, "alias", class->alias);
    key_text(e, "namespace", class->space);
    if (class->has_guid) {
        snprintf(guid, sizeof(guid), "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                 (unsigned)class->guid1, class->guid2, class->guid3, d[0], d[1], d[2], d[3], d[4],
                 d[5], d[6], d[7]);
        key_text(e, "guid", guid);
    }
    emit_display(e, class->qualifiers);
    key_number(e, "size", class->data.size);
    key_true(e, "variable", class->data.is_variable);
    emit_block(e, "members", &class->data);
    for (const struct member *m = class->members; m; m = m->next) {
        if (m->id)
            continue;
        if (!others)
            open_list(e, "otherMembers"); /* InstanceName, Active: WMI fills them, not the driver */
        others = true;
        emit_member(e, m, NULL);
    }
    if (others)
        emit_close(e, '[');
    emit_methods(e, class->methods);
    emit_qualifiers(e, class->qualifiers);
    emit_close(e, '{');
}

static void emit_instance(struct emitter *e, const struct instance *instance)
{
    emit_open(e, '{');
    key_text(e, "class", instance->class_name);
    key_text(e, "alias", instance->alias);
    key_text(e, "namespace", instance->space);
    emit_key(e, "values");
    emit_open(e, '{');
    for (const struct property_value *p = instance->values; p; p = p->next) {
        emit_key(e, p->name);
        emit_value(e, p->value);
    }
    emit_close(e, '{');
    emit_qualifiers(e, instance->qualifiers);
    emit_close(e, '{');
}

void describe(struct mofc *mofc, struct emitter *e)
{
    emit_open(e, '{');
    key_number(e, "version", 1);
    open_list(e, "classes");
    for (const struct class *c = mofc->emit_first; c; c = c->emit_next)
        emit_class(e, c);
    emit_close(e, '[');
    open_list(e, "instances");
    for (const struct instance *i = mofc->instances; i; i = i->next)
        emit_instance(e, i);
    emit_close(e, '[');
    open_list(e, "pragmas");
    for (const struct pragma *p = mofc->pragmas; p; p = p->next) {
        emit_open(e, '{');
        key_text(e, "name", p->name);
        open_list(e, "arguments");
        for (const struct value *v = p->arguments; v; v = v->next)
            emit_value(e, v);
        emit_close(e, '[');
        emit_close(e, '{');
    }
    emit_close(e, '[');
    emit_close(e, '{');
    emit_finish(e);
}
