/* SPDX-License-Identifier: MIT */
/*
 * Modules, environment, other programs, and lines for the person at the terminal. No state.
 */
#include "host/windows/state.h"

#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Drivers are PE images and mapped by our own loader; Windows' loader is not asked. */
void *host_library_open(const char *path)
{
    host_fail(0, "cannot load %s: shared objects are for other hosts than Windows", path);
    return NULL;
}

void *host_library_symbol(void *library, const char *name)
{
    (void)library;
    host_fail(0, "the library has no symbol %s", name);
    return NULL;
}

bool host_library_range(void *library, void **base, size_t *size)
{
    (void)library, (void)base, (void)size;
    return host_fail(0, "no extent of the library: not on Windows");
}

void host_library_close(void *library)
{
    (void)library;
}

bool host_is_terminal(void)
{
    DWORD mode; /* a terminal has a console mode; what _isatty takes for one may be any device */
    return GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode);
}

const char *host_executable(void)
{
    wchar_t path[1024] = L"";
    GetModuleFileNameW(NULL, path, sizeof(path) / sizeof(path[0]));
    free(host_state.executable);
    host_state.executable = host_narrow(path);
    return host_state.executable;
}

/* ---- command lines --------------------------------------------------------------------------------- */

struct line {
    wchar_t *text;
    size_t length, room;
};

static void put(struct line *l, wchar_t c)
{
    if (l->length + 2 > l->room) {
        l->room = l->room * 2 + 256;
        l->text = realloc(l->text, l->room * sizeof(*l->text));
        if (l->text == NULL)
            abort();
    }
    l->text[l->length++] = c;
    l->text[l->length] = L'\0';
}

/* One argument, quoted where it must be, as the C library of the other program takes it apart. */
static void put_argument(struct line *l, const char *argument)
{
    wchar_t *wide = host_wide(argument);
    size_t backslashes = 0;
    bool quoted = wide[0] == L'\0' || wcspbrk(wide, L" \t\"") != NULL;
    if (l->length > 0)
        put(l, L' ');
    if (quoted)
        put(l, L'"');
    for (const wchar_t *c = wide; *c != L'\0'; c++) {
        for (size_t i = 0; *c == L'"' && i < backslashes + 1; i++)
            put(l, L'\\');
        backslashes = *c == L'\\' ? backslashes + 1 : 0;
        put(l, *c);
    }
    for (size_t i = 0; quoted && i < backslashes; i++)
        put(l, L'\\');
    if (quoted)
        put(l, L'"');
    free(wide);
}

static bool has_drive(const char *text)
{
    return text[0] != '\0' && text[1] == ':' && (text[2] == '\\' || text[2] == '/');
}

/* The file of a program of PATH, malloc'ed; NULL when there is none. */
static wchar_t *find_program(const char *name)
{
    wchar_t *wide = host_wide(name), found[MAX_PATH + 1];
    DWORD length = SearchPathW(NULL, wide, L".exe", MAX_PATH, found, NULL);
    free(wide);
    return length != 0 && length <= MAX_PATH ? _wcsdup(found) : NULL;
}

wchar_t *host_command_line(const char *const argv[], bool below_wine)
{
    struct line l = {NULL, 0, 0};
    for (unsigned i = 0; argv[i] != NULL; i++) {
        char *name = below_wine && has_drive(argv[i]) ? host_wine_name(argv[i]) : NULL;
        put_argument(&l, name != NULL ? name : argv[i]);
        free(name);
    }
    return l.text;
}

/* ---- other programs ------------------------------------------------------------------------------- */

/* Reads to the end even when the buffer is full, so that the program never blocks on its output. */
static void collect(HANDLE from, char *output, size_t size)
{
    size_t have = 0;
    char block[4096];
    DWORD n;
    while (ReadFile(from, block, sizeof(block), &n, NULL) && n > 0) {
        size_t take = size > 0 ? size - 1 - have : 0;
        if (take > n)
            take = n;
        memcpy(output + have, block, take);
        have += take;
    }
    if (size > 0)
        output[have] = '\0';
}

static int run(const wchar_t *program, wchar_t *line, char *output, size_t size)
{
    SECURITY_ATTRIBUTES inherited = {.nLength = sizeof(inherited), .bInheritHandle = TRUE};
    HANDLE from = NULL, to = NULL;
    PROCESS_INFORMATION child;
    DWORD code = 0;
    if (!CreatePipe(&from, &to, &inherited, 0))
        return -1;
    SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
    STARTUPINFOW start = {.cb = sizeof(start),
                          .dwFlags = STARTF_USESTDHANDLES,
                          .hStdOutput = to,
                          .hStdError = GetStdHandle(STD_ERROR_HANDLE)};
    bool started = CreateProcessW(program, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &start, &child);
    DWORD error = GetLastError();
    CloseHandle(to);
    if (started) {
        collect(from, output, size);
        WaitForSingleObject(child.hProcess, INFINITE);
        started = GetExitCodeProcess(child.hProcess, &code);
        error = GetLastError();
        CloseHandle(child.hProcess);
        CloseHandle(child.hThread);
    }
    CloseHandle(from);
    SetLastError(error);
    return started ? (int)code : -1;
}

int host_run(const char *const argv[], char *output, size_t size)
{
    wchar_t *program = find_program(argv[0]), *below = program == NULL ? host_wine_find(argv[0]) : NULL;
    int code = -1;
    SetLastError(ERROR_FILE_NOT_FOUND);
    if (program != NULL || below != NULL) {
        wchar_t *line = host_command_line(argv, below != NULL);
        if (program != NULL)
            code = run(program, line, output, size);
        else
            code = host_wine_run(below, line, output, size) ? 0 : -1;
        free(line);
    }
    if (code < 0)
        host_fail_system(GetLastError(), "cannot run %s", argv[0]);
    free(program);
    free(below);
    return code;
}

void host_reexec(char **argv, const char *variable, const char *value)
{
    STARTUPINFOW start = {.cb = sizeof(start)};
    PROCESS_INFORMATION child;
    DWORD code = 1;
    wchar_t *name = host_wide(variable), *text = host_wide(value), *program = host_wide(host_executable());
    wchar_t *line = host_command_line((const char *const *)argv, false);
    SetEnvironmentVariableW(name, text);
    if (CreateProcessW(program, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
        WaitForSingleObject(child.hProcess, INFINITE);
        GetExitCodeProcess(child.hProcess, &code);
        ExitProcess(code);
    }
    host_fail_system(GetLastError(), "cannot start %s again", host_executable());
    free(name);
    free(text);
    free(program);
    free(line);
}

void host_log(const char *line)
{
    DWORD written;
    HANDLE out = GetStdHandle(STD_ERROR_HANDLE);
    WriteFile(out, line, (DWORD)strlen(line), &written, NULL);
    WriteFile(out, "\n", 1, &written, NULL);
}

/* ---- tools that are not on Windows ---------------------------------------------------------------- */

bool host_under_valgrind(void)
{
    return false;
}

bool host_under_asan(void)
{
    return false;
}

void host_poison(const void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
}

void host_unpoison(const void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
}
