/* SPDX-License-Identifier: MIT */
/*
 * A target that lies. A child process logs everybody in, then answers each command in the way its
 * control byte asks for: absurd residuals, broken sense data, data outside the buffer, PDUs that
 * make no sense. Each command ends exactly once, nothing outside its buffer is written, and the
 * path comes back.
 */
#include "support.h"

enum lie {
    TRUTH,
    RESIDUAL_UNDER, /* more missing than was asked for */
    RESIDUAL_OVER,
    SENSE_LENGTH_LIES,
    SENSE_ONE_BYTE,
    SENSE_TOO_LONG,
    DATA_BEYOND_BUFFER,
    DATA_TOO_LONG,
    PDU_TOO_LONG,
    UNKNOWN_TASK,
    UNKNOWN_OPCODE,
    REJECT,
    LOGOUT_REQUEST,
    R2T_OUT_OF_RANGE,
    R2T_FOR_A_READ,
    LIES,
};

/* ---- the target ----------------------------------------------------------------------------- */
struct liar {
    int socket;
    uint32_t stat_sn, cmd_sn;
    uint8_t request[48], pdu[48 + 2048];
};

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool receive(int socket, void *data, size_t length)
{
    return length == 0 || recv(socket, data, length, MSG_WAITALL) == (ssize_t)length;
}

static void answer(struct liar *l, uint8_t opcode, uint8_t flags, uint32_t length)
{
    l->pdu[0] = opcode;
    l->pdu[1] = flags;
    put32(l->pdu + 4, length);
    memcpy(l->pdu + 16, l->request + 16, 4);
    put32(l->pdu + 24, l->stat_sn++);
    put32(l->pdu + 28, l->cmd_sn + 1);
    put32(l->pdu + 32, l->cmd_sn + 64);
    if (length > 2048)
        length = 2048;
    send(l->socket, l->pdu, 48 + (length + 3) / 4 * 4, MSG_NOSIGNAL);
}

static void lie(struct liar *l, enum lie kind)
{
    memset(l->pdu, 0, sizeof l->pdu);
    switch (kind) {
    case RESIDUAL_UNDER:
    case RESIDUAL_OVER:
        put32(l->pdu + 44, UINT32_MAX);
        answer(l, 0x21, kind == RESIDUAL_UNDER ? 0x82 : 0x84, 0);
        break;
    case SENSE_LENGTH_LIES:
    case SENSE_ONE_BYTE:
    case SENSE_TOO_LONG:
        l->pdu[3] = 2;
        memset(l->pdu + 48, 0x70, 602);
        if (kind == SENSE_TOO_LONG)
            l->pdu[48] = 2, l->pdu[49] = 0x58;
        answer(l, 0x21, 0x80, kind == SENSE_LENGTH_LIES ? 4 : kind == SENSE_ONE_BYTE ? 1 : 602);
        break;
    case DATA_BEYOND_BUFFER:
        put32(l->pdu + 40, 1u << 20);
        answer(l, 0x25, 0x81, 512);
        break;
    case DATA_TOO_LONG:
        answer(l, 0x25, 0x81, 1024);
        break;
    case PDU_TOO_LONG:
        answer(l, 0x25, 0x81, 0xffffff);
        break;
    case UNKNOWN_TASK:
        put32(l->request + 16, 0x12345678);
        answer(l, 0x21, 0x80, 0);
        break;
    case UNKNOWN_OPCODE:
        answer(l, 0x2f, 0x80, 0);
        break;
    case REJECT:
        memcpy(l->pdu + 48, l->request, 48);
        answer(l, 0x3f, 0x80, 48);
        break;
    case LOGOUT_REQUEST:
        put32(l->request + 16, UINT32_MAX);
        l->pdu[36] = 1;
        answer(l, 0x32, 0x80, 0);
        break;
    case R2T_OUT_OF_RANGE:
    case R2T_FOR_A_READ:
        put32(l->pdu + 20, 1);
        put32(l->pdu + 40, kind == R2T_OUT_OF_RANGE ? 1u << 30 : 0);
        put32(l->pdu + 44, 1u << 20);
        answer(l, 0x31, 0x80, 0);
        break;
    default:
        if ((l->request[1] & 0x40) != 0)
            answer(l, 0x25, 0x81, 512);
        else
            answer(l, 0x21, 0x80, 0);
        break;
    }
}

static void serve_one(struct liar *l)
{
    static uint8_t data[1u << 20];

    l->stat_sn = 1;
    while (receive(l->socket, l->request, 48)) {
        uint32_t length = get32(l->request + 4) & 0xffffff;

        if (length > sizeof data - 4 || !receive(l->socket, data, (length + 3) / 4 * 4))
            break;
        l->cmd_sn = get32(l->request + 24);
        memset(l->pdu, 0, sizeof l->pdu);
        switch (l->request[0] & 0x3f) {
        case 0x03: /* login: agrees to everything */
            memcpy(l->pdu + 8, l->request + 8, 6);
            l->pdu[15] = 1;
            l->cmd_sn--;
            answer(l, 0x23, l->request[1], 0);
            break;
        case 0x00: /* NOP-Out */
            put32(l->pdu + 20, UINT32_MAX);
            answer(l, 0x20, 0x80, 0);
            break;
        case 0x01:
            lie(l, l->request[32 + 9]);
            break;
        }
    }
    close(l->socket);
}

static int liar_pid;
static char liar_portal[64];

static int start_liar(void **state)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof own;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    if (bind(listener, (struct sockaddr *)&own, sizeof own) != 0 || listen(listener, 4) != 0 ||
        getsockname(listener, (struct sockaddr *)&own, &length) != 0)
        return -1;
    snprintf(liar_portal, sizeof liar_portal, "127.0.0.1:%u", ntohs(own.sin_port));
    fflush(NULL);
    liar_pid = fork();
    if (liar_pid == 0) {
        static struct liar l;

        alarm(30);
        while ((l.socket = accept(listener, NULL, NULL)) >= 0)
            serve_one(&l);
        _exit(0);
    }
    close(listener);
    return 0;
}

static int stop_liar(void **state)
{
    (void)state;
    kill(liar_pid, SIGKILL);
    waitpid(liar_pid, NULL, 0);
    return 0;
}

/* ---- the tests ------------------------------------------------------------------------------ */
#define CANARY 0xc7
struct victim {
    struct rig_world r;
    struct test_command c;
    uint8_t data[512 + 4096];
};

static void victim_up(struct victim *v)
{
    struct iscsi_path_config config = {.portal = liar_portal,
                                       .target = "iqn.2026-11.liar:x",
                                       .command_timeout = 150 * WORLD_MS,
                                       .retry_interval = 10 * WORLD_MS};

    world_up(&v->r, 10 * WORLD_SECOND);
    assert_int_equal(iscsi_hba_add_path(v->r.hba, &config), 0);
    RUN_UNTIL(&v->r, is_up(&v->r, 0), LOGIN_MS);
}

static void victim_asks(struct victim *v, enum lie kind)
{
    uint8_t cdb[10] = {kind == R2T_OUT_OF_RANGE ? 0x2a : 0x28, [8] = 1, [9] = (uint8_t)kind};

    memset(v->data, CANARY, sizeof v->data);
    RUN_UNTIL(&v->r, is_up(&v->r, 0), LOGIN_MS);
    submit(&v->r, &v->c, 0, 1, cdb, sizeof cdb, v->data, 512, kind == R2T_OUT_OF_RANGE);
    RUN_UNTIL(&v->r, v->c.endings != 0, 1000);
    run_for(&v->r, 5);
    assert_int_equal(v->c.endings, 1);
    for (size_t i = 512; i < sizeof v->data; i++)
        assert_int_equal(v->data[i], CANARY);
    assert_true(v->c.cmd.scsi.transferred <= 512);
}

static void absurd_residuals_are_bounded(void **state)
{
    struct victim v;

    (void)state;
    victim_up(&v);
    victim_asks(&v, RESIDUAL_UNDER);
    assert_good(&v.c);
    assert_int_equal(v.c.cmd.scsi.transferred, 0);
    assert_int_equal(v.c.cmd.scsi.wanted, 0);
    victim_asks(&v, RESIDUAL_OVER);
    assert_good(&v.c);
    assert_int_equal(v.c.cmd.scsi.transferred, 512);
    assert_int_equal(v.c.cmd.scsi.wanted, UINT32_MAX);
    world_down(&v.r);
}

static void broken_sense_data_is_bounded(void **state)
{
    struct victim v;

    (void)state;
    victim_up(&v);
    victim_asks(&v, SENSE_LENGTH_LIES);
    assert_int_equal(v.c.cmd.scsi.status, 2);
    assert_int_equal(v.c.cmd.scsi.sense_length, 2);
    victim_asks(&v, SENSE_ONE_BYTE);
    assert_int_equal(v.c.cmd.scsi.status, 2);
    assert_int_equal(v.c.cmd.scsi.sense_length, 2); /* the library counts the padding */
    victim_asks(&v, SENSE_TOO_LONG);
    assert_int_equal(v.c.cmd.scsi.status, 2);
    assert_int_equal(v.c.cmd.scsi.sense_length, ARRAY_MAX_SENSE);
    world_down(&v.r);
}

static void protocol_errors_end_the_session_and_the_path_returns(void **state)
{
    struct victim v;
    struct iscsi_path_state path;

    (void)state;
    victim_up(&v);
    for (enum lie kind = DATA_BEYOND_BUFFER; kind < LIES; kind++) {
        victim_asks(&v, kind);
        if (v.c.cmd.status != HBA_LINK_DOWN)
            print_message("lie %d: status %d, SCSI status %d\n", (int)kind, v.c.cmd.status,
                          v.c.cmd.scsi.status);
        assert_int_equal(v.c.cmd.status, HBA_LINK_DOWN);
    }
    victim_asks(&v, TRUTH);
    assert_good(&v.c);
    iscsi_hba_path_state(v.r.hba, 0, &path);
    assert_int_equal(path.logins, 1 + LIES - DATA_BEYOND_BUFFER);
    world_down(&v.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absurd_residuals_are_bounded),
        cmocka_unit_test(broken_sense_data_is_bounded),
        cmocka_unit_test(protocol_errors_end_the_session_and_the_path_returns),
    };

    return cmocka_run_group_tests(tests, start_liar, stop_liar);
}
