/* SPDX-License-Identifier: MIT */
/*
 * In place of elf.c where the host's loader knows no ELF: says which file it would take. No state.
 */
#include "load/elf_driver.h"

#include <stdio.h>
#include <string.h>

bool elf_open(const char *file, const char *bytes, size_t length, struct load_driver *driver, char *why, size_t why_size)
{
    bool elf = length >= 4 && memcmp(bytes, "\177ELF", 4) == 0;

    (void)driver;
    snprintf(why, why_size, "%s: is %s; this build loads PE images: build the DSM with 'make sys' and ddk/dsm.mk, which makes "
             "NAME.sys", file, elf ? "an ELF file" : "no PE image");
    return false;
}

void elf_close(struct load_driver *driver)
{
    (void)driver;
}
