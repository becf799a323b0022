/* SPDX-License-Identifier: MIT */
/*
 * Encodings, calendar time, random numbers, the lesser string routines, processors and small
 * questions to the kernel.
 */
#include "harness.h"

static UNICODE_STRING name_of(PCWSTR text)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    return name;
}

static void utf8_to_the_limit_and_one_past_it(void)
{
    static const WCHAR text[] = {'a', 0xe9, 0x20ac, 0xd83d, 0xde00}; /* 1, 2, 3 and 4 bytes */
    static const WCHAR lone[] = {0xd83d, 'x'};
    char bytes[10];
    WCHAR back[5];
    ULONG used;
    UNICODE_STRING wide = {sizeof(text), sizeof(text), (PWSTR)text}, made;
    UTF8_STRING narrow;

    CHECK(RtlUnicodeToUTF8N(NULL, 0, &used, text, sizeof(text)) == STATUS_SUCCESS && used == 10);
    CHECK(RtlUnicodeToUTF8N(bytes, 10, &used, text, sizeof(text)) == STATUS_SUCCESS && used == 10);
    CHECK(memcmp(bytes, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10) == 0);
    CHECK(RtlUnicodeToUTF8N(bytes, 9, &used, text, sizeof(text)) == STATUS_BUFFER_TOO_SMALL && used == 6);
    CHECK(RtlUnicodeToUTF8N(bytes, 10, &used, lone, sizeof(lone)) == STATUS_SOME_NOT_MAPPED && used == 4);
    CHECK(RtlUnicodeToUTF8N(bytes, 10, &used, text, 3) == STATUS_INVALID_PARAMETER_5);
    RtlUnicodeToUTF8N(bytes, 10, &used, text, sizeof(text));
    CHECK(RtlUTF8ToUnicodeN(back, sizeof(back), &used, bytes, 10) == STATUS_SUCCESS && used == 10);
    CHECK(memcmp(back, text, sizeof(text)) == 0);
    CHECK(RtlUTF8ToUnicodeN(back, 8, &used, bytes, 10) == STATUS_BUFFER_TOO_SMALL && used == 6);
    CHECK(RtlUTF8ToUnicodeN(back, 10, &used, "\xff" "a", 2) == STATUS_SOME_NOT_MAPPED && back[0] == 0xfffd);
    CHECK(RtlUnicodeStringToUTF8String(&narrow, &wide, TRUE) == STATUS_SUCCESS && narrow.Length == 10 &&
          narrow.Buffer[10] == 0);
    CHECK(RtlUTF8StringToUnicodeString(&made, &narrow, TRUE) == STATUS_SUCCESS && RtlEqualUnicodeString(&made, &wide, FALSE));
    narrow.MaximumLength = 10;
    CHECK(RtlUnicodeStringToUTF8String(&narrow, &wide, FALSE) == STATUS_BUFFER_OVERFLOW);
    RtlFreeUTF8String(&narrow);
    RtlFreeUnicodeString(&made);
}

static void ansi_runs_are_cut_off_at_the_size(void)
{
    char bytes[4] = "zzz";
    WCHAR wide[3] = {0};
    ULONG used;
    UNICODE_STRING u = name_of(u"abc");
    ANSI_STRING a;

    CHECK(RtlUnicodeToMultiByteN(bytes, 2, &used, u"\u20acbc", 6) == STATUS_SUCCESS && used == 2);
    CHECK((UCHAR)bytes[0] == 0x80 && bytes[1] == 'b' && bytes[2] == 'z');
    CHECK(RtlUpcaseUnicodeToMultiByteN(bytes, 3, NULL, u"a\u00e9c", 6) == STATUS_SUCCESS && (UCHAR)bytes[1] == 0xc9);
    CHECK(RtlMultiByteToUnicodeN(wide, 5, &used, "\x80z?", 3) == STATUS_SUCCESS && used == 4 && wide[0] == 0x20ac &&
          wide[2] == 0);
    RtlUnicodeToMultiByteSize(&used, u"abc", 6);
    CHECK(used == 3);
    RtlInitAnsiString(&a, "abc");
    CHECK(RtlAnsiStringToUnicodeSize(&a) == 8 && RtlUnicodeStringToAnsiSize(&u) == 4);
}

static void lesser_string_routines(void)
{
    static char longest[65536];
    UNICODE_STRING whole = name_of(u"MPIO.SYS"), end = name_of(u".sys"), copy;
    STRING a, b, room;
    char buffer[4] = "ab";
    PWSTR stop;
    LONG64 number;

    memset(longest, 'x', 65535);
    RtlInitString(&a, "abc");
    RtlInitString(&b, "ABD");
    CHECK(RtlCompareString(&a, &b, TRUE) < 0 && RtlCompareString(&a, &b, FALSE) > 0 && RtlCompareString(&a, &a, FALSE) == 0);
    a.Length = 2;
    CHECK(RtlPrefixString(&a, &b, TRUE) && !RtlPrefixString(&b, &a, TRUE) && RtlCompareString(&a, &b, TRUE) < 0);
    CHECK(RtlSuffixUnicodeString(&end, &whole, TRUE) && !RtlSuffixUnicodeString(&end, &whole, FALSE) &&
          !RtlSuffixUnicodeString(&whole, &end, TRUE));
    room = (STRING){2, 4, buffer};
    CHECK(RtlAppendAsciizToString(&room, "cd") == STATUS_SUCCESS && room.Length == 4 && buffer[3] == 'd');
    CHECK(RtlAppendAsciizToString(&room, "e") == STATUS_BUFFER_TOO_SMALL && room.Length == 4);
    CHECK(RtlAppendStringToString(&room, &(STRING){0, 0, buffer}) == STATUS_SUCCESS);
    RtlUpperString(&room, &a);
    CHECK(room.Length == 2 && buffer[0] == 'A' && buffer[1] == 'B');
    CHECK(RtlInitAnsiStringEx(&a, longest) == STATUS_NAME_TOO_LONG);
    longest[65534] = 0;
    CHECK(RtlInitAnsiStringEx(&a, longest) == STATUS_SUCCESS && a.Length == 65534);
    CHECK(RtlDuplicateUnicodeString(RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE, &whole, &copy) == STATUS_SUCCESS &&
          copy.MaximumLength == 18 && copy.Buffer[8] == 0);
    RtlDowncaseUnicodeString(&copy, &whole, FALSE);
    CHECK(copy.Buffer[0] == 'm' && copy.Buffer[7] == 's');
    RtlFreeUnicodeString(&copy);
    copy = (UNICODE_STRING){3, 4, (PWSTR)u"ab"};
    CHECK(RtlValidateUnicodeString(0, &copy) == STATUS_INVALID_PARAMETER && RtlValidateUnicodeString(0, &whole) == STATUS_SUCCESS);
    copy = name_of(u" -0x8000000000000000z");
    CHECK(RtlUnicodeStringToInt64(&copy, 0, &number, &stop) == STATUS_SUCCESS && (ULONGLONG)number == 1ull << 63 && *stop == 'z');
    copy = name_of(u"9223372036854775808");
    CHECK(RtlUnicodeStringToInt64(&copy, 10, &number, NULL) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlUnicodeStringToInt64(&copy, 3, &number, NULL) == STATUS_INVALID_PARAMETER);
}

static void calendar_goes_both_ways(void)
{
    static const TIME_FIELDS days[] = {
        {1601, 1, 1, 0, 0, 0, 0, 1},       {1700, 2, 28, 23, 59, 59, 999, 0}, {1999, 12, 31, 12, 0, 0, 0, 5},
        {2000, 2, 29, 1, 2, 3, 4, 2},      {2026, 1, 1, 0, 0, 0, 0, 4},       {2100, 3, 1, 0, 0, 0, 1, 1},
        {30827, 12, 31, 0, 0, 0, 0, 5},
    };
    LARGE_INTEGER time;
    TIME_FIELDS got;
    ULONG seconds;

    for (unsigned i = 0; i < RTL_NUMBER_OF(days); i++) {
        CHECK(RtlTimeFieldsToTime((PTIME_FIELDS)&days[i], &time));
        RtlTimeToTimeFields(&time, &got);
        CHECK(memcmp(&got, &days[i], sizeof(got)) == 0);
    }
    CHECK(RtlTimeFieldsToTime((PTIME_FIELDS)&days[4], &time) && (ULONGLONG)time.QuadPart == NT_EPOCH);
    got = days[5];
    got.Month = 2;
    got.Day = 29; /* 2100 is no leap year */
    CHECK(!RtlTimeFieldsToTime(&got, &time));
    got = days[0];
    got.Year = 1600;
    CHECK(!RtlTimeFieldsToTime(&got, &time));
    RtlSecondsSince1970ToTime(0, &time);
    RtlTimeToTimeFields(&time, &got);
    CHECK(got.Year == 1970 && got.Month == 1 && got.Day == 1 && got.Weekday == 4);
    CHECK(RtlTimeToSecondsSince1970(&time, &seconds) && seconds == 0 && !RtlTimeToSecondsSince1980(&time, &seconds));
    RtlSecondsSince1980ToTime(MAXULONG, &time);
    CHECK(RtlTimeToSecondsSince1980(&time, &seconds) && seconds == MAXULONG && !RtlTimeToSecondsSince1970(&time, &seconds));
    time.QuadPart += 10000000;
    CHECK(!RtlTimeToSecondsSince1980(&time, &seconds));
}

static void random_numbers_depend_on_the_seed_alone(void)
{
    ULONG a = 42, b = 42, buckets[8] = {0};

    for (int i = 0; i < 8000; i++) {
        ULONG x = RtlRandom(&a);

        CHECK(x == RtlRandomEx(&b) && x <= 0x7fffffff);
        buckets[x >> 28]++;
    }
    for (int i = 0; i < 8; i++) {
        CHECK(buckets[i] > 800 && buckets[i] < 1200);
    }
}

static void processors_and_threads(void)
{
    PROCESSOR_NUMBER number;
    GROUP_AFFINITY group = {.Mask = 2}, old;
    USHORT count;

    CHECK(KeGetProcessorNumberFromIndex(3, &number) == STATUS_SUCCESS && number.Number == 3);
    CHECK(KeGetProcessorNumberFromIndex(4, &number) == STATUS_INVALID_PARAMETER);
    number.Number = 4;
    CHECK(KeGetProcessorIndexFromNumber(&number) == INVALID_PROCESSOR_INDEX);
    KeQueryNodeActiveAffinity(0, &old, &count);
    CHECK(old.Mask == 15 && count == 4 && KeQueryGroupAffinity(1) == 0);
    CHECK(KeSetSystemAffinityThreadEx(1) == 0 && KeSetSystemAffinityThreadEx(1u << 10) == 1);
    KeSetSystemGroupAffinityThread(&group, &old);
    CHECK(old.Mask == 1 && KeSetSystemAffinityThreadEx(4) == 2);
    KeRevertToUserAffinityThread();
    CHECK(KeSetBasePriorityThread(KeGetCurrentThread(), 4) == 0 && KeQueryPriorityThread(KeGetCurrentThread()) == 12);
    CHECK(KeSetBasePriorityThread(KeGetCurrentThread(), -100) == 4 && KeQueryPriorityThread(KeGetCurrentThread()) == 1);
    CHECK(PsGetThreadId(PsGetCurrentThread()) == PsGetCurrentThreadId() && PsIsSystemThread(PsGetCurrentThread()));
    CHECK(PsGetThreadExitStatus(PsGetCurrentThread()) == STATUS_PENDING && ExGetPreviousMode() == KernelMode);
    CHECK(PsGetProcessId(PsGetCurrentProcess()) == PsGetCurrentProcessId());
}

static VOID VENDOR deep(PVOID left)
{
    ULONG_PTR before = IoGetRemainingStackSize();

    *(ULONG_PTR *)left = before;
}

static void small_questions(void)
{
    KBUGCHECK_CALLBACK_RECORD record;
    ULONG_PTR left = 0;
    PIRP irp = IoAllocateIrp(1, FALSE);
    UCHAR *page = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, 'tseT');
    PMDL mdl = IoAllocateMdl(page, 2 * PAGE_SIZE + 100, FALSE, FALSE, NULL);
    SECURITY_DESCRIPTOR security;

    KeInitializeCallbackRecord(&record);
    CHECK(!KeDeregisterBugCheckCallback(&record));
    CHECK(KeRegisterBugCheckCallback(&record, NULL, NULL, 0, (PUCHAR)"x") && record.State == BufferInserted);
    CHECK(!KeRegisterBugCheckCallback(&record, NULL, NULL, 0, (PUCHAR)"x"));
    CHECK(KeDeregisterBugCheckCallback(&record) && !KeDeregisterBugCheckCallback(&record));
    CHECK(KeExpandKernelStackAndCallout(deep, &left, MAXIMUM_EXPANSION_SIZE) == STATUS_SUCCESS);
    CHECK(left > NT_STACK_BUDGET / 2 && left <= NT_STACK_BUDGET);
    CHECK(KeExpandKernelStackAndCallout(deep, &left, MAXIMUM_EXPANSION_SIZE + 1) == STATUS_INVALID_PARAMETER_3);
    CHECK(IoGetIoPriorityHint(irp) == IoPriorityNormal && IoSetIoPriorityHint(irp, IoPriorityVeryLow) == STATUS_SUCCESS);
    CHECK(IoGetIoPriorityHint(irp) == IoPriorityVeryLow && IoSetIoPriorityHint(irp, MaxIoPriorityTypes) == STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(MmAdvanceMdl(mdl, PAGE_SIZE + 10) == STATUS_SUCCESS && MmGetMdlByteCount(mdl) == PAGE_SIZE + 90);
    CHECK(MmGetMdlVirtualAddress(mdl) == page + PAGE_SIZE + 10 &&
          MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == page + PAGE_SIZE + 10);
    CHECK(MmGetMdlPfnArray(mdl)[0] == (ULONG_PTR)(page + PAGE_SIZE + 10) >> PAGE_SHIFT);
    CHECK(MmAdvanceMdl(mdl, PAGE_SIZE + 91) == STATUS_INVALID_PARAMETER_2);
    IoFreeMdl(mdl);
    ExFreePool(page);
    CHECK(IoIsWdmVersionAvailable(6, 0) && IoIsWdmVersionAvailable(1, 0x20) && !IoIsWdmVersionAvailable(6, 1));
    CHECK(++IoGetConfigurationInformation()->DiskCount == 1 && IoGetConfigurationInformation()->DiskCount == 1);
    CHECK(RtlCreateSecurityDescriptor(&security, 2) == STATUS_UNKNOWN_REVISION);
    CHECK(RtlCreateSecurityDescriptor(&security, SECURITY_DESCRIPTOR_REVISION) == STATUS_SUCCESS);
    CHECK(RtlSetDaclSecurityDescriptor(&security, TRUE, NULL, FALSE) == STATUS_SUCCESS && security.Control == SE_DACL_PRESENT);
    CHECK((RtlUlongByteSwap)(0x01020304) == 0x04030201 && (RtlUshortByteSwap)(0x0102) == 0x0201);
    ProbeForRead(&security, sizeof(security), 8);
    ProbeForWrite(NULL, 0, 8);
}

static void VENDOR probe_of_a_misaligned_buffer(void)
{
    ProbeForRead((PVOID)0x100001, 8, 4);
}

static void VENDOR probe_of_a_buffer_that_wraps(void)
{
    ProbeForWrite((PVOID)(ULONG_PTR)-16, 17, 4);
}

static VOID VENDOR waiting_callout(PVOID unused)
{
    (void)unused;
    sleep_for(1);
}

static void VENDOR wait_below_a_callout_at_dispatch_level(void)
{
    KeExpandKernelStackAndCalloutEx(waiting_callout, NULL, 4096, FALSE, NULL);
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
#define BREACH(name, rule, irql) static void test_##name(void **state) { (void)state; expect(rule, irql, name); }
TEST(utf8_to_the_limit_and_one_past_it)
TEST(ansi_runs_are_cut_off_at_the_size)
TEST(lesser_string_routines)
TEST(calendar_goes_both_ways)
TEST(random_numbers_depend_on_the_seed_alone)
TEST(processors_and_threads)
TEST(small_questions)
BREACH(probe_of_a_misaligned_buffer, RULE_BUGCHECK_CALL, PASSIVE_LEVEL)
BREACH(probe_of_a_buffer_that_wraps, RULE_BUGCHECK_CALL, PASSIVE_LEVEL)
BREACH(wait_below_a_callout_at_dispatch_level, RULE_WAIT_DISPATCH, DISPATCH_LEVEL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_to_the_limit_and_one_past_it),
        cmocka_unit_test(test_ansi_runs_are_cut_off_at_the_size),
        cmocka_unit_test(test_lesser_string_routines),
        cmocka_unit_test(test_calendar_goes_both_ways),
        cmocka_unit_test(test_random_numbers_depend_on_the_seed_alone),
        cmocka_unit_test(test_processors_and_threads),
        cmocka_unit_test(test_small_questions),
        cmocka_unit_test(test_probe_of_a_misaligned_buffer),
        cmocka_unit_test(test_probe_of_a_buffer_that_wraps),
        cmocka_unit_test(test_wait_below_a_callout_at_dispatch_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
