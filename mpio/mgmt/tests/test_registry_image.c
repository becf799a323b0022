/* SPDX-License-Identifier: MIT */
/* Registry images: canonical text, paths, limits, differences; and security descriptors from SDDL. */
#include "support.h"

#include "mgmt/journal.h"
#include "text/regfile.h"

static void text_depends_on_content_alone(void **state)
{
    (void)state;
    struct registry_image *a = registry("[HKLM\\b]\n\"y\"=\"1\"\n\"X\"=dword:2\n[HKLM\\A\\c]\n"), *b = registry_image_create();
    assert_non_null(registry_image_make(b, "HKEY_LOCAL_MACHINE\\A\\c", NULL, NULL));
    struct registry_key *key = registry_image_make(b, "hklm\\b", NULL, NULL);
    assert_true(registry_key_set_number(b, key, "X", 2) && registry_key_set_text(b, key, "y", "1"));
    char *left = saved(a), *right = saved(b);
    assert_string_equal(left, right);
    assert_string_equal(left, "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\A\\c]\n\n[HKEY_LOCAL_MACHINE\\b]\n"
                              "\"X\"=dword:00000002\n\"y\"=\"1\"\n");
    free(left);
    free(right);
    registry_image_free(a);
    registry_image_free(b);
}

static void names_compare_without_case_and_keep_their_first_form(void **state)
{
    (void)state;
    struct registry_image *image = registry("[HKLM\\Key]\n\"Name\"=\"1\"\n[HKEY_LOCAL_MACHINE\\KEY]\n\"NAME\"=\"2\"\n");
    struct registry_key *key = registry_image_find(image, "hkey_local_machine\\kEY");
    char *text = registry_key_text(key, "nAME");
    assert_string_equal(text, "2");
    assert_int_equal(key->value_count, 1);
    assert_string_equal(key->name, "Key");
    free(text);
    registry_key_unset(image, key, "name");
    assert_int_equal(image->values, 0);
    registry_image_free(image);
}

static void deletions_of_what_the_file_did_not_make_are_refused(void **state)
{
    static const char *const bad[] = {"[-HKLM\\gone]\n", "[HKLM\\k]\n\"v\"=-\n"};
    struct text_error error;
    char text[200];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "Windows Registry Editor Version 5.00\n%s", bad[i]);
        assert_null(registry_image_load("f.reg", text, strlen(text), &error));
        assert_non_null(strstr(error.message, "a list of changes is no registry"));
        assert_int_equal(error.line, i + 2);
    }
    struct registry_image *image = registry("[HKLM\\a]\n\"v\"=\"x\"\n\"v\"=-\n[HKLM\\b]\n[-HKLM\\b]\n");
    assert_null(registry_image_find(image, "HKLM\\b"));
    registry_image_free(image);
}

static void paths_hold_at_the_limit_and_not_past_it(void **state)
{
    char path[70000] = "HKLM";
    struct registry_image *image = registry_image_create();
    (void)state;
    for (unsigned i = 1; i < REGISTRY_IMAGE_DEPTH; i++)
        strcat(path, "\\k");
    assert_non_null(registry_image_make(image, path, NULL, NULL));
    strcat(path, "\\k");
    assert_null(registry_image_make(image, path, NULL, NULL));
    strcpy(path, "HKLM\\");
    memset(path + 5, 'n', REGFILE_MAX_KEY_NAME);
    path[5 + REGFILE_MAX_KEY_NAME] = 0;
    assert_non_null(registry_image_make(image, path, NULL, NULL));
    strcat(path, "n");
    assert_null(registry_image_make(image, path, NULL, NULL));
    assert_null(registry_image_make(image, "HKLM\\", NULL, NULL));
    assert_null(registry_image_make(image, "", NULL, NULL));
    assert_null(registry_image_find(image, "HKLM\\\\k"));
    struct registry_key *key = registry_image_find(image, "HKLM");
    char *big = calloc(1, REGFILE_MAX_DATA + 1);
    assert_true(registry_key_set(image, key, "v", 3, big, REGFILE_MAX_DATA));
    assert_false(registry_key_set(image, key, "v", 3, big, REGFILE_MAX_DATA + 1));
    assert_int_equal(image->bytes, REGFILE_MAX_DATA);
    unsigned count = 1;
    for (char name[8]; count < 70; count++) {
        snprintf(name, sizeof name, "v%u", count);
        if (!registry_key_set(image, key, name, 3, big, REGFILE_MAX_DATA))
            break;
    }
    assert_int_equal(count, 64);
    free(big);
    registry_image_free(image);
}

static void a_difference_turns_one_into_the_other(void **state)
{
    struct buffer text = {0};
    (void)state;
    struct registry_image *before = registry("[HKLM\\a]\n\"gone\"=\"x\"\n\"same\"=\"x\"\n\"other\"=\"x\"\n[HKLM\\old\\sub]\n"),
                          *after = registry("[HKLM\\a]\n\"same\"=\"x\"\n\"other\"=\"y\"\n[HKLM\\new]\n[HKLM\\new2]\n@=\"d\"\n");
    assert_true(registry_image_diff(before, after, &text));
    assert_string_equal(buffer_text(&text), "Windows Registry Editor Version 5.00\n\n[-HKEY_LOCAL_MACHINE\\old]\n\n"
        "[HKEY_LOCAL_MACHINE\\a]\n\"gone\"=-\n\"other\"=\"y\"\n\n[HKEY_LOCAL_MACHINE\\new]\n\n[HKEY_LOCAL_MACHINE\\new2]\n@=\"d\"\n");
    buffer_free(&text);
    registry_image_free(before);
    registry_image_free(after);
}

static void sddl_becomes_a_self_relative_descriptor(void **state)
{
    static const uint8_t expected[] = {
        1, 0, 4, 0x90, 0x48, 0, 0, 0, 0x58, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0,
        2, 0, 0x34, 0, 2, 0, 0, 0,
        0, 3, 0x18, 0, 0xff, 0x01, 0x1f, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0,
        1, 0, 0x14, 0, 3, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0,
        1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, 0x20, 2, 0, 0,
        1, 1, 0, 0, 0, 0, 0, 5, 0x12, 0, 0, 0};
    struct buffer out = {0};
    const char *why;
    (void)state;
    assert_true(inf_security_descriptor("O:BAG:SYD:P(A;OICI;FA;;;BA)(D;;CCDC;;;S-1-5-18)", &out, &why));
    assert_int_equal(out.length, sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected);
    buffer_clear(&out);
    assert_true(inf_security_descriptor("S:ARAI(AU;SAFA;0x1;;;WD)", &out, &why));
    assert_int_equal((unsigned char)out.data[3], 0x8A); /* self-relative, SACL auto-inherited and required */
    buffer_free(&out);
}

static void broken_sddl_is_refused_with_a_reason(void **state)
{
    static const char *const bad[][2] = {
        {"X:BA", "parts are"}, {"O", "parts are"}, {"O:ZZ", "an account is"}, {"O:S-1-", "an account is"},
        {"O:S-1-5-4294967296", "an account is"}, {"D:(X;;GA;;;BA)", "type is"}, {"D:(A;ZZ;GA;;;BA)", "flags are"},
        {"D:(A;;ZZ;;;BA)", "rights are"}, {"D:(A;;0x100000000;;;BA)", "rights are"}, {"D:(A;;GA;x;;BA)", "object types"},
        {"D:(A;;GA;;;BA", "not closed"}, {"D:D:", "written once"},
        {"O:S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", "an account is"}};
    struct buffer out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = NULL;
        assert_false(inf_security_descriptor(bad[i][0], &out, &why));
        if (!strstr(why, bad[i][1]))
            print_message("%s: %s\n", bad[i][0], why);
        assert_non_null(strstr(why, bad[i][1]));
    }
    for (unsigned extra = 0; extra < 2; extra++) { /* 64 entries fit, 65 do not */
        struct buffer text = {0};
        const char *why = NULL;
        buffer_append_text(&text, "D:");
        for (unsigned i = 0; i < 64 + extra; i++)
            buffer_append_text(&text, "(A;;GA;;;S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15)");
        assert_int_equal(inf_security_descriptor(buffer_text(&text), &out, &why), extra == 0);
        buffer_free(&text);
    }
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_depends_on_content_alone),
        cmocka_unit_test(names_compare_without_case_and_keep_their_first_form),
        cmocka_unit_test(deletions_of_what_the_file_did_not_make_are_refused),
        cmocka_unit_test(paths_hold_at_the_limit_and_not_past_it),
        cmocka_unit_test(a_difference_turns_one_into_the_other),
        cmocka_unit_test(sddl_becomes_a_self_relative_descriptor),
        cmocka_unit_test(broken_sddl_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
