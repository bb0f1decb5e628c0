/* SPDX-License-Identifier: MIT
 *
 * Giving connections back: first everything that they owe, then the state, then the memory.
 */
#include "second.h"

static void settle_requests(ADAPTER *A, CONN *C)
{
    NDIS_STATUS Status = C->Aborted ? NDIS_STATUS_REQUEST_ABORTED : NDIS_STATUS_UPLOAD_IN_PROGRESS;
    PNET_BUFFER_LIST Head = C->SndHead, Tail = C->SndTail;
    ULONG Bytes = C->SndBytes;
    BOOLEAN Keep = SECOND_SENDS_BACK_IN_CHAIN && !C->Aborted;
    if (Keep)
        C->SndHead = C->SndTail = NULL;
    settle_all(A, C, Status);
    if (Keep) {
        C->SndHead = Head;
        C->SndTail = Tail;
        C->SndBytes = Bytes;
    }
}

/* Bytes that the host has not taken go back in lists of our own. FALSE: memory is short. */
static BOOLEAN wrap_received(ADAPTER *A, CONN *C)
{
    SEG *S;
    while ((S = C->RcvHead) != NULL) {
        PNET_BUFFER_LIST Nbl = NdisAllocateNetBufferAndNetBufferList(A->ChimneyPool, 0, 0, S->Mdl,
                                                                     S->Offset, S->Length);
        if (Nbl == NULL)
            return FALSE;
        Nbl->MiniportReserved[0] = S;
        NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
        C->RcvHead = S->Next;
        S->Next = NULL;
        append_list(&C->Back, Nbl);
        A->ListsOut++;
    }
    C->RcvTail = NULL;
    return TRUE;
}

static void raise_urgent(ADAPTER *A, CONN *C)
{
    SEG *S;
    while ((S = C->UrgHead) != NULL) {
        C->UrgHead = S->Next;
        ordinary_pass_up(A, S->Frame);
    }
    C->UrgTail = NULL;
}

/* FALSE: a frame or a piece of memory is missing; to be called again. */
BOOLEAN terminate_prepare(ADAPTER *A, CONN *C)
{
    BOOLEAN Owed = C->UnackedSegs != 0 || C->AckOwed || C->DackAt != NEVER;
    if (Owed && C->State != TcpConnectionClosed) {
        C->AckOwed = FALSE;
        send_ack(A, C);
        if (C->AckOwed)
            return FALSE;
    }
    settle_requests(A, C);
    while (step_conn(A, C))
        ;
    while (tx_flush(A))
        ;
    if (C->RstOwed || tx_waits(A, C))
        return FALSE;
    if (!wrap_received(A, C))
        return FALSE;
    while (SECOND_HELD_GO_UP && C->Held != NULL && C->Held->Frame != NULL) {
        SEG *S = C->Held;
        C->Held = S->Next;
        ordinary_pass_up(A, S->Frame);
    }
    seg_free_list(A, &C->Held);
    raise_urgent(A, C);
    return TRUE;
}

/* After the completion: frees what it named, from the leaves down. */
void terminate_sweep(ADAPTER *A)
{
    CONN *C, *NextC;
    PATH *P, *NextP;
    NEIGHBOR *N, *NextN;
    for (C = A->Conns; C != NULL; C = NextC) {
        NextC = C->Next;
        if (C->Dying)
            object_free(A, C);
    }
    for (P = A->Paths; P != NULL; P = NextP) {
        NextP = P->Next;
        if (P->Dying && P->Conns == 0)
            object_free(A, P);
    }
    for (N = A->Neighbors; N != NULL; N = NextN) {
        NextN = N->Next;
        if (N->Dying && N->Paths == 0)
            object_free(A, N);
    }
}
