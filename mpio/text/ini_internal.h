/* SPDX-License-Identifier: MIT */
/* What a parsed file is made of; shared by ini_parse.c (which builds it) and ini_lookup.c (which
 * reads). */
#ifndef MPIO_TEXT_INI_INTERNAL_H
#define MPIO_TEXT_INI_INTERNAL_H

#include "text/ini.h"

struct ini {
    const char *file_name;
    char *strings;                /* all names, keys and values, each NUL-terminated */
    struct ini_section *sections; /* in file order */
    size_t section_count;
    struct ini_entry *entries; /* grouped by section, in file order within each */
    size_t entry_count;
    struct ini_value *values; /* in file order */
    size_t value_count;
};

#endif
