/* SPDX-License-Identifier: MIT */
/*
 * Runs what the headers define inline and what the DSM library contains: sense parsing, SRB
 * helpers on both kinds, safe strings and integers, lists, byte reversal, interlocked operations,
 * wide strings, sorting. Built as a native DSM is (16-bit wide characters); the kernel routines
 * used are below.
 */
#include <dsm.h>
#include <srbhelper.h>
#include <ntintsafe.h>
#include <ntstrsafe.h>

int printf(const char *format, ...);

static int failed;

#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition)) {                                         \
            printf("inlines.c:%d: %s\n", __LINE__, #condition);     \
            failed = 1;                                             \
        }                                                           \
    } while (0)

static ULONG system_major = 10;

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    VersionInformation->dwMajorVersion = system_major;
    VersionInformation->dwMinorVersion = 0;
    return STATUS_SUCCESS;
}

/* Stands in for the kernel's formatter: the format is the text. */
int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments)
{
    size_t n = strlen(Format);

    (void)Arguments;
    memcpy(Buffer, Format, n < Count ? n : Count);
    if (n < Count) {
        Buffer[n] = 0;
    }
    return n <= Count ? (int)n : -1;
}

int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments)
{
    size_t n = wcslen(Format);

    (void)Arguments;
    memcpy(Buffer, Format, (n < Count ? n : Count) * sizeof(WCHAR));
    if (n < Count) {
        Buffer[n] = 0;
    }
    return n <= Count ? (int)n : -1;
}

static void sense_of_both_formats(void)
{
    UCHAR fixed[18] = {0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0x01};
    UCHAR descriptor[20] = {0x72, 5, 0x25, 0x07, 0, 0, 0, 12, 0, 10, 0x80};
    UCHAR unknown[18] = {0x7F, 0, 2, 0, 0, 0, 0, 10, 0, 0, 0, 0, 4, 3};
    UCHAR key, code, qualifier, length;
    PVOID found;

    CHECK(ScsiGetSenseKeyAndCodes(fixed, 18, 0, &key, &code, &qualifier));
    CHECK(key == 6 && code == 0x29 && qualifier == 1);
    CHECK(ScsiGetSenseKeyAndCodes(fixed, 13, 0, &key, &code, &qualifier));
    CHECK(code == 0x29 && qualifier == 0); /* byte 13 is outside the buffer */
    CHECK(!ScsiGetSenseKeyAndCodes(fixed, 7, 0, &key, &code, &qualifier));
    fixed[7] = 5; /* 13 bytes in all: the qualifier is not there */
    CHECK(ScsiGetSenseKeyAndCodes(fixed, 18, 0, NULL, &code, &qualifier));
    CHECK(code == 0x29 && qualifier == 0);
    CHECK(ScsiGetSenseKeyAndCodes(descriptor, 20, 0, &key, &code, &qualifier));
    CHECK(key == 5 && code == 0x25 && qualifier == 7);
    CHECK(!ScsiGetSenseKeyAndCodes(unknown, 18, 0, &key, &code, &qualifier));
    CHECK(ScsiGetSenseKeyAndCodes(unknown, 18,
                                  SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED,
                                  &key, &code, &qualifier));
    CHECK(key == 2 && code == 4 && qualifier == 3);
    CHECK(!ScsiGetSenseKeyAndCodes(NULL, 18, 0, &key, NULL, NULL));
    CHECK(ScsiGetSenseDescriptor(descriptor, 20, SCSI_SENSE_DESCRIPTOR_TYPE_INFORMATION, &found,
                                 &length));
    CHECK(found == descriptor + 8 && length == 12);
    CHECK(ScsiValidateInformationSenseDescriptor(found, length));
    CHECK(!ScsiGetSenseDescriptor(descriptor, 19, SCSI_SENSE_DESCRIPTOR_TYPE_INFORMATION, &found,
                                  &length));
    CHECK(ScsiConvertToFixedSenseFormat(descriptor, 20, unknown, 18) && unknown[0] == 0x70 &&
          unknown[2] == 5 && unknown[12] == 0x25 && unknown[13] == 7);
}

struct extended {
    STORAGE_REQUEST_BLOCK srb;
    STOR_ADDR_BTL8 address;
    SRBEX_DATA_SCSI_CDB16 cdb;
};

static void make_extended(struct extended *e)
{
    memset(e, 0, sizeof(*e));
    e->srb.Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    e->srb.Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    e->srb.SrbLength = sizeof(*e);
    e->srb.AddressOffset = FIELD_OFFSET(struct extended, address);
    e->srb.NumSrbExData = 1;
    e->srb.SrbExDataOffset[0] = FIELD_OFFSET(struct extended, cdb);
    e->address.Type = STOR_ADDRESS_TYPE_BTL8;
    e->address.AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    e->address.Path = 1;
    e->address.Target = 2;
    e->address.Lun = 3;
    e->cdb.Type = SrbExDataTypeScsiCdb16;
    e->cdb.Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
}

static void helpers_treat_both_kinds_alike(void)
{
    struct extended e;
    SCSI_REQUEST_BLOCK classic;
    PVOID both[2] = {&e, &classic};
    UCHAR sense[18];

    make_extended(&e);
    memset(&classic, 0, sizeof(classic));
    classic.Length = sizeof(classic);
    for (int i = 0; i < 2; i++) {
        PVOID srb = both[i];

        CHECK(SrbGetSrbFunction(srb) == SRB_FUNCTION_EXECUTE_SCSI);
        SrbSetCdbLength(srb, 10);
        CHECK(SrbGetCdbLength(srb) == 10 && SrbGetCdb(srb) != NULL);
        SrbSetScsiStatus(srb, SCSISTAT_CHECK_CONDITION);
        CHECK(SrbGetScsiStatus(srb) == SCSISTAT_CHECK_CONDITION);
        SrbSetSenseInfoBuffer(srb, sense);
        SrbSetSenseInfoBufferLength(srb, sizeof(sense));
        CHECK(SrbGetSenseInfoBuffer(srb) == sense && SrbGetSenseInfoBufferLength(srb) == 18);
        SrbSetSrbFlags(srb, SRB_FLAGS_DATA_IN);
        SrbSetSrbFlags(srb, SRB_FLAGS_NO_QUEUE_FREEZE);
        CHECK(SrbGetSrbFlags(srb) == (SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE));
        SrbClearSrbFlags(srb, SRB_FLAGS_DATA_IN);
        CHECK(SrbGetSrbFlags(srb) == SRB_FLAGS_NO_QUEUE_FREEZE);
        SrbSetSrbStatus(srb, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID);
        SrbSetSrbStatus(srb, SRB_STATUS_BUSY);
        CHECK(SrbGetSrbStatus(srb) == (SRB_STATUS_BUSY | SRB_STATUS_AUTOSENSE_VALID));
        SrbSetQueueAction(srb, SRB_HEAD_OF_QUEUE_TAG_REQUEST);
        CHECK(SrbGetRequestAttribute(srb) == SRB_HEAD_OF_QUEUE_TAG_REQUEST);
        SrbSetDataTransferLength(srb, 4096);
        CHECK(SrbGetDataTransferLength(srb) == 4096);
    }
    CHECK(SrbGetPathId(&e) == 1 && SrbGetTargetId(&e) == 2 && SrbGetLun(&e) == 3);
    CHECK(!SrbCopySrb(&classic, sizeof(classic), &e));
    SrbZeroSrb(&e);
    CHECK(e.srb.Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK && e.srb.SrbLength == sizeof(e) &&
          e.srb.Length == 8 && e.cdb.CdbLength == 0);
}

static void helpers_do_not_leave_the_request(void)
{
    struct extended e;
    volatile ULONG end = sizeof(e);

    make_extended(&e);
    CHECK(SrbGetCdb(&e) == (PCDB)e.cdb.Cdb);
    e.srb.SrbLength--; /* the record lacks one byte */
    CHECK(SrbGetCdb(&e) == NULL && SrbGetCdbLength(&e) == 0);
    make_extended(&e);
    e.srb.SrbExDataOffset[0] += 1; /* not aligned */
    CHECK(SrbGetCdb(&e) == NULL);
    e.srb.SrbExDataOffset[0] = 0xFFFFFFF0;
    CHECK(SrbGetCdb(&e) == NULL);
    e.srb.SrbExDataOffset[0] = sizeof(STORAGE_REQUEST_BLOCK) - 1;
    CHECK(SrbGetCdb(&e) == NULL);
    e.srb.NumSrbExData = 0xFFFFFFFF; /* the count lies as well: the walk ends with the request */
    CHECK(SrbGetCdb(&e) == NULL);
    make_extended(&e);
    e.srb.SrbFunction = SRB_FUNCTION_PNP;
    CHECK(SrbGetCdb(&e) == NULL && SrbGetScsiStatus(&e) == 0);
    e.srb.AddressOffset = end;
    CHECK(SrbGetAddress(&e) == NULL && SrbGetLun(&e) == 0);
}

static void safe_strings_cut_and_terminate(void)
{
    WCHAR wide[4];
    char narrow[4];
    SIZE_T length;
    WCHAR space[4] = L"ab";
    UNICODE_STRING counted = {4, 8, space};

    CHECK(RtlStringCchCopyW(wide, 4, L"abc") == STATUS_SUCCESS && wcscmp(wide, L"abc") == 0);
    CHECK(RtlStringCchCopyW(wide, 4, L"abcd") == STATUS_BUFFER_OVERFLOW && wide[3] == 0);
    CHECK(RtlStringCchCopyW(wide, 0, L"a") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbCopyNW(wide, sizeof(wide), L"xyz", 4) == STATUS_SUCCESS &&
          wcscmp(wide, L"xy") == 0);
    CHECK(RtlStringCchCatW(wide, 4, L"zz") == STATUS_BUFFER_OVERFLOW && wcscmp(wide, L"xyz") == 0);
    CHECK(RtlStringCchCopyA(narrow, 4, "abcd") == STATUS_BUFFER_OVERFLOW && !strcmp(narrow, "abc"));
    CHECK(RtlStringCchLengthW(wide, 3, &length) == STATUS_INVALID_PARAMETER && length == 0);
    CHECK(RtlStringCbLengthW(wide, sizeof(wide), &length) == STATUS_SUCCESS && length == 6);
    CHECK(RtlStringCbPrintfW(wide, sizeof(wide), L"abc") == STATUS_SUCCESS && wide[3] == 0);
    CHECK(RtlStringCbPrintfW(wide, sizeof(wide), L"abcd") == STATUS_BUFFER_OVERFLOW);
    CHECK(wide[3] == 0);
    CHECK(RtlUnicodeStringCatString(&counted, L"cd") == STATUS_SUCCESS && counted.Length == 8);
    CHECK(RtlUnicodeStringCatString(&counted, L"e") == STATUS_BUFFER_OVERFLOW &&
          counted.Length == 8 && space[3] == L'd');
    counted.Length = 10;
    CHECK(RtlUnicodeStringCatString(&counted, L"e") == STATUS_INVALID_PARAMETER);
}

static void safe_integers_refuse_overflow(void)
{
    ULONG sum;
    USHORT narrow;
    LONG number;

    CHECK(RtlULongAdd(0xFFFFFFFE, 1, &sum) == STATUS_SUCCESS && sum == 0xFFFFFFFF);
    CHECK(RtlULongAdd(0xFFFFFFFF, 1, &sum) == STATUS_INTEGER_OVERFLOW && sum == ULONG_ERROR);
    CHECK(RtlULongSub(1, 2, &sum) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongToUShort(0xFFFF, &narrow) == STATUS_SUCCESS && narrow == 0xFFFF);
    CHECK(RtlULongToUShort(0x10000, &narrow) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongToLong(0x80000000, &number) == STATUS_INTEGER_OVERFLOW);
}

static void lists_bytes_and_interlocked(void)
{
    LIST_ENTRY head, a, b;
    UCHAR bytes[9] = {9, 1, 2, 3, 4, 5, 6, 7, 8};
    ULONG word;
    LONG volatile counter = 5;
    LONGLONG volatile wide = 1;

    InitializeListHead(&head);
    CHECK(IsListEmpty(&head));
    InsertTailList(&head, &a);
    InsertHeadList(&head, &b);
    CHECK(RemoveHeadList(&head) == &b && RemoveEntryList(&a) && IsListEmpty(&head));
    REVERSE_BYTES(&word, bytes + 1); /* unaligned */
    CHECK(word == 0x01020304);
    REVERSE_BYTES_QUAD(bytes + 1, bytes + 1);
    CHECK(bytes[1] == 8 && bytes[8] == 1 && bytes[0] == 9);
    CHECK(InterlockedIncrement(&counter) == 6 && InterlockedExchangeAdd(&counter, 4) == 6);
    CHECK(InterlockedCompareExchange(&counter, 1, 10) == 10 && counter == 1);
    CHECK(InterlockedCompareExchange(&counter, 2, 10) == 1 && counter == 1);
    CHECK(InterlockedAdd(&counter, -3) == -2 && InterlockedOr(&counter, 1) == -2);
    CHECK(InterlockedExchange64(&wide, 7) == 1 && InterlockedDecrement64(&wide) == 6);
    CHECK(InterlockedBitTestAndSet(&counter, 0) && counter == -1);
    CHECK(CONTAINING_RECORD(&a.Blink, LIST_ENTRY, Blink) == &a);
    CHECK(IOCTL_MPDSM_REGISTER == 0x736DC004);
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void the_dsm_library(void)
{
    WCHAR text[16] = L"Path";
    int numbers[7] = {5, 1, 4, 1, 3, 9, 2}, key = 4, missing = 6;

    CHECK(wcslen(text) == 4 && wcsnlen(text, 2) == 2 && sizeof(text) == 32);
    CHECK(wcscmp(wcscat(text, L"#1"), L"Path#1") == 0 && wcscmp(L"a", L"b") < 0);
    CHECK(wcschr(text, L'#') == text + 4 && wcschr(text, L'!') == NULL && *wcschr(text, 0) == 0);
    CHECK(wcsrchr(L"a.b.c", L'.')[1] == L'c' && wcsstr(text, L"th#")[0] == L't');
    CHECK(wcsstr(text, L"zz") == NULL && wcsspn(L"aab", L"a") == 2);
    CHECK(_wcsicmp(L"PATH", L"path") == 0 && _wcsnicmp(L"PATHa", L"pathb", 4) == 0);
    CHECK(wcscmp(_wcsupr(text), L"PATH#1") == 0 && wcsncmp(text, L"PAx", 2) == 0);
    CHECK(_stricmp("Ab", "aB") == 0 && _strnicmp("abX", "abY", 3) < 0 && strnlen("abc", 2) == 2);
    CHECK(atoi("  -42x") == -42 && atoi("-2147483648") == (int)0x80000000 && isxdigit('f'));
    qsort(numbers, 7, sizeof(int), by_value);
    for (int i = 1; i < 7; i++) {
        CHECK(numbers[i - 1] <= numbers[i]);
    }
    CHECK(*(int *)bsearch(&key, numbers, 7, sizeof(int), by_value) == 4);
    CHECK(bsearch(&missing, numbers, 7, sizeof(int), by_value) == NULL);
    CHECK(RtlIsNtDdiVersionAvailable(NTDDI_VISTA) && RtlIsNtDdiVersionAvailable(NTDDI_WIN10));
    CHECK(!RtlIsNtDdiVersionAvailable(0x0B000000) && !RtlIsNtDdiVersionAvailable(NTDDI_VISTASP1));
    system_major = 5;
    CHECK(!RtlIsNtDdiVersionAvailable(NTDDI_VISTA));
}

int main(void)
{
    sense_of_both_formats();
    helpers_treat_both_kinds_alike();
    helpers_do_not_leave_the_request();
    safe_strings_cut_and_terminate();
    safe_integers_refuse_overflow();
    lists_bytes_and_interlocked();
    the_dsm_library();
    return failed;
}
