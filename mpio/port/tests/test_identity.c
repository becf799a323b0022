/* SPDX-License-Identifier: MIT */
/* Identity of a LUN: ids and properties of a good one, bounds of a hostile one, sameness. */
#include "rig.h"

static BOOLEAN text_is(PCWSTR text, const char *ascii)
{
    while (*ascii != '\0' && *text == (UCHAR)*ascii)
        text++, ascii++;
    return *ascii == '\0' && *text == 0;
}

static void ids_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(1, 2);
    PWSTR text = PortUnitId(unit, BusQueryDeviceID);
    static const char *const hardware[] = {
        "SCSI\\DiskOPENMPIOSHELF___________0001", "SCSI\\DiskOPENMPIOSHELF___________", "SCSI\\DiskOPENMPIO",
        "SCSI\\OPENMPIOSHELF___________0", "OPENMPIOSHELF___________0", "GenDisk"};

    (void)argument;
    CHECK(text_is(text, "SCSI\\Disk&Ven_OPENMPIO&Prod_SHELF"));
    ExFreePool(text);
    text = PortUnitId(unit, BusQueryHardwareIDs);
    PCWSTR at = text;
    for (unsigned i = 0; i < RTL_NUMBER_OF(hardware); i++) {
        CHECK(text_is(at, hardware[i]));
        at += strlen(hardware[i]) + 1;
    }
    CHECK(*at == 0);
    ExFreePool(text);
    text = PortUnitId(unit, BusQueryInstanceID);
    CHECK(text_is(text, "000102"));
    ExFreePool(text);
    text = PortUnitText(unit, DeviceTextDescription);
    CHECK(text_is(text, "OPENMPIO SHELF SCSI Disk Device"));
    ExFreePool(text);
    text = PortUnitText(unit, DeviceTextLocationInformation);
    CHECK(text_is(text, "Bus Number 0, Target Id 1, LUN 2"));
    ExFreePool(text);
    rig.finished++;
}

static void properties_body(void *argument)
{
    PDEVICE_OBJECT lun = rig_unit(1, 2)->Header.Self, fdo = rig_adapter()->Header.Self;
    static union {
        STORAGE_PROPERTY_QUERY query;
        STORAGE_DESCRIPTOR_HEADER head;
        STORAGE_DEVICE_DESCRIPTOR device;
        STORAGE_ADAPTER_DESCRIPTOR adapter;
        STORAGE_DEVICE_ID_DESCRIPTOR ids;
        STORAGE_MINIPORT_DESCRIPTOR miniport;
        SCSI_ADDRESS address;
        UCHAR bytes[2048];
    } b;
    ULONG_PTR information;
    ULONG size;

    (void)argument;
    memset(&b, 0, sizeof b);
    CHECK(rig_control(lun, IOCTL_STORAGE_QUERY_PROPERTY, &b, 12, 8, &information) == STATUS_SUCCESS && information == 8);
    size = b.head.Size;
    CHECK(b.head.Version == 40 && size > 40 && size < 400);
    memset(&b, 0, sizeof b);
    CHECK(rig_control(lun, IOCTL_STORAGE_QUERY_PROPERTY, &b, 12, size, &information) == STATUS_SUCCESS);
    CHECK(information == size && memcmp(b.bytes + b.device.VendorIdOffset, "OPENMPIO", 9) == 0);
    CHECK(memcmp(b.bytes + b.device.ProductIdOffset, "SHELF           ", 17) == 0);
    CHECK(b.device.SerialNumberOffset != 0 && b.device.SerialNumberOffset < size && b.device.BusType == BusTypeFibre);
    memset(&b, 0, sizeof b);
    b.query.PropertyId = StorageDeviceIdProperty;
    CHECK(rig_control(lun, IOCTL_STORAGE_QUERY_PROPERTY, &b, 12, sizeof b, &information) == STATUS_SUCCESS);
    CHECK(b.ids.NumberOfIdentifiers >= 1 && b.ids.Size == information);
    PSTORAGE_IDENTIFIER id = (PSTORAGE_IDENTIFIER)b.ids.Identifiers;
    BOOLEAN naa = FALSE;
    for (ULONG i = 0; i < b.ids.NumberOfIdentifiers; i++) {
        naa |= id->Type == StorageIdTypeFCPHName && id->Association == StorageIdAssocDevice;
        CHECK((PUCHAR)id + 16 + id->IdentifierSize <= b.bytes + b.ids.Size);
        id = (PSTORAGE_IDENTIFIER)((PUCHAR)id + id->NextOffset);
    }
    CHECK(naa);
    memset(&b, 0, sizeof b);
    b.query.PropertyId = StorageAdapterProperty;
    CHECK(rig_control(fdo, IOCTL_STORAGE_QUERY_PROPERTY, &b, 12, sizeof b, &information) == STATUS_SUCCESS);
    CHECK(information == 32 && b.adapter.BusType == BusTypeFibre && b.adapter.MaximumTransferLength == 1 << 20);
    memset(&b, 0, sizeof b);
    b.query.PropertyId = StorageDeviceTrimProperty;
    b.query.QueryType = PropertyExistsQuery;
    CHECK(rig_control(lun, IOCTL_STORAGE_QUERY_PROPERTY, &b, 12, 0, &information) == STATUS_NOT_SUPPORTED);
    CHECK(rig_control(lun, IOCTL_STORAGE_QUERY_PROPERTY, &b, 11, 40, &information) == STATUS_INFO_LENGTH_MISMATCH);
    CHECK(rig_control(lun, IOCTL_SCSI_GET_ADDRESS, &b, 0, 7, &information) == STATUS_BUFFER_TOO_SMALL);
    CHECK(rig_control(lun, IOCTL_SCSI_GET_ADDRESS, &b, 0, 8, &information) == STATUS_SUCCESS && information == 8);
    CHECK(b.address.Length == 8 && b.address.PathId == 0 && b.address.TargetId == 1 && b.address.Lun == 2);
    CHECK(rig_control(fdo, IOCTL_SCSI_GET_INQUIRY_DATA, &b, 0, 12, &information) == STATUS_BUFFER_TOO_SMALL);
    CHECK(rig_control(fdo, IOCTL_SCSI_GET_INQUIRY_DATA, &b, 0, sizeof b, &information) == STATUS_SUCCESS);
    CHECK(b.bytes[0] == 1 && b.bytes[4] == 2 * RIG_LUNS);
    rig.finished++;
}

/* ---- pass-through --------------------------------------------------------------------------------------------- */
struct pass {
    SCSI_PASS_THROUGH head;
    UCHAR sense[32];
    UCHAR data[96];
};

static void inquiry(struct pass *p)
{
    memset(p, 0, sizeof *p);
    p->head.Length = sizeof p->head;
    p->head.CdbLength = 6;
    p->head.SenseInfoLength = sizeof p->sense;
    p->head.SenseInfoOffset = offsetof(struct pass, sense);
    p->head.DataIn = SCSI_IOCTL_DATA_IN;
    p->head.DataTransferLength = sizeof p->data;
    p->head.DataBufferOffset = offsetof(struct pass, data);
    p->head.TimeOutValue = 20;
    p->head.Cdb[0] = 0x12;
    p->head.Cdb[4] = sizeof p->data;
}

static NTSTATUS send_pass(struct pass *p, ULONG_PTR *information)
{
    return rig_control(rig_unit(0, 0)->Header.Self, IOCTL_SCSI_PASS_THROUGH, p, sizeof *p, sizeof *p, information);
}

static void pass_body(void *argument)
{
    static struct pass p;
    static struct {
        SCSI_PASS_THROUGH_DIRECT head;
        UCHAR sense[32];
    } d;
    static UCHAR data[64] __attribute__((aligned(16)));
    ULONG_PTR information;

    (void)argument;
    inquiry(&p);
    CHECK(send_pass(&p, &information) == STATUS_SUCCESS && p.head.ScsiStatus == 0);
    CHECK(memcmp(p.data + 8, "OPENMPIO", 8) == 0 && information <= sizeof p && information > offsetof(struct pass, data));
    inquiry(&p);
    p.head.Cdb[0] = 0xEE; /* unknown command */
    CHECK(send_pass(&p, &information) == STATUS_SUCCESS && p.head.ScsiStatus == 2 && p.head.SenseInfoLength >= 14);
    CHECK((p.sense[2] & 15) == 5);
    inquiry(&p), p.head.Length++;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.CdbLength = 0;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.CdbLength = 17;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.DataBufferOffset = sizeof p - sizeof p.data + 1;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.DataBufferOffset = (ULONG_PTR)-8;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.DataBufferOffset = sizeof p.head - 1;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.SenseInfoOffset = sizeof p - 31;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.TimeOutValue = 108001;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.TimeOutValue = 0;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    inquiry(&p), p.head.DataIn = 4;
    CHECK(send_pass(&p, NULL) == STATUS_INVALID_PARAMETER);
    CHECK(rig_control(rig_unit(0, 0)->Header.Self, IOCTL_SCSI_PASS_THROUGH, &p, 55, sizeof p, NULL) ==
          STATUS_INVALID_PARAMETER);
    memset(&d, 0, sizeof d);
    d.head.Length = sizeof d.head;
    d.head.CdbLength = 6;
    d.head.DataIn = SCSI_IOCTL_DATA_IN;
    d.head.DataTransferLength = sizeof data - 4;
    d.head.DataBuffer = data;
    d.head.TimeOutValue = 10;
    d.head.Cdb[0] = 0x12;
    d.head.Cdb[4] = 36;
    CHECK(rig_control(rig_unit(0, 0)->Header.Self, IOCTL_SCSI_PASS_THROUGH_DIRECT, &d, sizeof d, sizeof d, NULL) ==
          STATUS_SUCCESS);
    CHECK(memcmp(data + 8, "OPENMPIO", 8) == 0 && d.head.DataTransferLength == 36);
    d.head.DataBuffer = data + 1;
    CHECK(rig_control(rig_unit(0, 0)->Header.Self, IOCTL_SCSI_PASS_THROUGH_DIRECT, &d, sizeof d, sizeof d, NULL) ==
          STATUS_INVALID_PARAMETER);
    rig.finished++;
}

/* ---- hostile bytes -------------------------------------------------------------------------------------------------- */
static const UCHAR std[36] = {0, 0, 5, 2, 31, 0, 0, 2, 'A', 'C', 'M', 'E', ' ', ' ', ' ', ' ', 'X', 1, '\\', ','};

static PPORT_IDENTITY identity(const UCHAR *serial, ULONG serial_length, const UCHAR *page, ULONG page_length)
{
    return PortMakeIdentity(std, sizeof std, serial, serial_length, page, page_length);
}

static void hostile_body(void *argument)
{
    static const UCHAR overlong[] = {0, 0x83, 0xFF, 0xFF, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 0, 200, 1};
    static const UCHAR path_a[] = {0, 0x83, 0, 20, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0x14, 0, 4, 0, 0, 0, 1};
    static const UCHAR path_b[] = {0, 0x83, 0, 20, 1, 0x14, 0, 4, 0, 0, 0, 2, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    static const UCHAR other[] = {0, 0x83, 0, 12, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 9};
    static const UCHAR wrong[] = {0, 0x80, 0, 12, 1, 3, 0, 8, 1, 2, 3, 4, 5, 6, 7, 9};
    static const UCHAR serial[] = {0, 0x80, 0, 200, 'S', 0, '1'};
    UCHAR out[256];
    PPORT_IDENTITY a, b;

    (void)argument;
    a = identity(serial, sizeof serial, overlong, sizeof overlong);
    CHECK(a->SerialLength == 3);
    CHECK(PortDescribeIds(a, out, sizeof out) == 12 + 16 + 8); /* the truncated second one is dropped */
    CHECK(((PSTORAGE_DEVICE_ID_DESCRIPTOR)out)->NumberOfIdentifiers == 1);
    memset(out, 0xAA, sizeof out);
    CHECK(PortDescribeIds(a, out, 9) == 36 && out[9] == 0xAA);
    ULONG full = PortDescribeDevice(a, 6, out, sizeof out);
    CHECK(full < sizeof out && out[full] == 0xAA && out[full - 1] == 0);
    memset(out, 0xAA, sizeof out);
    CHECK(PortDescribeDevice(a, 6, out, 8) == full && out[8] == 0xAA);
    ExFreePool(a);
    a = identity(NULL, 0, path_a, sizeof path_a);
    b = identity(NULL, 0, path_b, sizeof path_b);
    CHECK(PortSameIdentity(a, b) && PortSameIdentity(b, a));
    ExFreePool(b);
    b = identity(NULL, 0, other, sizeof other);
    CHECK(!PortSameIdentity(a, b));
    ExFreePool(b);
    b = identity(NULL, 0, wrong, sizeof wrong);
    CHECK(b->PageLength == 0 && PortDescribeIds(b, out, sizeof out) == 0 && !PortSameIdentity(a, b));
    ExFreePool(a);
    ExFreePool(b);
    rig.finished++;
}

static void ids_texts_properties_and_pass_through_of_a_lun(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(ids_body, WORLD_SECOND);
    rig_run(properties_body, WORLD_SECOND);
    rig_run(pass_body, WORLD_SECOND);
    rig_end();
}

static void hostile_pages_are_cut_at_their_end(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(hostile_body, WORLD_SECOND);
    rig_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_texts_properties_and_pass_through_of_a_lun),
        cmocka_unit_test(hostile_pages_are_cut_at_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
