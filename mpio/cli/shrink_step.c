/* SPDX-License-Identifier: MIT */
/*
 * The steps of mpio shrink. Delta debugging: half of the actions, sections or lines is left out, then quarters and so
 * on; numbers become smaller and rounder; the run shorter and earlier. What does not parse or fails in another way is
 * passed over (shrink_try.c).
 */
#include "cli/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGER        4         /* times as long a run with less in it may be */
#define LEAST_DURATION (MPIO_SECOND / 10) /* of load */
#define MAX_VALUES    4096      /* of one line that numbers are looked for in */

/* ---- leaving things out ---------------------------------------------------------------------- */

/* Sections or lines that may go, by number. */
struct units {
    const struct ini *ini;
    bool sections;
    size_t *unit, count;
    size_t from, chunk;         /* candidate n is without `chunk` of them from from + n * chunk on */
};

static bool make_without(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct units *u = user;
    size_t first = u->from + n * u->chunk;
    struct shrink_edit edit = {.drop_section = calloc(ini_section_count(u->ini) + 1, sizeof(bool)),
                               .drop_line = calloc(shrink_line_count(u->ini) + 1, sizeof(bool))};

    if (!edit.drop_section || !edit.drop_line)
        abort();
    for (size_t i = first; i < u->count && i < first + u->chunk; i++)
        (u->sections ? edit.drop_section : edit.drop_line)[u->unit[i]] = true;
    shrink_follow(u->ini, &edit);
    if (s->bearable)
        shrink_keep_returns(u->ini, &edit);
    *world = (struct shrink_world){shrink_edit(u->ini, &edit), s->best.duration, s->best.explore};
    free(edit.drop_section);
    free(edit.drop_line);
    return true;
}

/* Lines that say how many ways there are to a LUN and what the machine bears. */
static bool is_way(const struct ini_entry *entry)
{
    static const char *const keys[] = {"port", "ports", "controllers", "ports-per-controller", "parameter",
                                       "link-down-time", "dev-loss-time", "registry"};

    for (unsigned i = 0; entry->key && i < sizeof keys / sizeof *keys; i++)
        if (ini_same_name(entry->key, keys[i]))
            return true;
    return false;
}

/* Type: of the sections; NULL: lines, those of the timeline or the others. */
static void list_units(const struct shrink *s, struct units *u, const char *type, bool timeline)
{
    const struct ini_section *section;
    const struct ini_entry *entry;
    size_t lines = shrink_line_count(u->ini), sections = ini_section_count(u->ini);

    u->sections = type != NULL;
    u->unit = calloc((type ? sections : lines) + 1, sizeof *u->unit);
    if (!u->unit)
        abort();
    u->count = 0;
    for (size_t i = 0; type && i < sections; i++)
        if (shrink_is_type(ini_section(u->ini, i), type))
            u->unit[u->count++] = i;
    for (size_t i = 0; !type && i < lines; i++)
        if ((entry = shrink_line(u->ini, i, &section)) != NULL && shrink_is_timeline(section) == timeline &&
            !(s->bearable && is_way(entry)))
            u->unit[u->count++] = i;
}

bool shrink_leave_out(struct shrink *s, const char *type, bool timeline)
{
    bool changed = false, again = true;
    size_t chunk = SIZE_MAX, from = 0;

    while (chunk && !shrink_over(s)) {
        struct units u = {.ini = shrink_parse(s->best.text), .from = from};
        list_units(s, &u, type, timeline);
        if (chunk > u.count)
            chunk = u.count;
        u.chunk = chunk;
        size_t candidates = chunk && from < u.count ? (u.count - from + chunk - 1) / chunk : 0;
        size_t taken = shrink_try(s, make_without, &u, candidates);
        if (taken < candidates) {
            from += taken * chunk; /* what stood behind it has moved up */
            changed = again = true;
        } else {
            from = 0;
            if (chunk != 1 || !again)
                chunk /= 2;
            again = chunk != 1;
        }
        free(u.unit);
        ini_free((struct ini *)u.ini);
    }
    return changed;
}

/* ---- smaller numbers ------------------------------------------------------------------------- */

/* A number in the text: the word of a value of a line; value -1 is the time of an action. */
struct place {
    const struct ini *ini;
    size_t line;
    int value;
    unsigned word;
};

/* The value with one of its words replaced by the smaller form; "" when there is none such. */
static void replace_word(const char *value, unsigned word, unsigned form, char *out, size_t size)
{
    char text[64];
    size_t length, at = strspn(value, " \t");

    for (; word; word--) {
        at += strcspn(value + at, " \t");
        at += strspn(value + at, " \t");
    }
    length = strcspn(value + at, " \t");
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : 0), value + at);
    out[0] = '\0';
    if (shrink_smaller(text, form, text, sizeof text))
        snprintf(out, size, "%.*s%s%s", (int)at, value, text, value + at + length);
}

static const char *text_at(const struct place *p, const struct ini_section **section)
{
    const struct ini_entry *entry = shrink_line(p->ini, p->line, section);

    return p->value < 0 ? entry->key : entry->values[p->value].text;
}

static bool make_smaller(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct place *p = user;
    const struct ini_section *section;
    char text[600];
    struct shrink_edit edit = {.line = p->line, .value = p->value, .with = text};

    replace_word(text_at(p, &section), p->word, (unsigned)n, text, sizeof text);
    if (!text[0])
        return false;
    *world = (struct shrink_world){shrink_edit(p->ini, &edit), s->best.duration, s->best.explore};
    return true;
}

/* What a person would not call a size: numbers that only tell things apart. */
static bool is_name(const struct ini_entry *entry)
{
    static const char *const names[] = {"seed", "naa", "serial", "vendor", "product", "revision", "initiator", "os",
                                        "registry", "plugin", "passive-sense"};

    for (unsigned i = 0; entry->key && i < sizeof names / sizeof *names; i++)
        if (ini_same_name(entry->key, names[i]))
            return true;
    return false;
}

static bool reduce_number(struct shrink *s, struct place *p)
{
    bool changed = false;

    for (size_t taken = 0; taken < SHRINK_FORMS && !shrink_over(s);) {
        p->ini = shrink_parse(s->best.text);
        taken = shrink_try(s, make_smaller, p, SHRINK_FORMS);
        changed |= taken < SHRINK_FORMS;
        ini_free((struct ini *)p->ini);
    }
    return changed;
}

static unsigned count_words(const char *text)
{
    unsigned count = 0;

    for (text += strspn(text, " \t"); *text; text += strspn(text, " \t"), count++)
        text += strcspn(text, " \t");
    return count;
}

static bool reduce_line(struct shrink *s, size_t line)
{
    struct ini *ini = shrink_parse(s->best.text);
    const struct ini_section *section;
    const struct ini_entry *entry = shrink_line(ini, line, &section);
    unsigned words[MAX_VALUES];
    int values = entry->value_count < MAX_VALUES ? (int)entry->value_count : MAX_VALUES;
    bool timeline = shrink_is_timeline(section), changed = false;
    bool name = is_name(entry) || (s->bearable && (timeline || is_way(entry)));

    for (int v = 0; v < values; v++)
        words[v] = timeline ? count_words(entry->values[v].text) : 1;
    ini_free(ini);
    for (int v = timeline ? -1 : 0; v < values && !name; v++)
        for (unsigned w = 0; w < (v < 0 ? 1 : words[v]); w++)
            changed |= reduce_number(s, &(struct place){.line = line, .value = v, .word = w});
    return changed;
}

bool shrink_numbers(struct shrink *s)
{
    struct ini *ini = shrink_parse(s->best.text);
    size_t lines = shrink_line_count(ini);
    bool changed = false;

    ini_free(ini);
    for (size_t line = 0; line < lines && !shrink_over(s); line++)
        changed |= reduce_line(s, line);
    return changed;
}

/* Fewer LUNs, for as long as now or, since less happens then, for longer. */
static bool make_lighter(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    uint64_t longer = s->best.duration < s->longest / LONGER ? s->best.duration * LONGER : s->longest;

    if (!make_smaller(s, user, n / 2, world))
        return false;
    if (n % 2)
        world->duration = longer;
    return true;
}

bool shrink_lighten(struct shrink *s)
{
    const struct ini_section *section;
    const struct ini_entry *entry;
    bool changed = false;

    for (size_t line = 0; !shrink_over(s);) {
        struct place p = {.ini = shrink_parse(s->best.text), .line = line};
        size_t taken = 2 * SHRINK_FORMS;
        entry = shrink_line(p.ini, line, &section);
        if (entry && shrink_is_type(section, "lun") && entry->key && ini_same_name(entry->key, "count"))
            taken = shrink_try(s, make_lighter, &p, 2 * SHRINK_FORMS);
        ini_free((struct ini *)p.ini);
        if (!entry)
            break;
        changed |= taken < 2 * SHRINK_FORMS;
        line += taken == 2 * SHRINK_FORMS;
    }
    return changed;
}

/* ---- the run as a whole ------------------------------------------------------------------------ */

char *shrink_copy(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    if (!copy)
        abort();
    return strcpy(copy, text);
}

uint64_t shrink_until_seen(const struct shrink *s)
{
    uint64_t step = LEAST_DURATION, time;

    while (s->seen / step >= 100)
        step *= 10;
    time = (s->seen + step - 1) / step * step;
    if (time < LEAST_DURATION)
        time = LEAST_DURATION;
    return time < s->best.duration ? time : s->best.duration;
}

static bool make_shorter(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    uint64_t duration = n == 0 ? shrink_until_seen(s) : shrink_smaller_time(s->best.duration, (unsigned)n - 1);

    (void)user;
    if (duration < LEAST_DURATION)
        duration = LEAST_DURATION;
    if (duration >= s->best.duration)
        return false;
    *world = (struct shrink_world){shrink_copy(s->best.text), duration, s->best.explore};
    return true;
}

bool shrink_shorten(struct shrink *s)
{
    bool changed = false;

    while (!shrink_over(s) && shrink_try(s, make_shorter, NULL, SHRINK_FORMS + 1) <= SHRINK_FORMS)
        changed = true;
    return changed;
}

static bool make_earlier(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    const struct shrink_edit edit = {.quarters = (unsigned)n + 1};

    uint64_t duration = s->best.duration / 4 * edit.quarters;
    if (duration < LEAST_DURATION)
        duration = s->best.duration;
    *world = (struct shrink_world){shrink_edit(user, &edit), duration, s->best.explore};
    return true;
}

bool shrink_hasten(struct shrink *s)
{
    bool changed = false;

    for (size_t taken = 0; taken < 3 && !shrink_over(s);) {
        struct ini *ini = shrink_parse(s->best.text);
        taken = shrink_action_count(ini) ? shrink_try(s, make_earlier, ini, 3) : 3;
        changed |= taken < 3;
        ini_free(ini);
    }
    return changed;
}

static bool make_plain(const struct shrink *s, const void *user, size_t n, struct shrink_world *world)
{
    (void)user, (void)n;
    *world = (struct shrink_world){shrink_copy(s->best.text), s->best.duration, false};
    return true;
}

bool shrink_plain(struct shrink *s)
{
    return s->best.explore && shrink_try(s, make_plain, NULL, 1) == 0;
}
