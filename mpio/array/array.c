/* SPDX-License-Identifier: MIT */
/*
 * Arrays and their LUN map. A LUN is found by number in one step; its ordinal, dense and reused,
 * indexes the state every nexus keeps for it. Growing either table happens here only, never while
 * a command runs.
 */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* INQUIRY strings must end within their array and hold printable ASCII (SPC-4 4.4.1). */
static bool printable(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0')
            return true;
        if (text[i] < 0x20 || text[i] > 0x7E)
            return false;
    }
    return false;
}

static const char *config_fault(const struct array_config *c)
{
    if (!c->name)
        return "an array needs a name";
    if (c->access > ARRAY_ACTIVE_PASSIVE)
        return "the array's access kind is unknown";
    if (c->passive_state > ARRAY_STATE_UNAVAILABLE)
        return "groups that do not own are active/non-optimized, standby or unavailable";
    if (c->transport > ARRAY_TRANSPORT_SPI)
        return "the array's transport is unknown";
    if (c->target_name && (!*c->target_name || strlen(c->target_name) > ARRAY_TARGET_NAME_MAX))
        return "a target name has 1 to 223 bytes";
    for (unsigned i = 0; i < ARRAY_MAX_DESIGNATORS; i++)
        if (c->designators[i] > ARRAY_DESIGNATOR_TARGET_NAME)
            return "a designator of VPD page 83h is unknown";
    if (c->volatile_blocks > ARRAY_MAX_VOLATILE)
        return "a volatile write cache holds at most 65536 blocks";
    if (c->controllers < 1 || c->controllers > ARRAY_MAX_CONTROLLERS)
        return "an array has 1 to 16 controllers";
    if (c->ports_per_controller < 1 || c->ports_per_controller > ARRAY_MAX_PORTS / c->controllers)
        return "an array has at least 1 port per controller and at most 64 ports in all";
    if (!printable(c->vendor, sizeof c->vendor) || !printable(c->product, sizeof c->product) ||
        !printable(c->revision, sizeof c->revision))
        return "vendor, product and revision are printable ASCII of at most 8, 16 and 4 characters";
    return NULL;
}

static char *make_target_name(const struct array_config *c)
{
    char name[64];

    if (c->target_name)
        return strdup(c->target_name);
    snprintf(name, sizeof name, "iqn.2024-01.example.openmpio:%016" PRIx64, c->naa);
    return strdup(name);
}

static void remove_commands(struct array *a)
{
    static const struct {
        uint32_t quirk;
        uint8_t opcode, service;
    } without[] = {
        {ARRAY_QUIRK_NO_PERSISTENT, 0x5E, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_PERSISTENT, 0x5F, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_SIMPLE_RESERVE, 0x16, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_SIMPLE_RESERVE, 0x17, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_SIMPLE_RESERVE, 0x56, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_SIMPLE_RESERVE, 0x57, COMMAND_NO_SERVICE},
        {ARRAY_QUIRK_NO_COMMAND_LIST, 0xA3, 0x0C},
    };

    for (unsigned i = 0; i < sizeof without / sizeof *without; i++)
        if (a->config.quirks & without[i].quirk)
            array_remove_command(a, without[i].opcode, without[i].service);
    if (a->config.access == ARRAY_ACTIVE_PASSIVE)
        array_remove_command(a, 0xA3, 0x0A); /* REPORT and SET TARGET PORT GROUPS */
    if (!array_explicit(a))
        array_remove_command(a, 0xA4, 0x0A);
}

struct array *array_create(const struct array_config *config, const char **why)
{
    const char *ignored, *fault = config_fault(config);
    struct array *a = NULL;

    why = why ? why : &ignored;
    *why = fault;
    if (fault)
        return NULL;
    a = calloc(1, sizeof *a);
    if (a)
        a->name = strdup(config->name);
    if (a)
        a->target_name = make_target_name(config);
    if (!a || !a->name || !a->target_name) {
        *why = "no memory for the array";
        array_destroy(a);
        return NULL;
    }
    a->config = *config;
    a->config.name = a->name;
    a->config.target_name = a->target_name;
    a->ports = config->controllers * config->ports_per_controller;
    a->last_nexus = &a->nexuses;
    a->powered = true;
    array_index_commands(a);
    remove_commands(a);
    for (unsigned i = 0; i < config->controllers; i++)
        a->up[i] = true;
    return a;
}

static void free_lun(struct lun *lun)
{
    array_release_tasks(lun);
    media_close(&lun->media);
    array_cache_free(lun);
    free(lun->notes);
    free(lun);
}

void array_destroy(struct array *a)
{
    if (!a)
        return;
    array_free_plugin(a);
    for (unsigned i = 0; i < a->ordinals; i++)
        if (a->by_ordinal[i])
            free_lun(a->by_ordinal[i]);
    while (a->nexuses) {
        struct array_nexus *next = a->nexuses->next;
        free(a->nexuses->luns);
        free(a->nexuses);
        a->nexuses = next;
    }
    free(a->by_ordinal);
    free(a->table);
    array_free_views(a);
    free(a->target_name);
    free(a->name);
    free(a);
}

static bool grow_table(struct array *a, unsigned number)
{
    unsigned size = a->table_size ? a->table_size : 16;

    if (number < a->table_size)
        return true;
    while (size <= number)
        size *= 2;
    struct lun **table = realloc(a->table, size * sizeof *table);
    if (!table)
        return false;
    memset(table + a->table_size, 0, (size - a->table_size) * sizeof *table);
    a->table = table;
    a->table_size = size;
    return true;
}

/* By a quarter: the state of 80,000 nexus-LUN pairs must not double for the sake of one more. A
 * half-done growth is harmless: every block that grew is just larger than needed. */
static bool grow_ordinals(struct array *a)
{
    unsigned size = a->ordinals + a->ordinals / 4 + 4;
    size_t added = size - a->ordinals;

    struct lun **by_ordinal = realloc(a->by_ordinal, size * sizeof *by_ordinal);
    if (!by_ordinal)
        return false;
    a->by_ordinal = by_ordinal;
    memset(by_ordinal + a->ordinals, 0, added * sizeof *by_ordinal);
    for (struct array_nexus *n = a->nexuses; n; n = n->next) {
        struct nexus_lun *luns = realloc(n->luns, size * sizeof *luns);
        if (!luns)
            return false;
        n->luns = luns;
        memset(luns + a->ordinals, 0, added * sizeof *luns);
    }
    a->ordinals = size;
    return true;
}

static bool physical_exponent(const struct array_lun_config *c, uint8_t *exponent)
{
    for (*exponent = 0; *exponent < 16; ++*exponent)
        if (c->physical_block == c->block_size << *exponent)
            return true;
    *exponent = 0;
    return c->physical_block == 0;
}

static const char *lun_fault(const struct array *a, const struct array_lun_config *c)
{
    uint8_t exponent;

    if (c->number >= ARRAY_MAX_LUNS)
        return "a LUN number is at most 16383";
    if (array_lun(a, c->number))
        return "the array has a LUN of this number already";
    if (c->block_size != 512 && c->block_size != 4096)
        return "a block has 512 or 4096 bytes";
    if (!physical_exponent(c, &exponent))
        return "a physical block is one logical block or 2, 4, 8 ... 32768 of them";
    if (c->first_aligned >> exponent || c->first_aligned >> 14)
        return "the first aligned block is one of the first physical block and below 16384";
    if (c->blocks < 1 || c->blocks > INT64_MAX / c->block_size)
        return "a LUN has at least 1 block and fewer than 2^63 bytes";
    if (c->media > ARRAY_MEDIA_NULL)
        return "the LUN's media kind is unknown";
    if (c->pool > ARRAY_MAX_POOLS || (c->pool && a->pools[c->pool - 1].space.size == 0))
        return "the LUN's pool is not one of the array";
    if (c->pool && c->media != ARRAY_MEDIA_MEMORY)
        return "only a LUN in memory can take its space from a pool";
    if (c->owner >= a->config.controllers)
        return "the LUN's owner is not a controller of the array";
    if (c->serial && (!printable(c->serial, ARRAY_MAX_SERIAL + 1) || !*c->serial))
        return "a LUN's serial number is 1 to 64 printable ASCII characters";
    return NULL;
}

int array_add_lun(struct array *a, const struct array_lun_config *c, const char **why)
{
    const char *ignored;
    struct lun *lun;

    why = why ? why : &ignored;
    *why = lun_fault(a, c);
    if (*why)
        return -1;
    while (a->first_free < a->ordinals && a->by_ordinal[a->first_free])
        a->first_free++;
    lun = calloc(1, sizeof *lun);
    if (!lun || !grow_table(a, c->number) || (a->first_free == a->ordinals && !grow_ordinals(a))) {
        *why = "no memory for the LUN";
        free(lun);
        return -1;
    }
    lun->number = c->number;
    lun->identity = c->number;
    lun->ordinal = a->first_free;
    lun->block_size = c->block_size;
    lun->block_shift = c->block_size == 512 ? 9 : 12;
    lun->max_blocks = ARRAY_MAX_TRANSFER / c->block_size;
    physical_exponent(c, &lun->physical_exponent);
    lun->first_aligned = c->first_aligned;
    lun->blocks = c->blocks;
    lun->read_only = c->read_only;
    lun->preferred = lun->owner = lun->chosen = c->owner;
    lun->ownership_group = c->ownership_group;
    memset(lun->forced, ARRAY_STATE_AUTOMATIC, sizeof lun->forced);
    memset(lun->set, ARRAY_STATE_AUTOMATIC, sizeof lun->set);
    if (c->serial)
        snprintf(lun->serial, sizeof lun->serial, "%s", c->serial);
    else
        snprintf(lun->serial, sizeof lun->serial, "%016" PRIX64 "%04X", a->config.naa, c->number);
    array_mode_create(a, lun);
    if (!media_open(&lun->media, c->media, c->file, c->blocks * c->block_size, why)) {
        free(lun);
        return -1;
    }
    if (!array_cache_create(lun, a->config.volatile_blocks)) {
        *why = "no memory for the LUN's write cache";
        free_lun(lun);
        return -1;
    }
    if (c->pool) {
        lun->pool = &a->pools[c->pool - 1];
        lun->media.pool = &lun->pool->space;
    }
    a->by_ordinal[lun->ordinal] = lun;
    a->table[c->number] = lun;
    a->lun_count++;
    array_settle_lun(a, lun, false);
    array_attention_all(a, lun, NULL, ASC_POWER_ON_OR_RESET);
    array_luns_changed(a, c->number);
    return 0;
}

int array_remove_lun(struct array *a, uint16_t number)
{
    struct lun *lun = array_lun(a, number);

    if (!lun)
        return -1;
    array_unregister_all(a, lun);
    array_sweep_nexuses(a);
    for (struct array_nexus *n = a->nexuses; n; n = n->next)
        *array_state(n, lun) = (struct nexus_lun){0};
    a->by_ordinal[lun->ordinal] = NULL;
    if (lun->ordinal < a->first_free)
        a->first_free = lun->ordinal;
    a->table[number] = NULL;
    a->lun_count--;
    free_lun(lun);
    array_luns_changed(a, number);
    return 0;
}

int array_resize_lun(struct array *a, uint16_t number, uint64_t blocks)
{
    struct lun *lun = array_lun(a, number);

    if (!lun || blocks < 1 || blocks > INT64_MAX / lun->block_size ||
        !media_resize(&lun->media, blocks * lun->block_size))
        return -1;
    if (lun->blocks != blocks) {
        lun->blocks = blocks;
        array_attention_all(a, lun, NULL, ASC_CAPACITY_CHANGED);
    }
    return 0;
}

/* SAM-4 4.6: peripheral device addressing on bus 0, or flat space addressing, single level. */
struct lun *array_find_lun(const struct array_nexus *n, const uint8_t lun[8])
{
    static const uint8_t no_further_levels[6];
    unsigned method = lun[0] >> 6;

    if (method > 1 || (method == 0 && lun[0] != 0) || memcmp(lun + 2, no_further_levels, 6) != 0)
        return NULL;
    return array_visible(n, get_16(lun) & 0x3FFF);
}

void array_checksum(struct array *a, bool on)
{
    a->checksum = on;
}

void array_inject(struct array *a, uint16_t number, unsigned count, uint8_t status, uint8_t key,
                  uint8_t asc, uint8_t ascq)
{
    struct lun *lun = array_lun(a, number);

    if (!lun)
        return;
    lun->inject_count = count;
    lun->inject_status = status;
    lun->inject_key = key & 0x0F;
    lun->inject_asc = asc;
    lun->inject_ascq = ascq;
}

bool array_controller_is_up(const struct array *a, unsigned controller)
{
    return controller < a->config.controllers && a->up[controller] && a->powered;
}

unsigned array_controller_of_port(const struct array *a, unsigned port)
{
    return port / a->config.ports_per_controller;
}

unsigned array_ports(const struct array *a)
{
    return a->ports;
}

const char *array_name(const struct array *a)
{
    return a->name;
}
