/* SPDX-License-Identifier: MIT */
/*
 * The beginning of a program on Windows: arguments as UTF-8, the same bytes in files and pipes as on other hosts, and
 * file names of the C library as UTF-8 (the linker sends fopen here). Linked with -municode and --wrap=fopen.
 */
#include "host/windows/state.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>

int _dowildcard = 0; /* the C library leaves `*` in arguments alone */

int main(int argc, char **argv);
int wmain(int argc, wchar_t **wide);
FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
    wchar_t *wide = host_wide(path), *wide_mode = host_wide(mode);
    FILE *file = _wfopen(wide, wide_mode);
    free(wide);
    free(wide_mode);
    return file;
}

int wmain(int argc, wchar_t **wide)
{
    char **argv = calloc((size_t)argc + 1, sizeof(*argv));
    if (argv == NULL)
        abort();
    for (int i = 0; i < argc; i++)
        argv[i] = host_narrow(wide[i]);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX); /* no dialogue boxes: nobody may be there */
    _fmode = _O_BINARY;
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    return main(argc, argv);
}
