/* SPDX-License-Identifier: MIT */
/*
 * The two locks a miniport knows. StartIo: a spin lock at DISPATCH_LEVEL in full duplex, the
 * Interrupt lock in half duplex, none for virtual miniports (class-driver 5.4). Interrupt: the same
 * kind of lock at device level, PORT_DIRQL. Order: StartIo, then Interrupt.
 */
#include "port/port.h"

VOID PortAcquireInterrupt(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State)
{
    KIRQL irql = KeGetCurrentIrql();

    State->Held = FALSE;
    if (Adapter->Driver->Virtual) {
        return;
    }
    State->OldIrql = KfRaiseIrql(irql > PORT_DIRQL ? irql : PORT_DIRQL);
    KeAcquireSpinLockAtDpcLevel(&Adapter->InterruptLock);
    State->Held = TRUE;
}

VOID PortReleaseInterrupt(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State)
{
    if (State->Held) {
        KeReleaseSpinLockFromDpcLevel(&Adapter->InterruptLock);
        KeLowerIrql(State->OldIrql);
    }
}

VOID PortAcquireStartIo(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State)
{
    State->Held = FALSE;
    if (Adapter->Driver->Virtual) {
        return;
    }
    if (!Adapter->FullDuplex) {
        PortAcquireInterrupt(Adapter, State);
        return;
    }
    KeAcquireSpinLock(&Adapter->StartIoLock, &State->OldIrql);
    State->Held = TRUE;
}

VOID PortReleaseStartIo(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State)
{
    if (!State->Held) {
        return;
    }
    if (Adapter->FullDuplex) {
        KeReleaseSpinLock(&Adapter->StartIoLock, State->OldIrql);
    } else {
        PortReleaseInterrupt(Adapter, State);
    }
}
