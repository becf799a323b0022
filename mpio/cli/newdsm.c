/* SPDX-License-Identifier: MIT */
/*
 * mpio newdsm NAME DIR: a copy of dsm_sample under another name. Every name of the sample in files and
 * file names becomes one made from NAME; the GUIDs of its own WMI classes are new. What it keeps is the
 * list of supported devices, so that the copy runs on the example topologies at once.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/buffer.h"
#include "text/number.h"

#define NAME_LIMIT    31        /* what the rest of a service's or a driver file's name leaves readable */
#define FILE_LIMIT    (1u << 20)
#define PATH_LIMIT    4096
#define MAX_GUIDS     16
#define GUID_TEXT     80
#define MAX_PAIRS     (16 + 2 * MAX_GUIDS)
#define TEXT_LIMIT    128       /* display name, company */

static const char newdsm_usage[] =
    "mpio newdsm NAME DIR [options] - a new device-specific module in DIR, ready to build and run\n"
    "\n"
    "  NAME            name of the driver and its service: letters, digits, _; at most 31\n"
    "  DIR             is made; must be empty when it is there\n"
    "  --display TEXT  name that administrators see (default: made from NAME)\n"
    "  --company TEXT  provider in the INF and version resource (default: made from NAME)\n"
    "  --seed N        GUIDs drawn from N, for reproducible output (default: from the system's random source)\n"
    "  --from DIR      where dsm_sample/ and ddk/ are (default: found beside this program)\n"
    "\n"
    "example\n"
    "  mpio newdsm acme_dsm ~/acme --display \"Acme Array DSM\" --company \"Acme Storage\"\n"
    "  make -C ~/acme && mpio run --dsm ~/acme/build/acme_dsm.so --topology two-paths.ini\n";

/* The sample's files; in names and text, "dsm_sample" becomes NAME. */
static const char *const files[] = {"LICENSE", "Makefile", "README.md", "driver.c", "path.c", "io.c", "health.c", "wmi.c",
                                    "pr.c", "dsm_sample.h", "dsm_sample.inf", "dsm_sample.mof", "dsm_sample.rc"};
#define FILES (sizeof files / sizeof *files)

struct pair {
    const char *from;
    const char *to;
};

struct project {
    const char *name, *directory, *root;
    char prefix[NAME_LIMIT + 1];        /* AcmeDsm, of functions and types in text */
    char upper[NAME_LIMIT + 1];         /* ACME_DSM, of macros and structures */
    char display[TEXT_LIMIT], company[TEXT_LIMIT], description[TEXT_LIMIT];
    char tag[5], reversed[7];           /* pool tag as a debugger and as a C source show it */
    char provider[TEXT_LIMIT + 8];      /* as the INF's [Strings] says it */
    char found[PATH_LIMIT];             /* what root points to without --from */
    char ddk[PATH_LIMIT];
    char guids[MAX_GUIDS][2][2][GUID_TEXT];    /* [which][old, new][in text, in C] */
    unsigned guid_count;
    uint64_t seed;
    bool seeded;
    struct pair pairs[MAX_PAIRS];
    unsigned pair_count;
};

static int refuse(const char *what, const char *subject, const char *why)
{
    fprintf(stderr, "mpio newdsm: %s%s%s%s; 'mpio newdsm --help' shows the usage\n", what, subject, *why ? ": " : "", why);
    return EXIT_USAGE;
}

/* ---- the name ---------------------------------------------------------------------------------- */
static const struct {
    const char *names, *why;
} reserved[] = {
    {" mpio msdsm disk storport scsiport classpnp partmgr mpdev ntoskrnl hal win32k ntdll ", "Windows has a driver or program of that name"},
    {" dsm_sample dsm_iscsi openmpio sample ", "this project has a module of that name"},
    {" con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9 ",
     "Windows keeps it for a device: no file can have it"},
    {" dsm srb scsi irp io ke ex rtl mm zw ob ps po cc se nt wmi status win32 port driver path pr ",
     "the module's functions, macros or files would be named like some that are there already"},
};

static const char *name_is_wrong(const char *name)
{
    size_t length = strlen(name);
    char lower[NAME_LIMIT + 3];

    if (length > NAME_LIMIT)
        return "longer than 31 characters";
    if (!isalpha((unsigned char)name[0]))
        return "must begin with a letter, as C names are made from it";
    lower[0] = ' ';
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return "only letters, digits and _ may be in it, as C names are made from it";
        lower[i + 1] = (char)tolower((unsigned char)name[i]);
    }
    if (strstr(name, "__") != NULL || name[length - 1] == '_')
        return "an _ must stand alone between other characters";
    memcpy(lower + length + 1, " ", 2);
    for (unsigned i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strstr(reserved[i].names, lower) != NULL)
            return reserved[i].why;
    return NULL;
}

static void make_names(struct project *p)
{
    size_t n = 0;

    for (size_t i = 0; p->name[i] != 0; i++) {
        p->upper[i] = (char)toupper((unsigned char)p->name[i]);
        if (p->name[i] == '_')
            continue;
        bool first = i == 0 || p->name[i - 1] == '_';
        p->prefix[n++] = first ? (char)toupper((unsigned char)p->name[i]) : p->name[i];
    }
    /* Four characters; short names are filled up. */
    snprintf(p->tag, sizeof p->tag, "%.4s", p->prefix);
    for (size_t i = strlen(p->tag); i < 4; i++)
        memcpy(p->tag + i, &"Dsm0"[i], 2);
    snprintf(p->reversed, sizeof p->reversed, "'%c%c%c%c'", p->tag[3], p->tag[2], p->tag[1], p->tag[0]);
    if (p->display[0] == 0)
        snprintf(p->display, sizeof p->display, "%s DSM", p->prefix);
    if (p->company[0] == 0)
        snprintf(p->company, sizeof p->company, "The %s authors", p->prefix);
    snprintf(p->provider, sizeof p->provider, "= \"%s\"", p->company);
    snprintf(p->description, sizeof p->description, "%s Device-Specific Module", p->prefix);
}

/* ---- where the sample and the DDK are ----------------------------------------------------------- */
static bool has(const char *directory, const char *file)
{
    char path[PATH_LIMIT + 64], *text;
    size_t length;

    snprintf(path, sizeof path, "%s/%s", directory, file);
    text = host_read_file(path, FILE_LIMIT, &length);
    free(text);
    return text != NULL;
}

static bool is_root(const char *directory)
{
    return has(directory, "dsm_sample/dsm_sample.h") && has(directory, "ddk/dsm.mk");
}

/* Beside the program, or beside a directory above it: PREFIX/share/openmpio, or the tree it was built in. */
static bool find_root(char *root)
{
    char place[PATH_LIMIT];

    if (snprintf(place, sizeof place, "%s", host_executable()) >= (int)sizeof place - 32)
        return false;
    for (char *slash; (slash = strrchr(place, '/')) != NULL || (slash = strrchr(place, '\\')) != NULL;) {
        *slash = 0;
        snprintf(root, PATH_LIMIT, "%.*s/share/openmpio", PATH_LIMIT - 32, place);
        if (is_root(root))
            return true;
        snprintf(root, PATH_LIMIT, "%s", place);
        if (is_root(root))
            return true;
    }
    return false;
}

/* ---- GUIDs: those in the sample's MOF are the sample's own ---------------------------------------- */
static bool draw(struct project *p, uint8_t bytes[16])
{
    if (!p->seeded)
        return host_random(bytes, 16);
    for (unsigned i = 0; i < 16; i++) { /* splitmix64, one step for each byte */
        uint64_t z = p->seed += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        bytes[i] = (uint8_t)(z >> 56);
    }
    return true;
}

static void spell(const uint8_t b[16], char text[2][GUID_TEXT])
{
    snprintf(text[0], GUID_TEXT, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
             b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    snprintf(text[1], GUID_TEXT, "0x%02x%02x%02x%02x, 0x%02x%02x, 0x%02x%02x, {0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x, 0x%02x}",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static bool take_guids(struct project *p, const char *mof)
{
    static const char mark[] = "guid(\"{";

    while ((mof = strstr(mof, mark)) != NULL && p->guid_count < MAX_GUIDS) {
        uint8_t old[16], fresh[16];
        unsigned n = 0;
        for (mof += sizeof mark - 1; n < 16 && *mof != 0 && *mof != '}';) {
            unsigned byte;
            if (*mof == '-')
                mof++;
            else if (isxdigit((unsigned char)mof[0]) && isxdigit((unsigned char)mof[1]) && sscanf(mof, "%2x", &byte) == 1)
                old[n++] = (uint8_t)byte, mof += 2;
            else
                break;
        }
        if (n < 16)
            continue;
        if (!draw(p, fresh))
            return false;
        fresh[6] = (uint8_t)((fresh[6] & 0x0F) | 0x40); /* RFC 4122: random, version 4 */
        fresh[8] = (uint8_t)((fresh[8] & 0x3F) | 0x80);
        spell(old, p->guids[p->guid_count][0]);
        spell(fresh, p->guids[p->guid_count][1]);
        p->guid_count++;
    }
    return true;
}

/* ---- the copy ------------------------------------------------------------------------------------ */
static void add_pair(struct project *p, const char *from, const char *to)
{
    p->pairs[p->pair_count++] = (struct pair){from, to};
}

/* What stands for what. At one place the first that fits wins, so longer ones come first. */
static void make_pairs(struct project *p)
{
    for (unsigned i = 0; i < p->guid_count; i++)
        for (unsigned form = 0; form < 2; form++)
            add_pair(p, p->guids[i][0][form], p->guids[i][1][form]);
    add_pair(p, "OpenMPIO Sample Device-Specific Module", p->description);
    add_pair(p, "OpenMPIO Sample DSM", p->display);
    add_pair(p, "The OpenMPIO authors", p->company);
    add_pair(p, "= \"OpenMPIO\"", p->provider);
    add_pair(p, "a small device-specific module to copy", "a device-specific module (DSM) for Windows MPIO");
    add_pair(p, "../ddk", p->ddk);
    add_pair(p, "'lpmS'", p->reversed);
    add_pair(p, "Smpl", p->tag);
    add_pair(p, "dsm_sample", p->name);
    add_pair(p, "DSM_SAMPLE", p->upper);
    add_pair(p, "SAMPLE", p->upper);
    add_pair(p, "Sample", p->prefix);
    add_pair(p, "sample", p->name);
}

static void rename_text(const struct project *p, const char *text, struct buffer *out)
{
    while (*text != 0) {
        const struct pair *pair = NULL;
        for (unsigned i = 0; i < p->pair_count && pair == NULL; i++)
            if (strncmp(text, p->pairs[i].from, strlen(p->pairs[i].from)) == 0)
                pair = &p->pairs[i];
        if (pair == NULL) {
            buffer_append_byte(out, (unsigned char)*text++);
            continue;
        }
        buffer_append_text(out, pair->to);
        text += strlen(pair->from);
    }
}

/* The README's first part speaks of a sample; from its first section on it is about any DSM. */
static void rename_readme(const struct project *p, const char *text, struct buffer *out)
{
    const char *rest = strstr(text, "\n## ");

    buffer_printf(out, "# %s\n\n%s: a device-specific module (DSM) for Windows MPIO.\n\n"
                       "It takes the devices that `%s.inf` lists; so far those of the simulated arrays. What to change for yours is below.\n",
                  p->name, p->display, p->name);
    rename_text(p, rest != NULL ? rest : text, out);
}

static int copy_file(const struct project *p, const char *file)
{
    char from[PATH_LIMIT + 64], to[PATH_LIMIT + 64];
    size_t length;
    struct buffer name = {0}, out;

    rename_text(p, file, &name);
    snprintf(from, sizeof from, "%s/dsm_sample/%s", p->root, file);
    snprintf(to, sizeof to, "%s/%s", p->directory, buffer_text(&name));
    buffer_free(&name);
    char *text = host_read_file(from, FILE_LIMIT, &length);
    if (text == NULL)
        return refuse("", from, host_error());
    buffer_init(&out, 2 * FILE_LIMIT);
    if (strcmp(file, "README.md") == 0)
        rename_readme(p, text, &out);
    else
        rename_text(p, text, &out);
    free(text);
    bool written = !out.failed && host_write_file(to, out.data, out.length);
    int result = written ? EXIT_GOOD : refuse("cannot write ", to, out.failed ? "out of memory" : host_error());
    buffer_free(&out);
    return result;
}

/* make has no way to quote them, and INF and C strings only clumsy ones. */
static bool has_awkward(const char *text, const char *characters)
{
    return text[strcspn(text, characters)] != 0;
}

static int create(struct project *p)
{
    char path[PATH_LIMIT + 64];
    size_t length;

    if (p->root == NULL) {
        if (!find_root(p->found))
            return refuse("dsm_sample and ddk are not beside ", host_executable(), "name their place with --from");
        p->root = p->found;
    } else if (!is_root(p->root)) {
        return refuse("--from ", p->root, "has no dsm_sample/dsm_sample.h and ddk/dsm.mk in it");
    }
    if (strlen(p->root) > PATH_LIMIT - 16 || strlen(p->directory) > PATH_LIMIT - 64)
        return refuse("a path is longer than 4000 characters", "", "");
    snprintf(p->ddk, sizeof p->ddk, "%.*s/ddk", PATH_LIMIT - 16, p->root);
    if (has_awkward(p->ddk, " \t$#:;()"))
        return refuse("the DDK is in ", p->ddk, "make cannot include files from a path with such characters; move it");
    switch (host_directory_entries(p->directory)) {
    case 0: break;
    case 1: return refuse("", p->directory, "is there and not empty; name a new directory");
    default: return refuse("", p->directory, host_error());
    }

    snprintf(path, sizeof path, "%s/dsm_sample/dsm_sample.mof", p->root);
    char *mof = host_read_file(path, FILE_LIMIT, &length);
    if (mof == NULL)
        return refuse("", path, host_error());
    bool drawn = take_guids(p, mof);
    free(mof);
    if (!drawn)
        return refuse("cannot draw GUIDs", "", host_error());
    make_names(p);
    make_pairs(p);
    if (!host_make_directory(p->directory))
        return refuse("cannot make ", p->directory, host_error());
    for (unsigned i = 0; i < FILES; i++) {
        int result = copy_file(p, files[i]);
        if (result != EXIT_GOOD)
            return result;
    }
    printf("%s is in %s\n\n"
           "  make -C %s                 builds build/%s.so; `make sys` the Windows image\n"
           "  mpio run --dsm %s/build/%s.so --topology FILE\n\n"
           "Next: README.md there, \"What to change first\".\n",
           p->display, p->directory, p->directory, p->name, p->directory, p->name);
    return EXIT_GOOD;
}

int command_newdsm(int argc, char **argv)
{
    struct project *p = calloc(1, sizeof *p);
    struct text_error error;
    int result = -1;

    if (p == NULL)
        return refuse("out of memory", "", "");
    for (int i = 0; i < argc && result < 0; i++) {
        const char *option = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        char *text = strcmp(option, "--display") == 0 ? p->display : strcmp(option, "--company") == 0 ? p->company : NULL;
        if (option[0] != '-') {
            if (p->directory != NULL)
                result = refuse("more than NAME and DIR: ", option, "");
            else
                *(p->name == NULL ? &p->name : &p->directory) = option;
            continue;
        }
        if (text == NULL && strcmp(option, "--seed") != 0 && strcmp(option, "--from") != 0)
            result = refuse("unknown option ", option, "");
        else if (value == NULL)
            result = refuse(option, " needs a value", "");
        else if (text != NULL && (value[0] == 0 || strlen(value) > 80 || has_awkward(value, "\"\\%;\r\n")))
            result = refuse("", option, "1 to 80 characters without \" \\ % ; and line ends, for it goes into an INF and C strings");
        else if (text != NULL)
            strcpy(text, value);
        else if (strcmp(option, "--from") == 0)
            p->root = value;
        else if (!text_parse_unsigned(value, 0, UINT64_MAX, &p->seed, &error))
            result = refuse("--seed", "", error.message);
        else
            p->seeded = true;
        i++;
    }
    if (result < 0 && (p->name == NULL || p->directory == NULL)) {
        result = refuse("a NAME and a DIR are needed", "", "");
    } else if (result < 0) {
        const char *why = name_is_wrong(p->name);
        result = why != NULL ? refuse("the name ", p->name, why) : create(p);
    }
    free(p);
    return result;
}

void newdsm_help(void)
{
    fputs(newdsm_usage, stdout);
}
