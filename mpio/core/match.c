/* SPDX-License-Identifier: MIT */
/*
 * Which LUN an arriving instance belongs to: rule MPIO-ARR-03. The DSM decides, by CompareDevices; MPIO's own idea of
 * identities says whom to ask about first, and with many LUNs whom not to ask about at all. Also the lists that this
 * needs. PASSIVE_LEVEL, Root->Serial held; the lists change under Root->Lock as well.
 */
#include "core/dsmcall.h"

static PMPIO_INSTANCE FirstInstance(PMPIO_LUN Lun)
{
    return IsListEmpty(&Lun->Instances) ? NULL : CONTAINING_RECORD(Lun->Instances.Flink, MPIO_INSTANCE, LunEntry);
}

/* Same: what MPIO itself thinks. An answer against worldwide identifiers of one kind says that this DSM has an idea of
 * equality of its own: from then on it is asked about every LUN. */
static BOOLEAN Compare(PMPIO_INSTANCE Instance, const MPIO_IDENTITY *Identity, PMPIO_LUN Lun, BOOLEAN Same)
{
    PMPIO_MODULE dsm = Lun->Dsm;
    PMPIO_INSTANCE member = FirstInstance(Lun);
    BOOLEAN answer;

    if (member == NULL) {
        return Same; /* every instance was removed: the DSM has nothing to compare */
    }
    answer = DSM_CALL(dsm, CompareDevices, DISPATCH_LEVEL, Instance->Ordinal, member->Ordinal, dsm->Init.DsmContext,
                      Instance->DsmId, member->DsmId);
    if (!answer != !Same && Identity->Kind >= MPIO_KIND_WORLDWIDE && Identity->Kind == Lun->Identity.Kind) {
        dsm->OwnEquality = TRUE;
    }
    return answer;
}

/* May LUNs with another worldwide identifier be left out? */
static BOOLEAN LeavesOut(PMPIO_MODULE Dsm, const MPIO_IDENTITY *Identity)
{
    return Dsm->LunCount >= MPIO_ASK_ABOUT_ALL && !Dsm->OwnEquality && Identity->Kind >= MPIO_KIND_WORLDWIDE;
}

PMPIO_LUN MpioMatchLun(PMPIO_INSTANCE Instance, const MPIO_IDENTITY *Identity)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    PMPIO_HASHED hashed = MpioTableChain(&MpioRoot()->LunTable, Identity->Hash);

    for (; hashed != NULL; hashed = hashed->Next) {
        PMPIO_LUN lun = CONTAINING_RECORD(hashed, MPIO_LUN, Hashed);

        if (lun->Dsm == dsm && MpioSameIdentity(Identity, &lun->Identity) && Compare(Instance, Identity, lun, TRUE)) {
            return lun;
        }
    }
    if (LeavesOut(dsm, Identity) && dsm->LunsOfKind[Identity->Kind] == dsm->LunCount) {
        return NULL;
    }
    for (PLIST_ENTRY entry = dsm->Luns.Flink; entry != &dsm->Luns; entry = entry->Flink) {
        PMPIO_LUN lun = MpioLunFromEntry(entry);

        if (LeavesOut(dsm, Identity) && lun->Identity.Kind == Identity->Kind) {
            continue;
        }
        if (!MpioSameIdentity(Identity, &lun->Identity) && Compare(Instance, Identity, lun, FALSE)) {
            return lun;
        }
    }
    return NULL;
}

VOID MpioLinkLun(PMPIO_LUN Lun)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_MODULE dsm = Lun->Dsm;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    InsertTailList(&dsm->Luns, &Lun->Entry);
    MpioTableInsert(&root->LunTable, &Lun->Hashed, Lun->Identity.Hash);
    dsm->LunCount++;
    dsm->LunsOfKind[Lun->Identity.Kind]++;
    KeReleaseSpinLock(&root->Lock, irql);
}

VOID MpioUnlinkLun(PMPIO_LUN Lun)
{
    RemoveEntryList(&Lun->Entry);
    MpioTableRemove(&MpioRoot()->LunTable, &Lun->Hashed);
    Lun->Dsm->LunCount--;
    Lun->Dsm->LunsOfKind[Lun->Identity.Kind]--;
}
