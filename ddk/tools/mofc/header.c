/* SPDX-License-Identifier: MIT */
/*
 * The C header, in the structure that wmimofck -m -u gives it: guids, a structure per class with
 * _SIZE and _ID of each member, methods with _IN and _OUT. Two macros or types of one name are an
 * error here, not a surprise in a driver's build.
 */
#include "mofc.h"

#include <string.h>

struct header {
    struct mofc *mofc;
    struct buffer *out;
    struct names globals; /* -> struct global */
};

struct global {
    struct place place;
    bool is_number, negative;
    uint64_t magnitude;
};

static const char *make_name(struct mofc *mofc, const char *a, const char *b, const char *c)
{
    struct buffer name = {.mofc = mofc};

    buffer_text(&name, a);
    buffer_text(&name, b);
    buffer_text(&name, c);
    return name.data;
}

static void declare(struct header *header, struct place place, const char *name)
{
    struct global *global = arena_take(header->mofc, sizeof(*global));

    global->place = place;
    const struct global *other = names_add(header->mofc, &header->globals, name, global);
    if (other)
        report_error(header->mofc, place,
                     "the header would have two %.120s, the other from line %u; "
                     "rename one",
                     name, (unsigned)other->place.line);
}

/* The same number under the same name may come again: two classes may share their named values. */
static void define_number(struct header *header, struct place place, const char *name,
                          bool negative, uint64_t magnitude)
{
    struct global *global = arena_take(header->mofc, sizeof(*global));

    *global = (struct global){place, true, negative, magnitude};
    const struct global *other = names_add(header->mofc, &header->globals, name, global);
    if (other &&
        (!other->is_number || other->negative != negative || other->magnitude != magnitude))
        report_error(header->mofc, place,
                     "%.120s has another value or meaning from line %u; rename one", name,
                     (unsigned)other->place.line);
}

/* ---- comments ---- */
#define COMMENT_WIDTH 90

/* `// text`, wrapped. A line must not end in a backslash: it would take the next line with it. */
static void comment(struct buffer *out, const char *indent, const char *text)
{
    while (*text) {
        size_t length = 0, end;

        while (text[length] && text[length] != '\n' && length < COMMENT_WIDTH)
            length++;
        end = length;
        if (text[length] && text[length] != '\n') {
            while (end > 0 && text[end] != ' ')
                end--;
            if (end == 0)
                for (end = length; ((unsigned char)text[end] & 0xC0) == 0x80; end--)
                    ;
        }
        size_t shown = end;
        while (shown > 0 && (unsigned char)text[shown - 1] <= ' ')
            shown--;
        buffer_format(out, "%s// ", indent);
        for (size_t i = 0; i < shown; i++) {
            char c = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];

            buffer_add(out, &c, 1);
        }
        if (shown > 0 && (text[shown - 1] == '\\' || text[shown - 1] == '/')) /* '/' may end ??/ */
            buffer_text(out, " .");
        buffer_text(out, "\n");
        text += end;
        while (*text == ' ' || *text == '\n' || *text == '\r')
            text++;
    }
}

static void describe_with(struct buffer *out, const char *indent, struct qualifier *qualifiers)
{
    const char *text = qualifier_text(qualifiers, "Description");

    if (text)
        comment(out, indent, text);
}

/* ---- members ---- */
static void check_c_member(struct mofc *mofc, const struct member *member)
{
    static const char *const words[] = {
        "auto",   "break",    "case",     "char",   "class",   "const",  "continue", "default",
        "delete", "do",       "double",   "else",   "enum",    "extern", "float",    "for",
        "goto",   "if",       "inline",   "int",    "long",    "new",    "private",  "protected",
        "public", "register", "restrict", "return", "short",   "signed", "sizeof",   "static",
        "struct", "switch",   "template", "this",   "typedef", "union",  "unsigned", "virtual",
        "void",   "volatile", "while"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(member->name, words[i]) == 0)
            report_error(mofc, member->place,
                         "%s is a word of C or C++; no header can have a member of "
                         "that name: rename it",
                         member->name);
}

static const char *c_type(const struct member *member)
{
    return member->type == CIM_CLASS ? member->class->name : cim_types[member->type].c_name;
}

static void write_defines(struct header *header, const struct member *member)
{
    for (const struct define *d = member->defines; d; d = d->next) {
        if (!d->define)
            continue;
        if (d->name && strcmp(d->name, d->define) != 0)
            comment(header->out, "    ", d->name);
        uint64_t value = d->is_bit ? (uint64_t)1 << d->magnitude : d->magnitude;
        define_number(header, d->place, d->define, d->negative, value);
        buffer_format(header->out, "    #define %s ", d->define);
        if (d->is_bit)
            buffer_format(header->out, "0x%llx", (unsigned long long)value);
        else if (d->negative && value == (uint64_t)1 << 63)
            buffer_text(header->out, "(-9223372036854775807LL - 1)"); /* C has no such literal */
        else
            buffer_format(header->out, d->negative ? "(-%llu%s)" : "%llu%s",
                          (unsigned long long)value,
                          value > INT64_MAX    ? "ULL"
                          : value > UINT32_MAX ? "LL"
                                               : "");
        buffer_text(header->out, "\n");
    }
}

static void write_omitted(struct buffer *out, const struct slot *slot)
{
    const struct member *member = slot->member;
    const char *type =
        member->type == CIM_CLASS ? member->class->name : cim_types[member->type].name;

    buffer_format(out, "    // %s %s%s (id %u) has no place in a C structure\n", type, member->name,
                  member->is_array ? "[]" : "", (unsigned)slot->id);
}

static void write_slot(struct header *header, const char *owner, const struct slot *slot)
{
    const struct member *member = slot->member;
    struct buffer *out = header->out;
    const char *type = c_type(member);

    describe_with(out, "    ", member->qualifiers);
    write_defines(header, member);
    if (slot->form == SLOT_OMITTED) {
        write_omitted(out, slot);
        buffer_text(out, "\n");
        return;
    }
    check_c_member(header->mofc, member);
    declare(header, member->place,
            make_name(header->mofc, owner, "_", make_name(header->mofc, member->name, "_ID", "")));
    struct buffer size = {.mofc = header->mofc};
    buffer_text(&size, "");
    if (member->type == CIM_STRING)
        buffer_format(&size, "[%u + 1]", (unsigned)member->max_len);
    else if (member->is_array)
        buffer_format(&size, "[%llu]", member->has_count ? (unsigned long long)member->count : 1);
    if (member->type == CIM_DATETIME)
        buffer_text(&size, "[25]");
    buffer_format(out, "    %s %s%s;\n", type, member->name, size.data);
    if (slot->form == SLOT_FIXED) {
        declare(header, member->place,
                make_name(header->mofc, owner, "_",
                          make_name(header->mofc, member->name, "_SIZE", "")));
        buffer_format(out, "    #define %s_%s_SIZE sizeof(%s%s)\n", owner, member->name, type,
                      size.data);
    }
    buffer_format(out, "    #define %s_%s_ID %u\n\n", owner, member->name, (unsigned)slot->id);
}

static void write_block(struct header *header, const struct block *block, const char *name,
                        struct place place)
{
    const struct slot *last = block->count > 0 ? &block->slots[block->count - 1] : NULL;
    struct buffer *out = header->out;

    if (!last)
        return;
    if (block->size == 0) { /* the first member is omitted already: C has no empty structure */
        buffer_format(out, "// %s has no C structure: its length varies from the first member on\n",
                      name);
        for (size_t i = 0; i < block->count; i++) {
            write_defines(header, block->slots[i].member);
            write_omitted(out, &block->slots[i]);
        }
        buffer_text(out, "\n");
        return;
    }
    declare(header, place, name);
    declare(header, place, make_name(header->mofc, "P", name, ""));
    buffer_format(out, "typedef struct _%s\n{\n", name);
    for (size_t i = 0; i < block->count; i++)
        write_slot(header, name, &block->slots[i]);
    buffer_format(out, "} %s, *P%s;\n\n", name, name);
    if (last->form != SLOT_FIXED)
        return;
    declare(header, place, make_name(header->mofc, name, "_SIZE", ""));
    buffer_format(out, "#define %s_SIZE (FIELD_OFFSET(%s, %s) + %s_%s_SIZE)\n\n", name, name,
                  last->member->name, name, last->member->name);
}

static void write_method(struct header *header, const struct method *method)
{
    struct mofc *mofc = header->mofc;

    describe_with(header->out, "", method->qualifiers);
    define_number(header, method->place, method->name, false, method->id);
    buffer_format(header->out, "#define %s %u\n\n", method->name, (unsigned)method->id);
    write_block(header, &method->in, make_name(mofc, method->name, "_IN", ""), method->place);
    write_block(header, &method->out, make_name(mofc, method->name, "_OUT", ""), method->place);
}

/* ---- classes ---- */
static void write_guid(struct header *header, const struct class *class)
{
    const uint8_t *d = class->guid4;
    char tail[64];

    declare(header, class->place, make_name(header->mofc, class->name, "Guid", ""));
    declare(header, class->place, make_name(header->mofc, class->name, "_GUID", ""));
    snprintf(tail, sizeof(tail), "0x%02x,0x%02x,0x%02x,0x%02x,0x%02x,0x%02x,0x%02x,0x%02x", d[0],
             d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
    buffer_format(header->out, "#define %sGuid \\\n    { 0x%08x,0x%04x,0x%04x, { %s } }\n\n",
                  class->name, (unsigned)class->guid1, class->guid2, class->guid3, tail);
    buffer_format(header->out,
                  "#if !defined(MIDL_PASS)\nDEFINE_GUID(%s_GUID, \\\n            "
                  "0x%08x,0x%04x,0x%04x,%s);\n#endif\n\n",
                  class->name, (unsigned)class->guid1, class->guid2, class->guid3, tail);
}

static void write_class(struct header *header, const struct class *class)
{
    buffer_format(header->out, class->has_guid ? "// %s - %sGuid\n" : "// %s\n", class->name,
                  class->name);
    describe_with(header->out, "", class->qualifiers);
    if (class->has_guid)
        write_guid(header, class);
    write_block(header, &class->data, class->name, class->place);
    for (const struct method *m = class->methods; m; m = m->next)
        if (m->id)
            write_method(header, m);
    buffer_text(header->out, "\n");
}

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void write_header(struct mofc *mofc, const char *file_name, struct buffer *out)
{
    struct header header = {mofc, out, {.exact = true}};
    char guard[128];
    size_t length = 0;

    for (const char *c = file_name; *c; c++)
        if (*c == '/' || *c == '\\')
            file_name = c + 1;
    size_t base = strlen(file_name);
    if (base > 2 && strcmp(file_name + base - 2, ".h") == 0)
        base -= 2;
    for (; length < base && length < sizeof(guard) - 1; length++)
        guard[length] = is_name_character(file_name[length]) ? file_name[length] : '_';
    guard[length] = '\0';
    buffer_format(out,
                  "// Made by mofc; changes here are lost with the next build.\n"
                  "#ifndef _%s_h_\n#define _%s_h_\n\n",
                  guard, guard);
    for (const struct class *class = mofc->emit_first; class; class = class->emit_next)
        if (class->has_guid || class->data.count > 0 || class->methods)
            write_class(&header, class);
    buffer_text(out, "#endif\n");
}
