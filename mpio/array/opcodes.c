/* SPDX-License-Identifier: MIT */
/*
 * The command table: all there is to say about a command outside its handler. The device server
 * decodes by it, refuses the CDB bits it does not know by it (5/24/00) and tells it to initiators
 * (REPORT SUPPORTED OPERATION CODES, support.c): what is not here does not exist, and what is here
 * is true. Rows of one operation code stand together.
 */
#include "internal.h"

#define ANY2  0xFF, 0xFF
#define ANY3  ANY2, 0xFF
#define ANY4  ANY2, ANY2
#define ANY8  ANY4, ANY4
#define NONE3 0, 0, 0
#define NONE4 NONE3, 0

#define NO_SERVICE COMMAND_NO_SERVICE
#define SERVICE    0x1F /* byte 1 of the operation codes with service actions */
#define DPO_FUA    0x18
#define DPO_BYTCHK 0x16
#define GROUP      0x1F /* a group number; that of PRE-FETCH is taken as a hint like the rest of it */
#define FUA_NV     0x02 /* obsolete since SBC-3, and still sent */

/* opcode, service action, CDB length, reservation class, flags, ignored bits of byte 1, handler,
 * usage from byte 1 on */
static const struct command commands[] = {
    {0x00, NO_SERVICE, 6, ACCESS_STATUS, 0, 0, array_test_unit_ready, {0}},
    {0x03, NO_SERVICE, 6, ACCESS_ALWAYS, COMMAND_ANY_LUN | COMMAND_KEEPS_UA | COMMAND_ANY_STATE, 0,
     array_request_sense, {0x01, 0, 0, 0xFF}},
    {0x08, NO_SERVICE, 6, ACCESS_READ, COMMAND_MEDIA, 0, array_read, {0x1F, ANY3}},
    {0x0A, NO_SERVICE, 6, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_write, {0x1F, ANY3}},
    {0x12, NO_SERVICE, 6, ACCESS_ALWAYS, COMMAND_ANY_LUN | COMMAND_KEEPS_UA | COMMAND_ANY_STATE, 0,
     array_inquiry, {0x01, ANY3}},
    {0x15, NO_SERVICE, 6, ACCESS_WRITE, COMMAND_STANDBY, 0, array_mode_select, {0x11, 0, 0, 0xFF}},
    {0x16, NO_SERVICE, 6, ACCESS_STATUS, 0, 0, array_reserve, {0}},
    {0x17, NO_SERVICE, 6, ACCESS_ALWAYS, 0, 0, array_release, {0}},
    {0x1A, NO_SERVICE, 6, ACCESS_READ, COMMAND_STANDBY, 0, array_mode_sense, {0x08, ANY3}},
    {0x1B, NO_SERVICE, 6, ACCESS_STATUS, COMMAND_SLOW, 0, array_start_stop, {0x01, 0, 0, 0xF5}},
    {0x1C, NO_SERVICE, 6, ACCESS_READ, COMMAND_STANDBY, 0, array_receive_diagnostic, {0x01, ANY3}},
    {0x1D, NO_SERVICE, 6, ACCESS_WRITE, COMMAND_STANDBY | COMMAND_SLOW, 0x03,
     array_send_diagnostic, {0xF4, 0, ANY2}},
    {0x25, NO_SERVICE, 10, ACCESS_ALWAYS, 0, 0, array_read_capacity10, {0}},
    {0x28, NO_SERVICE, 10, ACCESS_READ, COMMAND_MEDIA, FUA_NV, array_read,
     {DPO_FUA, ANY4, 0, ANY2}},
    {0x2A, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, FUA_NV, array_write,
     {DPO_FUA, ANY4, 0, ANY2}},
    {0x2E, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_write_and_verify,
     {DPO_BYTCHK, ANY4, 0, ANY2}},
    {0x2F, NO_SERVICE, 10, ACCESS_READ, COMMAND_MEDIA, 0, array_verify, {DPO_BYTCHK, ANY4, 0, ANY2}},
    {0x34, NO_SERVICE, 10, ACCESS_READ, COMMAND_MEDIA, 0, array_prefetch,
     {0x02, ANY4, GROUP, ANY2}},
    {0x35, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_SLOW, 0x04,
     array_synchronize_cache, {0x02, ANY4, 0, ANY2}},
    {0x37, NO_SERVICE, 10, ACCESS_READ, COMMAND_MEDIA, 0, array_read_defect_data,
     {0, 0x1F, NONE4, ANY2}},
    {0x3B, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_STANDBY, 0, array_write_buffer, {0x1F, ANY4, ANY3}},
    {0x3C, NO_SERVICE, 10, ACCESS_READ, COMMAND_STANDBY, 0, array_read_buffer, {0x1F, ANY4, ANY3}},
    {0x41, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES | COMMAND_SLOW, 0,
     array_write_same, {0x08, ANY4, 0, ANY2}},
    {0x42, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES | COMMAND_SLOW, 0,
     array_unmap, {0, NONE4, 0, ANY2}},
    {0x48, 0x02, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES | COMMAND_SLOW, 0, array_sanitize,
     {0xA0 | SERVICE}},
    {0x48, 0x03, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES | COMMAND_SLOW, 0, array_sanitize,
     {0xA0 | SERVICE}},
    {0x48, 0x1F, 10, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_sanitize,
     {0xA0 | SERVICE}},
    {0x4C, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_STANDBY, 0, array_log_select, {0x02, ANY2}},
    {0x4D, NO_SERVICE, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_log_sense,
     {0, ANY2, 0, ANY2, ANY2}},
    {0x55, NO_SERVICE, 10, ACCESS_WRITE, COMMAND_STANDBY, 0, array_mode_select,
     {0x11, NONE4, 0, ANY2}},
    {0x56, NO_SERVICE, 10, ACCESS_STATUS, 0, 0, array_reserve, {0}},
    {0x57, NO_SERVICE, 10, ACCESS_ALWAYS, 0, 0, array_release, {0}},
    {0x5A, NO_SERVICE, 10, ACCESS_READ, COMMAND_STANDBY, 0, array_mode_sense,
     {0x18, ANY2, NONE3, ANY2}},
    {0x5E, 0x00, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_in,
     {SERVICE, NONE4, 0, ANY2}},
    {0x5E, 0x01, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_in,
     {SERVICE, NONE4, 0, ANY2}},
    {0x5E, 0x02, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_in,
     {SERVICE, NONE4, 0, ANY2}},
    {0x5E, 0x03, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_in,
     {SERVICE, NONE4, 0, ANY2}},
    {0x5F, 0x00, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x01, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x02, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x03, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x04, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x05, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x06, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x5F, 0x07, 10, ACCESS_STATUS, COMMAND_STANDBY, 0, array_persistent_reserve_out,
     {SERVICE, 0xFF, 0, 0, ANY4}},
    {0x88, NO_SERVICE, 16, ACCESS_READ, COMMAND_MEDIA, FUA_NV, array_read, {DPO_FUA, ANY8, ANY4}},
    {0x89, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, FUA_NV,
     array_compare_and_write, {DPO_FUA, ANY8, NONE3, 0xFF}},
    {0x8A, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, FUA_NV, array_write,
     {DPO_FUA, ANY8, ANY4}},
    {0x8B, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, FUA_NV, array_or_write,
     {DPO_FUA, ANY8, ANY4}},
    {0x8E, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_write_and_verify,
     {DPO_BYTCHK, ANY8, ANY4}},
    {0x8F, NO_SERVICE, 16, ACCESS_READ, COMMAND_MEDIA, 0, array_verify, {DPO_BYTCHK, ANY8, ANY4}},
    {0x90, NO_SERVICE, 16, ACCESS_READ, COMMAND_MEDIA, 0, array_prefetch,
     {0x02, ANY8, ANY4, GROUP}},
    {0x91, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_SLOW, 0x04,
     array_synchronize_cache, {0x02, ANY8, ANY4}},
    {0x93, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES | COMMAND_SLOW, 0,
     array_write_same, {0x09, ANY8, ANY4}},
    {0x9C, NO_SERVICE, 16, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_write_atomic,
     {DPO_FUA, ANY8, 0, 0, ANY2}},
    {0x9E, 0x10, 16, ACCESS_ALWAYS, 0, 0, array_read_capacity16, {SERVICE, NONE4, NONE4, ANY4}},
    {0x9E, 0x12, 16, ACCESS_READ, COMMAND_MEDIA, 0, array_get_lba_status, {SERVICE, ANY8, ANY4}},
    {0xA0, NO_SERVICE, 12, ACCESS_ALWAYS, COMMAND_ANY_LUN | COMMAND_KEEPS_UA | COMMAND_ANY_STATE, 0,
     array_report_luns, {0, 0xFF, NONE3, ANY4}},
    {0xA3, 0x05, 12, ACCESS_ALWAYS, COMMAND_ANY_STATE, 0, array_report_identifying_information,
     {SERVICE, NONE4, ANY4, 0xFE}},
    {0xA3, 0x0A, 12, ACCESS_ALWAYS, COMMAND_ANY_STATE, 0, array_report_target_port_groups,
     {SERVICE | 0xE0, NONE4, ANY4}},
    {0xA3, 0x0C, 12, ACCESS_ALWAYS, COMMAND_ANY_STATE, 0, array_report_supported_commands,
     {SERVICE, 0x87, ANY3, ANY4}},
    {0xA3, 0x0D, 12, ACCESS_ALWAYS, COMMAND_ANY_STATE, 0, array_report_supported_functions,
     {SERVICE, 0x80, NONE3, ANY4}},
    {0xA3, 0x0F, 12, ACCESS_ALWAYS, COMMAND_ANY_STATE, 0, array_report_timestamp,
     {SERVICE, NONE4, ANY4}},
    {0xA4, 0x06, 12, ACCESS_WRITE, COMMAND_STANDBY, 0, array_set_identifying_information,
     {SERVICE, NONE4, ANY4, 0xFE}},
    {0xA4, 0x0A, 12, ACCESS_WRITE, COMMAND_ANY_STATE | COMMAND_SLOW, 0,
     array_set_target_port_groups, {SERVICE, NONE4, ANY4}},
    {0xA4, 0x0F, 12, ACCESS_WRITE, COMMAND_STANDBY, 0, array_set_timestamp, {SERVICE, NONE4, ANY4}},
    {0xA8, NO_SERVICE, 12, ACCESS_READ, COMMAND_MEDIA, FUA_NV, array_read, {DPO_FUA, ANY8}},
    {0xAA, NO_SERVICE, 12, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, FUA_NV, array_write,
     {DPO_FUA, ANY8}},
    {0xAE, NO_SERVICE, 12, ACCESS_WRITE, COMMAND_MEDIA | COMMAND_WRITES, 0, array_write_and_verify,
     {DPO_BYTCHK, ANY8}},
    {0xAF, NO_SERVICE, 12, ACCESS_READ, COMMAND_MEDIA, 0, array_verify, {DPO_BYTCHK, ANY8}},
    {0xB7, NO_SERVICE, 12, ACCESS_READ, COMMAND_MEDIA, 0, array_read_defect_data, {0x1F, ANY8}},
};

#define COMMANDS (sizeof commands / sizeof *commands)

_Static_assert(COMMANDS <= ARRAY_MAX_COMMANDS && COMMANDS < 255,
               "the index of an array's commands is one byte");

const struct command *array_command_at(unsigned row)
{
    return row < COMMANDS ? &commands[row] : NULL;
}

void array_index_commands(struct array *a)
{
    for (unsigned i = COMMANDS; i-- > 0;)
        a->first_command[commands[i].opcode] = (uint8_t)(i + 1);
}

const struct command *array_find_command(const struct array *a, uint8_t opcode, unsigned service)
{
    const struct command *c = commands + a->first_command[opcode] - 1;

    if (!a->first_command[opcode])
        return NULL;
    if (c->service == NO_SERVICE)
        return c;
    for (; c < commands + COMMANDS && c->opcode == opcode; c++)
        if (c->service == service)
            return a->removed[c - commands] ? NULL : c;
    return NULL;
}

void array_remove_command(struct array *a, uint8_t opcode, uint8_t service)
{
    for (unsigned i = 0; service != NO_SERVICE && i < COMMANDS; i++)
        if (commands[i].opcode == opcode && commands[i].service == service)
            a->removed[i] = true;
    if (service == NO_SERVICE)
        a->first_command[opcode] = 0;
}

unsigned array_unknown_field(const struct command *c, const uint8_t *cdb)
{
    if (cdb[1] & ~(c->usage[0] | c->ignored))
        return 1;
    for (unsigned i = 2; i < c->cdb_length - 1u; i++)
        if (cdb[i] & ~c->usage[i - 1])
            return i;
    return 0;
}
