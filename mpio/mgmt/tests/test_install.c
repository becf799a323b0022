/* SPDX-License-Identifier: MIT */
/* Installing and taking out: the registry is as before, in any order, with others' entries untouched. */
#include "support.h"

#include "text/regfile.h"

#define ADD(strings) DEVICE "[I]\nAddReg=R\n[R]\n" strings "\n"
#define IDS "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV"

/* The strings of MPIOSupportedDeviceList, each with a '.' behind it; "none" when the value is not there. */
static const char *ids(const struct registry_image *image)
{
    static char text[256];
    struct registry_key *key = registry_image_find(image, IDS);
    const struct registry_value *v = key ? registry_key_value(key, "MPIOSupportedDeviceList") : NULL;
    size_t n = 0;

    if (!v)
        return "none";
    assert_int_equal(v->type, REGFILE_MULTI_SZ);
    for (size_t i = 0; i + 4 <= v->length; i += 2)
        text[n++] = v->data[i] ? (char)v->data[i] : '.';
    text[n] = 0;
    return text;
}

static void assert_saved(const struct registry_image *image, const char *expected)
{
    char *text = saved(image);

    assert_string_equal(text, expected);
    free(text);
}

/* Installs a file into a registry, checks one value, takes it out, and compares with what was before. */
static void there_and_back(const char *start, const char *inf)
{
    struct registry_image *image = registry(start);
    char *before = saved(image);

    assert_int_equal(install(image, "a.inf", inf), INF_INSTALLED);
    uninstall(image, "a");
    assert_saved(image, before);
    free(before);
    registry_image_free(image);
}

static void uninstall_leaves_what_was_before(void **state)
{
    static const char *const starts[] = {
        "",
        "[HKEY_LOCAL_MACHINE\\SOFTWARE]\n", /* an empty key stays */
        "[" IDS "]\n\"MPIOSupportedDeviceList\"=hex(7):55,00,00,00,00,00\n\"other\"=\"x\"\n",
        "[" IDS "]\n\"MPIOSupportedDeviceList\"=hex(7):\n",       /* an empty list without its NUL */
        "[" IDS "]\n\"MPIOSupportedDeviceList\"=hex(7):00,00\n",
        "[HKLM\\k]\n\"v\"=\"old\"\n@=dword:1\n[HKLM\\k\\sub\\deep]\n\"z\"=hex:01\n[HKLM\\k\\sub\\empty]\n",
    };
    static const char *const files[] = {
        ADD(MPDEV "0x10008,A\n" MPDEV "0x10008,B"),
        ADD("HKLM,k,v,,new\nHKLM,k,v,,newer\nHKLM,k,,2,kept\nHKLM,k,w,0x20,no"),
        ADD("HKLM,k,v,4\nHKLM,k\\sub,,0xA000\nHKLM,k\\sub\\deep,new,,x"),
        DEVICE "[I]\nDelReg=D\nAddReg=R\n[D]\nHKLM,k\n" "HKLM,SYSTEM\\CurrentControlSet\\Control\\MPDEV,MPIOSupportedDeviceList,0x18002,U\n"
               "[R]\nHKLM,k,v,,x\nHKR,,v,,x\n" MPDEV "0x10008,U\n",
        SERVICE "HKR,Parameters,n,0x10003,2\n",
    };
    (void)state;
    for (size_t s = 0; s < sizeof starts / sizeof *starts; s++)
        for (size_t f = 0; f < sizeof files / sizeof *files; f++)
            there_and_back(starts[s], files[f]);
}

static void values_are_written_as_the_flags_say(void **state)
{
    (void)state;
    struct registry_image *image = registry("[HKLM\\k]\n\"a\"=\"old\"\n\"b\"=\"old\"\n\"d\"=\"old\"\n");
    install(image, "a.inf", ADD("HKLM,k,a,,new\nHKLM,k,b,2,new\nHKLM,k,c,0x20,new\nHKLM,k,d,0x4\nHKLM,k,e,0x22,new\nHKLM,k,b,0x20,over"));
    struct registry_key *key = registry_image_find(image, "HKLM\\k");
    char *a = registry_key_text(key, "a"), *b = registry_key_text(key, "b");
    assert_string_equal(a, "new");
    assert_string_equal(b, "over");
    assert_null(registry_key_value(key, "c"));
    assert_null(registry_key_value(key, "d"));
    assert_null(registry_key_value(key, "e"));
    free(a);
    free(b);
    registry_image_free(image);
}

static void two_files_share_a_list_and_leave_in_either_order(void **state)
{
    static const struct { const char *start, *both, *first_gone, *second_gone; } rows[] = {
        {"", "A.B.", "B.", "A."},
        {"[" IDS "]\n\"MPIOSupportedDeviceList\"=hex(7):55,00,00,00,00,00\n", "U.A.B.", "U.B.", "U.A."},
    };
    (void)state;
    for (size_t r = 0; r < 2; r++) {
        for (unsigned second_first = 0; second_first < 2; second_first++) {
            struct registry_image *image = registry(rows[r].start);
            char *before = saved(image);
            install(image, "one.inf", ADD(MPDEV "0x10008,A"));
            install(image, "two.inf", ADD(MPDEV "0x10008,B"));
            assert_string_equal(ids(image), rows[r].both);
            uninstall(image, second_first ? "two" : "one");
            assert_string_equal(ids(image), second_first ? rows[r].second_gone : rows[r].first_gone);
            uninstall(image, second_first ? "one" : "two");
            assert_saved(image, before);
            free(before);
            registry_image_free(image);
        }
    }
}

static void a_string_that_two_files_want_stays_until_both_are_gone(void **state)
{
    (void)state;
    for (unsigned second_first = 0; second_first < 2; second_first++) {
        struct registry_image *image = registry("");
        char *before = saved(image);
        install(image, "one.inf", ADD(MPDEV "0x10008,A"));
        install(image, "two.inf", ADD(MPDEV "0x10008,A"));
        assert_string_equal(ids(image), "A.");
        uninstall(image, second_first ? "two" : "one");
        assert_string_equal(ids(image), "A.");
        uninstall(image, second_first ? "one" : "two");
        assert_saved(image, before);
        free(before);
        registry_image_free(image);
    }
}

static void a_string_of_someone_else_is_never_taken(void **state)
{
    (void)state;
    struct registry_image *image = registry("[" IDS "]\n\"MPIOSupportedDeviceList\"=hex(7):41,00,00,00,00,00\n");
    install(image, "one.inf", ADD(MPDEV "0x10008,A\n" MPDEV "0x10008,B"));
    assert_string_equal(ids(image), "A.B.");
    uninstall(image, "one.inf");
    assert_string_equal(ids(image), "A.");
    registry_image_free(image);
}

static void a_value_that_two_files_set_is_restored_by_the_last(void **state)
{
    static const char *const second[] = {ADD("HKLM,k,v,,two"), ADD("HKLM,k,v,2,two"), ADD("HKLM,k,v,,one")};
    (void)state;
    for (size_t s = 0; s < 3; s++) {
        for (unsigned second_first = 0; second_first < 2; second_first++) {
            struct registry_image *image = registry("[HKLM\\k]\n\"v\"=\"old\"\n");
            char *before = saved(image);
            install(image, "one.inf", ADD("HKLM,k,v,,one"));
            install(image, "two.inf", second[s]);
            char *there = registry_key_text(registry_image_find(image, "HKLM\\k"), "v");
            assert_string_equal(there, s == 0 ? "two" : "one");
            uninstall(image, second_first ? "two" : "one");
            char *now = registry_key_text(registry_image_find(image, "HKLM\\k"), "v");
            assert_string_equal(now, second_first ? "one" : s == 0 ? "two" : "one");
            uninstall(image, second_first ? "one" : "two");
            assert_saved(image, before);
            free(there);
            free(now);
            free(before);
            registry_image_free(image);
        }
    }
}

static void what_someone_changed_since_is_left_and_said(void **state)
{
    struct buffer said = {0};
    struct text_error error;
    bool found;
    (void)state;
    struct registry_image *image = registry("");
    install(image, "one.inf", ADD("HKLM,k,v,,one"));
    registry_key_set_text(image, registry_image_find(image, "HKLM\\k"), "v", "mine");
    assert_true(inf_uninstall(image, "dir/ONE.inf", &found, &said, &error));
    assert_true(found);
    assert_non_null(strstr(buffer_text(&said), "HKEY_LOCAL_MACHINE\\k, v: someone else has changed it since"));
    assert_non_null(strstr(buffer_text(&said), "HKEY_LOCAL_MACHINE\\k: it holds what others wrote"));
    char *v = registry_key_text(registry_image_find(image, "HKLM\\k"), "v");
    assert_string_equal(v, "mine");
    free(v);
    buffer_free(&said);
    registry_image_free(image);
}

static void installing_again_changes_nothing_and_another_version_replaces(void **state)
{
    static const char newer[] = "[Version]\nSignature=\"$WINDOWS NT$\"\nClassGuid={c}\nDriverVer=11/23/2026,2.0.0.0\n"
        "[Manufacturer]\nm=M,NTamd64\n[M.NTamd64]\nd=I,H\n[I]\nAddReg=R\n[R]\n" MPDEV "0x10008,B\nHKR,,v,,x\n";
    (void)state;
    struct registry_image *image = registry("");
    char *before = saved(image);
    assert_int_equal(install(image, "one.inf", ADD(MPDEV "0x10008,A\nHKR,,v,,x")), INF_INSTALLED);
    char *once = saved(image);
    assert_int_equal(install(image, "one.inf", ADD(MPDEV "0x10008,A\nHKR,,v,,x")), INF_ALREADY_THERE);
    assert_saved(image, once);
    assert_int_equal(install(image, "one.inf", newer), INF_UPGRADED);
    assert_string_equal(ids(image), "B.");
    assert_non_null(registry_image_find(image, "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{c}\\0000"));
    assert_null(registry_image_find(image, "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{c}\\0001"));
    uninstall(image, "one");
    assert_saved(image, before);
    free(once);
    free(before);
    registry_image_free(image);
}

static void what_cannot_be_applied_names_the_line(void **state)
{
    static const struct { const char *inf, *why; } rows[] = {
        {ADD(MPDEV "0x10008,A"), "is no multi-string"},
        {ADD("HKLM,,,0xA000"), "a whole registry root"},
        {ADD("HKLM,Software\\OpenMPIO\\Installed\\x,v,,x"), "kept about installations"},
        {ADD("HKLM,SOFTWARE,,0xA000"), "kept about installations"},
        {ADD("HKLM,a\\\\b,v,,x"), "does not fit"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct registry_image *image = registry("[" IDS "]\n\"MPIOSupportedDeviceList\"=\"text\"\n");
        struct text_error error;
        enum inf_outcome outcome;
        struct inf_plan *plan = read_inf(rows[i].inf);
        assert_false(inf_install(image, plan, &inf_default_target, 1, &outcome, NULL, &error));
        if (!strstr(error.message, rows[i].why))
            print_message("%s\n", error.message);
        assert_non_null(strstr(error.message, rows[i].why));
        assert_int_equal(error.line, line_of(rows[i].inf, "[R]") + 1);
        inf_free(plan);
        registry_image_free(image);
    }
}

static void a_hostile_journal_is_survived(void **state)
{
    (void)state;
    struct registry_image *image = registry(
        "[HKLM\\SOFTWARE\\OpenMPIO\\Installed\\a.inf\\Changes\\00000]\n\"Kind\"=\"value\"\n\"Key\"=\"\"\n\"Name\"=\"\"\n\"Changed\"=dword:1\n"
        "[HKLM\\SOFTWARE\\OpenMPIO\\Installed\\a.inf\\Changes\\zzz]\n\"Kind\"=\"string\"\n\"Key\"=\"HKLM\\\\x\"\n\"Name\"=\"v\"\n\"Changed\"=dword:1\n\"After\"=hex:01\n"
        "[HKLM\\SOFTWARE\\OpenMPIO\\Installed\\a.inf\\Changes\\00002]\n\"Kind\"=\"key\"\n\"Key\"=\"HKEY_LOCAL_MACHINE\\\\SOFTWARE\\\\OpenMPIO\\\\Installed\"\n"
        "[HKLM\\SOFTWARE\\OpenMPIO\\Installed\\a.inf\\Changes\\00003]\n\"Kind\"=dword:7\n"
        "[HKLM\\SOFTWARE\\OpenMPIO\\Installed\\a.inf\\Changes\\00004]\n\"Kind\"=\"value\"\n\"Key\"=\"HKLM\\\\x\"\n"
        "[HKLM\\x]\n\"v\"=hex(7):41\n");
    uninstall(image, "a");
    assert_null(registry_image_find(image, "HKLM\\SOFTWARE\\OpenMPIO\\Installed"));
    registry_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uninstall_leaves_what_was_before),
        cmocka_unit_test(values_are_written_as_the_flags_say),
        cmocka_unit_test(two_files_share_a_list_and_leave_in_either_order),
        cmocka_unit_test(a_string_that_two_files_want_stays_until_both_are_gone),
        cmocka_unit_test(a_string_of_someone_else_is_never_taken),
        cmocka_unit_test(a_value_that_two_files_set_is_restored_by_the_last),
        cmocka_unit_test(what_someone_changed_since_is_left_and_said),
        cmocka_unit_test(installing_again_changes_nothing_and_another_version_replaces),
        cmocka_unit_test(what_cannot_be_applied_names_the_line),
        cmocka_unit_test(a_hostile_journal_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
