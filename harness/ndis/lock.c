/* SPDX-License-Identifier: MIT
 *
 * Spin locks and levels on virtual processors. A lock holds cpu + 1 while held, so a second acquire
 * on one processor is recognised as the deadlock that it would be.
 */
#include "ndis/internal.h"

#define LOCK_FREE 0x10C0u

VOID NDIS_CALL NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    SpinLock->SpinLock = LOCK_FREE;
    SpinLock->OldIrql = PASSIVE_LEVEL;
}

VOID NDIS_CALL NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (SpinLock->SpinLock != LOCK_FREE) {
        nds_misuse(MISUSE_LOCK_NOT_HELD, TAP_NONE, 2);
    }
    SpinLock->SpinLock = 0;
}

static void acquire(PNDIS_SPIN_LOCK lock)
{
    if (lock->SpinLock != LOCK_FREE) {
        bool held = lock->SpinLock > LOCK_FREE && lock->SpinLock <= LOCK_FREE + 64;
        nds_misuse(held ? MISUSE_LOCK_RECURSION : MISUSE_BAD_POINTER, TAP_NONE, TAP_LOCK);
        nds_abandon(VERDICT_HANG, held ? "spin lock acquired while held: deadlock"
                                       : "spin lock acquired that was never made");
    }
    lock->SpinLock = LOCK_FREE + 1u + nds.cpu;
    nds.locks_held++;
}

static void release(PNDIS_SPIN_LOCK lock)
{
    if (lock->SpinLock != LOCK_FREE + 1u + nds.cpu) {
        nds_misuse(MISUSE_LOCK_NOT_HELD, TAP_NONE, 0);
        return;
    }
    lock->SpinLock = LOCK_FREE;
    nds.locks_held--;
}

VOID NDIS_CALL NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    nds_require_level(DISPATCH_LEVEL);
    acquire(SpinLock);
    SpinLock->OldIrql = nds.irql;
    nds.irql = DISPATCH_LEVEL;
}

VOID NDIS_CALL NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (nds.irql != DISPATCH_LEVEL) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, nds.irql);
    }
    KIRQL old = SpinLock->OldIrql;
    release(SpinLock);
    nds.irql = old;
}

VOID NDIS_CALL NdisDprAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (nds.irql != DISPATCH_LEVEL) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, nds.irql);
    }
    acquire(SpinLock);
}

VOID NDIS_CALL NdisDprReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    if (nds.irql != DISPATCH_LEVEL) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, nds.irql);
    }
    release(SpinLock);
}

KIRQL NDIS_CALL NdisGetCurrentIrql(VOID)
{
    return nds.irql;
}

KIRQL NDIS_CALL NdisRaiseIrqlToDispatchLevel(VOID)
{
    KIRQL old = nds.irql;
    nds.irql = DISPATCH_LEVEL;
    return old;
}

VOID NDIS_CALL NdisLowerIrqlLevel(KIRQL NewIrql)
{
    if (NewIrql > nds.irql || nds.locks_held) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, NewIrql);
    }
    nds.irql = NewIrql;
}

LONG NDIS_CALL NdisInterlockedIncrement(PLONG Addend)
{
    return ++*Addend;
}

LONG NDIS_CALL NdisInterlockedDecrement(PLONG Addend)
{
    return --*Addend;
}
