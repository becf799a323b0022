/* SPDX-License-Identifier: MIT */
/*
 * Persistent reservations beyond one nexus and one command: TransportIDs, registrations made for
 * others, REGISTER AND MOVE, power and limits. Bytes worked out from SPC-4.
 */
#include <stdio.h>

#include "support.h"

enum { CONFLICT = 0x18 };
enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_ABORT, REGISTER_IGNORE, MOVE };
enum { WE = 1, EA = 3, WE_RO = 5, EA_RO = 6, WE_AR = 7, EA_AR = 8 };
enum { APTPL = 1, ALL_TG_PT = 4, SPEC_I_PT = 8 };

/* PERSISTENT RESERVE OUT with whatever stands behind the first 24 bytes of b->data already. */
static uint8_t pr_list(struct bench *b, unsigned port, uint8_t action, uint8_t type, uint8_t key,
                       uint8_t target, uint8_t flags, uint8_t length)
{
    memset(b->data, 0, 24);
    b->data[7] = key;
    b->data[15] = target;
    b->data[20] = flags;
    return OUT(b, port, 0, length, 0x5F, action, type, 0, 0, 0, 0, 0, length, 0);
}

static uint8_t pr_out(struct bench *b, unsigned port, uint8_t action, uint8_t type, uint8_t key,
                      uint8_t target)
{
    return pr_list(b, port, action, type, key, target, 0, 24);
}

static uint8_t pr_in(struct bench *b, unsigned port, uint8_t action)
{
    memset(b->data, 0xEE, 1024);
    return IN(b, port, 0, 1024, 0x5E, action, 0, 0, 0, 0, 0, 4, 0, 0);
}

/* READ KEYS: generation, then one byte of each key. */
static void expect_keys(struct bench *b, uint8_t generation, const char *keys)
{
    assert_good(pr_in(b, 3, 0));
    assert_int_equal(b->data[3], generation);
    assert_int_equal(b->cmd.transferred, 8 + 8 * strlen(keys));
    assert_int_equal(b->data[7], 8 * strlen(keys));
    for (size_t i = 0; keys[i]; i++)
        assert_int_equal(b->data[8 + 8 * i + 7], keys[i] - '0');
}

static uint8_t write1(struct bench *b, unsigned port)
{
    return OUT(b, port, 0, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void expect_attention(struct bench *b, unsigned port, uint8_t asc, uint8_t ascq)
{
    TUR(b, port, 0);
    expect_sense(b, 6, asc, ascq);
}

/* A nexus of another name in place of the one on this port. */
static void login(struct bench *b, unsigned port, const char *name)
{
    b->nexus[port] = array_login(b->array, port, name);
    assert_non_null(b->nexus[port]);
    clear_attentions(b, 0);
}

#define HOST    "iqn.2024-01.test:host"
#define NAME_A  "iqn.2024-01.test:hosa"
#define PORT_A  NAME_A ",i,0x00000000000a"
#define PORT_B  "iqn.2024-01.test:hosb,i,0x00000000000b"
#define ID_NAME 28 /* bytes of a TransportID with a name of that length */
#define ID_PORT 44

/* TransportID of an iSCSI initiator, format 01b when an ISID is in the name. */
static uint8_t put_id(uint8_t *to, const char *name)
{
    uint8_t length = strchr(name, ',') ? ID_PORT : ID_NAME;

    memset(to, 0, length);
    to[0] = length == ID_PORT ? 0x45 : 0x05;
    to[3] = length - 4;
    memcpy(to + 4, name, strlen(name));
    return length;
}

/* Behind the 24 bytes: the length of the list and one TransportID in it. */
static uint8_t list_of(struct bench *b, const char *name)
{
    memset(b->data + 24, 0, 4);
    b->data[27] = put_id(b->data + 28, name);
    return 28 + b->data[27];
}

/* ---- TransportIDs ------------------------------------------------------------------------------ */
static void full_status_of_iscsi_ports(void **state)
{
    struct bench *b = *state;

    login(b, 2, "iqn.2024-01.test:h,i,0x400001370002");
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 2, REGISTER, 0, 0, 2));
    assert_good(pr_out(b, 2, RESERVE, WE_RO, 2, 0));
    assert_good(pr_in(b, 3, 3));
    assert_int_equal(b->cmd.transferred, 8 + 24 + 28 + 24 + 40);
    assert_bytes(b, 0, 0, 0, 2, 0, 0, 0, 116,
                 /* key, reserved, not the holder, no type, reserved, port 1, 28 bytes follow */
                 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 28, 0x05, 0, 0,
                 24, 'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.', 't', 'e', 's', 't',
                 ':', 'h', 'o', 's', 't', 0, 0, 0,
                 /* R_HOLDER, type 5, port 3, format 01b: name and ISID */
                 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0x01, 0x05, 0, 0, 0, 0, 0, 3, 0, 0, 0, 40, 0x45,
                 0, 0, 36, 'i', 'q', 'n', '.', '2', '0', '2', '4', '-', '0', '1', '.', 't', 'e', 's',
                 't', ':', 'h', ',', 'i', ',', '0', 'x', '4', '0', '0', '0', '0', '1', '3', '7', '0',
                 '0', '0', '2', 0);
}

static void full_status_of_other_transports(void **state)
{
    struct bench *b = *state;

    login(b, 0, "10000000C9ABCDEF");
    login(b, 1, "5000c500000000a1");
    login(b, 2, "spi-7");
    for (unsigned port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 0, RESERVE, EA_AR, 1, 0));
    assert_good(pr_in(b, 3, 3));
    assert_int_equal(b->cmd.transferred, 8 + 3 * 48);
    assert_bytes(b, 0, 0, 0, 3, 0, 0, 0, 144,
                 /* all registrants hold; Fibre Channel: N_Port name at byte 8 */
                 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 1, 0, 0, 0, 24, 0x00,
                 0, 0, 0, 0, 0, 0, 0, 0x10, 0x00, 0x00, 0x00, 0xC9, 0xAB, 0xCD, 0xEF, 0, 0, 0, 0, 0, 0,
                 0, 0,
                 /* SAS: address at byte 4 */
                 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 2, 0, 0, 0, 24, 0x06,
                 0, 0, 0, 0x50, 0x00, 0xC5, 0x00, 0x00, 0x00, 0x00, 0xA1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                 0, 0,
                 /* parallel: SCSI address at byte 2, relative target port at byte 6 */
                 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x01, 0x08, 0, 0, 0, 0, 0, 3, 0, 0, 0, 24, 0x01,
                 0, 0, 7, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void a_short_name_fills_the_smallest_transport_id(void **state)
{
    struct bench *b = *state;

    login(b, 0, "iqn.x");
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_in(b, 3, 3));
    assert_int_equal(b->cmd.transferred, 8 + 24 + 24);
    assert_int_equal(b->data[8 + 24 + 3], 20);
}

static void parameter_data_cut_at_every_length(void **state)
{
    struct bench *b = *state;
    uint8_t whole[1024];

    for (uint8_t port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, port + 1));
    assert_good(pr_out(b, 0, RESERVE, WE, 1, 0));
    for (uint8_t action = 0; action < 4; action++) {
        assert_good(pr_in(b, 3, action));
        uint32_t size = b->cmd.transferred;
        memcpy(whole, b->data, size);
        assert_true(size < 255);
        for (uint8_t cut = 0; cut <= size; cut++) {
            assert_good(IN(b, 3, 0, cut, 0x5E, action, 0, 0, 0, 0, 0, 0, cut, 0));
            assert_int_equal(b->cmd.transferred, cut);
            assert_memory_equal(b->data, whole, cut);
        }
    }
    IN(b, 3, 0, 64, 0x5E, 4, 0, 0, 0, 0, 0, 0, 64, 0);
    expect_sense(b, 5, 0x24, 0);
}

/* ---- registering for others -------------------------------------------------------------------- */
static void all_target_ports_at_once(void **state)
{
    struct bench *b = *state;

    assert_good(pr_list(b, 1, REGISTER, 0, 0, 7, ALL_TG_PT, 24));
    expect_keys(b, 1, "7777");
    assert_int_equal(pr_list(b, 0, REGISTER, 0, 0, 8, ALL_TG_PT, 24), CONFLICT);
    assert_good(pr_out(b, 2, REGISTER, 0, 7, 6));
    /* as if it had come through each port: port 2 has another key, so nothing changes */
    assert_int_equal(pr_list(b, 0, REGISTER, 0, 7, 8, ALL_TG_PT, 24), CONFLICT);
    expect_keys(b, 2, "7767");
    assert_good(pr_list(b, 0, REGISTER_IGNORE, 0, 0, 8, ALL_TG_PT, 24));
    expect_keys(b, 3, "8888");
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 8, 0));
    assert_good(pr_list(b, 1, REGISTER, 0, 8, 0, ALL_TG_PT, 24));
    expect_keys(b, 4, ""); /* nobody is left to be told of the release */
    assert_good(pr_in(b, 3, 1));
    assert_int_equal(b->cmd.transferred, 8);
    assert_good(pr_list(b, 1, REGISTER, 0, 0, 0, ALL_TG_PT, 24)); /* nothing to do, not counted */
    expect_keys(b, 4, "");
}

static void an_initiator_that_never_came(void **state)
{
    struct bench *b = *state;

    list_of(b, PORT_A);
    put_id(b->data + 28 + ID_PORT, PORT_B);
    b->data[27] = 2 * ID_PORT;
    assert_good(pr_list(b, 0, REGISTER, 0, 0, 5, SPEC_I_PT, 28 + 2 * ID_PORT));
    expect_keys(b, 1, "555");
    assert_good(pr_out(b, 0, RESERVE, EA_RO, 5, 0));
    assert_int_equal(write1(b, 1), CONFLICT);
    login(b, 0, PORT_A);
    assert_good(write1(b, 0)); /* registered on its first login */
    assert_good(pr_out(b, 0, PREEMPT, EA_RO, 5, 5));
    expect_keys(b, 2, "5"); /* the absent one went with its key */
    assert_good(pr_in(b, 3, 3));
    assert_string_equal((char *)b->data + 8 + 24 + 4, PORT_A);
}

static void named_initiators_on_all_ports(void **state)
{
    struct bench *b = *state;
    uint8_t length = list_of(b, PORT_A);

    assert_good(pr_list(b, 0, REGISTER, 0, 0, 5, SPEC_I_PT | ALL_TG_PT, length));
    expect_keys(b, 1, "55555555");
}

static void lists_that_are_refused_change_nothing(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *what;
        uint8_t cdb_length, list_length, id[3], flags, asc;
    } bad[] = {
        {"no room for the list's length", 27, 0, {0}, SPEC_I_PT, 0x1A},
        {"list longer than announced", 55, 28, {5, 0, 24}, SPEC_I_PT, 0x1A},
        {"long list without SPEC_I_PT", 56, 28, {5, 0, 24}, 0, 0x1A},
        {"half a TransportID", 48, 20, {5, 0, 24}, SPEC_I_PT, 0x26},
        {"name longer than the list", 56, 28, {5, 0, 28}, SPEC_I_PT, 0x26},
        {"length not a multiple of four", 56, 28, {5, 0, 23}, SPEC_I_PT, 0x26},
        {"length below 20", 56, 28, {5, 0, 16}, SPEC_I_PT, 0x26},
        {"name without its NUL", 52, 24, {5, 0, 20}, SPEC_I_PT, 0x26},
        {"format 10b", 56, 28, {0x85, 0, 24}, SPEC_I_PT, 0x26},
        {"format 01b without an ISID", 56, 28, {0x45, 0, 24}, SPEC_I_PT, 0x26},
        {"another transport", 52, 24, {0x00, 0, 0}, SPEC_I_PT, 0x26},
        {"unknown protocol", 52, 24, {0x0F, 0, 0}, SPEC_I_PT, 0x26},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(b->data + 24, 0, 64);
        b->data[27] = bad[i].list_length;
        put_id(b->data + 28, NAME_A);
        b->data[28] = bad[i].id[0];
        b->data[30] = bad[i].id[1];
        b->data[31] = bad[i].id[2];
        pr_list(b, 0, REGISTER, 0, 0, 5, bad[i].flags, bad[i].cdb_length);
        if (b->cmd.status != 2 || b->cmd.sense[12] != bad[i].asc)
            fail_msg("%s: status %02X, %02X", bad[i].what, b->cmd.status, b->cmd.sense[12]);
    }
    static const char *const odd[] = {"iqn.2024-01.test:ho\na", "iqn.2024-01.test:ho a",
                                      "iqn.2024-01.test:ho\x7f", "1000000000000a01", "spi-7"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) { /* not of an iSCSI initiator */
        uint8_t length = list_of(b, odd[i]);
        pr_list(b, 0, REGISTER, 0, 0, 5, SPEC_I_PT, length);
        expect_sense(b, 5, 0x26, 0);
    }
    assert_int_equal(list_of(b, HOST), 56); /* itself */
    pr_list(b, 0, REGISTER, 0, 0, 5, SPEC_I_PT, 56);
    expect_sense(b, 5, 0x26, 0);
    list_of(b, NAME_A);
    assert_non_null(array_login(b->array, 0, NAME_A));
    for (uint8_t action = RESERVE; action <= REGISTER_IGNORE; action++) {
        pr_list(b, 0, action, WE, 0, 5, SPEC_I_PT, 56);
        expect_sense(b, 5, 0x26, 0);
    }
    expect_keys(b, 0, "");

    list_of(b, NAME_A);
    assert_good(pr_list(b, 0, REGISTER, 0, 0, 5, SPEC_I_PT, 56));
    pr_list(b, 0, REGISTER, 0, 5, 6, SPEC_I_PT, 56); /* from who is registered */
    expect_sense(b, 5, 0x26, 0);
    login(b, 0, "iqn.2024-01.test:hosc");
    list_of(b, NAME_A);
    pr_list(b, 0, REGISTER, 0, 0, 6, SPEC_I_PT, 56); /* naming who is registered */
    expect_sense(b, 5, 0x26, 0);
    expect_keys(b, 1, "55");
    memset(b->data + 24, 0, 4); /* an empty list names nobody */
    assert_good(pr_list(b, 0, REGISTER, 0, 0, 6, SPEC_I_PT, 28));
    expect_keys(b, 2, "556");
}

static void a_name_without_isid_is_every_port_of_that_initiator(void **state)
{
    struct bench *b = *state;

    login(b, 0, "iqn.2024-01.test:hosa,i,0x000000000001");
    assert_non_null(array_login(b->array, 1, "iqn.2024-01.test:hosa,i,0x000000000002"));
    assert_non_null(array_login(b->array, 1, "iqn.2024-01.test:hosa,i,0x000000000003"));
    assert_int_equal(list_of(b, NAME_A), 56);
    assert_good(pr_list(b, 1, REGISTER, 0, 0, 5, SPEC_I_PT, 56));
    expect_keys(b, 1, "555");
    list_of(b, "iqn.2024-01.test:hosz"); /* nobody of that name was ever here */
    pr_list(b, 2, REGISTER, 0, 0, 5, SPEC_I_PT, 56);
    expect_sense(b, 5, 0x26, 0);
    expect_keys(b, 1, "555");
}

/* ---- REGISTER AND MOVE --------------------------------------------------------------------------- */
static uint8_t move(struct bench *b, unsigned port, uint8_t key, uint8_t target, uint8_t flags,
                    uint8_t relative_port, const char *name)
{
    memset(b->data, 0, 24);
    b->data[7] = key;
    b->data[15] = target;
    b->data[17] = flags;
    b->data[19] = relative_port;
    b->data[23] = put_id(b->data + 24, name);
    uint8_t length = 24 + b->data[23];
    return OUT(b, port, 0, length, 0x5F, MOVE, 0, 0, 0, 0, 0, 0, length, 0);
}

static void the_reservation_moves_to_another_nexus(void **state)
{
    struct bench *b = *state;

    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 0, RESERVE, WE, 1, 0));
    assert_good(move(b, 0, 1, 2, 0, 3, HOST)); /* to port 2, which was not registered */
    expect_keys(b, 2, "12");
    assert_good(write1(b, 2));
    assert_int_equal(write1(b, 0), CONFLICT);
    assert_good(pr_in(b, 3, 1));
    assert_bytes(b, 0, 0, 0, 2, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0);
    assert_good(move(b, 2, 2, 9, 2, 1, HOST)); /* back; UNREG, and the old key there changes */
    expect_keys(b, 3, "9");
    assert_good(write1(b, 0));
    assert_int_equal(write1(b, 2), CONFLICT);
    for (unsigned port = 0; port < PORTS; port++)
        assert_good(TUR(b, port, 0)); /* nobody is told */
    assert_good(move(b, 0, 9, 3, 2, 1, PORT_A));
    expect_keys(b, 4, "3");
    login(b, 0, PORT_A);
    assert_good(write1(b, 0));
}

static void moves_that_are_refused(void **state)
{
    struct bench *b = *state;

    assert_int_equal(move(b, 0, 0, 2, 0, 3, HOST), CONFLICT); /* unregistered */
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 1, REGISTER, 0, 0, 2));
    assert_int_equal(move(b, 0, 1, 2, 0, 3, HOST), CONFLICT); /* no reservation */
    assert_good(pr_out(b, 0, RESERVE, EA_AR, 1, 0));
    assert_int_equal(move(b, 0, 1, 2, 0, 3, HOST), CONFLICT); /* all registrants */
    assert_good(pr_out(b, 0, RELEASE, EA_AR, 1, 0));
    clear_attentions(b, 0);
    assert_good(pr_out(b, 0, RESERVE, EA_RO, 1, 0));
    assert_int_equal(move(b, 0, 7, 2, 0, 3, HOST), CONFLICT); /* wrong key */
    assert_int_equal(move(b, 1, 2, 2, 0, 3, HOST), CONFLICT); /* not the holder */
    move(b, 0, 1, 0, 0, 3, HOST);
    expect_sense(b, 5, 0x26, 0);
    for (uint8_t port = 0; port <= 5; port += 5) {
        move(b, 0, 1, 2, 0, port, HOST);
        expect_sense(b, 5, 0x26, 0);
    }
    move(b, 0, 1, 2, 0, 1, HOST); /* itself */
    expect_sense(b, 5, 0x26, 0);
    for (uint8_t length = 23; length <= 51; length += 28) {
        OUT(b, 0, 0, length, 0x5F, MOVE, 0, 0, 0, 0, 0, 0, length, 0);
        expect_sense(b, 5, 0x1A, 0);
    }
    move(b, 0, 7, 2, 0, 3, HOST);
    b->data[7] = 1;
    b->data[23] = 24; /* the TransportID has 28 */
    OUT(b, 0, 0, 52, 0x5F, MOVE, 0, 0, 0, 0, 0, 0, 52, 0);
    expect_sense(b, 5, 0x26, 0);
    b->data[23] = 28;
    b->data[24] = 0x06; /* SAS */
    OUT(b, 0, 0, 52, 0x5F, MOVE, 0, 0, 0, 0, 0, 0, 52, 0);
    expect_sense(b, 5, 0x26, 0);
    expect_keys(b, 2, "12");
}

/* ---- keys, counters, power ----------------------------------------------------------------------- */
static void every_action_needs_the_right_key(void **state)
{
    struct bench *b = *state;

    for (uint8_t action = RESERVE; action <= MOVE; action++) {
        if (action == REGISTER_IGNORE)
            continue;
        assert_int_equal(action == MOVE ? move(b, 3, 0, 1, 0, 1, HOST) : pr_out(b, 3, action, WE, 0, 1),
                         CONFLICT);
        assert_int_equal(action == MOVE ? move(b, 3, 4, 1, 0, 1, HOST) : pr_out(b, 3, action, WE, 4, 1),
                         CONFLICT);
    }
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    for (uint8_t action = REGISTER; action <= MOVE; action++) {
        if (action == REGISTER_IGNORE)
            continue;
        assert_int_equal(action == MOVE ? move(b, 0, 2, 1, 0, 2, HOST) : pr_out(b, 0, action, WE, 2, 1),
                         CONFLICT);
        assert_int_equal(action == MOVE ? move(b, 0, 0, 1, 0, 2, HOST) : pr_out(b, 0, action, WE, 0, 1),
                         CONFLICT);
    }
    expect_keys(b, 1, "1");
}

static void what_the_generation_counts(void **state)
{
    struct bench *b = *state;

    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    expect_keys(b, 1, "1");
    assert_good(pr_out(b, 1, REGISTER_IGNORE, 0, 0, 2));
    expect_keys(b, 2, "12");
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_good(pr_out(b, 0, RELEASE, WE_RO, 1, 0));
    expect_attention(b, 1, 0x2A, 4);
    assert_int_equal(pr_out(b, 0, PREEMPT, WE_RO, 1, 9), CONFLICT);
    expect_keys(b, 2, "12");
    assert_good(pr_out(b, 0, PREEMPT, 0xFF, 1, 2)); /* a mere registrant: scope and type do not count */
    expect_keys(b, 3, "1");
    expect_attention(b, 1, 0x2A, 5);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    pr_out(b, 0, PREEMPT, 0xFF, 1, 1); /* the reservation: they do */
    expect_sense(b, 5, 0x24, 0);
    assert_good(pr_out(b, 0, PREEMPT_ABORT, WE_RO, 1, 1));
    expect_keys(b, 4, "1");
    assert_good(move(b, 0, 1, 3, 2, 2, HOST));
    expect_keys(b, 5, "3");
    assert_good(pr_out(b, 1, CLEAR, 0, 3, 0));
    expect_keys(b, 6, "");
}

static void preempting_ones_own_key(void **state)
{
    struct bench *b = *state;

    for (uint8_t port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 0, PREEMPT, 0, 1, 1)); /* no reservation: the sender goes as well, untold */
    expect_keys(b, 4, "");
    assert_good(TUR(b, 0, 0));
    expect_attention(b, 1, 0x2A, 5);
    expect_attention(b, 2, 0x2A, 5);
    for (uint8_t port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, port == 2 ? 2 : 1));
    assert_good(pr_out(b, 0, RESERVE, EA_RO, 1, 0));
    assert_good(pr_out(b, 1, PREEMPT, EA_RO, 1, 1)); /* the holder's key is the sender's too */
    expect_keys(b, 8, "12");
    expect_attention(b, 0, 0x2A, 5);
    assert_good(TUR(b, 2, 0)); /* same type: no news */
    assert_good(write1(b, 1));
    assert_int_equal(write1(b, 0), CONFLICT);
}

static void preempt_with_a_key_under_all_registrants(void **state)
{
    struct bench *b = *state;

    for (uint8_t port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, port + 1));
    assert_good(pr_out(b, 0, RESERVE, WE_AR, 1, 0));
    assert_good(pr_out(b, 0, PREEMPT, EA, 1, 2)); /* takes registrations only */
    expect_keys(b, 4, "13");
    assert_good(write1(b, 2));
    expect_attention(b, 1, 0x2A, 5);
    assert_int_equal(write1(b, 1), CONFLICT);
    assert_good(pr_in(b, 3, 1));
    assert_int_equal(b->data[21], WE_AR);
}

static void power_takes_registrations_without_aptpl(void **state)
{
    struct bench *b = *state;
    static const uint8_t tur[6];

    for (uint8_t aptpl = 0; aptpl < 2; aptpl++) {
        assert_good(pr_list(b, 0, REGISTER_IGNORE, 0, 0, 1, !aptpl, 24)); /* the last bit counts */
        assert_good(pr_list(b, 1, REGISTER_IGNORE, 0, 0, 2, aptpl, 24));
        assert_good(pr_out(b, 0, RESERVE, EA_RO, 1, 0));
        assert_good(pr_in(b, 0, 2));
        assert_int_equal(b->data[3] & 1, aptpl);
        array_power(b->array, false);
        assert_false(array_controller_is_up(b->array, 0));
        b->cmd = (struct array_cmd){.cdb = tur, .cdb_length = 6};
        assert_int_equal(array_execute(b->nexus[0], &b->cmd), ARRAY_NO_ANSWER);
        array_power(b->array, true);
        for (unsigned port = 0; port < PORTS; port++)
            expect_attention(b, port, 0x29, 1);
        expect_keys(b, 0, aptpl ? "12" : "");
        assert_int_equal(write1(b, 3), aptpl ? CONFLICT : 0);
        assert_good(write1(b, 0));
    }
}

static void power_takes_what_is_volatile(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
    array_unit_attention(b->array, 0, 0x2A, 9);
    array_power(b->array, true); /* it is on */
    expect_attention(b, 0, 0x2A, 9);
    array_power(b->array, false);
    array_power(b->array, false);
    array_power(b->array, true);
    expect_attention(b, 1, 0x29, 1);
    assert_good(write1(b, 1));
}

/* ---- limits, and nexuses nobody holds --------------------------------------------------------------- */
static int two_registrations_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    config.max_registrations = 2;
    config.compatible_reservations = true;
    b->array = array_create(&config, NULL);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++)
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
    clear_attentions(b, 0);
    *state = b;
    return 0;
}

static void one_registration_too_many(void **state)
{
    struct bench *b = *state;

    uint8_t length = list_of(b, PORT_A);

    pr_list(b, 0, REGISTER, 0, 0, 1, ALL_TG_PT, 24);
    expect_sense(b, 5, 0x55, 4);
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    list_of(b, PORT_A);
    assert_good(pr_list(b, 1, REGISTER, 0, 0, 0, SPEC_I_PT, length)); /* no key, nobody registered */
    assert_good(pr_out(b, 1, REGISTER, 0, 0, 2));
    assert_good(pr_out(b, 1, REGISTER, 0, 2, 0));
    list_of(b, PORT_A);
    pr_list(b, 1, REGISTER, 0, 0, 1, SPEC_I_PT, length);
    expect_sense(b, 5, 0x55, 4);
    expect_keys(b, 3, "1"); /* all or nothing */
    assert_good(pr_out(b, 1, REGISTER, 0, 0, 2));
    pr_out(b, 2, REGISTER, 0, 0, 3);
    expect_sense(b, 5, 0x55, 4);
    assert_good(pr_out(b, 1, REGISTER, 0, 2, 4)); /* another key is no further registration */
    assert_good(pr_out(b, 0, RESERVE, WE, 1, 0));
    move(b, 0, 1, 2, 2, 3, HOST);
    expect_sense(b, 5, 0x55, 4);
    assert_good(move(b, 0, 1, 2, 0, 2, HOST));
    expect_keys(b, 6, "12");
}

static void reserve_and_release_beside_registrations(void **state)
{
    struct bench *b = *state;

    assert_good(pr_in(b, 0, 2));
    assert_int_equal(b->data[2], 0x1D); /* CRH */
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 1, REGISTER, 0, 0, 2));
    assert_int_equal(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0), CONFLICT); /* no reservation yet */
    assert_good(pr_out(b, 0, RESERVE, WE, 1, 0));
    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0)); /* the holder */
    assert_int_equal(IN(b, 1, 0, 0, 0x16, 0, 0, 0, 0, 0), CONFLICT);
    assert_good(pr_out(b, 0, RELEASE, WE, 1, 0));
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_good(IN(b, 1, 0, 0, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0)); /* registered */
    assert_good(IN(b, 1, 0, 0, 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_int_equal(IN(b, 2, 0, 0, 0x16, 0, 0, 0, 0, 0), CONFLICT);
    assert_int_equal(IN(b, 2, 0, 0, 0x17, 0, 0, 0, 0, 0), CONFLICT);
    assert_good(write1(b, 1)); /* nothing was reserved */
    assert_int_equal(write1(b, 2), CONFLICT);
}

static void registrations_outlive_the_session(void **state)
{
    struct bench *b = *state;

    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_good(pr_out(b, 0, RESERVE, EA, 1, 0));
    array_forget(b->nexus[0]);
    assert_int_equal(write1(b, 1), CONFLICT);
    b->nexus[0] = array_login(b->array, 0, "IQN.2024-01.TEST:HOST"); /* names have no case */
    clear_attentions(b, 0);
    assert_good(write1(b, 0));
    for (unsigned i = 0; i < 1000; i++) { /* the sanitizer's leak check looks on */
        char name[40];
        snprintf(name, sizeof name, "iqn.2024-01.test:n%u", i);
        struct array_nexus *n = array_login(b->array, 1, name);
        if (i % 2)
            array_logout(n);
        array_forget(n);
    }
    array_forget(b->nexus[0]);
    b->nexus[0] = array_login(b->array, 0, "iqn.2024-01.test:host");
    clear_attentions(b, 0);
    assert_good(pr_out(b, 0, CLEAR, 0, 1, 0));
    array_forget(b->nexus[0]);
    expect_keys(b, 2, "");
    assert_int_equal(array_remove_lun(b->array, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, full_status_of_iscsi_ports),
        TEST_ON(symmetric_bench, full_status_of_other_transports),
        TEST_ON(symmetric_bench, a_short_name_fills_the_smallest_transport_id),
        TEST_ON(symmetric_bench, parameter_data_cut_at_every_length),
        TEST_ON(symmetric_bench, all_target_ports_at_once),
        TEST_ON(symmetric_bench, an_initiator_that_never_came),
        TEST_ON(symmetric_bench, named_initiators_on_all_ports),
        TEST_ON(symmetric_bench, lists_that_are_refused_change_nothing),
        TEST_ON(symmetric_bench, a_name_without_isid_is_every_port_of_that_initiator),
        TEST_ON(symmetric_bench, the_reservation_moves_to_another_nexus),
        TEST_ON(symmetric_bench, moves_that_are_refused),
        TEST_ON(symmetric_bench, every_action_needs_the_right_key),
        TEST_ON(symmetric_bench, what_the_generation_counts),
        TEST_ON(symmetric_bench, preempting_ones_own_key),
        TEST_ON(symmetric_bench, preempt_with_a_key_under_all_registrants),
        TEST_ON(symmetric_bench, power_takes_registrations_without_aptpl),
        TEST_ON(symmetric_bench, power_takes_what_is_volatile),
        TEST_ON(two_registrations_bench, one_registration_too_many),
        TEST_ON(two_registrations_bench, reserve_and_release_beside_registrations),
        TEST_ON(symmetric_bench, registrations_outlive_the_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
