/* SPDX-License-Identifier: MIT */
/*
 * PnP of a pseudo-LUN: ids, text, capabilities, special files, start and removal. PASSIVE_LEVEL.
 */
#include "core/core.h"

#define MPIO_ID_CHARACTERS 256

typedef struct _TEXT {
    WCHAR *Characters;
    ULONG Length;
} TEXT;

static VOID AppendAscii(TEXT *Text, PCSTR Ascii)
{
    for (; *Ascii != 0 && Text->Length < MPIO_ID_CHARACTERS - 2; Ascii++) {
        Text->Characters[Text->Length++] = (WCHAR)*Ascii;
    }
}

/* A field of INQUIRY without its trailing blanks; in ids, what PnP does not allow becomes '_'. */
static VOID AppendField(TEXT *Text, PMPIO_PDO Pdo, ULONG Offset, BOOLEAN Id)
{
    ULONG length;
    PCSTR field = MpioDescriptorText(Pdo->Lun->Device, Offset, &length);

    while (length > 0 && field[length - 1] == ' ') {
        length--;
    }
    for (ULONG i = 0; i < length && Text->Length < MPIO_ID_CHARACTERS - 2; i++) {
        CHAR character = field[i];

        if (character < 0x20 || character > 0x7E || (Id && (character == ' ' || character == ',' || character == '\\'))) {
            character = Id ? '_' : ' ';
        }
        Text->Characters[Text->Length++] = (WCHAR)character;
    }
}

static VOID AppendDeviceId(TEXT *Text, PMPIO_PDO Pdo, BOOLEAN Revision)
{
    PSTORAGE_DEVICE_DESCRIPTOR device = Pdo->Lun->Device;

    AppendAscii(Text, "MPIO\\Disk&Ven_");
    AppendField(Text, Pdo, device->VendorIdOffset, TRUE);
    AppendAscii(Text, "&Prod_");
    AppendField(Text, Pdo, device->ProductIdOffset, TRUE);
    if (Revision) {
        AppendAscii(Text, "&Rev_");
        AppendField(Text, Pdo, device->ProductRevisionOffset, TRUE);
    }
}

/* "1&7f6ac24&0&<hex of identifier>": stable over removals and machines. */
static VOID AppendInstance(TEXT *Text, PMPIO_PDO Pdo)
{
    static const CHAR digits[] = "0123456789abcdef";
    const MPIO_IDENTITY *identity = &Pdo->Lun->Identity;
    ULONG from = identity->Length > 48 ? identity->Length - 48u : 0;

    AppendAscii(Text, "1&7f6ac24&0&");
    if (identity->Length == 0) {
        for (LONG shift = 28; shift >= 0; shift -= 4) {
            Text->Characters[Text->Length++] = (WCHAR)digits[Pdo->Ordinal >> shift & 15];
        }
    }
    for (ULONG i = from; i < identity->Length && Text->Length < MPIO_ID_CHARACTERS - 3; i++) {
        Text->Characters[Text->Length++] = (WCHAR)digits[identity->Bytes[i] >> 4];
        Text->Characters[Text->Length++] = (WCHAR)digits[identity->Bytes[i] & 15];
    }
}

static NTSTATUS QueryId(PMPIO_PDO Pdo, PIRP Irp, BUS_QUERY_ID_TYPE Type)
{
    TEXT text;

    text.Length = 0;
    text.Characters = ExAllocatePoolZero(PagedPool, MPIO_ID_CHARACTERS * sizeof(WCHAR), MPIO_TAG);
    if (text.Characters == NULL) {
        return MpioComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    switch (Type) {
    case BusQueryDeviceID:
        AppendDeviceId(&text, Pdo, TRUE);
        break;
    case BusQueryHardwareIDs:
        AppendDeviceId(&text, Pdo, TRUE);
        text.Length++; /* the buffer is zeroed: that is the terminator */
        AppendDeviceId(&text, Pdo, FALSE);
        break;
    case BusQueryCompatibleIDs:
        AppendAscii(&text, "GenDisk");
        break;
    case BusQueryInstanceID:
        AppendInstance(&text, Pdo);
        break;
    default:
        ExFreePoolWithTag(text.Characters, MPIO_TAG);
        return MpioComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    }
    return MpioComplete(Irp, STATUS_SUCCESS, (ULONG_PTR)text.Characters);
}

static NTSTATUS QueryText(PMPIO_PDO Pdo, PIRP Irp, DEVICE_TEXT_TYPE Type)
{
    TEXT text;

    text.Length = 0;
    text.Characters = ExAllocatePoolZero(PagedPool, MPIO_ID_CHARACTERS * sizeof(WCHAR), MPIO_TAG);
    if (text.Characters == NULL) {
        return MpioComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    if (Type == DeviceTextDescription) {
        AppendField(&text, Pdo, Pdo->Lun->Device->VendorIdOffset, FALSE);
        AppendAscii(&text, " ");
        AppendField(&text, Pdo, Pdo->Lun->Device->ProductIdOffset, FALSE);
        AppendAscii(&text, "  Multi-Path Disk Device");
    } else {
        AppendAscii(&text, "Multi-Path Bus");
    }
    return MpioComplete(Irp, STATUS_SUCCESS, (ULONG_PTR)text.Characters);
}

static NTSTATUS QueryCapabilities(PMPIO_PDO Pdo, PIRP Irp, PDEVICE_CAPABILITIES Capabilities)
{
    if (Capabilities == NULL || Capabilities->Size < sizeof(*Capabilities) || Capabilities->Version != 1) {
        return MpioComplete(Irp, STATUS_UNSUCCESSFUL, 0);
    }
    Capabilities->UniqueID = TRUE;
    Capabilities->RawDeviceOK = TRUE;
    Capabilities->SilentInstall = TRUE;
    Capabilities->SurpriseRemovalOK = TRUE;
    Capabilities->Address = Pdo->Ordinal;
    return MpioComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS UsageNotification(PMPIO_PDO Pdo, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    switch (Stack->Parameters.UsageNotification.Type) {
    case DeviceUsageTypePaging:
    case DeviceUsageTypeHibernation:
    case DeviceUsageTypeDumpFile:
        if (Stack->Parameters.UsageNotification.InPath) {
            if (!Pdo->Started || Pdo->Gone) {
                return MpioComplete(Irp, STATUS_DEVICE_NOT_READY, 0);
            }
            Pdo->SpecialFiles++;
        } else if (Pdo->SpecialFiles > 0) {
            Pdo->SpecialFiles--;
        }
        return MpioComplete(Irp, STATUS_SUCCESS, 0);
    case DeviceUsageTypeBoot:
        return MpioComplete(Irp, STATUS_SUCCESS, 0);
    default:
        return MpioComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
}

static NTSTATUS QueryRemove(PMPIO_PDO Pdo, PIRP Irp)
{
    if (Pdo->SpecialFiles > 0) {
        MpioEvent(MPIO_EVENT_PNP_REFUSED, Pdo->Ordinal, (ULONG)Pdo->SpecialFiles,
                  "MPIO Disk%u: removal refused, it holds paging, hibernation or dump files", Pdo->Ordinal);
        return MpioComplete(Irp, STATUS_DEVICE_BUSY, 0);
    }
    return MpioComplete(Irp, STATUS_SUCCESS, 0);
}

/* TargetDeviceRelation: the device itself, referenced. */
static NTSTATUS QueryTarget(PMPIO_PDO Pdo, PIRP Irp)
{
    PDEVICE_RELATIONS relations = ExAllocatePoolZero(PagedPool, sizeof(*relations), MPIO_TAG);

    if (relations == NULL) {
        return MpioComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    ObReferenceObject(Pdo->Common.Device);
    relations->Count = 1;
    relations->Objects[0] = Pdo->Common.Device;
    return MpioComplete(Irp, STATUS_SUCCESS, (ULONG_PTR)relations);
}

/* A device that Plug and Play still knows of only stops, also when it went meanwhile (a start that failed for that
 * reason is followed by a REMOVE too); one that bus relations have left out ends here. */
static NTSTATUS Remove(PMPIO_PDO Pdo, PIRP Irp)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device = Pdo->Common.Device;
    PMPIO_LUN lun = Pdo->Lun;
    KIRQL irql;

    Pdo->Started = FALSE;
    Pdo->Claimed = FALSE;
    if (!Pdo->Missing) {
        return MpioComplete(Irp, STATUS_SUCCESS, 0);
    }
    KeWaitForSingleObject(&Pdo->Drained, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&root->Lock, &irql);
    RemoveEntryList(&Pdo->Entry);
    KeReleaseSpinLock(&root->Lock, irql);
    (VOID)MpioComplete(Irp, STATUS_SUCCESS, 0);
    IoDeleteDevice(device);
    MpioDereferenceLun(lun);
    return STATUS_SUCCESS;
}

NTSTATUS MpioPdoPnp(PMPIO_PDO Pdo, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Pdo->Started = TRUE;
        return MpioComplete(Irp, Pdo->Gone ? STATUS_NO_SUCH_DEVICE : STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_ID:
        return QueryId(Pdo, Irp, stack->Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_TEXT:
        return QueryText(Pdo, Irp, stack->Parameters.QueryDeviceText.DeviceTextType);
    case IRP_MN_QUERY_CAPABILITIES:
        return QueryCapabilities(Pdo, Irp, stack->Parameters.DeviceCapabilities.Capabilities);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return UsageNotification(Pdo, Irp, stack);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return QueryRemove(Pdo, Irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation) {
            return QueryTarget(Pdo, Irp);
        }
        return MpioComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return MpioComplete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Pdo, Irp);
    default:
        return MpioComplete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    }
}
