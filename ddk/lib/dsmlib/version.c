/* SPDX-License-Identifier: MIT */
/*
 * RtlIsNtDdiVersionAvailable: in the WDK, too, a routine that the driver links in. PASSIVE_LEVEL.
 */
#include <ntddk.h>

/* Only the two version bytes of an NTDDI value are answered for; one that names a service pack or
 * sub-version is not a system version: FALSE. */
BOOLEAN NTAPI WdmlibRtlIsNtDdiVersionAvailable(ULONG Version)
{
    RTL_OSVERSIONINFOW os;

    RtlZeroMemory(&os, sizeof(os));
    os.dwOSVersionInfoSize = sizeof(os);
    if ((Version & 0xFFFF) != 0 || !NT_SUCCESS(RtlGetVersion(&os))) {
        return FALSE;
    }
    return (BOOLEAN)(((os.dwMajorVersion << 24) | (os.dwMinorVersion << 16)) >= Version);
}
