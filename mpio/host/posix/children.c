/* SPDX-License-Identifier: MIT */
/*
 * Programs that run beside this one. Each is a process group of its own, so that the terminal's Ctrl-C is for us alone
 * and killing one takes along what it started. Where the system has no process descriptors (pidfd), waiting looks at
 * the children every few milliseconds. Each has a directory of its own for temporary files, which goes when the child
 * is gone: one that was killed or crashed leaves nothing behind. No state but what the caller holds.
 */
#define _GNU_SOURCE
#include "host/host.h"
#include "host/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MILLISECONDS 5

extern char **environ;

struct host_child {
    pid_t process;
    int descriptor;             /* readable when it has ended; -1: the system has none */
    char *directory;            /* its TMPDIR */
};

unsigned host_processors(void)
{
    cpu_set_t allowed;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
        return (unsigned)CPU_COUNT(&allowed);
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (unsigned)count : 1;
}

/* Standard signals: a handler of ours is gone by itself, what we ignore or block the child must not. */
static void prepare(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
}

/* Ours, with another TMPDIR, which is the first string and to be freed like the list. NULL: out of memory. */
static char **environment_with(const char *directory)
{
    size_t count = 0, kept = 1;

    while (environ[count] != NULL)
        count++;
    char **list = malloc((count + 2) * sizeof *list);
    if (list == NULL || asprintf(&list[0], "TMPDIR=%s", directory) < 0) {
        free(list);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            list[kept++] = environ[i];
    list[kept] = NULL;
    return list;
}

/* What posix_spawn returns. */
static int spawn(struct host_child *child, const char *const argv[], const char *output)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char **environment = environment_with(child->directory);

    if (environment == NULL)
        return ENOMEM;
    prepare(&attributes);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output != NULL ? output : "/dev/null",
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    int error = posix_spawn(&child->process, argv[0], &files, &attributes, (char *const *)argv, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    free(environment[0]);
    free(environment);
    return error;
}

static void forget(struct host_child *child)
{
    if (child->descriptor >= 0)
        close(child->descriptor);
    if (child->directory != NULL)
        host_remove_directory(child->directory);
    free(child->directory);
    free(child);
}

struct host_child *host_child_start(const char *const argv[], const char *output, unsigned cpu_seconds)
{
    struct host_child *child = malloc(sizeof *child);

    if (child == NULL) {
        host_fail(0, "cannot run %s: out of memory", argv[0]);
        return NULL;
    }
    child->descriptor = -1;
    child->directory = host_temporary_directory();
    int error = child->directory != NULL ? spawn(child, argv, output) : 0;
    if (child->directory == NULL || error != 0) {
        forget(child);
        if (error != 0)
            host_fail(error, "cannot run %s", argv[0]);
        return NULL;
    }
    prlimit(child->process, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL);
    if (cpu_seconds != 0)
        prlimit(child->process, RLIMIT_CPU, &(struct rlimit){cpu_seconds, cpu_seconds + 1}, NULL);
    child->descriptor = (int)syscall(SYS_pidfd_open, child->process, 0u); /* closed on exec by itself */
    return child;
}

/* True when it has ended; its process is then gone. */
static bool reap(struct host_child *child, bool wait, struct host_child_result *result)
{
    struct rusage used = {0};
    pid_t gone;
    int status = 0;

    do
        gone = wait4(child->process, &status, wait ? 0 : WNOHANG, &used);
    while (gone < 0 && errno == EINTR);
    if (gone == 0)
        return false;
    result->cpu_ns = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000u +
                     (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000u;
    if (gone > 0 && WIFEXITED(status)) {
        result->end = HOST_CHILD_EXITED;
        result->code = WEXITSTATUS(status);
    } else {
        /* A second after SIGXCPU the system kills what did not end by it. */
        result->code = gone > 0 ? WTERMSIG(status) : 0;
        result->end = result->code == SIGXCPU ? HOST_CHILD_OUT_OF_CPU : HOST_CHILD_CRASHED;
    }
    return true;
}

static int first_ended(struct host_child *children[], unsigned count, struct host_child_result *result)
{
    for (unsigned i = 0; i < count; i++) {
        if (children[i] != NULL && reap(children[i], false, result)) {
            forget(children[i]);
            children[i] = NULL;
            return (int)i;
        }
    }
    return -1;
}

int host_child_wait(struct host_child *children[], unsigned count, uint64_t timeout_ns, struct host_child_result *result)
{
    struct pollfd ends[HOST_MAX_CHILDREN];
    uint64_t now = host_time_ns(), until = timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;

    if (count > HOST_MAX_CHILDREN)
        abort();
    for (;;) {
        int found = first_ended(children, count, result);
        unsigned running = 0;
        bool blind = false;

        now = host_time_ns();
        if (found >= 0 || now >= until)
            return found;
        for (unsigned i = 0; i < count; i++) {
            ends[i] = (struct pollfd){.fd = children[i] != NULL ? children[i]->descriptor : -1, .events = POLLIN};
            running += children[i] != NULL;
            blind |= children[i] != NULL && children[i]->descriptor < 0;
        }
        if (running == 0)
            return -1;
        uint64_t sleep_ms = (until - now) / 1000000 + 1;
        if (sleep_ms > 60000)
            sleep_ms = 60000;
        if (poll(ends, count, blind ? LOOK_MILLISECONDS : (int)sleep_ms) < 0 && errno == EINTR)
            return first_ended(children, count, result);
    }
}

void host_child_kill(struct host_child *child)
{
    struct host_child_result result;

    if (child == NULL)
        return;
    kill(-child->process, SIGKILL);
    reap(child, true, &result);
    forget(child);
}
