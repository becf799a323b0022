/* SPDX-License-Identifier: MIT */
/*
 * Declarations: #pragma, class, instance, qualifier. A wrong declaration is reported and skipped up
 * to its ';', so that one run shows the other errors too. Included files are parsed where they
 * stand.
 */
#include "mofc.h"

#include <string.h>

/* ---- what comes after an error ---- */
/* Skips to behind the ';' that ends a member, or to the '}' that ends its class. */
static void skip_member(struct parser *parser)
{
    unsigned depth = 0;

    while (parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_PRAGMA) {
        if (depth == 0 && (at_sign(parser, '}') || take_sign(parser, ';')))
            return;
        if (at_sign(parser, '{') || at_sign(parser, '('))
            depth++;
        else if ((at_sign(parser, '}') || at_sign(parser, ')')) && depth > 0)
            depth--;
        parser_advance(parser);
    }
}

/* Skips to the next declaration: behind a ';' outside braces, or what starts a line like one. */
static void skip_declaration(struct parser *parser)
{
    unsigned depth = 0;

    while (parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_PRAGMA) {
        if (parser->token.place.column == 1 &&
            (at_sign(parser, '[') || at_word(parser, "class") || at_word(parser, "instance")))
            return;
        if (depth == 0 && take_sign(parser, ';'))
            return;
        if (at_sign(parser, '{'))
            depth++;
        else if (at_sign(parser, '}') && depth > 0)
            depth--;
        parser_advance(parser);
    }
}

/* ---- members and methods ---- */
static bool parse_type(struct parser *parser, struct member *member)
{
    member->type_place = parser->token.place;
    const char *name = expect_name(parser, "of a type (uint32, string, a class ...)");

    if (!name)
        return false;
    member->type = CIM_CLASS;
    for (int i = 0; i <= CIM_VOID; i++)
        if (cim_types[i].name && same_name(name, cim_types[i].name))
            member->type = (enum cim_type)i;
    if (member->type == CIM_CLASS)
        member->class_name = name;
    if (member->type == CIM_OBJECT && take_sign(parser, ':')) {
        member->type = CIM_CLASS;
        member->class_name = expect_name(parser, "of a class after object:");
        if (!member->class_name)
            return false;
    }
    if (at_word(parser, "ref") && (member->type == CIM_CLASS || member->type == CIM_OBJECT)) {
        parser_advance(parser);
        member->type = CIM_REF;
    }
    return true;
}

static bool parse_array(struct parser *parser, struct member *member)
{
    if (!take_sign(parser, '['))
        return true;
    member->is_array = true;
    if (parser->token.kind == TOKEN_INTEGER) {
        if (parser->token.negative || parser->token.magnitude == 0 ||
            parser->token.magnitude > MOFC_MAX_BLOCK) {
            report_error(parser->mofc, parser->token.place, "an array has from 1 to %u elements",
                         MOFC_MAX_BLOCK);
            return false;
        }
        member->has_count = true;
        member->count = parser->token.magnitude;
        parser_advance(parser);
    }
    return expect_sign(parser, ']', "after the number of elements");
}

static struct member *parse_parameter(struct parser *parser)
{
    struct member *member = arena_take(parser->mofc, sizeof(*member));

    if (!parse_qualifiers(parser, &member->qualifiers) || !parse_type(parser, member))
        return NULL;
    member->place = parser->token.place;
    if (!(member->name = expect_name(parser, "of a parameter")) || !parse_array(parser, member))
        return NULL;
    if (take_sign(parser, '=') && !(member->initial = parse_value(parser)))
        return NULL;
    return member;
}

static bool parse_parameters(struct parser *parser, struct method *method)
{
    struct member **last = &method->parameters;
    struct names names = {0};

    if (take_sign(parser, ')'))
        return expect_sign(parser, ';', "after the method");
    do {
        if (!(*last = parse_parameter(parser)))
            return false;
        if (names_add(parser->mofc, &names, (*last)->name, *last))
            report_error(parser->mofc, (*last)->place,
                         "method %.60s has two parameters %.60s; rename one", method->name,
                         (*last)->name);
        last = &(*last)->next;
    } while (take_sign(parser, ','));
    return expect_sign(parser, ')', "or ',' after a parameter") &&
           expect_sign(parser, ';', "after the method");
}

struct class_body {
    struct class *class;
    struct member **last_member;
    struct method **last_method;
};

static bool parse_feature(struct parser *parser, struct class_body *body)
{
    struct member *member = arena_take(parser->mofc, sizeof(*member));

    if (!parse_qualifiers(parser, &member->qualifiers) || !parse_type(parser, member))
        return false;
    member->place = parser->token.place;
    if (!(member->name = expect_name(parser, "of a property or method")))
        return false;
    struct member *other = names_add(parser->mofc, &body->class->names, member->name, member);
    if (other) {
        report_error(parser->mofc, member->place,
                     "class %.60s has two members %.60s, the other in line %u; rename one",
                     body->class->name, member->name, (unsigned)other->place.line);
        return false;
    }
    if (take_sign(parser, '(')) {
        struct method *method = arena_take(parser->mofc, sizeof(*method));

        member->is_method = true;
        method->place = member->place;
        method->name = member->name;
        method->type = member->type;
        method->qualifiers = member->qualifiers;
        if (!parse_parameters(parser, method))
            return false;
        *body->last_method = method;
        body->last_method = &method->next;
        return true;
    }
    if (member->type == CIM_VOID) {
        report_error(
            parser->mofc, member->place,
            "property %.60s cannot be void; give it a type, or (parameters) if it is a method",
            member->name);
        return false;
    }
    if (!parse_array(parser, member))
        return false;
    if (take_sign(parser, '=') && !(member->initial = parse_value(parser)))
        return false;
    if (!expect_sign(parser, ';', "after the property"))
        return false;
    *body->last_member = member;
    body->last_member = &member->next;
    return true;
}

static bool parse_alias(struct parser *parser, const char **alias, void *thing)
{
    if (!at_word(parser, "as"))
        return true;
    parser_advance(parser);
    if (parser->token.kind != TOKEN_ALIAS) {
        report_error(parser->mofc, parser->token.place,
                     "expected an alias such as $Name after 'as'");
        return false;
    }
    *alias = parser->token.text;
    if (names_add(parser->mofc, &parser->mofc->aliases, *alias, thing))
        report_error(parser->mofc, parser->token.place,
                     "alias $%.60s is in use already; rename one", *alias);
    parser_advance(parser);
    return true;
}

static void add_class(struct mofc *mofc, struct class *class)
{
    struct class *other = names_add(mofc, &mofc->class_names, class->name, class);

    if (other)
        report_error(mofc, class->place, "class %.60s is declared already: %.100s:%u; rename one",
                     class->name, other->place.file, (unsigned)other->place.line);
    *mofc->classes_end = class;
    mofc->classes_end = &class->next;
}

/* At 'class'. */
static bool parse_class(struct parser *parser, struct qualifier *qualifiers)
{
    struct class *class = arena_take(parser->mofc, sizeof(*class));
    struct class_body body = {class, &class->members, &class->methods};

    parser_advance(parser);
    class->place = parser->token.place;
    class->qualifiers = qualifiers;
    class->space = parser->mofc->space;
    if (!(class->name = expect_name(parser, "of the class")) ||
        !parse_alias(parser, &class->alias, class))
        return false;
    if (take_sign(parser, ':')) {
        class->base_place = parser->token.place;
        if (!(class->base_name = expect_name(parser, "of the base class")))
            return false;
    } else if (take_sign(parser, ';')) {
        return true; /* a forward declaration: nobody needs it here */
    }
    if (!expect_sign(parser, '{', "before the members of the class"))
        return false;
    while (!at_sign(parser, '}') && parser->token.kind != TOKEN_END &&
           parser->token.kind != TOKEN_PRAGMA)
        if (!parse_feature(parser, &body)) {
            class->is_broken = true;
            skip_member(parser);
        }
    add_class(parser->mofc, class);
    return expect_sign(parser, '}', "after the members of the class") &&
           expect_sign(parser, ';', "after the class");
}

/* ---- instances ---- */
static bool parse_property_value(struct parser *parser, struct property_value *property)
{
    if (!parse_qualifiers(parser, &property->qualifiers))
        return false;
    property->place = parser->token.place;
    return (property->name = expect_name(parser, "of a property")) &&
           expect_sign(parser, '=', "after the property") &&
           (property->value = parse_value(parser)) && expect_sign(parser, ';', "after the value");
}

/* At 'instance'; up to and with its '}'. */
bool parse_instance_body(struct parser *parser, struct instance *instance)
{
    struct property_value **last = &instance->values;
    struct names names = {0};

    parser_advance(parser);
    if (!at_word(parser, "of")) {
        report_error(parser->mofc, parser->token.place,
                     "expected 'of' and a class after 'instance'");
        return false;
    }
    parser_advance(parser);
    if (!(instance->class_name = expect_name(parser, "of a class")) ||
        !parse_alias(parser, &instance->alias, instance) ||
        !expect_sign(parser, '{', "before the values of the instance"))
        return false;
    while (!take_sign(parser, '}')) {
        struct property_value *property = arena_take(parser->mofc, sizeof(*property));

        if (!parse_property_value(parser, property))
            return false;
        if (names_add(parser->mofc, &names, property->name, property))
            report_error(parser->mofc, property->place,
                         "property %.60s has a value already; remove one", property->name);
        *last = property;
        last = &property->next;
    }
    return true;
}

static bool parse_instance(struct parser *parser, struct qualifier *qualifiers)
{
    struct instance *instance = arena_take(parser->mofc, sizeof(*instance));

    instance->place = parser->token.place;
    instance->qualifiers = qualifiers;
    instance->space = parser->mofc->space;
    if (!parse_instance_body(parser, instance) || !expect_sign(parser, ';', "after the instance"))
        return false;
    *parser->mofc->instances_end = instance;
    parser->mofc->instances_end = &instance->next;
    return true;
}

/* ---- #pragma ---- */
static bool parse_pragma_value(struct parser *parser, struct value **value)
{
    if (parser->token.kind != TOKEN_NAME || at_word(parser, "true") || at_word(parser, "false"))
        return (*value = parse_value(parser)) != NULL;
    *value = arena_take(parser->mofc, sizeof(**value)); /* fail, nofail, createonly ... */
    (*value)->kind = VALUE_STRING;
    (*value)->place = parser->token.place;
    (*value)->text = parser->token.text;
    parser_advance(parser);
    return true;
}

/* The one text argument that namespace and include take. */
static const char *pragma_text(struct mofc *mofc, const struct pragma *pragma, struct place place)
{
    const struct value *value = pragma->arguments;

    if (value && !value->next && value->kind == VALUE_STRING && value->text[0])
        return value->text;
    report_error(mofc, place, "#pragma %s takes one text; write #pragma %s(\"...\")", pragma->name,
                 pragma->name);
    return NULL;
}

static void obey(struct mofc *mofc, struct pragma *pragma, struct place place)
{
    static const char *const others[] = {
        "amendment",     "autorecover",    "classflags", "deleteclass", "deleteinstance",
        "instanceflags", "instancelocale", "locale",     "nonlocal",    "nonlocaltype",
        "source",        "sourcetype",     "unicode",    "warning",     NULL};

    if (same_name(pragma->name, "namespace")) {
        const char *space = pragma_text(mofc, pragma, place);

        /* \\.\root\wmi and root\wmi are one. */
        if (space && strncmp(space, "\\\\.\\", 4) == 0)
            space += 4;
        if (space)
            mofc->space = space;
    } else if (same_name(pragma->name, "include")) {
        const char *name = pragma_text(mofc, pragma, place);

        if (name)
            parse_file(mofc, name, &place);
        return;
    } else {
        unsigned i = 0;

        while (others[i] && !same_name(pragma->name, others[i]))
            i++;
        if (!others[i])
            report_warning(mofc, place, "unknown #pragma %.60s; it has no effect here",
                           pragma->name);
    }
    *mofc->pragmas_end = pragma;
    mofc->pragmas_end = &pragma->next;
}

static bool parse_pragma(struct parser *parser)
{
    struct pragma *pragma = arena_take(parser->mofc, sizeof(*pragma));
    struct value **last = &pragma->arguments;
    struct place place = parser->token.place;

    parser_advance(parser);
    if (!(pragma->name = expect_name(parser, "after #pragma")))
        return false;
    if (take_sign(parser, '(') && !take_sign(parser, ')')) {
        do {
            if (!parse_pragma_value(parser, last))
                return false;
            last = &(*last)->next;
        } while (take_sign(parser, ','));
        if (!expect_sign(parser, ')', "or ',' after a value of #pragma"))
            return false;
    }
    obey(parser->mofc, pragma, place);
    return true;
}

/* ---- files ---- */
static bool parse_declaration(struct parser *parser)
{
    struct qualifier *qualifiers;
    char room[80];

    if (parser->token.kind == TOKEN_PRAGMA)
        return parse_pragma(parser);
    if (take_sign(parser, ';'))
        return true;
    if (!parse_qualifiers(parser, &qualifiers))
        return false;
    if (at_word(parser, "class"))
        return parse_class(parser, qualifiers);
    if (at_word(parser, "instance"))
        return parse_instance(parser, qualifiers);
    if (at_word(parser, "qualifier")) { /* DMTF's; WMI knows its qualifiers without */
        skip_declaration(parser);
        return true;
    }
    if (parser->token.kind != TOKEN_BAD)
        report_error(parser->mofc, parser->token.place,
                     "expected class, 'instance of' or #pragma, found %s",
                     token_name(&parser->token, room));
    return false;
}

void parse_file(struct mofc *mofc, const char *name, const struct place *from)
{
    struct open_file file = {name, mofc->files};
    struct parser parser = {.mofc = mofc};
    const struct open_file *f;
    unsigned depth = 0;

    const char *text = source_load(mofc, name, from, &file.name);
    if (!text)
        return;
    for (f = mofc->files; f && strcmp(f->name, file.name) != 0; f = f->outer)
        depth++;
    if (f || depth >= MOFC_MAX_INCLUDE) {
        report_error(mofc, *from,
                     f ? "%.200s includes itself; remove one of its #pragma include"
                       : "%.200s: more than 32 files deep; do they include each other?",
                     file.name);
        return;
    }
    mofc->files = &file;
    parser.lexer = (struct lexer){.mofc = mofc,
                                  .at = text,
                                  .place = {file.name, 1, 1},
                                  .line_start = true,
                                  .scratch = {.mofc = mofc}};
    parser.scratch.mofc = mofc;
    parser_advance(&parser);
    while (parser.token.kind != TOKEN_END) {
        parser.depth = 0;
        if (!parse_declaration(&parser))
            skip_declaration(&parser);
    }
    mofc->files = file.outer;
}
