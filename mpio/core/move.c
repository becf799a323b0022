/* SPDX-License-Identifier: MIT */
/*
 * Administrative MoveDevice (contract 02 section 8): the DSM of a LUN is asked to use another path.
 * PASSIVE_LEVEL, Root->Serial held by the caller's control request.
 */
#include "core/dsmcall.h"

/* Referenced for the caller; NULL: no such pseudo-LUN. */
PMPIO_LUN MpioFindLun(ULONG Ordinal)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_LUN lun = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Pdos.Flink; entry != &root->Pdos; entry = entry->Flink) {
        PMPIO_PDO pdo = CONTAINING_RECORD(entry, MPIO_PDO, Entry);

        if (pdo->Ordinal == Ordinal && !pdo->Gone) {
            lun = pdo->Lun;
            MpioReferenceLun(lun);
            break;
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return lun;
}

/* MPIOPath: the path in use now, as MPIO named it before the DSM replaced it. */
static PVOID MpioPathOf(PMPIO_MEMBERS Members, PVOID CurrentPath)
{
    for (ULONG i = 0; i < Members->Count; i++) {
        if (Members->PathIds[i] == CurrentPath) {
            return MpioDefaultPathId(Members->Instances[i]);
        }
    }
    return Members->Count != 0 ? MpioDefaultPathId(Members->Instances[0]) : NULL;
}

NTSTATUS MpioMoveLun(ULONG Ordinal, PVOID SuggestedPath, ULONG Flags)
{
    PMPIO_LUN lun = MpioFindLun(Ordinal);
    PMPIO_MEMBERS members;
    PMPIO_MODULE dsm;
    NTSTATUS status;

    if (lun == NULL) {
        return STATUS_NO_SUCH_DEVICE;
    }
    dsm = lun->Dsm;
    members = MpioReferenceMembers(lun);
    status = DSM_CALL(dsm, MoveDevice, PASSIVE_LEVEL, lun->Ordinal, Flags, dsm->Init.DsmContext, members->Ids,
                      MpioPathOf(members, lun->CurrentPath), SuggestedPath, Flags);
    MpioReleaseMembers(members);
    MpioDereferenceLun(lun);
    return status;
}
