/* SPDX-License-Identifier: MIT */
/*
 * Programs that run beside this one. Each has a job object, so that killing it takes along what it started and none
 * outlives this program. Each has a directory of its own for temporary files, which goes when the child is gone: one
 * that was killed or crashed leaves nothing behind. No console: Ctrl-C is for us alone. No state but what the caller holds.
 */
#include "host/windows/state.h"

#include <stdlib.h>

#define CRASH 0xC0000000u       /* exit codes from here on are exceptions nobody handled */

struct host_child {
    HANDLE process, job;        /* job: NULL when the system gave none */
    uint64_t cpu_ns;            /* limit; 0: none */
    char *directory;            /* its TMP and TEMP */
};

unsigned host_processors(void)
{
    DWORD_PTR ours = 0, system;

    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &system) || ours == 0)
        return 1;
    return (unsigned)__builtin_popcountll(ours);
}

static HANDLE make_job(unsigned cpu_seconds)
{
    HANDLE job = CreateJobObjectW(NULL, NULL);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};

    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (cpu_seconds != 0) {
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_TIME;
        limits.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = (LONGLONG)cpu_seconds * 10000000;
    }
    if (job != NULL)
        SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof(limits));
    return job;
}

static HANDLE open_inherited(const char *file, bool write)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    wchar_t *wide = host_wide(file);
    HANDLE opened = CreateFileW(wide, write ? GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                &inherited, write ? CREATE_ALWAYS : OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    free(wide);
    return opened;
}

static bool is_temporary(const wchar_t *variable)
{
    return _wcsnicmp(variable, L"TMP=", 4) == 0 || _wcsnicmp(variable, L"TEMP=", 5) == 0;
}

/* Ours, with other directories for temporary files; malloc'ed. */
static wchar_t *environment_with(const char *directory)
{
    wchar_t *own = GetEnvironmentStringsW(), *end = own, *wide = host_wide(directory);
    while (*end != L'\0')
        end += wcslen(end) + 1;
    wchar_t *all = malloc(((size_t)(end - own) + 2 * wcslen(wide) + 16) * sizeof(*all)), *to = all;
    if (all == NULL)
        abort();
    for (const wchar_t *from = own; *from != L'\0'; from += wcslen(from) + 1)
        if (!is_temporary(from))
            to = wcscpy(to, from) + wcslen(from) + 1;
    for (unsigned i = 0; i < 2; i++) {
        wcscpy(to, i == 0 ? L"TEMP=" : L"TMP=");
        wcscat(to, wide);
        to += wcslen(to) + 1;
    }
    *to = L'\0';
    FreeEnvironmentStringsW(own);
    free(wide);
    return all;
}

static bool start(struct host_child *child, const char *const argv[], const char *output)
{
    HANDLE in = open_inherited("NUL", false), out = open_inherited(output != NULL ? output : "NUL", true);
    STARTUPINFOW how = {.cb = sizeof(how), .dwFlags = STARTF_USESTDHANDLES, .hStdInput = in, .hStdOutput = out,
                        .hStdError = out};
    PROCESS_INFORMATION made;
    wchar_t *program = host_wide(argv[0]), *line = host_command_line(argv, false);
    wchar_t *environment = environment_with(child->directory);
    bool good = out != INVALID_HANDLE_VALUE &&
                CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_NO_WINDOW | CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT,
                               environment, NULL, &how, &made);
    DWORD error = GetLastError();

    free(program);
    free(line);
    free(environment);
    if (in != INVALID_HANDLE_VALUE)
        CloseHandle(in);
    if (out != INVALID_HANDLE_VALUE)
        CloseHandle(out);
    if (!good)
        return host_fail_system(error, "cannot run %s", argv[0]);
    child->process = made.hProcess;
    if (child->job != NULL)
        AssignProcessToJobObject(child->job, made.hProcess);
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    return true;
}

static void forget(struct host_child *child)
{
    if (child->process != NULL)
        CloseHandle(child->process);
    if (child->job != NULL)
        CloseHandle(child->job);
    if (child->directory != NULL)
        host_remove_directory(child->directory);
    free(child->directory);
    free(child);
}

struct host_child *host_child_start(const char *const argv[], const char *output, unsigned cpu_seconds)
{
    struct host_child *child = calloc(1, sizeof(*child));

    if (child == NULL) {
        host_fail(0, "cannot run %s: out of memory", argv[0]);
        return NULL;
    }
    child->job = make_job(cpu_seconds);
    child->cpu_ns = cpu_seconds * UINT64_C(1000000000);
    child->directory = host_temporary_directory();
    if (child->directory != NULL && start(child, argv, output))
        return child;
    forget(child);
    return NULL;
}

static uint64_t in_ns(FILETIME time)
{
    return (((uint64_t)time.dwHighDateTime << 32) | time.dwLowDateTime) * 100;
}

static void describe_end(const struct host_child *child, struct host_child_result *result)
{
    FILETIME created, ended, kernel = {0}, user = {0};
    DWORD code = 0;

    GetExitCodeProcess(child->process, &code);
    GetProcessTimes(child->process, &created, &ended, &kernel, &user);
    result->cpu_ns = in_ns(kernel) + in_ns(user);
    result->code = (int)code;
    if (child->cpu_ns != 0 && in_ns(user) >= child->cpu_ns)
        result->end = HOST_CHILD_OUT_OF_CPU;
    else
        result->end = code >= CRASH ? HOST_CHILD_CRASHED : HOST_CHILD_EXITED;
}

int host_child_wait(struct host_child *children[], unsigned count, uint64_t timeout_ns, struct host_child_result *result)
{
    HANDLE ends[HOST_MAX_CHILDREN];
    unsigned place[HOST_MAX_CHILDREN], running = 0;

    if (count > HOST_MAX_CHILDREN)
        abort();
    for (unsigned i = 0; i < count; i++) {
        if (children[i] != NULL) {
            place[running] = i;
            ends[running++] = children[i]->process;
        }
    }
    if (running == 0)
        return -1;
    uint64_t milliseconds = timeout_ns / 1000000;
    DWORD which = WaitForMultipleObjects(running, ends, FALSE, milliseconds < INFINITE ? (DWORD)milliseconds : INFINITE);
    if (which >= WAIT_OBJECT_0 + running)
        return -1;
    unsigned i = place[which - WAIT_OBJECT_0];
    describe_end(children[i], result);
    forget(children[i]);
    children[i] = NULL;
    return (int)i;
}

void host_child_kill(struct host_child *child)
{
    if (child == NULL)
        return;
    if (child->job == NULL || !TerminateJobObject(child->job, 1))
        TerminateProcess(child->process, 1);
    WaitForSingleObject(child->process, INFINITE);
    forget(child);
}
