/* SPDX-License-Identifier: MIT */
/*
 * Where the profiles of array families are found: `profile = DIR/FILE.ini` is a file beside the
 * topology, a bare NAME is NAME.ini beside the topology, in docs/profiles of the tree or among the
 * installed ones.
 */
#include "world/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define PROFILE_LIMIT (64u * 1024)
#define PATH_LIMIT    4096

/* Length of the directory part with its slash. */
static int directory(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash - path + 1) : 0;
}

static char *read_profile(void *user, const char *profile, const char *topology, size_t *length,
                          struct text_error *error)
{
    static const char *const beside_program[] = {"../../../docs/profiles/",
                                                 "../share/openmpio/profiles/"};
    size_t size = strlen(profile);
    bool file = strchr(profile, '/') || (size > 4 && strcmp(profile + size - 4, ".ini") == 0);
    const char *program = host_executable();
    char path[PATH_LIMIT];

    (void)user;
    if (file) {
        snprintf(path, sizeof path, "%.*s%s", profile[0] == '/' ? 0 : directory(topology), topology,
                 profile);
        char *text = host_read_file(path, PROFILE_LIMIT, length);
        if (!text)
            text_error_set(error, NULL, 0, 0, "%s", host_error());
        return text;
    }
    snprintf(path, sizeof path, "%.*s%s.ini", directory(topology), topology, profile);
    char *text = host_read_file(path, PROFILE_LIMIT, length);
    for (unsigned i = 0; !text && i < sizeof beside_program / sizeof *beside_program; i++) {
        snprintf(path, sizeof path, "%.*s%s%s.ini", directory(program), program, beside_program[i],
                 profile);
        text = host_read_file(path, PROFILE_LIMIT, length);
    }
    if (!text)
        text_error_set(error, NULL, 0, 0,
                       "no such file beside the topology nor among the profiles of docs/profiles");
    return text;
}

struct topology *world_parse_topology(const char *file_name, const char *text, size_t length,
                                      struct text_error *error)
{
    const struct topology_files files = {read_profile, NULL};

    return topology_parse_with(file_name, text, length, &files, error);
}
