/* SPDX-License-Identifier: MIT */
/* Messages: errors and warnings with their place, and the end of a run that cannot go on. */
#include "mofc.h"

#include <stdarg.h>

/* A terminal obeys control characters; a file must not talk to it. */
static void print_clean(FILE *file, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        fputc(c < 0x20 || c == 0x7F ? '?' : c, file);
    }
}

static void print(struct mofc *mofc, const struct place *place, const char *kind,
                  const char *format, va_list arguments)
{
    char text[1024];

    if (!mofc->messages)
        return;
    vsnprintf(text, sizeof(text), format, arguments);
    if (place) {
        print_clean(mofc->messages, place->file);
        fprintf(mofc->messages, ":%u:%u: ", (unsigned)place->line, (unsigned)place->column);
    } else {
        fputs("mofc: ", mofc->messages);
    }
    fprintf(mofc->messages, "%s: ", kind);
    print_clean(mofc->messages, text);
    fputc('\n', mofc->messages);
}

void report_error(struct mofc *mofc, struct place place, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(mofc, &place, "error", format, arguments);
    va_end(arguments);
    if (++mofc->errors >= MOFC_MAX_ERRORS)
        report_fatal(mofc, "%u errors, stopped here; correct these first", MOFC_MAX_ERRORS);
}

void report_warning(struct mofc *mofc, struct place place, const char *format, ...)
{
    va_list arguments;

    if (mofc->warnings++ >= MOFC_MAX_ERRORS)
        return;
    va_start(arguments, format);
    print(mofc, &place, "warning", format, arguments);
    va_end(arguments);
}

void report_fatal(struct mofc *mofc, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(mofc, NULL, "error", format, arguments);
    va_end(arguments);
    mofc->errors++;
    longjmp(mofc->give_up, 1);
}
