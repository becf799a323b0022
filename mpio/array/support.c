/* SPDX-License-Identifier: MIT */
/*
 * REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-4 6.34,
 * 6.35), told from the command table that also decodes: they cannot lie.
 */
#include "internal.h"

enum { REPORT_ALL, REPORT_OPCODE, REPORT_OPCODE_AND_SERVICE, REPORT_EITHER };

#define SUPPORT_NONE      0x01
#define SUPPORT_STANDARD  0x03
#define TIMEOUTS          0x80 /* RCTD in byte 2, CTDP of one command */
#define SECONDS_QUICK     1
#define SECONDS_LIMIT     30
#define SECONDS_SLOW      60

static bool has_service(const struct command *c)
{
    return c->service != COMMAND_NO_SERVICE;
}

static void timeouts(struct reply *reply, const struct command *c)
{
    reply_16(reply, 10);
    reply_16(reply, 0);
    reply_32(reply, SECONDS_QUICK);
    reply_32(reply, c->flags & COMMAND_SLOW ? SECONDS_SLOW : SECONDS_LIMIT);
}

static void report_all(struct reply *reply, const struct array *a, bool with_timeouts)
{
    const struct command *c;

    reply_32(reply, 0);
    for (unsigned row = 0; (c = array_command_at(row)) != NULL; row++) {
        if (!array_find_command(a, c->opcode, c->service))
            continue;
        reply_8(reply, c->opcode);
        reply_8(reply, 0);
        reply_16(reply, has_service(c) ? c->service : 0);
        reply_8(reply, 0);
        reply_8(reply, (with_timeouts ? 0x02 : 0) | (has_service(c) ? 0x01 : 0));
        reply_16(reply, c->cdb_length);
        if (with_timeouts)
            timeouts(reply, c);
    }
    reply_set32(reply, 0, reply->size - 4);
}

/* The operation code and service action stand in the usage data as values, the rest as a mask. */
static void report_one(struct reply *reply, const struct command *c, bool with_timeouts)
{
    reply_8(reply, 0);
    if (!c) {
        reply_8(reply, SUPPORT_NONE);
        reply_16(reply, 0);
        return;
    }
    reply_8(reply, (with_timeouts ? TIMEOUTS : 0) | SUPPORT_STANDARD);
    reply_16(reply, c->cdb_length);
    reply_8(reply, c->opcode);
    reply_8(reply, has_service(c) ? (c->usage[0] & 0xE0) | c->service : c->usage[0]);
    reply_bytes(reply, c->usage + 1, c->cdb_length - 3u);
    reply_8(reply, 0); /* CONTROL: no NACA */
    if (with_timeouts)
        timeouts(reply, c);
}

void array_report_supported_commands(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t allocation = get_32(cdb + 6);
    unsigned option = cdb[2] & 0x07, service = get_16(cdb + 4);
    bool with_timeouts = cdb[2] & TIMEOUTS;
    const struct command *first = array_command_at(r->array->first_command[cdb[3]] - 1u);
    bool services = first && has_service(first);
    struct reply reply = reply_begin(r, allocation);

    if (option > REPORT_EITHER) {
        array_invalid_cdb(r, 2);
        return;
    }
    /* One command must be asked for in the way its operation code is made. */
    if (first && ((option == REPORT_OPCODE && services) ||
                  (option == REPORT_OPCODE_AND_SERVICE && !services))) {
        array_invalid_cdb(r, 2);
        return;
    }
    if (option == REPORT_ALL) {
        report_all(&reply, r->array, with_timeouts);
    } else {
        bool right = services ? service < COMMAND_NO_SERVICE
                              : option != REPORT_EITHER || service == 0;
        report_one(&reply, right ? array_find_command(r->array, cdb[3], service) : NULL,
                   with_timeouts);
    }
    reply_end(&reply, r, allocation);
}

void array_report_supported_functions(struct request *r)
{
    uint32_t allocation = get_32(r->cmd->cdb + 6);
    bool extended = r->cmd->cdb[2] & 0x80; /* REPD */
    struct reply reply = reply_begin(r, allocation);

    /* ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET, TARGET RESET;
     * I_T NEXUS RESET: the service is in task.h */
    reply_8(&reply, 0x80 | 0x40 | 0x10 | 0x08 | 0x02);
    reply_8(&reply, 0x01);
    reply_8(&reply, 0);
    reply_8(&reply, extended ? 12 : 0);
    if (extended)
        reply_zero(&reply, 12); /* no time-outs are told */
    reply_end(&reply, r, allocation);
}
