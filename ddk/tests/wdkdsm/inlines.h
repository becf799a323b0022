/* SPDX-License-Identifier: MIT */
/* Functions defined in a header with a bare __inline, as WDK drivers write them; no out-of-line copy may be needed. */

#ifndef _WDKDSM_INLINES_H_
#define _WDKDSM_INLINES_H_

//
// All allocations that are not worth a failure path of their own go through these two.
//
_Ret_maybenull_
_Post_writable_byte_size_(Size)
_When_((PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0, __drv_reportError("an allocation must not raise here"))
__drv_allocatesMem(Mem)
__inline
PVOID
WdAllocate(
    _In_ _Strict_type_match_ POOL_TYPE PoolType,
    _In_ SIZE_T Size,
    _In_ ULONG Tag
    )
{
    NT_ASSERT(PoolType != NonPagedPoolMustSucceed);
    return ExAllocatePoolZero(PoolType, Size, Tag);
}

__inline
VOID
WdFree(
    _Inout_opt_ __drv_freesMem(Mem) PVOID Memory,
    _In_ ULONG Tag,
    _Out_opt_ PULONG Freed
    )
{
    if (Memory != NULL) {
        ExFreePoolWithTag(Memory, Tag);
    }
    if (Freed != NULL) {
        *Freed = (Memory != NULL);
    }
}

__inline
VOID
WdInsertPath(
    _Inout_ PLIST_ENTRY Head,
    _Pre_notnull_ _Post_notnull_ __drv_aliasesMem PWDKDSM_PATH Path
    )
{
    _Analysis_assume_(Path != NULL);
    InsertTailList(Head, &Path->ListEntry);
}

__inline
PSTORAGE_REQUEST_BLOCK_HEADER
SrbAllocateCopy(
    _In_ PVOID Srb,
    _In_ _Strict_type_match_ POOL_TYPE PoolType,
    _In_ ULONG Tag
    )
{
    PSTORAGE_REQUEST_BLOCK Extended = (PSTORAGE_REQUEST_BLOCK)Srb;
    ULONG Length = SCSI_REQUEST_BLOCK_SIZE;
    PSTORAGE_REQUEST_BLOCK_HEADER Copy;

    if (Extended->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK) {
        Length = Extended->SrbLength;
        NT_ASSERT(Length >= sizeof(STORAGE_REQUEST_BLOCK) + sizeof(STOR_ADDR_BTL8));
    }
    Copy = (PSTORAGE_REQUEST_BLOCK_HEADER)WdAllocate(PoolType, Length, Tag);
    if (Copy != NULL) {
        SrbCopySrb(Copy, Length, Srb);
    }
    return Copy;
}

__inline
BOOLEAN
WdIsPathPassThrough(
    _In_ ULONG ControlCode
    )
{
    return (BOOLEAN)(ControlCode == IOCTL_MPIO_PASS_THROUGH_PATH ||
                     ControlCode == IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT ||
                     ControlCode == IOCTL_MPIO_PASS_THROUGH_PATH_EX ||
                     ControlCode == IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT_EX);
}

static __inline
UCHAR
WdSrbStatusOf(
    _In_ NTSTATUS Status
    )
{
    switch (Status) {
        case STATUS_SUCCESS: return SRB_STATUS_SUCCESS;
        case STATUS_DEVICE_BUSY: return SRB_STATUS_BUSY;
        case STATUS_NO_SUCH_DEVICE: return SRB_STATUS_NO_DEVICE;
        case STATUS_INVALID_PARAMETER: return SRB_STATUS_INVALID_REQUEST;
        case STATUS_INSUFFICIENT_RESOURCES: return SRB_STATUS_INTERNAL_ERROR;
        case STATUS_NOT_SUPPORTED: return SRB_STATUS_BAD_FUNCTION;
        default: return SRB_STATUS_ERROR;
    }
}

__inline BOOLEAN WdIsZeroKey(_In_reads_bytes_(8) const UCHAR *Key)
{
    ULONG i;

    for (i = 0; i < 8; i++) {
        if (Key[i] != 0) {
            return FALSE;
        }
    }
    return TRUE;
}

#endif // _WDKDSM_INLINES_H_
