/* SPDX-License-Identifier: MIT */
/*
 * A driver that is no DSM, compiled for Microsoft's environment, doing inline what the WDK's headers do inline: reading
 * the system's shared data, gs and cr8. It fails its DriverEntry with the number of the line where something was wrong.
 * DSM_TRY, a registry value of the service, asks for one way to end badly. Built and run by mpio/cli/tests/msvc.sh.
 */
#include "msvc.h"

#define SHARED 0xFFFFF78000000000ull

static ULONGLONG ReadCr8(VOID)
{
    ULONGLONG level;
    __asm__ volatile("movq %%cr8, %0" : "=r"(level));
    return level;
}

static VOID WriteCr8(ULONGLONG Level)
{
    __asm__ volatile("movq %0, %%cr8" : : "r"(Level) : "memory");
}

static NTSTATUS TryShared(VOID)
{
    LARGE_INTEGER asked, ticks;
    RTL_OSVERSIONINFOW version;

    KeQuerySystemTime(&asked);
    CHECK(*(volatile LONGLONG *)(SHARED + 0x14) == asked.QuadPart);
    KeQueryTickCount(&ticks);
    CHECK(*(volatile LONGLONG *)(SHARED + 0x320) == ticks.QuadPart);
    CHECK(*(volatile ULONGLONG *)(SHARED + 8) == KeQueryInterruptTime());
    CHECK(*(volatile ULONG *)(SHARED + 0x18) == *(volatile ULONG *)(SHARED + 0x1C)); /* high part, twice */
    version.dwOSVersionInfoSize = sizeof(version);
    CHECK(NT_SUCCESS(RtlGetVersion(&version)));
    CHECK(*(volatile ULONG *)(SHARED + 0x26C) == version.dwMajorVersion);
    CHECK(*(volatile ULONG *)(SHARED + 0x270) == version.dwMinorVersion);
    CHECK(*(volatile ULONG *)(SHARED + 0x260) == version.dwBuildNumber);
    CHECK(*(volatile ULONG *)(SHARED + 4) == 0x0FA00000 && *(volatile ULONG *)(SHARED + 0x264) == 3);
    CHECK(*(volatile WCHAR *)(SHARED + 0x30) == L'C' && *(volatile UCHAR *)(SHARED + 0x274) == 0);
    CHECK(*(volatile ULONG *)(SHARED + 0x3C0) == KeQueryActiveProcessorCount(NULL));
    return STATUS_SUCCESS;
}

static NTSTATUS TryProcessor(VOID)
{
    PVOID thread, self, block;
    ULONG number;
    KIRQL old;

    __asm__("movq %%gs:0x188, %0" : "=r"(thread));
    CHECK(thread == (PVOID)KeGetCurrentThread());
    __asm__("movl %%gs:0x1a4, %0" : "=r"(number));
    CHECK(number == KeGetCurrentProcessorNumber());
    __asm__("movq %%gs:0x18, %0\n\tmovq %%gs:0x20, %1" : "=&r"(self), "=r"(block));
    CHECK((PUCHAR)self + 0x180 == (PUCHAR)block && *(PVOID volatile *)((PUCHAR)self + 0x188) == thread);
    CHECK(ReadCr8() == PASSIVE_LEVEL);
    WriteCr8(DISPATCH_LEVEL);
    CHECK(ReadCr8() == DISPATCH_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    WriteCr8(PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(ReadCr8() == DISPATCH_LEVEL);
    KeLowerIrql(old);
    __asm__ volatile("int $0x2c"); /* NT_ASSERT that fails: told, and the driver goes on */
    return STATUS_SUCCESS;
}

/* How to end badly: each leaves a bug check. */
static VOID EndBadly(ULONG How)
{
    KIRQL old;

    switch (How) {
    case 1: __asm__ volatile("cli"); break;
    case 2: __asm__ volatile("movl $9, %%ecx\n\tint $0x29" : : : "ecx"); break;
    case 3: __asm__ volatile("int3"); break;
    case 4: __asm__ volatile("int $0x2d"); break;
    case 5: __asm__ volatile("rdmsr" : : "c"(0xC0000082) : "eax", "edx"); break;
    case 6: *(volatile ULONG *)(SHARED + 0x320) = 0; break;            /* a store */
    case 7: (VOID)*(volatile ULONG *)(SHARED + 0x1000); break;         /* past the page */
    case 8: WriteCr8(DISPATCH_LEVEL); KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -1}); break;
    case 9: ExRaiseStatus(STATUS_DEVICE_BUSY); break;                  /* nobody handles it */
    case 10: __asm__ volatile("movq %%gs:0x10, %%rax" : : : "rax"); break;
    case 11: KeRaiseIrql(DISPATCH_LEVEL, &old); (VOID)TryExceptions(); break; /* a fault at DISPATCH_LEVEL, in __try */
    case 12: (VOID)*(volatile ULONG *)0xFFFF800000000000ull; break;
    case 14: __asm__ volatile("movq %%cr0, %%rax" : : : "rax"); break;
    case 15: { /* a fault in a routine of the kernel, and no __try */
        PVOID (*volatile move)(PVOID, const VOID *, SIZE_T);
        UNICODE_STRING name;
        RtlInitUnicodeString(&name, L"memmove");
        *(PVOID *)(PVOID)&move = MmGetSystemRoutineAddress(&name);
        move(&name, (PVOID)0x4000, 8);
        break;
    }
    case 16: ContinueForbidden(); break;
    case 13: { /* waits with the time it reads itself */
        ULONGLONG until = *(volatile ULONGLONG *)(SHARED + 0x320) + 1;
        while (*(volatile ULONGLONG *)(SHARED + 0x320) < until)
            ;
        break;
    }
    }
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG how = 0;
    NTSTATUS status;

    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[0].Name = L"EndBadly";
    table[0].EntryContext = &how;
    table[0].DefaultType = REG_NONE;
    (VOID)RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, RegistryPath->Buffer, table, NULL, NULL);
    DriverObject->DriverUnload = Unload;
    EndBadly(how);
    status = TryShared();
    if (NT_SUCCESS(status))
        status = TryProcessor();
    if (NT_SUCCESS(status))
        status = TryExceptions();
    if (NT_SUCCESS(status))
        status = TryContexts();
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "msvc ends with %x\n", status);
    return status;
}
