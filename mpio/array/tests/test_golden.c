/* SPDX-License-Identifier: MIT */
/*
 * Parameter data against bytes worked out by hand from SPC-4: REPORT TARGET PORT GROUPS (6.33, both
 * headers) and the four service actions of PERSISTENT RESERVE IN (6.15).
 */
#include "support.h"

#define PORT_A "iqn.2024-01.test:a,i,0x00023d000001"
#define NAME_B "iqn.2024-01.test:b"

static void expect(const struct bench *b, const uint8_t *golden, size_t length)
{
    assert_good(b->cmd.status);
    assert_int_equal(b->cmd.transferred, length);
    for (size_t i = 0; i < length; i++)
        if (b->data[i] != golden[i])
            fail_msg("byte %zu is %02x, the standard says %02x", i, b->data[i], golden[i]);
}
#define EXPECT(b, ...) expect(b, BYTES_OF(__VA_ARGS__))

/* ---- REPORT TARGET PORT GROUPS ------------------------------------------------------------------ */
static void rtpg(struct bench *b, unsigned port, uint8_t format)
{
    memset(b->data, 0xEE, 256);
    IN(b, port, 0, 256, 0xA3, format << 5 | 0x0A, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
}

static void groups_of_an_implicit_array(void **state)
{
    struct bench *b = *state;

    rtpg(b, 3, 0);
    EXPECT(b,
           0, 0, 0, 32,          /* return data length */
           0x80, 0x8F,           /* PREF, active/optimized; T_SUP, U_SUP, S_SUP, AN_SUP, AO_SUP */
           0, 1, 0,              /* target port group 1 */
           0x00, 0, 2,           /* no status available; two ports */
           0, 0, 0, 1, 0, 0, 0, 2,
           0x01, 0x8F, 0, 2, 0,  /* active/non-optimized, group 2 */
           0x00, 0, 2,
           0, 0, 0, 3, 0, 0, 0, 4);

    array_move_lun(b->array, 0, 1);
    clear_attentions(b, 0);
    rtpg(b, 0, 1);
    EXPECT(b,
           0, 0, 0, 36,
           0x10, 0, 0, 0,        /* extended header: format 001b, transitions take no time */
           0x01, 0x8F, 0, 1, 0,
           0x02, 0, 2,           /* altered by implicit behaviour */
           0, 0, 0, 1, 0, 0, 0, 2,
           0x80, 0x8F, 0, 2, 0,  /* the configured owner now */
           0x02, 0, 2,
           0, 0, 0, 3, 0, 0, 0, 4);
}

static void groups_during_an_explicit_transition(void **state)
{
    struct bench *b = bench_make(ARRAY_ALUA_BOTH, 1500000);

    array_destroy(((struct bench *)*state)->array);
    free(*state);
    *state = b;
    clear_attentions(b, 0);
    memcpy(b->data, ((uint8_t[]){0, 0, 0, 0, 0x00, 0, 0, 2}), 8); /* group 2 to active/optimized */
    assert_good(OUT(b, 0, 0, 8, 0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0));
    rtpg(b, 0, 1);
    EXPECT(b,
           0, 0, 0, 36,
           0x10, 2, 0, 0,        /* implicit transition time: 1.5 s are 2 */
           0x8F, 0xCF, 0, 1, 0,  /* PREF, transitioning; O_SUP too: the ports can go offline */
           0x01, 0, 2,           /* altered by SET TARGET PORT GROUPS */
           0, 0, 0, 1, 0, 0, 0, 2,
           0x0F, 0xCF, 0, 2, 0,
           0x01, 0, 2,
           0, 0, 0, 3, 0, 0, 0, 4);
    b->time += UINT64_C(15000000);
    array_port_offline(b->array, 0, 2, true);
    rtpg(b, 0, 0);
    rtpg(b, 0, 0); /* behind the unit attention, if there was one */
    EXPECT(b,
           0, 0, 0, 44,
           0x81, 0xCF, 0, 1, 0, 0x01, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
           0x00, 0xCF, 0, 2, 0, 0x01, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
           0x0E, 0x40,           /* secondary group: offline, O_SUP */
           0, 3, 0, 0x02, 0, 1,
           0, 0, 0, 3);
}

/* ---- PERSISTENT RESERVE IN ----------------------------------------------------------------------- */
static void pr_in(struct bench *b, uint8_t action)
{
    memset(b->data, 0xEE, 512);
    IN(b, 0, 0, 512, 0x5E, action, 0, 0, 0, 0, 0, 2, 0, 0);
}

static void pr_out(struct bench *b, unsigned port, uint8_t action, uint8_t type, uint64_t key,
                   uint64_t target, uint8_t flags)
{
    memset(b->data, 0, 24);
    for (unsigned i = 0; i < 8; i++) {
        b->data[i] = (uint8_t)(key >> (56 - 8 * i));
        b->data[8 + i] = (uint8_t)(target >> (56 - 8 * i));
    }
    b->data[20] = flags;
    assert_good(OUT(b, port, 0, 24, 0x5F, action, type, 0, 0, 0, 0, 0, 24, 0));
}

static void nobody_is_registered(void **state)
{
    struct bench *b = *state;

    pr_in(b, 0);
    EXPECT(b, 0, 0, 0, 0, 0, 0, 0, 0); /* READ KEYS: PRGENERATION, additional length */
    pr_in(b, 1);
    EXPECT(b, 0, 0, 0, 0, 0, 0, 0, 0); /* READ RESERVATION */
    pr_in(b, 2);
    EXPECT(b, 0, 8,                    /* REPORT CAPABILITIES: length */
           0x0D,                       /* SIP_C, ATP_C, PTPL_C */
           0xC0,                       /* TMV, ALLOW COMMANDS 100b, not PTPL_A */
           0xEA, 0x01,                 /* all six types */
           0, 0);
    pr_in(b, 3);
    EXPECT(b, 0, 0, 0, 0, 0, 0, 0, 0); /* READ FULL STATUS */
}

static void two_registrants_and_a_reservation(void **state)
{
    struct bench *b = *state;

    b->nexus[0] = array_login(b->array, 0, PORT_A);
    b->nexus[3] = array_login(b->array, 3, NAME_B);
    clear_attentions(b, 0);
    pr_out(b, 0, 0, 0, 0, UINT64_C(0x0102030405060708), 1);     /* REGISTER, APTPL */
    pr_out(b, 3, 0, 0, 0, UINT64_C(0xA1A2A3A4A5A6A7A8), 1);
    pr_out(b, 3, 1, 0x05, UINT64_C(0xA1A2A3A4A5A6A7A8), 0, 0);  /* RESERVE: write exclusive, registrants only */

    pr_in(b, 0);
    EXPECT(b, 0, 0, 0, 2, 0, 0, 0, 16,
           0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
           0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8);
    pr_in(b, 1);
    EXPECT(b, 0, 0, 0, 2, 0, 0, 0, 16,
           0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8,
           0, 0, 0, 0, 0,              /* obsolete, reserved */
           0x05,                       /* scope LU_SCOPE, type */
           0, 0);
    pr_in(b, 2);
    EXPECT(b, 0, 8, 0x0D, 0xC1, 0xEA, 0x01, 0, 0); /* PTPL_A now */
    pr_in(b, 3);
    EXPECT(b, 0, 0, 0, 2, 0, 0, 0, 64 + 48,
           0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0, 0, 0, 0,
           0x00, 0x00,                 /* no holder: scope and type are 0 */
           0, 0, 0, 0, 0, 1,           /* relative target port 1 */
           0, 0, 0, 40,                /* additional descriptor length */
           0x45, 0, 0, 36,             /* format 01b, iSCSI; 35 characters, NUL */
           'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.', 't', 'e', 's', 't', ':', 'a',
           ',', 'i', ',', '0', 'x', '0', '0', '0', '2', '3', 'd', '0', '0', '0', '0', '0', '1', 0,
           0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0, 0, 0, 0,
           0x01, 0x05,                 /* R_HOLDER */
           0, 0, 0, 0, 0, 4,
           0, 0, 0, 24,
           0x05, 0, 0, 20,             /* format 00b; 18 characters, NUL, one more to a multiple of 4 */
           'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.', 't', 'e', 's', 't', ':', 'b',
           0, 0);
}

static void every_registrant_holds(void **state)
{
    struct bench *b = *state;

    b->nexus[0] = array_login(b->array, 0, "1000000000000a01");
    b->nexus[3] = array_login(b->array, 3, "5000000000000b02");
    clear_attentions(b, 0);
    pr_out(b, 0, 0, 0, 0, 1, 0);
    pr_out(b, 3, 0, 0, 0, 2, 0);
    pr_out(b, 3, 1, 0x08, 2, 0, 0); /* exclusive access, all registrants */
    pr_in(b, 1);
    EXPECT(b, 0, 0, 0, 2, 0, 0, 0, 16,
           0, 0, 0, 0, 0, 0, 0, 0,     /* no key: all hold it */
           0, 0, 0, 0, 0, 0x08, 0, 0);
    pr_in(b, 3);
    EXPECT(b, 0, 0, 0, 2, 0, 0, 0, 96,
           0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 1, 0, 0, 0, 24,
           0x00, 0, 0, 0, 0, 0, 0, 0,  /* Fibre Channel: N_Port_Name at 8 */
           0x10, 0, 0, 0, 0, 0, 0x0A, 0x01, 0, 0, 0, 0, 0, 0, 0, 0,
           0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 4, 0, 0, 0, 24,
           0x06, 0, 0, 0,              /* SAS: address at 4 */
           0x50, 0, 0, 0, 0, 0, 0x0B, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(alua_bench, groups_of_an_implicit_array),
        TEST_ON(alua_bench, groups_during_an_explicit_transition),
        TEST_ON(symmetric_bench, nobody_is_registered),
        TEST_ON(symmetric_bench, two_registrants_and_a_reservation),
        TEST_ON(symmetric_bench, every_registrant_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
