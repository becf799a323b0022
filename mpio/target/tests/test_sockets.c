/* SPDX-License-Identifier: MIT */
/* Real sockets on loopback: half-open floods, a link that goes silent, a reader that does not read. */
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/host.h"

static void open_rig(struct rig *r)
{
    static const char *const listen[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct text_error error = {0};
    struct world_options world = {.seed = 1, .clock = WORLD_CLOCK_HOST};

    memset(r, 0, sizeof *r);
    r->topology = topology_parse("test.ini", PLAIN, strlen(PLAIN), &error);
    r->world = world_create(&world);
    struct target_options options = {.world = r->world, .topology = r->topology, .listen = listen, .listens = 2,
                                     .log = note_log, .user = r};
    r->target = target_create(&options, &error);
    if (!r->target)
        fail_msg("%s", error.message);
}

static int dial_socket(struct rig *r, unsigned portal)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_port = htons((uint16_t)atoi(strrchr(target_portal_address(r->target, portal), ':') + 1));
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Time that passed between two runs must not count: a run to the present first. */
static void work(struct rig *r, uint64_t time)
{
    world_run(r->world, world_now(r->world));
    world_run(r->world, world_now(r->world) + time);
}

/* Lets the target work until `length` bytes are here or `time` is over; bytes that came. */
static size_t receive_bytes(struct rig *r, int fd, uint8_t *to, size_t length, uint64_t time)
{
    uint64_t end = world_now(r->world) + time;
    size_t have = 0;

    while (have < length && world_now(r->world) < end) {
        work(r, WORLD_MS);
        ssize_t got = recv(fd, to + have, length - have, 0);
        if (got > 0)
            have += (size_t)got;
        else if (got == 0)
            break;
    }
    return have;
}

static void log_in_socket(struct rig *r, int fd)
{
    static const char text[] = WHO "MaxRecvDataSegmentLength=262144";
    uint8_t h[48 + sizeof text + 3] = {PDU_IMMEDIATE | LOGIN_REQUEST, OPERATIONAL_TO_FULL}, answer[1024];

    put_32(h + AT_LENGTH - 1, sizeof text);
    put_32(h + AT_CMD_SN, 1);
    memcpy(h + 48, text, sizeof text);
    assert_int_equal(send(fd, h, 48 + ((sizeof text + 3) & ~3u), 0), 48 + ((sizeof text + 3) & ~3u));
    assert_int_equal(receive_bytes(r, fd, answer, 48, WORLD_SECOND), 48);
    assert_int_equal(get_16(answer + 36), 0);
    size_t rest = (get_24(answer + 5) + 3) & ~3u;
    assert_int_equal(receive_bytes(r, fd, answer + 48, rest, WORLD_SECOND), rest);
}

static void send_command_socket(int fd, uint32_t sn, unsigned flags, const uint8_t cdb[16], uint32_t expected)
{
    uint8_t h[48] = {SCSI_COMMAND, (uint8_t)(PDU_FINAL | flags)};

    put_32(h + AT_TAG, sn);
    put_32(h + AT_EXPECTED_LENGTH, expected);
    put_32(h + AT_CMD_SN, sn);
    memcpy(h + AT_CDB, cdb, 16);
    assert_int_equal(send(fd, h, 48, 0), 48);
}

static void expect_response(struct rig *r, int fd)
{
    uint8_t answer[256];

    assert_int_equal(receive_bytes(r, fd, answer, 48, WORLD_SECOND), 48);
    size_t rest = (get_24(answer + 5) + 3) & ~3u;
    assert_int_equal(receive_bytes(r, fd, answer + 48, rest, WORLD_SECOND), rest);
}

static unsigned long status_number(struct rig *r, const char *what)
{
    struct buffer answer = {0};
    unsigned long value;

    assert_true(target_control(r->target, "status", &answer));
    const char *at = strstr(buffer_text(&answer), what);
    assert_non_null(at);
    value = strtoul(at + strlen(what), NULL, 10);
    buffer_free(&answer);
    return value;
}

/* 10,000 connections that never log in, 300 of them open at a time: 64 are kept, memory stays, and a session
 * that was there before is served as if nothing were. */
static void ten_thousand_half_open_connections(void **state)
{
    enum { FLOOD = 10000, OPEN = 300 };
    struct rig r;
    int flood[OPEN], honest;
    uint64_t memory = 0;

    (void)state;
    open_rig(&r);
    honest = dial_socket(&r, 0);
    log_in_socket(&r, honest);
    for (unsigned n = 0; n < FLOOD; n++) {
        if (n >= OPEN)
            close(flood[n % OPEN]);
        flood[n % OPEN] = dial_socket(&r, 1);
        if (n % 20 != 0)
            continue;
        work(&r, WORLD_MS / 2);
        assert_true(status_number(&r, "half-open ") <= 64);
        if (n == 1000)
            memory = host_rss_bytes();
    }
    work(&r, 20 * WORLD_MS);
    assert_int_equal(status_number(&r, "half-open "), 64);
    if (!host_under_asan()) /* it keeps what is freed */
        assert_true(host_rss_bytes() < memory + (4u << 20));
    send_command_socket(honest, 1, 0, TEST_UNIT_READY, 0);
    expect_response(&r, honest);
    assert_true(r.logged <= 60); /* one a second, not one each */
    for (unsigned n = 0; n < OPEN; n++)
        close(flood[n]);
    close(honest);
    rig_close(&r);
}

static void silent_link_answers_when_it_is_back(void **state)
{
    struct rig r;
    struct buffer answer = {0};
    uint8_t byte;
    int fd;

    (void)state;
    open_rig(&r);
    fd = dial_socket(&r, 0);
    log_in_socket(&r, fd);
    assert_true(target_control(r.target, "link 0 down", &answer));
    send_command_socket(fd, 1, 0, TEST_UNIT_READY, 0);
    assert_int_equal(receive_bytes(&r, fd, &byte, 1, 100 * WORLD_MS), 0);
    assert_int_equal(status_number(&r, "sessions "), 1);
    assert_true(target_control(r.target, "link 0 up", &answer));
    expect_response(&r, fd);
    assert_true(target_control(r.target, "drop 0", &answer));
    work(&r, 20 * WORLD_MS);
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    buffer_free(&answer);
    rig_close(&r);
}

/* Who asks and never reads is not listened to any more; the data it holds is bounded and goes with it. */
static void reader_that_does_not_read_is_paused(void **state)
{
    struct rig r;
    int fd;

    (void)state;
    open_rig(&r);
    fd = dial_socket(&r, 0);
    log_in_socket(&r, fd);
    send_command_socket(fd, 1, 0, TEST_UNIT_READY, 0);
    expect_response(&r, fd);
    for (uint32_t sn = 2; sn < 1000; sn++) {
        send_command_socket(fd, sn, COMMAND_READ, (const uint8_t[16]){0x28, 0, 0, 0, 0, 0, 0, 2, 0}, 512 * 512);
        if (sn % 10 == 0)
            work(&r, WORLD_MS);
    }
    work(&r, 20 * WORLD_MS);
    assert_true(status_number(&r, "data-bytes ") <= 64u << 20);
    assert_int_equal(status_number(&r, "sessions "), 1);
    close(fd);
    work(&r, 20 * WORLD_MS);
    assert_int_equal(status_number(&r, "data-bytes "), 0);
    assert_int_equal(status_number(&r, "sessions "), 0);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_half_open_connections),
        cmocka_unit_test(silent_link_answers_when_it_is_back),
        cmocka_unit_test(reader_that_does_not_read_is_paused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
