/* SPDX-License-Identifier: MIT */
/* The escaping appenders of text/html.h. No state. */
#include "text/html.h"

#include <string.h>

#include "text/utf16.h"

static uint32_t allowed(uint32_t c)
{
    bool forbidden = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE ||
                     c == 0xFFFF || c == UTF_MALFORMED;

    return forbidden ? UTF_REPLACEMENT : c;
}

static bool append_escaped(struct buffer *out, const char *text, size_t length, bool attribute)
{
    char utf8[4];

    for (size_t position = 0; position < length;) {
        uint32_t c = allowed(utf8_next(text, length, &position));
        switch (c) {
        case '&':
            buffer_append_text(out, "&amp;");
            break;
        case '<':
            buffer_append_text(out, "&lt;");
            break;
        case '>':
            buffer_append_text(out, "&gt;");
            break;
        case '"':
            buffer_append_text(out, "&quot;");
            break;
        case '\'':
            buffer_append_text(out, "&#39;");
            break;
        default:
            if (attribute && c < 0x20)
                buffer_printf(out, "&#%u;", (unsigned)c);
            else
                buffer_append(out, utf8, utf8_encode(c, utf8));
        }
    }
    return !out->failed;
}

bool html_append_bytes(struct buffer *out, const char *text, size_t length)
{
    return append_escaped(out, text, length, false);
}

bool html_append_text(struct buffer *out, const char *text)
{
    return append_escaped(out, text, strlen(text), false);
}

bool html_append_attribute(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, " %s=\"", name);
    append_escaped(out, value, strlen(value), true);
    return buffer_append_byte(out, '"');
}

bool xml_append_cdata(struct buffer *out, const char *text, size_t length)
{
    char utf8[4];

    buffer_append_text(out, "<![CDATA[");
    for (size_t position = 0; position < length;) {
        if (length - position >= 3 && !memcmp(text + position, "]]>", 3)) {
            buffer_append_text(out, "]]]]><![CDATA[>");
            position += 3;
            continue;
        }
        uint32_t c = allowed(utf8_next(text, length, &position));
        buffer_append(out, utf8, utf8_encode(c, utf8));
    }
    return buffer_append_text(out, "]]>");
}
