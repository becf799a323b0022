/* SPDX-License-Identifier: MIT */
/*
 * Candidate texts: a topology's text without some sections and lines, or with another value in one
 * place. Knows the grammar of topology files (sections, lines, references by name), not their keys.
 */
#include "cli/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

struct ini *shrink_parse(const char *text)
{
    struct ini *ini = ini_parse("candidate", text, strlen(text), INI_UNIQUE, NULL);

    if (!ini)
        abort(); /* written by ini_write_entry, or accepted as a topology before */
    return ini;
}

bool shrink_is_type(const struct ini_section *section, const char *type)
{
    size_t length = strcspn(section->name, " \t");
    char own[32];

    if (length >= sizeof own)
        return false;
    snprintf(own, sizeof own, "%.*s", (int)length, section->name);
    return ini_same_name(own, type);
}

bool shrink_is_timeline(const struct ini_section *section)
{
    return ini_same_name(section->name, "timeline");
}

static const char *name_of(const struct ini_section *section)
{
    const char *name = section->name + strcspn(section->name, " \t");

    return name + strspn(name, " \t");
}

size_t shrink_line_count(const struct ini *ini)
{
    size_t count = 0;

    for (size_t i = 0; i < ini_section_count(ini); i++)
        count += ini_section(ini, i)->entry_count;
    return count;
}

const struct ini_entry *shrink_line(const struct ini *ini, size_t line, const struct ini_section **section)
{
    for (size_t i = 0; i < ini_section_count(ini); i++) {
        *section = ini_section(ini, i);
        if (line < (*section)->entry_count)
            return &(*section)->entries[line];
        line -= (*section)->entry_count;
    }
    return NULL;
}

size_t shrink_action_count(const struct ini *ini)
{
    const struct ini_section *timeline = ini_find_section(ini, "timeline");

    return timeline ? timeline->entry_count : 0;
}

uint64_t shrink_seed(const struct ini *ini)
{
    const struct ini_section *world = ini_find_section(ini, "world");
    const struct ini_entry *seed = world ? ini_find(world, "seed", NULL) : NULL;
    uint64_t number = 1; /* the default */

    if (seed && seed->value_count == 1)
        text_parse_unsigned(seed->values[0].text, 0, UINT64_MAX, &number, NULL);
    return number;
}

/* ---- writing ---------------------------------------------------------------------------------- */

static void put_key(struct buffer *out, const struct ini_entry *entry, const struct shrink_edit *edit, bool replaced,
                    bool timeline)
{
    char text[32];
    uint64_t time;

    if (!entry->key)
        return;
    if (replaced) {
        ini_write_text(edit->with, out);
    } else if (timeline && edit->quarters && text_parse_time(entry->key, &time, NULL)) {
        shrink_time_text(time / 4 * edit->quarters, text, sizeof text);
        buffer_append_text(out, text);
    } else {
        ini_write_text(entry->key, out);
    }
    buffer_append_text(out, " = ");
}

static void put_line(struct buffer *out, const struct ini_entry *entry, const struct shrink_edit *edit, size_t line,
                     bool timeline)
{
    bool here = edit->with && edit->line == line;

    put_key(out, entry, edit, here && edit->value < 0, timeline);
    for (size_t v = 0; v < entry->value_count; v++) {
        buffer_append_text(out, v ? ", " : "");
        ini_write_text(here && edit->value == (int)v ? edit->with : entry->values[v].text, out);
    }
    buffer_append_text(out, "\n");
}

/* A timeline, or a world, without lines says nothing. */
static bool is_empty(const struct ini_section *s, const struct shrink_edit *edit, size_t first)
{
    for (size_t e = 0; e < s->entry_count; e++)
        if (!edit->drop_line || !edit->drop_line[first + e])
            return false;
    return shrink_is_timeline(s) || ini_same_name(s->name, "world");
}

char *shrink_edit(const struct ini *ini, const struct shrink_edit *edit)
{
    struct buffer out = {0};
    size_t first = 0;

    for (size_t i = 0; i < ini_section_count(ini); first += ini_section(ini, i++)->entry_count) {
        const struct ini_section *s = ini_section(ini, i);

        if ((edit->drop_section && edit->drop_section[i]) || is_empty(s, edit, first))
            continue;
        buffer_printf(&out, "%s[%s]\n", out.length ? "\n" : "", s->name);
        for (size_t e = 0; e < s->entry_count; e++)
            if (!edit->drop_line || !edit->drop_line[first + e])
                put_line(&out, &s->entries[e], edit, first + e, shrink_is_timeline(s));
    }
    char *text = buffer_take(&out, NULL);
    if (!text)
        abort();
    return text;
}

/* ---- what goes with a section ------------------------------------------------------------------- */

/* Is there a marked section of this name; of this type when one is given? */
static bool is_gone(const struct ini *ini, const struct shrink_edit *edit, const char *type, const char *name)
{
    for (size_t i = 0; i < ini_section_count(ini); i++) {
        const struct ini_section *s = ini_section(ini, i);
        if (edit->drop_section[i] && (!type || shrink_is_type(s, type)) && ini_same_name(name_of(s), name))
            return true;
    }
    return false;
}

static bool refers(const struct ini *ini, const struct shrink_edit *edit, const struct ini_section *section)
{
    for (size_t e = 0; e < section->entry_count; e++) {
        const struct ini_entry *entry = &section->entries[e];
        if (entry->key && entry->value_count == 1 && is_gone(ini, edit, entry->key, entry->values[0].text))
            return true;
    }
    return false;
}

static bool acts_on(const struct ini *ini, const struct shrink_edit *edit, const struct ini_entry *entry)
{
    const char *rest = entry->value_count ? entry->values[0].text : "";
    char word[64];

    for (size_t length; *(rest += strspn(rest, " \t")); rest += length) {
        length = strcspn(rest, " \t");
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), rest);
        if (word[0] && is_gone(ini, edit, NULL, word))
            return true;
    }
    return false;
}

void shrink_follow(const struct ini *ini, struct shrink_edit *edit)
{
    size_t line = 0;
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < ini_section_count(ini); i++)
            if (!edit->drop_section[i] && refers(ini, edit, ini_section(ini, i)))
                edit->drop_section[i] = more = true;
    }
    for (size_t i = 0; i < ini_section_count(ini); i++) {
        const struct ini_section *s = ini_section(ini, i);
        for (size_t e = 0; e < s->entry_count; e++, line++)
            if (shrink_is_timeline(s) && acts_on(ini, edit, &s->entries[e]))
                edit->drop_line[line] = true;
    }
}

/* ---- what a stack must bear ----------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *word)
{
    size_t length = strlen(text), own = strlen(word);

    return length > own && strcmp(text + length - own, word) == 0;
}

/* The line of the timeline that ends the outage of line `down`: the next one about the same with "up". */
static size_t line_of_return(const struct ini_section *timeline, size_t down)
{
    const char *text = timeline->entries[down].values[0].text;
    size_t words = strlen(text) - strlen("down");

    for (size_t e = down + 1; e < timeline->entry_count; e++) {
        const char *other = timeline->entries[e].value_count ? timeline->entries[e].values[0].text : "";
        if (strlen(other) == words + strlen("up") && strncmp(other, text, words) == 0 && ends_with(other, " up"))
            return e;
    }
    return SIZE_MAX;
}

void shrink_keep_returns(const struct ini *ini, struct shrink_edit *edit)
{
    size_t first = 0, e, back;

    for (size_t i = 0; i < ini_section_count(ini); first += ini_section(ini, i++)->entry_count) {
        const struct ini_section *s = ini_section(ini, i);
        for (e = 0; shrink_is_timeline(s) && e < s->entry_count; e++)
            if (!edit->drop_line[first + e] && s->entries[e].value_count && ends_with(s->entries[e].values[0].text, " down") &&
                (back = line_of_return(s, e)) != SIZE_MAX)
                edit->drop_line[first + back] = false;
    }
}

/* ---- the first text ------------------------------------------------------------------------------ */

static void put_section(struct buffer *out, const struct ini_section *s, const char *without)
{
    for (size_t e = 0; e < s->entry_count; e++)
        if (!without || !s->entries[e].key || !ini_same_name(s->entries[e].key, without))
            ini_write_entry(&s->entries[e], out);
}

char *shrink_join(const char *topology, const char *faults, uint64_t seed)
{
    struct ini *ini = shrink_parse(topology);
    const struct ini_section *world = ini_find_section(ini, "world"), *timeline = ini_find_section(ini, "timeline");
    struct buffer out = {0};

    buffer_printf(&out, "[world]\nseed = %" PRIu64 "\n", seed);
    if (world)
        put_section(&out, world, "seed");
    for (size_t i = 0; i < ini_section_count(ini); i++) {
        const struct ini_section *s = ini_section(ini, i);
        if (s == world || s == timeline)
            continue;
        buffer_printf(&out, "\n[%s]\n", s->name);
        put_section(&out, s, NULL);
    }
    buffer_append_text(&out, "\n[timeline]\n");
    if (timeline)
        put_section(&out, timeline, NULL);
    buffer_append_text(&out, faults);
    char *text = buffer_take(&out, NULL);
    ini_free(ini);
    if (!text)
        abort();
    return text;
}
