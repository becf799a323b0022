/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on reservations (SPC-4 5.12, tables 43 and 44; SBC-3 table 13; SPC-2 5.5.1 for RESERVE
 * and RELEASE). The model learns from the commands that arrays execute, by I_T nexus name, and shares no
 * code with the array: where the two differ, one of them is wrong. Commands on which the standards leave a
 * choice, or which do not reach the reservation (unit attention, not ready), are not judged.
 *
 * Media commands cost one look at `watching` while nothing is registered or reserved anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "array/wire.h"
#include "world/check_private.h"

#define GOOD                 0x00
#define RESERVATION_CONFLICT 0x18
#define NAME_MAX_BYTES       241

enum { RESERVE6 = 0x16, RELEASE6 = 0x17, RESERVE10 = 0x56, RELEASE10 = 0x57, PERSISTENT_OUT = 0x5f };
enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_AND_IGNORE, REGISTER_AND_MOVE };
enum { ALL_TG_PT = 0x04, SPEC_I_PT = 0x08, APTPL = 0x01 };
enum expected { EITHER, PASS, CONFLICT };

struct registrant {
    struct registrant *next;
    const struct machine *machine;  /* that registered it; NULL: a ghost's */
    uint64_t key;
    unsigned port;
    char name[NAME_MAX_BYTES];
};

struct watched_lun {
    struct watched_lun *next;
    const struct array *array;
    unsigned number;
    struct registrant *registrants;
    unsigned type;                  /* of the persistent reservation; 0: none */
    struct registrant *holder;      /* NULL for the all-registrants types */
    bool simple;                    /* RESERVE holds the unit, for this nexus */
    unsigned simple_port;
    char simple_name[NAME_MAX_BYTES];
    bool persist;                   /* registrations survive a loss of power */
    bool blind;                     /* the model lost count: judges nothing until nothing is left */
    bool counted;                   /* in `watching` */
    unsigned excuses;
};

/* ---- the books ------------------------------------------------------------------------------------------ */
static bool all_registrants(unsigned type)
{
    return type == 7 || type == 8;
}

static void count(struct check *c, struct watched_lun *l)
{
    bool busy = l->registrants != NULL || l->simple || l->blind || l->excuses != 0;

    if (busy != l->counted)
        c->watching += busy ? 1u : -1u;
    l->counted = busy;
}

static void drop_registrants(struct watched_lun *l)
{
    while (l->registrants != NULL) {
        struct registrant *next = l->registrants->next;

        free(l->registrants);
        l->registrants = next;
    }
    l->type = 0;
    l->holder = NULL;
    l->blind = false;
}

void check_forget_luns(struct check *c)
{
    while (c->luns != NULL) {
        struct watched_lun *next = c->luns->next;

        drop_registrants(c->luns);
        free(c->luns);
        c->luns = next;
    }
    c->watching = 0;
}

static struct watched_lun *find(struct check *c, const struct array *a, unsigned number)
{
    struct watched_lun *l = c->luns;

    while (l != NULL && (l->array != a || l->number != number))
        l = l->next;
    return l;
}

/* NULL: out of memory. */
static struct watched_lun *find_or_add(struct check *c, const struct array *a, unsigned number)
{
    struct watched_lun *l = find(c, a, number);

    if (l != NULL)
        return l;
    l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->array = a;
    l->number = number;
    l->next = c->luns;
    c->luns = l;
    return l;
}

static struct registrant *registrant(const struct watched_lun *l, const char *name, unsigned port)
{
    struct registrant *r = l->registrants;

    while (r != NULL && (r->port != port || strcasecmp(r->name, name) != 0))
        r = r->next;
    return r;
}

static bool set_key(struct watched_lun *l, const struct check_sender *s, unsigned port, uint64_t key)
{
    struct registrant *r = registrant(l, s->initiator, port);

    if (r == NULL) {
        r = calloc(1, sizeof *r);
        if (r == NULL)
            return false;
        snprintf(r->name, sizeof r->name, "%s", s->initiator);
        r->machine = s->machine;
        r->port = port;
        r->next = l->registrants;
        l->registrants = r;
    }
    r->key = key;
    return true;
}

/* A registration goes, and with the holder's, or the last of all registrants, the reservation. */
static void drop(struct watched_lun *l, struct registrant *r)
{
    struct registrant **link = &l->registrants;

    while (*link != r)
        link = &(*link)->next;
    *link = r->next;
    if (l->holder == r || (all_registrants(l->type) && l->registrants == NULL)) {
        l->type = 0;
        l->holder = NULL;
    }
    free(r);
}

static unsigned drop_key(struct watched_lun *l, uint64_t key, const struct registrant *spare)
{
    struct registrant *next;
    unsigned dropped = 0;

    for (struct registrant *r = l->registrants; r != NULL; r = next) {
        next = r->next;
        if (r == spare || (key != 0 && r->key != key))
            continue;
        drop(l, r);
        dropped++;
    }
    return dropped;
}

/* ---- what must come out ------------------------------------------------------------------------------ */
enum media { NOT_MEDIA, READS, WRITES };

static enum media media_class(unsigned opcode)
{
    switch (opcode) {
    case 0x08: case 0x28: case 0x88: case 0xa8: /* READ */
    case 0x2f: case 0x8f: case 0xaf:            /* VERIFY */
        return READS;
    case 0x0a: case 0x2a: case 0x8a: case 0xaa: /* WRITE */
    case 0x2e: case 0x8e: case 0xae:            /* WRITE AND VERIFY */
    case 0x41: case 0x93: case 0x42:            /* WRITE SAME, UNMAP */
    case 0x89: case 0x8b:                       /* COMPARE AND WRITE, ORWRITE */
    case 0x35: case 0x91:                       /* SYNCHRONIZE CACHE */
        return WRITES;
    default:
        return NOT_MEDIA;
    }
}

static bool passes_everything(unsigned opcode)
{
    return opcode == 0x12 || opcode == 0x03 || opcode == 0xa0; /* INQUIRY, REQUEST SENSE, REPORT LUNS */
}

static bool holds_unit(const struct watched_lun *l, const struct check_sender *s)
{
    return l->simple && l->simple_port == s->port && strcasecmp(l->simple_name, s->initiator) == 0;
}

static bool holds(const struct watched_lun *l, const struct registrant *r)
{
    return r != NULL && (all_registrants(l->type) || l->holder == r);
}

static enum expected expect_media(const struct watched_lun *l, const struct registrant *r, enum media media)
{
    if (l->type == 0 || holds(l, r))
        return PASS;
    if (media == READS && (l->type == 1 || l->type == 5 || l->type == 7))
        return PASS;
    return l->type >= 5 && r != NULL ? PASS : CONFLICT;
}

static enum expected expect_preempt(const struct watched_lun *l, uint64_t target)
{
    if (target == 0)
        return EITHER; /* everybody's, or CHECK CONDITION */
    for (const struct registrant *r = l->registrants; r != NULL; r = r->next)
        if (r->key == target)
            return PASS;
    return CONFLICT;
}

static enum expected expect_persistent(const struct watched_lun *l, const struct registrant *r,
                                       const struct array_cmd *cmd)
{
    const uint8_t *list = cmd->data;
    unsigned action = cmd->cdb[1] & 0x1f;
    uint64_t key;

    if (cmd->cdb_length < 10 || !cmd->out || list == NULL || cmd->length < 24)
        return EITHER;
    key = get_64(list);
    if (action == REGISTER_AND_IGNORE)
        return PASS;
    if (action == REGISTER)
        return list[20] & (ALL_TG_PT | SPEC_I_PT) ? EITHER : key == (r != NULL ? r->key : 0) ? PASS : CONFLICT;
    if (r == NULL || r->key != key)
        return CONFLICT;
    switch (action) {
    case RESERVE:
        return l->type == 0 || (holds(l, r) && l->type == (cmd->cdb[2] & 0x0fu)) ? PASS : CONFLICT;
    case RELEASE:
    case CLEAR:
        return PASS;
    case PREEMPT:
    case PREEMPT_AND_ABORT:
        return expect_preempt(l, get_64(list + 8));
    case REGISTER_AND_MOVE:
        return l->holder == r && l->type != 0 ? PASS : CONFLICT;
    default:
        return EITHER;
    }
}

static enum expected expect(const struct watched_lun *l, const struct check_sender *s,
                            const struct array_cmd *cmd)
{
    const struct registrant *r = registrant(l, s->initiator, s->port);
    unsigned opcode = cmd->cdb[0];
    enum media media = media_class(opcode);

    if (passes_everything(opcode))
        return PASS;
    if (opcode == RELEASE6 || opcode == RELEASE10)
        return EITHER; /* GOOD for everybody, or a conflict with registrations */
    if (l->simple && !holds_unit(l, s))
        return media != NOT_MEDIA || opcode == 0x00 || opcode == RESERVE6 || opcode == RESERVE10 ||
                       opcode == PERSISTENT_OUT ? CONFLICT : EITHER;
    if (opcode == RESERVE6 || opcode == RESERVE10)
        return l->registrants == NULL ? PASS : EITHER; /* CRH decides */
    if (opcode == PERSISTENT_OUT)
        return l->simple ? CONFLICT : expect_persistent(l, r, cmd);
    if (media != NOT_MEDIA)
        return expect_media(l, r, media);
    return opcode == 0x00 ? PASS : EITHER;
}

/* ---- judging ------------------------------------------------------------------------------------------ */
static bool machine_is_registered(const struct watched_lun *l, const struct machine *m)
{
    for (const struct registrant *r = l->registrants; r != NULL; r = r->next)
        if (r->machine == m)
            return true;
    return false;
}

static void judge(const struct watched_lun *l, const struct check_sender *s, const struct array_cmd *cmd)
{
    enum expected want = expect(l, s, cmd);
    uint64_t where = (uint64_t)l->number << 32 | s->port;

    if (want == PASS && cmd->status == RESERVATION_CONFLICT)
        check_report(s->world, s->machine, CHECK_RESERVATION, where, cmd->cdb[0],
                     "%s LUN %u refused command %02X of %.60s through port %u with RESERVATION CONFLICT; "
                     "reservation type %u admits it", array_name(s->array), l->number, cmd->cdb[0],
                     s->initiator, s->port, l->type);
    if (want == CONFLICT && cmd->status == GOOD)
        check_report(s->world, s->machine, CHECK_RESERVATION, where, cmd->cdb[0],
                     "%s LUN %u executed command %02X of %.60s through port %u though %s keeps it out",
                     array_name(s->array), l->number, cmd->cdb[0], s->initiator, s->port,
                     l->simple ? "a RESERVE" : "its reservation");
    if (l->type >= 5 && media_class(cmd->cdb[0]) != NOT_MEDIA && s->machine != NULL && want == CONFLICT &&
        registrant(l, s->initiator, s->port) == NULL && machine_is_registered(l, s->machine))
        check_report(s->world, s->machine, CHECK_UNREGISTERED, where, cmd->cdb[0],
                     "media command %02X to %s LUN %u from %.60s through port %u, a path that is not "
                     "registered, while the machine is registered through others", cmd->cdb[0],
                     array_name(s->array), l->number, s->initiator, s->port);
}

/* ---- learning ------------------------------------------------------------------------------------------- */
static void learn_register(struct watched_lun *l, const struct check_sender *s, const uint8_t *list)
{
    uint64_t key = get_64(list + 8);
    unsigned first = list[20] & ALL_TG_PT ? 0 : s->port;
    unsigned last = list[20] & ALL_TG_PT ? array_ports(s->array) - 1 : s->port;

    for (unsigned port = first; port <= last; port++) {
        struct registrant *r = registrant(l, s->initiator, port);

        if (key == 0 && r != NULL)
            drop(l, r);
        else if (key != 0 && !set_key(l, s, port, key))
            l->blind = true;
    }
    l->blind = l->blind || (list[20] & SPEC_I_PT) != 0;
    l->persist = list[20] & APTPL;
}

static void learn_preempt(struct watched_lun *l, struct registrant *r, uint64_t target, unsigned type)
{
    bool takes_over = all_registrants(l->type) ? target == 0
                                               : l->holder != NULL && l->holder->key == target;

    if (!takes_over) {
        drop_key(l, target, NULL);
        return;
    }
    drop_key(l, target, r);
    l->type = type;
    l->holder = all_registrants(type) ? NULL : r;
}

static void learn_persistent(struct watched_lun *l, const struct check_sender *s, const struct array_cmd *cmd)
{
    const uint8_t *list = cmd->data;
    struct registrant *r = registrant(l, s->initiator, s->port);
    unsigned type = cmd->cdb[2] & 0x0f;

    if (list == NULL || cmd->length < 24)
        return;
    switch (cmd->cdb[1] & 0x1f) {
    case REGISTER:
    case REGISTER_AND_IGNORE:
        learn_register(l, s, list);
        break;
    case RESERVE:
        if (l->type == 0) {
            l->type = type;
            l->holder = all_registrants(type) ? NULL : r;
        }
        break;
    case RELEASE:
        if (holds(l, r)) {
            l->type = 0;
            l->holder = NULL;
        }
        break;
    case CLEAR:
        drop_registrants(l);
        break;
    case PREEMPT:
    case PREEMPT_AND_ABORT:
        learn_preempt(l, r, get_64(list + 8), type);
        break;
    default:
        l->blind = true; /* REGISTER AND MOVE: by TransportID, to whoever that is */
        break;
    }
}

static void learn(struct watched_lun *l, const struct check_sender *s, const struct array_cmd *cmd)
{
    switch (cmd->cdb[0]) {
    case PERSISTENT_OUT:
        learn_persistent(l, s, cmd);
        break;
    case RESERVE6:
    case RESERVE10:
        if (l->registrants != NULL)
            break; /* CRH: GOOD without effect */
        l->simple = true;
        l->simple_port = s->port;
        snprintf(l->simple_name, sizeof l->simple_name, "%s", s->initiator);
        break;
    case RELEASE6:
    case RELEASE10:
        l->simple = l->simple && !holds_unit(l, s);
        break;
    default:
        break;
    }
}

static bool changes_reservations(unsigned opcode)
{
    return opcode == PERSISTENT_OUT || (opcode & 0xbe) == RESERVE6; /* 16h, 17h, 56h, 57h */
}

bool check_concerns(const struct world *w, const struct array_cmd *cmd)
{
    return (w->check != NULL && w->check->watching != 0) || cmd->status == RESERVATION_CONFLICT ||
           (cmd->cdb_length != 0 && changes_reservations(cmd->cdb[0]));
}

void check_executed(const struct check_sender *s, const struct array_cmd *cmd)
{
    struct check *c = check_of(s->world);
    unsigned opcode = cmd->cdb_length != 0 ? cmd->cdb[0] : 0;
    int number = cmd->cdb_length < 6 ? -1 : array_seen_lun(s->nexus, cmd->lun);
    struct watched_lun *l;

    if (c == NULL || number < 0 || (l = find_or_add(c, s->array, (unsigned)number)) == NULL)
        return;
    if (cmd->status == RESERVATION_CONFLICT && l->excuses != 0)
        l->excuses--;
    else if (!l->blind)
        judge(l, s, cmd);
    if (cmd->status == GOOD && changes_reservations(opcode))
        learn(l, s, cmd);
    count(c, l);
}

/* ---- other ends of reservations ------------------------------------------------------------------------ */
void check_reset(const struct check_sender *s, const uint8_t *lun)
{
    struct check *c = s->world->check;
    int number = c != NULL && lun != NULL ? array_seen_lun(s->nexus, lun) : -1;

    for (struct watched_lun *l = c != NULL ? c->luns : NULL; l != NULL; l = l->next) {
        if (l->array != s->array || (lun != NULL && (number < 0 || l->number != (unsigned)number)))
            continue;
        l->simple = false;
        count(c, l);
    }
}

void check_logged_out(const struct check_sender *s)
{
    struct check *c = s->world->check;

    for (struct watched_lun *l = c != NULL ? c->luns : NULL; l != NULL; l = l->next) {
        if (l->array != s->array || !holds_unit(l, s))
            continue;
        l->simple = false;
        count(c, l);
    }
}

void check_power_lost(struct world *w, const struct array *a)
{
    struct check *c = w->check;

    for (struct watched_lun *l = c != NULL ? c->luns : NULL; l != NULL; l = l->next) {
        if (l->array != a)
            continue;
        l->simple = false;
        l->excuses = 0;
        if (!l->persist)
            drop_registrants(l);
        count(c, l);
    }
}

void check_lun_removed(struct world *w, const struct array *a, uint16_t lun)
{
    struct check *c = w->check;
    struct watched_lun *l = c != NULL ? find(c, a, lun) : NULL;

    if (l == NULL)
        return;
    drop_registrants(l);
    l->simple = false;
    l->excuses = 0;
    count(c, l);
}

void check_excuse(struct world *w, const struct array *a, uint16_t lun, unsigned count_wanted)
{
    struct check *c = check_of(w);
    struct watched_lun *l = c != NULL ? find_or_add(c, a, lun) : NULL;

    if (l == NULL)
        return;
    l->excuses = count_wanted;
    count(c, l);
}
