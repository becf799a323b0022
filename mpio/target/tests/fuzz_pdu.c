/* SPDX-License-Identifier: MIT */
/*
 * Fuzz: bytes on a logged-in session (and, with the first bit of the input, on one that is not). The input is
 * cut in portions by itself. A second session must be served at the end, and no data buffer may be left.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target/pdu.h"
#include "target/target.h"

static const char ini[] = "[array a0]\ncontrollers = 2\n[lun disk]\nsize = 1M\n";
static const char who[] = "InitiatorName=iqn.2026-01.test:host\0TargetName=iqn.2026-01.org.openmpio:a0\0"
                          "InitialR2T=No\0MaxBurstLength=4096\0MaxRecvDataSegmentLength=512";

static void log_in(struct connection *c, uint8_t isid, uint8_t digests)
{
    static const char *const with[] = {"", "HeaderDigest=CRC32C", "DataDigest=CRC32C"};
    uint8_t h[48 + sizeof who + 64] = {PDU_IMMEDIATE | LOGIN_REQUEST, 0x87};
    const char *more = with[digests % 3];
    size_t length = sizeof who + (more[0] ? strlen(more) + 1 : 0);

    h[8] = 0x80;
    h[13] = isid;
    put_32(h + AT_LENGTH - 1, (uint32_t)length);
    put_32(h + AT_CMD_SN, 1);
    memcpy(h + 48, who, sizeof who);
    memcpy(h + 48 + sizeof who, more, strlen(more));
    target_receive(c, h, 48 + ((length + 3) & ~(size_t)3));
}

static void serve(struct connection *c)
{
    uint8_t h[48] = {SCSI_COMMAND, PDU_FINAL};
    struct buffer out = {0};

    put_32(h + AT_TAG, 1);
    put_32(h + AT_CMD_SN, 1);
    if (!target_take(c, &out))
        abort();
    buffer_clear(&out);
    target_receive(c, h, sizeof h);
    if (!target_take(c, &out) || out.length < 48 || (uint8_t)out.data[0] != SCSI_RESPONSE)
        abort();
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const listen[] = {"127.0.0.1:0", "127.0.0.1:0"};
    struct world_options options = {.seed = 1, .clock = WORLD_CLOCK_VIRTUAL, .trace_records = 16};
    struct buffer out = {0}, status = {0};

    if (size < 2)
        return 0;
    struct topology *topology = topology_parse("fuzz.ini", ini, sizeof ini - 1, NULL);
    struct world *w = world_create(&options);
    struct target_options target = {.world = w, .topology = topology, .listen = listen, .listens = 2};
    struct target *t = target_create(&target, NULL);
    struct connection *c = target_connect(t, 0, "10.0.0.1:1"), *other = target_connect(t, 1, "10.0.0.2:1");
    uint8_t mode = data[0], step = data[1];

    log_in(other, 1, 0);
    if (mode & 1)
        log_in(c, 2, mode >> 1);
    data += 2, size -= 2;
    while (size > 0) {
        size_t part = step == 0 || step > size ? size : step;
        target_receive(c, data, part);
        data += part, size -= part;
        buffer_clear(&out);
        if (!target_take(c, &out)) {
            c = NULL;
            break;
        }
    }
    world_run(w, world_now(w) + WORLD_SECOND);
    if (c)
        target_hang_up(c);
    serve(other);
    target_control(t, "status", &status);
    if (!strstr(buffer_text(&status), "half-open 0 data-bytes 0\n"))
        abort();
    buffer_free(&status);
    buffer_free(&out);
    target_destroy(t);
    world_destroy(w);
    topology_free(topology);
    return 0;
}
