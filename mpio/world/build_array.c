/* SPDX-License-Identifier: MIT */
/*
 * An [array] section with its [lun] sections becomes an array: the same for a simulated world (embed)
 * and for the arrays on the wire (target). The array's clock is the world's.
 */
#include "world/build_array.h"

#include <stdio.h>
#include <string.h>

static uint64_t array_clock(void *world)
{
    return world_now(world);
}

static bool add_luns(struct array *a, const struct topology *t, size_t index,
                     struct text_error *error)
{
    for (size_t i = 0; i < t->lun_count; i++) {
        const struct topology_lun *lun = &t->luns[i];
        if (lun->array != index)
            continue;
        for (uint32_t n = 0; n < lun->count; n++) {
            const char *why = NULL;
            char serial[TOPOLOGY_SERIAL_MAX + 12];
            topology_lun_serial(t, lun, n, serial, sizeof serial);
            struct array_lun_config c = {
                .number = (uint16_t)(lun->number + n),
                .serial = serial,
                .block_size = lun->block_size,
                .blocks = lun->size / lun->block_size,
                .physical_block = (uint32_t)lun->physical_block,
                .first_aligned = (uint16_t)lun->first_aligned,
                .media = lun->media,
                .file = lun->file,
                .owner = lun->owner == TOPOLOGY_OWNER_SPREAD
                             ? (lun->number + n) % t->arrays[index].controllers
                             : lun->owner,
                .ownership_group = lun->ownership_group,
                .read_only = lun->read_only,
                .pool = lun->thin_pool ? 1 : 0,
            };
            if (array_add_lun(a, &c, &why) < 0)
                return text_error_set(error, NULL, 0, 0, "lun %s (number %u of array %s): %s",
                                      lun->object.name, c.number, t->arrays[index].object.name,
                                      why);
            for (size_t host = 0; host < lun->hosts.count; host++)
                if (!array_map_lun(a, lun->hosts.text[host], c.number, c.number))
                    return text_error_set(error, NULL, 0, 0, "lun %s cannot be mapped for %s",
                                          lun->object.name, lun->hosts.text[host]);
        }
    }
    return true;
}

struct array *world_build_array(struct world *w, const struct topology *t, size_t index,
                                struct text_error *error)
{
    const struct topology_array *from = &t->arrays[index];
    struct array_config config = {
        .name = from->object.name,
        .access = from->access,
        .controllers = from->controllers,
        .ports_per_controller = from->ports_per_controller,
        .naa = from->naa,
        .transport = from->transport,
        .target_name = from->target,
        .quirks = from->quirks,
        .passive_sense = from->passive_sense,
        .lun_depth = from->lun_depth,
        .port_depth = from->port_depth,
        .volatile_blocks = from->volatile_blocks,
        .cache_seed = t->seed,
        .slow_report_us = (uint32_t)(from->slow_report / WORLD_US),
        .descriptor_sense = from->descriptor_sense,
        .passive_state = (uint8_t)(from->passive + ARRAY_STATE_NON_OPTIMIZED),
        .no_preferred = !from->preferred,
        .no_failback = !from->failback,
        .compatible_reservations = from->compatible_reservations,
        .transition_busy = from->transition_busy,
        .transition_us = (uint32_t)(from->transition / WORLD_US),
        .now = array_clock,
        .clock = w,
    };
    const char *why = NULL;

    memcpy(config.designators, from->designators, sizeof config.designators);
    snprintf(config.vendor, sizeof config.vendor, "%s", from->vendor);
    snprintf(config.product, sizeof config.product, "%s", from->product);
    snprintf(config.revision, sizeof config.revision, "%s", from->revision);
    struct array *a = array_create(&config, &why);
    if (!a) {
        text_error_set(error, NULL, 0, 0, "array %s: %s", from->object.name, why);
        return NULL;
    }
    if (from->pool_size)
        array_set_pool(a, 0, from->pool_size, from->pool_threshold);
    if (from->plugin.count > 0 &&
        !array_load_plugin(a, from->plugin.text[0],
                           from->plugin.count > 1 ? from->plugin.text[1] : "", &why)) {
        text_error_set(error, NULL, 0, 0, "array %s: plug-in %s: %s", from->object.name,
                       from->plugin.text[0], why);
        array_destroy(a);
        return NULL;
    }
    if (!add_luns(a, t, index, error)) {
        array_destroy(a);
        return NULL;
    }
    return a;
}
