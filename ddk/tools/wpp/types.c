/* SPDX-License-Identifier: MIT */
/*
 * %!NAME! types: which ones exist, what a project's own are made of, and the values of enumerations,
 * which are read from the source and the files it includes. Expressions of integers are evaluated;
 * an enumerator that depends on anything else ends its list with a warning.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "wpp.h"

#define INCLUDE_DEPTH 16
#define INCLUDE_FILES 256

int type_arguments(struct project *p, const char *name, size_t length)
{
    static const char *const places[] = {
#define X(word) #word,
        WPP_PLACES(X)
    };
    static const char *const values[] = {
        WPP_VALUES(X)
#undef X
    };

    for (unsigned i = 0; i < p->types; i++)
        if (strlen(p->type[i].name) == length && memcmp(p->type[i].name, name, length) == 0) {
            p->type[i].used = true;
            return 1;
        }
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (strlen(places[i]) == length && memcmp(places[i], name, length) == 0)
            return 0;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strlen(values[i]) == length && memcmp(values[i], name, length) == 0)
            return 1;
    return -1;
}

bool declare_type(struct project *p, const char *file, unsigned line, const char *name, const char *definition)
{
    static const struct {
        const char *word;
        char kind;
    } kinds[] = {{"ItemListByte", 'B'}, {"ItemListShort", 'S'}, {"ItemListLong", 'L'}, {"ItemListLongLong", 'Q'},
                 {"ItemSetByte", 'b'}, {"ItemSetShort", 's'}, {"ItemSetLong", 'l'}, {"ItemEnum", 'E'},
                 {"ItemFlagsEnum", 'F'}, {"ItemHEXDump", 'H'}, {"ItemHexDump", 'H'}};
    size_t length = 0, used = 0;
    struct type *t;

    while (isalnum((unsigned char)definition[length]))
        length++;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].word) != length || memcmp(kinds[i].word, definition, length) != 0)
            continue;
        unsigned known = 0;
        while (known < p->types && strcmp(p->type[known].name, name) != 0)
            known++;
        if (known == MAX_TYPES) {
            complain(p, file, line, "more than %u types", MAX_TYPES);
            return false;
        }
        p->types += known == p->types;
        t = &p->type[known]; /* declared again: replaced */
        memset(t, 0, sizeof *t);
        snprintf(t->name, sizeof t->name, "%s", name);
        t->kind = kinds[i].kind;
        definition += length;
        while (isspace((unsigned char)*definition))
            definition++;
        if (t->kind == 'H' || *definition != '(')
            return true;
        for (definition++; *definition && *definition != ')' && used + 1 < sizeof t->items; definition++)
            if (isalnum((unsigned char)*definition) || strchr("_-.,", *definition))
                t->items[used++] = *definition;
        if (*definition != ')')
            complain(p, file, line, "the list of type %s is too long or does not end", name);
        return true;
    }
    warn(p, file, line, "type %s: %.*s is not supported; %%!%s! prints the raw value", name, (int)length, definition, name);
    return true;
}

/* ---- enumerations ------------------------------------------------------------------------------- */

struct item {
    char name[NAME_LENGTH];
    long long value;
};
struct enumeration {
    struct item item[MAX_ENUM_ITEMS];
    unsigned items;
    const char *at;
    bool wrong;
};

static void blanks(struct enumeration *e)
{
    while (isspace((unsigned char)*e->at))
        e->at++;
}

static long long expression(struct enumeration *e, int lowest);

static long long primary(struct enumeration *e)
{
    blanks(e);
    if (*e->at == '(' || *e->at == '-' || *e->at == '~' || *e->at == '+') {
        char sign = *e->at++;
        long long value = sign == '(' ? expression(e, 0) : primary(e);
        blanks(e);
        if (sign == '(' && *e->at++ != ')')
            e->wrong = true;
        return sign == '-' ? (long long)(0 - (unsigned long long)value) : sign == '~' ? ~value : value;
    }
    if (isdigit((unsigned char)*e->at)) {
        char *end;
        long long value = (long long)strtoull(e->at, &end, 0);
        while (*end && strchr("uUlL", *end))
            end++;
        e->at = end;
        return value;
    }
    size_t length = 0;
    while (isalnum((unsigned char)e->at[length]) || e->at[length] == '_')
        length++;
    for (unsigned i = 0; i < e->items; i++)
        if (strlen(e->item[i].name) == length && memcmp(e->item[i].name, e->at, length) == 0) {
            e->at += length;
            return e->item[i].value;
        }
    e->wrong = true;
    return 0;
}

/* Binary operators by strength; what overflows wraps. */
static long long expression(struct enumeration *e, int lowest)
{
    static const struct {
        char text[3];
        int strength;
    } operators[] = {{"<<", 4}, {">>", 4}, {"|", 1}, {"^", 2}, {"&", 3}, {"+", 5}, {"-", 5}, {"*", 6}};
    unsigned long long left = (unsigned long long)primary(e);

    while (!e->wrong) {
        size_t i = 0;
        blanks(e);
        while (i < sizeof operators / sizeof *operators && strncmp(e->at, operators[i].text, strlen(operators[i].text)) != 0)
            i++;
        if (i == sizeof operators / sizeof *operators || operators[i].strength <= lowest)
            break;
        e->at += strlen(operators[i].text);
        unsigned long long right = (unsigned long long)expression(e, operators[i].strength);
        switch (operators[i].text[0]) {
        case '<': left = right < 64 ? left << right : 0; break;
        case '>': left = right < 64 ? left >> right : 0; break;
        case '|': left |= right; break;
        case '^': left ^= right; break;
        case '&': left &= right; break;
        case '+': left += right; break;
        case '-': left -= right; break;
        case '*': left *= right; break;
        }
    }
    return (long long)left;
}

/* From the opening brace. */
static void read_items(struct enumeration *e)
{
    long long next = 0;

    e->at++;
    for (;;) {
        struct item *item = &e->item[e->items];
        size_t length = 0;
        blanks(e);
        while (isalnum((unsigned char)e->at[length]) || e->at[length] == '_')
            length++;
        if (length == 0)
            return;
        if (length >= NAME_LENGTH || e->items == MAX_ENUM_ITEMS) {
            e->wrong = true;
            return;
        }
        memcpy(item->name, e->at, length);
        item->name[length] = '\0';
        e->at += length;
        blanks(e);
        if (*e->at == '=') {
            e->at++;
            next = expression(e, 0);
            blanks(e);
        }
        if (e->wrong)
            return;
        item->value = next++;
        e->items++;
        if (*e->at != ',')
            return;
        e->at++;
    }
}

static bool word_at(const char *text, const char *at, const char *word)
{
    size_t length = strlen(word);

    return strncmp(at, word, length) == 0 && (at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) &&
           !isalnum((unsigned char)at[length]) && at[length] != '_';
}

/* "enum NAME {", "enum _NAME {" and "enum x { ... } NAME" */
static bool find_enumeration(struct enumeration *e, const char *text, const char *name)
{
    for (const char *at = strstr(text, "enum"); at; at = strstr(at + 4, "enum")) {
        if (!word_at(text, at, "enum"))
            continue;
        const char *tag = at + 4 + strspn(at + 4, " \t\r\n");
        const char *brace = tag;
        while (isalnum((unsigned char)*brace) || *brace == '_' || isspace((unsigned char)*brace))
            brace++;
        const char *end = *brace == '{' ? strchr(brace, '}') : NULL;
        if (!end)
            continue;
        const char *names = end + 1 + strspn(end + 1, " \t\r\n");
        if (word_at(text, tag, name) || word_at(text, names, name)) {
            e->at = brace;
            read_items(e);
            return true;
        }
    }
    return false;
}

struct search {
    struct project *project;
    struct enumeration *found;
    const char *name;
    unsigned files;
};

static bool search_text(struct search *s, const char *file, const char *text, unsigned depth);

static bool search_file(struct search *s, const char *directory, size_t directory_length, const char *name, size_t length,
                        unsigned depth)
{
    char path[4096];
    char *text, *plain;
    bool found = false;

    snprintf(path, sizeof path, "%.*s%s%.*s", (int)directory_length, directory, directory_length ? "/" : "", (int)length, name);
    if (s->files >= INCLUDE_FILES || (text = read_file(path)) == NULL)
        return false;
    s->files++;
    plain = without_comments(text);
    found = plain && search_text(s, path, plain, depth + 1);
    free(plain);
    free(text);
    return found;
}

/* In this text, else in the files it includes with quotes. */
static bool search_text(struct search *s, const char *file, const char *text, unsigned depth)
{
    const char *slash = strrchr(file, '/');

    if (find_enumeration(s->found, text, s->name))
        return true;
    for (const char *at = strstr(text, "#include"); at && depth < INCLUDE_DEPTH; at = strstr(at + 8, "#include")) {
        const char *name = at + 8 + strspn(at + 8, " \t");
        if (*name != '"')
            continue;
        size_t length = strcspn(++name, "\"\n");
        if (search_file(s, file, slash ? (size_t)(slash - file) : 0, name, length, depth))
            return true;
        for (unsigned i = 0; i < s->project->includes; i++)
            if (search_file(s, s->project->include[i], strlen(s->project->include[i]), name, length, depth))
                return true;
    }
    return false;
}

const char *types_text(struct project *p, const char *file, const char *text)
{
    static char out[TYPES_LENGTH];
    static struct enumeration e;
    size_t used = 0;
    char *plain = without_comments(text);

    out[0] = '\0';
    for (unsigned i = 0; plain && i < p->types; i++) {
        const struct type *t = &p->type[i];
        if (t->kind != 'E' && t->kind != 'F') {
            used += (size_t)snprintf(out + used, sizeof out - used, "%s=%c:%s;", t->name, t->kind, t->items);
        } else {
            struct search s = {p, &e, t->items, 0};
            memset(&e, 0, sizeof e);
            bool found = search_text(&s, file, plain, 0);
            if (!t->used && (!found || e.wrong))
                continue;
            if (!found)
                warn(p, file, 0, "enumeration %s of type %s is not in this source or a file it includes; "
                     "its messages print the number", t->items, t->name);
            else if (e.wrong)
                warn(p, file, 0, "enumeration %s: the value after '%s' is not a plain integer expression; the rest prints "
                     "as numbers", t->items, e.items ? e.item[e.items - 1].name : "{");
            used += (size_t)snprintf(out + used, sizeof out - used, "%s=%c:", t->name, t->kind);
            for (unsigned n = 0; n < e.items && used < sizeof out; n++)
                used += (size_t)snprintf(out + used, sizeof out - used, "%s%lld=%s", n ? "," : "", e.item[n].value,
                                         e.item[n].name);
            if (used < sizeof out)
                used += (size_t)snprintf(out + used, sizeof out - used, ";");
        }
        if (used >= sizeof out) {
            complain(p, file, 0, "the project's types together are longer than %d bytes", TYPES_LENGTH);
            break;
        }
    }
    free(plain);
    return out;
}
