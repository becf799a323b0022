/* SPDX-License-Identifier: MIT */
/*
 * INI text from its parts, so that ini_parse reads the same back: quotes where the grammar needs
 * them, long lists broken over lines. Pure functions of their arguments.
 */
#include <string.h>

#include "text/ini.h"

#define LINE_WIDTH 1000 /* bytes after which a list goes on in the next line; far below INI_MAX_LINE */

bool ini_write_text(const char *text, struct buffer *out)
{
    size_t length = strlen(text);

    if (length != 0 && strpbrk(text, ";,=[]\\\"") == NULL && strchr(" \t", text[0]) == NULL &&
        strchr(" \t", text[length - 1]) == NULL)
        return buffer_append(out, text, length);
    buffer_append_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (unsigned char)*text);
    }
    return buffer_append_byte(out, '"');
}

bool ini_write_entry(const struct ini_entry *entry, struct buffer *out)
{
    size_t line = out->length;

    if (entry->key != NULL) {
        ini_write_text(entry->key, out);
        buffer_append_text(out, " = ");
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        if (i != 0)
            buffer_append_text(out, ", ");
        if (i != 0 && out->length - line > LINE_WIDTH) {
            buffer_append_text(out, "\\\n    ");
            line = out->length;
        }
        ini_write_text(entry->values[i].text, out);
    }
    return buffer_append_byte(out, '\n');
}
