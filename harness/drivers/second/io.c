/* SPDX-License-Identifier: MIT
 *
 * The data handlers: they queue, and leave the rest to the pump.
 */
#include "second.h"

static ULONG list_bytes(PNET_BUFFER_LIST Nbl)
{
    PNET_BUFFER Nb;
    ULONG Bytes = 0;
    for (Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb))
        Bytes += NET_BUFFER_DATA_LENGTH(Nb);
    return Bytes;
}

static ULONG measure(PNET_BUFFER_LIST Nbl)
{
    ULONG Bytes = list_bytes(Nbl);
    Nbl->MiniportReserved[0] = Nbl->MiniportReserved[1] = (PVOID)(ULONG_PTR)Bytes;
    return Bytes;
}

void sends_append(CONN *C, PNET_BUFFER_LIST Nbl)
{
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        C->SndBytes += measure(Nbl);
        if (C->SndTail != NULL)
            NET_BUFFER_LIST_NEXT_NBL(C->SndTail) = Nbl;
        else
            C->SndHead = Nbl;
        C->SndTail = Nbl;
        Nbl = Next;
    }
    sends_acked(C, 0);
    C->Dirty = TRUE;
}

NDIS_STATUS NDIS_CALL SecondTcpSend(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl)
{
    ADAPTER *A = Context;
    CONN *C = Object;
    NdisAcquireSpinLock(&A->Lock);
    sends_append(C, Nbl);
    if (C->Aborted && !C->AbortDue)
        settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_PENDING;
}

static void post_one(ADAPTER *A, CONN *C, PNET_BUFFER_LIST Nbl)
{
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    Nbl->MiniportReserved[0] = NULL;
    if (C->DisconnectTold && !C->Aborted && !C->Frozen && !C->Terminating) {
        NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_INVALID_STATE;
        NET_BUFFER_LIST_INFO(Nbl, TcpOffloadBytesTransferred) = NULL;
        append_list(&C->PostDone, Nbl);
        return;
    }
    if (C->PostHead == NULL && NET_BUFFER_LIST_INFO(Nbl, TcpReceiveBytesTransferred) != NULL &&
        (UCHAR)(ULONG_PTR)NET_BUFFER_LIST_INFO(Nbl, TcpReceiveNoPush) != TRUE)
        C->PushAt = now_ms() + ticks_to_ms(A, A->PushTicks);
    if (C->PostTail != NULL)
        NET_BUFFER_LIST_NEXT_NBL(C->PostTail) = Nbl;
    else
        C->PostHead = Nbl;
    C->PostTail = Nbl;
}

NDIS_STATUS NDIS_CALL SecondTcpReceive(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl)
{
    ADAPTER *A = Context;
    CONN *C = Object;
    NdisAcquireSpinLock(&A->Lock);
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        post_one(A, C, Nbl);
        Nbl = Next;
    }
    C->Posts++;
    C->Refused = FALSE;
    C->Dirty = TRUE;
    if (C->Aborted && !C->AbortDue)
        settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_PENDING;
}

/* Receives that were done, but not told yet. */
static void overtake(CONN *C)
{
    PNET_BUFFER_LIST Nbl = SECOND_ABORT_OVERTAKES ? C->PostDone : NULL;
    for (; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        if (NET_BUFFER_LIST_STATUS(Nbl) == NDIS_STATUS_SUCCESS)
            NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_REQUEST_ABORTED;
    }
}

static void disconnect_abortive(ADAPTER *A, CONN *C, PNET_BUFFER_LIST Nbl)
{
    NDIS_STATUS Status = NDIS_STATUS_SUCCESS;
    if (C->Frozen) {
        append_list(&C->DiscAbort, Nbl);
        return;
    }
    if (C->Aborted) {
        Status = NDIS_STATUS_REQUEST_ABORTED;
    } else {
        BOOLEAN Silent = C->State == TcpConnectionTimeWait || C->State == TcpConnectionClosed;
        if (C->State != TcpConnectionClosed)
            conn_abort(A, C);
        C->Aborted = TRUE;
        C->AbortDue = FALSE;
        overtake(C);
        settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
        C->RstOwed = !Silent && !frame_build(A, C, TH_RST, C->SndMax, 0, 0);
    }
    settle_send(Nbl, Status);
    append_list(&C->DiscDone, Nbl);
}

NDIS_STATUS NDIS_CALL SecondTcpDisconnect(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl,
                                          ULONG Flags)
{
    ADAPTER *A = Context;
    CONN *C = Object;
    NdisAcquireSpinLock(&A->Lock);
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    C->Dirty = TRUE;
    if (Flags & TCP_DISCONNECT_ABORTIVE_CLOSE) {
        measure(Nbl);
        disconnect_abortive(A, C, Nbl);
    } else {
        C->SndBytes += measure(Nbl);
        C->Disc = Nbl;
        C->FinQueued = TRUE;
        if (SECOND_FIN_WAIT_AT_CALL && C->State == TcpConnectionEstablished && !C->Frozen)
            C->State = TcpConnectionFinWait1;
        if (C->Aborted && !C->AbortDue)
            settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_PENDING;
}

NDIS_STATUS NDIS_CALL SecondTcpForward(NDIS_HANDLE Context, PVOID Object, PNET_BUFFER_LIST Nbl)
{
    ADAPTER *A = Context;
    CONN *C = Object;
    NdisAcquireSpinLock(&A->Lock);
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        if (C->FwdTail != NULL)
            NET_BUFFER_LIST_NEXT_NBL(C->FwdTail) = Nbl;
        else
            C->FwdHead = Nbl;
        C->FwdTail = Nbl;
        Nbl = Next;
    }
    C->Dirty = TRUE;
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_PENDING;
}

static NDIS_STATUS forward_one(ADAPTER *A, CONN *C, SEG *S)
{
    PARSED P;
    int Fate = SEG_DONE;
    memset(&P, 0, sizeof(P));
    if (tcp_parse(S->Data, S->Length, &P)) {
        ULONG Header = (ULONG)(P.Payload - S->Data);
        seg_trim_front(S, Header);
        S->Seq = P.Seq;
        S->Flags = P.Flags;
        P.V6 = C->Path->V6;
        Fate = tcp_input(A, C, &P, S);
    }
    if (Fate != SEG_KEPT)
        seg_free(A, S);
    if (Fate == SEG_UNPROCESSED)
        return NDIS_STATUS_UPLOAD_IN_PROGRESS;
    return NDIS_STATUS_SUCCESS;
}

/* Takes the oldest forwarded segment through TCP. TRUE: it is done. */
BOOLEAN forward_step(ADAPTER *A, CONN *C)
{
    PNET_BUFFER_LIST Nbl = C->FwdHead;
    NDIS_STATUS Status;
    PNET_BUFFER Nb;
    SEG *S;
    if (Nbl == NULL || C->AbortDue)
        return FALSE;
    Nb = NET_BUFFER_LIST_FIRST_NB(Nbl);
    if (C->Aborted) {
        Status = NDIS_STATUS_REQUEST_ABORTED;
    } else if (C->Frozen || C->Terminating ||
               (C->State == TcpConnectionTimeWait && C->Retrieved != 0)) {
        Status = NDIS_STATUS_UPLOAD_IN_PROGRESS;
    } else {
        S = seg_copy(A, max_of(NET_BUFFER_DATA_LENGTH(Nb), 1));
        if (S == NULL || !buffer_copy(Nb, S->Data)) {
            if (S != NULL)
                seg_free(A, S);
            short_of_memory(C);
            return FALSE;
        }
        S->Length = NET_BUFFER_DATA_LENGTH(Nb);
        Status = forward_one(A, C, S);
    }
    C->FwdHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    if (C->FwdHead == NULL)
        C->FwdTail = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = Status;
    append_list(&C->FwdDone, Nbl);
    return TRUE;
}

/* Returned lists name no connection; each carries its bytes along. */
NDIS_STATUS NDIS_CALL SecondTcpReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl)
{
    ADAPTER *A = Context;
    NdisAcquireSpinLock(&A->Lock);
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        SEG *S = Nbl->MiniportReserved[0];
        NdisFreeNetBufferList(Nbl);
        seg_free(A, S);
        A->ListsOut--;
        Nbl = Next;
    }
    retry_all(A);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
    return NDIS_STATUS_SUCCESS;
}
