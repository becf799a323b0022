/* SPDX-License-Identifier: MIT */
/*
 * The timeline: `TIME = action words`, in order of time. The words of an action are read and written in
 * topology_action.c; nothing is applied here (scenario.c does that).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"
#include "world/topology_private.h"

static bool read_action(const struct topology *t, const struct ini_entry *entry,
                        struct topology_action *action, struct text_error *error)
{
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
    return topology_read_action(t, &entry->values[0], action, error);
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
