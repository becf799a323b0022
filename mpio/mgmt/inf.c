/* SPDX-License-Identifier: MIT */
/*
 * The base of reading an INF: memory, notes, string tokens, directory ids, sections with decorations. What it keeps
 * belongs to the plan. Every amount that a file can ask for has a limit (inf.h).
 */
#include "mgmt/inf_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

#define BLOCK_BYTES 65536u

const char *const inf_architecture_name[INF_ARCHITECTURES] = {"x86", "amd64", "ia64", "arm", "arm64"};
const struct inf_target inf_default_target = {
    .major = 10, .product = INF_SERVER, .architecture = INF_AMD64, .language = 0x0409};

bool inf_parse_version(const char *text, struct inf_target *target)
{
    unsigned number[3] = {0}, count = 0;

    for (;;) {
        char *end;
        if (count == 3 || *text < '0' || *text > '9')
            return false;
        unsigned long value = strtoul(text, &end, 10);
        if (value > 1000000 || end - text > 7)
            return false;
        number[count++] = (unsigned)value;
        if (!*end)
            break;
        if (*end != '.')
            return false;
        text = end + 1;
    }
    target->major = number[0];
    target->minor = number[1];
    target->build = number[2];
    return count >= 2 && number[0] >= 5;
}

/* ---- memory, errors, notes ------------------------------------------------------------------ */

bool inf_fail(struct inf *inf, unsigned line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_error_vset(inf->error, inf->plan.file_name, line, 0, format, arguments);
    va_end(arguments);
    return false;
}

char *inf_keep(struct inf *inf, const void *bytes, size_t length)
{
    struct inf_block *block = inf->blocks;

    if (length > INF_MAX_ALL_TEXT - inf->kept) {
        inf_fail(inf, 0, "the values come to more than %u bytes after their tokens are replaced", INF_MAX_ALL_TEXT);
        return NULL;
    }
    if (!block || block->size - block->used < length + 1) {
        size_t size = length + 1 > BLOCK_BYTES ? length + 1 : BLOCK_BYTES;
        block = malloc(sizeof *block + size);
        if (!block) {
            inf_fail(inf, 0, "out of memory");
            return NULL;
        }
        *block = (struct inf_block){.next = inf->blocks, .size = size};
        inf->blocks = block;
    }
    char *copy = block->bytes + block->used;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = 0;
    block->used += length + 1;
    inf->kept += length;
    return copy;
}

static const char *keep_formatted(struct inf *inf, const char *format, va_list arguments)
{
    struct buffer text;
    const char *kept = NULL;

    buffer_init(&text, INF_MAX_TEXT);
    if (buffer_vprintf(&text, format, arguments))
        kept = inf_keep(inf, buffer_text(&text), text.length);
    else
        inf_fail(inf, 0, "a text of more than %u bytes came together", INF_MAX_TEXT);
    buffer_free(&text);
    return kept;
}

const char *inf_format(struct inf *inf, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    const char *kept = keep_formatted(inf, format, arguments);
    va_end(arguments);
    return kept;
}

void *inf_add(struct inf *inf, void *list, size_t size, size_t limit, const char *what, unsigned line)
{
    INF_LIST(char) *l = list;

    if (l->count == limit) {
        inf_fail(inf, line, "more than %zu %s", limit, what);
        return NULL;
    }
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 16;
        char *grown = realloc(l->item, room * size);
        if (!grown) {
            inf_fail(inf, line, "out of memory");
            return NULL;
        }
        l->item = grown;
        l->room = room;
    }
    return memset(l->item + l->count++ * size, 0, size);
}

bool inf_note(struct inf *inf, unsigned line, const char *format, ...)
{
    struct inf_text_line *note = INF_ADD(inf, notes, INF_MAX_CHANGES, line);
    va_list arguments;

    if (!note)
        return false;
    va_start(arguments, format);
    note->text = keep_formatted(inf, format, arguments);
    note->line = line;
    va_end(arguments);
    return note->text != NULL;
}

/* ---- strings -------------------------------------------------------------------------------- */

static int compare_strings(const void *left, const void *right)
{
    const struct inf_string *a = left, *b = right;
    int names = ini_compare_names(a->name, b->name);

    if (names)
        return names;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* [Strings.0409], then the language without its country [Strings.0009], then [Strings]. */
static bool read_strings(struct inf *inf)
{
    const struct ini_section *sections[3];
    char name[32];
    size_t total = 0;

    snprintf(name, sizeof name, "Strings.%04X", inf->target->language & 0xFFFFu);
    sections[0] = ini_find_section(inf->ini, name);
    snprintf(name, sizeof name, "Strings.%04X", inf->target->language & 0x3FFu);
    sections[1] = ini_find_section(inf->ini, name);
    sections[2] = ini_find_section(inf->ini, "Strings");
    for (unsigned s = 0; s < 3; s++)
        total += sections[s] ? sections[s]->entry_count : 0;
    if (!(inf->strings = calloc(total + 1, sizeof *inf->strings)))
        return inf_fail(inf, 0, "out of memory");
    for (unsigned s = 0; s < 3; s++) {
        for (size_t i = 0; sections[s] && i < sections[s]->entry_count; i++) {
            const struct ini_entry *e = &sections[s]->entries[i];
            if (!e->key)
                return inf_fail(inf, e->line, "no '=' in [%.40s]: a string is written as NAME = \"text\"",
                                sections[s]->name);
            inf->strings[inf->string_count] = (struct inf_string){
                e->key, e->value_count ? e->values[0].text : "", s, inf->string_count};
            inf->string_count++;
        }
    }
    qsort(inf->strings, inf->string_count, sizeof *inf->strings, compare_strings);
    return true;
}

static const char *string_named(const struct inf *inf, const char *name)
{
    size_t low = 0, high = inf->string_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ini_compare_names(inf->strings[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < inf->string_count && ini_compare_names(inf->strings[low].name, name) == 0 ? inf->strings[low].text : NULL;
}

const char *inf_directory(unsigned long id)
{
    static const struct {
        unsigned long id;
        const char *path;
    } known[] = {
        {10, "C:\\Windows"},
        {11, "C:\\Windows\\System32"},
        {12, "C:\\Windows\\System32\\drivers"},
        {13, "C:\\Windows\\System32\\DriverStore\\FileRepository\\package"},
        {17, "C:\\Windows\\INF"},
        {18, "C:\\Windows\\Help"},
        {20, "C:\\Windows\\Fonts"},
        {24, "C:\\"},
        {30, "C:\\"},
        {50, "C:\\Windows\\System"},
        {51, "C:\\Windows\\System32\\spool"},
        {53, "C:\\Users\\Default"},
        {54, "C:\\"},
        {16419, "C:\\ProgramData"},
        {16422, "C:\\Program Files"},
        {16425, "C:\\Windows\\SysWOW64"},
        {16426, "C:\\Program Files (x86)"},
        {16427, "C:\\Program Files\\Common Files"},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].id == id)
            return known[i].path;
    return NULL;
}

static bool append_token(struct inf *inf, const char *token, size_t length, unsigned line, struct buffer *out)
{
    char name[INI_MAX_LINE + 1];
    const char *text;

    if (length == 0)
        return buffer_append_byte(out, '%');
    if (length > INI_MAX_LINE)
        return inf_fail(inf, line, "a %%token%% of more than %u bytes; close it, or write %%%% for a percent sign",
                        INI_MAX_LINE);
    memcpy(name, token, length);
    name[length] = 0;
    if (strspn(name, "0123456789") == length) {
        text = length <= 5 ? inf_directory(strtoul(name, NULL, 10)) : NULL;
        if (!text)
            return inf_fail(inf, line, "directory id %%%.20s%% is not known here; 10, 11, 12, 13, 24 and 30 are", name);
    } else {
        text = string_named(inf, name);
        if (!text)
            return inf_fail(inf, line, "string token %%%.60s%% is not defined; add it to [Strings]", name);
    }
    return buffer_append_text(out, text);
}

static const char *expand(struct inf *inf, const char *text, unsigned line)
{
    const char *open, *close, *kept = NULL;
    struct buffer out;
    bool ok = true;

    if (!strchr(text, '%'))
        return text;
    buffer_init(&out, INF_MAX_TEXT);
    while (ok && (open = strchr(text, '%')) && (close = strchr(open + 1, '%'))) {
        buffer_append(&out, text, (size_t)(open - text));
        ok = append_token(inf, open + 1, (size_t)(close - open - 1), line, &out) || out.failed;
        text = close + 1;
    }
    if (ok) {
        buffer_append_text(&out, text);
        if (out.failed)
            inf_fail(inf, line, "the value has more than %u bytes after its tokens are replaced", INF_MAX_TEXT);
        else
            kept = inf_keep(inf, buffer_text(&out), out.length);
    }
    buffer_free(&out);
    return kept;
}

const char *inf_text(struct inf *inf, const struct ini_value *value)
{
    return expand(inf, value->text, value->line);
}

const char *inf_key(struct inf *inf, const struct ini_entry *entry)
{
    return expand(inf, entry->key ? entry->key : "", entry->line);
}

const char *inf_field(struct inf *inf, const struct ini_entry *entry, size_t index)
{
    return index < entry->value_count ? inf_text(inf, &entry->values[index]) : "";
}

const char *inf_setting(struct inf *inf, const struct ini_section *section, const char *key, unsigned *line)
{
    const struct ini_entry *last = NULL;

    for (const struct ini_entry *e = NULL; (e = ini_find(section, key, e));)
        last = e;
    if (line)
        *line = last ? last->line : section->line;
    return last ? inf_field(inf, last, 0) : "";
}

bool inf_number(struct inf *inf, unsigned line, const char *what, const char *text, uint64_t maximum,
                uint64_t otherwise, uint64_t *number)
{
    struct text_error why;

    *number = otherwise;
    if (!*text || text_parse_unsigned(text, 0, maximum, number, &why))
        return true;
    return inf_fail(inf, line, "%s is '%.40s': %.100s", what, text, why.message);
}

/* ---- sections ------------------------------------------------------------------------------- */

const struct ini_section *inf_section(struct inf *inf, const char *name, unsigned line, const char *directive)
{
    const struct ini_section *section = ini_find_section(inf->ini, name);

    if (!section)
        inf_fail(inf, line, "%s names section [%.60s], which is not in the file; add it or correct the name", directive,
                 name);
    else if (inf->sections++ == INF_MAX_SECTIONS) {
        inf_fail(inf, line, "more than %u sections are read through directives", INF_MAX_SECTIONS);
        section = NULL;
    }
    return section;
}

static const struct ini_section *with_suffix(struct inf *inf, const char *name, const char *suffix)
{
    char whole[INI_MAX_SECTION_NAME + 1];

    if (snprintf(whole, sizeof whole, "%s%s", name, suffix) >= (int)sizeof whole)
        return NULL; /* longer than any section name */
    return ini_find_section(inf->ini, whole);
}

const struct ini_section *inf_decorated_section(struct inf *inf, const char *name)
{
    char suffix[16];

    snprintf(suffix, sizeof suffix, ".NT%s", inf_architecture_name[inf->target->architecture]);
    const struct ini_section *section = with_suffix(inf, name, suffix);
    if (!section)
        section = with_suffix(inf, name, ".NT");
    return section ? section : with_suffix(inf, name, "");
}

const struct ini_section *inf_part(struct inf *inf, const struct ini_section *section, const char *suffix)
{
    return with_suffix(inf, section->name, suffix);
}

bool inf_open(struct inf *inf, const char *image, size_t length)
{
    inf->ini = ini_parse(inf->plan.file_name, image, length, INI_INF, inf->error);
    return inf->ini && read_strings(inf);
}

void inf_free(struct inf_plan *plan)
{
    struct inf *inf = (struct inf *)plan;

    if (!inf)
        return;
    free(plan->models.item);
    free(plan->services.item);
    free(plan->deleted_services.item);
    free(plan->changes.item);
    free(plan->files.item);
    free(plan->secured.item);
    free(plan->notes.item);
    free(plan->pragmas.item);
    while (inf->blocks) {
        struct inf_block *next = inf->blocks->next;
        free(inf->blocks);
        inf->blocks = next;
    }
    free(inf->strings);
    ini_free(inf->ini);
    free(inf);
}
