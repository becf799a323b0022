/* SPDX-License-Identifier: MIT */
/*
 * The timeline: `TIME = action words`. Reads actions, and writes them back in the same words, so that
 * what a random schedule decided can be put into a file and replayed. References and ranges are
 * checked here; nothing is applied (scenario.c does that).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"
#include "world/topology_private.h"

#define MAX_WORDS 8

const char *const topology_action_names[ACTION_COUNT] = {
#define X(kind, name, usage) name,
    TOPOLOGY_ACTIONS(X)
#undef X
};
static const char *const action_usages[ACTION_COUNT] = {
#define X(kind, name, usage) usage,
    TOPOLOGY_ACTIONS(X)
#undef X
};
static const char *const fault_names[] = {"lose-command", "lose-completion", "slow", "busy",
                                          "queue-full"};
#define FAULT_NAMES (sizeof fault_names / sizeof fault_names[0])

struct words {
    const struct topology *topology;
    const struct ini_value *value;
    struct text_error *error;
    struct topology_action *action;
    char text[TOPOLOGY_TEXT_MAX + 1];
    unsigned count, next;
    const char *word[MAX_WORDS];
};

/* ---- words ----------------------------------------------------------------------------------------- */
static bool split_words(struct words *w)
{
    char *rest = w->text;

    if (strlen(w->value->text) > TOPOLOGY_TEXT_MAX)
        return ini_error(w->topology->ini, w->value, w->error, "an action has at most %u bytes",
                         TOPOLOGY_TEXT_MAX);
    strcpy(w->text, w->value->text);
    for (;;) {
        rest += strspn(rest, " \t");
        if (*rest == '\0')
            return true;
        if (w->count == MAX_WORDS)
            return ini_error(w->topology->ini, w->value, w->error, "an action has at most %u words",
                             MAX_WORDS);
        w->word[w->count++] = rest;
        rest += strcspn(rest, " \t");
        if (*rest != '\0')
            *rest++ = '\0';
    }
}

static bool fail_usage(const struct words *w)
{
    return ini_error(w->topology->ini, w->value, w->error, "accepted: %s %s",
                     topology_action_names[w->action->kind], action_usages[w->action->kind]);
}

/* The word at the front when it is `text`: consumed. */
static bool take_word(struct words *w, const char *text)
{
    if (w->next == w->count || !ini_same_name(w->word[w->next], text))
        return false;
    w->next++;
    return true;
}

static bool take_object(struct words *w, enum section_type type, size_t *index)
{
    if (w->next == w->count)
        return fail_usage(w);
    *index = topology_find(w->topology, type, w->word[w->next]);
    if (*index == TOPOLOGY_NONE)
        return ini_error(w->topology->ini, w->value, w->error, "there is no [%s %.40s] in this file",
                         topology_sections[type].name, w->word[w->next]);
    w->next++;
    return true;
}

static bool take_number(struct words *w, const char *what, uint64_t minimum, uint64_t maximum,
                        uint32_t *result)
{
    struct text_error reason;
    uint64_t number;

    if (w->next == w->count)
        return fail_usage(w);
    if (!text_parse_unsigned(w->word[w->next], minimum, maximum, &number, &reason))
        return ini_error(w->topology->ini, w->value, w->error, "%s: %s", what, reason.message);
    w->next++;
    *result = (uint32_t)number;
    return true;
}

static bool take_time(struct words *w, uint64_t minimum, uint64_t *result)
{
    struct text_error reason;

    if (w->next == w->count)
        return fail_usage(w);
    if (!text_parse_time(w->word[w->next], result, &reason))
        return ini_error(w->topology->ini, w->value, w->error, "time: %s", reason.message);
    if (*result < minimum || *result > TOPOLOGY_MAX_TIME)
        return ini_error(w->topology->ini, w->value, w->error, "time %.40s; accepted: %s to %llu s",
                         w->word[w->next], minimum == 0 ? "0" : "100ns",
                         (unsigned long long)(TOPOLOGY_MAX_TIME / WORLD_SECOND));
    w->next++;
    return true;
}

/* `count` hexadecimal bytes with '/' between them, one or two digits each, as SCSI tables print them. */
static bool take_hex(struct words *w, unsigned count, uint8_t *const result[])
{
    const char *text = w->next < w->count ? w->word[w->next] : "";

    for (unsigned i = 0; i < count; i++) {
        unsigned digits = 0, value = 0;

        for (; digits < 2 && *text != '\0' && strchr("0123456789abcdefABCDEF", *text) != NULL; text++) {
            value = value * 16 + (unsigned)(*text <= '9' ? *text - '0' : (*text & 0xdf) - 'A' + 10);
            digits++;
        }
        if (digits == 0 || *text++ != (i + 1 == count ? '\0' : '/'))
            return fail_usage(w);
        *result[i] = (uint8_t)value;
    }
    w->next++;
    return true;
}

/* ---- arguments that several actions share ------------------------------------------------------------ */
static bool take_target(struct words *w, bool required)
{
    const struct topology_hba *hba = &w->topology->hbas[w->action->hba];

    w->action->target = HBA_ALL_TARGETS;
    if (!take_word(w, "target"))
        return !required || fail_usage(w);
    if (hba->targets == 0)
        return ini_error(w->topology->ini, w->value, w->error, "%s has no targets", hba->object.name);
    return take_number(w, "target", 0, hba->targets - 1, &w->action->target);
}

static bool take_hba(struct words *w, bool target_required)
{
    if (!take_object(w, SECTION_HBA, &w->action->hba))
        return false;
    if (w->topology->hbas[w->action->hba].real && w->action->kind == ACTION_PATH_FAULT)
        return ini_error(w->topology->ini, w->value, w->error,
                         "%s drives real iSCSI paths: they obey link and flap, not path-fault",
                         w->topology->hbas[w->action->hba].object.name);
    return take_target(w, target_required);
}

static bool take_state(struct words *w)
{
    if (take_word(w, "up"))
        return w->action->up = true;
    return take_word(w, "down") || fail_usage(w);
}

static bool take_controller(struct words *w)
{
    return take_number(w, "controller", 0, w->topology->arrays[w->action->array].controllers - 1,
                       &w->action->controller);
}

static bool take_lun(struct words *w)
{
    struct topology_action *a = w->action;
    uint32_t number;

    if (!take_object(w, SECTION_ARRAY, &a->array) ||
        !take_number(w, "LUN", 0, ARRAY_MAX_LUNS - 1, &number))
        return false;
    if (topology_find_lun(w->topology, a->array, number) == NULL)
        return ini_error(w->topology->ini, w->value, w->error, "%s has no LUN %u",
                         w->topology->arrays[a->array].object.name, number);
    a->lun = (uint16_t)number;
    return true;
}

static bool take_size(struct words *w)
{
    const struct topology_lun *lun =
        topology_find_lun(w->topology, w->action->array, w->action->lun);
    struct text_error reason;

    if (w->next == w->count)
        return fail_usage(w);
    if (!text_parse_size(w->word[w->next], TOPOLOGY_MIN_LUN, TOPOLOGY_MAX_LUN, &w->action->size,
                         &reason))
        return ini_error(w->topology->ini, w->value, w->error, "size: %s", reason.message);
    if (w->action->size % lun->block_size != 0)
        return ini_error(w->topology->ini, w->value, w->error,
                         "size is no multiple of the block-size %u", lun->block_size);
    w->next++;
    return true;
}

static bool take_fault(struct words *w)
{
    struct topology_action *a = w->action;

    for (a->fault = 0; a->fault < FAULT_NAMES; a->fault++)
        if (take_word(w, fault_names[a->fault]))
            break;
    if (a->fault == FAULT_NAMES || !take_number(w, "count", 1, TOPOLOGY_MAX_INJECT, &a->count))
        return a->fault == FAULT_NAMES ? fail_usage(w) : false;
    if (a->fault == FABRIC_SLOW)
        return take_time(w, 1, &a->period);
    return true;
}

/* ---- actions ------------------------------------------------------------------------------------------ */
static bool read_arguments(struct words *w)
{
    struct topology_action *a = w->action;

    switch (a->kind) {
    case ACTION_LINK:
        return take_hba(w, false) && take_state(w);
    case ACTION_FLAP:
        return take_hba(w, false) && take_number(w, "count", 1, TOPOLOGY_MAX_FLAPS, &a->count) &&
               (take_word(w, "times") || fail_usage(w)) && take_time(w, 1, &a->period);
    case ACTION_CONTROLLER:
        return take_object(w, SECTION_ARRAY, &a->array) && take_controller(w) && take_state(w);
    case ACTION_RESIZE:
        return take_lun(w) && take_size(w);
    case ACTION_UNMAP:
        return take_lun(w);
    case ACTION_MOVE:
        return take_lun(w) && take_controller(w);
    case ACTION_INJECT:
        return take_lun(w) && take_number(w, "count", 1, TOPOLOGY_MAX_INJECT, &a->count) &&
               take_hex(w, 1, (uint8_t *const[]){&a->status}) &&
               (w->next == w->count ||
                take_hex(w, 3, (uint8_t *const[]){&a->key, &a->asc, &a->ascq}));
    case ACTION_UNIT_ATTENTION:
        return take_lun(w) && take_hex(w, 2, (uint8_t *const[]){&a->asc, &a->ascq});
    default:
        return take_hba(w, true) && take_fault(w);
    }
}

static bool read_kind(struct words *w)
{
    const char *nearest;
    char list[128];

    for (unsigned kind = 0; kind < ACTION_COUNT; kind++) {
        if (take_word(w, topology_action_names[kind])) {
            w->action->kind = kind;
            return true;
        }
    }
    topology_list_names(topology_action_names, ACTION_COUNT, list, sizeof list);
    nearest = w->count != 0 ? topology_nearest(w->word[0], topology_action_names, ACTION_COUNT) : NULL;
    if (nearest != NULL)
        return ini_error(w->topology->ini, w->value, w->error,
                         "there is no action \"%.40s\"; did you mean \"%s\"?", w->word[0], nearest);
    return ini_error(w->topology->ini, w->value, w->error, "accepted actions: %s", list);
}

static bool read_action(const struct topology *t, const struct ini_entry *entry,
                        struct topology_action *action, struct text_error *error)
{
    struct words w = {.topology = t, .error = error, .action = action};
    struct text_error reason;

    action->line = entry->line;
    if (entry->key == NULL || entry->value_count != 1)
        return text_error_set(error, ini_file_name(t->ini), entry->line, entry->column,
                              "a line of [timeline] is TIME = ACTION, as in 5s = link %s down",
                              t->hba_count != 0 ? t->hbas[0].object.name : "hba0");
    if (!text_parse_time(entry->key, &action->time, &reason))
        return text_error_set(error, ini_file_name(t->ini), entry->line, entry->column, "%s",
                              reason.message);
    if (action->time > TOPOLOGY_MAX_TIME)
        return text_error_set(error, ini_file_name(t->ini), entry->line, entry->column,
                              "%s is later than a timeline goes, %llu s", entry->key,
                              (unsigned long long)(TOPOLOGY_MAX_TIME / WORLD_SECOND));
    w.value = &entry->values[0];
    return split_words(&w) && read_kind(&w) && read_arguments(&w) &&
           (w.next == w.count || fail_usage(&w));
}

static int compare_actions(const void *a, const void *b)
{
    const struct topology_action *first = a, *second = b;

    if (first->time != second->time)
        return first->time < second->time ? -1 : 1;
    return first->line < second->line ? -1 : first->line > second->line;
}

void topology_sort_actions(struct topology_action *actions, size_t count)
{
    qsort(actions, count, sizeof *actions, compare_actions);
}

bool topology_read_timeline(struct topology *t, const struct ini_section *section,
                            struct text_error *error)
{
    if (section->entry_count > TOPOLOGY_MAX_ACTIONS)
        return text_error_set(error, ini_file_name(t->ini), section->line, 0,
                              "the timeline has %zu lines; at most %u", section->entry_count,
                              TOPOLOGY_MAX_ACTIONS);
    if (section->entry_count == 0)
        return true;
    t->actions = calloc(section->entry_count, sizeof *t->actions);
    if (t->actions == NULL)
        return text_error_set(error, ini_file_name(t->ini), 0, 0, "out of memory");
    for (; t->action_count < section->entry_count; t->action_count++)
        if (!read_action(t, &section->entries[t->action_count], &t->actions[t->action_count], error))
            return false;
    topology_sort_actions(t->actions, t->action_count);
    return true;
}

bool topology_parse_action(const struct topology *t, const char *command,
                           struct topology_action *action, struct text_error *error)
{
    struct topology reader = *t; /* borrows the objects; its timeline is the one line */
    char text[TOPOLOGY_TEXT_MAX + 32];
    bool ok;

    if (strlen(command) > TOPOLOGY_TEXT_MAX || strpbrk(command, "\r\n;[") != NULL)
        return text_error_set(error, NULL, 0, 0, "a command is one line of at most %u bytes",
                              TOPOLOGY_TEXT_MAX);
    int length = snprintf(text, sizeof text, "[timeline]\n0s = %s\n", command);
    reader.ini = ini_parse("command", text, (size_t)length, INI_UNIQUE, error);
    if (reader.ini == NULL)
        return false;
    reader.actions = NULL;
    reader.action_count = 0;
    ok = topology_read_timeline(&reader, ini_find_section(reader.ini, "timeline"), error);
    if (ok)
        *action = reader.actions[0];
    free(reader.actions);
    ini_free(reader.ini);
    return ok;
}

/* ---- and back into words -------------------------------------------------------------------------------- */
void topology_time_text(uint64_t time, char *text, size_t size)
{
    static const struct {
        uint64_t unit;
        const char *name;
    } units[] = {{WORLD_SECOND, "s"}, {WORLD_MS, "ms"}, {WORLD_US, "us"}};

    for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (time % units[i].unit == 0) {
            snprintf(text, size, "%llu%s", (unsigned long long)(time / units[i].unit), units[i].name);
            return;
        }
    }
    snprintf(text, size, "%llu00ns", (unsigned long long)time);
}

void topology_action_text(const struct topology *t, const struct topology_action *a, char *text,
                          size_t size)
{
    const char *name = topology_action_names[a->kind];
    const char *hba = a->hba < t->hba_count ? t->hbas[a->hba].object.name : "";
    const char *array = a->array < t->array_count ? t->arrays[a->array].object.name : "";
    const char *state = a->up ? "up" : "down";
    char target[24] = "", time[32];

    topology_time_text(a->period, time, sizeof time);
    if (a->target != HBA_ALL_TARGETS)
        snprintf(target, sizeof target, " target %u", a->target);
    switch (a->kind) {
    case ACTION_LINK:
        snprintf(text, size, "%s %s%s %s", name, hba, target, state);
        break;
    case ACTION_FLAP:
        snprintf(text, size, "%s %s%s %u times %s", name, hba, target, a->count, time);
        break;
    case ACTION_CONTROLLER:
        snprintf(text, size, "%s %s %u %s", name, array, a->controller, state);
        break;
    case ACTION_RESIZE:
        snprintf(text, size, "%s %s %u %llu", name, array, a->lun, (unsigned long long)a->size);
        break;
    case ACTION_UNMAP:
        snprintf(text, size, "%s %s %u", name, array, a->lun);
        break;
    case ACTION_MOVE:
        snprintf(text, size, "%s %s %u %u", name, array, a->lun, a->controller);
        break;
    case ACTION_INJECT:
        snprintf(text, size, "%s %s %u %u %02x %x/%02x/%02x", name, array, a->lun, a->count, a->status,
                 a->key, a->asc, a->ascq);
        break;
    case ACTION_UNIT_ATTENTION:
        snprintf(text, size, "%s %s %u %02x/%02x", name, array, a->lun, a->asc, a->ascq);
        break;
    default:
        snprintf(text, size, "%s %s%s %s %u%s%s", name, hba, target, fault_names[a->fault], a->count,
                 a->fault == FABRIC_SLOW ? " " : "", a->fault == FABRIC_SLOW ? time : "");
        break;
    }
}
