/* SPDX-License-Identifier: MIT
 *
 * A connection's beginning and end: from the state of the host, and back to memory.
 */
#include "second.h"

static BOOLEAN fin_was_received(ULONG State)
{
    return State == TcpConnectionCloseWait || State == TcpConnectionClosing ||
           State == TcpConnectionLastAck;
}

static ULONG buffered_bytes(PNET_BUFFER_LIST Nbl)
{
    PNET_BUFFER Nb;
    ULONG Bytes = 0;
    for (; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        for (Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb))
            Bytes += NET_BUFFER_DATA_LENGTH(Nb);
    }
    return Bytes;
}

static BOOLEAN copy_buffer(PNET_BUFFER Nb, UCHAR **To)
{
    ULONG Length = NET_BUFFER_DATA_LENGTH(Nb), At = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    while (Length > 0 && Mdl != NULL) {
        PVOID Address;
        UINT Bytes;
        ULONG Part;
        NdisQueryMdl(Mdl, &Address, &Bytes, NormalPagePriority);
        if (Address == NULL)
            return FALSE;
        Part = At < Bytes ? min_of(Length, Bytes - At) : 0;
        memcpy(*To, (PUCHAR)Address + At, Part);
        At -= min_of(At, Bytes);
        *To += Part;
        Length -= Part;
        NdisGetNextMdl(Mdl, &Mdl);
    }
    return Length == 0;
}

/* The host's buffered bytes are the newest before RcvNxt; they wait for a request like refused
 * ones. */
static BOOLEAN take_buffered(ADAPTER *A, CONN *C, PNET_BUFFER_LIST Nbl)
{
    ULONG Bytes = buffered_bytes(Nbl);
    UCHAR *To;
    SEG *S;
    if (Bytes == 0)
        return TRUE;
    S = seg_copy(A, Bytes);
    if (S == NULL)
        return FALSE;
    To = S->Data;
    for (; Nbl != NULL; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        PNET_BUFFER Nb;
        for (Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb)) {
            if (!copy_buffer(Nb, &To)) {
                seg_free(A, S);
                return FALSE;
            }
        }
    }
    S->Seq = C->RcvNxt - Bytes - C->FinRcvd;
    C->RcvHead = C->RcvTail = S;
    C->RcvBytes = Bytes;
    C->Refused = TRUE;
    return TRUE;
}

static ULONG64 deadline(const ADAPTER *A, ULONG Delta)
{
    return Delta == TCP_OFFLOAD_TIMER_NOT_RUNNING ? NEVER : now_ms() + ticks_to_ms(A, Delta);
}

static void variables(ADAPTER *A, CONN *C, const TCP_OFFLOAD_STATE_DELEGATED *D)
{
    C->State = D->State;
    C->DelegatedFlags = D->Flags;
    C->DWnd = D->DWnd;
    C->RcvNxt = C->LastAck = D->RcvNxt;
    C->RcvAdv = D->RcvNxt + D->RcvWnd;
    C->SndUna = C->SndWl2 = D->SndUna;
    C->SndNxt = D->SndNxt;
    C->SndMax = D->SndMax;
    C->SndWnd = D->SndWnd;
    C->MaxSndWnd = max_of(D->MaxSndWnd, D->SndWnd);
    C->SndWl1 = D->SendWL1;
    C->CWnd = max_of(D->CWnd, frame_room(A, C, option_bytes(C)));
    C->SsThresh = D->SsThresh;
    C->Recover = D->SndUna - 1;
    C->HighReport = D->SndUna;
    C->DupAcks = D->DupAckCount;
    C->RttValid = D->SRtt != 0 || D->RttVar != 0;
    C->Srtt8 = (ULONG)ticks_to_ms(A, D->SRtt);
    C->Rttvar4 = (ULONG)ticks_to_ms(A, D->RttVar);
    C->TsRecent = D->TsRecent;
    C->TsRecentAt = (LONG64)now_ms() - (LONG64)ticks_to_ms(A, D->TsRecentAge);
    C->TsBase = D->TsTime;
    C->TsBaseAt = C->LastSentAt = C->RtxFrom = now_ms();
    C->TotalRt = ticks_to_ms(A, D->TotalRT);
    C->RtxCount = D->Retransmit.Count;
    C->ProbeRound = D->SndWndProbeCount;
    C->RtxAt = deadline(A, D->Retransmit.TimeoutDelta);
    C->KaProbes = D->KeepAlive.ProbeCount;
    C->KaAt = deadline(A, D->KeepAlive.TimeoutDelta);
    C->Blind = C->KaAt != NEVER && !(C->Cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED);
    C->SndDoneAt = C->DackAt = C->PushAt = C->RetryAt = NEVER;
    C->FinRcvd = fin_was_received(D->State);
    C->FinQueued = D->State != TcpConnectionEstablished && D->State != TcpConnectionCloseWait;
    C->FinAcked = D->State == TcpConnectionFinWait2;
}

/* What the send queue makes of the timer that was handed over. */
static void resume(ADAPTER *A, CONN *C)
{
    BOOLEAN Waiting = C->SndBytes != 0 || (C->FinQueued && !C->FinAcked);
    if (C->State == TcpConnectionFinWait2)
        return;
    if (Waiting && C->SndWnd == 0) {
        ULONG Round = C->ProbeRound, Count = C->RtxCount;
        ULONG64 At = C->RtxAt;
        persist_enter(A, C);
        C->ProbeRound = (UCHAR)Round;
        C->RtxCount = (UCHAR)Count;
        C->RtxAt = At == NEVER ? C->RtxAt : At;
    } else if (C->SndMax == C->SndUna) {
        C->RtxAt = NEVER;
    } else if (C->RtxAt == NEVER) {
        rtx_arm(A, C);
    }
}

static NDIS_STATUS check(ADAPTER *A, const CONN *C, ULONG State)
{
    if (A->ConnCount >= SECOND_CAPACITY)
        return NDIS_STATUS_OFFLOAD_TCP_ENTRIES;
    if (C->Cached.InitialRcvWnd > 0xFFFFu << 14)
        return NDIS_STATUS_OFFLOAD_TCP_RCV_WINDOW;
    if (State < TcpConnectionEstablished || State > TcpConnectionLastAck)
        return NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED;
    return NDIS_STATUS_SUCCESS;
}

CONN *conn_new(ADAPTER *A, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block, PATH *Path, NDIS_STATUS *Status)
{
    TCP_OFFLOAD_STATE_DELEGATED Delegated;
    POFFLOAD_STATE_HEADER State = ndis_offload_state_first(Block);
    CONN *C = memory_take(A, sizeof(*C));
    *Status = NDIS_STATUS_RESOURCES;
    if (C == NULL)
        return NULL;
    state_read(&C->Const, State, sizeof(C->Const));
    State = ndis_offload_state_next(State);
    state_read(&C->Cached, State, sizeof(C->Cached));
    State = ndis_offload_state_next(State);
    state_read(&Delegated, State, sizeof(Delegated));
    C->Kind = KIND_CONN;
    C->Path = Path;
    C->OffloadHandle = Block->NdisOffloadHandle;
    variables(A, C, &Delegated);
    *Status = check(A, C, Delegated.State);
    if (*Status == NDIS_STATUS_SUCCESS && !take_buffered(A, C, Delegated.BufferedData))
        *Status = NDIS_STATUS_FAILURE;
    if (*Status != NDIS_STATUS_SUCCESS) {
        memory_give(C, sizeof(*C));
        return NULL;
    }
    sends_append(C, Block->NetBufferListChain);
    resume(A, C);
    Path->Conns++;
    A->ConnCount++;
    C->Next = A->Conns;
    A->Conns = C;
    return C;
}

void conn_free(ADAPTER *A, CONN *C)
{
    CONN **At = &A->Conns;
    while (*At != C)
        At = &(*At)->Next;
    *At = C->Next;
    C->Path->Conns--;
    A->ConnCount--;
    tx_purge(A, C);
    seg_free_list(A, &C->RcvHead);
    seg_free_list(A, &C->Held);
    seg_free_list(A, &C->UrgHead);
    memory_give(C, sizeof(*C));
}
