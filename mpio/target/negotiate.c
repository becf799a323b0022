/* SPDX-License-Identifier: MIT */
/*
 * Text keys: cutting key=value pairs out of a data segment, and one table of the operational keys
 * (RFC 7143 13) with the rule by which each is agreed on. A value that breaks its rule gets `Reject` and
 * changes nothing; an unknown key gets `NotUnderstood`.
 */
#include "target/internal.h"

#include <stdio.h>
#include <string.h>

#include "text/number.h"

#define KEY_MAX   63
#define VALUE_MAX 8192 /* CHAP's binary values are the long ones */

static bool key_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(".-+@_", c);
}

bool text_next(char **at, char *end, struct text_pair *pair, bool *bad)
{
    char *start = *at, *stop, *equals;

    *bad = false;
    while (start < end && *start == '\0')
        start++; /* padding that some initiators count in */
    if (start == end) {
        *at = end;
        return false;
    }
    *bad = true;
    stop = memchr(start, '\0', (size_t)(end - start));
    if (!stop || !(equals = memchr(start, '=', (size_t)(stop - start))) || equals == start ||
        equals - start > KEY_MAX || stop - equals - 1 > VALUE_MAX)
        return false;
    for (const char *c = start; c < equals; c++)
        if (*c == '\0' || !key_character(*c))
            return false;
    *equals = '\0';
    *pair = (struct text_pair){start, equals + 1};
    *at = stop + 1;
    *bad = false;
    return true;
}

void buffer_key(struct buffer *out, const char *key, const char *value)
{
    buffer_printf(out, "%s=%s", key, value);
    buffer_append_byte(out, 0);
}

/* ---- the keys ---------------------------------------------------------------------------------- */
enum rule {
    RULE_MINIMUM, RULE_MAXIMUM, /* numbers */
    RULE_AND, RULE_OR,          /* Yes, No */
    RULE_DIGEST,                /* the first of their list that we have */
    RULE_DECLARED,              /* theirs is noted, ours told once elsewhere */
    RULE_NO, RULE_REJECT,       /* markers, gone since RFC 7143 */
    RULE_TASK_REPORTING,
    RULE_SILENT,                /* taken, no answer */
};
enum { LOGIN_ONLY = 1, NORMAL_ONLY = 2 };

struct key {
    const char *name;
    enum rule rule;
    uint32_t low, high, ours, standard;
    size_t place;
    unsigned flags;
};

#define P(member) offsetof(struct parameters, member)
static const struct key keys[] = {
    {"HeaderDigest", RULE_DIGEST, 0, 1, 0, 0, P(header_digest), LOGIN_ONLY},
    {"DataDigest", RULE_DIGEST, 0, 1, 0, 0, P(data_digest), LOGIN_ONLY},
    {"MaxConnections", RULE_MINIMUM, 1, 65535, 1, 1, P(max_connections), LOGIN_ONLY | NORMAL_ONLY},
    {"InitialR2T", RULE_OR, 0, 1, 0, 1, P(initial_r2t), LOGIN_ONLY | NORMAL_ONLY},
    {"ImmediateData", RULE_AND, 0, 1, 1, 1, P(immediate_data), LOGIN_ONLY | NORMAL_ONLY},
    {"MaxRecvDataSegmentLength", RULE_DECLARED, 512, 16777215, 0, 8192, P(max_send), 0},
    {"MaxBurstLength", RULE_MINIMUM, 512, 16777215, 1u << 20, 262144, P(max_burst), LOGIN_ONLY | NORMAL_ONLY},
    {"FirstBurstLength", RULE_MINIMUM, 512, 16777215, TARGET_SEGMENT, 65536, P(first_burst), LOGIN_ONLY | NORMAL_ONLY},
    {"DefaultTime2Wait", RULE_MAXIMUM, 0, 3600, 0, 2, P(time2wait), LOGIN_ONLY},
    {"DefaultTime2Retain", RULE_MINIMUM, 0, 3600, 0, 20, P(time2retain), LOGIN_ONLY},
    {"MaxOutstandingR2T", RULE_MINIMUM, 1, 65535, TARGET_MAX_R2T, 1, P(max_r2t), LOGIN_ONLY | NORMAL_ONLY},
    {"DataPDUInOrder", RULE_OR, 0, 1, 1, 1, P(pdu_in_order), LOGIN_ONLY | NORMAL_ONLY},
    {"DataSequenceInOrder", RULE_OR, 0, 1, 1, 1, P(sequence_in_order), LOGIN_ONLY | NORMAL_ONLY},
    {"ErrorRecoveryLevel", RULE_MINIMUM, 0, 2, 0, 0, P(error_recovery), LOGIN_ONLY},
    {"iSCSIProtocolLevel", RULE_MINIMUM, 0, 31, 1, 1, P(protocol_level), LOGIN_ONLY | NORMAL_ONLY},
    {"TaskReporting", RULE_TASK_REPORTING, 0, 0, 0, 0, 0, LOGIN_ONLY | NORMAL_ONLY},
    {"OFMarker", RULE_NO, 0, 0, 0, 0, 0, LOGIN_ONLY},
    {"IFMarker", RULE_NO, 0, 0, 0, 0, 0, LOGIN_ONLY},
    {"OFMarkInt", RULE_REJECT, 0, 0, 0, 0, 0, LOGIN_ONLY},
    {"IFMarkInt", RULE_REJECT, 0, 0, 0, 0, 0, LOGIN_ONLY},
    {"InitiatorAlias", RULE_SILENT, 0, 0, 0, 0, 0, 0},
};
#define KEYS (sizeof keys / sizeof keys[0])
_Static_assert(KEYS < 64, "one bit each in keys_seen");

static uint32_t *place(struct parameters *p, const struct key *k)
{
    return (uint32_t *)((char *)p + k->place);
}

void parameters_default(struct parameters *p)
{
    memset(p, 0, sizeof *p);
    for (unsigned i = 0; i < KEYS; i++)
        if (keys[i].rule <= RULE_DECLARED)
            *place(p, &keys[i]) = keys[i].standard;
}

static const char *digest_choice(const char *list, uint32_t *digest)
{
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        if (length == 6 && strncmp(at, "CRC32C", 6) == 0) {
            *digest = 1;
            return "CRC32C";
        }
        if (length == 4 && strncmp(at, "None", 4) == 0) {
            *digest = 0;
            return "None";
        }
        at += length + (at[length] == ',');
    }
    return "Reject";
}

static void answer_number(const struct key *k, uint32_t *value, const char *offer, struct buffer *out)
{
    uint64_t theirs;
    char text[16];

    if (!text_parse_unsigned(offer, k->low, k->high, &theirs, NULL)) {
        buffer_key(out, k->name, "Reject");
        return;
    }
    bool take_theirs = k->rule == RULE_MINIMUM ? theirs < k->ours : theirs > k->ours;
    *value = take_theirs ? (uint32_t)theirs : k->ours;
    snprintf(text, sizeof text, "%u", *value);
    buffer_key(out, k->name, text);
}

static void answer_boolean(const struct key *k, uint32_t *value, const char *offer, struct buffer *out)
{
    bool yes = strcmp(offer, "Yes") == 0;

    if (!yes && strcmp(offer, "No") != 0) {
        buffer_key(out, k->name, "Reject");
        return;
    }
    *value = k->rule == RULE_AND ? yes && k->ours : yes || k->ours;
    buffer_key(out, k->name, *value ? "Yes" : "No");
}

static void answer(struct connection *c, const struct key *k, const char *offer, struct buffer *out)
{
    uint32_t *value = place(&c->parameters, k);
    uint64_t declared;

    switch (k->rule) {
    case RULE_MINIMUM:
    case RULE_MAXIMUM:
        answer_number(k, value, offer, out);
        break;
    case RULE_AND:
    case RULE_OR:
        answer_boolean(k, value, offer, out);
        break;
    case RULE_DIGEST:
        buffer_key(out, k->name, digest_choice(offer, value));
        break;
    case RULE_DECLARED:
        if (text_parse_unsigned(offer, k->low, k->high, &declared, NULL))
            *value = (uint32_t)declared;
        else
            buffer_key(out, k->name, "Reject");
        break;
    case RULE_NO:
        buffer_key(out, k->name, "No");
        break;
    case RULE_REJECT:
        buffer_key(out, k->name, "Reject");
        break;
    case RULE_TASK_REPORTING:
        buffer_key(out, k->name, strstr(offer, "RFC3720") ? "RFC3720" : "Reject");
        break;
    case RULE_SILENT:
        break;
    }
}

bool negotiate_key(struct connection *c, const struct text_pair *pair, struct buffer *out)
{
    unsigned i = 0;

    while (i < KEYS && strcmp(keys[i].name, pair->key) != 0)
        i++;
    if (i == KEYS) {
        /* Their answer to a key of ours needs none. */
        if (strcmp(pair->value, "NotUnderstood") != 0)
            buffer_key(out, pair->key, "NotUnderstood");
        return true;
    }
    if (c->full && keys[i].flags & LOGIN_ONLY)
        return false;
    if (!c->full) {
        uint64_t bit = 1ull << i;
        if (c->login->keys_seen & bit)
            return false;
        c->login->keys_seen |= bit;
    }
    if (c->discovery && keys[i].flags & NORMAL_ONLY)
        buffer_key(out, pair->key, "Irrelevant");
    else
        answer(c, &keys[i], pair->value, out);
    return true;
}

void negotiate_declare(struct connection *c, struct buffer *out)
{
    if (c->login->declared)
        return;
    c->login->declared = true;
    buffer_printf(out, "MaxRecvDataSegmentLength=%u", TARGET_SEGMENT);
    buffer_append_byte(out, 0);
}
