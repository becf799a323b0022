/* SPDX-License-Identifier: MIT */
/*
 * WPP tracing: each %!NAME! of the list that the source checker uses, a project's own types, registration and
 * switching of providers from the driver's side and from outside, and events of binaries that call Etw* and Wmi*.
 */
#include "harness.h"

#include "../../../ddk/tools/wpp/known.h"
#include "nt/trace_wpp.h"

/* ---- formats ------------------------------------------------------------------------------------------ */

static char text[4096];
static size_t last;

static const char *trace_at(size_t capacity, const struct format_site *site, const char *format, ...)
{
    struct format_va_source source;
    va_list list;

    va_start(list, format);
    format_va_begin(&source, list);
    last = format_narrow(text, capacity, FORMAT_UTF8, format, &source.source, site);
    format_va_end(&source);
    va_end(list);
    text[last == FORMAT_CUT ? capacity : last] = '\0';
    return text;
}
static const struct format_site plain;
#define TRACE(...) trace_at(sizeof(text) - 1, &plain, __VA_ARGS__)

static void every_name_that_the_checker_knows_takes_what_it_says(void **state)
{
    static const GUID guid;
    static const char *const places[] = {
#define X(name) "%!" #name "!|%d",
        WPP_PLACES(X)
    };
    static const char *const values[] = {
        WPP_VALUES(X)
#undef X
    };

    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        TRACE(places[i], 4711);
        assert_null(strstr(text, "%!"));
        assert_string_equal(strchr(text, '|'), "|4711");
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (strstr(values[i], "DUMP") || strstr(values[i], "dump") || strstr(values[i], "xstr")) {
            struct format_buffer none = {0};
            TRACE(values[i], none, 4711);
        } else {
            bool object = strstr(values[i], "guid") || strstr(values[i], "ID!") || strstr(values[i], "id!"); /* zeroes: what any of them may be */
            TRACE(values[i], object ? (uintptr_t)&guid : (uintptr_t)0, 4711);
        }
        assert_null(strstr(text, "%!"));
        assert_string_equal(strchr(text, '|'), "|4711");
    }
}

static void unknown_name_prints_itself_and_takes_one_argument(void **state)
{
    char longest[FORMAT_NAME + 16], longer[FORMAT_NAME + 16];

    (void)state;
    assert_string_equal(TRACE("%!NoSuch! %d", (void *)0x77, 5), sizeof(void *) == 8 ? "%!NoSuch!0x0000000000000077 5" : "%!NoSuch!0x00000077 5");
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "%!", 2);
    strcpy(longest + 2 + FORMAT_NAME - 1, "! %d");
    TRACE(longest, (void *)1, 5);
    assert_string_equal(text + strlen(text) - 2, " 5");
    memset(longer, 'x', sizeof(longer));
    memcpy(longer, "%!", 2);
    strcpy(longer + 2 + FORMAT_NAME + 1, "!");
    TRACE(longer); /* no name at all: nothing is taken */
    assert_string_equal(TRACE("%!open"), "!open");
    assert_string_equal(TRACE("%!"), "!");
}

static void place_of_a_message(void **state)
{
    static const struct format_site site = {.function = "Choose", .file = "C:\\tree\\src/path.c", .line = 12, .level = 3,
                                            .level_text = "TRACE_LEVEL_WARNING", .flag_text = "FLAG_PATH", .component = "mydsm",
                                            .cpu = 2};
    static const struct format_site number = {.level = 4, .level_text = "4", .flag_text = ""};
    static const struct format_site high = {.level = 9, .level_text = "9"};

    (void)state;
    assert_string_equal(trace_at(4000, &site, "%!FUNC! %!FILE! %!LINE! %!LEVEL! %!FLAGS! %!COMPNAME! %!CPU!%!STDPREFIX!"),
                        "Choose path.c 12 TRACE_LEVEL_WARNING FLAG_PATH mydsm 2");
    assert_string_equal(trace_at(4000, &number, "%!LEVEL!"), "TRACE_LEVEL_INFORMATION");
    assert_string_equal(trace_at(4000, &high, "%!LEVEL! %!FUNC! %!FILE!"), "9 ? ?");
}

static void dates_at_their_corners(void **state)
{
    const long long day = 864000000000ll;

    (void)state;
    assert_string_equal(TRACE("%!DATE!", 0ll), "1601-01-01");
    assert_string_equal(TRACE("%!DATE!", day * 58), "1601-02-28");
    assert_string_equal(TRACE("%!DATE!", day * 59), "1601-03-01");
    assert_string_equal(TRACE("%!DATE!", day * 145731 - 1), "1999-12-31");
    assert_string_equal(TRACE("%!DATE! %!TIME!", day * 145731, day - 1), "2000-01-01 23:59:59.9999999");
    assert_string_equal(TRACE("%!DATE!", day * (145731 + 59)), "2000-02-29");
    assert_string_equal(TRACE("%!TIMESTAMP!", 134116992000000000ll), "2026-01-01 00:00:00.0000000");
    assert_string_equal(TRACE("%!due! %!due!", -1ll, 0ll), "in 0.0000001 s 1601-01-01 00:00:00.0000000");
    assert_string_equal(TRACE("%!delta! %!delta!", 999ll, -86400000ll), "0~00:00:00.999 -1~00:00:00.000");
}

static void broken_sid_and_missing_strings(void **state)
{
    const uint8_t wrong[] = {2, 1, 0, 0, 0, 0, 0, 5}, many[] = {1, 16, 0, 0, 0, 0, 0, 5};
    UNICODE_STRING none = {0};

    (void)state;
    assert_string_equal(TRACE("%!sid! %!sid! %!sid!", wrong, many, NULL), "(no SID) (no SID) (null)");
    assert_string_equal(TRACE("%!s! %!S! %!ustr! %!ustr!", NULL, NULL, NULL, &none), "(null) (null) (null) (null)");
}

static void counted_bytes_in_every_position(void **state)
{
    uint8_t bytes[300] = {1, 2, 3};
    struct format_buffer three = {bytes, 3}, wrong = {bytes, -1}, limit = {bytes, 256}, past = {bytes, 257};

    (void)state;
    assert_string_equal(TRACE("%!HEXDUMP! %d %!xstr!", three, 7, three), "01 02 03 7 01 02 03");
    assert_string_equal(TRACE("%d %d %d %d %d %!HEXDUMP! %d", 1, 2, 3, 4, 5, three, 6), "1 2 3 4 5 01 02 03 6");
    assert_string_equal(TRACE("[%!HEXDUMP!]", wrong), "[]");
    TRACE("%!HEXDUMP!", limit);
    assert_null(strstr(text, "..."));
    TRACE("%!HEXDUMP!", past);
    assert_string_equal(text + strlen(text) - 7, " 00 ...");
}

static void types_of_a_project(void **state)
{
    static const struct format_site site = {
        .types = "wide=Q:a,b;colour=L:Red,Green;byte=B:zero,,two;set=b:A,B;st=E:0=None,4=Four,-2=Minus;fl=F:1=One,6=Six;dump=H:;"};
    static const struct format_site broken = {.types = "x=L:a"}, odd[] = {{.types = "x"}, {.types = "x="}, {.types = ";;x=L"}};
    struct format_buffer bytes = {(void *)(uintptr_t)"AB", 2};

    (void)state;
    assert_string_equal(trace_at(4000, &site, "%!colour! %!colour! %!colour! %d", 0, 1, 2, 9), "Red Green 2 9");
    assert_string_equal(trace_at(4000, &site, "%!byte! %!byte! %!byte! %!wide!", 0x100, 1, 2, 1ll), "zero 1 two b");
    assert_string_equal(trace_at(4000, &site, "%!set! %!set! %d", 3, 0x80, 9), "[A,B] [8] 9");
    assert_string_equal(trace_at(4000, &site, "%!st! %!st! %!st! %!st! %d", 0, 4, -2, 5, 9), "None Four Minus 5 9");
    assert_string_equal(trace_at(4000, &site, "%!fl! %!fl! %!fl! %!fl!", 7, 1, 8, 0), "One|Six One 0x00000008 0x00000000");
    assert_string_equal(trace_at(4000, &site, "%!dump! %d", bytes, 9), "41 42 9");
    assert_string_equal(trace_at(4000, &broken, "%!x! %!x!", 0, 1), "a 1");
    for (unsigned i = 0; i < 3; i++) {
        trace_at(4000, &odd[i], "%!x! %d", (void *)0, 9);
        assert_string_equal(text + strlen(text) - 2, " 9");
    }
}

static void long_lines_are_cut_at_the_limit(void **state)
{
    (void)state;
    trace_at(7, &plain, "%!STATUS!", STATUS_SUCCESS);
    assert_true(last == FORMAT_CUT);
    assert_string_equal(text, "0x00000");
    trace_at(26, &plain, "%!STATUS!", STATUS_SUCCESS);
    assert_int_equal(last, 26);
}

/* ---- providers ------------------------------------------------------------------------------------------ */

static OPENMPIO_TRACE_CONTROL controls[NT_TRACE_CONTROLS + 1];
static OPENMPIO_TRACE_PROVIDER provider;
static char said[2048];

static void listener(void *user, const char *component, unsigned level, const char *line)
{
    size_t used = strlen(said);

    (void)user;
    snprintf(said + used, sizeof(said) - used, "%s/%u/%s;", component, level, line);
}

static POPENMPIO_TRACE_REGISTER find_register(void)
{
    UNICODE_STRING name = {42, 42, (PWCH)(uintptr_t)u"OpenMpioTraceRegister"};

    return (POPENMPIO_TRACE_REGISTER)MmGetSystemRoutineAddress(&name);
}

static void fill(ULONG count)
{
    memset(controls, 0, sizeof(controls));
    provider = (OPENMPIO_TRACE_PROVIDER){.Size = sizeof(provider), .ControlCount = count, .ControlSize = sizeof(controls[0]),
                                         .FlagWords = 1, .Controls = controls,
                                         .Names = "First|(1,2,3,4,5)|A,B,C,\nSecond|(1,2,3,4,6)|D,\n"};
}

static void send(ULONG64 logger, ULONG level, PCSTR level_text, PCSTR flag, int value)
{
    provider.Sink(logger, "", "dir/f.c", "Fn", 7, level, level_text, flag, "value %d\n", value);
}

static void VENDOR body_switches(void)
{
    uint64_t hash = trace_hash(world_fibre->world), count = trace_count(world_fibre->world);

    said[0] = '\0';
    fill(2);
    CHECK(find_register()(&provider) == STATUS_SUCCESS);
    /* Unasked and without a listener: warnings. */
    CHECK(controls[0].Level == 3 && controls[0].Flags[0] == ~0u && controls[1].Level == 3);
    nt_on_message(world_fibre->machine, listener, NULL);
    CHECK(controls[0].Level == 5 && controls[0].Flags[0] == ~0u);
    CHECK(controls[0].Logger != 0 && controls[0].Logger != controls[1].Logger);
    send(controls[0].Logger, 2, "TRACE_LEVEL_ERROR", "B", 1);
    send(controls[1].Logger, 0, "", "D", 2);
    send(0, 2, "TRACE_LEVEL_ERROR", "B", 3);                        /* no session */
    send(controls[0].Logger + (1 << 16), 2, "TRACE_LEVEL_ERROR", "B", 4); /* of nobody */
    CHECK(strcmp(said, "vendor/2/f.c(7) Fn [ERROR B] value 1;vendor/4/f.c(7) Fn [D] value 2;") == 0);
    CHECK(trace_hash(world_fibre->world) == hash && trace_count(world_fibre->world) == count + 2);
    CHECK(trace_record(world_fibre->world, count)->argument[2] == 2); /* B is flag 2 */
    CHECK(trace_record(world_fibre->world, count)->argument[1] == (2ull << 32 | 7));

    /* By driver and provider, last word first; other drivers are others. */
    CHECK(nt_trace_flags(world_fibre->machine, "VENDOR", NULL, 0x5, 2));
    CHECK(controls[0].Flags[0] == 5 && controls[0].Level == 2 && controls[1].Flags[0] == 5);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", "second", 0, 0));
    CHECK(controls[0].Flags[0] == 5 && controls[1].Flags[0] == 0 && controls[1].Level == 0);
    CHECK(nt_trace_flags(world_fibre->machine, "other", NULL, 0xff, 4));
    CHECK(controls[0].Flags[0] == 5);
    CHECK(nt_trace_flags(world_fibre->machine, NULL, NULL, ~0u, 1));
    CHECK(controls[0].Flags[0] == ~0u && controls[1].Level == 1);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", NULL, 0x2, 3));
    CHECK(controls[1].Flags[0] == 2);

    provider.Unregister(&provider);
    CHECK(controls[0].Logger == 0 && controls[0].Flags[0] == 0 && controls[1].Level == 0);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", NULL, 0x7, 3));
    CHECK(controls[0].Flags[0] == 0);
    CHECK(trace_hash(world_fibre->world) == hash);
}

static void switching_at_run_time_changes_the_driver_and_not_the_hash(void **state)
{
    (void)state;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, PASSIVE_LEVEL, body_switches);
}

static void VENDOR body_limits(void)
{
    static OPENMPIO_TRACE_PROVIDER many[NT_TRACE_PROVIDERS + 1];
    POPENMPIO_TRACE_REGISTER enter = find_register();
    char name[NT_TRACE_NAME + 1];

    fill(NT_TRACE_CONTROLS);
    CHECK(enter(&provider) == STATUS_SUCCESS);
    provider.Unregister(&provider);
    fill(NT_TRACE_CONTROLS + 1);
    CHECK(enter(&provider) == STATUS_INVALID_PARAMETER);
    fill(1);
    provider.FlagWords = 0;
    CHECK(enter(&provider) == STATUS_INVALID_PARAMETER);
    provider.FlagWords = NT_TRACE_WORDS + 1;
    CHECK(enter(&provider) == STATUS_INVALID_PARAMETER);
    fill(1);
    provider.ControlSize = 8;
    CHECK(enter(&provider) == STATUS_INVALID_PARAMETER);
    for (unsigned i = 0; i <= NT_TRACE_PROVIDERS; i++) {
        fill(1);
        many[i] = provider;
        CHECK(enter(&many[i]) == (i < NT_TRACE_PROVIDERS ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES));
    }
    memset(name, 'n', sizeof(name));
    name[NT_TRACE_NAME] = '\0';
    CHECK(!nt_trace_flags(world_fibre->machine, name, NULL, 1, 1));
    name[NT_TRACE_NAME - 1] = '\0';
    CHECK(nt_trace_flags(world_fibre->machine, name, NULL, 1, 1));
    for (unsigned i = 1; i <= NT_TRACE_REQUESTS; i++) {
        snprintf(name, sizeof(name), "d%u", i);
        CHECK(nt_trace_flags(world_fibre->machine, name, NULL, 1, 1) == (i < NT_TRACE_REQUESTS));
    }
    CHECK(nt_trace_flags(world_fibre->machine, "d1", NULL, 2, 2)); /* known: replaced */
}

static void limits_of_providers_and_requests(void **state)
{
    (void)state;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, PASSIVE_LEVEL, body_limits);
}

static void VENDOR body_register_at_dispatch(void)
{
    find_register();
}

static void looking_for_the_sink_at_dispatch_level(void **state)
{
    (void)state;
    expect_in_callback(RULE_IRQL_ROUTINE, DISPATCH_LEVEL, DISPATCH_LEVEL, body_register_at_dispatch);
}

static void VENDOR body_register_and_forget(void)
{
    fill(1);
    CHECK(find_register()(&provider) == STATUS_SUCCESS);
}

static VOID VENDOR VendorUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

/* Its control block may be unmapped by then: nobody writes there again. */
static void driver_unloads_without_wpp_cleanup(void **state)
{
    struct body body = {body_register_and_forget, PASSIVE_LEVEL, PASSIVE_LEVEL, true};

    (void)state;
    begin();
    run_until_idle(&body);
    assert_int_equal(controls[0].Level, 3);
    h.vendor->DriverUnload = VendorUnload;
    nt_unload_driver(h.machine, "vendor", NULL, NULL);
    world_run(h.world, world_now(h.world) + 10 * WORLD_SECOND);
    memset(controls, 0, sizeof(controls));
    assert_true(nt_trace_flags(h.machine, "vendor", NULL, 1, 1));
    assert_int_equal(controls[0].Logger, 0);
    end();
}

/* ---- binaries of Microsoft's tool chain ------------------------------------------------------------------- */

static UCHAR enabled_level;
static ULONGLONG enabled_mask;
static TRACE_ENABLE_CONTEXT enabled_context;

static VOID VENDOR NTAPI EnableCallback(const GUID *Source, ULONG Code, UCHAR Level, ULONGLONG Any, ULONGLONG All,
                                        PEVENT_FILTER_DESCRIPTOR Filter, PVOID Context)
{
    CHECK(Source != NULL && Code == EVENT_CONTROL_CODE_ENABLE_PROVIDER && All == 0 && Filter == NULL && Context == &said);
    enabled_level = Level;
    enabled_mask = Any;
}

static NTSTATUS VENDOR NTAPI ClassicCallback(const GUID *Guid, UCHAR Code, PVOID Enable, PVOID Context)
{
    CHECK(Guid != NULL && Code == EVENT_CONTROL_CODE_ENABLE_PROVIDER && Context == NULL);
    memcpy(&enabled_context, Enable, sizeof(enabled_context));
    return STATUS_SUCCESS;
}

static const GUID event_guid = {0x11111111, 0x2222, 0x3333, {4, 4, 5, 5, 5, 5, 5, 5}};

static void VENDOR body_events(void)
{
    EVENT_DESCRIPTOR event = {.Id = 5, .Level = 3, .Keyword = 0x10}, verbose = {.Id = 6, .Level = 5};
    EVENT_DATA_DESCRIPTOR data[2];
    uint64_t hash = trace_hash(world_fibre->world);
    REGHANDLE handle = 0, none = 4711;
    USHORT value = 0x1234;

    said[0] = '\0';
    nt_on_message(world_fibre->machine, listener, NULL);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", NULL, 0x30, 4));
    CHECK(EtwRegister(&event_guid, EnableCallback, said, &handle) == STATUS_SUCCESS);
    CHECK(enabled_level == 4 && enabled_mask == 0x30);
    CHECK(EtwEventEnabled(handle, &event) && !EtwEventEnabled(handle, &verbose));
    CHECK(EtwProviderEnabled(handle, 4, 0x20) && !EtwProviderEnabled(handle, 4, 0x40) && !EtwProviderEnabled(handle, 5, 0x20));
    EventDataDescCreate(&data[0], &value, sizeof(value));
    EventDataDescCreate(&data[1], "", 0);
    CHECK(EtwWrite(handle, &event, NULL, 2, data) == STATUS_SUCCESS);
    CHECK(EtwWrite(handle, &verbose, NULL, 0, NULL) == STATUS_SUCCESS); /* filtered */
    CHECK(EtwWrite(handle, &event, NULL, 1, NULL) == STATUS_INVALID_PARAMETER);
    CHECK(EtwWrite(none, &event, NULL, 0, NULL) == STATUS_INVALID_HANDLE);
    CHECK(strcmp(said, "vendor/3/event {11111111-2222-3333-0404-050505050505} #5 [2: 34 12] [0];") == 0);
    CHECK(EtwUnregister(handle) == STATUS_SUCCESS && EtwUnregister(handle) == STATUS_INVALID_HANDLE);
    CHECK(!EtwEventEnabled(handle, &event));
    CHECK(EtwRegister(NULL, NULL, NULL, &handle) == STATUS_INVALID_PARAMETER);
    CHECK(trace_hash(world_fibre->world) == hash);
}

static void events_of_an_etw_provider(void **state)
{
    (void)state;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, PASSIVE_LEVEL, body_events);
}

static void VENDOR body_classic(void)
{
    REGHANDLE handle;
    TRACEHANDLE logger = 0, queried = 0;
    ULONG value = 0, needed = 0, number = 0x01020304;

    said[0] = '\0';
    memset(&enabled_context, 0, sizeof(enabled_context));
    nt_on_message(world_fibre->machine, listener, NULL);
    /* Nobody asked for this driver: it is left alone. */
    CHECK(EtwRegisterClassicProvider(&event_guid, 0, ClassicCallback, NULL, &handle) == STATUS_SUCCESS);
    CHECK(enabled_context.LoggerId == 0);
    CHECK(EtwUnregister(handle) == STATUS_SUCCESS);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", NULL, 0x21, 4));
    CHECK(EtwRegisterClassicProvider(&event_guid, 0, ClassicCallback, NULL, &handle) == STATUS_SUCCESS);
    CHECK(enabled_context.LoggerId != 0 && enabled_context.Level == 4 && enabled_context.EnableFlags == 0x21);
    CHECK(WmiQueryTraceInformation(TraceEnableLevelClass, &value, sizeof(value), NULL, &enabled_context) == STATUS_SUCCESS && value == 4);
    CHECK(WmiQueryTraceInformation(TraceEnableFlagsClass, &value, sizeof(value), NULL, &enabled_context) == STATUS_SUCCESS && value == 0x21);
    CHECK(WmiQueryTraceInformation(TraceHandleClass, &queried, sizeof(queried), &needed, &enabled_context) == STATUS_SUCCESS);
    CHECK(WmiQueryTraceInformation(TraceHandleClass, &queried, 4, &needed, &enabled_context) == STATUS_BUFFER_TOO_SMALL && needed == 8);
    CHECK(WmiQueryTraceInformation(TraceIdClass, &value, 4, NULL, &enabled_context) == STATUS_INVALID_PARAMETER);
    memcpy(&logger, &enabled_context, sizeof(logger));
    CHECK(queried == logger);
    CHECK(WmiTraceMessage(logger, TRACE_MESSAGE_GUID, &event_guid, 10, &number, sizeof(number), "xy", (SIZE_T)2, NULL) == STATUS_SUCCESS);
    CHECK(WmiTraceMessage(0x7777, TRACE_MESSAGE_GUID, &event_guid, 10, NULL) == STATUS_INVALID_HANDLE);
    CHECK(strcmp(said, "vendor/4/trace {11111111-2222-3333-0404-050505050505} #10 [4: 04 03 02 01] [2: 78 79];") == 0);
    CHECK(nt_trace_flags(world_fibre->machine, "vendor", NULL, 0, 0));
    CHECK(WmiTraceMessage(logger, 0, &event_guid, 11, NULL) == STATUS_SUCCESS && strstr(said, "#11") == NULL);
}

static void messages_of_wpps_own_code(void **state)
{
    (void)state;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, PASSIVE_LEVEL, body_classic);
}

static void VENDOR body_wmi_registration(void)
{
    PDEVICE_OBJECT device = NULL;

    CHECK(IoCreateDevice(h.vendor, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_REGISTER | WMIREG_FLAG_TRACE_PROVIDER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER | WMIREG_FLAG_TRACE_PROVIDER) == STATUS_SUCCESS);
    CHECK(IoWMIRegistrationControl(device, WMIREG_ACTION_DEREGISTER | WMIREG_FLAG_TRACE_PROVIDER) == STATUS_INVALID_PARAMETER);
    CHECK(IoWMIRegistrationControl(device, 77) == STATUS_INVALID_PARAMETER);
    IoDeleteDevice(device);
}

static void trace_provider_registers_like_any_other(void **state)
{
    (void)state;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, PASSIVE_LEVEL, body_wmi_registration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_that_the_checker_knows_takes_what_it_says),
        cmocka_unit_test(unknown_name_prints_itself_and_takes_one_argument),
        cmocka_unit_test(place_of_a_message),
        cmocka_unit_test(dates_at_their_corners),
        cmocka_unit_test(broken_sid_and_missing_strings),
        cmocka_unit_test(counted_bytes_in_every_position),
        cmocka_unit_test(types_of_a_project),
        cmocka_unit_test(long_lines_are_cut_at_the_limit),
        cmocka_unit_test(switching_at_run_time_changes_the_driver_and_not_the_hash),
        cmocka_unit_test(limits_of_providers_and_requests),
        cmocka_unit_test(looking_for_the_sink_at_dispatch_level),
        cmocka_unit_test(driver_unloads_without_wpp_cleanup),
        cmocka_unit_test(events_of_an_etw_provider),
        cmocka_unit_test(messages_of_wpps_own_code),
        cmocka_unit_test(trace_provider_registers_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
