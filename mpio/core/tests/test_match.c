/* SPDX-License-Identifier: MIT */
/*
 * Whom CompareDevices is asked about when an instance arrives: rule MPIO-ARR-03, at its limit and beyond.
 */
#include "fixture.h"

#define REST " SetDevice Allocate Verify IsActive CheckState"

static PMPIO_MODULE the_dsm(void)
{
    return CONTAINING_RECORD(MpioRoot()->Dsms.Flink, MPIO_MODULE, Entry);
}

/* As if the DSM had so many LUNs, the missing ones with NAA identifiers. */
static void pretend(ULONG luns)
{
    the_dsm()->LunsOfKind[MPIO_KIND_NAA] += luns - the_dsm()->LunCount;
    the_dsm()->LunCount = luns;
}

static void arrives(unsigned lun, UCHAR naa)
{
    f.naa = naa;
    f.log[0] = '\0';
    CHECK(add_path(lun));
}

static void limit_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    arrives(1, 1);
    arrives(2, 2);
    pretend(MPIO_ASK_ABOUT_ALL - 1);
    arrives(3, 3);
    CHECK_LOG("Inquire Compare Compare" REST);
    CHECK(the_dsm()->LunCount == MPIO_ASK_ABOUT_ALL);
    arrives(4, 4);
    CHECK_LOG("Inquire" REST);
    arrives(2, 2);
    CHECK_LOG("Inquire Compare" REST);
    CHECK(pseudo_lun(3) != NULL && pseudo_lun(4) == NULL);
}

static void other_worldwide_identifiers_are_left_out_from_the_limit_on(void **state)
{
    (void)state;
    expect(limit_body, RULE_NONE);
}

static void nameless_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    arrives(1, 1);
    arrives(2, 0);
    pretend(MPIO_ASK_ABOUT_ALL);
    arrives(3, 3);
    CHECK_LOG("Inquire Compare" REST); /* with the one that has a serial number only */
    arrives(4, 0);
    CHECK_LOG("Inquire Compare Compare Compare" REST);
    arrives(2, 5); /* a path with a page 83h at last: only the DSM knows whose it is */
    CHECK_LOG("Inquire Compare" REST);
    CHECK(pseudo_lun(3) != NULL && pseudo_lun(4) == NULL);
}

static void luns_without_worldwide_identifier_are_always_compared(void **state)
{
    (void)state;
    expect(nameless_body, RULE_NONE);
}

/* An array whose controllers name one LUN differently, in a page that the standard says is worldwide. */
static void own_equality_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    arrives(1, 1);
    arrives(1, 101);
    CHECK(pseudo_lun(1) == NULL);
    arrives(2, 2);
    pretend(MPIO_ASK_ABOUT_ALL);
    arrives(2, 102);
    CHECK_LOG("Inquire Compare Compare" REST);
    CHECK(pseudo_lun(1) != NULL && pseudo_lun(2) == NULL);
}

static void dsm_that_calls_different_identifiers_one_lun_is_asked_about_all(void **state)
{
    (void)state;
    expect(own_equality_body, RULE_NONE);
}

static void copies_body(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    arrives(1, 1);
    arrives(2, 1);
    CHECK(pseudo_lun(1) != NULL);
    pretend(MPIO_ASK_ABOUT_ALL);
    arrives(3, 3);
    CHECK_LOG("Inquire Compare Compare" REST);
}

static void dsm_that_tells_equal_identifiers_apart_is_asked_about_all(void **state)
{
    (void)state;
    expect(copies_body, RULE_NONE);
}

/* The longest identifier that page 83h can carry, of a LUN that differs from others in one byte of it. */
static void long_identifier(PMPIO_IDENTITY identity, ULONG at, UCHAR byte)
{
    union {
        STORAGE_DEVICE_DESCRIPTOR d;
        UCHAR bytes[128];
    } device = {0};
    union {
        STORAGE_DEVICE_ID_DESCRIPTOR d;
        UCHAR bytes[512];
    } ids = {0};
    STORAGE_IDENTIFIER *id = (STORAGE_IDENTIFIER *)ids.d.Identifiers;

    device.d.Size = sizeof(device);
    device.d.VendorIdOffset = 64;
    device.d.ProductIdOffset = 80;
    memset(device.bytes + 64, 'V', 8);
    memset(device.bytes + 80, 'P', 16);
    ids.d.Size = sizeof(ids);
    ids.d.NumberOfIdentifiers = 1;
    id->Type = StorageIdTypeVendorId;
    id->Association = StorageIdAssocDevice;
    id->IdentifierSize = 255;
    memset(id->Identifier, 'x', 255);
    id->Identifier[at] = byte;
    MpioIdentify(&device.d, &ids.d, identity);
}

static void long_identifiers_body(void)
{
    MPIO_IDENTITY one, other;

    for (ULONG at = 0; at < 255; at += 254) {
        long_identifier(&one, at, '1');
        long_identifier(&other, at, '1');
        CHECK(MpioSameIdentity(&one, &other));
        long_identifier(&other, at, '2');
        CHECK(!MpioSameIdentity(&one, &other));
    }
}

static void luns_that_differ_in_one_byte_of_a_long_identifier_are_two(void **state)
{
    (void)state;
    expect(long_identifiers_body, RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_worldwide_identifiers_are_left_out_from_the_limit_on),
        cmocka_unit_test(luns_without_worldwide_identifier_are_always_compared),
        cmocka_unit_test(dsm_that_calls_different_identifiers_one_lun_is_asked_about_all),
        cmocka_unit_test(dsm_that_tells_equal_identifiers_apart_is_asked_about_all),
        cmocka_unit_test(luns_that_differ_in_one_byte_of_a_long_identifier_are_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
