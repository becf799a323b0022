/* SPDX-License-Identifier: MIT */
/*
 * Modules, environment, other programs, and lines for the person at the terminal.
 */
#define _GNU_SOURCE
#include "host/posix/state.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ENVIRONMENT 1024

extern char **environ;

void *host_library_open(const char *path)
{
    /* A name without a slash would be searched for in the system's directories. */
    void *library = strchr(path, '/') != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (library == NULL) {
        const char *why = strchr(path, '/') != NULL ? dlerror() : "give a path with a directory";
        host_fail(0, "cannot load %s: %s", path, why != NULL ? why : "no reason given");
    }
    return library;
}

void *host_library_symbol(void *library, const char *name)
{
    void *symbol = dlsym(library, name);
    if (symbol == NULL)
        host_fail(0, "the library has no symbol %s", name);
    return symbol;
}

void host_library_close(void *library)
{
    if (library != NULL)
        dlclose(library);
}

/* The mapped extent of one loaded object. */
struct extent {
    uintptr_t bias, low, high;
};

static int find_extent(struct dl_phdr_info *info, size_t size, void *argument)
{
    struct extent *e = argument;
    (void)size;
    if (info->dlpi_addr != e->bias)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uintptr_t low = e->bias + info->dlpi_phdr[i].p_vaddr;
        uintptr_t high = low + info->dlpi_phdr[i].p_memsz;
        e->low = low < e->low ? low : e->low;
        e->high = high > e->high ? high : e->high;
    }
    return 1;
}

bool host_library_range(void *library, void **base, size_t *size)
{
    struct link_map *map = NULL;
    struct extent e = {0, UINTPTR_MAX, 0};
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
        return host_fail(0, "no extent of the library: %s", dlerror());
    e.bias = map->l_addr;
    if (dl_iterate_phdr(find_extent, &e) == 0 || e.low >= e.high)
        return host_fail(0, "the library has no loaded segments");
    *base = (void *)e.low;
    *size = e.high - e.low;
    return true;
}

bool host_is_terminal(void)
{
    return isatty(STDERR_FILENO) != 0;
}

const char *host_executable(void)
{
    char *path = host_state.executable;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(host_state.executable) - 1);
    path[length > 0 ? length : 0] = '\0';
    return path;
}

void host_reexec(char **argv, const char *variable, const char *value)
{
    if (setenv(variable, value, 1) != 0) {
        host_fail(errno, "cannot set %s", variable);
        return;
    }
    execv(host_executable(), argv);
    host_fail(errno, "cannot start %s again", host_executable());
}

/* Reads to the end even when the buffer is full, so that the program never blocks on its output. */
static void collect(int from, char *output, size_t size)
{
    size_t have = 0;
    char block[4096];
    for (;;) {
        ssize_t n = read(from, block, sizeof(block));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        size_t take = size > 0 ? size - 1 - have : 0;
        if (take > (size_t)n)
            take = (size_t)n;
        memcpy(output + have, block, take);
        have += take;
    }
    if (size > 0)
        output[have] = '\0';
}

int host_run(const char *const argv[], char *output, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        host_fail(errno, "cannot make a pipe to run %s", argv[0]);
        return -1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    pid_t child;
    /* What was preloaded into us for a DSM is not for others. */
    char *kept[MAX_ENVIRONMENT];
    unsigned count = 0;
    for (char **e = environ; *e != NULL && count < MAX_ENVIRONMENT - 1; e++)
        if (strncmp(*e, "LD_PRELOAD=", 11) != 0)
            kept[count++] = *e;
    kept[count] = NULL;
    int error = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, kept);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        host_fail(error, "cannot run %s", argv[0]);
        return -1;
    }
    collect(ends[0], output, size);
    close(ends[0]);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) {
            host_fail(errno, "lost sight of %s", argv[0]);
            return -1;
        }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    host_fail(0, "%s was ended by signal %d", argv[0], WTERMSIG(status));
    return -1;
}

void host_log(const char *line)
{
    struct iovec parts[2] = {{(void *)line, strlen(line)}, {"\n", 1}};
    ssize_t written;
    do
        written = writev(2, parts, 2);
    while (written < 0 && errno == EINTR);
}
