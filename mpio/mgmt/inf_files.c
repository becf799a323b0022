/* SPDX-License-Identifier: MIT */
/*
 * CopyFiles, DelFiles, RenFiles: a list of names becomes files of the plan, with the place beside the INF where
 * [SourceDisksFiles] says they are and the directory where [DestinationDirs] says they go. Nothing is copied: the
 * emulator is told its driver images by --dsm. The plan is for what can be checked.
 */
#include "mgmt/inf_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A section with the suffix of the target's architecture, else without. */
static const struct ini_section *media_section(struct inf *inf, const char *name, bool decorated)
{
    char whole[64];

    snprintf(whole, sizeof whole, "%s.%s", name, inf_architecture_name[inf->target->architecture]);
    return ini_find_section(inf->ini, decorated ? whole : name);
}

/* False after inf_fail; *entry is NULL when there is none. */
static bool media_entry(struct inf *inf, const char *section, const char *key, const struct ini_entry **entry)
{
    *entry = NULL;
    for (int decorated = 1; decorated >= 0; decorated--) {
        const struct ini_section *s = media_section(inf, section, decorated);
        for (size_t i = 0; s && i < s->entry_count; i++) {
            const char *own = inf_key(inf, &s->entries[i]);
            if (!own)
                return false;
            if (ini_same_name(own, key)) {
                *entry = &s->entries[i];
                return true;
            }
        }
    }
    return true;
}

static char *with_slashes(char *path)
{
    for (char *c = path; c && *c; c++)
        if (*c == '\\')
            *c = '/';
    return path;
}

/* disk path / subdirectory / name; NULL with a note when it is not told. */
static bool find_source(struct inf *inf, struct inf_file *file, const char *source_name)
{
    const struct ini_entry *e, *d;
    const char *disk, *below, *path = "";

    if (!media_entry(inf, "SourceDisksFiles", source_name, &e))
        return false;
    if (!e)
        return inf_note(inf, file->line, "%.80s is copied but not in [SourceDisksFiles]; Setup would not find it", source_name);
    if (!(disk = inf_field(inf, e, 0)) || !(below = inf_field(inf, e, 1)) ||
        !media_entry(inf, "SourceDisksNames", disk, &d))
        return false;
    if (!d)
        return inf_note(inf, e->line, "%.80s is on disk '%.20s', which is not in [SourceDisksNames]", source_name, disk);
    if (!(path = inf_field(inf, d, 3)))
        return false;
    path += strspn(path, "\\");
    below += strspn(below, "\\");
    const char *text = inf_format(inf, "%s%s%s%s%s", path, *path ? "/" : "", below, *below ? "/" : "", source_name);
    if (!text)
        return false;
    file->source = with_slashes((char *)text);
    return true;
}

static const char *destination(struct inf *inf, const char *list, unsigned line)
{
    const struct ini_section *dirs = ini_find_section(inf->ini, "DestinationDirs");
    const struct ini_entry *e = dirs && list ? ini_find(dirs, list, NULL) : NULL;

    if (!e && dirs)
        e = ini_find(dirs, "DefaultDestDir", NULL);
    if (!e)
        return inf_note(inf, line, "[DestinationDirs] does not say where the files go; add DefaultDestDir = 12") ? "" : NULL;
    const char *id = inf_field(inf, e, 0), *below = inf_field(inf, e, 1);
    if (!id || !below)
        return NULL;
    if (strcmp(id, "-1") == 0 || strcmp(id, "65535") == 0 || strcmp(id, "01") == 0 || strcmp(id, "1") == 0)
        return below; /* absolute, or the directory of the INF */
    char *end;
    unsigned long number = strtoul(id, &end, 10);
    const char *path = end != id && !*end ? inf_directory(number) : NULL;
    if (!path) {
        inf_fail(inf, e->line, "directory id '%.20s' is not known here; 10, 11, 12, 13, 24, 30 and -1 are", id);
        return NULL;
    }
    return *below ? inf_format(inf, "%s\\%s", path, below) : path;
}

static bool add_file(struct inf *inf, const char *name, const char *source_name, const char *directory, bool copied,
                     unsigned line)
{
    struct inf_file *file = INF_ADD(inf, files, INF_MAX_FILES, line);

    if (!file)
        return false;
    *file = (struct inf_file){.name = name, .directory = directory, .copied = copied, .line = line};
    return !copied || find_source(inf, file, *source_name ? source_name : name);
}

static bool read_list(struct inf *inf, const char *name, const char *word, bool copied, unsigned line)
{
    const struct ini_section *section = inf_section(inf, name, line, word);
    const char *directory = section ? destination(inf, name, line) : NULL;

    if (!directory)
        return false;
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        const char *to = inf_field(inf, e, 0), *from = inf_field(inf, e, 1);
        if (!to || !from || !add_file(inf, to, from, directory, copied, e->line))
            return false;
    }
    return true;
}

bool inf_file_directives(struct inf *inf, const struct ini_section *section)
{
    static const char *const words[] = {"CopyFiles", "DelFiles", "RenFiles"};

    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *e = &section->entries[i];
        unsigned which = 0;
        while (which < 3 && !(e->key && ini_same_name(e->key, words[which])))
            which++;
        for (size_t v = 0; which < 3 && v < e->value_count; v++) {
            const char *name = inf_text(inf, &e->values[v]), *directory;
            if (!name)
                return false;
            if (*name == '@') {
                directory = destination(inf, NULL, e->line);
                if (!directory || !add_file(inf, name + 1, "", directory, which == 0, e->line))
                    return false;
            } else if (*name && !read_list(inf, name, words[which], which == 0, e->line)) {
                return false;
            }
        }
    }
    return true;
}
