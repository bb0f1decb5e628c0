/* SPDX-License-Identifier: MIT
 *
 * State that crosses the interface of objects that exist: query, update, invalidate, terminate.
 */
#include "second.h"

typedef PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST BLOCKS;

static ULONG delta(const ADAPTER *A, ULONG64 At)
{
    ULONG64 Now = now_ms();
    if (At == NEVER)
        return TCP_OFFLOAD_TIMER_NOT_RUNNING;
    return At <= Now ? 0 : ms_to_ticks(A, At - Now + 1000 / A->TicksPerSecond - 1);
}

static USHORT saturate(const ADAPTER *A, ULONG Ms)
{
    return (USHORT)min_of(ms_to_ticks(A, Ms), 0xFFFF);
}

static void tcp_delegated(ADAPTER *A, CONN *C, TCP_OFFLOAD_STATE_DELEGATED *D)
{
    memset(D, 0, sizeof(*D));
    D->State = C->State;
    D->Flags = C->DelegatedFlags;
    D->DWnd = C->DWnd;
    D->RcvNxt = C->RcvNxt;
    D->RcvWnd = C->RcvAdv - C->RcvNxt;
    D->SndUna = C->SndUna;
    D->SndNxt = C->SndNxt;
    D->SndMax = C->SndMax;
    D->SndWnd = C->SndWnd;
    D->MaxSndWnd = C->MaxSndWnd;
    D->SendWL1 = C->SndWl1;
    D->CWnd = C->CWnd;
    D->SsThresh = C->SsThresh;
    if (C->RttValid) {
        D->SRtt = saturate(A, C->Srtt8);
        D->RttVar = saturate(A, C->Rttvar4);
        if (D->SRtt == 0 && D->RttVar == 0)
            D->SRtt = 1; /* both 0 would say that there was no sample */
    }
    D->TsRecent = C->TsRecent;
    D->TsRecentAge = ms_to_ticks(A, (ULONG64)((LONG64)now_ms() - C->TsRecentAt));
    D->TsTime = ts_now(A, C);
    D->TotalRT = C->TotalRt >= ticks_to_ms(A, 0xFFFFFFFF) ? 0xFFFFFFFF : ms_to_ticks(A, C->TotalRt);
    D->DupAckCount = C->DupAcks;
    D->SndWndProbeCount = C->ProbeRound;
    D->KeepAlive.ProbeCount = C->KaProbes;
    D->KeepAlive.TimeoutDelta = delta(A, C->KaAt);
    D->Retransmit.Count = C->RtxCount;
    D->Retransmit.TimeoutDelta = delta(A, C->RtxAt);
}

/* Writes behind the header as much as the host made room for. */
static void state_write(POFFLOAD_STATE_HEADER To, const void *From, ULONG Size)
{
    ULONG Bytes = min_of(To->Length, Size);
    if (Bytes > sizeof(*To))
        memcpy(To + 1, (const UCHAR *)From + sizeof(*To), Bytes - sizeof(*To));
}

enum { PART_CONST = 1, PART_CACHED = 2, PART_DELEGATED = 4 };

/* Which parts follow a block. */
static ULONG parts_of(ULONG Type)
{
    switch (Type) {
    case NeighborOffloadConstState:
    case Ip4OffloadConstState:
    case Ip6OffloadConstState:
    case TcpOffloadConstState:
        return PART_CONST;
    case NeighborOffloadCachedState:
    case Ip4OffloadCachedState:
    case Ip6OffloadCachedState:
    case TcpOffloadCachedState:
        return PART_CACHED;
    case NeighborOffloadDelegatedState:
    case Ip4OffloadDelegatedState:
    case Ip6OffloadDelegatedState:
    case TcpOffloadDelegatedState:
        return PART_DELEGATED;
    case NeighborOffloadState:
    case Ip4OffloadState:
    case Ip6OffloadState:
    case TcpOffloadState:
        return PART_CONST | PART_CACHED | PART_DELEGATED;
    default:
        return 0;
    }
}

static void write_neighbor(ADAPTER *A, const NEIGHBOR *N, ULONG Part, POFFLOAD_STATE_HEADER To)
{
    NEIGHBOR_OFFLOAD_STATE_CONST Const;
    NEIGHBOR_OFFLOAD_STATE_CACHED Cached;
    NEIGHBOR_OFFLOAD_STATE_DELEGATED Delegated;
    LONG64 Now = (LONG64)now_ms();
    memset(&Const, 0, sizeof(Const));
    memcpy(Const.DlSourceAddress, N->Source, sizeof(N->Source));
    Const.VlanId = N->VlanId;
    memcpy(Cached.DlDestinationAddress, N->Destination, sizeof(N->Destination));
    Cached.HostReachabilityDelta = ms_to_ticks(A, (ULONG64)(Now - N->HostAt));
    Delegated.NicReachabilityDelta = ms_to_ticks(A, (ULONG64)(Now - N->NicAt));
    if (Part == PART_CONST)
        state_write(To, &Const, sizeof(Const));
    else if (Part == PART_CACHED)
        state_write(To, &Cached, sizeof(Cached));
    else
        state_write(To, &Delegated, sizeof(Delegated));
}

static void write_path(const PATH *P, ULONG Part, POFFLOAD_STATE_HEADER To)
{
    PATH_OFFLOAD_STATE_CONST Const;
    PATH_OFFLOAD_STATE_CACHED Cached;
    Const.SourceAddress = P->Source;
    Const.DestinationAddress = P->Destination;
    Cached.PathMtu = P->Mtu;
    if (Part == PART_CONST)
        state_write(To, &Const, sizeof(Const));
    else if (Part == PART_CACHED)
        state_write(To, &Cached, sizeof(Cached));
}

static void write_conn(ADAPTER *A, CONN *C, ULONG Part, POFFLOAD_STATE_HEADER To)
{
    TCP_OFFLOAD_STATE_DELEGATED D;
    if (Part == PART_CONST) {
        state_write(To, &C->Const, sizeof(C->Const));
    } else if (Part == PART_CACHED) {
        state_write(To, &C->Cached, sizeof(C->Cached));
    } else {
        tcp_delegated(A, C, &D);
        D.SendBacklogSize = TCP_OFFLOAD_BACKLOG_UNSUPPORTED;
        D.ReceiveBacklogSize = C->RcvBytes;
        state_write(To, &D, sizeof(D));
    }
}

void state_query(ADAPTER *A, BLOCKS Block, PVOID Object)
{
    POFFLOAD_STATE_HEADER To = ndis_offload_state_first(Block);
    ULONG Parts = parts_of(Block->Header.Type), Part;
    for (Part = PART_CONST; Part <= PART_DELEGATED; Part <<= 1) {
        if (!(Parts & Part))
            continue;
        if (((NEIGHBOR *)Object)->Kind == KIND_NEIGHBOR)
            write_neighbor(A, Object, Part, To);
        else if (((NEIGHBOR *)Object)->Kind == KIND_PATH)
            write_path(Object, Part, To);
        else
            write_conn(A, Object, Part, To);
        if ((Parts & ~(2 * Part - 1)) != 0)
            To = ndis_offload_state_next(To);
    }
}

static void update_conn(ADAPTER *A, CONN *C, POFFLOAD_STATE_HEADER From)
{
    TCP_OFFLOAD_STATE_CACHED New, Old = C->Cached;
    ULONG Flags;
    BOOLEAN Enabled, Was = (Old.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) != 0;
    state_read(&New, From, sizeof(New));
    Flags = New.Flags;
    Enabled = (Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) != 0;
    C->Cached = New;
    if (!Enabled && !C->Blind)
        C->KaAt = NEVER;
    else if (Enabled && (!Was || (Flags & TCP_FLAG_KEEP_ALIVE_RESTART) ||
                         New.KaTimeout != Old.KaTimeout || New.KaInterval != Old.KaInterval)) {
        UCHAR Probes = C->KaProbes;
        keepalive_restart(A, C);
        C->KaProbes = Probes; /* new times alone do not make unanswered probes answered */
    }
    if (New.KaProbeCount != Old.KaProbeCount || (Flags & TCP_FLAG_KEEP_ALIVE_RESTART))
        C->KaProbes = 0;
    if ((Flags & TCP_FLAG_MAX_RT_RESTART) || (New.MaxRT != Old.MaxRT && New.MaxRT != 0)) {
        C->TotalRt = 0;
        C->RtxFrom = now_ms();
    }
    if ((Flags & TCP_FLAG_UPDATE_RCV_WND) && window_move(C, 0) && !C->FinRcvd)
        C->AckOwed = TRUE;
    C->Dirty = TRUE;
}

static void relink(ADAPTER *A, PATH *P, NEIGHBOR *N)
{
    CONN *C;
    if (P->Neighbor == N)
        return;
    P->Neighbor->Paths--;
    P->Neighbor = N;
    N->Paths++;
    P->Invalid = FALSE;
    for (C = A->Conns; C != NULL; C = C->Next)
        C->Dirty |= C->Path == P;
}

void state_update(ADAPTER *A, BLOCKS Block, PVOID Object, PVOID Parent)
{
    POFFLOAD_STATE_HEADER From = ndis_offload_state_first(Block);
    ULONG Kind = ((NEIGHBOR *)Object)->Kind;
    if (Kind == KIND_PATH && Parent != NULL && ((NEIGHBOR *)Parent)->Kind == KIND_NEIGHBOR)
        relink(A, Object, Parent);
    if (parts_of(Block->Header.Type) != PART_CACHED)
        return;
    if (Kind == KIND_NEIGHBOR) {
        NEIGHBOR *N = Object;
        NEIGHBOR_OFFLOAD_STATE_CACHED Cached;
        state_read(&Cached, From, sizeof(Cached));
        memcpy(N->Destination, Cached.DlDestinationAddress, sizeof(N->Destination));
        N->HostAt = (LONG64)now_ms() - (LONG64)ticks_to_ms(A, Cached.HostReachabilityDelta);
    } else if (Kind == KIND_PATH) {
        PATH_OFFLOAD_STATE_CACHED Cached;
        state_read(&Cached, From, sizeof(Cached));
        ((PATH *)Object)->Mtu = Cached.PathMtu;
    } else {
        update_conn(A, Object, From);
    }
}

void state_invalidate(ADAPTER *A, PVOID Object)
{
    CONN *C;
    if (((NEIGHBOR *)Object)->Kind == KIND_NEIGHBOR)
        ((NEIGHBOR *)Object)->Invalid = TRUE;
    else if (((NEIGHBOR *)Object)->Kind == KIND_PATH)
        ((PATH *)Object)->Invalid = TRUE;
    else
        ((CONN *)Object)->Invalid = TRUE;
    for (C = A->Conns; C != NULL; C = C->Next)
        C->Dirty = TRUE;
}

static void terminate_conn(ADAPTER *A, BLOCKS Block, CONN *C, POFFLOAD_STATE_HEADER To)
{
    TCP_OFFLOAD_STATE_DELEGATED D;
    tcp_delegated(A, C, &D);
    D.SendDataHead = C->SndHead;
    D.SendDataTail = C->SndTail;
    D.BufferedData = C->Back;
    Block->NetBufferListChain = C->SndHead;
    C->SndHead = C->SndTail = NULL;
    C->Back = NULL;
    C->Dying = TRUE;
    if (To != NULL)
        state_write(To, &D, sizeof(D));
}

void state_terminate(ADAPTER *A, BLOCKS Block, PVOID Object)
{
    POFFLOAD_STATE_HEADER To = ndis_offload_state_first(Block);
    ULONG Parts = parts_of(Block->Header.Type);
    Block->NetBufferListChain = NULL;
    if (Object == NULL)
        return;
    if (Parts == (PART_CONST | PART_CACHED | PART_DELEGATED))
        To = ndis_offload_state_next(ndis_offload_state_next(To));
    else if (Parts != PART_DELEGATED)
        To = NULL;
    if (((NEIGHBOR *)Object)->Kind == KIND_CONN) {
        terminate_conn(A, Block, Object, To);
    } else if (((NEIGHBOR *)Object)->Kind == KIND_PATH) {
        ((PATH *)Object)->Dying = TRUE;
    } else {
        ((NEIGHBOR *)Object)->Dying = TRUE;
        if (To != NULL)
            write_neighbor(A, Object, PART_DELEGATED, To);
    }
}
