/* SPDX-License-Identifier: MIT */
/*
 * Nodes of the device tree: made from a PDO's own ids, found by PDO, and the device's registry key
 * under Enum. What a driver answers as id is bounded here. PASSIVE_LEVEL, Busy held.
 */
#include "pnp/tree.h"

static PPNP_NODE *BucketOf(PDEVICE_OBJECT Pdo)
{
    ULONGLONG mixed = (ULONG_PTR)Pdo * 0x9E3779B97F4A7C15ull; /* devices lie at equal distances */

    return &PnpManager()->Buckets[mixed >> 32 & (PNP_BUCKETS - 1)];
}

PPNP_NODE PnpFindNode(PDEVICE_OBJECT Pdo)
{
    PPNP_NODE node = *BucketOf(Pdo);

    while (node != NULL && node->Pdo != Pdo) {
        node = node->NextInBucket;
    }
    return node;
}

static WCHAR Lower(WCHAR Character)
{
    return Character >= 'A' && Character <= 'Z' ? (WCHAR)(Character + 32) : Character;
}

BOOLEAN PnpHasPrefix(PCSTR Text, PCSTR Prefix)
{
    while (*Prefix != 0 && Lower((UCHAR)*Text) == Lower((UCHAR)*Prefix)) {
        Text++;
        Prefix++;
    }
    return *Prefix == 0;
}

VOID PnpLog(PPNP_NODE Node, PCSTR What, NTSTATUS Status)
{
    NtLogEvent(219, "PnP", "%.99s: %s, status %08x", Node->Path, What, (unsigned)Status);
}

/* ---- instance path --------------------------------------------------------------------------------------- */
typedef struct _PATH {
    CHAR Chars[PNP_ID_CHARS];
    ULONG Count;
} PATH;

static VOID Append(PATH *Path, PCWSTR Text)
{
    while (*Text != 0 && Path->Count < PNP_ID_CHARS - 1) {
        WCHAR character = *Text++;

        Path->Chars[Path->Count++] = character > 0x20 && character < 0x7F && character != ',' ? (CHAR)character : '_';
    }
}

static VOID AppendChar(PATH *Path, WCHAR Character)
{
    WCHAR text[2] = {Character, 0};

    Append(Path, text);
}

static VOID AppendHex(PATH *Path, ULONG Value)
{
    BOOLEAN started = FALSE;

    for (LONG shift = 28; shift >= 0; shift -= 4) {
        started |= (Value >> shift & 15) != 0 || shift == 0;
        if (started) {
            AppendChar(Path, (UCHAR)"0123456789abcdef"[Value >> shift & 15]);
        }
    }
}

/* The id of the parent in short, so that equal instance ids below two parents differ: "5&<hash>&0&". */
static VOID AppendParent(PATH *Path, PPNP_NODE Parent)
{
    ULONG hash = 2166136261u;

    for (PCSTR text = Parent->Path; *text != 0; text++) {
        hash = (hash ^ Lower((UCHAR)*text)) * 16777619u;
    }
    AppendHex(Path, Parent->Depth + 4u);
    AppendChar(Path, '&');
    AppendHex(Path, hash & 0x0FFFFFFF);
    Append(Path, (PCWSTR)u"&0&");
}

static BOOLEAN IsUnique(PPNP_NODE Node)
{
    DEVICE_CAPABILITIES capabilities;
    IO_STACK_LOCATION request;

    RtlZeroMemory(&capabilities, sizeof(capabilities));
    capabilities.Size = sizeof(capabilities);
    capabilities.Version = 1;
    capabilities.Address = capabilities.UINumber = ~0u;
    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    request.Parameters.DeviceCapabilities.Capabilities = &capabilities;
    PnpSend(Node, &request);
    return capabilities.UniqueID;
}

static NTSTATUS BuildPath(PPNP_NODE Node, PATH *Path)
{
    PNP_RESULT device = PnpQueryId(Node, BusQueryDeviceID);
    PNP_RESULT instance = PnpQueryId(Node, BusQueryInstanceID);

    if (NT_SUCCESS(device.Status)) {
        Append(Path, (PCWSTR)device.Information);
        ExFreePool((PVOID)device.Information);
    }
    AppendChar(Path, '\\');
    if (Node->Parent != NULL && !IsUnique(Node)) {
        AppendParent(Path, Node->Parent);
    }
    if (NT_SUCCESS(instance.Status)) {
        Append(Path, (PCWSTR)instance.Information);
        ExFreePool((PVOID)instance.Information);
    }
    Path->Chars[Path->Count] = 0;
    return device.Status;
}

/* \Registry\Machine\System\CurrentControlSet\Enum\<instance path>, with what identifies the device. */
static VOID WriteKey(PPNP_NODE Node)
{
    static const WCHAR root[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\";
    WCHAR path[RTL_NUMBER_OF(root) + PNP_ID_CHARS];
    UNICODE_STRING name = {0, sizeof(path), path}, value;
    OBJECT_ATTRIBUTES attributes;
    PNP_RESULT ids;
    HANDLE key;
    ULONG bytes = 0;

    RtlAppendUnicodeToString(&name, root);
    for (PCSTR text = Node->Path; *text != 0; text++) {
        path[name.Length / sizeof(WCHAR)] = (UCHAR)*text;
        name.Length += sizeof(WCHAR);
    }
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL))) {
        return; /* the device works without */
    }
    ids = PnpQueryId(Node, BusQueryHardwareIDs);
    if (NT_SUCCESS(ids.Status)) {
        PCWSTR text = (PCWSTR)ids.Information;

        while (bytes < PAGE_SIZE && (text[bytes / 2] != 0 || text[bytes / 2 + 1] != 0)) {
            bytes += sizeof(WCHAR);
        }
        RtlInitUnicodeString(&value, (PCWSTR)u"HardwareID");
        ZwSetValueKey(key, &value, 0, REG_MULTI_SZ, (PVOID)ids.Information, bytes + 2 * sizeof(WCHAR));
        ExFreePool((PVOID)ids.Information);
    }
    ZwClose(key);
}

/* ---- making and destroying --------------------------------------------------------------------------------- */
PPNP_NODE PnpCreateNode(PPNP_NODE Parent, PDEVICE_OBJECT Pdo)
{
    PPNP_MANAGER manager = PnpManager();
    PNP_NODE probe;
    PPNP_NODE node = NULL;
    PATH path = {.Count = 0};
    NTSTATUS status;
    KIRQL irql;

    RtlZeroMemory(&probe, sizeof(probe));
    probe.Parent = Parent;
    probe.Pdo = Pdo;
    probe.Ordinal = manager->NextOrdinal;
    status = BuildPath(&probe, &path);
    if (NT_SUCCESS(status)) {
        node = ExAllocatePoolZero(NonPagedPoolNx, FIELD_OFFSET(PNP_NODE, Path) + path.Count + 1, PNP_TAG);
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (node == NULL) {
        NtLogEvent(219, "PnP", "a device below bus %u is left out: status %08x", Parent != NULL ? Parent->Ordinal : 0,
                   (unsigned)status);
        ObDereferenceObject(Pdo);
        return NULL;
    }
    manager->NextOrdinal++;
    node->Parent = Parent;
    node->Pdo = Pdo;
    node->Ordinal = probe.Ordinal;
    node->Slot = PNP_NO_SLOT;
    node->Depth = Parent != NULL ? (UCHAR)(Parent->Depth + 1) : 0;
    InitializeListHead(&node->Children);
    RtlCopyMemory(node->Path, path.Chars, path.Count + 1);
    node->NextInBucket = *BucketOf(Pdo);
    *BucketOf(Pdo) = node;
    KeAcquireSpinLock(&manager->Lock, &irql);
    InsertTailList(Parent != NULL ? &Parent->Children : &manager->Buses, &node->Link);
    KeReleaseSpinLock(&manager->Lock, irql);
    WriteKey(node);
    return node;
}

VOID PnpDestroyNode(PPNP_NODE Node)
{
    PPNP_MANAGER manager = PnpManager();
    PPNP_NODE *link = BucketOf(Node->Pdo);
    KIRQL irql;

    while (*link != Node) {
        link = &(*link)->NextInBucket;
    }
    *link = Node->NextInBucket;
    KeAcquireSpinLock(&manager->Lock, &irql);
    RemoveEntryList(&Node->Link);
    KeReleaseSpinLock(&manager->Lock, irql);
    ObDereferenceObject(Node->Pdo);
    ExFreePoolWithTag(Node, PNP_TAG);
}
