/* SPDX-License-Identifier: MIT */
/*
 * IoOpenDeviceRegistryKey: the keys of a device. The pnp room knows the device's names; where it tells no
 * driver key, the call fails as it does on Windows for a device without driver. Unspecified is how the
 * instance key is called: we take the name of the physical device object. PASSIVE_LEVEL.
 */
#include "nt/registry_zw.h"
#include "nt/rtl.h"

#define PATH_CHARACTERS 512u

typedef struct _PATH {
    WCHAR Text[PATH_CHARACTERS];
    SIZE_T Length;
} PATH;

static BOOLEAN Append(PATH *Path, PCWSTR Text)
{
    SIZE_T length = NtTextLength(Text);

    if (length > PATH_CHARACTERS - Path->Length) {
        return FALSE;
    }
    RtlCopyMemory(Path->Text + Path->Length, Text, length * sizeof(WCHAR));
    Path->Length += length;
    return TRUE;
}

NTSTATUS IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType, ACCESS_MASK DesiredAccess,
                                 PHANDLE DeviceRegKey)
{
    const ULONG kinds = PLUGPLAY_REGKEY_DEVICE | PLUGPLAY_REGKEY_DRIVER;
    BOOLEAN driver = (DevInstKeyType & kinds) == PLUGPLAY_REGKEY_DRIVER;
    WCHAR name[256] = {0};
    PATH path = {.Length = 0};
    PNT_MACHINE kernel;
    ULONG length;
    PNT_KEY key;
    NTSTATUS status;
    BOOLEAN whole;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    kernel = NtKernel();
    if (DeviceObject == NULL || DeviceRegKey == NULL || (DevInstKeyType & kinds) == 0 ||
        (DevInstKeyType & kinds) == kinds) {
        return STATUS_INVALID_PARAMETER;
    }
    if (kernel->Pnp.GetDeviceProperty == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    status = kernel->Pnp.GetDeviceProperty(
        DeviceObject, driver ? DevicePropertyDriverKeyName : DevicePropertyPhysicalDeviceObjectName,
        sizeof(name) - sizeof(WCHAR), name, &length);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (driver) {
        whole = Append(&path, u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\") &&
                Append(&path, name);
    } else {
        for (SIZE_T i = 0; name[i] != 0; i++) {
            name[i] = name[i] == '\\' ? '#' : name[i];
        }
        whole = Append(&path, u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\") &&
                Append(&path, name) && Append(&path, u"\\Device Parameters");
    }
    if (!whole) {
        return STATUS_NAME_TOO_LONG;
    }
    status = NtKeyWalk(kernel, NULL, path.Text, path.Length, TRUE, FALSE, &key, NULL);
    return NT_SUCCESS(status) ? NtRegistryHandle(key, DeviceRegKey) : status;
}
