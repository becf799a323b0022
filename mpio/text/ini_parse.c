/* SPDX-License-Identifier: MIT */
/*
 * The parser of text/ini.h. One pass over the decoded text, a physical line at a time; a logical
 * line (an entry with its continuations) is a sequence of fields that flows over line ends. Every
 * string goes into one block that is never larger than the text: each string ends at a character
 * that is not stored (a separator, a line end, or the end of the file), which pays for its NUL.
 */
#include "ini_internal.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf16.h"

/* A power of two above INI_MAX_SECTIONS, so that a search always meets a free slot. */
#define SECTION_SLOTS (2 * INI_MAX_SECTIONS)

struct parser {
    struct ini *ini;
    unsigned flags;
    struct text_error *error;
    const char *at, *end; /* what is still to be read */
    unsigned line;        /* number of the physical line below */
    const char *start;    /* its first character, for columns */
    const char *cursor,
        *stop;      /* its text not yet consumed: without comment, continuation, blanks */
    bool continues; /* it ended with a continuation */
    char *string;   /* where the next string goes */
    size_t section_room, entry_room, value_room;
    size_t *entry_section; /* section index of each entry, until they are grouped */
    size_t entry_section_room;
    size_t section;                        /* the open one */
    uint16_t section_slots[SECTION_SLOTS]; /* index + 1 by name; 0 = free; open addressing */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static unsigned column_of(const struct parser *parser, const char *where)
{
    return (unsigned)(where - parser->start) + 1;
}

#define fail(parser, where, ...)                                                                   \
    text_error_set((parser)->error, (parser)->ini->file_name, (parser)->line,                      \
                   column_of(parser, where), __VA_ARGS__)

/* Room for one more element of an array, which doubles. `array` is the address of the pointer to
 * it. */
static bool grow(struct parser *parser, void *array, size_t *room, size_t count, size_t size)
{
    void **elements = array;

    if (count < *room)
        return true;
    size_t more = *room ? *room * 2 : 16;
    void *grown = realloc(*elements, more * size);
    if (!grown)
        return text_error_set(parser->error, parser->ini->file_name, 0, 0, "out of memory");
    *elements = grown;
    *room = more;
    return true;
}

/* Takes the next physical line and finds its comment and continuation. Sets cursor and stop. */
static bool take_line(struct parser *parser)
{
    const char *c = parser->at;
    const char *text_end = NULL;
    bool quoted = false;

    parser->line++;
    parser->start = c;
    parser->continues = false;
    for (; c < parser->end && *c != '\n' && *c != '\r'; c++) {
        if ((unsigned char)*c < 0x20 && *c != '\t')
            return fail(parser, c, "control character 0x%02x in a text file", (unsigned char)*c);
        if (*c == '"' && !text_end)
            quoted = !quoted; /* a doubled quote toggles twice */
        else if (*c == ';' && !quoted && !text_end)
            text_end = c;
    }
    if ((size_t)(c - parser->start) > INI_MAX_LINE)
        return fail(parser, parser->start + INI_MAX_LINE,
                    "the line is longer than %u bytes; continue it"
                    " on the next one with a backslash",
                    INI_MAX_LINE);
    if (!text_end)
        text_end = c;
    if (c < parser->end)
        c += *c == '\r' && c + 1 < parser->end && c[1] == '\n' ? 2 : 1;
    parser->at = c;

    const char *first = parser->start;
    while (first < text_end && is_blank(*first))
        first++;
    while (text_end > first && is_blank(text_end[-1]))
        text_end--;
    if (text_end > first && text_end[-1] == '\\' && !quoted) {
        parser->continues = true;
        text_end--;
        if (text_end > first && text_end[-1] == '\\')
            text_end--;
        while (text_end > first && is_blank(text_end[-1]))
            text_end--;
    }
    parser->cursor = first;
    parser->stop = text_end;
    return true;
}

/* Moves over line ends that are continued. False on an error; else cursor == stop means that the
 * logical line is at its end. */
static bool flow(struct parser *parser)
{
    while (parser->cursor == parser->stop && parser->continues && parser->at < parser->end) {
        if (!take_line(parser))
            return false;
    }
    return true;
}

struct field {
    const char *text;
    unsigned line, column;
    bool quoted;
    char ended_by; /* the separator that was consumed, or 0 at the end of the logical line */
};

/* Copies a quoted part, from its opening to its closing quote. */
static bool take_quoted(struct parser *parser)
{
    const char *opening = parser->cursor++;

    while (parser->cursor < parser->stop) {
        char c = *parser->cursor++;
        if (c == '"') {
            if (parser->cursor == parser->stop || *parser->cursor != '"')
                return true;
            parser->cursor++;
        }
        *parser->string++ = c;
    }
    return fail(parser, opening, "the quoted string is not closed on its line");
}

/* Reads up to one of `separators` or the end of the logical line. Blanks around the field are
 * dropped, blanks inside it stay. */
static bool take_field(struct parser *parser, const char *separators, struct field *field)
{
    char *kept = parser->string; /* behind the last character that trimming must leave */

    for (;;) {
        if (!flow(parser))
            return false;
        if (parser->cursor == parser->stop || !is_blank(*parser->cursor))
            break;
        parser->cursor++;
    }
    *field =
        (struct field){parser->string, parser->line, column_of(parser, parser->cursor), false, 0};
    for (;;) {
        if (!flow(parser))
            return false;
        if (parser->cursor == parser->stop)
            break;
        char c = *parser->cursor;
        if (c == '"') {
            if (!take_quoted(parser))
                return false;
            field->quoted = true;
            kept = parser->string;
            continue;
        }
        parser->cursor++;
        if (strchr(separators, c)) {
            field->ended_by = c;
            break;
        }
        *parser->string++ = c;
        if (!is_blank(c))
            kept = parser->string;
    }
    *kept = 0;
    parser->string = kept + 1;
    return true;
}

/* The slot of the section of that name, or the free slot where it belongs. A scan of all names for
 * each header would let a hostile file cost seconds. */
static uint16_t *find_slot(struct parser *parser, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a over the name without case */

    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)(*c >= 'A' && *c <= 'Z' ? *c + 0x20 : *c)) * 16777619u;
    for (;; hash++) {
        uint16_t *slot = &parser->section_slots[hash % SECTION_SLOTS];
        if (!*slot || ini_same_name(parser->ini->sections[*slot - 1].name, name))
            return slot;
    }
}

static bool take_section(struct parser *parser)
{
    struct ini *ini = parser->ini;
    const char *opening = parser->cursor++;
    struct field name;

    /* A header is one physical line: a continuation would hide an entry from the reader. */
    if (parser->continues)
        return fail(parser, parser->stop, "a section header cannot be continued on the next line");
    if (!take_field(parser, "]", &name))
        return false;
    if (name.ended_by != ']')
        return fail(parser, opening, "the section header is not closed with ']'");
    while (parser->cursor < parser->stop && is_blank(*parser->cursor))
        parser->cursor++;
    if (parser->cursor != parser->stop)
        return fail(parser, parser->cursor,
                    "text behind the section header; put it on a line of its own");
    if (!*name.text)
        return fail(parser, opening, "the section has no name");
    if (strlen(name.text) > INI_MAX_SECTION_NAME)
        return fail(parser, opening, "the section name is longer than %u bytes",
                    INI_MAX_SECTION_NAME);

    uint16_t *slot = find_slot(parser, name.text);
    if (*slot) {
        const struct ini_section *same = &ini->sections[*slot - 1];
        if (!(parser->flags & INI_MERGE))
            return fail(parser, opening,
                        "section [%.60s] is already at line %u; merge the two, or give"
                        " this one another name",
                        name.text, same->line);
        parser->section = *slot - 1u;
        return true;
    }
    if (ini->section_count == INI_MAX_SECTIONS)
        return fail(parser, opening, "more than %u sections", INI_MAX_SECTIONS);
    if (!grow(parser, &ini->sections, &parser->section_room, ini->section_count,
              sizeof *ini->sections))
        return false;
    parser->section = ini->section_count++;
    *slot = (uint16_t)ini->section_count;
    ini->sections[parser->section] = (struct ini_section){.name = name.text, .line = parser->line};
    return true;
}

static bool add_value(struct parser *parser, const struct field *field)
{
    struct ini *ini = parser->ini;

    if (ini->value_count == INI_MAX_VALUES)
        return text_error_set(parser->error, ini->file_name, field->line, field->column,
                              "more than %u values in one file", INI_MAX_VALUES);
    if (!grow(parser, &ini->values, &parser->value_room, ini->value_count, sizeof *ini->values))
        return false;
    ini->values[ini->value_count++] =
        (struct ini_value){field->text, field->line, field->column, field->quoted};
    return true;
}

static bool take_entry(struct parser *parser)
{
    struct ini *ini = parser->ini;
    struct field field;

    if (ini->section_count == 0)
        return fail(parser, parser->cursor, "text before the first [section]");
    if (ini->entry_count == INI_MAX_ENTRIES)
        return fail(parser, parser->cursor, "more than %u entries in one file", INI_MAX_ENTRIES);
    if (!grow(parser, &ini->entries, &parser->entry_room, ini->entry_count, sizeof *ini->entries) ||
        !grow(parser, &parser->entry_section, &parser->entry_section_room, ini->entry_count,
              sizeof *parser->entry_section))
        return false;
    if (!take_field(parser, ",=", &field))
        return false;

    struct ini_entry entry = {.line = field.line, .column = field.column};
    size_t first_value = ini->value_count;
    bool more = true;
    if (field.ended_by == '=') {
        if (!*field.text)
            return text_error_set(parser->error, ini->file_name, field.line, field.column,
                                  "there is no key before '='");
        entry.key = field.text;
        if (!take_field(parser, ",", &field))
            return false;
        more = *field.text || field.quoted || field.ended_by; /* `key =` has no value */
    }
    while (more) {
        if (!add_value(parser, &field))
            return false;
        more = field.ended_by;
        if (more && !take_field(parser, ",", &field))
            return false;
    }
    entry.value_count = ini->value_count - first_value;
    parser->entry_section[ini->entry_count] = parser->section;
    ini->entries[ini->entry_count++] = entry;
    return true;
}

static bool take_file(struct parser *parser)
{
    while (parser->at < parser->end) {
        if (!take_line(parser) || !flow(parser))
            return false;
        if (parser->cursor == parser->stop)
            continue;
        if (*parser->cursor == '[' ? !take_section(parser) : !take_entry(parser))
            return false;
    }
    return true;
}

/* Points entries at their values, and groups the entries by section: a counting sort, which keeps
 * file order within each section. The arrays no longer move from here on. */
static bool group_entries(struct parser *parser)
{
    struct ini *ini = parser->ini;
    const struct ini_value *value = ini->values;

    if (ini->entry_count == 0)
        return true;
    struct ini_entry *grouped = malloc(ini->entry_count * sizeof *grouped);
    if (!grouped)
        return text_error_set(parser->error, ini->file_name, 0, 0, "out of memory");
    for (size_t i = 0; i < ini->entry_count; i++)
        ini->sections[parser->entry_section[i]].entry_count++;
    struct ini_entry *next = grouped;
    for (size_t i = 0; i < ini->section_count; i++) {
        ini->sections[i].entries = next;
        next += ini->sections[i].entry_count;
        ini->sections[i].entry_count = 0;
    }
    for (size_t i = 0; i < ini->entry_count; i++) {
        struct ini_section *section = &ini->sections[parser->entry_section[i]];
        if (ini->entries[i].value_count) {
            ini->entries[i].values = value;
            value += ini->entries[i].value_count;
        }
        grouped[section->entries - grouped + section->entry_count++] = ini->entries[i];
    }
    free(ini->entries);
    ini->entries = grouped;
    return true;
}

struct ini *ini_parse(const char *file_name, const char *image, size_t length, unsigned flags,
                      struct text_error *error)
{
    struct buffer text = {0};
    struct parser parser = {.flags = flags, .error = error};
    bool good = false;

    if (length > INI_MAX_FILE) {
        text_error_set(error, file_name, 0, 0, "the file has %zu bytes; at most %u are accepted",
                       length, INI_MAX_FILE);
        return NULL;
    }
    parser.ini = calloc(1, sizeof *parser.ini);
    if (!parser.ini) {
        text_error_set(error, file_name, 0, 0, "out of memory");
        return NULL;
    }
    parser.ini->file_name = file_name;
    if (!text_decode_file(file_name, image, length,
                          flags & INI_ANSI ? TEXT_DECODE_ANSI : TEXT_DECODE_STRICT, &text, error))
        goto done;
    parser.ini->strings = parser.string = malloc(text.length + 1);
    if (!parser.string) {
        text_error_set(error, file_name, 0, 0, "out of memory");
        goto done;
    }
    parser.at = buffer_text(&text);
    parser.end = parser.at + text.length;
    good = take_file(&parser) && group_entries(&parser);
done:
    free(parser.entry_section);
    buffer_free(&text);
    if (good)
        return parser.ini;
    ini_free(parser.ini);
    return NULL;
}

void ini_free(struct ini *ini)
{
    if (!ini)
        return;
    free(ini->values);
    free(ini->entries);
    free(ini->sections);
    free(ini->strings);
    free(ini);
}
