/* SPDX-License-Identifier: MIT */
/*
 * Registration, arrival, removal, unload: order of the callbacks and what happens when one refuses.
 */
#include "fixture.h"

static void first_and_second_path(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(pseudo_lun(0) == NULL);
    CHECK(add_path(7));
    CHECK_LOG("Inquire SetDevice Allocate Verify IsActive CheckState");
    CHECK(pseudo_lun(0) != NULL);
    CHECK(add_path(7));
    CHECK_LOG("Inquire Compare SetDevice Allocate Verify IsActive CheckState");
    CHECK(add_path(8));
    CHECK_LOG("Inquire Compare SetDevice Allocate Verify IsActive CheckState");
    CHECK(pseudo_lun(1) != NULL && pseudo_lun(2) == NULL);
    CHECK(events_logged(1) == 2 && events_logged(2) == 1);
    CHECK(f.paths[0].claimed);
}

static void arrival_order_is_the_contracts(void **state)
{
    (void)state;
    expect(first_and_second_path, RULE_NONE);
}

static void vendor_before_in_box_body(void)
{
    f.dsms[0].tag = "a:";
    f.dsms[1].tag = "b:";
    CHECK(register_dsm(1, u"Microsoft DSM") == STATUS_SUCCESS);
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    f.dsms[0].decline = true;
    CHECK(add_path(1));
    CHECK_LOG("a:Inquire b:Inquire b:SetDevice b:Allocate b:Verify b:IsActive b:CheckState");
    f.dsms[1].decline = true;
    CHECK(!add_path(2));
    CHECK_LOG("a:Inquire b:Inquire");
    CHECK(!f.paths[1].claimed);
    CHECK(events_logged(MPIO_EVENT_NOT_CLAIMED) == 1);
}

static void vendor_dsms_are_asked_before_the_in_box_one(void **state)
{
    (void)state;
    expect(vendor_before_in_box_body, RULE_NONE);
}

static void unlisted_device_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(!add_path(1));
    CHECK_LOG("");
}

static void device_that_is_not_listed_stays_alone(void **state)
{
    (void)state;
    begin();
    nt_registry_set_text(f.machine, "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV", "MPIOSupportedDeviceList",
                         "OTHER");
    run(unlisted_device_body);
    finish(RULE_NONE);
}

static void refused_setup_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    f.dsms[0].fail_set = true;
    CHECK(add_path(1)); /* claimed: hidden, although not usable */
    CHECK_LOG("Inquire SetDevice NotUsed");
    CHECK(pseudo_lun(0) == NULL);
    CHECK(events_logged(3) == 1);
}

static void instance_that_cannot_be_set_up_is_given_back(void **state)
{
    (void)state;
    expect(refused_setup_body, RULE_NONE);
}

static void refused_verify_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    f.dsms[0].fail_verify = true;
    CHECK(add_path(1)); /* hidden */
    CHECK_LOG("Inquire SetDevice Allocate Verify");
    CHECK(pseudo_lun(0) == NULL);
    CHECK(events_logged(20) == 1);
    pause_ms(41 * 1000); /* recovery: every two PDORemovePeriods */
    CHECK_LOG("Verify");
    f.dsms[0].fail_verify = false;
    pause_ms(41 * 1000);
    CHECK_LOG("Verify IsActive");
    CHECK(pseudo_lun(0) != NULL);
    CHECK(do_io(pseudo_lun(0), SCSIOP_READ) == STATUS_SUCCESS);
}

static void path_that_is_bad_at_its_arrival_is_recovered(void **state)
{
    (void)state;
    expect(refused_verify_body, RULE_NONE);
}

static void same_id_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1));
    f.dsms[0].same_id = true;
    add_path(2);
}

static void identifier_used_twice_is_a_bug_check(void **state)
{
    (void)state;
    expect(same_id_body, RULE_DSM_IDENTIFIER);
}

static void thirty_three_paths_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    for (unsigned i = 0; i < MPIO_MAX_PATHS; i++) {
        CHECK(add_path(1));
    }
    CHECK(events_logged(2) == MPIO_MAX_PATHS - 1);
    f.log[0] = '\0';
    CHECK(add_path(1));
    CHECK_LOG("Inquire Compare NotUsed");
    CHECK(events_logged(3) != 0);
}

static void thirty_third_path_of_a_lun_is_declined(void **state)
{
    (void)state;
    expect(thirty_three_paths_body, RULE_NONE);
}

static NTSTATUS register_changed(void (*change)(DSM_INIT_DATA *), ULONG length)
{
    DSM_INIT_DATA init;
    DSM_MPIO_CONTEXT context;

    fill_init(&init, 0, u"Acme DSM");
    change(&init);
    return control_request(IOCTL_MPDSM_REGISTER, &init, length, &context, sizeof(context));
}

static void nothing(DSM_INIT_DATA *init)
{
    (void)init;
}
static void without_get_path(DSM_INIT_DATA *init)
{
    init->DsmLBGetPath = NULL;
}
static void without_not_used(DSM_INIT_DATA *init)
{
    init->DsmDeviceNotUsed = NULL;
}
static void type_seven(DSM_INIT_DATA *init)
{
    init->DsmType = DsmType7;
}
static void type_zero(DSM_INIT_DATA *init)
{
    init->DsmType = DsmTypeUnknown;
}
static void type_one(DSM_INIT_DATA *init)
{
    init->InitDataSize = DSM_INIT_DATA_TYPE_1_SIZE;
}
static void too_small(DSM_INIT_DATA *init)
{
    init->InitDataSize = DSM_INIT_DATA_TYPE_1_SIZE - 1;
}
static void type_five_without_tail(DSM_INIT_DATA *init)
{
    init->DsmType = DsmType5;
    init->InitDataSize = DSM_INIT_DATA_TYPE_5_SIZE;
}
static void type_six_short(DSM_INIT_DATA *init)
{
    init->InitDataSize = DSM_INIT_DATA_TYPE_5_SIZE;
}

static void registrations_body(void)
{
    CHECK(register_changed(without_get_path, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(without_not_used, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(type_seven, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(type_zero, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(too_small, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(type_six_short, sizeof(DSM_INIT_DATA)) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(nothing, sizeof(DSM_INIT_DATA) - 1) == STATUS_INVALID_PARAMETER);
    CHECK(register_changed(type_one, DSM_INIT_DATA_TYPE_1_SIZE) == STATUS_SUCCESS);
    CHECK(register_changed(type_five_without_tail, DSM_INIT_DATA_TYPE_5_SIZE) == STATUS_SUCCESS);
    CHECK(register_changed(nothing, sizeof(DSM_INIT_DATA)) == STATUS_SUCCESS);
}

static void registration_checks_type_size_and_callbacks(void **state)
{
    (void)state;
    expect(registrations_body, RULE_NONE);
}

static void removal_body(void)
{
    PDEVICE_OBJECT lun;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1));
    lun = pseudo_lun(0);
    f.log[0] = '\0';
    CHECK(deregister_dsm(0) == STATUS_DEVICE_BUSY);
    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
    CHECK_LOG("RemovePending RemoveDevice RemovePath");
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
    remove_path(0, IRP_MN_REMOVE_DEVICE);
    CHECK_LOG("");
    remove_path(1, IRP_MN_REMOVE_DEVICE);
    CHECK_LOG("RemovePending RemoveDevice RemovePath");
    CHECK(pseudo_lun(0) == lun); /* stays for PDORemovePeriod */
    pause_ms(20001);
    CHECK(pseudo_lun(0) == NULL);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_NO_SUCH_DEVICE);
    CHECK(NT_SUCCESS(send_pnp(lun, IRP_MN_REMOVE_DEVICE, NULL)));
    CHECK(deregister_dsm(0) == STATUS_SUCCESS);
    CHECK_LOG("");
    pause_ms(10);
    CHECK_LOG("Unload");
}

static void removal_and_unload_keep_their_order(void **state)
{
    (void)state;
    expect(removal_body, RULE_NONE);
}

static void early_unload_body(void)
{
    PDEVICE_OBJECT lun;
    struct io *io;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1));
    lun = pseudo_lun(0);
    remove_path(0, IRP_MN_REMOVE_DEVICE);
    io = start_io(lun, 1, SCSIOP_READ);
    f.log[0] = '\0';
    CHECK(deregister_dsm(0) == STATUS_SUCCESS);
    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE && pseudo_lun(0) == NULL);
    pause_ms(10);
    CHECK_LOG("Unload");
    CHECK(NT_SUCCESS(send_pnp(lun, IRP_MN_REMOVE_DEVICE, NULL)));
}

static void unload_does_not_wait_for_the_remove_period(void **state)
{
    (void)state;
    expect(early_unload_body, RULE_NONE);
}

static void remove_first_path(void *argument)
{
    (void)argument;
    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
    note(&f.dsms[0], "removed");
}

static void removal_waits_body(void)
{
    PDEVICE_OBJECT lun;
    struct io *io;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1));
    lun = pseudo_lun(0);
    f.paths[0].hold = true;
    f.dsms[0].next = 0;
    io = start_io(lun, 1, SCSIOP_READ);
    CHECK(f.paths[0].held_count == 1);
    f.log[0] = '\0';
    nt_run_thread(f.machine, "remover", remove_first_path, NULL);
    pause_ms(5000);
    CHECK_LOG("RemovePending");
    release_path(&f.paths[0]);
    CHECK(wait_io(io) == STATUS_SUCCESS);
    pause_ms(1);
    CHECK_LOG("RemoveDevice RemovePath removed");
    CHECK(f.dsms[0].completions == 1);
}

static void removal_waits_for_requests_on_the_instance(void **state)
{
    (void)state;
    expect(removal_waits_body, RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrival_order_is_the_contracts),
        cmocka_unit_test(vendor_dsms_are_asked_before_the_in_box_one),
        cmocka_unit_test(device_that_is_not_listed_stays_alone),
        cmocka_unit_test(instance_that_cannot_be_set_up_is_given_back),
        cmocka_unit_test(path_that_is_bad_at_its_arrival_is_recovered),
        cmocka_unit_test(identifier_used_twice_is_a_bug_check),
        cmocka_unit_test(thirty_third_path_of_a_lun_is_declined),
        cmocka_unit_test(registration_checks_type_size_and_callbacks),
        cmocka_unit_test(removal_and_unload_keep_their_order),
        cmocka_unit_test(unload_does_not_wait_for_the_remove_period),
        cmocka_unit_test(removal_waits_for_requests_on_the_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
