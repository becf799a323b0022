/* SPDX-License-Identifier: MIT */
/*
 * The login phase (RFC 7143 6): who it is, who it wants, CHAP where it is asked for, the operational keys,
 * and then a session: an older one of the same initiator port goes, the array gets a nexus. Everything is
 * bounded: text, PDUs and time of one login.
 */
#include "target/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct step {                   /* one login request */
    struct buffer out;
    struct chap_keys chap;
    const char *auth_method, *initiator, *target, *session_type;
    bool transit;
    unsigned stage, next;       /* as asked for */
};

void login_free(struct login *l)
{
    if (l)
        buffer_free(&l->text);
    free(l);
}

/* ---- responses --------------------------------------------------------------------------------- */
static void respond(struct connection *c, unsigned flags, enum login_status status, struct buffer *text)
{
    struct output *o = output_new(c, LOGIN_RESPONSE);
    size_t length = 0;
    char *data = text ? buffer_take(text, &length) : NULL;

    if (!o) {
        free(data);
        return;
    }
    o->header[1] = (uint8_t)flags;
    memcpy(o->header + AT_ISID, c->isid, 6);
    put_16(o->header + AT_TSIH, c->tsih);
    put_32(o->header + AT_TAG, c->login->tag);
    put_16(o->header + 36, (uint16_t)status);
    output_numbers(c, o, true);
    o->owned = data;
    output_queue(c, o, data, (uint32_t)length);
}

static void refuse(struct connection *c, enum login_status status, const char *why)
{
    struct buffer text = {0};

    if (status >> 8 == 1) {
        buffer_printf(&text, "TargetAddress=%s,%u", c->portal->redirect, c->portal->port + 1);
        buffer_append_byte(&text, 0);
    } else {
        target_log(c->target, c->peer, "portal %u: login of \"%.60s\" refused (%04x): %s", c->portal->index,
                   c->initiator, status, why);
    }
    respond(c, 0, status, &text);
    buffer_free(&text);
    connection_end(c, false);
}

/* ---- sessions ---------------------------------------------------------------------------------- */
static bool same_session(const struct connection *a, const struct connection *b)
{
    return a->node == b->node && a->portal->port == b->portal->port && memcmp(a->isid, b->isid, 6) == 0 &&
           strcasecmp(a->initiator, b->initiator) == 0;
}

static struct connection *find_session(const struct connection *like)
{
    struct connection *c = like->target->connections;

    while (c && !(c != like && c->full && !c->ended && !c->discovery && same_session(c, like)))
        c = c->next;
    return c;
}

static uint16_t free_tsih(struct target *t)
{
    struct connection *c;

    do {
        t->last_tsih += 1 + (t->last_tsih == UINT16_MAX);
        for (c = t->connections; c && c->tsih != t->last_tsih;)
            c = c->next;
    } while (c); /* far fewer sessions than numbers */
    return t->last_tsih;
}

/* False: refused. */
static bool make_session(struct connection *c)
{
    struct target *t = c->target;
    struct connection *old = c->discovery ? NULL : find_session(c);
    char name[TOPOLOGY_INITIATOR_MAX + 20];

    if (old) { /* session reinstatement: RFC 7143 6.3.5 */
        target_log(t, c->peer, "portal %u: %s logs in anew: the session of %s ends", c->portal->index,
                   c->initiator, old->peer);
        connection_end(old, true);
    }
    if (t->sessions == TARGET_MAX_SESSIONS) {
        refuse(c, LOGIN_NO_RESOURCES, "too many sessions");
        return false;
    }
    if (!c->discovery) {
        snprintf(name, sizeof name, "%s,i,0x%02x%02x%02x%02x%02x%02x", c->initiator, c->isid[0], c->isid[1],
                 c->isid[2], c->isid[3], c->isid[4], c->isid[5]);
        c->nexus = array_login(c->node->array, c->portal->port, name);
        if (!c->nexus) {
            refuse(c, LOGIN_NO_RESOURCES, "the array takes no more initiators");
            return false;
        }
    }
    c->tsih = free_tsih(t);
    return true;
}

static void enter_full_feature(struct connection *c)
{
    struct target *t = c->target;
    struct parameters *p = &c->parameters;

    if (p->first_burst > p->max_burst)
        p->first_burst = p->max_burst;
    c->user = c->login->user;
    c->full = true;
    t->half_open--;
    t->sessions++;
    buffer_free(&c->login->text);
    world_post(t->world, &c->timer, world_now(t->world) + TARGET_IDLE_TIME, EVENT_DPC);
}

/* ---- first request: who and where ---------------------------------------------------------------- */
static bool valid_name(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length > TOPOLOGY_INITIATOR_MAX)
        return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= 0x20 || *c == 0x7f || *c == ',')
            return false;
    return strncasecmp(name, "iqn.", 4) == 0 || strncasecmp(name, "eui.", 4) == 0 ||
           strncasecmp(name, "naa.", 4) == 0;
}

static struct node *find_node(struct target *t, const char *name)
{
    for (unsigned i = 0; i < t->node_count; i++)
        if (strcasecmp(t->nodes[i].name, name) == 0)
            return &t->nodes[i];
    return NULL;
}

static bool identify(struct connection *c, const struct step *s)
{
    if (!s->initiator) {
        refuse(c, LOGIN_MISSING_PARAMETER, "no InitiatorName");
        return false;
    }
    if (!valid_name(s->initiator)) {
        refuse(c, LOGIN_INITIATOR_ERROR, "InitiatorName is no iSCSI name");
        return false;
    }
    snprintf(c->initiator, sizeof c->initiator, "%s", s->initiator);
    c->discovery = s->session_type && strcmp(s->session_type, "Discovery") == 0;
    if (s->session_type && !c->discovery && strcmp(s->session_type, "Normal") != 0) {
        refuse(c, LOGIN_SESSION_TYPE, "unknown SessionType");
        return false;
    }
    if (c->portal->redirect[0] && !c->discovery) {
        refuse(c, c->portal->redirect_permanent ? LOGIN_MOVED_PERMANENTLY : LOGIN_MOVED_TEMPORARILY, "moved");
        return false;
    }
    if (c->discovery)
        return true;
    if (!s->target) {
        refuse(c, LOGIN_MISSING_PARAMETER, "no TargetName");
        return false;
    }
    c->node = find_node(c->target, s->target);
    if (!c->node || c->portal->port >= array_ports(c->node->array)) {
        c->node = NULL;
        refuse(c, LOGIN_NOT_FOUND, "no such target at this portal");
        return false;
    }
    if (!array_controller_is_up(c->node->array, array_controller_of_port(c->node->array, c->portal->port))) {
        refuse(c, LOGIN_UNAVAILABLE, "its controller is down");
        return false;
    }
    if (c->login->tsih != 0) {
        const struct connection *there = find_session(c);
        bool it = there && there->tsih == c->login->tsih;
        refuse(c, it ? LOGIN_TOO_MANY_CONNECTIONS : LOGIN_NO_SUCH_SESSION,
               it ? "MaxConnections is 1" : "no session of that TSIH");
        return false;
    }
    return true;
}

/* ---- stages -------------------------------------------------------------------------------------- */
static bool in_list(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = list; *at;) {
        size_t item = strcspn(at, ",");
        if (item == length && strncmp(at, name, length) == 0)
            return true;
        at += item + (at[item] == ',');
    }
    return false;
}

/* False: refused. */
static bool security(struct connection *c, struct step *s)
{
    struct login *l = c->login;
    bool needed = target_needs_chap(c->target, c->node), proven;

    if (s->auth_method) {
        bool chap = in_list(s->auth_method, "CHAP"), none = in_list(s->auth_method, "None");
        if (needed ? !chap : !none) {
            refuse(c, LOGIN_AUTHENTICATION, needed ? "CHAP is required" : "no AuthMethod in common");
            return false;
        }
        buffer_key(&s->out, "AuthMethod", needed ? "CHAP" : "None");
    }
    if (!needed) {
        l->security_done = true;
        return true;
    }
    enum login_status status = chap_step(c, &s->chap, &s->out, &proven);
    if (status != LOGIN_GOOD) {
        refuse(c, status, "CHAP failed");
        return false;
    }
    l->security_done = l->security_done || proven;
    if (!l->security_done)
        s->transit = false;
    return true;
}

static bool remember(struct step *s, const struct text_pair *pair, bool *operational)
{
    const struct {
        const char *key, **value;
    } known[] = {
        {"InitiatorName", &s->initiator}, {"TargetName", &s->target}, {"SessionType", &s->session_type},
        {"AuthMethod", &s->auth_method}, {"CHAP_A", &s->chap.algorithms}, {"CHAP_N", &s->chap.name},
        {"CHAP_R", &s->chap.response}, {"CHAP_I", &s->chap.identifier}, {"CHAP_C", &s->chap.challenge},
    };

    *operational = true;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].key, pair->key) != 0)
            continue;
        *operational = false;
        if (*known[i].value)
            return false; /* twice */
        *known[i].value = pair->value;
    }
    return true;
}

/* False: refused, or the text is no text. Operational keys are answered when the session's type and node
 * are known, that is in a second pass. */
static bool read_text(struct connection *c, struct step *s)
{
    struct login *l = c->login;
    struct text_pair pair;
    bool bad = false, operational;
    char *at = l->text.data, *end = at ? at + l->text.length : NULL;
    bool first = !l->started;

    /* The pairs are cut in place: a second walk finds key and value as two texts, so note them now. */
    struct text_pair later[64];
    unsigned count = 0;
    while (at && text_next(&at, end, &pair, &bad)) {
        if (!remember(s, &pair, &operational)) {
            refuse(c, LOGIN_INITIATOR_ERROR, "a key came twice");
            return false;
        }
        if (operational && count == sizeof later / sizeof later[0]) {
            refuse(c, LOGIN_INITIATOR_ERROR, "too many keys");
            return false;
        }
        if (operational)
            later[count++] = pair;
    }
    if (bad) {
        refuse(c, LOGIN_INITIATOR_ERROR, "text that is no key=value");
        return false;
    }
    if (first && !identify(c, s))
        return false;
    l->started = true;
    if (s->stage == STAGE_SECURITY && !security(c, s))
        return false;
    if (s->stage == STAGE_OPERATIONAL && !l->security_done && target_needs_chap(c->target, c->node)) {
        refuse(c, LOGIN_AUTHENTICATION, "CHAP is required");
        return false;
    }
    for (unsigned i = 0; i < count; i++)
        if (!negotiate_key(c, &later[i], &s->out)) {
            refuse(c, LOGIN_INITIATOR_ERROR, "a key came twice");
            return false;
        }
    if (s->stage == STAGE_OPERATIONAL)
        negotiate_declare(c, &s->out);
    if (first && !c->discovery) {
        buffer_printf(&s->out, "TargetPortalGroupTag=%u", c->portal->port + 1);
        buffer_append_byte(&s->out, 0);
    }
    return true;
}

/* ---- the request ---------------------------------------------------------------------------------- */
/* What all requests of a login must agree on. */
static bool consistent(struct connection *c)
{
    struct login *l = c->login;
    const uint8_t *h = c->header;
    unsigned flags = h[1], stage = flags >> 2 & 3, next = flags & 3;

    if (l->pdus++ == 0) {
        memcpy(c->isid, h + AT_ISID, 6);
        l->tsih = get_16(h + AT_TSIH);
        l->cid = get_16(h + AT_CID);
        l->tag = get_32(h + AT_TAG);
        l->stage = stage;
        c->exp_cmd_sn = get_32(h + AT_CMD_SN);
        if (h[3] > 0) {
            refuse(c, LOGIN_VERSION, "iSCSI version above 0");
            return false;
        }
    }
    if (l->pdus > TARGET_MAX_LOGIN_PDUS)
        refuse(c, LOGIN_INITIATOR_ERROR, "the login does not come to an end");
    else if (!(h[0] & PDU_IMMEDIATE) || memcmp(c->isid, h + AT_ISID, 6) != 0 || l->tag != get_32(h + AT_TAG) ||
             l->cid != get_16(h + AT_CID) || l->tsih != get_16(h + AT_TSIH))
        refuse(c, LOGIN_INVALID, "the requests of one login differ");
    else if (stage != l->stage || stage > STAGE_OPERATIONAL || (flags & PDU_CONTINUE && flags & PDU_FINAL) ||
             (flags & PDU_FINAL && (next <= stage || next == 2)))
        refuse(c, LOGIN_INVALID, "stages out of order");
    return !c->ended;
}

static void answer(struct connection *c, struct step *s)
{
    unsigned flags = s->stage << 2;

    if (s->transit) {
        flags |= PDU_FINAL | s->next;
        c->login->stage = s->next;
    }
    if (s->transit && s->next == STAGE_FULL) {
        /* What a login without an operational stage leaves unsaid. */
        negotiate_declare(c, &s->out);
        if (!make_session(c))
            return;
    }
    respond(c, flags, LOGIN_GOOD, &s->out);
    if (s->transit && s->next == STAGE_FULL && !c->ended)
        enter_full_feature(c);
}

void login_request(struct connection *c)
{
    struct login *l = c->login;
    unsigned flags = c->header[1];
    struct step s = {.transit = flags & PDU_FINAL, .stage = flags >> 2 & 3, .next = flags & 3};

    if (!consistent(c))
        return;
    if (c->data_length > 0 && !buffer_append(&l->text, c->segment, c->data_length)) {
        refuse(c, LOGIN_INITIATOR_ERROR, "too much text");
        return;
    }
    if (flags & PDU_CONTINUE) {
        respond(c, s.stage << 2, LOGIN_GOOD, NULL);
        return;
    }
    buffer_init(&s.out, TARGET_LOGIN_SEGMENT);
    if (read_text(c, &s)) {
        if (s.out.failed)
            refuse(c, LOGIN_NO_RESOURCES, "the answer is too long");
        else
            answer(c, &s);
    }
    buffer_free(&s.out);
    if (!c->full)
        buffer_clear(&l->text);
}
