/* SPDX-License-Identifier: MIT */
/*
 * Registry: Zw routines and their statuses, limits, RtlQueryRegistryValues with every flag, the forms that
 * DSMs use, .reg round trip, and the house-side helpers.
 */
#include <stdlib.h>

#include "harness2.h"

#include "nt/registry.h"
#include "nt/rtl.h"
#include "text/buffer.h"
#include "text/text_error.h"

#define SERVICES u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static UNICODE_STRING name_of(const WCHAR *text)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, text);
    return name;
}

static NTSTATUS open_at(HANDLE root, const WCHAR *path, BOOLEAN create, ULONG options, HANDLE *key, ULONG *how)
{
    UNICODE_STRING name = name_of(path);
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, root, NULL);
    return create ? ZwCreateKey(key, KEY_ALL_ACCESS, &attributes, 0, NULL, options, how)
                  : ZwOpenKey(key, KEY_QUERY_VALUE, &attributes);
}

static NTSTATUS set(HANDLE key, const WCHAR *value, ULONG type, const VOID *data, ULONG length)
{
    UNICODE_STRING name = name_of(value);
    return ZwSetValueKey(key, &name, 0, type, (PVOID)data, length);
}

static HANDLE new_key(const WCHAR *path)
{
    HANDLE key = NULL;
    CHECK(open_at(NULL, path, TRUE, 0, &key, NULL) == STATUS_SUCCESS);
    return key;
}

static void keys_open_create_and_delete(void)
{
    HANDLE vendor, sub, again;
    ULONG how;

    CHECK(open_at(NULL, SERVICES u"x\\y", FALSE, 0, &sub, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(open_at(NULL, SERVICES u"x", TRUE, 0, &vendor, &how) == STATUS_SUCCESS && how == REG_CREATED_NEW_KEY);
    CHECK(open_at(vendor, u"a\\b", TRUE, 0, &sub, &how) == STATUS_SUCCESS && how == REG_CREATED_NEW_KEY);
    CHECK(open_at(NULL, u"\\REGISTRY\\machine\\SYSTEM\\ControlSet001\\services\\X\\A\\B", FALSE, 0, &again, NULL) ==
          STATUS_SUCCESS);
    CHECK(open_at(vendor, u"A", TRUE, 0, &again, &how) == STATUS_SUCCESS && how == REG_OPENED_EXISTING_KEY);
    CHECK(ZwDeleteKey(vendor) == STATUS_CANNOT_DELETE);
    CHECK(ZwDeleteKey(sub) == STATUS_SUCCESS);
    CHECK(set(sub, u"v", REG_DWORD, &how, 4) == STATUS_KEY_DELETED);
    CHECK(ZwDeleteKey(sub) == STATUS_KEY_DELETED);
    CHECK(open_at(vendor, u"a\\b", FALSE, 0, &again, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwClose(sub) == STATUS_SUCCESS);
    CHECK(ZwFlushKey(vendor) == STATUS_SUCCESS);
    CHECK(ZwClose(vendor) == STATUS_SUCCESS);
    CHECK(ZwFlushKey(vendor) == STATUS_INVALID_HANDLE);
    CHECK(open_at(NULL, u"no backslash", FALSE, 0, &sub, NULL) == STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK(open_at(NULL, u"\\Elsewhere", TRUE, 0, &sub, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(open_at(NULL, u"\\Registry\\\\x", TRUE, 0, &sub, NULL) == STATUS_OBJECT_NAME_INVALID);
}

static void sub_keys_enumerate_in_order_of_name(void)
{
    HANDLE top = new_key(SERVICES u"order"), sub;
    struct { KEY_BASIC_INFORMATION info; WCHAR room[16]; } basic;
    ULONG length;

    open_at(top, u"beta", TRUE, 0, &sub, NULL);
    open_at(top, u"Gamma", TRUE, 0, &sub, NULL);
    open_at(top, u"ALPHA", TRUE, 0, &sub, NULL);
    const WCHAR *expected[] = {u"ALPHA", u"beta", u"Gamma"};
    for (ULONG i = 0; i < 3; i++) {
        CHECK(ZwEnumerateKey(top, i, KeyBasicInformation, &basic, sizeof(basic), &length) == STATUS_SUCCESS);
        CHECK(basic.info.NameLength == NtTextLength(expected[i]) * 2);
        CHECK(memcmp(basic.info.Name, expected[i], basic.info.NameLength) == 0 && length == 16 + basic.info.NameLength);
    }
    CHECK(ZwEnumerateKey(top, 3, KeyBasicInformation, &basic, sizeof(basic), &length) == STATUS_NO_MORE_ENTRIES);
    CHECK(ZwEnumerateKey(top, 0, KeyBasicInformation, &basic, 15, &length) == STATUS_BUFFER_TOO_SMALL && length == 26);
    CHECK(ZwEnumerateKey(top, 0, KeyBasicInformation, &basic, 16, &length) == STATUS_BUFFER_OVERFLOW && length == 26);
    CHECK(ZwEnumerateKey(top, 0, KeyBasicInformation, NULL, 0, &length) == STATUS_BUFFER_TOO_SMALL && length == 26);
}

static void full_information_counts(void)
{
    HANDLE top = new_key(SERVICES u"full"), sub;
    KEY_FULL_INFORMATION full;
    struct { KEY_NAME_INFORMATION info; WCHAR room[100]; } path;
    ULONG length, number = 1;

    open_at(top, u"twelve_chars", TRUE, 0, &sub, NULL);
    set(top, u"abc", REG_DWORD, &number, 4);
    set(top, u"abcdef", REG_BINARY, "1234567", 7);
    CHECK(ZwQueryKey(top, KeyFullInformation, &full, sizeof(full), &length) == STATUS_SUCCESS);
    CHECK(full.SubKeys == 1 && full.MaxNameLen == 24 && full.Values == 2 && full.MaxValueNameLen == 12 &&
          full.MaxValueDataLen == 7 && full.ClassLength == 0);
    CHECK(ZwQueryKey(top, KeyNameInformation, &path, sizeof(path), &length) == STATUS_SUCCESS);
    CHECK(path.info.NameLength == 112 && path.info.Name[0] == '\\' && ((PWSTR)((PUCHAR)&path + 4))[55] == 'l');
    CHECK(ZwQueryKey(top, (KEY_INFORMATION_CLASS)99, &full, sizeof(full), &length) == STATUS_INVALID_PARAMETER);
}

/* The way DSMs read: a stack buffer with the head and one number. */
static void partial_information_as_dsms_read_it(void)
{
    HANDLE key = new_key(SERVICES u"msdsm\\Parameters");
    struct { KEY_VALUE_PARTIAL_INFORMATION info; UCHAR room[8]; } partial;
    UNICODE_STRING name = name_of(u"DsmPreferredPath");
    ULONGLONG path = 0x1122334455667788ull, back;
    ULONG length;

    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, sizeof(partial), &length) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(set(key, u"dsmpreferredpath", REG_BINARY, &path, 8) == STATUS_SUCCESS);
    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, sizeof(partial), &length) == STATUS_SUCCESS);
    memcpy(&back, (PUCHAR)&partial + 12, 8);
    CHECK(length == 20 && partial.info.DataLength == 8 && partial.info.Type == REG_BINARY && back == path);
    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, 11, &length) == STATUS_BUFFER_TOO_SMALL);
    memset(&partial, 0xEE, sizeof(partial));
    CHECK(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &partial, 16, &length) == STATUS_BUFFER_OVERFLOW);
    CHECK(length == 20 && ((PUCHAR)&partial)[15] == 0x55 && ((PUCHAR)&partial)[16] == 0xEE);
    CHECK(ZwDeleteValueKey(key, &name) == STATUS_SUCCESS);
    CHECK(ZwDeleteValueKey(key, &name) == STATUS_OBJECT_NAME_NOT_FOUND);
}

static void values_enumerate_in_order_of_creation(void)
{
    HANDLE key = new_key(SERVICES u"values");
    union { KEY_VALUE_BASIC_INFORMATION basic; KEY_VALUE_FULL_INFORMATION full; UCHAR room[64]; } u;
    ULONG length, number = 7;

    set(key, u"zeta", REG_DWORD, &number, 4);
    set(key, u"a", REG_DWORD, &number, 4);
    set(key, u"", REG_NONE, NULL, 0);
    CHECK(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, &u, sizeof(u), &length) == STATUS_SUCCESS &&
          u.basic.NameLength == 8 && u.basic.Name[0] == 'z');
    CHECK(ZwEnumerateValueKey(key, 1, KeyValueFullInformation, &u, sizeof(u), &length) == STATUS_SUCCESS &&
          u.full.DataOffset == 24 && *(PULONG)(u.room + 24) == 7 && length == 28);
    CHECK(ZwEnumerateValueKey(key, 2, KeyValueBasicInformation, &u, sizeof(u), &length) == STATUS_SUCCESS &&
          u.basic.NameLength == 0);
    CHECK(ZwEnumerateValueKey(key, 3, KeyValueBasicInformation, &u, sizeof(u), &length) == STATUS_NO_MORE_ENTRIES);
}

static void limits_and_one_past_them(void)
{
    static WCHAR text[REGISTRY_VALUE_NAME + 2];
    static UCHAR data[REGISTRY_VALUE_DATA + 1];
    HANDLE key = new_key(SERVICES u"limits"), sub, deep;
    UNICODE_STRING name = {0, sizeof(text) - 2, text};
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status = STATUS_SUCCESS;
    int depth = 6;

    for (ULONG i = 0; i < RTL_NUMBER_OF(text); i++) {
        text[i] = 'n';
    }
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, key, NULL);
    name.Length = REGISTRY_KEY_NAME * 2;
    CHECK(ZwCreateKey(&sub, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL) == STATUS_SUCCESS);
    name.Length += 2;
    CHECK(ZwCreateKey(&sub, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL) == STATUS_INVALID_PARAMETER);
    name.Length = REGISTRY_VALUE_NAME * 2;
    CHECK(ZwSetValueKey(key, &name, 0, REG_BINARY, data, REGISTRY_VALUE_DATA) == STATUS_SUCCESS);
    CHECK(ZwSetValueKey(key, &name, 0, REG_BINARY, data, REGISTRY_VALUE_DATA + 1) == STATUS_INSUFFICIENT_RESOURCES);
    name.Length += 2;
    CHECK(ZwSetValueKey(key, &name, 0, REG_BINARY, data, 1) == STATUS_INVALID_PARAMETER);
    for (deep = key; NT_SUCCESS(status); depth++) {
        status = open_at(deep, u"d", TRUE, 0, &deep, NULL);
    }
    CHECK(status == STATUS_NAME_TOO_LONG && depth - 1 == (int)REGISTRY_DEPTH);
}

static void volatile_keys_have_volatile_children(void)
{
    HANDLE key, sub;

    CHECK(open_at(NULL, SERVICES u"vol", TRUE, REG_OPTION_VOLATILE, &key, NULL) == STATUS_SUCCESS);
    CHECK(open_at(key, u"sub", TRUE, 0, &sub, NULL) == STATUS_CHILD_MUST_BE_VOLATILE);
    CHECK(open_at(key, u"sub", TRUE, REG_OPTION_VOLATILE, &sub, NULL) == STATUS_SUCCESS);
}

/* ---- RtlQueryRegistryValues ------------------------------------------------------------------------- */

static char calls[512];

static NTSTATUS note(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context, PVOID entry)
{
    size_t used = strlen(calls);

    CHECK(context == (PVOID)0x77);
    used += (size_t)snprintf(calls + used, sizeof(calls) - used, "%s", entry != NULL ? (char *)entry : "");
    for (ULONG i = 0; name != NULL && name[i] != 0; i++) {
        used += (size_t)snprintf(calls + used, sizeof(calls) - used, "%c", name[i]);
    }
    used += (size_t)snprintf(calls + used, sizeof(calls) - used, ":%u:%u", type, length);
    if (type == REG_SZ || type == REG_EXPAND_SZ) {
        used += (size_t)snprintf(calls + used, sizeof(calls) - used, "=");
        for (ULONG i = 0; ((PWSTR)data)[i] != 0; i++) {
            used += (size_t)snprintf(calls + used, sizeof(calls) - used, "%c", ((PWSTR)data)[i]);
        }
    }
    snprintf(calls + used, sizeof(calls) - used, " ");
    return STATUS_SUCCESS;
}

static NTSTATUS query(RTL_QUERY_REGISTRY_TABLE *table)
{
    calls[0] = '\0';
    return RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"q", table, (PVOID)0x77, NULL);
}

static void make_query_key(void)
{
    static const WCHAR multi[] = u"one\0two\0", expand[] = u"%SystemRoot%\\x %nope%";
    ULONG number = 42;
    HANDLE key = new_key(SERVICES u"q");

    set(key, u"d", REG_DWORD, &number, 4);
    set(key, u"m", REG_MULTI_SZ, multi, sizeof(multi));
    set(key, u"e", REG_EXPAND_SZ, expand, sizeof(expand));
    key = new_key(SERVICES u"q\\sub");
    set(key, u"s", REG_SZ, u"text", 10);
    ZwClose(key);
}

static void routine_is_called_with_split_and_expanded_values(void)
{
    RTL_QUERY_REGISTRY_TABLE all[] = {{.QueryRoutine = note}, {0}};
    RTL_QUERY_REGISTRY_TABLE raw[] = {{note, RTL_QUERY_REGISTRY_NOEXPAND, u"m", "raw-", 0, NULL, 0},
                                      {note, RTL_QUERY_REGISTRY_NOEXPAND, u"e", NULL, 0, NULL, 0}, {0}};

    make_query_key();
    CHECK(query(all) == STATUS_SUCCESS);
    CHECK(strcmp(calls, "d:4:4 m:1:8=one m:1:8=two e:1:40=C:\\Windows\\x %nope% ") == 0);
    CHECK(query(raw) == STATUS_SUCCESS);
    CHECK(strcmp(calls, "raw-m:7:18 e:2:44=%SystemRoot%\\x %nope% ") == 0);
}

static void sub_key_top_key_no_value_and_delete(void)
{
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, RTL_QUERY_REGISTRY_SUBKEY, u"sub", NULL, 0, NULL, 0},
        {note, 0, u"s", NULL, 0, NULL, 0},
        {note, RTL_QUERY_REGISTRY_NOVALUE, NULL, "novalue", 0, NULL, 0},
        {note, RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_DELETE, u"d", NULL, 0, NULL, 0},
        {note, 0, u"d", NULL, REG_SZ, (PVOID)u"gone", 0},
        {0}};
    RTL_QUERY_REGISTRY_TABLE missing[] = {{note, RTL_QUERY_REGISTRY_SUBKEY, u"nosub", NULL, 0, NULL, 0}, {0}};

    make_query_key();
    CHECK(query(table) == STATUS_SUCCESS);
    CHECK(strcmp(calls, "s:1:10=text novalue:0:0 d:4:4 d:1:10=gone ") == 0);
    CHECK(query(missing) == STATUS_OBJECT_NAME_NOT_FOUND);
}

static void direct_forms_of_dsms(void)
{
    ULONG number = 0;
    UNICODE_STRING list = {0};
    WCHAR small[4];
    UNICODE_STRING full = {0, sizeof(small), small};
    struct { LONG size; UCHAR rest[20]; } binary = {.size = -8};
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK, u"d",
         &number, (REG_DWORD << 24) | REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_NOEXPAND | RTL_QUERY_REGISTRY_TYPECHECK, u"m",
         &list, (REG_MULTI_SZ << 24) | REG_MULTI_SZ, (PVOID)u"\0", 4},
        {0}, {0}};

    make_query_key();
    CHECK(query(table) == STATUS_SUCCESS && number == 42);
    CHECK(list.Length == 16 && list.MaximumLength == 18 && memcmp(list.Buffer, u"one\0two\0", 18) == 0);
    ExFreePool(list.Buffer);
    table[0].Name = u"e";
    CHECK(query(table) == STATUS_OBJECT_TYPE_MISMATCH);
    table[0].Name = u"absent";
    CHECK(query(table) == STATUS_OBJECT_NAME_NOT_FOUND);
    table[0].DefaultType = (REG_DWORD << 24) | REG_DWORD;
    table[0].DefaultData = &number;
    table[0].DefaultLength = 4;
    CHECK(query(table) == STATUS_OBJECT_NAME_NOT_FOUND); /* REQUIRED: no default */
    list = (UNICODE_STRING){0};
    number = 9;
    ULONG target = 0;
    table[0].EntryContext = &target;
    table[0].Flags &= ~RTL_QUERY_REGISTRY_REQUIRED;
    table[1].Name = u"absent";
    CHECK(query(table) == STATUS_SUCCESS && target == 9);
    CHECK(list.Length == 2 && list.Buffer != NULL);
    ExFreePool(list.Buffer);
    RTL_QUERY_REGISTRY_TABLE tight[] = {{NULL, RTL_QUERY_REGISTRY_DIRECT, u"m", &full, 0, NULL, 0}, {0}};
    CHECK(query(tight) == STATUS_BUFFER_TOO_SMALL);
    RTL_QUERY_REGISTRY_TABLE wrong[] = {{note, RTL_QUERY_REGISTRY_DIRECT, u"m", &full, 0, NULL, 0}, {0}};
    CHECK(query(wrong) == STATUS_INVALID_PARAMETER);
    RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"q", u"b", REG_BINARY, "12345678", 8);
    RTL_QUERY_REGISTRY_TABLE bytes[] = {{NULL, RTL_QUERY_REGISTRY_DIRECT, u"b", &binary, 0, NULL, 0}, {0}};
    CHECK(query(bytes) == STATUS_SUCCESS && memcmp(&binary, "12345678", 8) == 0);
    binary.size = 16;
    CHECK(query(bytes) == STATUS_SUCCESS && binary.size == 8 && memcmp(binary.rest + 4, "12345678", 8) == 0);
    binary.size = 15;
    CHECK(query(bytes) == STATUS_BUFFER_TOO_SMALL);
}

static void relative_roots_handle_and_optional(void)
{
    HANDLE key;
    ULONG number = 5, back = 0;
    RTL_QUERY_REGISTRY_TABLE table[] = {{NULL, RTL_QUERY_REGISTRY_DIRECT, u"n", &back, 0, NULL, 0}, {0}};

    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_CONTROL, u"MPDEV") == STATUS_SUCCESS);
    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, u"r\\s") == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, u"r\\s") == STATUS_SUCCESS);
    CHECK(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"r\\s", u"n", REG_DWORD, &number, 4) == STATUS_SUCCESS);
    CHECK(open_at(NULL, SERVICES u"r\\s", FALSE, 0, &key, NULL) == STATUS_SUCCESS);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)key, table, NULL, NULL) == STATUS_SUCCESS && back == 5);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)(ULONG_PTR)0xFFFC, table, NULL, NULL) == STATUS_INVALID_HANDLE);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, SERVICES u"none", table, NULL, NULL) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE | RTL_REGISTRY_OPTIONAL, SERVICES u"none", table, NULL,
                                 NULL) == STATUS_SUCCESS);
    CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"r\\s", u"n") == STATUS_SUCCESS);
    CHECK(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"r\\s", u"n") == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(RtlCheckRegistryKey(RTL_REGISTRY_MAXIMUM, u"x") == STATUS_INVALID_PARAMETER);
}

static void zw_above_passive(void)
{
    HANDLE key;
    KfRaiseIrql(APC_LEVEL);
    open_at(NULL, SERVICES u"x", TRUE, 0, &key, NULL);
}

#define LIVES(name)                                                                                  \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_success(name, 1);                                                                     \
    }
LIVES(keys_open_create_and_delete)
LIVES(sub_keys_enumerate_in_order_of_name)
LIVES(full_information_counts)
LIVES(partial_information_as_dsms_read_it)
LIVES(values_enumerate_in_order_of_creation)
LIVES(limits_and_one_past_them)
LIVES(volatile_keys_have_volatile_children)
LIVES(routine_is_called_with_split_and_expanded_values)
LIVES(sub_key_top_key_no_value_and_delete)
LIVES(direct_forms_of_dsms)
LIVES(relative_roots_handle_and_optional)

static void test_zw_above_passive(void **state)
{
    (void)state;
    expect_rule(zw_above_passive, 1, RULE_IRQL_ROUTINE);
}

/* ---- .reg text and helpers, from outside ---------------------------------------------------------------- */

#define HKLM_SERVICE "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\vendor"

static void reg_text_round_trip(void **state)
{
    static const char text[] = "Windows Registry Editor Version 5.00\r\n\r\n[" HKLM_SERVICE "\\Parameters]\r\n"
                               "\"n\"=dword:0000001f\r\n\"s\"=\"a \\\\ \\\" b\"\r\n\"b\"=hex:01,02,ff\r\n"
                               "\"m\"=hex(7):6f,00,00,00,00,00\r\n@=\"default\"\r\n";
    struct harness h = harness_begin();
    struct buffer first = {0}, second = {0};
    struct text_error error = {0};
    uint32_t number = 0;

    (void)state;
    assert_true(nt_registry_load(h.machine, "x.reg", text, sizeof(text) - 1, &error));
    assert_true(nt_registry_get_dword(h.machine, HKLM_SERVICE "\\parameters", "N", &number));
    assert_int_equal(number, 0x1f);
    assert_true(nt_registry_save(h.machine, HKLM_SERVICE, &first));
    assert_non_null(strstr(buffer_text(&first), "\"n\"=dword:0000001f"));
    static const char gone[] = "Windows Registry Editor Version 5.00\r\n[-" HKLM_SERVICE "]\r\n";
    assert_true(nt_registry_load(h.machine, "y.reg", gone, sizeof(gone) - 1, &error));
    assert_false(nt_registry_get_dword(h.machine, HKLM_SERVICE "\\parameters", "n", &number));
    assert_true(nt_registry_load(h.machine, "z.reg", first.data, first.length, &error));
    assert_true(nt_registry_save(h.machine, HKLM_SERVICE, &second));
    assert_string_equal(buffer_text(&first), buffer_text(&second));
    buffer_free(&first);
    buffer_free(&second);
    harness_end(&h);
}

static void reg_text_with_a_wrong_hive_names_its_line(void **state)
{
    static const char text[] = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_ELSEWHERE\\x]\r\n";
    struct harness h = harness_begin();
    struct text_error error = {0};

    (void)state;
    assert_false(nt_registry_load(h.machine, "x.reg", text, sizeof(text) - 1, &error));
    assert_int_equal(error.line, 3);
    assert_non_null(strstr(error.message, "HKEY_LOCAL_MACHINE"));
    harness_end(&h);
}

static void helpers_set_and_append(void **state)
{
    struct harness h = harness_begin();
    struct buffer out = {0};

    (void)state;
    assert_true(nt_registry_set_text(h.machine, HKLM_SERVICE, "t", "text"));
    assert_true(nt_registry_set_dword(h.machine, HKLM_SERVICE, "d", 7));
    assert_true(nt_registry_add_multi(h.machine, HKLM_SERVICE, "m", "a"));
    assert_true(nt_registry_add_multi(h.machine, HKLM_SERVICE, "m", "b"));
    assert_false(nt_registry_add_multi(h.machine, HKLM_SERVICE, "m", ""));
    assert_false(nt_registry_set_text(h.machine, "HKEY_NOWHERE\\x", "t", "text"));
    assert_false(nt_registry_set_text(h.machine, HKLM_SERVICE, "t", "\xff"));
    assert_true(nt_registry_save(h.machine, HKLM_SERVICE, &out));
    assert_non_null(strstr(buffer_text(&out), "\"m\"=hex(7):61,00,00,00,62,00,00,00,00,00"));
    assert_non_null(strstr(buffer_text(&out), "\"t\"=\"text\""));
    buffer_free(&out);
    harness_end(&h);
}

int main(void)
{
#define T(name) cmocka_unit_test(test_##name)
    const struct CMUnitTest tests[] = {
        T(keys_open_create_and_delete), T(sub_keys_enumerate_in_order_of_name), T(full_information_counts),
        T(partial_information_as_dsms_read_it), T(values_enumerate_in_order_of_creation),
        T(limits_and_one_past_them), T(volatile_keys_have_volatile_children),
        T(routine_is_called_with_split_and_expanded_values), T(sub_key_top_key_no_value_and_delete),
        T(direct_forms_of_dsms), T(relative_roots_handle_and_optional), T(zw_above_passive),
        cmocka_unit_test(reg_text_round_trip), cmocka_unit_test(reg_text_with_a_wrong_hive_names_its_line),
        cmocka_unit_test(helpers_set_and_append),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
