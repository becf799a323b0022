/* SPDX-License-Identifier: MIT */
/*
 * Driver files of either kind: the first bytes decide. Runs outside the simulation, before a machine starts
 * the driver and after the machine has let it go. No state.
 */
#include "load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/elf_driver.h"
#include "load/exports.h"
#include "load/seh.h"

#define DRIVER_FILE_LIMIT PE_IMAGE_LIMIT

static void service_name(const char *file, char *name, size_t size)
{
    const char *base = file;

    for (const char *c = file; *c; c++)
#if defined(_WIN32)
        if (*c == '/' || *c == '\\')
#else
        if (*c == '/')
#endif
            base = c + 1;
    snprintf(name, size, "%s", base);
    char *dot = strchr(name, '.');
    if (dot)
        *dot = '\0';
}

static bool is_pe(const char *bytes, size_t length)
{
    return length >= 2 && bytes[0] == 'M' && bytes[1] == 'Z';
}

static bool open_pe(const char *file, const char *bytes, size_t length, struct load_driver *driver, char *why, size_t why_size)
{
    static const struct pe_exporter exporter = {exports_find_image, exports_know};
    char reason[1600];

    if (!pe_open((const uint8_t *)bytes, length, file, &exporter, &driver->pe, reason, sizeof reason)) {
        snprintf(why, why_size, "%s: %s", file, reason);
        return false;
    }
    load_take_traps();
    driver->entry = driver->pe.entry;
    driver->image.base = driver->pe.base;
    driver->image.size = driver->pe.size;
    driver->image.pe = true;
    return true;
}

bool load_driver_open(const char *file, struct load_driver *driver, char *why, size_t why_size)
{
    size_t length = 0;
    bool ok;

    memset(driver, 0, sizeof *driver);
    service_name(file, driver->service, sizeof driver->service);
    snprintf(driver->image.path, sizeof driver->image.path, "%s", file);
    char *bytes = host_read_file(file, DRIVER_FILE_LIMIT, &length);
    if (!bytes) {
        snprintf(why, why_size, "%s: %s", file, host_error());
        return false;
    }
    if (is_pe(bytes, length))
        ok = open_pe(file, bytes, length, driver, why, why_size);
    else
        ok = elf_open(file, bytes, length, driver, why, why_size);
    free(bytes);
    if (!ok)
        memset(driver, 0, sizeof *driver);
    return ok;
}

void load_driver_close(struct load_driver *driver)
{
    pe_close(&driver->pe);
    elf_close(driver);
    memset(driver, 0, sizeof *driver);
}

uint64_t load_file_hash(const char *file)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a: a name for the file, not a defence */
    size_t length = 0;
    char *bytes = host_read_file(file, DRIVER_FILE_LIMIT, &length);

    if (!bytes)
        return 0;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * 0x100000001b3u;
    free(bytes);
    return hash;
}

bool load_needs_preload(const char *file, const char **preload)
{
    static const char needed[] = "libasan.so.";
    static _Thread_local char name[32];
    size_t length = 0;

    if (host_under_asan())
        return false;
    char *bytes = host_read_file(file, DRIVER_FILE_LIMIT, &length);
    if (!bytes)
        return false; /* load_driver_open will say why */
    bool found = false;
    for (size_t i = 0; i + sizeof needed + 3 < length && !found && !is_pe(bytes, length); i++) {
        if (memcmp(bytes + i, needed, sizeof needed - 1) == 0) {
            snprintf(name, sizeof name, "%.24s", bytes + i);
            found = true;
        }
    }
    free(bytes);
    *preload = name;
    return found;
}
