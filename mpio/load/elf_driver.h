/* SPDX-License-Identifier: MIT */
/* ELF drivers behind load_driver_open and load_driver_close. */
#ifndef MPIO_LOAD_ELF_DRIVER_H
#define MPIO_LOAD_ELF_DRIVER_H

#include "load/load.h"

/* driver->service is filled already. On failure nothing is left behind. */
bool elf_open(const char *file, const char *bytes, size_t length, struct load_driver *driver, char *why, size_t why_size);
void elf_close(struct load_driver *driver);
/* The functions that neither the file nor the program has, "A, B (3 more)"; false when all are there. For a message: the
 * linker names one only. */
bool elf_missing(const char *bytes, size_t length, char *text, size_t size);

#endif
