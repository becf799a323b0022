/* SPDX-License-Identifier: MIT */
/*
 * The bus scan (class-driver 4.1): every target of every bus; REPORT LUNS where LUN 0 knows it, else
 * INQUIRY of the first LUNs; of each LUN its INQUIRY data and the pages 80h and 83h. A LUN is new when
 * its address was empty or when its identity is another one; it is missing when it does not answer,
 * but not when the transport merely cannot reach it for now (LINK DOWN, BUSY, resets). PASSIVE_LEVEL,
 * one scan per adapter at a time (ScanFree).
 */
#include "port/port.h"

#define SCAN_BUFFER      16384
#define SCAN_INQUIRY     (SCAN_BUFFER - 3 * PORT_PAGE_BYTES)   /* the pages live at the end of the buffer */
#define SCAN_LUNS        ((SCAN_INQUIRY - 8) / 8)
#define EVPD             1

typedef enum _PRESENCE { Absent, Present, Unreachable } PRESENCE;

static PRESENCE PresenceOf(UCHAR Status)
{
    switch (Status) {
    case SRB_STATUS_SUCCESS:
        return Present;
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_SELECTION_TIMEOUT:
    case SRB_STATUS_INVALID_LUN:
    case SRB_STATUS_INVALID_TARGET_ID:
    case SRB_STATUS_INVALID_PATH_ID:
    case SRB_STATUS_NO_HBA:
    case SRB_STATUS_ERROR:      /* CHECK CONDITION on INQUIRY: nothing usable there */
        return Absent;
    default:
        return Unreachable;
    }
}

/* The unit through which the scan speaks to an address: the one that is there, or the probe. */
static PPORT_UNIT UnitAt(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target, UCHAR Lun)
{
    PPORT_UNIT unit = PortFindUnit(Adapter, Path, Target, Lun);

    if (unit != NULL && unit != Adapter->Probe) {
        return unit;
    }
    unit = Adapter->Probe;
    if (unit->Path != Path || unit->Target != Target || unit->Lun != Lun) {
        unit->Path = Path;
        unit->Target = Target;
        unit->Lun = Lun;
        unit->Depth = Adapter->Config.InitialLunQueueDepth;
        if (unit->LuExtension != NULL) {
            RtlZeroMemory(unit->LuExtension, Adapter->Config.SpecificLuExtensionSize);
        }
    }
    return unit;
}

static UCHAR Inquiry(PPORT_UNIT Unit, UCHAR Evpd, UCHAR Page, PUCHAR Buffer, ULONG *Length)
{
    UCHAR cdb[6] = {0x12, Evpd, Page, (UCHAR)(*Length >> 8), (UCHAR)*Length, 0};

    return PortScanCommand(Unit, cdb, sizeof(cdb), Buffer, Length);
}

static BOOLEAN Lists(const UCHAR *Pages, ULONG Length, UCHAR Code)
{
    Length = PortPageLength(Pages, Length, 0x00);
    for (ULONG i = 4; i < Length; i++) {
        if (Pages[i] == Code) {
            return TRUE;
        }
    }
    return FALSE;
}

/* FALSE: the transport failed. A page that the LUN refuses has length 0. */
static BOOLEAN ReadPage(PPORT_UNIT Unit, UCHAR Page, PUCHAR Buffer, ULONG *Length)
{
    UCHAR status = Inquiry(Unit, EVPD, Page, Buffer, Length);

    if (status != SRB_STATUS_SUCCESS) {
        *Length = 0;
    }
    return status == SRB_STATUS_SUCCESS || status == SRB_STATUS_ERROR;
}

/* A LUN whose pages could not be read yet would come up under a false identity: it is left to the next scan.
 * NULL with *Presence Present: no memory, or a qualifier that says no LUN (then Absent). */
static PPORT_IDENTITY Identify(PPORT_UNIT Unit, PRESENCE *Presence)
{
    PUCHAR pages = Unit->Adapter->ScanBuffer + SCAN_INQUIRY;
    PUCHAR serial = pages + PORT_PAGE_BYTES, ids = serial + PORT_PAGE_BYTES;
    ULONG pagesLength = 255, serialLength = 255, idsLength = PORT_PAGE_BYTES, inquiryLength = PORT_INQUIRY_BYTES;
    UCHAR inquiry[PORT_INQUIRY_BYTES];

    *Presence = PresenceOf(Inquiry(Unit, 0, 0, inquiry, &inquiryLength));
    if (*Presence != Present) {
        return NULL;
    }
    if (inquiryLength < 36 || inquiry[0] >> 5 != 0) {
        *Presence = Absent;
        return NULL;
    }
    if (!ReadPage(Unit, 0x00, pages, &pagesLength)) {
        *Presence = Unreachable;
        return NULL;
    }
    if (!Lists(pages, pagesLength, 0x80)) {
        serialLength = 0;
    }
    if (!Lists(pages, pagesLength, 0x83)) {
        idsLength = 0;
    }
    if ((serialLength != 0 && !ReadPage(Unit, 0x80, serial, &serialLength)) ||
        (idsLength != 0 && !ReadPage(Unit, 0x83, ids, &idsLength))) {
        *Presence = Unreachable;
        return NULL;
    }
    return PortMakeIdentity(inquiry, inquiryLength, serial, serialLength, ids, idsLength);
}

/* A missing unit that Plug and Play has never heard of is deleted at once; the others wait for REMOVE. */
static VOID Lose(PPORT_UNIT Unit)
{
    Unit->Missing = TRUE;
    if (!Unit->Reported) {
        PortDeleteUnit(Unit);
    }
}

static BOOLEAN ScanLun(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target, UCHAR Lun, PRESENCE *Presence)
{
    PPORT_UNIT unit = UnitAt(Adapter, Path, Target, Lun);
    BOOLEAN known = unit != Adapter->Probe;
    PPORT_IDENTITY identity = Identify(unit, Presence);

    if (*Presence == Unreachable || (*Presence == Present && identity == NULL)) {
        return FALSE;
    }
    if (known) {
        if (*Presence == Present && PortSameIdentity(unit->Identity, identity)) {
            ExFreePoolWithTag(identity, PORT_TAG);
            return FALSE;
        }
        Lose(unit);
    }
    if (*Presence == Absent) {
        return known;
    }
    unit = UnitAt(Adapter, Path, Target, Lun);
    if (!NT_SUCCESS(PortCreateUnit(Adapter, unit, identity))) {
        NtLogEvent(11, Adapter->Driver->Name, "no memory for bus %u target %u lun %u: it is left out", Path, Target, Lun);
        ExFreePoolWithTag(identity, PORT_TAG);
    }
    return TRUE;
}

/* Number of a single-level LUN, or ~0: what an SRB cannot address is left out. */
static ULONG LunNumber(const UCHAR Lun[8])
{
    ULONG number;

    switch (Lun[0] >> 6) {
    case 0:
        number = Lun[0] == 0 ? Lun[1] : ~0u;
        break;
    case 1:
        number = (ULONG)(Lun[0] & 0x3F) << 8 | Lun[1];
        break;
    default:
        return ~0u;
    }
    for (ULONG i = 2; i < 8; i++) {
        if (Lun[i] != 0) {
            return ~0u;
        }
    }
    return number;
}

static VOID AddLun(ULONGLONG Wanted[4], ULONG Number, ULONG Limit)
{
    if (Number < Limit) {
        Wanted[Number / 64] |= 1ull << (Number % 64);
    }
}

/* Which LUNs to look at. FALSE: keep everything as it was. */
static BOOLEAN ListLuns(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target, ULONGLONG Wanted[4])
{
    PPORT_UNIT unit = UnitAt(Adapter, Path, Target, 0);
    PUCHAR list = Adapter->ScanBuffer;
    ULONG length = 8 + 8 * SCAN_LUNS, count;
    UCHAR cdb[12] = {0xA0};
    UCHAR status;

    cdb[6] = (UCHAR)(length >> 24);
    cdb[7] = (UCHAR)(length >> 16);
    cdb[8] = (UCHAR)(length >> 8);
    cdb[9] = (UCHAR)length;
    status = PortScanCommand(unit, cdb, sizeof(cdb), list, &length);
    if (status == SRB_STATUS_SUCCESS && length >= 8) {
        count = ((ULONG)list[0] << 24 | (ULONG)list[1] << 16 | (ULONG)list[2] << 8 | list[3]) / 8;
        for (ULONG i = 0; i < count && 16 + 8 * i <= length; i++) {
            AddLun(Wanted, LunNumber(list + 8 + 8 * i), Adapter->LunLimit);
        }
        return TRUE;
    }
    if (status == SRB_STATUS_ERROR || status == SRB_STATUS_INVALID_REQUEST) { /* the LUN or the HBA does not know it: try the first ones */
        for (ULONG lun = 0; lun < PORT_DEFAULT_LUNS; lun++) {
            AddLun(Wanted, lun, Adapter->LunLimit);
        }
        return TRUE;
    }
    return PresenceOf(status) == Absent; /* an empty target */
}

static BOOLEAN Wants(const ULONGLONG Wanted[4], ULONG Lun)
{
    return (Wanted[Lun / 64] >> (Lun % 64) & 1) != 0;
}

/* Known units of one target that the target no longer lists. */
static BOOLEAN LoseOthers(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target, const ULONGLONG Wanted[4])
{
    BOOLEAN changed = FALSE;

    for (ULONG lun = 0; lun < 256; lun++) {
        PPORT_UNIT unit = Wants(Wanted, lun) ? NULL : PortFindUnit(Adapter, Path, Target, (UCHAR)lun);

        if (unit != NULL && unit != Adapter->Probe) {
            Lose(unit);
            changed = TRUE;
        }
    }
    return changed;
}

static BOOLEAN ScanTarget(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target)
{
    ULONGLONG wanted[4] = {0, 0, 0, 0};
    BOOLEAN changed;
    PRESENCE presence;

    if (!ListLuns(Adapter, Path, Target, wanted)) {
        return FALSE;
    }
    changed = LoseOthers(Adapter, Path, Target, wanted);
    for (ULONG lun = 0; lun < 256 && Adapter->State == PortStarted; lun++) {
        if (Wants(wanted, lun)) {
            changed |= ScanLun(Adapter, Path, Target, (UCHAR)lun, &presence);
        }
    }
    return changed;
}

BOOLEAN PortScan(PPORT_ADAPTER Adapter)
{
    BOOLEAN changed = FALSE;

    KeWaitForSingleObject(&Adapter->ScanFree, Executive, KernelMode, FALSE, NULL);
    /* Only now: whatever was reported while a scan before this one ran is found by this one. */
    InterlockedExchange(&Adapter->ScanQueued, 0);
    if (Adapter->ScanBuffer == NULL) {
        Adapter->ScanBuffer = ExAllocatePoolZero(NonPagedPoolNx, SCAN_BUFFER, PORT_TAG);
    }
    if (Adapter->ScanBuffer == NULL) {
        NtLogEvent(11, Adapter->Driver->Name, "no memory to scan port %u", Adapter->Number);
        goto out;
    }
    for (ULONG bus = 0; bus < Adapter->Config.NumberOfBuses; bus++) {
        for (ULONG target = 0; target < Adapter->Config.MaximumNumberOfTargets && Adapter->State == PortStarted; target++) {
            if (target != (UCHAR)Adapter->Config.InitiatorBusId[bus]) {
                changed |= ScanTarget(Adapter, (UCHAR)bus, (UCHAR)target);
            }
        }
    }
    Adapter->Scanned = TRUE;
out:
    KeSetEvent(&Adapter->ScanFree, IO_NO_INCREMENT, FALSE);
    return changed;
}

static VOID ScanWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PPORT_ADAPTER adapter = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (adapter->State != PortStarted || !adapter->Scanned) {
        /* Before the first bus relations were asked for there is nobody to tell: that query scans. */
        InterlockedExchange(&adapter->ScanQueued, 0);
    } else if (PortScan(adapter)) {
        IoInvalidateDeviceRelations(adapter->Pdo, BusRelations);
    }
    PortLeaveWork(adapter);
}

VOID PortRequestScan(PPORT_ADAPTER Adapter)
{
    if (Adapter->State == PortStarted && InterlockedExchange(&Adapter->ScanQueued, 1) == 0) {
        PortEnterWork(Adapter);
        IoQueueWorkItem(Adapter->ScanWork, ScanWorker, DelayedWorkQueue, Adapter);
    }
}
