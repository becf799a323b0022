/* SPDX-License-Identifier: MIT */
/* The small pieces of MOF: signs and names that must come, qualifier lists with flavors, constants,
 * lists, embedded instances. A function that returns false or NULL has reported; its caller skips.
 */
#include "mofc.h"

#include <string.h>

const char *const flavor_names[] = {
    "amended",         "toinstance",     "tosubclass",   "notoinstance", "restricted",
    "disableoverride", "enableoverride", "translatable", "propagated",   NULL};

void parser_advance(struct parser *parser)
{
    lexer_next(&parser->lexer, &parser->token);
}

bool at_sign(const struct parser *parser, char sign)
{
    return parser->token.kind == TOKEN_SIGN && parser->token.sign == sign;
}

bool at_word(const struct parser *parser, const char *word)
{
    return parser->token.kind == TOKEN_NAME && same_name(parser->token.text, word);
}

bool take_sign(struct parser *parser, char sign)
{
    if (!at_sign(parser, sign))
        return false;
    parser_advance(parser);
    return true;
}

static bool unexpected(struct parser *parser, const char *wanted, const char *where)
{
    char room[80];

    if (parser->token.kind != TOKEN_BAD)
        report_error(parser->mofc, parser->token.place, "expected %s %s, found %s", wanted, where,
                     token_name(&parser->token, room));
    return false;
}

bool expect_sign(struct parser *parser, char sign, const char *where)
{
    char wanted[4] = {'\'', sign, '\''};

    return take_sign(parser, sign) || unexpected(parser, wanted, where);
}

const char *expect_name(struct parser *parser, const char *what)
{
    const char *name = parser->token.text;

    if (parser->token.kind != TOKEN_NAME) {
        unexpected(parser, "a name", what);
        return NULL;
    }
    parser_advance(parser);
    return name;
}

static struct value *new_value(struct parser *parser, enum value_kind kind)
{
    struct value *value = arena_take(parser->mofc, sizeof(*value));

    value->kind = kind;
    value->place = parser->token.place;
    return value;
}

/* "a" "b" is "ab". */
static struct value *parse_string(struct parser *parser)
{
    struct value *value = new_value(parser, VALUE_STRING);
    struct buffer *text = &parser->scratch;

    value->text = parser->token.text;
    parser_advance(parser);
    if (parser->token.kind != TOKEN_STRING)
        return value;
    text->length = 0;
    buffer_text(text, value->text);
    for (; parser->token.kind == TOKEN_STRING; parser_advance(parser))
        buffer_text(text, parser->token.text);
    value->text = arena_text(parser->mofc, text->data, text->length);
    return value;
}

struct value *parse_list(struct parser *parser, char end)
{
    struct value *list = new_value(parser, VALUE_LIST), **last = &list->first;

    if (take_sign(parser, end))
        return list;
    do {
        if (!(*last = parse_value(parser)))
            return NULL;
        last = &(*last)->next;
    } while (take_sign(parser, ','));
    return expect_sign(parser, end, "or ',' in a list of values") ? list : NULL;
}

static struct value *parse_nested(struct parser *parser)
{
    struct value *value;

    if (parser->depth >= MOFC_MAX_DEPTH) {
        report_error(parser->mofc, parser->token.place,
                     "values nested deeper than %d; make them flat", MOFC_MAX_DEPTH);
        return NULL;
    }
    parser->depth++;
    if (take_sign(parser, '{')) {
        value = parse_list(parser, '}');
    } else {
        value = new_value(parser, VALUE_INSTANCE);
        value->instance = arena_take(parser->mofc, sizeof(*value->instance));
        value->instance->place = parser->token.place;
        if (!parse_instance_body(parser, value->instance))
            value = NULL;
    }
    parser->depth--;
    return value;
}

struct value *parse_value(struct parser *parser)
{
    const struct token *token = &parser->token;
    struct value *value;

    switch (token->kind) {
    case TOKEN_STRING:
        return parse_string(parser);
    case TOKEN_INTEGER:
    case TOKEN_CHARACTER:
        value = new_value(parser, token->kind == TOKEN_INTEGER ? VALUE_INTEGER : VALUE_CHARACTER);
        value->negative = token->negative && token->magnitude > 0;
        value->magnitude = token->magnitude;
        break;
    case TOKEN_REAL:
        value = new_value(parser, VALUE_REAL);
        value->text = token->text;
        break;
    case TOKEN_ALIAS:
        value = new_value(parser, VALUE_ALIAS);
        value->text = token->text;
        value->first = parser->mofc->alias_uses; /* an alias holds no list: its chain */
        parser->mofc->alias_uses = value;
        break;
    default:
        if (at_sign(parser, '{') || at_word(parser, "instance"))
            return parse_nested(parser);
        if (at_word(parser, "true") || at_word(parser, "false")) {
            value = new_value(parser, VALUE_BOOLEAN);
            value->boolean = at_word(parser, "true");
        } else if (at_word(parser, "null")) {
            value = new_value(parser, VALUE_NULL);
        } else {
            unexpected(parser, "a value", "(number, \"text\", TRUE, FALSE, NULL, {list})");
            return NULL;
        }
    }
    parser_advance(parser);
    return value;
}

/* ---- qualifiers ---- */
static bool parse_flavors(struct parser *parser, struct qualifier *qualifier)
{
    do {
        unsigned i = 0;

        while (parser->token.kind == TOKEN_NAME && flavor_names[i] &&
               !same_name(parser->token.text, flavor_names[i]))
            i++;
        if (parser->token.kind != TOKEN_NAME || !flavor_names[i])
            return unexpected(
                parser, "a flavor",
                "(amended, ToInstance, ToSubclass, NotToInstance, "
                "Restricted, DisableOverride, EnableOverride, Translatable) after ':'");
        qualifier->flavors |= 1u << i;
        parser_advance(parser);
    } while (parser->token.kind == TOKEN_NAME);
    return true;
}

static struct qualifier *parse_qualifier(struct parser *parser)
{
    struct qualifier *qualifier = arena_take(parser->mofc, sizeof(*qualifier));

    qualifier->place = parser->token.place;
    if (!(qualifier->name = expect_name(parser, "of a qualifier")))
        return NULL;
    if (take_sign(parser, '(')) {
        if (!(qualifier->value = parse_value(parser)) ||
            !expect_sign(parser, ')', "after the qualifier's value"))
            return NULL;
    } else if (take_sign(parser, '{')) {
        if (!(qualifier->value = parse_list(parser, '}')))
            return NULL;
    }
    if (take_sign(parser, ':') && !parse_flavors(parser, qualifier))
        return NULL;
    return qualifier;
}

/* A list that may be absent. */
bool parse_qualifiers(struct parser *parser, struct qualifier **qualifiers)
{
    struct qualifier **last = qualifiers;
    unsigned count = 0;

    *qualifiers = NULL;
    if (!take_sign(parser, '[') || take_sign(parser, ']'))
        return true;
    do {
        struct qualifier *qualifier = parse_qualifier(parser);

        if (!qualifier)
            return false;
        if (++count > MOFC_MAX_QUALIFIERS) {
            report_error(parser->mofc, qualifier->place,
                         "more than %d qualifiers on one declaration", MOFC_MAX_QUALIFIERS);
            return false;
        }
        if (find_qualifier(*qualifiers, qualifier->name))
            report_error(parser->mofc, qualifier->place,
                         "qualifier %.60s stands here twice; remove one", qualifier->name);
        *last = qualifier;
        last = &qualifier->next;
    } while (take_sign(parser, ','));
    return expect_sign(parser, ']', "or ',' after a qualifier");
}
