/* SPDX-License-Identifier: MIT */
/* Fuzz: the text of logins (well-formed PDUs around it), of text requests, and lines of the control socket. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "target/pdu.h"
#include "target/target.h"

static const char ini[] = "[array a0]\nuser = alice\nsecret = initiator-secret\ntarget-user = t\ntarget-secret = target-secret-1\n"
                          "[array a1]\nnaa = 2\n[lun disk]\narray = a1\nsize = 1M\n";

static void send(struct connection *c, uint8_t opcode, uint8_t flags, uint32_t cmd_sn, const uint8_t *text, size_t length)
{
    uint8_t h[48] = {opcode, flags};

    put_32(h + AT_LENGTH - 1, (uint32_t)length);
    put_32(h + AT_CMD_SN, cmd_sn);
    if (opcode == TEXT_REQUEST)
        put_32(h + AT_TRANSFER_TAG, PDU_NO_TAG);
    target_receive(c, h, 48);
    target_receive(c, text, length);
    target_receive(c, "\0\0\0", -length & 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    static const char discovery[] = "InitiatorName=iqn.2026-01.test:host\0SessionType=Discovery";
    struct world_options options = {.seed = 1, .clock = WORLD_CLOCK_VIRTUAL, .trace_records = 16};
    struct buffer out = {0};

    if (size < 3)
        return 0;
    struct topology *topology = topology_parse("fuzz.ini", ini, sizeof ini - 1, NULL);
    struct world *w = world_create(&options);
    struct target_options target = {.world = w, .topology = topology, .listen = listen, .listens = 1};
    struct target *t = target_create(&target, NULL);
    struct connection *c = target_connect(t, 0, "10.0.0.1:1");
    uint8_t kind = data[0] % 3, flags = data[1];

    data += 2, size -= 2;
    if (kind == 0) { /* a login in up to 40 PDUs: each portion ends at a byte ff */
        uint32_t pdus = 0;
        while (size > 0 && c && pdus++ < 40) {
            const uint8_t *end = memchr(data, 0xff, size);
            size_t length = end ? (size_t)(end - data) : size;
            send(c, PDU_IMMEDIATE | LOGIN_REQUEST, flags, 1, data, length);
            data += length + (end != NULL), size -= length + (end != NULL);
            flags = size > 0 ? data[0] : flags;
            buffer_clear(&out);
            if (!target_take(c, &out))
                c = NULL;
        }
    } else if (kind == 1) {
        send(c, PDU_IMMEDIATE | LOGIN_REQUEST, 0x87, 1, (const uint8_t *)discovery, sizeof discovery);
        for (uint32_t sn = 1; sn <= 3; sn++)
            send(c, TEXT_REQUEST, sn < 3 ? flags : PDU_FINAL, sn, data, size);
    } else {
        char *line = malloc(size + 1);
        memcpy(line, data, size);
        line[size] = '\0';
        target_control(t, line, &out);
        free(line);
    }
    if (c)
        target_hang_up(c);
    buffer_free(&out);
    target_destroy(t);
    world_destroy(w);
    topology_free(topology);
    return 0;
}
