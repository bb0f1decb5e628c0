/* SPDX-License-Identifier: MIT
 *
 * Reachability of neighbors: before a datagram to one that neither side has heard of lately, the
 * host is asked.
 */
#include "second.h"

BOOLEAN reach_stale(ADAPTER *A, const NEIGHBOR *N)
{
    LONG64 Now = (LONG64)now_ms(), Stale = (LONG64)ticks_to_ms(A, A->NceStaleTicks);
    return Now - N->NicAt > Stale && Now - N->HostAt > Stale;
}

typedef struct _QUESTION {
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block;
    NEIGHBOR_OFFLOAD_STATE_CONST Const;
    ULONG PadConst;
    NEIGHBOR_OFFLOAD_STATE_CACHED Cached;
    ULONG PadCached;
    NEIGHBOR_OFFLOAD_STATE_DELEGATED Delegated;
    ULONG PadDelegated;
} QUESTION;

/* The lock is given away meanwhile. Afterwards the neighbor is as old as the host says. */
void reach_ask(ADAPTER *A, NEIGHBOR *N)
{
    QUESTION Q;
    LONG64 Now = (LONG64)now_ms();
    memset(&Q, 0, sizeof(Q));
    Q.Block.Header.Type = NeighborOffloadState;
    Q.Block.Header.Revision = 1;
    Q.Block.Header.Size = sizeof(Q.Block);
    Q.Block.Status = NDIS_STATUS_SUCCESS;
    if (SECOND_NEIGHBOR_NAMED_BY == 0)
        Q.Block.NdisOffloadHandle = N->OffloadHandle;
    else if (SECOND_NEIGHBOR_NAMED_BY == 1)
        Q.Block.MiniportOffloadContext = (PVOID *)N;
    Q.Const.Header.Length = sizeof(Q.Const);
    memcpy(Q.Const.DlSourceAddress, N->Source, sizeof(N->Source));
    Q.Const.VlanId = N->VlanId;
    Q.Cached.Header.Length = sizeof(Q.Cached);
    memcpy(Q.Cached.DlDestinationAddress, N->Destination, sizeof(N->Destination));
    Q.Cached.HostReachabilityDelta = ms_to_ticks(A, (ULONG64)(Now - N->HostAt));
    Q.Delegated.Header.Length = sizeof(Q.Delegated);
    Q.Delegated.NicReachabilityDelta = ms_to_ticks(A, (ULONG64)(Now - N->NicAt));
    NdisReleaseSpinLock(&A->Lock);
    NdisMOffloadEventIndicate(completion_handle(A), &Q.Block, NeighborReachabilityQuery);
    NdisAcquireSpinLock(&A->Lock);
    N->HostAt = Now - (LONG64)ticks_to_ms(A, Q.Cached.HostReachabilityDelta);
}
