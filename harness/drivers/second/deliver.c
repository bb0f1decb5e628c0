/* SPDX-License-Identifier: MIT
 *
 * Received bytes on their way up: into posted requests, else by indications.
 */
#include "second.h"

static BOOLEAN may_deliver(const CONN *C)
{
    return !C->Terminating && !C->Aborted && !C->Frozen &&
           !(C->State == TcpConnectionTimeWait && C->Retrieved != 0);
}

/* Copies into the used data of a buffer, from byte Offset on. FALSE: an MDL could not be mapped. */
static BOOLEAN copy_in(PNET_BUFFER Nb, ULONG Offset, const UCHAR *From, ULONG Length)
{
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    ULONG Skip = NET_BUFFER_CURRENT_MDL_OFFSET(Nb) + Offset;
    while (Length > 0) {
        PVOID Address;
        UINT Bytes;
        ULONG Part;
        if (Mdl == NULL)
            return FALSE;
        if (Skip >= Mdl->ByteCount) {
            Skip -= Mdl->ByteCount;
            NdisGetNextMdl(Mdl, &Mdl);
            continue;
        }
        NdisQueryMdl(Mdl, &Address, &Bytes, NormalPagePriority);
        if (Address == NULL)
            return FALSE;
        Part = min_of(Length, Bytes - Skip);
        memcpy((PUCHAR)Address + Skip, From, Part);
        From += Part;
        Length -= Part;
        Skip = 0;
        NdisGetNextMdl(Mdl, &Mdl);
    }
    return TRUE;
}

static ULONG placed_of(PNET_BUFFER_LIST Nbl)
{
    return (ULONG)(ULONG_PTR)Nbl->MiniportReserved[0];
}

static BOOLEAN is_push(PNET_BUFFER_LIST Nbl)
{
    return (UCHAR)(ULONG_PTR)NET_BUFFER_LIST_INFO(Nbl, TcpReceiveNoPush) != TRUE;
}

/* Ends the oldest request with the bytes that it has. */
void request_done(CONN *C, NDIS_STATUS Status)
{
    PNET_BUFFER_LIST Nbl = C->PostHead;
    ULONG Placed = placed_of(Nbl);
    C->PostHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    if (C->PostHead == NULL)
        C->PostTail = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = Status;
    NET_BUFFER_LIST_INFO(Nbl, TcpOffloadBytesTransferred) = (PVOID)(ULONG_PTR)Placed;
    if (Placed != 0)
        NdisAdvanceNetBufferDataStart(NET_BUFFER_LIST_FIRST_NB(Nbl), Placed, FALSE, NULL);
    append_list(&C->PostDone, Nbl);
    C->PushAt = NEVER;
    C->Dirty = TRUE;
}

void push_expired(CONN *C)
{
    C->PushAt = NEVER;
    if (C->PostHead != NULL && is_push(C->PostHead) && may_deliver(C))
        request_done(C, NDIS_STATUS_SUCCESS);
}

/* Moves bytes of the first segment into the first request. FALSE: not now. */
static BOOLEAN place_some(ADAPTER *A, CONN *C)
{
    PNET_BUFFER_LIST Nbl = C->PostHead;
    PNET_BUFFER Nb = NET_BUFFER_LIST_FIRST_NB(Nbl);
    SEG *S = C->RcvHead;
    ULONG Placed = placed_of(Nbl);
    ULONG Part = min_of(S->Length, NET_BUFFER_DATA_LENGTH(Nb) - Placed);
    BOOLEAN Pushed;
    if (!copy_in(Nb, Placed, S->Data, Part)) {
        short_of_memory(C);
        return FALSE;
    }
    Placed += Part;
    Nbl->MiniportReserved[0] = (PVOID)(ULONG_PTR)Placed;
    seg_trim_front(S, Part);
    C->RcvBytes -= Part;
    Pushed = S->Length == 0 && (S->Flags & TH_PSH) != 0;
    if (S->Length == 0) {
        C->RcvHead = S->Next;
        if (C->RcvHead == NULL)
            C->RcvTail = NULL;
        seg_free(A, S);
    }
    if (Placed == NET_BUFFER_DATA_LENGTH(Nb) || (Pushed && is_push(Nbl)))
        request_done(C, NDIS_STATUS_SUCCESS);
    else if (is_push(Nbl) && (SECOND_PUSH_RESTARTS || C->PushAt == NEVER))
        C->PushAt = now_ms() + ticks_to_ms(A, A->PushTicks);
    return TRUE;
}

static void place(ADAPTER *A, CONN *C)
{
    while (C->PostHead != NULL) {
        if (NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(C->PostHead)) == 0 &&
            (!SECOND_ZERO_WAITS || C->RcvHead != NULL))
            request_done(C, NDIS_STATUS_SUCCESS);
        else if (C->RcvHead == NULL || !place_some(A, C))
            break;
    }
    if (!C->FinRcvd || C->RcvHead != NULL || C->RcvBytes != 0 || C->DisconnectTold)
        return;
    /* The remote FIN pushes what is there; no byte will ever come for the others. */
    while (C->PostHead != NULL &&
           (placed_of(C->PostHead) != 0 || SECOND_FIN_COMPLETES_EMPTY ||
            NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(C->PostHead)) == 0))
        request_done(C, NDIS_STATUS_SUCCESS);
    C->DisconnectDue = TRUE;
}

static void put_back(ADAPTER *A, CONN *C, SEG *S, ULONG Consumed)
{
    seg_trim_front(S, Consumed);
    if (C->Aborted || S->Length == 0) {
        C->RcvBytes -= min_of(C->RcvBytes, S->Length);
        seg_free(A, S);
        return;
    }
    S->Next = C->RcvHead;
    C->RcvHead = S;
    if (C->RcvTail == NULL)
        C->RcvTail = S;
}

/* Shows the host the oldest segment. It keeps the list, takes some bytes of it, or none. */
static BOOLEAN indicate(ADAPTER *A, CONN *C)
{
    SEG *S = C->RcvHead;
    ULONG Length = S->Length, Consumed = 0, Posts = C->Posts;
    NDIS_STATUS Status;
    PNET_BUFFER_LIST Nbl =
        NdisAllocateNetBufferAndNetBufferList(A->ChimneyPool, 0, 0, S->Mdl, S->Offset, Length);
    if (Nbl == NULL) {
        short_of_memory(C);
        return FALSE;
    }
    C->RcvHead = S->Next;
    if (C->RcvHead == NULL)
        C->RcvTail = NULL;
    S->Next = NULL;
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    Nbl->MiniportReserved[0] = S;
    A->ListsOut++;
    NdisReleaseSpinLock(&A->Lock);
    Status =
        A->Up.NdisTcpOffloadReceiveHandler(C->OffloadHandle, Nbl, NDIS_STATUS_SUCCESS, &Consumed);
    NdisAcquireSpinLock(&A->Lock);
    if (Status == NDIS_STATUS_SUCCESS) {
        Consumed = Length;
        C->RcvBytes -= min_of(C->RcvBytes, Consumed);
    } else {
        Consumed = Status == NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED ? Consumed : 0;
        Consumed = min_of(Consumed, Length);
        C->RcvBytes -= min_of(C->RcvBytes, Consumed);
        A->ListsOut--;
        NdisFreeNetBufferList(Nbl);
        put_back(A, C, S, Consumed);
        /* A request posted meanwhile has the same right as one posted afterwards. */
        if (C->Posts == Posts)
            C->Refused = TRUE;
    }
    return TRUE;
}

BOOLEAN deliver_step(ADAPTER *A, CONN *C)
{
    BOOLEAN Worked = FALSE;
    if (!may_deliver(C))
        return FALSE;
    place(A, C);
    if (C->PostDone != NULL)
        Worked = TRUE;
    else if (C->RcvHead != NULL && C->PostHead == NULL && !C->Refused && !A->Paused)
        Worked = indicate(A, C);
    if (!C->Terminating && !C->Aborted)
        window_after_consumption(A, C);
    return Worked;
}

ULONG window_scale(const CONN *C)
{
    return C->Const.Flags & TCP_FLAG_WINDOW_SCALING_ENABLED ? min_of(C->Const.RcvWindScale, 14) : 0;
}

/* Moves the right edge of the window to where it may stand, if that is worth it. The edge stands
 * where the field of the header can say it; what rounding hides is no step. */
BOOLEAN window_move(CONN *C, ULONG Least)
{
    ULONG Scale = window_scale(C), Buffer = C->Cached.InitialRcvWnd;
    ULONG Free = Buffer > C->RcvBytes ? Buffer - C->RcvBytes : 0;
    ULONG Edge = C->RcvNxt + (min_of(Free >> Scale, 0xFFFF) << Scale);
    if (SEQ_LE(Edge, C->RcvAdv) || Edge - C->RcvAdv < Least)
        return FALSE;
    C->RcvAdv = Edge;
    return TRUE;
}

/* The least step of an edge that a frame may make on its way. */
ULONG window_step(ADAPTER *A, const CONN *C)
{
    ULONG Least = min_of(C->Cached.InitialRcvWnd / 2, segment_size(A, C));
    ULONG Lost = (1u << window_scale(C)) - 1;
    return Least > Lost ? Least - Lost : 1;
}

void window_after_consumption(ADAPTER *A, CONN *C)
{
    ULONG Least = min_of(C->Cached.InitialRcvWnd / 2, 2 * segment_size(A, C));
    if (!C->FinRcvd && !C->Frozen && window_move(C, Least))
        C->AckOwed = TRUE;
}
