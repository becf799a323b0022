/* SPDX-License-Identifier: MIT */
/*
 * Driver files -> a driver in a machine: ELF shared objects and PE images behind the same functions.
 * Every machine gets a private copy of the image, so that the driver's globals are its own. Nothing in a
 * file is trusted before it is mapped.
 */
#ifndef MPIO_LOAD_LOAD_H
#define MPIO_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/pe.h"
#include "nt/nt.h"

struct load_driver {
    char service[64];           /* base name of the file without suffix */
    struct nt_image image;      /* path is the file the user named */
    void *entry;                /* DriverEntry */
    struct pe_image pe;         /* base NULL: an ELF driver */
    void *library;              /* ELF: the linker's handle */
    char *directory;            /* ELF: the private copy lives here until load_driver_close */
    char *copy;
};

/* Maps a private copy of `file`. On failure false, and `why` says what is wrong with which file and what
 * to do. Imports are bound at once; every missing kernel routine is named. */
bool load_driver_open(const char *file, struct load_driver *driver, char *why, size_t why_size);
/* Unmaps it. No code of the driver may run afterwards. */
void load_driver_close(struct load_driver *driver);

/* Lets drivers in `m` find routines by name (MmGetSystemRoutineAddress). */
void load_attach(struct machine *m);

/* True when `file` was built with AddressSanitizer and this process has no such runtime: the caller
 * must start itself again with *preload (a library name) preloaded, before it loads anything. */
bool load_needs_preload(const char *file, const char **preload);

/* Names the bytes of a driver file in replay files; 0 when it cannot be read. */
uint64_t load_file_hash(const char *file);

#endif
