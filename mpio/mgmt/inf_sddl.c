/* SPDX-License-Identifier: MIT */
/*
 * SDDL -> self-relative security descriptor: `O:BAG:SYD:P(A;OICI;GA;;;BA)...S:...` as published for
 * ConvertStringSecurityDescriptorToSecurityDescriptor. Laid out as Windows does: header, SACL, DACL, owner, group.
 * Object, callback and mandatory-label entries are refused: no INF of a DSM has them.
 */
#include "mgmt/inf.h"

#include <string.h>

#include "text/buffer.h"

#define MAX_ACES       64u
#define MAX_AUTHORITIES 15u
#define MAX_SID        (8 + 4 * MAX_AUTHORITIES)
#define MAX_ACL        (8 + MAX_ACES * (8 + MAX_SID))

enum {
    DACL_PRESENT = 0x0004, SACL_PRESENT = 0x0010,
    DACL_AUTO_INHERIT_REQUIRED = 0x0100, SACL_AUTO_INHERIT_REQUIRED = 0x0200,
    DACL_AUTO_INHERITED = 0x0400, SACL_AUTO_INHERITED = 0x0800,
    DACL_PROTECTED = 0x1000, SACL_PROTECTED = 0x2000,
    SELF_RELATIVE = 0x8000,
};

struct word {
    char name[3];
    uint32_t bits;
};

static const struct word rights[] = {
    {"GA", 0x10000000}, {"GX", 0x20000000}, {"GW", 0x40000000}, {"GR", 0x80000000}, {"RC", 0x00020000},
    {"SD", 0x00010000}, {"WD", 0x00040000}, {"WO", 0x00080000}, {"CC", 0x1},  {"DC", 0x2},   {"LC", 0x4},
    {"SW", 0x8},        {"RP", 0x10},       {"WP", 0x20},       {"DT", 0x40}, {"LO", 0x80},  {"CR", 0x100},
    {"FA", 0x001F01FF}, {"FR", 0x00120089}, {"FW", 0x00120116}, {"FX", 0x001200A0},
    {"KA", 0x000F003F}, {"KR", 0x00020019}, {"KW", 0x00020006}, {"KX", 0x00020019},
};
static const struct word ace_flags[] = {{"OI", 0x1}, {"CI", 0x2}, {"NP", 0x4}, {"IO", 0x8},
                                        {"ID", 0x10}, {"SA", 0x40}, {"FA", 0x80}};
/* Groups below BUILTIN (S-1-5-32), and identities with one or no sub-authority. */
static const struct {
    char name[3];
    uint8_t authority, count;
    uint32_t part[2];
} sids[] = {
    {"BA", 5, 2, {32, 544}}, {"BU", 5, 2, {32, 545}}, {"BG", 5, 2, {32, 546}}, {"PU", 5, 2, {32, 547}},
    {"AO", 5, 2, {32, 548}}, {"SO", 5, 2, {32, 549}}, {"PO", 5, 2, {32, 550}}, {"BO", 5, 2, {32, 551}},
    {"RE", 5, 2, {32, 552}}, {"RU", 5, 2, {32, 554}}, {"RD", 5, 2, {32, 555}}, {"NO", 5, 2, {32, 556}},
    {"MU", 5, 2, {32, 558}}, {"LU", 5, 2, {32, 559}}, {"ER", 5, 2, {32, 573}}, {"WD", 1, 1, {0}},
    {"CO", 3, 1, {0}},       {"CG", 3, 1, {1}},       {"OW", 3, 1, {4}},       {"NU", 5, 1, {2}},
    {"IU", 5, 1, {4}},       {"SU", 5, 1, {6}},       {"AN", 5, 1, {7}},       {"ED", 5, 1, {9}},
    {"PS", 5, 1, {10}},      {"AU", 5, 1, {11}},      {"RC", 5, 1, {12}},      {"SY", 5, 1, {18}},
    {"LS", 5, 1, {19}},      {"NS", 5, 1, {20}},
};

static void put(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Decimal or 0x; *text moves behind it. */
static bool take_number(const char **text, uint64_t maximum, uint64_t *number)
{
    const char *c = *text;
    unsigned base = 10, digits = 0;

    if (c[0] == '0' && (c[1] | 0x20) == 'x') {
        base = 16;
        c += 2;
    }
    for (*number = 0;; c++, digits++) {
        unsigned digit = *c >= '0' && *c <= '9' ? (unsigned)(*c - '0')
                         : base == 16 && (*c | 0x20) >= 'a' && (*c | 0x20) <= 'f' ? (unsigned)((*c | 0x20) - 'a' + 10)
                                                                                : base;
        if (digit == base)
            break;
        if (*number > (maximum - digit) / base)
            return false;
        *number = *number * base + digit;
    }
    *text = c;
    return digits > 0;
}

/* `S-1-5-32-544` or `BA`. */
static bool take_sid(const char **text, uint8_t sid[MAX_SID], size_t *length, const char **why)
{
    const char *c = *text;
    uint64_t number;

    *why = "an account is two letters such as BA or SY, or S-1-...";
    memset(sid, 0, MAX_SID);
    sid[0] = 1;
    if ((c[0] | 0x20) == 's' && c[1] == '-' && c[2] == '1' && c[3] == '-') {
        c += 4;
        if (!take_number(&c, 0xFFFFFFFFFFFFull, &number))
            return false;
        for (unsigned i = 0; i < 6; i++)
            sid[2 + i] = (uint8_t)(number >> (8 * (5 - i)));
        while (*c == '-') {
            c++;
            if (sid[1] == MAX_AUTHORITIES || !take_number(&c, UINT32_MAX, &number))
                return false;
            put(sid + 8 + 4 * sid[1]++, (uint32_t)number, 4);
        }
        *length = 8 + 4u * sid[1];
        *text = c;
        return sid[1] > 0;
    }
    for (size_t i = 0; i < sizeof sids / sizeof *sids; i++) {
        if (c[0] != sids[i].name[0] || c[1] != sids[i].name[1])
            continue;
        sid[1] = sids[i].count;
        sid[7] = sids[i].authority;
        for (unsigned p = 0; p < sids[i].count; p++)
            put(sid + 8 + 4 * p, sids[i].part[p], 4);
        *length = 8 + 4u * sids[i].count;
        *text = c + 2;
        return true;
    }
    return false;
}

/* Two-letter words up to ';'. */
static bool take_words(const char **text, const struct word *words, size_t count, uint32_t *bits)
{
    const char *c = *text;

    *bits = 0;
    while (*c && *c != ';') {
        size_t i = 0;
        while (i < count && (c[0] != words[i].name[0] || c[1] != words[i].name[1]))
            i++;
        if (i == count)
            return false;
        *bits |= words[i].bits;
        c += 2;
    }
    *text = c;
    return true;
}

static bool skip(const char **text, char c)
{
    return **text == c && (++*text, true);
}

/* `(type;flags;rights;;;account)` behind its '('. */
static bool take_ace(const char **text, uint8_t *ace, size_t *length, const char **why)
{
    static const struct word types[] = {{"A;", 0}, {"D;", 1}, {"AU", 2}};
    uint32_t flags, mask;
    uint64_t number;
    size_t sid, type = 0;

    *why = "an entry's type is A, D or AU";
    while (type < 3 && (types[type].name[0] != (*text)[0] || types[type].name[1] != (*text)[1]))
        type++;
    if (type == 3)
        return false;
    *text += type == 2 ? 2 : 1;
    *why = "an entry is written (type;flags;rights;;;account), flags are OI CI NP IO ID SA FA";
    if (!skip(text, ';') || !take_words(text, ace_flags, sizeof ace_flags / sizeof *ace_flags, &flags) || !skip(text, ';'))
        return false;
    *why = "rights are two-letter words such as GA, KR or RC, or a number";
    if (**text >= '0' && **text <= '9') {
        if (!take_number(text, UINT32_MAX, &number))
            return false;
        mask = (uint32_t)number;
    } else if (!take_words(text, rights, sizeof rights / sizeof *rights, &mask)) {
        return false;
    }
    *why = "entries for object types are not supported";
    if (!skip(text, ';') || !skip(text, ';') || !skip(text, ';'))
        return false;
    if (!take_sid(text, ace + 8, &sid, why))
        return false;
    *why = "an entry is not closed with ')'";
    *length = 8 + sid;
    ace[0] = (uint8_t)type;
    ace[1] = (uint8_t)flags;
    put(ace + 2, (uint32_t)*length, 2);
    put(ace + 4, mask, 4);
    return skip(text, ')');
}

struct acl {
    bool present;
    size_t length;
    uint8_t bytes[MAX_ACL];
};

static bool take_acl(const char **text, bool audit, struct acl *acl, uint32_t *control, const char **why)
{
    unsigned count = 0;

    *why = "an access list is written once";
    if (acl->present)
        return false;
    acl->present = true;
    acl->length = 8;
    *control |= audit ? SACL_PRESENT : DACL_PRESENT;
    for (;;) {
        if (skip(text, 'P'))
            *control |= audit ? SACL_PROTECTED : DACL_PROTECTED;
        else if ((*text)[0] == 'A' && (*text)[1] == 'R') {
            *control |= audit ? SACL_AUTO_INHERIT_REQUIRED : DACL_AUTO_INHERIT_REQUIRED;
            *text += 2;
        } else if ((*text)[0] == 'A' && (*text)[1] == 'I') {
            *control |= audit ? SACL_AUTO_INHERITED : DACL_AUTO_INHERITED;
            *text += 2;
        } else
            break;
    }
    while (skip(text, '(')) {
        size_t length;
        *why = "more than 64 entries in one list";
        if (count++ == MAX_ACES || !take_ace(text, acl->bytes + acl->length, &length, why))
            return false;
        acl->length += length;
    }
    acl->bytes[0] = 2;
    put(acl->bytes + 2, (uint32_t)acl->length, 2);
    put(acl->bytes + 4, count, 2);
    return true;
}

static void append_part(struct buffer *out, size_t start, unsigned field, const void *bytes, size_t length)
{
    uint32_t offset = (uint32_t)(out->length - start);

    if (length > 0 && buffer_append(out, bytes, length))
        put((uint8_t *)out->data + start + field, offset, 4);
}

bool inf_security_descriptor(const char *sddl, struct buffer *out, const char **why)
{
    uint8_t owner[MAX_SID], group[MAX_SID], header[20] = {1};
    size_t owner_length = 0, group_length = 0, start = out->length;
    struct acl dacl = {.present = false}, sacl = {.present = false};
    uint32_t control = SELF_RELATIVE;

    while (*sddl) {
        char part = *sddl++;
        *why = "parts are O:, G:, D: and S:";
        if (!skip(&sddl, ':'))
            return false;
        bool ok = part == 'O'   ? owner_length == 0 && take_sid(&sddl, owner, &owner_length, why)
                  : part == 'G' ? group_length == 0 && take_sid(&sddl, group, &group_length, why)
                  : part == 'D' ? take_acl(&sddl, false, &dacl, &control, why)
                  : part == 'S' ? take_acl(&sddl, true, &sacl, &control, why)
                                : false;
        if (!ok)
            return false;
    }
    put(header + 2, control, 2);
    buffer_append(out, header, sizeof header);
    append_part(out, start, 12, sacl.bytes, sacl.length);
    append_part(out, start, 16, dacl.bytes, dacl.length);
    append_part(out, start, 4, owner, owner_length);
    append_part(out, start, 8, group, group_length);
    *why = "it is too long";
    return !out->failed;
}
