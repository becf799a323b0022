/* SPDX-License-Identifier: MIT */
/*
 * Strings, numbers, GUIDs, versions; and debug output, assertions, event log and WMI registrations.
 */
#include "harness2.h"

#include "nt/debug.h"
#include "nt/rtl.h"

static UNICODE_STRING name_of(PCWSTR text)
{
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, text);
    return name;
}

static void init_and_copy(void)
{
    static WCHAR long_text[40001];
    UNICODE_STRING s = name_of(u"abc"), t;
    WCHAR room[4];
    ANSI_STRING a;

    CHECK(s.Length == 6 && s.MaximumLength == 8);
    RtlInitUnicodeString(&t, NULL);
    CHECK(t.Length == 0 && t.MaximumLength == 0 && t.Buffer == NULL);
    for (int i = 0; i < 40000; i++) {
        long_text[i] = 'x';
    }
    t = name_of(long_text);
    CHECK(t.Length == 65532 && t.MaximumLength == 65534);
    RtlInitAnsiString(&a, "abcd");
    CHECK(a.Length == 4 && a.MaximumLength == 5);
    t = (UNICODE_STRING){0, 8, room};
    RtlCopyUnicodeString(&t, &s);
    CHECK(t.Length == 6 && room[3] == 0);
    t.MaximumLength = 4;
    RtlCopyUnicodeString(&t, &s);
    CHECK(t.Length == 4);
    RtlCopyUnicodeString(&t, NULL);
    CHECK(t.Length == 0);
}

static void append_to_the_limit_and_one_past_it(void)
{
    WCHAR room[5] = {0, 0, 0, 0, 0x7777};
    UNICODE_STRING t = {0, 8, room}, s = name_of(u"ab");

    CHECK(RtlAppendUnicodeStringToString(&t, &s) == STATUS_SUCCESS && t.Length == 4);
    CHECK(RtlAppendUnicodeToString(&t, u"cd") == STATUS_SUCCESS && t.Length == 8 && room[4] == 0x7777);
    CHECK(RtlAppendUnicodeToString(&t, u"e") == STATUS_BUFFER_TOO_SMALL && t.Length == 8);
    CHECK(RtlAppendUnicodeToString(&t, NULL) == STATUS_SUCCESS);
}

static void compare_prefix_and_hash(void)
{
    UNICODE_STRING a = name_of(u"Msdsm\u00e9"), b = name_of(u"mSDSM\u00c9"), p = name_of(u"MSD");
    ANSI_STRING x, y;
    ULONG h1, h2;

    CHECK(RtlEqualUnicodeString(&a, &b, TRUE) && !RtlEqualUnicodeString(&a, &b, FALSE));
    CHECK(RtlCompareUnicodeString(&a, &b, TRUE) == 0 && RtlCompareUnicodeString(&a, &b, FALSE) < 0);
    CHECK(RtlPrefixUnicodeString(&p, &a, TRUE) && !RtlPrefixUnicodeString(&p, &a, FALSE));
    CHECK(!RtlPrefixUnicodeString(&a, &p, TRUE));
    CHECK(RtlCompareUnicodeStrings(u"abc", 2, u"abd", 2, FALSE) == 0);
    CHECK(RtlCompareUnicodeStrings(u"abc", 3, u"ab", 2, FALSE) > 0);
    RtlInitAnsiString(&x, "aBc");
    RtlInitAnsiString(&y, "AbC");
    CHECK(RtlEqualString(&x, &y, TRUE) && !RtlEqualString(&x, &y, FALSE));
    CHECK(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_X65599, &h1) == STATUS_SUCCESS);
    CHECK(RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &h2) == STATUS_SUCCESS && h1 == h2);
    CHECK(RtlHashUnicodeString(&b, TRUE, 2, &h2) == STATUS_INVALID_PARAMETER);
    CHECK(RtlCompareMemory("abcd", "abXd", 4) == 2 && RtlCompareMemory("a", "a", 1) == 1);
}

static void case_maps_both_ways(void)
{
    CHECK(NtUpcase('z') == 'Z' && NtUpcase(0xF7) == 0xF7 && NtUpcase(0xFF) == 0x178 && NtUpcase(0x451) == 0x401);
    CHECK(NtUpcase(0x3C9) == 0x3A9 && NtUpcase(0x17E) == 0x17D && NtUpcase(0x17D) == 0x17D && NtUpcase(0x133) == 0x132);
    for (ULONG c = 0; c < 0x10000; c++) {
        CHECK(NtUpcase(NtUpcase((WCHAR)c)) == NtUpcase((WCHAR)c));
        CHECK(NtUpcase(NtDowncase((WCHAR)c)) == NtUpcase((WCHAR)c));
    }
}

static void ansi_and_unicode(void)
{
    ANSI_STRING ansi, back = {0};
    UNICODE_STRING wide = {0}, upper = {0};
    WCHAR room[4];
    CHAR narrow[3];

    RtlInitAnsiString(&ansi, "a\x80\xe9");
    CHECK(RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE) == STATUS_SUCCESS);
    CHECK(wide.Length == 6 && wide.Buffer[1] == 0x20AC && wide.Buffer[2] == 0xE9 && wide.Buffer[3] == 0);
    CHECK(RtlUnicodeStringToAnsiString(&back, &wide, TRUE) == STATUS_SUCCESS);
    CHECK(back.Length == 3 && memcmp(back.Buffer, "a\x80\xe9", 4) == 0);
    CHECK(RtlUpcaseUnicodeString(&upper, &wide, TRUE) == STATUS_SUCCESS && upper.Buffer[0] == 'A');
    RtlFreeUnicodeString(&upper);
    RtlFreeUnicodeString(&wide);
    RtlFreeAnsiString(&back);
    CHECK(wide.Buffer == NULL && back.Length == 0);
    wide = (UNICODE_STRING){0, 8, room};
    CHECK(RtlAnsiStringToUnicodeString(&wide, &ansi, FALSE) == STATUS_SUCCESS);
    wide.MaximumLength = 7;
    CHECK(RtlAnsiStringToUnicodeString(&wide, &ansi, FALSE) == STATUS_BUFFER_OVERFLOW);
    back = (ANSI_STRING){0, 3, narrow};
    CHECK(RtlUnicodeStringToAnsiString(&back, &wide, FALSE) == STATUS_BUFFER_OVERFLOW && back.Length == 2);
}

static void numbers(void)
{
    static const struct { PCWSTR text; ULONG base, value; } cases[] = {
        {u"42", 0, 42}, {u"  -1", 10, 0xFFFFFFFF}, {u"0x1F", 0, 31}, {u"0b101", 0, 5}, {u"0o17", 0, 15},
        {u"ff", 16, 255}, {u"12x", 10, 12}, {u"", 10, 0}, {u"4294967296", 10, 0}, {u"19", 8, 1}};
    WCHAR room[12];
    UNICODE_STRING text = {0, sizeof(room), room}, s;
    ULONG value = 1;

    for (ULONG i = 0; i < RTL_NUMBER_OF(cases); i++) {
        s = name_of(cases[i].text);
        CHECK(RtlUnicodeStringToInteger(&s, cases[i].base, &value) == STATUS_SUCCESS && value == cases[i].value);
    }
    CHECK(RtlUnicodeStringToInteger(&s, 3, &value) == STATUS_INVALID_PARAMETER);
    CHECK(RtlCharToInteger("0x10", 0, &value) == STATUS_SUCCESS && value == 16);
    CHECK(RtlIntegerToUnicodeString(0xBEEF, 16, &text) == STATUS_SUCCESS && text.Length == 8 && room[0] == 'B' && room[4] == 0);
    text.MaximumLength = 6;
    CHECK(RtlIntegerToUnicodeString(0xBEEF, 16, &text) == STATUS_BUFFER_OVERFLOW);
    CHECK(RtlInt64ToUnicodeString(123, 0, &text) == STATUS_SUCCESS && text.Length == 6);
    CHECK(RtlIntegerToUnicodeString(1, 7, &text) == STATUS_INVALID_PARAMETER);
}

static void guid_text_round_trip(void)
{
    GUID guid = {0xdedadff5, 0xf99f, 0x4600, {0xb8, 0xc9, 0x2d, 0x4d, 0x9b, 0x80, 0x6b, 0x5b}}, back;
    UNICODE_STRING text, bad = name_of(u"{dedadff5-f99f-4600-b8c9-2d4d9b806b5g}");

    CHECK(RtlStringFromGUID(&guid, &text) == STATUS_SUCCESS);
    CHECK(text.Length == 76 && memcmp(text.Buffer, u"{DEDADFF5-F99F-4600-B8C9-2D4D9B806B5B}", 78) == 0);
    CHECK(RtlGUIDFromString(&text, &back) == STATUS_SUCCESS && memcmp(&guid, &back, sizeof(guid)) == 0);
    text.Length = 74;
    CHECK(RtlGUIDFromString(&text, &back) == STATUS_INVALID_PARAMETER);
    CHECK(RtlGUIDFromString(&bad, &back) == STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&text);
}

static void version_and_conditions(void)
{
    RTL_OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof(info)};
    ULONGLONG at_least = VerSetConditionMask(
        VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL), VER_MINORVERSION, VER_GREATER_EQUAL);

    CHECK(RtlGetVersion((PRTL_OSVERSIONINFOW)&info) == STATUS_SUCCESS);
    CHECK(info.dwMajorVersion == 10 && info.dwMinorVersion == 0 && info.dwBuildNumber == 14393 && info.wProductType == VER_NT_SERVER);
    info.dwMajorVersion = 6;
    info.dwMinorVersion = 3; /* 10.0 >= 6.3: the minor version is not looked at */
    CHECK(RtlVerifyVersionInfo(&info, VER_MAJORVERSION | VER_MINORVERSION, at_least) == STATUS_SUCCESS);
    info.dwMajorVersion = 10;
    CHECK(RtlVerifyVersionInfo(&info, VER_MAJORVERSION | VER_MINORVERSION, at_least) == STATUS_REVISION_MISMATCH);
    info.dwMinorVersion = 0;
    CHECK(RtlVerifyVersionInfo(&info, VER_MAJORVERSION | VER_MINORVERSION, at_least) == STATUS_SUCCESS);
    CHECK(RtlVerifyVersionInfo(&info, 0, at_least) == STATUS_INVALID_PARAMETER);
}

static char said[512];

static void listener(void *user, const char *component, unsigned level, const char *text)
{
    size_t used = strlen(said);
    (void)user;
    snprintf(said + used, sizeof(said) - used, "%s/%u/%s;", component, level, text);
}

static void debug_output(void)
{
    ULONGLONG lines = NtDebugLineCount(NtKernel()), traced;

    said[0] = '\0';
    nt_on_message(machine_now(), listener, NULL);
    DbgPrint("one %d\ntwo %ws\n", 1, u"2");
    traced = trace_count(world_fibre->world);
    DbgPrintEx(DPFLTR_MSDSM_ID, DPFLTR_INFO_LEVEL, "said, not traced");
    CHECK(trace_count(world_fibre->world) == traced);
    DbgPrintEx(DPFLTR_MSDSM_ID, DPFLTR_ERROR_LEVEL, "error");
    CHECK(trace_count(world_fibre->world) == traced + 1);
    RtlAssert("a == b", "f.c", 3, NULL);
    CHECK(strcmp(said, "vendor/4/one 1;vendor/4/two 2;vendor/4/said, not traced;"
                       "vendor/2/error;vendor/2/Assertion failed: a == b, file f.c, line 3;") == 0);
    CHECK(NtDebugAssertCount(NtKernel()) == 1);
    CHECK(strcmp(NtDebugLineAt(NtKernel(), lines)->Text, "one 1") == 0);
    nt_on_message(machine_now(), NULL, NULL);
}

static void c_formatting_of_the_kernel(void)
{
    WCHAR wide[4] = {9, 9, 9, 9};
    CHAR narrow[4];

    CHECK(_snwprintf(wide, 4, u"%s", u"abc") == 3 && wide[3] == 0);
    CHECK(_snwprintf(wide, 3, u"%S", "xyz") == 3 && wide[2] == 'z');
    CHECK(_snwprintf(wide, 3, u"abcd") == -1 && wide[0] == 'a');
    CHECK(_snprintf(narrow, 4, "%ws", u"abc") == 3 && narrow[3] == 0);
    CHECK(_snprintf(narrow, 3, "abcd") == -1);
}

static void log_ring_keeps_the_last_4096(void)
{
    struct { IO_ERROR_LOG_PACKET packet; WCHAR text[8]; } *entry;
    const struct nt_log_entry *last;

    for (int i = 0; i < 4097; i++) {
        NtLogEvent((ULONG)i, "mpio", "event %d", i);
    }
    CHECK(nt_log_count(machine_now()) == 4097 && nt_log_at(machine_now(), 0) == NULL);
    CHECK(nt_log_at(machine_now(), 1)->id == 1 && nt_log_at(machine_now(), 4097) == NULL);
    CHECK(strcmp(nt_log_at(machine_now(), 4096)->text, "event 4096") == 0);
    entry = IoAllocateErrorLogEntry(NtContext()->Call->Driver, sizeof(*entry));
    CHECK(entry != NULL);
    entry->packet.ErrorCode = (NTSTATUS)0xC0040003;
    entry->packet.NumberOfStrings = 1;
    entry->packet.StringOffset = FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData);
    for (int i = 0; i < 12; i++) { /* no terminator before the end of the packet */
        ((PWSTR)((PUCHAR)entry + entry->packet.StringOffset))[i % 8] = (WCHAR)('a' + i % 8);
    }
    IoWriteErrorLogEntry(entry);
    last = nt_log_at(machine_now(), 4097);
    CHECK(last != NULL && last->id == 3 && strcmp(last->source, "vendor") == 0);
    CHECK(strstr(last->text, "0xc0040003") != NULL && strstr(last->text, "abcdefgh") != NULL);
    CHECK(IoAllocateErrorLogEntry(NtContext()->Call->Driver, ERROR_LOG_MAXIMUM_SIZE + 1) == NULL);
}

static void wmi_registration_life_cycle(void)
{
    DEVICE_OBJECT *device = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*device), 0x31313131);

    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_UPDATE_GUIDS) == STATUS_INVALID_PARAMETER);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_UPDATE_GUIDS) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER) == STATUS_INVALID_PARAMETER);
    CHECK(IoWMIRegistrationControl(device, 99) == STATUS_INVALID_PARAMETER);
    ExFreePool(device);
}

static void case_insensitive_compare_at_dispatch(void)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    RtlCompareUnicodeStrings(u"a", 1, u"A", 1, TRUE);
}

static void breakpoint_without_debugger(void)
{
    DbgBreakPoint();
}

static void paged_code_at_dispatch(void)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    RtlAssert("KeGetCurrentIrql() <= APC_LEVEL", "f.c", 1, NULL);
}

#define LIVES(name)                                                                                  \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_success(name, 1);                                                                     \
    }
#define DIES(name, rule)                                                                             \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_rule(name, 1, rule);                                                                  \
    }
LIVES(init_and_copy)
LIVES(append_to_the_limit_and_one_past_it)
LIVES(compare_prefix_and_hash)
LIVES(case_maps_both_ways)
LIVES(ansi_and_unicode)
LIVES(numbers)
LIVES(guid_text_round_trip)
LIVES(version_and_conditions)
LIVES(debug_output)
LIVES(c_formatting_of_the_kernel)
LIVES(log_ring_keeps_the_last_4096)
LIVES(wmi_registration_life_cycle)
DIES(case_insensitive_compare_at_dispatch, RULE_IRQL_ROUTINE)
DIES(breakpoint_without_debugger, RULE_FAULT_OTHER)
DIES(paged_code_at_dispatch, RULE_IRQL_PAGED)

int main(void)
{
#define T(name) cmocka_unit_test(test_##name)
    const struct CMUnitTest tests[] = {
        T(init_and_copy), T(append_to_the_limit_and_one_past_it), T(compare_prefix_and_hash), T(case_maps_both_ways),
        T(ansi_and_unicode), T(numbers), T(guid_text_round_trip), T(version_and_conditions), T(debug_output),
        T(c_formatting_of_the_kernel), T(log_ring_keeps_the_last_4096), T(wmi_registration_life_cycle),
        T(case_insensitive_compare_at_dispatch), T(breakpoint_without_debugger), T(paged_code_at_dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
