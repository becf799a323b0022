/* SPDX-License-Identifier: MIT */
/*
 * mofc, the MOF compiler of the DDK: what its files share.
 *
 *   report.c   diagnostics with place
 *   source.c   files -> UTF-8 text
 *   lexer.c    text -> tokens
 *   parser.c   tokens -> classes and instances; values.c: qualifiers and constants
 *   check.c    who is whose base, ids; member.c: one property or parameter; method.c: methods;
 *              layout.c: the data of a class, or parameters -> a block of memory
 *   header.c   the C header that wmimofck -m -u makes
 *   describe.c the description of the classes, through emit.c as JSON or through blob.c as .bmf
 *
 * Standard C11 and libc only: dsm.mk builds it with any host compiler in one command. It is a
 * program of one thread; all state hangs off a struct mofc. Whatever comes from a file is hostile:
 * every limit below ends in a message, never in a crash.
 */
#ifndef MOFC_H
#define MOFC_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MOFC_MAX_ERRORS     20
#define MOFC_MAX_BYTES      (16u << 20)  /* of all sources of a run together */
#define MOFC_MAX_MEMORY     (256u << 20) /* of the model and the outputs made from them */
#define MOFC_MAX_INCLUDE    32           /* files open at once */
#define MOFC_MAX_DEPTH      32           /* of values in values, classes in classes, bases */
#define MOFC_MAX_QUALIFIERS 128          /* of one declaration */
#define MOFC_MAX_SLOTS      1000000u     /* data members of all classes, inherited ones again */
#define MOFC_MAX_BLOCK      0x10000000u  /* bytes of one structure */
#define MOFC_MAX_TEXT       32766u       /* MaxLen: the counted string fits 64 KiB */

struct place {
    const char *file;
    uint32_t line, column; /* from 1; a column is a character */
};

/* ---- memory.c: an arena that is freed at once, growing text, names -> things ---- */
struct arena_page;

struct buffer { /* in the arena: nobody frees it */
    char *data; /* followed by a NUL once something was appended */
    size_t length, capacity;
    struct mofc *mofc;
};

struct names { /* case does not count, as everywhere in MOF; `exact` tables keep it */
    struct names_entry *entries;
    size_t count, capacity;
    bool exact;
};

/* ---- the model ---- */
enum value_kind {
    VALUE_NULL,
    VALUE_BOOLEAN,
    VALUE_INTEGER,
    VALUE_REAL,
    VALUE_STRING,
    VALUE_CHARACTER,
    VALUE_ALIAS,
    VALUE_INSTANCE,
    VALUE_LIST,
};

struct value {
    struct place place;
    enum value_kind kind;
    bool boolean, negative;
    uint64_t magnitude;         /* VALUE_INTEGER, VALUE_CHARACTER */
    const char *text;           /* VALUE_STRING, VALUE_ALIAS, VALUE_REAL (as a JSON number) */
    struct instance *instance;  /* VALUE_INSTANCE */
    struct value *first, *next; /* VALUE_LIST; the next value of the list this one is in */
};

struct qualifier {
    struct place place;
    const char *name;
    struct value *value; /* NULL: none written, which means TRUE */
    unsigned flavors;    /* bit i: flavor_names[i] */
    struct qualifier *next;
};
extern const char *const flavor_names[]; /* ends with NULL */

/* The order of cim_types[]. */
enum cim_type {
    CIM_UINT8,
    CIM_SINT8,
    CIM_UINT16,
    CIM_SINT16,
    CIM_UINT32,
    CIM_SINT32,
    CIM_UINT64,
    CIM_SINT64,
    CIM_BOOLEAN,
    CIM_CHAR16,
    CIM_REAL32,
    CIM_REAL64,
    CIM_DATETIME,
    CIM_STRING,
    CIM_OBJECT,
    CIM_CLASS, /* an embedded class, by name */
    CIM_REF,
    CIM_VOID, /* only what a method returns */
};

struct cim_type_facts {
    const char *name, *c_name;
    uint32_t size; /* and alignment; 0: none of its own */
    uint8_t bits;  /* of an integer, else 0 */
    bool is_signed;
};
extern const struct cim_type_facts cim_types[];

struct member { /* a property, or a parameter of a method */
    struct place place, type_place;
    const char *name;
    enum cim_type type;
    const char *class_name; /* CIM_CLASS, CIM_REF */
    struct class *class;
    bool is_method; /* only a name among the members */
    bool is_array, has_count, is_in, is_out;
    uint64_t count;
    struct qualifier *qualifiers;
    struct value *initial;
    struct member *next;
    /* from check.c */
    uint32_t id, max_len;  /* 0: none */
    struct value *size_is; /* the name in WmiSizeIs */
    struct define *defines;
};

/* One named value of ValueMap or BitMap. */
struct define {
    struct place place;
    bool is_bit, negative;
    uint64_t magnitude;
    const char *define, *name, *description; /* each may be NULL */
    struct define *next;
};

enum slot_form {
    SLOT_FIXED,    /* has a _SIZE */
    SLOT_TEXT,     /* WCHAR x[MaxLen + 1] */
    SLOT_VARIABLE, /* the last member a C structure can show */
    SLOT_OMITTED,  /* no C type, or behind a variable member */
};

struct slot {
    struct member *member, *size_is;
    enum slot_form form;
    uint32_t id;
    uint64_t offset, size; /* of what the structure shows */
};

struct block { /* one structure: the data of a class, the in or the out parameters of a method */
    struct slot *slots;
    size_t count;
    uint64_t size;
    uint32_t alignment;
    bool is_variable; /* what follows the structure depends on counts and text in it */
};

struct method {
    struct place place;
    const char *name;
    enum cim_type type;
    struct member *parameters;
    struct qualifier *qualifiers;
    struct method *next;
    uint32_t id;
    struct block in, out;
};

enum class_state { CLASS_NEW, CLASS_BUSY, CLASS_DONE };

struct class
{
    struct place place;
    const char *name, *alias, *space;
    const char *base_name;
    struct place base_place;
    struct class *base;
    struct qualifier *qualifiers;
    struct member *members;
    struct method *methods;
    struct names names; /* of members and methods */
    struct class *next;
    bool is_broken; /* an error inside was reported: its ids and sizes mean nothing */
    /* from check.c */
    enum class_state state;
    uint32_t depth; /* of classes in it */
    bool is_wmi, has_guid;
    uint32_t guid1;
    uint16_t guid2, guid3;
    uint8_t guid4[8];
    struct block data;
    struct class *emit_next; /* in an order in which a C compiler can read them */
};

struct property_value {
    struct place place;
    const char *name;
    struct qualifier *qualifiers;
    struct value *value;
    struct property_value *next;
};

struct instance {
    struct place place;
    const char *class_name, *alias, *space;
    struct qualifier *qualifiers;
    struct property_value *values;
    struct instance *next;
};

struct pragma {
    const char *name;
    struct value *arguments; /* a list chained by next */
    struct pragma *next;
};

struct directory {
    const char *name;
    struct directory *next;
};

struct open_file {
    const char *name;
    struct open_file *outer;
};

enum read_result { READ_DONE, READ_NO_FILE, READ_FAILED, READ_TOO_LONG };

struct mofc {
    /* what the caller sets */
    FILE *messages;
    struct directory *include_directories;
    const char *space; /* the namespace in force */
    enum read_result (*read_file)(struct mofc *mofc, const char *name, size_t limit,
                                  struct buffer *data);
    void *read_context;
    /* what the run makes */
    jmp_buf give_up;
    struct arena_page *pages;
    size_t memory, bytes, slots;
    unsigned errors, warnings;
    struct open_file *files;
    struct class *classes, **classes_end;
    struct class *emit_first, **emit_end;
    struct instance *instances, **instances_end;
    struct pragma *pragmas, **pragmas_end;
    struct names class_names, aliases;
    struct value *alias_uses; /* chained by first */
};

/* ---- memory.c ---- */
void *arena_take(struct mofc *mofc, size_t size); /* zeroed; out of memory ends the run */
char *arena_text(struct mofc *mofc, const char *text, size_t length);
void arena_free(struct mofc *mofc);
void buffer_add(struct buffer *buffer, const char *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;
/* Appends the code point as UTF-8. */
void utf8_add(struct buffer *buffer, uint32_t c);
bool same_name(const char *a, const char *b);
void *names_find(const struct names *names, const char *name);
/* The thing that has this name already, or NULL and `thing` has it now. */
void *names_add(struct mofc *mofc, struct names *names, const char *name, void *thing);

/* ---- report.c ---- */
/* At the 20th error the run ends. */
void report_error(struct mofc *mofc, struct place place, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;
void report_warning(struct mofc *mofc, struct place place, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* Ends the run with a message that has no place. */
_Noreturn void report_fatal(struct mofc *mofc, const char *format, ...)
#ifdef __GNUC__
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* ---- source.c ---- */
enum read_result source_read_file(struct mofc *mofc, const char *name, size_t limit,
                                  struct buffer *data);
bool is_utf8(const unsigned char *data, size_t size);
/* The file as UTF-8 in the arena, NUL-terminated; NULL after an error. `from` is the #pragma, or
 * NULL for the file of the command line. *found is the name under which it was found. */
const char *source_load(struct mofc *mofc, const char *name, const struct place *from,
                        const char **found);

/* ---- lexer.c ---- */
enum token_kind {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_INTEGER,
    TOKEN_REAL,
    TOKEN_STRING,
    TOKEN_CHARACTER,
    TOKEN_ALIAS,
    TOKEN_PRAGMA,
    TOKEN_SIGN, /* one character of punctuation */
    TOKEN_BAD,  /* reported already */
};

struct token {
    enum token_kind kind;
    struct place place;
    const char *text; /* name, alias, string, real */
    uint64_t magnitude;
    bool negative;
    char sign;
};

struct lexer {
    struct mofc *mofc;
    const char *at;
    struct place place;
    bool line_start;
    struct buffer scratch;
};
void lexer_next(struct lexer *lexer, struct token *token);
/* "'class'", "end of file": a token in a message; valid until the next call with the same room. */
const char *token_name(const struct token *token, char room[80]);

/* ---- parser.c, values.c ---- */
struct parser {
    struct mofc *mofc;
    struct lexer lexer;
    struct token token;
    struct buffer scratch;
    unsigned depth;
};
void parse_file(struct mofc *mofc, const char *name, const struct place *from);
void parser_advance(struct parser *parser);
bool at_sign(const struct parser *parser, char sign);
bool at_word(const struct parser *parser, const char *word);
bool take_sign(struct parser *parser, char sign);
bool expect_sign(struct parser *parser, char sign, const char *where);
const char *expect_name(struct parser *parser, const char *what);
bool parse_qualifiers(struct parser *parser, struct qualifier **qualifiers);
struct value *parse_value(struct parser *parser);
struct value *parse_list(struct parser *parser, char end);
bool parse_instance_body(struct parser *parser, struct instance *instance);

/* ---- check.c, member.c, method.c, layout.c ---- */
void check_all(struct mofc *mofc);
struct qualifier *find_qualifier(struct qualifier *first, const char *name);
/* TRUE, or an integer other than 0; absent is false. */
bool qualifier_is_true(struct qualifier *first, const char *name);
/* The string value of a qualifier, or NULL. */
const char *qualifier_text(struct qualifier *first, const char *name);
/* An unsigned qualifier value within the limits; false after an error. */
bool qualifier_number(struct mofc *mofc, struct qualifier *qualifier, uint64_t low, uint64_t high,
                      uint64_t *number);
/* Ids, members and classes of the slots are known: forms, sizes, offsets. */
void layout_block(struct mofc *mofc, struct block *block, const char *owner);
struct slot *add_slot(struct mofc *mofc, struct block *block, struct member *member, uint32_t id);
/* A property or parameter alone: type, array, text length, default, named values. */
void check_member(struct mofc *mofc, struct member *member);
void check_methods(struct mofc *mofc, struct class *class);

/* ---- header.c ---- */
void write_header(struct mofc *mofc, const char *file_name, struct buffer *out);

/* ---- describe.c, emit.c, blob.c ---- */
enum emit_form { EMIT_JSON, EMIT_BINARY };

struct emitter {
    struct buffer *out;
    enum emit_form form;
    unsigned depth;
    bool is_first, after_key;
};
void emit_open(struct emitter *emitter, char kind); /* '{' or '[' */
void emit_close(struct emitter *emitter, char kind);
void emit_key(struct emitter *emitter, const char *key);
void emit_text(struct emitter *emitter, const char *text, size_t length);
void emit_integer(struct emitter *emitter, bool negative, uint64_t magnitude);
void emit_boolean(struct emitter *emitter, bool value);
void emit_null(struct emitter *emitter);
void emit_finish(struct emitter *emitter);

void describe(struct mofc *mofc, struct emitter *emitter);
void write_blob(struct mofc *mofc, struct buffer *out);
/* The JSON of a .bmf of ours; NULL, or what is wrong with it. */
const char *read_blob(const unsigned char *data, size_t size, struct buffer *json);

/* ---- compile.c ---- */
void mofc_init(struct mofc *mofc, FILE *messages);
void mofc_free(struct mofc *mofc);
/* Parses and checks; true when there was no error. The outputs may be written then. Every later
 * call that can run out of memory must run under mofc_try. */
bool mofc_compile(struct mofc *mofc, const char *name);
/* Runs the step; false when it gave up, with the message written. */
bool mofc_try(struct mofc *mofc, void (*step)(struct mofc *mofc, void *context), void *context);

#endif
