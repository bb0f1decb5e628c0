/* SPDX-License-Identifier: MIT
 *
 * What a connection owes the host, one upcall at a time. The lock is held at entry and at return,
 * and given away around the upcall.
 */
#include "second.h"

void append_list(PNET_BUFFER_LIST *Head, PNET_BUFFER_LIST Nbl)
{
    while (*Head != NULL)
        Head = &NET_BUFFER_LIST_NEXT_NBL(*Head);
    *Head = Nbl;
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
}

static void event(ADAPTER *A, CONN *C, ULONG Type, ULONG Information)
{
    NdisReleaseSpinLock(&A->Lock);
    A->Up.NdisTcpOffloadEventHandler(C->OffloadHandle, Type, Information);
    NdisAcquireSpinLock(&A->Lock);
}

static BOOLEAN complete(ADAPTER *A, PNET_BUFFER_LIST *Done, NDIS_TCP_OFFLOAD_SEND_COMPLETE Call)
{
    PNET_BUFFER_LIST Nbl = *Done;
    if (Nbl == NULL)
        return FALSE;
    *Done = NULL;
    NdisReleaseSpinLock(&A->Lock);
    Call(completion_handle(A), Nbl);
    NdisAcquireSpinLock(&A->Lock);
    return TRUE;
}

/* One call takes the filled requests and at most one that is partly filled. */
static BOOLEAN complete_receives(ADAPTER *A, CONN *C)
{
    PNET_BUFFER_LIST Nbl = C->PostDone, Last = Nbl, Rest;
    while (Last != NULL && NET_BUFFER_DATA_LENGTH(NET_BUFFER_LIST_FIRST_NB(Last)) == 0)
        Last = NET_BUFFER_LIST_NEXT_NBL(Last);
    Rest = Last != NULL ? NET_BUFFER_LIST_NEXT_NBL(Last) : NULL;
    if (Rest == NULL)
        return complete(A, &C->PostDone, A->Up.NdisTcpOffloadReceiveComplete);
    NET_BUFFER_LIST_NEXT_NBL(Last) = NULL;
    C->PostDone = Rest;
    return complete(A, &Nbl, A->Up.NdisTcpOffloadReceiveComplete);
}

/* A list of sends, with the bytes that were acknowledged. */
void settle_send(PNET_BUFFER_LIST Nbl, NDIS_STATUS Status)
{
    ULONG_PTR Total = (ULONG_PTR)Nbl->MiniportReserved[0];
    ULONG_PTR Left = (ULONG_PTR)Nbl->MiniportReserved[1];
    NET_BUFFER_LIST_STATUS(Nbl) = Status;
    NET_BUFFER_LIST_INFO(Nbl, TcpOffloadBytesTransferred) = (PVOID)(Total - Left);
}

/* Ends every request of a connection that goes away. */
void settle_all(ADAPTER *A, CONN *C, NDIS_STATUS Status)
{
    PNET_BUFFER_LIST Nbl;
    (void)A;
    while ((Nbl = C->SndHead) != NULL) {
        C->SndHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        settle_send(Nbl, Status);
        append_list(&C->SndDone, Nbl);
    }
    C->SndTail = NULL;
    if (C->Disc != NULL) {
        settle_send(C->Disc, Status);
        append_list(&C->DiscDone, C->Disc);
        C->Disc = NULL;
    }
    while ((Nbl = C->DiscAbort) != NULL) {
        C->DiscAbort = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        settle_send(Nbl, Status);
        append_list(&C->DiscDone, Nbl);
    }
    C->SndBytes = 0;
    while (C->PostHead != NULL && (C->Terminating || Status != NDIS_STATUS_REQUEST_ABORTED ||
                                   !SECOND_RESET_KEEPS_RECEIVES))
        request_done(C, Status);
    while ((Nbl = C->FwdHead) != NULL) {
        C->FwdHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
        append_list(&C->FwdDone, Nbl);
    }
    C->FwdTail = NULL;
    C->Dirty = TRUE;
}

static BOOLEAN step_hardware_and_abort(ADAPTER *A, CONN *C)
{
    if (C->RetrieveDue == HardwareFailure && !C->Terminating) {
        C->Retrieved = C->RetrieveDue;
        C->RetrieveDue = 0;
        event(A, C, TcpIndicateRetrieve, HardwareFailure);
        return TRUE;
    }
    if (C->AbortDue) {
        C->AbortDue = FALSE;
        if (!C->Terminating)
            event(A, C, TcpIndicateAbort, 0);
        settle_all(A, C, NDIS_STATUS_REQUEST_ABORTED);
        return TRUE;
    }
    return FALSE;
}

/* The disconnect's own list goes back alone, and behind every send. */
static BOOLEAN step_disconnect(ADAPTER *A, CONN *C)
{
    PNET_BUFFER_LIST Nbl = C->DiscDone;
    if (Nbl == NULL || C->RstOwed || C->SndDone != NULL)
        return FALSE;
    /* An abort is done when its RST is out. */
    while (tx_flush(A))
        ;
    Nbl = C->DiscDone;
    if (Nbl == NULL || (C->Aborted && tx_waits(A, C)))
        return FALSE;
    C->DiscDone = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    NdisReleaseSpinLock(&A->Lock);
    A->Up.NdisTcpOffloadDisconnectComplete(completion_handle(A), Nbl);
    NdisAcquireSpinLock(&A->Lock);
    return TRUE;
}

static BOOLEAN step_events(ADAPTER *A, CONN *C)
{
    ULONG Reason = C->RetrieveDue;
    if (C->Terminating)
        return FALSE;
    if (C->DisconnectDue) {
        C->DisconnectDue = FALSE;
        if (!C->Frozen && !C->Aborted) {
            C->DisconnectTold = TRUE;
            event(A, C, TcpIndicateDisconnect, 0);
            return TRUE;
        }
    }
    if (Reason != 0) {
        C->RetrieveDue = 0;
        C->Retrieved = Reason;
        event(A, C, TcpIndicateRetrieve, Reason);
        return TRUE;
    }
    return FALSE;
}

/* Acknowledged sends may be told a little later, so that one call tells several. */
static BOOLEAN sends_ripe(CONN *C)
{
    if (C->SndDone == NULL || SECOND_SEND_MODERATION_MS == 0 || C->Aborted || C->Terminating ||
        C->Frozen || C->State == TcpConnectionClosed)
        return TRUE;
    if (C->SndDoneAt == NEVER)
        C->SndDoneAt = now_ms() + SECOND_SEND_MODERATION_MS;
    if (C->SndDoneAt > now_ms())
        return FALSE;
    C->SndDoneAt = NEVER;
    return TRUE;
}

BOOLEAN step_conn(ADAPTER *A, CONN *C)
{
    if (!C->InitDone)
        return FALSE;
    while (SECOND_FRAMES_BEFORE_UPCALLS && tx_flush(A))
        ;
    if (step_hardware_and_abort(A, C))
        return TRUE;
    if (SECOND_REQUEST_EMPTIES && C->Frozen && C->Retrieved != 0)
        settle_all(A, C, NDIS_STATUS_UPLOAD_IN_PROGRESS);
    if (sends_ripe(C) && complete(A, &C->SndDone, A->Up.NdisTcpOffloadSendComplete))
        return TRUE;
    if (complete_receives(A, C))
        return TRUE;
    if (complete(A, &C->FwdDone, A->Up.NdisTcpOffloadForwardComplete))
        return TRUE;
    if (forward_step(A, C) || deliver_step(A, C))
        return TRUE;
    tcp_output(A, C);
    if (step_disconnect(A, C))
        return TRUE;
    return step_events(A, C);
}
