/* SPDX-License-Identifier: MIT */
/*
 * mpio install, mpio uninstall: a driver information file into a .reg file and out again. The file is written whole
 * and at once, and only when something changed. Exit codes: 2 a broken INF or wrong use, 1 it cannot be applied.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mgmt/inf_install.h"
#include "text/regfile.h"

#define INF_LIMIT    (4u * 1024 * 1024)
#define DRIVER_LIMIT (256u * 1024 * 1024)

static const char help[] =
    "mpio install FILE.inf --registry FILE.reg [options]\n"
    "mpio uninstall NAME|FILE.inf --registry FILE.reg [options]\n"
    "\n"
    "install writes what Setup would write into a registry: the service, its parameters, the device ids, the security of\n"
    "WMI classes. The .reg file is made when it is missing. A topology uses it with `registry = FILE.reg` in its\n"
    "[machine]; the driver itself is named by mpio run --dsm. uninstall leaves what was there before. A file that was\n"
    "not installed by mpio is uninstalled by its [DefaultUninstall].\n"
    "\n"
    "  --registry FILE   the registry of the machine\n"
    "  --os VERSION      Windows version that the INF is read for: 6.1, 10.0 (default), 10.0.17763\n"
    "  --arch NAME       x86, amd64 (default), ia64, arm, arm64\n"
    "  --product NAME    server (default), workstation, dc\n"
    "  --model N|HWID    which model of the INF, by number or hardware id\n"
    "  --dry-run         say what would be done, write nothing\n";

void install_help(void)
{
    fputs(help, stdout);
}

struct job {
    const char *file, *registry;
    struct inf_target target;
    bool dry_run;
    char *inf_text;
    size_t inf_length;
    struct inf_plan *plan;
    struct registry_image *image;
    struct buffer before, said;
};

static int complain(const char *what, const char *argument)
{
    fprintf(stderr, "mpio: %s%s%s; 'mpio install --help' shows the usage\n", what, argument ? ": " : "",
            argument ? argument : "");
    return EXIT_USAGE;
}

static int complain_error(const struct text_error *error, int code)
{
    char text[700];

    text_error_format(error, text, sizeof text);
    fprintf(stderr, "%s\n", text);
    return code;
}

static bool parse_architecture(const char *value, struct inf_target *target)
{
    for (unsigned a = 0; a < INF_ARCHITECTURES; a++)
        if (strcmp(value, inf_architecture_name[a]) == 0) {
            target->architecture = a;
            return true;
        }
    return false;
}

static bool parse_product(const char *value, struct inf_target *target)
{
    static const char *const names[] = {"workstation", "dc", "server"};

    for (unsigned p = 0; p < 3; p++)
        if (strcmp(value, names[p]) == 0) {
            target->product = (enum inf_product)(p + 1);
            return true;
        }
    return false;
}

static int parse(int argc, char **argv, struct job *job)
{
    job->target = inf_default_target;
    for (int i = 0; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(name, "--dry-run") == 0) {
            job->dry_run = true;
            continue;
        }
        if (strncmp(name, "--", 2) != 0) {
            if (job->file)
                return complain("one file at a time, not also", name);
            job->file = name;
            continue;
        }
        bool known = strcmp(name, "--registry") == 0 || strcmp(name, "--os") == 0 || strcmp(name, "--arch") == 0 ||
                     strcmp(name, "--product") == 0 || strcmp(name, "--model") == 0;
        if (!known)
            return complain("unknown option", name);
        if (!value)
            return complain("option needs a value", name);
        i++;
        if (strcmp(name, "--registry") == 0)
            job->registry = value;
        else if (strcmp(name, "--model") == 0)
            job->target.model = value;
        else if (strcmp(name, "--os") == 0 && !inf_parse_version(value, &job->target))
            return complain("--os is written as 10.0 or 10.0.17763, from 5.0 on, not", value);
        else if (strcmp(name, "--arch") == 0 && !parse_architecture(value, &job->target))
            return complain("--arch is x86, amd64, ia64, arm or arm64, not", value);
        else if (strcmp(name, "--product") == 0 && !parse_product(value, &job->target))
            return complain("--product is server, workstation or dc, not", value);
    }
    if (!job->file)
        return complain("no INF given", NULL);
    return job->registry ? EXIT_GOOD : complain("no --registry given", NULL);
}

static int read_inf(struct job *job)
{
    struct text_error error;

    job->inf_text = host_read_file(job->file, INF_LIMIT, &job->inf_length);
    if (!job->inf_text) {
        fprintf(stderr, "mpio: %s\n", host_error());
        return EXIT_USAGE;
    }
    job->plan = inf_read(job->file, job->inf_text, job->inf_length, &job->target, &error);
    return job->plan ? EXIT_GOOD : complain_error(&error, EXIT_USAGE);
}

/* A missing file is an empty registry; one that cannot be read is not. */
static int read_registry(struct job *job)
{
    struct text_error error = {.message = "out of memory"};
    FILE *f = fopen(job->registry, "rb");

    if (!f && errno == ENOENT) {
        job->image = registry_image_create();
    } else {
        size_t length = 0;
        if (f)
            fclose(f);
        char *text = host_read_file(job->registry, REGFILE_MAX_FILE, &length);
        if (!text) {
            fprintf(stderr, "mpio: %s\n", host_error());
            return EXIT_FOUND;
        }
        job->image = registry_image_load(job->registry, text, length, &error);
        free(text);
    }
    if (!job->image || !registry_image_save(job->image, &job->before))
        return complain_error(&error, EXIT_FOUND);
    return EXIT_GOOD;
}

static int write_registry(struct job *job)
{
    struct buffer after = {0};
    int code = EXIT_GOOD;

    if (!registry_image_save(job->image, &after)) {
        fprintf(stderr, "mpio: %s: a name of the INF cannot be written as registry text, or memory ran out\n", job->registry);
        code = EXIT_FOUND;
    } else if (job->dry_run) {
        printf("dry run   %s is as it was\n", job->registry);
    } else if ((after.length != job->before.length || memcmp(after.data, job->before.data, after.length) != 0) &&
               !host_write_file(job->registry, after.data, after.length)) {
        fprintf(stderr, "mpio: %s\n", host_error());
        code = EXIT_FOUND;
    }
    buffer_free(&after);
    return code;
}

static void end_job(struct job *job)
{
    inf_free(job->plan);
    registry_image_free(job->image);
    buffer_free(&job->before);
    buffer_free(&job->said);
    free(job->inf_text);
}

/* Files that the INF copies lie beside it; each that does not is said. */
static void check_files(const struct job *job)
{
    const struct inf_plan *plan = job->plan;
    const char *slash = strrchr(job->file, '/');
    int directory = slash ? (int)(slash - job->file + 1) : 0;

    for (size_t i = 0; i < plan->files.count; i++) {
        const struct inf_file *f = &plan->files.item[i];
        char path[1024];
        size_t length;
        if (!f->source || strstr(f->source, "..") || f->source[0] == '/' ||
            snprintf(path, sizeof path, "%.*s%s", directory, job->file, f->source) >= (int)sizeof path)
            continue;
        char *content = host_read_file(path, DRIVER_LIMIT, &length);
        if (!content)
            printf("warning   line %u: %s is not beside the INF (%s)\n", f->line, f->name, path);
        free(content);
    }
}

int command_install(int argc, char **argv)
{
    static const char *const outcomes[] = {"installed %s into %s\n", "upgraded  %s in %s\n",
                                           "unchanged %s: this version is installed in %s\n"};
    struct job job = {.file = NULL};
    struct text_error error;
    enum inf_outcome outcome;
    int code = parse(argc, argv, &job);

    if (code == EXIT_GOOD)
        code = read_inf(&job);
    if (code == EXIT_GOOD)
        code = read_registry(&job);
    if (code == EXIT_GOOD &&
        !inf_install(job.image, job.plan, &job.target, inf_hash(job.inf_text, job.inf_length), &outcome, &job.said, &error))
        code = complain_error(&error, EXIT_FOUND);
    if (code == EXIT_GOOD) {
        inf_describe(job.plan, &job.said);
        fputs(buffer_text(&job.said), stdout);
        check_files(&job);
        code = write_registry(&job);
    }
    if (code == EXIT_GOOD && !job.dry_run)
        printf(outcomes[outcome], job.file, job.registry);
    end_job(&job);
    return code;
}

int command_uninstall(int argc, char **argv)
{
    struct job job = {.file = NULL};
    struct text_error error;
    bool found = false;
    int code = parse(argc, argv, &job);

    if (code == EXIT_GOOD)
        code = read_registry(&job);
    if (code == EXIT_GOOD && !inf_uninstall(job.image, job.file, &found, &job.said, &error))
        code = complain_error(&error, EXIT_FOUND);
    if (code == EXIT_GOOD && !found) {
        job.target.uninstall = true;
        printf("note      %s was not installed by mpio: its [DefaultUninstall] is applied\n", job.file);
        code = read_inf(&job);
        if (code == EXIT_GOOD && !inf_apply(job.image, job.plan, &error))
            code = complain_error(&error, EXIT_FOUND);
        if (code == EXIT_GOOD)
            inf_describe(job.plan, &job.said);
    }
    if (code == EXIT_GOOD) {
        fputs(buffer_text(&job.said), stdout);
        code = write_registry(&job);
    }
    if (code == EXIT_GOOD && !job.dry_run)
        printf("removed   %s from %s\n", job.file, job.registry);
    end_job(&job);
    return code;
}
