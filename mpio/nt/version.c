/* SPDX-License-Identifier: MIT */
/*
 * Which Windows this machine claims to be: nt_options.os_*, 10.0.14393 (Windows Server 2016) by default.
 * PASSIVE_LEVEL for the published queries; no state beyond the options.
 */
#include "nt/kernel.h"

#define DEFAULT_MAJOR 10u
#define DEFAULT_MINOR 0u
#define DEFAULT_BUILD 14393u

typedef struct _SYSTEM_VERSION {
    ULONG Major, Minor, Build;
} SYSTEM_VERSION;

static SYSTEM_VERSION Version(VOID)
{
    const struct nt_options *options = &NtKernel()->Options;

    if (options->os_major == 0) {
        return (SYSTEM_VERSION){DEFAULT_MAJOR, DEFAULT_MINOR, DEFAULT_BUILD};
    }
    return (SYSTEM_VERSION){options->os_major, options->os_minor, options->os_build};
}

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    SYSTEM_VERSION version;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    version = Version();
    VersionInformation->dwMajorVersion = version.Major;
    VersionInformation->dwMinorVersion = version.Minor;
    VersionInformation->dwBuildNumber = version.Build;
    VersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
    VersionInformation->szCSDVersion[0] = 0;
    if (VersionInformation->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW extended = (PRTL_OSVERSIONINFOEXW)VersionInformation;
        extended->wServicePackMajor = 0;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0;
        extended->wProductType = VER_NT_SERVER;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

BOOLEAN PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber, PUNICODE_STRING CSDVersion)
{
    SYSTEM_VERSION version;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    version = Version();
    if (MajorVersion != NULL) {
        *MajorVersion = version.Major;
    }
    if (MinorVersion != NULL) {
        *MinorVersion = version.Minor;
    }
    if (BuildNumber != NULL) {
        *BuildNumber = version.Build;
    }
    if (CSDVersion != NULL) {
        CSDVersion->Length = 0;
    }
    return FALSE; /* not a checked build */
}

/* ---- conditions: three bits for each kind of information, in the order of the VER_* bits --------------------- */

#define CONDITION_BITS 3u
#define CONDITION_MASK 7u

ULONGLONG VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    for (ULONG bit = 0; bit < 8; bit++) {
        if ((TypeMask >> bit & 1) != 0) {
            ULONG shift = bit * CONDITION_BITS;
            ConditionMask &= ~((ULONGLONG)CONDITION_MASK << shift);
            ConditionMask |= (ULONGLONG)(Condition & CONDITION_MASK) << shift;
        }
    }
    return ConditionMask;
}

static ULONG ConditionOf(ULONGLONG ConditionMask, ULONG Type)
{
    return (ULONG)(ConditionMask >> ((ULONG)__builtin_ctz(Type) * CONDITION_BITS)) & CONDITION_MASK;
}

/* How the machine's value stands to the wanted one, under a condition. */
static BOOLEAN Holds(ULONG Condition, ULONG Have, ULONG Want)
{
    switch (Condition) {
    case VER_EQUAL:
        return Have == Want;
    case VER_GREATER:
        return Have > Want;
    case VER_GREATER_EQUAL:
        return Have >= Want;
    case VER_LESS:
        return Have < Want;
    case VER_LESS_EQUAL:
        return Have <= Want;
    default:
        return FALSE;
    }
}

/* Major, minor and service packs count as one number, most significant first: a lower part is looked at
 * only while the higher ones are equal, under the condition of the highest part asked for. */
static BOOLEAN VersionHolds(PRTL_OSVERSIONINFOEXW Want, ULONG TypeMask, ULONGLONG ConditionMask)
{
    SYSTEM_VERSION have = Version();
    const struct {
        ULONG Type, Have, Want;
    } part[] = {
        {VER_MAJORVERSION, have.Major, Want->dwMajorVersion},
        {VER_MINORVERSION, have.Minor, Want->dwMinorVersion},
        {VER_SERVICEPACKMAJOR, 0, Want->wServicePackMajor},
        {VER_SERVICEPACKMINOR, 0, Want->wServicePackMinor},
    };
    ULONG condition = 0;

    for (ULONG i = 0; i < RTL_NUMBER_OF(part); i++) {
        if ((TypeMask & part[i].Type) == 0) {
            continue;
        }
        if (condition == 0) {
            condition = ConditionOf(ConditionMask, part[i].Type);
        }
        if (part[i].Have != part[i].Want) {
            return Holds(condition, part[i].Have, part[i].Want);
        }
    }
    return condition == 0 || Holds(condition, 0, 0);
}

NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask, ULONGLONG ConditionMask)
{
    SYSTEM_VERSION have;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    have = Version();
    if (TypeMask == 0 || ConditionMask == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!VersionHolds(VersionInfo, TypeMask, ConditionMask)) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_BUILDNUMBER) != 0 &&
        !Holds(ConditionOf(ConditionMask, VER_BUILDNUMBER), have.Build, VersionInfo->dwBuildNumber)) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_PLATFORMID) != 0 && !Holds(ConditionOf(ConditionMask, VER_PLATFORMID),
                                                   VER_PLATFORM_WIN32_NT, VersionInfo->dwPlatformId)) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_PRODUCT_TYPE) != 0 && !Holds(ConditionOf(ConditionMask, VER_PRODUCT_TYPE),
                                                     VER_NT_SERVER, VersionInfo->wProductType)) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_SUITENAME) != 0 && VersionInfo->wSuiteMask != 0) {
        return STATUS_REVISION_MISMATCH; /* this system belongs to no suite */
    }
    return STATUS_SUCCESS;
}
