/* SPDX-License-Identifier: MIT */
/*
 * CHAP, one way and mutual (RFC 1994, RFC 7143 12.1.3): algorithms 5 MD5, 6 SHA-1, 7 SHA-256, 8 SHA3-256.
 * The digests are libgcrypt's. A challenge that comes back as the initiator's own is a reflection and ends
 * the login.
 */
#include "target/internal.h"

#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHALLENGE_BYTES 16u /* ours */
#define DIGEST_MAX 32u
#define CHALLENGE_MAX 1024u

static int gcrypt_algorithm(unsigned chap)
{
    switch (chap) {
    case 5:
        return GCRY_MD_MD5;
    case 6:
        return GCRY_MD_SHA1;
    case 7:
        return GCRY_MD_SHA256;
    case 8:
        return GCRY_MD_SHA3_256;
    default:
        return 0;
    }
}

/* The first of their list that we have; 0: none. */
static unsigned choose(const char *list)
{
    for (const char *at = list; *at;) {
        char *end;
        unsigned long number = strtoul(at, &end, 10);
        if (end != at && number < 256 && (*end == ',' || *end == '\0') && gcrypt_algorithm((unsigned)number))
            return (unsigned)number;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return 0;
}

/* ---- binary values: 0x hexadecimal, 0b base 64 ---------------------------------------------------- */
static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at && (c >= 'A' || (c >= '0' && c <= '9')) ? (int)(at - digits) : -1;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Number of bytes; 0 when the text is none or has more than `room`. */
static size_t decode(const char *text, uint8_t *to, size_t room)
{
    size_t count = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    if (text[0] != '0' || !text[1])
        return 0;
    bool hex = text[1] == 'x' || text[1] == 'X';
    if (!hex && text[1] != 'b' && text[1] != 'B')
        return 0;
    const char *at = text + 2;
    if (hex && strlen(at) % 2 != 0)
        have = 4; /* a leading zero is not written */
    for (; *at && *at != '='; at++) {
        int digit = hex ? hex_digit(*at) : base64_digit(*at);
        if (digit < 0)
            return 0;
        unsigned width = hex ? 4 : 6;
        bits = bits << width | (uint32_t)digit;
        have += width;
        if (have < 8)
            continue;
        have -= 8;
        if (count == room)
            return 0;
        to[count++] = (uint8_t)(bits >> have);
    }
    return count;
}

static void add_hex(struct buffer *out, const char *key, const uint8_t *bytes, size_t count)
{
    buffer_printf(out, "%s=0x", key);
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%02x", bytes[i]);
    buffer_append_byte(out, 0);
}

/* ---- digests ------------------------------------------------------------------------------------ */
static size_t respond(unsigned algorithm, uint8_t identifier, const char *secret, const uint8_t *challenge,
                      size_t length, uint8_t *digest)
{
    int number = gcrypt_algorithm(algorithm);
    gcry_md_hd_t h;

    if (gcry_md_open(&h, number, 0) != 0)
        return 0;
    gcry_md_write(h, &identifier, 1);
    gcry_md_write(h, secret, strlen(secret));
    gcry_md_write(h, challenge, length);
    size_t size = gcry_md_get_algo_dlen(number);
    memcpy(digest, gcry_md_read(h, number), size);
    gcry_md_close(h);
    return size;
}

/* Without a hint in its time of how much of it is right. */
static bool same(const uint8_t *a, const uint8_t *b, size_t length)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < length; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

/* ---- who may ------------------------------------------------------------------------------------ */
bool target_needs_chap(const struct target *t, const struct node *n)
{
    if (t->options.no_auth)
        return false;
    if (n)
        return n->config->user != NULL;
    /* Discovery: open as long as there is something to show to everybody. */
    for (unsigned i = 0; i < t->node_count; i++)
        if (!t->nodes[i].config->user)
            return false;
    return true;
}

/* A discovery session may be any array's user. */
static const struct topology_array *find_user(const struct connection *c, const char *name)
{
    for (unsigned i = 0; i < c->target->node_count; i++) {
        const struct node *n = &c->target->nodes[i];
        if ((c->node == n || c->discovery) && n->config->user && strcmp(n->config->user, name) == 0)
            return n->config;
    }
    return NULL;
}

static enum login_status challenge(struct connection *c, const char *algorithms, struct buffer *out)
{
    struct chap *chap = &c->login->chap;

    chap->algorithm = choose(algorithms);
    if (!chap->algorithm || !gcry_check_version("1.8.0"))
        return LOGIN_AUTHENTICATION;
    gcry_create_nonce(chap->challenge, CHALLENGE_BYTES);
    gcry_create_nonce(&chap->identifier, 1);
    buffer_printf(out, "CHAP_A=%u", chap->algorithm);
    buffer_append_byte(out, 0);
    buffer_printf(out, "CHAP_I=%u", chap->identifier);
    buffer_append_byte(out, 0);
    add_hex(out, "CHAP_C", chap->challenge, CHALLENGE_BYTES);
    return LOGIN_GOOD;
}

static enum login_status prove_ourselves(struct connection *c, const struct chap_keys *keys,
                                         const struct topology_array *user, struct buffer *out)
{
    struct chap *chap = &c->login->chap;
    uint8_t theirs[CHALLENGE_MAX], digest[DIGEST_MAX];
    char *end;

    if (!keys->identifier || !keys->challenge || !user->target_secret)
        return LOGIN_AUTHENTICATION;
    unsigned long identifier = strtoul(keys->identifier, &end, 0);
    size_t length = decode(keys->challenge, theirs, sizeof theirs);
    if (*end || end == keys->identifier || identifier > 255 || length == 0 ||
        (length == CHALLENGE_BYTES && same(theirs, chap->challenge, length)))
        return LOGIN_AUTHENTICATION;
    size_t size = respond(chap->algorithm, (uint8_t)identifier, user->target_secret, theirs, length, digest);
    buffer_key(out, "CHAP_N", user->target_user);
    add_hex(out, "CHAP_R", digest, size);
    return LOGIN_GOOD;
}

enum login_status chap_step(struct connection *c, const struct chap_keys *keys, struct buffer *out,
                            bool *proven)
{
    struct chap *chap = &c->login->chap;
    uint8_t theirs[DIGEST_MAX], expected[DIGEST_MAX];

    *proven = false;
    if (!chap->algorithm)
        return keys->algorithms ? challenge(c, keys->algorithms, out) : LOGIN_GOOD;
    if (!keys->name || !keys->response)
        return LOGIN_AUTHENTICATION;
    /* An unknown name takes as long as a wrong secret. */
    const struct topology_array *user = find_user(c, keys->name);
    size_t length = decode(keys->response, theirs, sizeof theirs);
    size_t size = respond(chap->algorithm, chap->identifier, user ? user->secret : "", chap->challenge,
                          CHALLENGE_BYTES, expected);
    if (size == 0 || length != size || !same(theirs, expected, size) || !user)
        return LOGIN_AUTHENTICATION;
    if (keys->identifier || keys->challenge) {
        enum login_status status = prove_ourselves(c, keys, user, out);
        if (status != LOGIN_GOOD)
            return status;
    }
    c->login->user = user;
    *proven = chap->done = true;
    return LOGIN_GOOD;
}
