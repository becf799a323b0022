/* SPDX-License-Identifier: MIT */
/*
 * Text requests of the full-feature phase: SendTargets with every portal and its group tag, and the one
 * parameter that may change in a session. Requests and answers may come in parts, both bounded.
 */
#include "target/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/host.h"

#define ANSWER_MAX (256u << 10) /* 64 arrays with 64 portals each fit */

/* A portal on all addresses is told as the address this initiator came to. */
static void add_address(struct connection *c, const struct portal *p, struct buffer *out)
{
    const char *colon = strrchr(p->address, ':');
    char own[96];
    bool any = strncmp(p->address, "0.0.0.0:", 8) == 0 || strncmp(p->address, "[::]:", 5) == 0;

    buffer_append_text(out, "TargetAddress=");
    if (any && c->fd >= 0 && host_socket_name(c->fd, own, sizeof own)) {
        buffer_append(out, own, (size_t)(strrchr(own, ':') - own));
        buffer_append_text(out, colon);
    } else {
        buffer_append_text(out, p->address);
    }
    buffer_printf(out, ",%u", p->port + 1);
    buffer_append_byte(out, 0);
}

static bool may_see(const struct connection *c, const struct node *n)
{
    if (!c->discovery)
        return c->node == n;
    return c->target->options.no_auth || !n->config->user || (c->user && strcmp(c->user->user, n->config->user) == 0);
}

void discovery_send_targets(struct connection *c, const char *which, struct buffer *out)
{
    struct target *t = c->target;
    bool all = strcmp(which, "All") == 0;

    if ((all && !c->discovery) || (!which[0] && c->discovery)) {
        buffer_key(out, "SendTargets", "Reject");
        return;
    }
    for (unsigned i = 0; i < t->node_count; i++) {
        const struct node *n = &t->nodes[i];
        if (!may_see(c, n) || (!all && which[0] && strcasecmp(which, n->name) != 0))
            continue;
        buffer_key(out, "TargetName", n->name);
        for (unsigned j = 0; j < t->portal_count; j++)
            if (t->portals[j].port < array_ports(n->array))
                add_address(c, &t->portals[j], out);
    }
}

static void send_part(struct connection *c)
{
    struct output *o = output_new(c, TEXT_RESPONSE);
    size_t left = c->answer.length - c->answer_sent;
    uint32_t length = left < c->parameters.max_send ? (uint32_t)left : c->parameters.max_send;
    uint8_t *copy = malloc(length + 1u);

    if (!o || !copy) {
        free(o);
        free(copy);
        connection_end(c, true);
        return;
    }
    if (length > 0)
        memcpy(copy, c->answer.data + c->answer_sent, length);
    c->answer_sent += length;
    bool rest = c->answer_sent < c->answer.length;
    if (rest && ++c->next_tag == PDU_NO_TAG)
        c->next_tag = 1;
    c->answer_tag = rest ? c->next_tag : PDU_NO_TAG;
    o->header[1] = rest ? PDU_CONTINUE : PDU_FINAL;
    memcpy(o->header + AT_TAG, c->header + AT_TAG, 4);
    put_32(o->header + AT_TRANSFER_TAG, c->answer_tag);
    output_numbers(c, o, true);
    o->owned = copy;
    output_queue(c, o, copy, length);
    if (!rest) {
        buffer_clear(&c->answer);
        c->answer_sent = 0;
    }
}

static void answer_all(struct connection *c)
{
    struct text_pair pair;
    bool bad = false;
    char *at = c->text.data, *end = at ? at + c->text.length : NULL;

    buffer_free(&c->answer);
    buffer_init(&c->answer, ANSWER_MAX);
    while (at && text_next(&at, end, &pair, &bad)) {
        if (strcmp(pair.key, "SendTargets") == 0)
            discovery_send_targets(c, pair.value, &c->answer);
        else if (!negotiate_key(c, &pair, &c->answer))
            buffer_key(&c->answer, pair.key, "Reject");
    }
    buffer_clear(&c->text);
    if (bad || c->answer.failed) {
        connection_fail(c, bad ? "text that is no key=value" : "an answer that is too long");
        return;
    }
    c->answer_sent = 0;
    send_part(c);
}

/* More is to come: an empty answer, whose tag the next part brings back. */
static void ask_for_more(struct connection *c)
{
    struct output *o = output_new(c, TEXT_RESPONSE);

    if (!o)
        return;
    if (++c->next_tag == PDU_NO_TAG)
        c->next_tag = 1;
    c->answer_tag = c->next_tag;
    o->header[1] = 0;
    memcpy(o->header + AT_TAG, c->header + AT_TAG, 4);
    put_32(o->header + AT_TRANSFER_TAG, c->answer_tag);
    output_numbers(c, o, true);
    output_queue(c, o, NULL, 0);
}

void text_request(struct connection *c)
{
    uint32_t tag = get_32(c->header + AT_TRANSFER_TAG);
    bool answering = c->answer_sent < c->answer.length;

    pdu_count(c);
    if (tag != PDU_NO_TAG && (tag != c->answer_tag || (answering && c->data_length > 0))) {
        pdu_reject(c, REJECT_FIELD);
        return;
    }
    if (tag != PDU_NO_TAG && answering) {
        send_part(c);
        return;
    }
    if (tag == PDU_NO_TAG)
        buffer_clear(&c->text); /* whatever was left unfinished is void */
    if (c->data_length > 0 && !buffer_append(&c->text, c->segment, c->data_length))
        connection_fail(c, "more than %u bytes of text", TARGET_MAX_TEXT);
    else if (c->header[1] & PDU_CONTINUE)
        ask_for_more(c);
    else
        answer_all(c);
}
