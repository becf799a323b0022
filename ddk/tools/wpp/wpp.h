/* SPDX-License-Identifier: MIT */
/*
 * wpp: makes trace headers (<source>.tmh) for sources that use WPP. One header for its parts:
 * config.c reads the declarations of trace functions, source.c finds their calls, types.c knows
 * %!NAME! types and enumerations, emit.c writes the header. A command of one process; everything
 * lives until it ends.
 */
#ifndef WPP_WPP_H
#define WPP_WPP_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_LENGTH    64
#define TEXT_LENGTH    512
#define MAX_FUNCTIONS  256
#define MAX_PARAMETERS 16
#define MAX_TYPES      128
#define MAX_PATHS      64
#define MAX_ENUM_ITEMS 512
#define TYPES_LENGTH   (64 * 1024)

/* One parameter of a trace function, in order: presets ({LEVEL=X}) first, then the declared ones. */
struct parameter {
    char name[NAME_LENGTH];
    char preset[NAME_LENGTH];   /* "": an argument of the call */
};

struct function {
    char name[NAME_LENGTH];
    struct parameter parameter[MAX_PARAMETERS];
    unsigned parameters;
    int message;                /* index of MSG, -1: none */
    bool variable;              /* ends in "..." */
    bool all_in_parentheses;    /* Trace((LEVEL, FLAGS, MSG, ...)) */
    unsigned inner;             /* index of the first parameter in inner parentheses, 0: none: Trace(LEVEL, (MSG, ...)) */
    char prefix[TEXT_LENGTH], prefix_arguments[TEXT_LENGTH];    /* literal; ", a, b" */
    char suffix[TEXT_LENGTH], suffix_arguments[TEXT_LENGTH];
    bool used;                  /* by the source at hand */
};

/* A type of the project: ItemListLong(a, b) and its kin. */
struct type {
    char name[NAME_LENGTH];
    bool used;                  /* by a format of the source at hand */
    char kind;                  /* B S L Q lists by value width; b s l bit sets; E enumeration; H counted bytes */
    char items[8192];           /* "a,b,c"; E: name of the enumeration */
};

struct project {
    struct function function[MAX_FUNCTIONS];
    unsigned functions;
    struct type type[MAX_TYPES];
    unsigned types;
    const char *include[MAX_PATHS];
    unsigned includes;
    bool declares;              /* functions were declared: the two extra defaults are not wanted */
    unsigned errors, warnings;
};

/* ---- text.c ------------------------------------------------------------------------------------ */
void note(const char *file, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void warn(struct project *p, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void complain(struct project *p, const char *file, unsigned line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
char *read_file(const char *file);      /* NULL: cannot be read, or larger than 64 MiB, or has NUL bytes */
/* The text with comments blanked (strings stay); line numbers stay. The caller frees. */
char *without_comments(const char *text);
/* End of a string or character literal that begins at `at`. */
const char *skip_literal(const char *at);

/* ---- config.c ---------------------------------------------------------------------------------- */
/* "Name{LEVEL=X}(FLAGS, MSG, ...)" as in -func: and FUNC. */
bool declare_function(struct project *p, const char *file, unsigned line, const char *text);
/* Every "begin_wpp config ... end_wpp" block of a text. */
void read_configuration(struct project *p, const char *file, const char *text);
/* An .ini file: the same directives, without comment signs and block marks. */
void read_ini(struct project *p, const char *file, const char *text);
struct function *find_function(struct project *p, const char *name, size_t length);

/* ---- source.c ---------------------------------------------------------------------------------- */
/* Marks the functions that the source calls and warns of calls whose arguments do not fit the format. */
void scan_source(struct project *p, const char *file, const char *text);

/* ---- types.c ----------------------------------------------------------------------------------- */
bool declare_type(struct project *p, const char *file, unsigned line, const char *name, const char *definition);
/* Arguments that %!NAME! takes (0 or 1); -1: nobody knows the type. Marks a project's type as used. */
int type_arguments(struct project *p, const char *name, size_t length);
/* All types as the text that messages carry; enumerations are looked up in the source and its includes. */
const char *types_text(struct project *p, const char *file, const char *text);

/* ---- emit.c ------------------------------------------------------------------------------------ */
bool write_header(struct project *p, const char *source, const char *text, const char *output);

#endif
