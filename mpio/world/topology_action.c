/* SPDX-License-Identifier: MIT */
/*
 * The words of one action. TOPOLOGY_ACTIONS (topology.h) gives each action its usage, and that text is
 * the grammar: it is walked word by word to read an action and to write one, so the two cannot differ
 * and what a random schedule decided can be put into a file and replayed. A word of the usage is a
 * literal (`times`), a choice (`up|down`), or a value in capitals, for which words[] has reader and
 * writer. References and ranges are checked here; nothing is applied (scenario.c does that).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"
#include "world/topology_private.h"

#define MAX_WORDS  8
#define USAGE_WORD 160 /* the longest choice */

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

struct words {
    const struct topology *topology;
    const struct ini_value *value;
    struct text_error *error;
    struct topology_action *action;
    char text[TOPOLOGY_TEXT_MAX + 1];
    unsigned count, next;
    const char *word[MAX_WORDS];
};

/* ---- what an action is about ------------------------------------------------------------------------- */
enum topology_subject topology_action_subject(uint32_t kind)
{
    const char *usage = kind < ACTION_COUNT ? action_usages[kind] : "";

    if (strncmp(usage, "HBA", 3) == 0)
        return SUBJECT_HBA;
    if (strncmp(usage, "MACHINE", 7) == 0)
        return SUBJECT_MACHINE;
    return strncmp(usage, "ARRAY", 5) == 0 ? SUBJECT_ARRAY : SUBJECT_RUN;
}

enum array_port_state topology_action_state(const struct topology_action *action)
{
    static const enum array_port_state states[] = {
        ARRAY_STATE_OPTIMIZED,   ARRAY_STATE_NON_OPTIMIZED, ARRAY_STATE_STANDBY,
        ARRAY_STATE_UNAVAILABLE, ARRAY_STATE_TRANSITIONING, ARRAY_STATE_AUTOMATIC,
    };

    return states[action->fault < sizeof states / sizeof states[0] ? action->fault : 0];
}

static bool needs_time(const struct topology_action *a)
{
    if (a->kind == ACTION_MACHINE)
        return a->fault == MACHINE_PAUSE;
    return a->fault == FABRIC_SLOW || a->fault == FABRIC_LATE_COMPLETION ||
           a->fault == FABRIC_DUPLICATE || a->fault == FABRIC_LATE_COMMAND;
}

/* ---- the usage as a grammar --------------------------------------------------------------------------- */
/* The next word of a usage, without brackets; *optional stays true behind a bracket. False: the end. */
static bool next_usage_word(const char **usage, char word[USAGE_WORD], bool *optional)
{
    size_t length = 0;

    while (**usage == ' ')
        ++*usage;
    if (**usage == '\0')
        return false;
    if (**usage == '[') {
        *optional = true;
        ++*usage;
    }
    for (; **usage != '\0' && **usage != ' '; ++*usage)
        if (**usage != ']' && length < USAGE_WORD - 1)
            word[length++] = **usage;
    word[length] = '\0';
    return true;
}

/* Entry `index` of "a|b|c" into *name; false behind the last. */
static bool choice_at(const char *choices, unsigned index, char name[USAGE_WORD])
{
    size_t length;

    for (; index != 0; index--) {
        choices = strchr(choices, '|');
        if (choices == NULL)
            return false;
        choices++;
    }
    length = strcspn(choices, "|");
    memcpy(name, choices, length);
    name[length] = '\0';
    return true;
}

static bool is_yes_or_no(const char *choices)
{
    const char *bar = strchr(choices, '|');

    return bar != NULL && strchr(bar + 1, '|') == NULL;
}

/* ---- words of the file --------------------------------------------------------------------------------- */
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

static bool take_unsigned(struct words *w, const char *what, uint64_t minimum, uint64_t maximum,
                          uint64_t *result)
{
    struct text_error reason;

    if (w->next == w->count)
        return fail_usage(w);
    if (!text_parse_unsigned(w->word[w->next], minimum, maximum, result, &reason))
        return ini_error(w->topology->ini, w->value, w->error, "%s: %s", what, reason.message);
    w->next++;
    return true;
}

static bool take_number(struct words *w, const char *what, uint64_t minimum, uint64_t maximum,
                        uint32_t *result)
{
    uint64_t number;

    if (!take_unsigned(w, what, minimum, maximum, &number))
        return false;
    *result = (uint32_t)number;
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

/* ---- values -------------------------------------------------------------------------------------------- */
static bool read_hba(struct words *w)
{
    if (!take_object(w, SECTION_HBA, &w->action->hba))
        return false;
    if (w->topology->hbas[w->action->hba].real && w->action->kind != ACTION_LINK &&
        w->action->kind != ACTION_FLAP)
        return ini_error(w->topology->ini, w->value, w->error,
                         "%s drives real iSCSI paths: they obey link and flap, not %s",
                         w->topology->hbas[w->action->hba].object.name,
                         topology_action_names[w->action->kind]);
    if (w->topology->hbas[w->action->hba].kind == HBA_DRIVER && w->action->kind != ACTION_HBA)
        return ini_error(w->topology->ini, w->value, w->error,
                         "%s is a driver's: the timeline cannot reach behind its miniport",
                         w->topology->hbas[w->action->hba].object.name);
    return true;
}

static bool read_target(struct words *w)
{
    const struct topology_hba *hba = &w->topology->hbas[w->action->hba];

    if (hba->targets == 0)
        return ini_error(w->topology->ini, w->value, w->error, "%s has no targets", hba->object.name);
    return take_number(w, "target", 0, hba->targets - 1, &w->action->target);
}

static bool read_machine(struct words *w)
{
    return take_object(w, SECTION_MACHINE, &w->action->machine);
}

/* What the words mean together: of these three actions not every combination that the usage allows makes sense. */
static bool check_combination(struct words *w, unsigned choices_of_two)
{
    const struct topology *t = w->topology;
    const struct topology_action *a = w->action;

    if ((a->kind == ACTION_PATH_FAULT || a->kind == ACTION_MACHINE) && needs_time(a) != (a->period != 0))
        return fail_usage(w);
    if (a->kind == ACTION_HBA && (a->fault == HBA_POWER) != (choices_of_two != 0))
        return fail_usage(w);
    if (a->kind == ACTION_HBA && a->fault == HBA_POWER && t->hbas[a->hba].kind == HBA_DRIVER)
        return ini_error(t->ini, w->value, w->error, "%s is a driver's: the timeline can remove and insert it, not reach "
                         "behind its miniport", t->hbas[a->hba].object.name);
    if (a->kind == ACTION_MACHINE && a->fault == MACHINE_BOOT && t->path_count != 0)
        return ini_error(t->ini, w->value, w->error, "a machine boots in simulated worlds only; this file has a [path]");
    return true;
}

static bool read_array(struct words *w)
{
    return take_object(w, SECTION_ARRAY, &w->action->array);
}

static bool read_lun(struct words *w)
{
    struct topology_action *a = w->action;
    uint32_t number;

    if (!take_number(w, "LUN", 0, ARRAY_MAX_LUNS - 1, &number))
        return false;
    if (topology_find_lun(w->topology, a->array, number) == NULL)
        return ini_error(w->topology->ini, w->value, w->error, "%s has no LUN %u",
                         w->topology->arrays[a->array].object.name, number);
    a->lun = (uint16_t)number;
    return true;
}

static bool read_controller(struct words *w)
{
    return take_number(w, "controller", 0, w->topology->arrays[w->action->array].controllers - 1,
                       &w->action->controller);
}

static bool is_fabric(const struct topology *t, const char *name)
{
    for (size_t i = 0; i < t->hba_count; i++)
        if (t->hbas[i].fabric != NULL && strcmp(t->hbas[i].fabric, name) == 0)
            return true;
    for (size_t i = 0; i < t->link_count; i++)
        if (t->links[i].fabric != NULL && strcmp(t->links[i].fabric, name) == 0)
            return true;
    return false;
}

static bool read_fabric(struct words *w)
{
    if (w->next == w->count)
        return fail_usage(w);
    if (!is_fabric(w->topology, w->word[w->next]))
        return ini_error(w->topology->ini, w->value, w->error,
                         "no [hba] or [link] of this file says fabric = %.40s", w->word[w->next]);
    snprintf(w->action->fabric, sizeof w->action->fabric, "%s", w->word[w->next++]);
    return true;
}

/* The array behind the target that was named; for an action about an array: that one. */
static size_t array_of(const struct words *w)
{
    const struct topology *t = w->topology;

    if (topology_action_subject(w->action->kind) == SUBJECT_HBA)
        for (size_t i = 0; i < t->link_count; i++)
            if (t->links[i].hba == w->action->hba && w->action->target >= t->links[i].first_target &&
                w->action->target - t->links[i].first_target < t->links[i].ports)
                return t->links[i].array;
    return w->action->array;
}

static bool read_port(struct words *w)
{
    const struct topology_array *array = &w->topology->arrays[array_of(w)];

    return take_number(w, "port", 0, array->controllers * array->ports_per_controller - 1,
                       &w->action->port);
}

static bool read_count(struct words *w)
{
    return take_number(w, "count", 1,
                       w->action->kind == ACTION_FLAP ? TOPOLOGY_MAX_FLAPS : TOPOLOGY_MAX_INJECT,
                       &w->action->count);
}

static bool take_time(struct words *w, uint64_t *period)
{
    struct text_error reason;

    if (w->next == w->count)
        return fail_usage(w);
    if (!text_parse_time(w->word[w->next], period, &reason))
        return ini_error(w->topology->ini, w->value, w->error, "time: %s", reason.message);
    if (*period == 0 || *period > TOPOLOGY_MAX_TIME)
        return ini_error(w->topology->ini, w->value, w->error, "time %.40s; accepted: 100ns to %llu s",
                         w->word[w->next], (unsigned long long)(TOPOLOGY_MAX_TIME / WORLD_SECOND));
    w->next++;
    return true;
}

static bool read_time(struct words *w)
{
    return take_time(w, &w->action->period);
}

static bool read_retain(struct words *w)
{
    return take_time(w, &w->action->retain);
}

static bool read_size(struct words *w)
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

static bool read_number(struct words *w)
{
    if (w->action->kind == ACTION_IDENTITY)
        return take_unsigned(w, "number", 0, UINT32_MAX, &w->action->number);
    if (!take_unsigned(w, "LUN", 0, ARRAY_MAX_LUNS - 1, &w->action->number))
        return false;
    w->action->number++;
    return true;
}

static bool read_type(struct words *w)
{
    uint64_t *type = &w->action->number;

    if (!take_unsigned(w, "reservation type", 1, 8, type))
        return false;
    if (*type == 2 || *type == 4)
        return ini_error(w->topology->ini, w->value, w->error,
                         "reservation type %u is obsolete; accepted: 1, 3, 5, 6, 7 or 8",
                         (unsigned)*type);
    return true;
}

static bool read_status(struct words *w)
{
    return take_hex(w, 1, (uint8_t *const[]){&w->action->status});
}

static bool read_sense(struct words *w)
{
    return take_hex(w, 3, (uint8_t *const[]){&w->action->key, &w->action->asc, &w->action->ascq});
}

static bool read_attention(struct words *w)
{
    return take_hex(w, 2, (uint8_t *const[]){&w->action->asc, &w->action->ascq});
}

/* The other direction: the value as the file writes it; empty when an optional one was not given. */
static void write_value(const struct topology *t, const struct topology_action *a, const char *word,
                        char *text, size_t size)
{
    text[0] = '\0';
    if (strcmp(word, "HBA") == 0)
        snprintf(text, size, "%s", a->hba < t->hba_count ? t->hbas[a->hba].object.name : "?");
    else if (strcmp(word, "ARRAY") == 0)
        snprintf(text, size, "%s", a->array < t->array_count ? t->arrays[a->array].object.name : "?");
    else if (strcmp(word, "MACHINE") == 0)
        snprintf(text, size, "%s", a->machine < t->machine_count ? t->machines[a->machine].object.name : "?");
    else if (strcmp(word, "N") == 0)
        snprintf(text, size, "%u", a->target);
    else if (strcmp(word, "LUN") == 0)
        snprintf(text, size, "%u", a->lun);
    else if (strcmp(word, "CONTROLLER") == 0)
        snprintf(text, size, "%u", a->controller);
    else if (strcmp(word, "PORT") == 0)
        snprintf(text, size, "%u", a->port);
    else if (strcmp(word, "COUNT") == 0)
        snprintf(text, size, "%u", a->count);
    else if ((strcmp(word, "TIME") == 0 || strcmp(word, "WAIT") == 0) && a->period != 0)
        topology_time_text(a->period, text, size);
    else if (strcmp(word, "RETAIN") == 0)
        topology_time_text(a->retain, text, size);
    else if (strcmp(word, "FABRIC") == 0)
        snprintf(text, size, "%s", a->fabric);
    else if (strcmp(word, "SIZE") == 0)
        snprintf(text, size, "%llu", (unsigned long long)a->size);
    else if (strcmp(word, "NUMBER") == 0 && a->kind == ACTION_IDENTITY)
        snprintf(text, size, "%llu", (unsigned long long)a->number);
    else if (strcmp(word, "NUMBER") == 0 && a->number != 0)
        snprintf(text, size, "%llu", (unsigned long long)a->number - 1); /* mask, map */
    else if (strcmp(word, "TYPE") == 0 && a->number != 0)
        snprintf(text, size, "%llu", (unsigned long long)a->number);
    else if (strcmp(word, "STATUS") == 0)
        snprintf(text, size, "%02x", a->status);
    else if (strcmp(word, "KEY/ASC/ASCQ") == 0)
        snprintf(text, size, "%x/%02x/%02x", a->key, a->asc, a->ascq);
    else if (strcmp(word, "ASC/ASCQ") == 0)
        snprintf(text, size, "%02x/%02x", a->asc, a->ascq);
}

static const struct {
    const char *word;
    bool (*read)(struct words *w);
} readers[] = {
    {"HBA", read_hba},       {"ARRAY", read_array},           {"MACHINE", read_machine},
    {"N", read_target},      {"LUN", read_lun},               {"CONTROLLER", read_controller},
    {"PORT", read_port},     {"FABRIC", read_fabric},         {"COUNT", read_count},
    {"TIME", read_time},     {"WAIT", read_time},             {"RETAIN", read_retain},
    {"SIZE", read_size},     {"NUMBER", read_number},         {"TYPE", read_type},
    {"STATUS", read_status}, {"KEY/ASC/ASCQ", read_sense},    {"ASC/ASCQ", read_attention},
};

/* ---- reading --------------------------------------------------------------------------------------------- */
static bool read_choice(struct words *w, const char *choices)
{
    char name[USAGE_WORD];

    for (unsigned i = 0; choice_at(choices, i, name); i++) {
        if (!take_word(w, name))
            continue;
        if (is_yes_or_no(choices))
            w->action->up = i == 0;
        else
            w->action->fault = i;
        return true;
    }
    return fail_usage(w);
}

static bool read_usage_word(struct words *w, const char *word)
{
    if (strchr(word, '|') != NULL)
        return read_choice(w, word);
    for (unsigned i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (strcmp(word, readers[i].word) == 0)
            return readers[i].read(w);
    return take_word(w, word) || fail_usage(w);
}

static bool read_arguments(struct words *w)
{
    const char *usage = action_usages[w->action->kind];
    char word[USAGE_WORD];
    bool optional = false;
    unsigned choices = 0; /* of two, that were given */

    w->action->target = HBA_ALL_TARGETS;
    while (next_usage_word(&usage, word, &optional)) {
        /* `[target N]` stands before other words and is known by its first; other brackets are the last. */
        bool absent = strcmp(word, "target") == 0
                          ? w->next == w->count || !ini_same_name(w->word[w->next], word)
                          : w->next == w->count;

        if (optional && absent) {
            if (strcmp(word, "target") == 0)
                next_usage_word(&usage, word, &optional);
        } else if (!read_usage_word(w, word)) {
            return false;
        } else {
            choices += is_yes_or_no(word);
        }
        if (strcmp(word, "N") == 0)
            optional = false;
    }
    return check_combination(w, choices) && (w->next == w->count || fail_usage(w));
}

static bool read_kind(struct words *w)
{
    const char *nearest;
    char list[256];

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

bool topology_read_action(const struct topology *t, const struct ini_value *value,
                          struct topology_action *action, struct text_error *error)
{
    struct words w = {.topology = t, .value = value, .error = error, .action = action};

    return split_words(&w) && read_kind(&w) && read_arguments(&w);
}

/* ---- writing --------------------------------------------------------------------------------------------- */
void topology_action_text(const struct topology *t, const struct topology_action *a, char *text,
                          size_t size)
{
    const char *usage = action_usages[a->kind];
    char word[USAGE_WORD], shown[USAGE_WORD];
    bool optional = false;
    size_t used = 0;

    snprintf(text, size, "%s", topology_action_names[a->kind]);
    while (next_usage_word(&usage, word, &optional)) {
        if (strcmp(word, "target") == 0 && a->target == HBA_ALL_TARGETS) {
            next_usage_word(&usage, word, &optional);
            continue;
        }
        if (strchr(word, '|') != NULL) {
            if (a->kind == ACTION_HBA && is_yes_or_no(word) && a->fault != HBA_POWER)
                shown[0] = '\0';
            else if (!choice_at(word, is_yes_or_no(word) ? !a->up : a->fault, shown))
                snprintf(shown, sizeof shown, "?");
        } else if (word[0] >= 'A' && word[0] <= 'Z') {
            write_value(t, a, word, shown, sizeof shown);
        } else {
            snprintf(shown, sizeof shown, "%s", word);
        }
        used = strlen(text);
        if (shown[0] != '\0')
            snprintf(text + used, size - used, " %s", shown);
    }
}
