/* SPDX-License-Identifier: MIT */
/*
 * The topology of a world as one text that stands alone: what an array's profile says comes first in
 * its section, less what the section says otherwise. Reading the text gives the same topology.
 */
#include "embed/embed.h"

#include "text/ini.h"

static const struct topology_array *array_of(const struct topology *t, const struct ini_section *section)
{
    for (size_t i = 0; i < t->array_count; i++)
        if (t->arrays[i].object.section == section)
            return &t->arrays[i];
    return NULL;
}

static void write_profile(const struct topology_array *array, struct buffer *out)
{
    const struct ini_section *profile = ini_section(array->profile_ini, 0);

    for (size_t i = 0; i < profile->entry_count; i++) {
        const struct ini_entry *entry = &profile->entries[i];
        if (ini_find(array->object.section, entry->key, NULL) == NULL)
            ini_write_entry(entry, out);
    }
}

char *mpio_topology_text(const struct mpio *w)
{
    struct buffer out = {0};

    for (size_t i = 0; i < ini_section_count(w->topology->ini); i++) {
        const struct ini_section *section = ini_section(w->topology->ini, i);
        const struct topology_array *array = array_of(w->topology, section);
        bool profile = array != NULL && array->profile_ini != NULL;

        buffer_printf(&out, "%s[%s]\n", i == 0 ? "" : "\n", section->name);
        if (profile)
            write_profile(array, &out);
        for (size_t e = 0; e < section->entry_count; e++)
            if (!profile || !ini_same_name(section->entries[e].key, "profile"))
                ini_write_entry(&section->entries[e], &out);
    }
    return buffer_take(&out, NULL);
}
