/* SPDX-License-Identifier: MIT */
/*
 * Files. A file is UTF-8, UTF-16 with a byte-order mark, or, when it is neither, text
 * of Windows code page 1252 (old MOF sources have a copyright sign in it); the lexer sees UTF-8.
 * Includes are searched beside the file that includes, then in the directories of -I.
 */
#include "mofc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */
enum read_result source_read_file(struct mofc *mofc, const char *name, size_t limit,
                                  struct buffer *data)
{
    char room[16384];
    size_t got;

    (void)mofc;
    errno = 0;
    FILE *file = fopen(name, "rb");
    if (!file)
        return errno == ENOENT ? READ_NO_FILE : READ_FAILED;
    while ((got = fread(room, 1, sizeof(room), file)) > 0 && data->length + got <= limit)
        buffer_add(data, room, got);
    bool failed = ferror(file);
    fclose(file);
    return failed ? READ_FAILED : got > 0 ? READ_TOO_LONG : READ_DONE;
}

/* ---- text ---- */
bool is_utf8(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size;) {
        unsigned char c = data[i++];
        unsigned more = c < 0x80                ? 0
                        : c >= 0xC2 && c < 0xE0 ? 1
                        : c >= 0xE0 && c < 0xF0 ? 2
                        : c >= 0xF0 && c < 0xF5 ? 3
                                                : 4;

        if (more == 4 || size - i < more)
            return false;
        if (more > 0) {
            unsigned low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
            unsigned high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;

            if (data[i] < low || data[i] > high)
                return false;
        }
        for (; more > 0; more--)
            if ((data[i++] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static bool from_utf16(struct buffer *out, const unsigned char *data, size_t size, bool big)
{
    if (size % 2)
        return false;
    for (size_t i = 0; i < size; i += 2) {
        uint32_t c = big ? data[i] << 8 | data[i + 1] : data[i + 1] << 8 | data[i];

        if (c >= 0xD800 && c < 0xDC00 && i + 2 < size) {
            uint32_t low = big ? data[i + 2] << 8 | data[i + 3] : data[i + 3] << 8 | data[i + 2];

            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + (c - 0xD800) * 0x400 + (low - 0xDC00);
                i += 2;
            }
        }
        if (c >= 0xD800 && c < 0xE000)
            return false;
        utf8_add(out, c);
    }
    return true;
}

static void from_windows_1252(struct buffer *out, const unsigned char *data, size_t size)
{
    static const uint16_t middle[32] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

    for (size_t i = 0; i < size; i++)
        utf8_add(out, data[i] >= 0x80 && data[i] < 0xA0 ? middle[data[i] - 0x80] : data[i]);
}

/* The bytes of a file as text; NULL with what is wrong in *why. */
static const char *to_text(struct mofc *mofc, const struct buffer *file, const char **why)
{
    const unsigned char *data = (const unsigned char *)file->data;
    size_t size = file->length;
    struct buffer text = {.mofc = mofc};

    if (size >= 2 &&
        ((data[0] == 0xFF && data[1] == 0xFE) || (data[0] == 0xFE && data[1] == 0xFF))) {
        *why = "is not whole UTF-16 text; save it again";
        if (!from_utf16(&text, data + 2, size - 2, data[0] == 0xFE))
            return NULL;
    } else if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
        *why = "has a UTF-8 mark but is not UTF-8 text; save it again";
        if (!is_utf8(data + 3, size - 3))
            return NULL;
        buffer_add(&text, (const char *)data + 3, size - 3);
    } else if (is_utf8(data, size)) {
        text = *file;
    } else {
        from_windows_1252(&text, data, size);
    }
    *why = "has a NUL character: not MOF source, or UTF-16 without a byte-order mark; save it as "
           "UTF-8";
    if (text.length == 0)
        return "";
    return memchr(text.data, '\0', text.length) ? NULL : text.data;
}

static char *join(struct mofc *mofc, const char *directory, size_t length, const char *name)
{
    size_t size = strlen(name);
    char *path = arena_take(mofc, length + size + 2);

    memcpy(path, directory, length);
    if (length > 0 && path[length - 1] != '/' && path[length - 1] != '\\')
        path[length++] = '/';
    memcpy(path + length, name, size + 1);
    return path;
}

static bool is_absolute(const char *name)
{
    return name[0] == '/' || name[0] == '\\' || (name[0] && name[1] == ':');
}

static enum read_result find_include(struct mofc *mofc, const char *name, size_t limit,
                                     const char **found, struct buffer *data)
{
    const char *from = mofc->files->name;
    size_t length = 0;

    for (size_t i = 0; from[i]; i++)
        if (from[i] == '/' || from[i] == '\\')
            length = i + 1;
    *found = is_absolute(name) ? name : join(mofc, from, length, name);
    enum read_result result = mofc->read_file(mofc, *found, limit, data);
    if (is_absolute(name))
        return result;
    for (struct directory *d = mofc->include_directories; d && result == READ_NO_FILE;
         d = d->next) {
        *found = join(mofc, d->name, strlen(d->name), name);
        result = mofc->read_file(mofc, *found, limit, data);
    }
    return result;
}

const char *source_load(struct mofc *mofc, const char *name, const struct place *from,
                        const char **found)
{
    static const char *const reasons[] = {
        [READ_NO_FILE] = "does not exist",
        [READ_FAILED] = "cannot be read; is it a file, and may you read it?",
        [READ_TOO_LONG] = "makes the sources longer than 16 MiB; no MOF written by hand is",
    };
    size_t limit = MOFC_MAX_BYTES - mofc->bytes;
    struct buffer data = {.mofc = mofc};
    const char *why = NULL, *text = NULL;

    *found = name;
    enum read_result result = from ? find_include(mofc, name, limit, found, &data)
                                   : mofc->read_file(mofc, name, limit, &data);
    if (result == READ_DONE) {
        mofc->bytes += data.length;
        text = to_text(mofc, &data, &why);
    } else {
        why = from && result == READ_NO_FILE ? "is neither beside this one nor in a directory of -I"
                                             : reasons[result];
    }
    if (!text && from)
        report_error(mofc, *from, "#pragma include: the file %.200s %s", name, why);
    else if (!text)
        report_fatal(mofc, "%.200s: the file %s", name, why);
    return text;
}
