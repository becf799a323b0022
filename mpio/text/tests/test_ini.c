/* SPDX-License-Identifier: MIT */
/* The INI/INF parser: grammar, places, lookup, tokens, every limit and one past it, every prefix.
 */
#include "support.h"

#include "text/ini.h"

static struct ini *parse(const char *text, unsigned flags, struct text_error *error)
{
    char *copy = exact_copy(text, strlen(text));
    struct ini *ini = ini_parse("f.inf", copy, strlen(text), flags, error);

    free(copy);
    return ini;
}

static struct ini *parse_good(const char *text, unsigned flags)
{
    struct text_error error;
    struct ini *ini = parse(text, flags, &error);

    if (!ini)
        fail_msg("line %u column %u: %s", error.line, error.column, error.message);
    return ini;
}

/* The entries of a section as `key{value|value}` so that a test reads as a picture. */
static void expect(const struct ini *ini, const char *section_name, const char *expected)
{
    const struct ini_section *section = ini_find_section(ini, section_name);
    struct buffer picture = {0};

    assert_non_null(section);
    for (size_t i = 0; i < section->entry_count; i++) {
        const struct ini_entry *entry = ini_entry(section, i);
        buffer_printf(&picture, "%s{", entry->key ? entry->key : "");
        for (size_t v = 0; v < entry->value_count; v++)
            buffer_printf(&picture, "%s%s", v ? "|" : "", entry->values[v].text);
        buffer_append_text(&picture, "}");
    }
    assert_string_equal(buffer_text(&picture), expected);
    buffer_free(&picture);
}

static void entries_keys_values_and_quotes(void **state)
{
    struct ini *ini = parse_good("; head\r\n[ Install ]\r\n"
                                 "key = value, \"quoted, value\" ; comment \"\r\n"
                                 "HKR,,Name,0x1,\"a;b=[c]\"\r\n"
                                 "empty =\r\n"
                                 "one = \"\"\r\n"
                                 "two = ,\r\n"
                                 "  word  \r\n"
                                 "q = \"say \"\"hi\"\"\", pre\"mid, \"post , a b\r\n"
                                 "a = b = c\r\n"
                                 "x, y = z\r\n"
                                 "\"k=1\" = v\r\n"
                                 "path = C:\\dir\\x, %12%\\y",
                                 INI_INF);

    (void)state;
    expect(ini, "install",
           "key{value|quoted, value}{HKR||Name|0x1|a;b=[c]}empty{}one{}two{|}{word}"
           "q{say \"hi\"|premid, post|a b}a{b = c}{x|y = z}k=1{v}path{C:\\dir\\x|%12%\\y}");
    const struct ini_section *section = ini_section(ini, 0);
    assert_string_equal(section->name, "Install");
    assert_int_equal(ini_find(section, "EMPTY", NULL)->value_count, 0);
    assert_int_equal(ini_find(section, "one", NULL)->value_count, 1);
    assert_true(ini_find(section, "key", NULL)->values[1].quoted);
    assert_false(ini_find(section, "key", NULL)->values[0].quoted);
    assert_null(ini_find(section, "word", NULL));
    assert_null(ini_entry(section, section->entry_count));
    assert_null(ini_section(ini, 1));
    ini_free(ini);
}

static void continued_lines(void **state)
{
    struct ini *ini = parse_good("[s]\n"
                                 "a = one, \\   ; why\n"
                                 "    two, \\\n"
                                 "    three\n"
                                 "b = C:\\x\\\\\n"
                                 "y\n"
                                 "c = \"C:\\x\\\"\n"
                                 "d = wo\\\n"
                                 "   rd\n"
                                 "e = 1, \\\n"
                                 "; nothing here\n"
                                 "f = 2 \\\n"
                                 "\n"
                                 "g = end \\",
                                 INI_UNIQUE);

    (void)state;
    expect(ini, "s", "a{one|two|three}b{C:\\xy}c{C:\\x\\}d{word}e{1|}f{2}g{end}");
    ini_free(ini);
}

static void places_of_sections_keys_and_values(void **state)
{
    struct ini *ini = parse_good("\n[one]\r\n\r  k = a, \\\r\n\tb\n[two]\nv", INI_UNIQUE);
    const struct ini_entry *entry = ini_entry(ini_section(ini, 0), 0);

    (void)state;
    assert_int_equal(ini_section(ini, 0)->line, 2);
    assert_int_equal(ini_section(ini, 1)->line, 6);
    assert_int_equal(entry->line, 4);
    assert_int_equal(entry->column, 3);
    assert_int_equal(entry->values[0].line, 4);
    assert_int_equal(entry->values[0].column, 7);
    assert_int_equal(entry->values[1].line, 5);
    assert_int_equal(entry->values[1].column, 2);
    entry = ini_entry(ini_section(ini, 1), 0);
    assert_int_equal(entry->line, 7);
    ini_free(ini);
}

static void sections_of_one_name_merge_or_are_refused(void **state)
{
    static const char text[] = "[A]\nx=1\n[b]\ny=2\n[a]\nX=3\nz=4\n";
    struct text_error error;
    struct ini *ini = parse_good(text, INI_MERGE);

    (void)state;
    assert_int_equal(ini_section_count(ini), 2);
    expect(ini, "a", "x{1}X{3}z{4}");
    expect(ini, "B", "y{2}");
    const struct ini_section *a = ini_section(ini, 0);
    const struct ini_entry *first = ini_find(a, "x", NULL), *second = ini_find(a, "x", first);
    assert_int_equal(second->line, 6);
    assert_null(ini_find(a, "x", second));
    ini_free(ini);
    assert_null(parse(text, INI_UNIQUE, &error));
    assert_int_equal(error.line, 5);
    assert_non_null(strstr(error.message, "already at line 1"));
}

static void errors_name_line_and_reason(void **state)
{
    static const struct {
        const char *text;
        unsigned line, column;
        const char *reason;
    } cases[] = {
        {"\nkey = 1\n", 2, 1, "before the first [section]"},
        {"[a]\n[b\n", 2, 1, "not closed with ']'"},
        {"[a] x\n", 1, 5, "behind the section header"},
        {"[a\\\n]\n", 1, 3, "cannot be continued"},
        {"[ ]\n", 1, 1, "no name"},
        {"[a]\nk = \"x\n", 2, 5, "not closed on its line"},
        {"[a]\nk = 1, \\\n \"x;y\n", 3, 2, "not closed on its line"},
        {"[a]\n = 1\n", 2, 2, "no key"},
        {"[a]\nk = \x1b[2J\n", 2, 5, "control character 0x1b"},
        {"[a]\n\n\xFF\n", 3, 0, "not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text_error error = {0};
        assert_null(parse(cases[i].text, INI_MERGE, &error));
        assert_string_equal(error.file, "f.inf");
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        if (!strstr(error.message, cases[i].reason))
            fail_msg("\"%s\" does not say \"%s\"", error.message, cases[i].reason);
        assert_null(parse(cases[i].text, INI_MERGE, NULL));
    }
}

static void images_in_utf16_and_windows_1252(void **state)
{
    static const char wide[] = "\xFF\xFE[\0s\0]\0\n\0k\0=\0\xAC\x20";
    struct text_error error;
    struct ini *ini = ini_parse("f", wide, sizeof wide - 1, INI_INF, &error);

    (void)state;
    assert_non_null(ini);
    expect(ini, "s", "k{\xE2\x82\xAC}");
    ini_free(ini);
    ini = parse_good("[s]\nk=Acme\xAE\n", INI_ANSI);
    expect(ini, "s", "k{Acme\xC2\xAE}");
    ini_free(ini);
}

static void repeat(struct buffer *text, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append_text(text, piece);
}

/* Parses and frees *text; the result is whether it was accepted, and *error has the reason if not.
 */
static bool accepted(struct buffer *text, struct text_error *error)
{
    struct ini *ini = ini_parse("f", text->data, text->length, INI_UNIQUE, error);
    bool good = ini != NULL;

    ini_free(ini);
    buffer_free(text);
    return good;
}

static void limits_and_one_past_each(void **state)
{
    struct buffer text = {0};
    struct text_error error;

    (void)state;
    for (unsigned past = 0; past <= 1; past++) {
        repeat(&text, "[s]\n;", 1);
        repeat(&text, "x", INI_MAX_LINE - 1 + past);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || (error.line == 2 && strstr(error.message, "longer than 4096")));

        repeat(&text, "[", 1);
        repeat(&text, "s", INI_MAX_SECTION_NAME + past);
        repeat(&text, "]", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "section name"));

        for (unsigned i = 0; i < INI_MAX_SECTIONS + past; i++)
            buffer_printf(&text, "[s%u]\n", i);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past ||
                    (error.line == INI_MAX_SECTIONS + 1 && strstr(error.message, "sections")));

        repeat(&text, "[s]\n", 1);
        repeat(&text, "e\n", INI_MAX_ENTRIES + past);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past ||
                    (error.line == INI_MAX_ENTRIES + 2 && strstr(error.message, "entries")));

        repeat(&text, "[s]\n", 1);
        for (unsigned i = 0; i < INI_MAX_VALUES / 4096; i++)
            repeat(&text, ",", 4095), repeat(&text, "\n", 1);
        repeat(&text, past ? "v" : ";", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "values"));

        repeat(&text, ";\n", INI_MAX_FILE / 2);
        repeat(&text, "\n", past);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || (error.line == 0 && strstr(error.message, "at most 4194304")));
    }
}

/* Needed once as a slow file: without the table of names this took seconds. */
static void many_headers_of_long_equal_prefix_stay_fast(void **state)
{
    struct buffer text = {0};
    char prefix[250];
    struct text_error error;

    (void)state;
    memset(prefix, 'p', sizeof prefix - 1);
    prefix[sizeof prefix - 1] = 0;
    for (unsigned i = 0; i < 16000; i++)
        buffer_printf(&text, "[%s%u]\n", prefix, i % INI_MAX_SECTIONS);
    struct ini *ini = ini_parse("f", text.data, text.length, INI_MERGE, &error);
    assert_non_null(ini);
    assert_int_equal(ini_section_count(ini), INI_MAX_SECTIONS);
    ini_free(ini);
    buffer_free(&text);
}

static void expand_to(struct ini *ini, size_t index, bool good, const char *expected)
{
    const struct ini_value *value = ini_entry(ini_find_section(ini, "use"), index)->values;
    struct buffer out = {0};
    struct text_error error = {0};

    assert_int_equal(ini_expand(ini, value, ini_find_section(ini, "strings.0409"),
                                ini_find_section(ini, "strings"), &out, &error),
                     good);
    assert_string_equal(buffer_text(&out), expected);
    if (!good) {
        assert_int_equal(error.line, value->line);
        assert_non_null(strstr(error.message, "%nowhere%"));
    }
    buffer_free(&out);
}

static void string_tokens_expand(void **state)
{
    struct ini *ini =
        parse_good("[use]\n%Mfg% disk\n\"%%SystemRoot%%\\x.dll\"\n%12%\\%file%\n"
                   "a%nowhere%b%mfg%\n100%\n%both%%empty%!\n%loop%\n"
                   "[Strings]\nmfg = \"Acme, Inc\"\nfile=f.sys\nboth=general\nempty=\n"
                   "loop=%loop%\n"
                   "[Strings.0409]\nboth=English\n",
                   INI_INF);

    (void)state;
    expand_to(ini, 0, true, "Acme, Inc disk");
    expand_to(ini, 1, true, "%SystemRoot%\\x.dll");
    expand_to(ini, 2, true, "%12%\\f.sys");
    expand_to(ini, 3, false, "a%nowhere%bAcme, Inc");
    expand_to(ini, 4, true, "100%");
    expand_to(ini, 5, true, "English!");
    expand_to(ini, 6, true, "%loop%");
    ini_free(ini);
}

static void token_longer_than_a_line_is_undefined(void **state)
{
    struct buffer text = {0}, out = {0};
    struct text_error error;

    (void)state;
    repeat(&text, "[use]\n%", 1);
    for (int i = 0; i < 3; i++)
        repeat(&text, "n", 4000), repeat(&text, "\\\n", 1);
    repeat(&text, "%\n", 1);
    struct ini *ini = ini_parse("f", text.data, text.length, INI_INF, &error);
    assert_non_null(ini);
    const struct ini_value *value = ini_entry(ini_section(ini, 0), 0)->values;
    assert_int_equal(strlen(value->text), 12002);
    assert_false(ini_expand(ini, value, ini_section(ini, 0), NULL, &out, &error));
    assert_int_equal(out.length, 12002);
    ini_free(ini);
    buffer_free(&text);
    buffer_free(&out);
}

static void typed_values_report_their_place(void **state)
{
    struct ini *ini = parse_good("[s]\nk = 5, 64K,\t10ms, yes, x\n", INI_UNIQUE);
    const struct ini_value *values = ini_entry(ini_section(ini, 0), 0)->values;
    struct text_error error;
    uint64_t number;
    bool truth;
    char out[100];

    (void)state;
    assert_true(ini_unsigned(ini, &values[0], 0, 9, &number, &error) && number == 5);
    assert_true(ini_size(ini, &values[1], 0, UINT64_MAX, &number, &error) && number == 65536);
    assert_true(ini_time(ini, &values[2], &number, &error) && number == 100000);
    assert_true(ini_boolean(ini, &values[3], &truth, &error) && truth);
    assert_false(ini_unsigned(ini, &values[4], 0, 9, &number, &error));
    assert_false(ini_size(ini, &values[4], 0, 9, &number, NULL));
    assert_false(ini_time(ini, &values[4], &number, &error));
    assert_false(ini_boolean(ini, &values[4], &truth, &error));
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 24);
    assert_false(ini_error(ini, &values[4], &error, "no LUN \"%s\"", values[4].text));
    text_error_format(&error, out, sizeof out);
    assert_string_equal(out, "f.inf:2: no LUN \"x\"");
    ini_free(ini);
}

static void every_prefix_of_a_valid_file_is_parsed_or_refused(void **state)
{
    static const char text[] =
        "; c\r\n[Version]\r\nSignature=\"$WINDOWS NT$\"\r\n[a.\"b c\"]\r\n"
        "HKR,,\"x\"\"y\",0x00010000,\"one\",\\ ; c\r\n  \"two\" , \\\\\r\n three\r\n"
        "%t% = %12%\\a, \xE2\x82\xAC\r\n[Version]\r\nk=";
    size_t good = 0;

    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        struct text_error error = {0};
        char *copy = exact_copy(text, length);
        struct ini *ini = ini_parse("f", copy, length, INI_INF, &error);
        assert_true((ini != NULL) != (error.message[0] != 0));
        good += ini != NULL;
        ini_free(ini);
        free(copy);
    }
    assert_in_range(good, 60, sizeof text - 20);
}

static void what_is_written_reads_back_the_same(void **state)
{
    struct ini *ini = parse_good("[ Install ]\nkey = value, \"quoted, value\", \" a \", \"\"\nempty =\ntwo = ,\n"
                                 "word\nq = \"say \"\"hi\"\"\"\n\"k=1\" = C:\\dir\\x, \"[c];\"\nlast = \"\\\"",
                                 INI_UNIQUE);
    const struct ini_section *section = ini_section(ini, 0);
    struct buffer out = {0};
    struct buffer list = {0};

    (void)state;
    buffer_append_text(&out, "[Install]\n");
    for (size_t i = 0; i < section->entry_count; i++)
        assert_true(ini_write_entry(&section->entries[i], &out));
    ini_free(ini);
    ini = parse_good(buffer_text(&out), INI_UNIQUE);
    expect(ini, "install", "key{value|quoted, value| a |}empty{}two{|}{word}q{say \"hi\"}k=1{C:\\dir\\x|[c];}last{\\}");
    ini_free(ini);

    /* A list that would be longer than a line may be goes on in the next one. */
    buffer_append_text(&list, "[a]\nk = v");
    for (unsigned i = 0; i < 40; i++)
        buffer_printf(&list, ",\\\n %0500u", i);
    ini = parse_good(buffer_text(&list), INI_UNIQUE);
    buffer_clear(&out);
    buffer_append_text(&out, "[a]\n");
    assert_true(ini_write_entry(ini_entry(ini_section(ini, 0), 0), &out));
    ini_free(ini);
    assert_true(out.length > 4 * INI_MAX_LINE);
    ini = parse_good(buffer_text(&out), INI_UNIQUE);
    assert_int_equal(ini_entry(ini_section(ini, 0), 0)->value_count, 41);
    ini_free(ini);
    buffer_free(&out);
    buffer_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_keys_values_and_quotes),
        cmocka_unit_test(continued_lines),
        cmocka_unit_test(places_of_sections_keys_and_values),
        cmocka_unit_test(sections_of_one_name_merge_or_are_refused),
        cmocka_unit_test(errors_name_line_and_reason),
        cmocka_unit_test(images_in_utf16_and_windows_1252),
        cmocka_unit_test(limits_and_one_past_each),
        cmocka_unit_test(many_headers_of_long_equal_prefix_stay_fast),
        cmocka_unit_test(string_tokens_expand),
        cmocka_unit_test(token_longer_than_a_line_is_undefined),
        cmocka_unit_test(typed_values_report_their_place),
        cmocka_unit_test(every_prefix_of_a_valid_file_is_parsed_or_refused),
        cmocka_unit_test(what_is_written_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
