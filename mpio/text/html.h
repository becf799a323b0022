/* SPDX-License-Identifier: MIT */
/*
 * Escaping for HTML and XML reports (HTML5; XML 1.0 for JUnit). Text from outside goes through here
 * and nowhere else. Malformed UTF-8 and characters that XML 1.0 forbids (most control characters,
 * U+FFFE, U+FFFF) become U+FFFD.
 */
#ifndef MPIO_TEXT_HTML_H
#define MPIO_TEXT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "text/buffer.h"

/* Appends element text: & < > " ' are escaped, so it is safe inside a quoted attribute too, where a
 * parser would turn line breaks and tabs into spaces. False when *out fails. */
bool html_append_text(struct buffer *out, const char *text);
bool html_append_bytes(struct buffer *out, const char *text, size_t length);
/* Appends ` name="value"`; line breaks and tabs are kept as character references. `name` is ours.
 */
bool html_append_attribute(struct buffer *out, const char *name, const char *value);
/* Appends <![CDATA[...]]>, split where the text itself has "]]>". For XML only. */
bool xml_append_cdata(struct buffer *out, const char *text, size_t length);

#endif
