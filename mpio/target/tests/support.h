/* SPDX-License-Identifier: MIT */
/* An initiator in a few lines, on a target without sockets and a virtual clock. */
#ifndef TARGET_TESTS_SUPPORT_H
#define TARGET_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array/stamp.h"
#include "target/pdu.h"
#include "target/target.h"

struct rig {
    struct world *world;
    struct topology *topology;
    struct target *target;
    unsigned logged;
    char last_log[400];
};

static inline void note_log(void *user, const char *line)
{
    struct rig *r = user;

    r->logged++;
    snprintf(r->last_log, sizeof r->last_log, "%s", line);
}

#define PLAIN "[array a0]\ncontrollers = 2\n[lun disk]\narray = a0\nsize = 1M\ncount = 2\n"
#define NODE  "iqn.2026-01.org.openmpio:a0"

static inline void rig_open(struct rig *r, const char *ini)
{
    static const char *const listen[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct text_error error = {0};
    struct world_options world = {.seed = 1, .clock = WORLD_CLOCK_VIRTUAL};

    memset(r, 0, sizeof *r);
    r->topology = topology_parse("test.ini", ini, strlen(ini), &error);
    if (!r->topology)
        fail_msg("%s", error.message);
    r->world = world_create(&world);
    struct target_options options = {.world = r->world, .topology = r->topology, .listen = listen, .listens = 2,
                                     .log = note_log, .user = r};
    r->target = target_create(&options, &error);
    if (!r->target)
        fail_msg("%s", error.message);
}

static inline void rig_close(struct rig *r)
{
    target_destroy(r->target);
    topology_free(r->topology);
    world_destroy(r->world);
}

static inline void rig_wait(struct rig *r, uint64_t time)
{
    world_run(r->world, world_now(r->world) + time);
}

/* ---- one initiator ------------------------------------------------------------------------------ */
struct initiator {
    struct rig *rig;
    struct connection *connection;  /* NULL: the target has ended it */
    struct buffer in;
    size_t at;
    uint8_t header[48];             /* of the PDU received last */
    const uint8_t *data;
    uint32_t length;
    uint32_t cmd_sn, tag;
    bool header_digest, data_digest;
};

static inline void dial(struct initiator *i, struct rig *r, unsigned portal)
{
    memset(i, 0, sizeof *i);
    i->rig = r;
    i->connection = target_connect(r->target, portal, "10.0.0.1:1000");
    i->cmd_sn = 1;
    assert_non_null(i->connection);
}

static inline void hang_up(struct initiator *i)
{
    if (i->connection)
        target_hang_up(i->connection);
    buffer_free(&i->in);
    i->connection = NULL;
}

static inline void look(struct initiator *i)
{
    if (i->connection && !target_take(i->connection, &i->in))
        i->connection = NULL;
}

static inline void put_crc(uint8_t *to, uint32_t crc)
{
    for (unsigned b = 0; b < 4; b++)
        to[b] = (uint8_t)(crc >> 8 * b);
}

static inline void send_raw(struct initiator *i, const void *bytes, size_t length)
{
    if (i->connection)
        target_receive(i->connection, bytes, length);
    look(i);
}

/* Header (its length field is set here) and data, with the digests agreed on. */
static inline void send_pdu(struct initiator *i, uint8_t header[48], const void *data, uint32_t length)
{
    struct buffer out = {0};
    uint8_t crc[4];
    static const uint8_t zero[4];

    header[5] = (uint8_t)(length >> 16);
    header[6] = (uint8_t)(length >> 8);
    header[7] = (uint8_t)length;
    buffer_append(&out, header, 48);
    if (i->header_digest) {
        put_crc(crc, crc32c(0, header, 48));
        buffer_append(&out, crc, 4);
    }
    if (length > 0) {
        buffer_append(&out, data, length);
        buffer_append(&out, zero, -length & 3);
        if (i->data_digest) {
            put_crc(crc, crc32c(crc32c(0, data, length), zero, -length & 3));
            buffer_append(&out, crc, 4);
        }
    }
    send_raw(i, out.data, out.length);
    buffer_free(&out);
}

/* The next PDU from the target; false when there is none. Checks its digests. */
static inline bool receive(struct initiator *i)
{
    look(i);
    size_t left = i->in.length - i->at;
    const uint8_t *p = (const uint8_t *)i->in.data + i->at;
    size_t head = 48 + (i->header_digest ? 4 : 0);

    if (left == 0)
        return false;
    assert_true(left >= head);
    memcpy(i->header, p, 48);
    if (i->header_digest) {
        uint8_t crc[4];
        put_crc(crc, crc32c(0, p, 48));
        assert_memory_equal(crc, p + 48, 4);
    }
    i->length = get_24(i->header + 5);
    i->data = p + head;
    size_t padded = (i->length + 3) & ~3u;
    if (i->data_digest && i->length > 0) {
        uint8_t crc[4];
        put_crc(crc, crc32c(0, i->data, padded));
        assert_memory_equal(crc, i->data + padded, 4);
        padded += 4;
    }
    i->at += head + padded;
    assert_true(i->at <= i->in.length);
    return true;
}

static inline void expect(struct initiator *i, uint8_t opcode)
{
    if (!receive(i))
        fail_msg("nothing came; expected opcode %02x (log: %s)", opcode, i->rig->last_log);
    assert_int_equal(i->header[0], opcode);
}

static inline void expect_silence(struct initiator *i)
{
    assert_false(receive(i));
}

/* ---- login -------------------------------------------------------------------------------------- */
static inline void send_login(struct initiator *i, unsigned flags, const char *text, size_t length)
{
    uint8_t h[48] = {PDU_IMMEDIATE | LOGIN_REQUEST, (uint8_t)flags};

    h[8] = 0x80; /* ISID: random format */
    h[13] = 1;
    put_32(h + AT_TAG, 7);
    put_32(h + AT_CMD_SN, i->cmd_sn);
    send_pdu(i, h, text, (uint32_t)length);
}

static inline unsigned login_status(const struct initiator *i)
{
    return get_16(i->header + 36);
}

#define WHO "InitiatorName=iqn.2026-01.test:host\0TargetName=" NODE "\0SessionType=Normal\0"
/* Text with its length; ends with the NUL that the compiler adds. */
#define LOGIN(i, flags, text) send_login(i, flags, text, sizeof(text))
enum { OPERATIONAL_TO_FULL = 0x87, SECURITY_TO_OPERATIONAL = 0x81, SECURITY_TO_FULL = 0x83, SECURITY = 0x00, OPERATIONAL = 0x04 };

/* One step, no digests, R2T for everything. */
static inline void log_in(struct initiator *i, struct rig *r, unsigned portal)
{
    dial(i, r, portal);
    LOGIN(i, OPERATIONAL_TO_FULL, WHO "InitialR2T=Yes\0ImmediateData=Yes\0MaxRecvDataSegmentLength=8192");
    expect(i, LOGIN_RESPONSE);
    assert_int_equal(login_status(i), 0);
    assert_int_equal(i->header[1], 0x87);
}

static inline const char *text_value(const struct initiator *i, const char *key)
{
    size_t length = strlen(key);
    const char *at = (const char *)i->data, *end = at + i->length;

    for (; at < end; at += strlen(at) + 1)
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

/* ---- commands --------------------------------------------------------------------------------------- */
static inline uint32_t send_command(struct initiator *i, unsigned flags, const uint8_t cdb[16], uint32_t expected,
                                    const void *data, uint32_t length)
{
    uint8_t h[48] = {SCSI_COMMAND, (uint8_t)(flags | ATTRIBUTE_SIMPLE)};

    put_32(h + AT_TAG, ++i->tag);
    put_32(h + AT_EXPECTED_LENGTH, expected);
    put_32(h + AT_CMD_SN, i->cmd_sn++);
    memcpy(h + AT_CDB, cdb, 16);
    send_pdu(i, h, data, length);
    return i->tag;
}

static inline void send_data_out(struct initiator *i, unsigned flags, uint32_t tag, uint32_t transfer, uint32_t sn,
                                 uint32_t offset, const void *data, uint32_t length)
{
    uint8_t h[48] = {DATA_OUT, (uint8_t)flags};

    put_32(h + AT_TAG, tag);
    put_32(h + AT_TRANSFER_TAG, transfer);
    put_32(h + AT_DATA_SN, sn);
    put_32(h + AT_OFFSET, offset);
    send_pdu(i, h, data, length);
}

static const uint8_t TEST_UNIT_READY[16];
static const uint8_t INQUIRY[16] = {0x12, 0, 0, 0, 255};
/* Blocks 0..n-1 of 512 bytes. */
#define READ_10(n)  ((const uint8_t[16]){0x28, 0, 0, 0, 0, 0, 0, 0, (n)})
#define WRITE_10(n) ((const uint8_t[16]){0x2A, 0, 0, 0, 0, 0, 0, 0, (n)})

/* Takes the unit attention every new nexus finds on LUN 0. */
static inline void settle_in(struct initiator *i)
{
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect(i, SCSI_RESPONSE);
    assert_int_equal(i->header[3], 0x02);
}

static inline void expect_status(struct initiator *i, uint8_t status)
{
    expect(i, SCSI_RESPONSE);
    assert_int_equal(i->header[3], status);
}

/* ---- fixtures ---------------------------------------------------------------------------------------- */
/* rig_test: *state is a struct rig of PLAIN. session_test: a struct initiator that is logged in to portal 0 of one and
 * has taken its unit attention. */
static inline int rig_begin(void **state)
{
    rig_open(*state = malloc(sizeof(struct rig)), PLAIN);
    return 0;
}

static inline int rig_end(void **state)
{
    rig_close(*state);
    free(*state);
    return 0;
}

static inline int session_begin(void **state)
{
    struct initiator *i = malloc(sizeof *i);
    void *rig;

    rig_begin(&rig);
    log_in(i, rig, 0);
    settle_in(i);
    *state = i;
    return 0;
}

static inline int session_end(void **state)
{
    struct initiator *i = *state;
    void *rig = i->rig;

    hang_up(i);
    free(i);
    return rig_end(&rig);
}

#define rig_test(test)     cmocka_unit_test_setup_teardown(test, rig_begin, rig_end)
#define session_test(test) cmocka_unit_test_setup_teardown(test, session_begin, session_end)

#endif
