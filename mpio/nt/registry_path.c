/* SPDX-License-Identifier: MIT */
/*
 * RTL_REGISTRY_* roots, and the short Rtl routines on one key or value. PASSIVE_LEVEL.
 */
#include "nt/registry_zw.h"
#include "nt/rtl.h"

static PCWSTR RootPath(ULONG RelativeTo)
{
    static const PCWSTR roots[RTL_REGISTRY_MAXIMUM] = {
        [RTL_REGISTRY_SERVICES] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
        [RTL_REGISTRY_CONTROL] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
        [RTL_REGISTRY_WINDOWS_NT] = u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        [RTL_REGISTRY_DEVICEMAP] = u"\\Registry\\Machine\\Hardware\\DeviceMap",
        [RTL_REGISTRY_USER] = u"\\Registry\\User\\.Default",
    };

    return RelativeTo < RTL_REGISTRY_MAXIMUM ? roots[RelativeTo] : NULL;
}

NTSTATUS NtRegistryRelative(PNT_MACHINE Kernel, ULONG RelativeTo, PCWSTR Path, BOOLEAN Create, PNT_KEY *Key)
{
    ULONG root = RelativeTo & ~(RTL_REGISTRY_OPTIONAL | RTL_REGISTRY_HANDLE);
    BOOLEAN optional = (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0;
    PNT_KEY from = NULL;
    NTSTATUS status;

    *Key = NULL;
    if ((RelativeTo & RTL_REGISTRY_HANDLE) != 0) {
        return NtRegistryKeyOf((HANDLE)Path, Key);
    }
    if (root >= RTL_REGISTRY_MAXIMUM || (root == RTL_REGISTRY_ABSOLUTE && Path == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (root != RTL_REGISTRY_ABSOLUTE) {
        status = NtKeyWalk(Kernel, NULL, RootPath(root), NtTextLength(RootPath(root)), Create, FALSE, &from,
                           NULL);
        if (!NT_SUCCESS(status)) {
            return optional ? STATUS_SUCCESS : status;
        }
    }
    if (Path == NULL) {
        *Key = from;
        return STATUS_SUCCESS;
    }
    status = NtKeyWalk(Kernel, from, Path, NtTextLength(Path), Create, FALSE, Key, NULL);
    return optional && status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
}

NTSTATUS RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType,
                               PVOID ValueData, ULONG ValueLength)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryRelative(NtKernel(), RelativeTo & ~RTL_REGISTRY_OPTIONAL, Path, TRUE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return NtKeySet(NtKernel(), key, ValueName, ValueName != NULL ? NtTextLength(ValueName) : 0, ValueType,
                    ValueData, ValueLength);
}

NTSTATUS RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryRelative(NtKernel(), RelativeTo & ~RTL_REGISTRY_OPTIONAL, Path, FALSE, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return NtKeyDeleteValue(NtKernel(), key, ValueName, ValueName != NULL ? NtTextLength(ValueName) : 0);
}

NTSTATUS RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    PNT_KEY key;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtRegistryRelative(NtKernel(), RelativeTo & ~RTL_REGISTRY_OPTIONAL, Path, FALSE, &key);
}

NTSTATUS RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    PNT_KEY key;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtRegistryRelative(NtKernel(), RelativeTo & ~RTL_REGISTRY_OPTIONAL, Path, TRUE, &key);
}
