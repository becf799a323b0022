/* SPDX-License-Identifier: MIT */
/*
 * Calls into a DSM's WMI providers by GUID: classes of one pseudo-LUN (DsmWmiInfo) and DSM-wide ones
 * (DsmWmiGlobalInfo, type 5 and later). Contract: ddk-surface 7.4 - methods use one buffer for in and
 * out, at least 8 bytes and cleared behind the input; queries answer BUFFER_TOO_SMALL with the size.
 * PASSIVE_LEVEL.
 */
#include "core/dsmcall.h"

#define MPIO_WMI_BUFFER_MIN 8
#define MPIO_WMI_BUFFER_MAX (1u << 20)

typedef struct _WMI_CALL {
    PMPIO_MODULE Dsm;
    const DSM_WMILIB_CONTEXT *Provider;
    PDSM_IDS Ids;           /* NULL for DSM-wide classes and type 1 */
    PIRP Irp;
    ULONG Index;            /* of the GUID */
    ULONG Method;
    PUCHAR Buffer;
    ULONG InBytes, Size;    /* Size: of Buffer */
    ULONG Produced;         /* or needed */
} WMI_CALL;

static BOOLEAN FindGuid(const DSM_WMILIB_CONTEXT *Provider, const UCHAR Guid[16], ULONG *Index)
{
    for (ULONG i = 0; Provider->GuidList != NULL && i < Provider->GuidCount; i++) {
        if (Provider->GuidList[i].Guid != NULL && RtlCompareMemory(Provider->GuidList[i].Guid, Guid, sizeof(GUID)) == sizeof(GUID)) {
            *Index = i;
            return TRUE;
        }
    }
    return FALSE;
}

#define WMI_INVOKE(Call, Function, ...) NT_CALL_OUT("DSM WMI callback", (Call)->Dsm->Driver, PASSIVE_LEVEL, Function, __VA_ARGS__)

static NTSTATUS Query(WMI_CALL *Call)
{
    const DSM_WMILIB_CONTEXT *provider = Call->Provider;
    PVOID context = Call->Dsm->Init.DsmContext;
    ULONG lengths[1] = {0};
    ULONG produced = 0;
    NTSTATUS status;

    if (provider->QueryWmiDataBlock == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Call->Dsm->Type >= DsmType2) {
        status = WMI_INVOKE(Call, provider->QueryWmiDataBlockEx, context, Call->Ids, Call->Irp, Call->Index, 0, 1, lengths,
                            Call->Size, Call->Buffer, &produced);
    } else {
        status = WMI_INVOKE(Call, provider->QueryWmiDataBlock, context, Call->Irp, Call->Index, 0, 1, lengths, Call->Size,
                            Call->Buffer, &produced);
    }
    Call->Produced = produced;
    return status;
}

static NTSTATUS Set(WMI_CALL *Call)
{
    const DSM_WMILIB_CONTEXT *provider = Call->Provider;
    PVOID context = Call->Dsm->Init.DsmContext;

    if (provider->SetWmiDataBlock == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Call->Dsm->Type >= DsmType2) {
        return WMI_INVOKE(Call, provider->SetWmiDataBlockEx, context, Call->Ids, Call->Irp, Call->Index, 0, Call->InBytes,
                          Call->Buffer);
    }
    return WMI_INVOKE(Call, provider->SetWmiDataBlock, context, Call->Irp, Call->Index, 0, Call->InBytes, Call->Buffer);
}

static NTSTATUS Execute(WMI_CALL *Call)
{
    const DSM_WMILIB_CONTEXT *provider = Call->Provider;
    PVOID context = Call->Dsm->Init.DsmContext;
    ULONG out = Call->Size;
    NTSTATUS status;

    if (provider->ExecuteWmiMethod == NULL) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Call->Dsm->Type >= DsmType2) {
        status = WMI_INVOKE(Call, provider->ExecuteWmiMethodEx, context, Call->Ids, Call->Irp, Call->Index, 0, Call->Method,
                            Call->InBytes, &out, Call->Buffer);
    } else {
        status = WMI_INVOKE(Call, provider->ExecuteWmiMethod, context, Call->Irp, Call->Index, 0, Call->Method, Call->InBytes,
                            &out, Call->Buffer);
    }
    Call->Produced = out;
    return status;
}

static NTSTATUS Invoke(WMI_CALL *Call, ULONG Function)
{
    NTSTATUS status;

    switch (Function) {
    case MPIO_WMI_QUERY:
        status = Query(Call);
        break;
    case MPIO_WMI_SET:
        status = Set(Call);
        break;
    default:
        status = Execute(Call);
        break;
    }
    DsmTrace(Call->Dsm, DSM_CALL_Wmi, Function, Call->Index, (ULONG)status);
    return status;
}

/* Finds the provider, calls it on a buffer of its own, copies the answer behind the header. */
static NTSTATUS CallProvider(WMI_CALL *Call, struct mpio_wmi *Request, ULONG OutRoom, PULONG Produced)
{
    ULONG size = OutRoom > Request->in_bytes ? OutRoom : Request->in_bytes;
    NTSTATUS status;

    if (!FindGuid(Call->Provider, Request->guid, &Call->Index)) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    Call->Size = size < MPIO_WMI_BUFFER_MIN ? MPIO_WMI_BUFFER_MIN : size;
    Call->Buffer = MpioAllocate(Call->Size);
    if (Call->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Call->InBytes = Request->in_bytes;
    Call->Method = Request->method;
    RtlCopyMemory(Call->Buffer, Request + 1, Request->in_bytes);
    status = Invoke(Call, Request->function);
    Request->out_bytes = Call->Produced;
    *Produced = sizeof(*Request);
    if (status == STATUS_BUFFER_TOO_SMALL || (NT_SUCCESS(status) && Call->Produced > OutRoom)) {
        status = STATUS_BUFFER_OVERFLOW; /* a warning: the header with the size needed goes back */
    } else if (NT_SUCCESS(status) && Call->Produced <= Call->Size) {
        RtlCopyMemory(Request + 1, Call->Buffer, Call->Produced);
        *Produced += Call->Produced;
    }
    MpioFree(Call->Buffer);
    return status;
}

static PMPIO_MODULE FindDsm(ULONG Ordinal)
{
    PMPIO_ROOT root = MpioRoot();

    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        PMPIO_MODULE dsm = CONTAINING_RECORD(entry, MPIO_MODULE, Entry);

        if (dsm->Ordinal == Ordinal) {
            return dsm;
        }
    }
    return NULL;
}

static NTSTATUS CallLun(WMI_CALL *Call, struct mpio_wmi *Request, ULONG OutRoom, PULONG Produced)
{
    PMPIO_LUN lun = MpioFindLun(Request->lun);
    PMPIO_MEMBERS members;
    NTSTATUS status;

    if (lun == NULL) {
        return STATUS_NO_SUCH_DEVICE;
    }
    members = MpioReferenceMembers(lun);
    Call->Dsm = lun->Dsm;
    Call->Provider = &lun->Dsm->Init.DsmWmiInfo;
    Call->Ids = members->Ids;
    status = CallProvider(Call, Request, OutRoom, Produced);
    MpioReleaseMembers(members);
    MpioDereferenceLun(lun);
    return status;
}

NTSTATUS MpioWmiCall(PIRP Irp, struct mpio_wmi *Request, ULONG InLength, ULONG OutLength, PULONG Produced)
{
    WMI_CALL call;
    NTSTATUS status;

    if (InLength < sizeof(*Request) || OutLength < sizeof(*Request) || Request->in_bytes > InLength - sizeof(*Request) ||
        OutLength > MPIO_WMI_BUFFER_MAX || Request->function > MPIO_WMI_EXECUTE) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(&call, sizeof(call));
    call.Irp = Irp;
    MpioAcquireSerial();
    if (Request->lun != MPIO_NO_ORDINAL) {
        status = CallLun(&call, Request, OutLength - (ULONG)sizeof(*Request), Produced);
    } else {
        call.Dsm = FindDsm(Request->dsm);
        if (call.Dsm == NULL) {
            status = STATUS_NO_SUCH_DEVICE;
        } else {
            call.Provider = &call.Dsm->Init.DsmWmiGlobalInfo;
            status = CallProvider(&call, Request, OutLength - (ULONG)sizeof(*Request), Produced);
        }
    }
    MpioReleaseSerial();
    return status;
}
