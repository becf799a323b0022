/* SPDX-License-Identifier: MIT */
/* Logins: negotiation by its rules, what is refused and with which status, CHAP, sessions, redirection. */
#include "support.h"

#include <gcrypt.h>

static void login_in_one_step_reaches_full_feature(void **state)
{
    struct rig *r = *state;
    struct initiator i;

    dial(&i, r, 1);
    LOGIN(&i, OPERATIONAL_TO_FULL,
          WHO "HeaderDigest=CRC32C,None\0DataDigest=None\0InitialR2T=No\0ImmediateData=Yes\0MaxBurstLength=262144\0"
              "FirstBurstLength=16777215\0MaxOutstandingR2T=9\0ErrorRecoveryLevel=2\0DefaultTime2Retain=20\0"
              "DefaultTime2Wait=2\0MaxConnections=8\0OFMarker=Yes\0X-com.example.strange=1\0DataPDUInOrder=No");
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), 0);
    assert_int_not_equal(get_16(i.header + AT_TSIH), 0);
    assert_string_equal(text_value(&i, "HeaderDigest"), "CRC32C");
    assert_string_equal(text_value(&i, "InitialR2T"), "No");
    assert_string_equal(text_value(&i, "MaxBurstLength"), "262144");
    assert_string_equal(text_value(&i, "FirstBurstLength"), "262144");
    assert_string_equal(text_value(&i, "MaxOutstandingR2T"), "4");
    assert_string_equal(text_value(&i, "ErrorRecoveryLevel"), "0");
    assert_string_equal(text_value(&i, "DefaultTime2Retain"), "0");
    assert_string_equal(text_value(&i, "DefaultTime2Wait"), "2");
    assert_string_equal(text_value(&i, "MaxConnections"), "1");
    assert_string_equal(text_value(&i, "OFMarker"), "No");
    assert_string_equal(text_value(&i, "X-com.example.strange"), "NotUnderstood");
    assert_string_equal(text_value(&i, "DataPDUInOrder"), "Yes");
    assert_string_equal(text_value(&i, "TargetPortalGroupTag"), "2");
    assert_string_equal(text_value(&i, "MaxRecvDataSegmentLength"), "262144");
    i.header_digest = true;
    settle_in(&i);
    hang_up(&i);
}

static void login_in_two_stages_and_in_two_pdus(void **state)
{
    struct rig *r = *state;
    static const char first[] = WHO "Auth", second[] = "Method=None";
    struct initiator i;

    dial(&i, r, 0);
    send_login(&i, PDU_CONTINUE, first, sizeof first - 1);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(i.header[1], 0);
    send_login(&i, SECURITY_TO_OPERATIONAL, second, sizeof second);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), 0);
    assert_string_equal(text_value(&i, "AuthMethod"), "None");
    assert_int_equal(i.header[1], 0x81);
    LOGIN(&i, OPERATIONAL_TO_FULL, "InitialR2T=Yes");
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(i.header[1], 0x87);
    settle_in(&i);
    hang_up(&i);
}

struct refusal {
    const char *text;
    size_t length;
    unsigned flags, status;
};
#define REFUSED(flags, status, text) {text, sizeof(text), flags, status}

static void refused_logins_say_why(void **state)
{
    static const struct refusal refusals[] = {
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_MISSING_PARAMETER, "TargetName=" NODE),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_MISSING_PARAMETER, "InitiatorName=iqn.2026-01.test:host"),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_NOT_FOUND, "InitiatorName=iqn.2026-01.test:host\0TargetName=iqn.2026-01.nobody:x"),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_INITIATOR_ERROR, "InitiatorName=host\0TargetName=" NODE),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_SESSION_TYPE, WHO "X=1\0" "SessionType=Odd"),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_INITIATOR_ERROR, WHO "no equals sign"),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_INITIATOR_ERROR, WHO "InitialR2T=Yes\0InitialR2T=No"),
        REFUSED(OPERATIONAL_TO_FULL, LOGIN_INITIATOR_ERROR, WHO "InitiatorName=iqn.2026-01.test:twice"),
        REFUSED(SECURITY_TO_FULL, LOGIN_AUTHENTICATION, WHO "AuthMethod=KRB5"),
        REFUSED(0x86, LOGIN_INVALID, WHO),   /* to stage 2 */
        REFUSED(0x85, LOGIN_INVALID, WHO),   /* to the stage it is in */
        REFUSED(0xC7, LOGIN_INVALID, WHO),   /* transit and continue */
        REFUSED(0x8F, LOGIN_INVALID, WHO),   /* out of stage 3 */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof refusals / sizeof refusals[0]; n++) {
        struct rig r;
        struct initiator i;
        const struct refusal *f = &refusals[n];

        rig_open(&r, PLAIN);
        dial(&i, &r, 0);
        send_login(&i, f->flags, f->text, f->length);
        if (n == 4) { /* SessionType came twice */
            expect(&i, LOGIN_RESPONSE);
            assert_int_equal(login_status(&i), LOGIN_INITIATOR_ERROR);
        } else {
            expect(&i, LOGIN_RESPONSE);
            if (login_status(&i) != f->status)
                fail_msg("case %u: %04x, not %04x", n, login_status(&i), f->status);
        }
        assert_null(i.connection);
        assert_int_equal(r.logged, 1);
        hang_up(&i);
        rig_close(&r);
    }
}

/* 32 requests are a login; one more is not. */
static void login_without_end_is_cut_at_its_33rd_request(void **state)
{
    struct rig *r = *state;
    struct initiator i;

    dial(&i, r, 0);
    LOGIN(&i, OPERATIONAL, WHO);
    for (unsigned n = 1; n < 32; n++) {
        expect(&i, LOGIN_RESPONSE);
        assert_int_equal(login_status(&i), 0);
        LOGIN(&i, OPERATIONAL, "X=1");
    }
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), 0);
    LOGIN(&i, OPERATIONAL, "X=1");
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), LOGIN_INITIATOR_ERROR);
    assert_null(i.connection);
    hang_up(&i);
}

static void login_must_come_in_time(void **state)
{
    struct rig *r = *state;
    struct initiator i;

    dial(&i, r, 0);
    rig_wait(r, 10 * WORLD_SECOND - 1);
    look(&i);
    assert_non_null(i.connection);
    rig_wait(r, 1);
    look(&i);
    assert_null(i.connection);
    hang_up(&i);
}

/* The same initiator port logs in again: the session it had ends with its tasks. */
static void second_login_reinstates_the_session(void **state)
{
    struct rig *r = *state;
    struct initiator old, new, other;

    log_in(&old, r, 0);
    settle_in(&old);
    send_command(&old, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect(&old, R2T);
    log_in(&other, r, 1); /* another portal group: another session */
    settle_in(&other);
    log_in(&new, r, 0);
    look(&old);
    assert_null(old.connection);
    settle_in(&new);
    send_command(&other, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&other, 0);
    hang_up(&old);
    hang_up(&new);
    hang_up(&other);
}

static void redirected_portal_sends_logins_elsewhere(void **state)
{
    struct rig *r = *state;
    struct initiator i;
    struct buffer answer = {0};

    assert_true(target_control(r->target, "redirect 0 127.0.0.9:3260", &answer));
    dial(&i, r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL, WHO);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), LOGIN_MOVED_TEMPORARILY);
    assert_string_equal(text_value(&i, "TargetAddress"), "127.0.0.9:3260,1");
    hang_up(&i);
    assert_true(target_control(r->target, "redirect 0 off", &answer));
    log_in(&i, r, 0);
    hang_up(&i);
    buffer_free(&answer);
}

/* ---- CHAP ---------------------------------------------------------------------------------------- */
#define SECRET_INI PLAIN "[array a1]\nnaa = 9\nuser = alice\nsecret = initiator-secret\ntarget-user = array\ntarget-secret = target-secret-1\n[lun x]\narray = a1\n"
#define CHAP_NODE "iqn.2026-01.org.openmpio:a1"
#define CHAP_WHO "InitiatorName=iqn.2026-01.test:host\0TargetName=" CHAP_NODE "\0"

static void respond(int algorithm, const char *identifier, const char *secret, const char *challenge, char *hex)
{
    uint8_t id = (uint8_t)atoi(identifier), bytes[64];
    size_t count = strlen(challenge) / 2 - 1;
    gcry_md_hd_t h;

    for (size_t n = 0; n < count; n++)
        sscanf(challenge + 2 + 2 * n, "%2hhx", &bytes[n]);
    assert_int_equal(gcry_md_open(&h, algorithm, 0), 0);
    gcry_md_write(h, &id, 1);
    gcry_md_write(h, secret, strlen(secret));
    gcry_md_write(h, bytes, count);
    hex += sprintf(hex, "0x");
    for (unsigned n = 0; n < gcry_md_get_algo_dlen(algorithm); n++)
        hex += sprintf(hex, "%02x", gcry_md_read(h, algorithm)[n]);
    gcry_md_close(h);
}

/* Runs a CHAP login; the status of the last answer. */
static unsigned chap(struct initiator *i, struct rig *r, const char *algorithms, int algorithm, const char *name,
                     const char *secret, const char *mutual)
{
    char text[1024], response[80];
    int length;

    gcry_check_version(NULL);
    dial(i, r, 0);
    LOGIN(i, SECURITY_TO_OPERATIONAL, CHAP_WHO "AuthMethod=CHAP,None");
    expect(i, LOGIN_RESPONSE);
    assert_string_equal(text_value(i, "AuthMethod"), "CHAP");
    assert_int_equal(i->header[1], 0); /* no transit yet */
    length = snprintf(text, sizeof text, "CHAP_A=%s", algorithms);
    send_login(i, SECURITY, text, (size_t)length + 1);
    expect(i, LOGIN_RESPONSE);
    if (login_status(i) != 0)
        return login_status(i);
    respond(algorithm, text_value(i, "CHAP_I"), secret, text_value(i, "CHAP_C"), response);
    length = snprintf(text, sizeof text, "CHAP_N=%s%cCHAP_R=%s%c", name, 0, response, 0);
    if (mutual)
        length += snprintf(text + length, sizeof text - (size_t)length, "CHAP_I=5%cCHAP_C=%s%c", 0,
                           strcmp(mutual, "reflect") == 0 ? text_value(i, "CHAP_C") : mutual, 0);
    send_login(i, SECURITY_TO_OPERATIONAL, text, (size_t)length);
    expect(i, LOGIN_RESPONSE);
    return login_status(i);
}

static void chap_one_way_with_every_algorithm(void **state)
{
    static const struct {
        const char *list;
        int algorithm;
    } cases[] = {{"5", GCRY_MD_MD5}, {"6", GCRY_MD_SHA1}, {"99,7,5", GCRY_MD_SHA256}, {"8", GCRY_MD_SHA3_256}};
    struct rig r;
    struct initiator i;

    (void)state;
    rig_open(&r, SECRET_INI);
    for (unsigned n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_int_equal(chap(&i, &r, cases[n].list, cases[n].algorithm, "alice", "initiator-secret", NULL), 0);
        assert_int_equal(i.header[1], 0x81);
        LOGIN(&i, OPERATIONAL_TO_FULL, "InitialR2T=Yes");
        expect(&i, LOGIN_RESPONSE);
        assert_int_equal(i.header[1], 0x87);
        hang_up(&i);
    }
    rig_close(&r);
}

static void chap_mutual_proves_the_target(void **state)
{
    struct rig r;
    struct initiator i;
    char expected[80];

    (void)state;
    rig_open(&r, SECRET_INI);
    assert_int_equal(chap(&i, &r, "5", GCRY_MD_MD5, "alice", "initiator-secret", "0x00112233445566778899"), 0);
    respond(GCRY_MD_MD5, "5", "target-secret-1", "0x00112233445566778899", expected);
    assert_string_equal(text_value(&i, "CHAP_N"), "array");
    assert_string_equal(text_value(&i, "CHAP_R"), expected);
    hang_up(&i);
    rig_close(&r);
}

static void chap_refuses_what_is_wrong(void **state)
{
    struct rig r;
    struct initiator i;

    (void)state;
    rig_open(&r, SECRET_INI);
    assert_int_equal(chap(&i, &r, "5", GCRY_MD_MD5, "alice", "Initiator-secret", NULL), LOGIN_AUTHENTICATION);
    hang_up(&i);
    assert_int_equal(chap(&i, &r, "5", GCRY_MD_MD5, "bob", "initiator-secret", NULL), LOGIN_AUTHENTICATION);
    hang_up(&i);
    assert_int_equal(chap(&i, &r, "4,99", GCRY_MD_MD5, "alice", "initiator-secret", NULL), LOGIN_AUTHENTICATION);
    hang_up(&i);
    assert_int_equal(chap(&i, &r, "5", GCRY_MD_MD5, "alice", "initiator-secret", "reflect"), LOGIN_AUTHENTICATION);
    hang_up(&i);
    /* Around the security stage, with None, and straight through it. */
    dial(&i, &r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL, CHAP_WHO);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), LOGIN_AUTHENTICATION);
    hang_up(&i);
    dial(&i, &r, 0);
    LOGIN(&i, SECURITY_TO_FULL, CHAP_WHO "AuthMethod=None");
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), LOGIN_AUTHENTICATION);
    hang_up(&i);
    dial(&i, &r, 0);
    LOGIN(&i, SECURITY_TO_FULL, CHAP_WHO);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), 0);
    assert_int_equal(i.header[1], 0); /* stays where it is */
    hang_up(&i);
    rig_close(&r);
}

/* ---- discovery ------------------------------------------------------------------------------------- */
static void discovery_tells_all_portals_of_what_may_be_seen(void **state)
{
    struct rig r;
    struct initiator i;
    uint8_t h[48] = {TEXT_REQUEST, PDU_FINAL};

    (void)state;
    rig_open(&r, SECRET_INI);
    dial(&i, &r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL, "InitiatorName=iqn.2026-01.test:host\0SessionType=Discovery\0MaxBurstLength=512");
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), 0);
    assert_string_equal(text_value(&i, "MaxBurstLength"), "Irrelevant");
    put_32(h + AT_TAG, 3);
    put_32(h + AT_TRANSFER_TAG, PDU_NO_TAG);
    put_32(h + AT_CMD_SN, i.cmd_sn++);
    send_pdu(&i, h, "SendTargets=All", 16);
    expect(&i, TEXT_RESPONSE);
    assert_int_equal(i.header[1], PDU_FINAL);
    assert_string_equal(text_value(&i, "TargetName"), NODE);
    static const char all[] = "TargetName=" NODE "\0TargetAddress=127.0.0.1:0,1\0TargetAddress=127.0.0.1:0,2";
    assert_int_equal(i.length, sizeof all);
    assert_memory_equal(i.data, all, sizeof all);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0); /* no place for SCSI */
    expect(&i, REJECT);
    assert_null(i.connection);
    hang_up(&i);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(login_in_one_step_reaches_full_feature),
        rig_test(login_in_two_stages_and_in_two_pdus),
        cmocka_unit_test(refused_logins_say_why),
        rig_test(login_without_end_is_cut_at_its_33rd_request),
        rig_test(login_must_come_in_time),
        rig_test(second_login_reinstates_the_session),
        rig_test(redirected_portal_sends_logins_elsewhere),
        cmocka_unit_test(chap_one_way_with_every_algorithm),
        cmocka_unit_test(chap_mutual_proves_the_target),
        cmocka_unit_test(chap_refuses_what_is_wrong),
        cmocka_unit_test(discovery_tells_all_portals_of_what_may_be_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
