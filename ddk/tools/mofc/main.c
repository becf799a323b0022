/* SPDX-License-Identifier: MIT */
/* The command: options, and the output files, which are written only when nothing was wrong. */
#include "mofc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "mofc - compiles MOF, the language of WMI classes\n"
    "\n"
    "    mofc [-I DIR]... [-o HEADER.h] [-b FILE.bmf] [-j FILE.json]\n"
    "         [--root-namespace NAME] FILE.mof\n"
    "    mofc --dump FILE.bmf\n"
    "\n"
    "    -o HEADER.h   C header: structures, guids, ids (as wmimofck -m -u makes it)\n"
    "    -b FILE.bmf   binary for a resource script, read by OpenMPIO\n"
    "    -j FILE.json  description for a WMI client\n"
    "    -I DIR        where #pragma include(\"...\") looks, after the file's own directory\n"
    "    --root-namespace NAME\n"
    "                  of classes before any #pragma namespace (root\\wmi)\n"
    "    --dump FILE   prints a .bmf of mofc as JSON\n"
    "\n"
    "Without -o, -b and -j it only checks. Exit code 0: done, 1: errors in the source, 2: wrong "
    "use.\n"
    "\n"
    "    mofc -o mydsmwmi.h -b mydsm.bmf mydsm.mof\n";

struct command {
    const char *header, *blob, *json, *dump, *source;
    struct buffer outputs[3];
};

static int wrong_use(const char *what, const char *which)
{
    fprintf(stderr, "mofc: %s%s; see mofc --help\n", what, which);
    return 2;
}

static int parse_command(struct mofc *mofc, struct command *command, struct directory *directories,
                         int argc, char **argv)
{
    struct directory **last = &mofc->include_directories;
    bool options = true;

    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], **value = NULL;

        if (options && strcmp(option, "--") == 0) {
            options = false;
            continue;
        }
        if (!options || option[0] != '-') {
            if (command->source)
                return wrong_use("one source at a time; include others with #pragma include: ",
                                 option);
            command->source = option;
            continue;
        }
        const char *attached = NULL;
        if (strcmp(option, "-o") == 0)
            value = &command->header;
        else if (strcmp(option, "-b") == 0)
            value = &command->blob;
        else if (strcmp(option, "-j") == 0)
            value = &command->json;
        else if (strcmp(option, "--dump") == 0)
            value = &command->dump;
        else if (strcmp(option, "--root-namespace") == 0)
            value = &mofc->space;
        else if (strncmp(option, "-I", 2) == 0) {
            *last = &directories[i];
            last = &directories[i].next;
            value = &directories[i].name;
            attached = option[2] ? option + 2 : NULL;
        } else
            return wrong_use("unknown option: ", option);
        if (!attached && ++i == argc)
            return wrong_use("option needs a value: ", option);
        *value = attached ? attached : argv[i];
    }
    if (!command->source && !command->dump)
        return wrong_use("no source given", "");
    if (command->dump && (command->source || command->header || command->blob || command->json))
        return wrong_use("--dump stands alone", "");
    return 0;
}

static void make_outputs(struct mofc *mofc, void *context)
{
    struct command *command = context;

    for (int i = 0; i < 3; i++)
        command->outputs[i] = (struct buffer){.mofc = mofc};
    if (command->header)
        write_header(mofc, command->header, &command->outputs[0]);
    if (command->blob)
        write_blob(mofc, &command->outputs[1]);
    if (command->json) {
        struct emitter emitter = {.out = &command->outputs[2], .form = EMIT_JSON};

        describe(mofc, &emitter);
    }
}

static bool write_file(const char *name, const struct buffer *text)
{
    errno = 0;
    FILE *file = fopen(name, "wb");
    bool good = file && fwrite(text->data, 1, text->length, file) == text->length;

    if (file)
        good = fclose(file) == 0 && good;
    if (good)
        return true;
    fprintf(stderr, "mofc: cannot write %s: %s\n", name, strerror(errno));
    if (file)
        remove(name);
    return false;
}

static void dump(struct mofc *mofc, void *context)
{
    const char *name = ((struct command *)context)->dump;
    struct buffer data = {.mofc = mofc}, json = {.mofc = mofc};
    enum read_result result = source_read_file(mofc, name, MOFC_MAX_MEMORY / 8, &data);

    if (result != READ_DONE)
        report_fatal(mofc, "%.200s %s", name,
                     result == READ_NO_FILE ? "does not exist" : "cannot be read");
    const char *why = read_blob((const unsigned char *)data.data, data.length, &json);
    if (why)
        report_fatal(mofc, "%.200s %s", name, why);
    if (fwrite(json.data, 1, json.length, stdout) != json.length || fflush(stdout) != 0)
        report_fatal(mofc, "cannot write to standard output");
}

static int run(struct mofc *mofc, struct command *command)
{
    if (command->dump)
        return mofc_try(mofc, dump, command) ? 0 : 1;
    if (!mofc_compile(mofc, command->source) || !mofc_try(mofc, make_outputs, command))
        return 1;
    const char *names[] = {command->header, command->blob, command->json};
    for (int i = 0; i < 3; i++)
        if (names[i] && !write_file(names[i], &command->outputs[i]))
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct mofc mofc;
    struct command command = {0};

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
    struct directory *directories = calloc((size_t)argc + 1, sizeof(*directories));
    if (!directories) {
        fputs("mofc: out of memory\n", stderr);
        return 1;
    }
    mofc_init(&mofc, stderr);
    int code = parse_command(&mofc, &command, directories, argc, argv);
    if (code == 0)
        code = run(&mofc, &command);
    mofc_free(&mofc);
    free(directories);
    return code;
}
