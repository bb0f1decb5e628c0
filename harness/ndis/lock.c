/* SPDX-License-Identifier: MIT
 *
 * Spin locks and levels on virtual processors. A lock holds cpu + 1 while held, so a second acquire
 * on one processor is recognised as the deadlock that it would be.
 */
#include "ndis/internal.h"

/* A lock's word: its number, then how it is held. */
#define LOCK_ID_SHIFT 16u
#define LOCK_STATE 0xFFFFu
#define LOCK_FREE 0x10C0u
#define LOCK_DPR 0x4000u /* taken by the Dpr form */
#define CPUS_MAX 64u

static uint32_t id_of(const NDIS_SPIN_LOCK *lock)
{
    ULONG_PTR id = lock->SpinLock >> LOCK_ID_SHIFT;
    return id <= nds.locks_made ? (uint32_t)id : 0;
}

static uint32_t state_of(const NDIS_SPIN_LOCK *lock)
{
    return lock->SpinLock & LOCK_STATE & ~LOCK_DPR;
}

static void set_state(PNDIS_SPIN_LOCK lock, uint32_t state)
{
    lock->SpinLock = (lock->SpinLock & ~(ULONG_PTR)LOCK_STATE) | state;
}

VOID NDIS_CALL NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    SpinLock->SpinLock = (ULONG_PTR)++nds.locks_made << LOCK_ID_SHIFT | LOCK_FREE;
    SpinLock->OldIrql = PASSIVE_LEVEL;
}

VOID NDIS_CALL NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    bool made = id_of(SpinLock);
    if (!made || state_of(SpinLock) != LOCK_FREE) {
        nds_misuse(made ? MISUSE_LOCK_LIVE : MISUSE_LOCK_UNKNOWN, TAP_NONE, 0);
    }
    SpinLock->SpinLock = 0;
}

bool nds_lock_held_in(const void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < nds.locks_held && i < NDS_HELD; i++) {
        if ((uintptr_t)nds.held[i].lock - (uintptr_t)bytes < count) {
            return true;
        }
    }
    return false;
}

/* Locks are taken more often than anything else is called, so what is rare stands apart. */
static __attribute__((noinline)) void nested(uint32_t id)
{
    nds.locks_nested++;
    if (!nds.limits.trace_off && !nds_order_ok(nds.held[nds.locks_held - 1].id, id)) {
        nds_misuse(MISUSE_LOCK_ORDER, TAP_NONE, id);
    }
}

static inline void lock_hold(PNDIS_SPIN_LOCK lock, uint32_t id)
{
    nds.locks_taken++;
    if (nds.locks_held && nds.locks_held <= NDS_HELD) {
        nested(id);
    }
    if (nds.locks_held < NDS_HELD) {
        nds.held[nds.locks_held] = (struct nds_held){lock, id};
    }
    nds.locks_held++;
}

static __attribute__((noinline)) void let_go_within(const NDIS_SPIN_LOCK *lock)
{
    uint32_t count = nds.locks_held < NDS_HELD ? nds.locks_held : NDS_HELD;
    uint32_t at = count;
    while (at && nds.held[at - 1].lock != lock) {
        at--;
    }
    for (; at && at < count; at++) {
        nds.held[at - 1] = nds.held[at];
    }
    nds.locks_held--;
}

/* Nearly always the innermost. */
static inline void let_go(const NDIS_SPIN_LOCK *lock)
{
    uint32_t count = nds.locks_held;
    if (count && count <= NDS_HELD && nds.held[count - 1].lock == lock) {
        nds.locks_held--;
    } else {
        let_go_within(lock);
    }
}

static __attribute__((noinline)) void not_free(const NDIS_SPIN_LOCK *lock)
{
    bool held = id_of(lock) && state_of(lock) > LOCK_FREE && state_of(lock) <= LOCK_FREE + CPUS_MAX;
    nds_misuse(held ? MISUSE_LOCK_RECURSION : MISUSE_BAD_POINTER, TAP_NONE, 0);
    nds_abandon(VERDICT_HANG, held ? "spin lock acquired while held: deadlock"
                                   : "spin lock acquired that was never made");
}

static inline void acquire(PNDIS_SPIN_LOCK lock, uint32_t form)
{
    uint32_t id = id_of(lock);
    if (!id || state_of(lock) != LOCK_FREE) {
        not_free(lock);
    }
    lock_hold(lock, id);
    set_state(lock, (LOCK_FREE + 1u + nds.cpu) | form);
}

static inline void release(PNDIS_SPIN_LOCK lock, uint32_t form)
{
    if (!id_of(lock) || state_of(lock) != LOCK_FREE + 1u + nds.cpu) {
        nds_misuse(MISUSE_LOCK_NOT_HELD, TAP_NONE, form != 0);
        return;
    }
    if ((lock->SpinLock & LOCK_DPR) != form) {
        nds_misuse(MISUSE_LOCK_FORM, TAP_NONE, form != 0);
    }
    set_state(lock, LOCK_FREE);
    let_go(lock);
}

static void require_dispatch(enum tap_family family)
{
    if (nds.irql != DISPATCH_LEVEL) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, family);
    }
}

VOID NDIS_CALL NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    nds_require_level(FAMILY_SYNCH, DISPATCH_LEVEL);
    acquire(SpinLock, 0);
    SpinLock->OldIrql = nds.irql;
    nds.irql = DISPATCH_LEVEL;
}

VOID NDIS_CALL NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    require_dispatch(FAMILY_SYNCH);
    KIRQL old = SpinLock->OldIrql;
    release(SpinLock, 0);
    nds.irql = old;
}

VOID NDIS_CALL NdisDprAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    require_dispatch(FAMILY_DPR);
    acquire(SpinLock, LOCK_DPR);
}

VOID NDIS_CALL NdisDprReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    require_dispatch(FAMILY_DPR);
    release(SpinLock, LOCK_DPR);
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
    nds.levels_lowered++;
    if (NewIrql > nds.irql || nds.locks_held) {
        nds_misuse(MISUSE_IRQL, TAP_NONE, FAMILY_SETTING);
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
