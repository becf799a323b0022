/* SPDX-License-Identifier: MIT */
/*
 * The StorPort side of a simulated HBA, written as a vendor writes a miniport: full duplex, HwStartIo
 * under the StartIo lock, completion from the hardware's interrupt (or from inside hba_submit when the
 * path has no latency). One hba_cmd per request, in the SRB extension. No lock of its own: the StartIo
 * lock guards submission and resets, and an interrupt only hands requests back.
 *
 * LinkDown of StorPort pauses a whole adapter, while the fabric holds I/O per path and for the HBA's
 * link-down time by itself: so link events are left to it, and only changes of inventory are reported.
 */
#include "port/sim/simcore.h"

#define SCSI_INQUIRY     0x12
#define SCSI_REPORT_LUNS 0xA0

typedef struct _SIM_ADAPTER {
    struct hba *Hba;
    ULONG Life;                 /* Hba->plugged when this device was found */
    BOOLEAN ScanCut;            /* a lost link ended a command of a scan: it missed something */
} SIM_ADAPTER, *PSIM_ADAPTER;

typedef struct _SIM_REQUEST {
    struct hba_cmd Command;
    PSIM_ADAPTER Adapter;
    PSCSI_REQUEST_BLOCK Srb;
} SIM_REQUEST, *PSIM_REQUEST;

/* Peripheral device addressing: an SRB's LUN is one byte. */
static VOID SetLun(uint8_t Lun[8], UCHAR Number)
{
    RtlZeroMemory(Lun, 8);
    Lun[1] = Number;
}

/* ---- completion: DIRQL, or DISPATCH_LEVEL from inside hba_submit --------------------------------------- */
static UCHAR CopySense(PSCSI_REQUEST_BLOCK Srb, const struct array_cmd *Scsi)
{
    UCHAR length = Scsi->sense_length;

    if (length == 0 || Srb->SenseInfoBuffer == NULL || (Srb->SrbFlags & SRB_FLAGS_DISABLE_AUTOSENSE) != 0) {
        return 0;
    }
    if (length > Srb->SenseInfoBufferLength) {
        length = Srb->SenseInfoBufferLength;
    } else {
        Srb->SenseInfoBufferLength = length;
    }
    RtlCopyMemory(Srb->SenseInfoBuffer, Scsi->sense, length);
    return length != 0 ? SRB_STATUS_AUTOSENSE_VALID : 0;
}

static UCHAR Answered(PSCSI_REQUEST_BLOCK Srb, const struct array_cmd *Scsi)
{
    ULONG asked = Srb->DataTransferLength;

    Srb->ScsiStatus = Scsi->status;
    Srb->DataTransferLength = Scsi->transferred;
    if (Scsi->status == SCSISTAT_CHECK_CONDITION) {
        return (UCHAR)(SRB_STATUS_ERROR | CopySense(Srb, Scsi));
    }
    if (Scsi->status == SCSISTAT_BUSY) {
        return SRB_STATUS_BUSY;
    }
    if (Scsi->status != SCSISTAT_GOOD && Scsi->status != SCSISTAT_CONDITION_MET) {
        return SRB_STATUS_ERROR;
    }
    return Scsi->transferred < asked || Scsi->wanted > asked ? SRB_STATUS_DATA_OVERRUN : SRB_STATUS_SUCCESS;
}

static BOOLEAN Discovers(const SCSI_REQUEST_BLOCK *Srb)
{
    return Srb->Cdb[0] == SCSI_INQUIRY || Srb->Cdb[0] == SCSI_REPORT_LUNS;
}

static UCHAR StatusOfFlavour(enum hba_flavour Flavour)
{
    static const UCHAR statuses[] = {
        [HBA_SAYS_NO_DEVICE] = SRB_STATUS_NO_DEVICE, [HBA_SAYS_SELECTION_TIMEOUT] = SRB_STATUS_SELECTION_TIMEOUT,
        [HBA_SAYS_BUS_RESET] = SRB_STATUS_BUS_RESET, [HBA_SAYS_TIMEOUT] = SRB_STATUS_TIMEOUT,
        [HBA_SAYS_BUSY] = SRB_STATUS_BUSY,           [HBA_SAYS_LINK_DOWN] = SRB_STATUS_LINK_DOWN,
        [HBA_SAYS_ERROR] = SRB_STATUS_ERROR,
    };

    return statuses[Flavour];
}

static UCHAR NoTarget(PSIM_ADAPTER Adapter)
{
    return StatusOfFlavour(Adapter->Hba->personality->no_target);
}

static UCHAR StatusOf(PSIM_REQUEST Request)
{
    PSIM_ADAPTER adapter = Request->Adapter;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;

    if (Request->Command.status == HBA_OK) {
        return Answered(srb, &Request->Command.scsi);
    }
    srb->DataTransferLength = 0;
    switch (Request->Command.status) {
    case HBA_NO_TARGET:
        /* A bus without logins cannot tell a target that is away from none: its return must be looked at. */
        adapter->ScanCut |= Discovers(srb) && adapter->Hba->operations->target_present(adapter->Hba, Request->Command.target);
        return adapter->Hba->pulled ? SRB_STATUS_NO_DEVICE : NoTarget(adapter);
    case HBA_LINK_DOWN:
        /* The target may come back until its dev-loss time is over: a scan must not take it for gone. */
        if (!Discovers(srb)) {
            return StatusOfFlavour(adapter->Hba->personality->lost);
        }
        adapter->ScanCut = TRUE;
        return SRB_STATUS_LINK_DOWN;
    case HBA_ABORTED:
        return StatusOfFlavour(adapter->Hba->personality->aborted);
    default:
        return SRB_STATUS_BUSY;
    }
}

static void CommandDone(struct hba_cmd *Command)
{
    PSIM_REQUEST request = CONTAINING_RECORD(Command, SIM_REQUEST, Command);

    request->Srb->SrbStatus = StatusOf(request);
    StorPortNotification(RequestComplete, request->Adapter, request->Srb);
}

/* ---- requests: DISPATCH_LEVEL, StartIo lock ---------------------------------------------------------------- */
static VOID Complete(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR Status)
{
    Srb->SrbStatus = Status;
    StorPortNotification(RequestComplete, DeviceExtension, Srb);
}

static enum array_task_attribute TaskAttribute(const SCSI_REQUEST_BLOCK *Srb)
{
    if ((Srb->SrbFlags & SRB_FLAGS_QUEUE_ACTION_ENABLE) == 0) {
        return ARRAY_TASK_SIMPLE;
    }
    switch (Srb->QueueAction) {
    case SRB_HEAD_OF_QUEUE_TAG_REQUEST:
        return ARRAY_TASK_HEAD;
    case SRB_ORDERED_QUEUE_TAG_REQUEST:
        return ARRAY_TASK_ORDERED;
    default:
        return ARRAY_TASK_SIMPLE;
    }
}

static VOID Execute(PSIM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PSIM_REQUEST request = Srb->SrbExtension;
    struct hba_cmd *command = &request->Command;
    PVOID data = NULL;

    if (Srb->PathId != 0 || Srb->TargetId >= Adapter->Hba->targets) {
        Complete(Adapter, Srb, NoTarget(Adapter));
        return;
    }
    if (Srb->Cdb[0] == SCSI_REPORT_LUNS && Adapter->Hba->personality->sequential_scan) {
        Complete(Adapter, Srb, SRB_STATUS_INVALID_REQUEST);
        return;
    }
    if (Srb->DataTransferLength != 0 && StorPortGetSystemAddress(Adapter, Srb, &data) != STOR_STATUS_SUCCESS) {
        Complete(Adapter, Srb, SRB_STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    if (Srb->Cdb[0] == SCSI_INQUIRY) {
        StorPortSetDeviceQueueDepth(Adapter, Srb->PathId, Srb->TargetId, Srb->Lun, Adapter->Hba->queue_depth);
    }
    /* Field by field: the sense buffer and the hardware's own part need no clearing. */
    request->Adapter = Adapter;
    request->Srb = Srb;
    command->scsi.cdb = Srb->Cdb;
    command->scsi.cdb_length = Srb->CdbLength;
    SetLun(command->scsi.lun, Srb->Lun);
    command->scsi.data = data;
    command->scsi.length = Srb->DataTransferLength;
    command->scsi.out = (Srb->SrbFlags & SRB_FLAGS_UNSPECIFIED_DIRECTION) == SRB_FLAGS_DATA_OUT;
    command->scsi.status = 0;
    command->scsi.sense_length = 0;
    command->scsi.transferred = 0;
    command->scsi.checksum = 0;
    command->scsi.wanted = 0;
    command->task.attribute = TaskAttribute(Srb);
    command->task.tag = Srb->QueueTag;
    command->target = Srb->TargetId;
    command->status = HBA_OK;
    command->done = CommandDone;
    command->owner = Srb;
    command->hba = Adapter->Hba;
    command->event = (struct event){0};
    command->next = NULL;
    command->link = NULL;
    command->hardware = NULL;
    command->phase = 0;
    hba_submit(Adapter->Hba, command);
}

static VOID ResetLun(PSIM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    uint8_t lun[8];

    SetLun(lun, Srb->Lun);
    Adapter->Hba->operations->reset_lun(Adapter->Hba, Srb->TargetId, lun);
}

static BOOLEAN SimStartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PSIM_ADAPTER adapter = DeviceExtension;

    switch (Srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        Execute(adapter, Srb);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
        if (Srb->TargetId >= adapter->Hba->targets) {
            Complete(adapter, Srb, NoTarget(adapter));
            break;
        }
        if (Srb->Function == SRB_FUNCTION_RESET_DEVICE) {
            adapter->Hba->operations->reset_target(adapter->Hba, Srb->TargetId);
        } else {
            ResetLun(adapter, Srb);
        }
        Complete(adapter, Srb, SRB_STATUS_SUCCESS);
        break;
    default:
        Complete(adapter, Srb, SRB_STATUS_INVALID_REQUEST);
        break;
    }
    return TRUE;
}

static BOOLEAN SimResetBus(PVOID DeviceExtension, ULONG PathId)
{
    PSIM_ADAPTER adapter = DeviceExtension;

    UNREFERENCED_PARAMETER(PathId);
    adapter->Hba->operations->reset_bus(adapter->Hba);
    return TRUE;
}

/* ---- events, start, stop -------------------------------------------------------------------------------------- */
static void HardwareEvent(struct hba *Hba, enum hba_event Event, uint32_t Target)
{
    PSIM_ADAPTER adapter = Hba->miniport;

    UNREFERENCED_PARAMETER(Target);
    switch (Event) {
    case HBA_EVENT_LINK_UP:
        if (!adapter->ScanCut) {
            break;
        }
        adapter->ScanCut = FALSE;
        StorPortNotification(BusChangeDetected, adapter, (UCHAR)0);
        break;
    case HBA_EVENT_TARGET_GONE:
    case HBA_EVENT_TARGET_ARRIVED:
    case HBA_EVENT_LUNS_CHANGED:
    case HBA_EVENT_STATE_CHANGE:
        StorPortNotification(BusChangeDetected, Hba->miniport, (UCHAR)0);
        break;
    case HBA_EVENT_BUS_RESET:
        StorPortNotification(ResetDetected, Hba->miniport, (UCHAR)0);
        break;
    default:
        break;
    }
}

static BOOLEAN SimHwInitialize(PVOID DeviceExtension)
{
    PSIM_ADAPTER adapter = DeviceExtension;

    adapter->Hba->miniport = adapter;
    adapter->Hba->on_event = HardwareEvent;
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS SimAdapterControl(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType,
                                                     PVOID Parameters)
{
    PSIM_ADAPTER adapter = DeviceExtension;
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = Parameters;

    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        for (ULONG type = 0; type < list->MaxControlType; type++) {
            list->SupportedTypeList[type] = type == ScsiQuerySupportedControlTypes || type == ScsiStopAdapter ||
                                            type == ScsiAdapterSurpriseRemoval;
        }
        return ScsiAdapterControlSuccess;
    case ScsiAdapterSurpriseRemoval:
        fabric_take_back(adapter->Hba, adapter->Life, HBA_ALL_TARGETS, NULL);
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
        adapter->Hba->on_event = NULL;
        adapter->Hba->miniport = NULL;
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

/* The LUNs of an adapter that was pulled hear of it before the adapter: what was sent to them will not be answered. */
static SCSI_UNIT_CONTROL_STATUS SimUnitControl(PVOID DeviceExtension, SCSI_UNIT_CONTROL_TYPE ControlType, PVOID Parameters)
{
    PSIM_ADAPTER adapter = DeviceExtension;
    PSTOR_ADDR_BTL8 address = Parameters;
    uint8_t lun[8];

    if (ControlType != ScsiUnitSurpriseRemoval) {
        return ScsiUnitControlUnsuccessful;
    }
    SetLun(lun, address->Lun);
    fabric_take_back(adapter->Hba, adapter->Life, address->Target, lun);
    return ScsiUnitControlSuccess;
}

ULONG SimFindAdapter(PVOID DeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo, STORAGE_BUS_TYPE BusType)
{
    PSIM_ADAPTER adapter = DeviceExtension;
    PACCESS_RANGE range = &(*ConfigInfo->AccessRanges)[0];

    adapter->Hba = StorPortGetDeviceBase(adapter, ConfigInfo->AdapterInterfaceType, ConfigInfo->SystemIoBusNumber,
                                         range->RangeStart, range->RangeLength, (BOOLEAN)!range->RangeInMemory);
    if (adapter->Hba == NULL) {
        return SP_RETURN_NOT_FOUND;
    }
    adapter->Life = adapter->Hba->plugged;
    ConfigInfo->NumberOfBuses = 1;
    ConfigInfo->MaximumNumberOfTargets = HBA_MAX_TARGETS;
    ConfigInfo->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LUNS_PER_TARGET;
    ConfigInfo->MaximumTransferLength = adapter->Hba->personality->max_transfer;
    ConfigInfo->NumberOfPhysicalBreaks = adapter->Hba->personality->max_transfer / PAGE_SIZE + 1;
    ConfigInfo->AlignmentMask = 3;
    ConfigInfo->ResetTargetSupported = TRUE;
    ConfigInfo->CachesData = FALSE;
    ConfigInfo->SynchronizationModel = StorSynchronizeFullDuplex;
    ConfigInfo->MaxNumberOfIO = 65535;
    ConfigInfo->InitialLunQueueDepth = adapter->Hba->queue_depth;
    StorPortSetAdapterBusType(adapter, BusType);
    return SP_RETURN_FOUND;
}

ULONG SimInitialize(PVOID DriverObject, PVOID RegistryPath, PHW_FIND_ADAPTER FindAdapter)
{
    HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = PCIBus;
    data.HwInitialize = SimHwInitialize;
    data.HwStartIo = SimStartIo;
    data.HwFindAdapter = (PVOID)FindAdapter;
    data.HwResetBus = SimResetBus;
    data.HwAdapterControl = SimAdapterControl;
    data.HwUnitControl = SimUnitControl;
    data.DeviceExtensionSize = sizeof(SIM_ADAPTER);
    data.SrbExtensionSize = sizeof(SIM_REQUEST);
    data.NumberOfAccessRanges = 1;
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.NeedPhysicalAddresses = TRUE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    return StorPortInitialize(DriverObject, RegistryPath, &data, NULL);
}
