/* SPDX-License-Identifier: MIT
 *
 * The wire port: sorting frames that arrive, and the queue of those that leave.
 */
#include "second.h"

static BOOLEAN for_neighbor(const ADAPTER *A, const NEIGHBOR *N, const PARSED *P)
{
    return memcmp(P->Eth, A->Attributes.MacAddress, 6) == 0 || memcmp(P->Eth, N->Source, 6) == 0;
}

CONN *find_conn(ADAPTER *A, const PARSED *P)
{
    ULONG Bytes = P->V6 ? 16 : 4;
    CONN *C;
    for (C = A->Conns; C != NULL; C = C->Next) {
        if (C->Const.LocalPort == P->DestinationPort && C->Const.RemotePort == P->SourcePort &&
            C->Path->V6 == P->V6 && memcmp(C->Path->Destination, P->Source, Bytes) == 0 &&
            memcmp(C->Path->Source, P->Destination, Bytes) == 0)
            return C;
    }
    return NULL;
}

void ordinary_pass_up(ADAPTER *A, PNIC_FRAME Frame)
{
    Frame->Next = NULL;
    if (A->OrdTail != NULL)
        A->OrdTail->Next = Frame;
    else
        A->OrdHead = Frame;
    A->OrdTail = Frame;
}

static void count_arrival(ADAPTER *A, const PARSED *P)
{
    A->Ip[P->V6].InReceives++;
    A->Ip[P->V6].InOctets += P->IpBytes;
    A->Ip[P->V6].InDelivers++;
    A->Tcp[P->V6].InSegments++;
}

/* TRUE: the frame is not the driver's any more, or is kept by the connection. */
static void receive_one(ADAPTER *A, PNIC_FRAME Frame)
{
    PARSED P;
    CONN *C = frame_parse(Frame, &P) ? find_conn(A, &P) : NULL;
    SEG *S;
    int Fate;
    if (C != NULL && C->Terminating && C->UrgHead != NULL &&
        for_neighbor(A, C->Path->Neighbor, &P)) {
        keep_behind(C, seg_of_frame(Frame, &P)); /* they go up in the order in which they came */
        return;
    }
    if (C == NULL || C->Terminating || !for_neighbor(A, C->Path->Neighbor, &P)) {
        ordinary_pass_up(A, Frame);
        return;
    }
    if (C->Path->Neighbor->VlanId != 0 && (!P.Tagged || P.VlanId != C->Path->Neighbor->VlanId)) {
        Frame->Next = NULL;
        NicReturnFrames(A->Nic, Frame);
        return;
    }
    S = seg_of_frame(Frame, &P);
    Fate = tcp_input(A, C, &P, S);
    C->Dirty = TRUE;
    if (Fate != SEG_UP)
        count_arrival(A, &P);
    if (Fate == SEG_UP)
        ordinary_pass_up(A, Frame);
    else if (Fate != SEG_KEPT)
        seg_free(A, S);
}

VOID NDIS_CALL wire_receive(PVOID Context, PNIC_FRAME Frames)
{
    ADAPTER *A = Context;
    NdisAcquireSpinLock(&A->Lock);
    while (Frames != NULL) {
        PNIC_FRAME Frame = Frames;
        Frames = Frame->Next;
        receive_one(A, Frame);
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}

VOID NDIS_CALL wire_link_change(PVOID Context, BOOLEAN Connected)
{
    ADAPTER *A = Context;
    NdisAcquireSpinLock(&A->Lock);
    A->Attributes.Connected = Connected;
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}

/* The card lost what it knew. The driver's copy is whole, but is what the card has done since then
 * in it? Nobody can tell, so every connection is given up. */
VOID NDIS_CALL wire_hardware_failed(PVOID Context)
{
    ADAPTER *A = Context;
    CONN *C;
    NdisAcquireSpinLock(&A->Lock);
    A->HardwareLost = SECOND_FAILED_CARD_REFUSES;
    for (C = A->Conns; C != NULL; C = C->Next) {
        if (C->Terminating || C->Aborted)
            continue;
        conn_abort(A, C);
        C->RetrieveDue = HardwareFailure;
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}

TX *tx_take(ADAPTER *A)
{
    TX *Tx = A->TxFree;
    if (Tx == NULL) {
        A->TxStarved = TRUE;
        return NULL;
    }
    A->TxFree = (TX *)(PVOID)Tx->Tx.Next;
    Tx->Tx.Next = NULL;
    Tx->Conn = NULL;
    Tx->Nbl = NULL;
    return Tx;
}

void tx_give(ADAPTER *A, TX *Tx)
{
    Tx->Tx.Next = (NIC_TX *)(PVOID)A->TxFree;
    A->TxFree = Tx;
}

void tx_queue(ADAPTER *A, TX *Tx)
{
    Tx->Tx.Next = NULL;
    if (A->TxTail != NULL)
        A->TxTail->Tx.Next = (NIC_TX *)(PVOID)Tx;
    else
        A->TxHead = Tx;
    A->TxTail = Tx;
}

static TX *tx_pop(ADAPTER *A)
{
    TX *Tx = A->TxHead;
    A->TxHead = (TX *)(PVOID)Tx->Tx.Next;
    if (A->TxHead == NULL)
        A->TxTail = NULL;
    Tx->Tx.Next = NULL;
    return Tx;
}

/* Takes back what a connection that is no more would still have sent: of bytes that only these
 * frames have the peer never hears. */
static void tx_unsend(const TX *Tx, CONN *C)
{
    if (Tx->IsText && Tx->HasNew && SEQ_LT(Tx->MaxBefore, C->SndMax)) {
        C->SndMax = Tx->MaxBefore;
        C->SndNxt = Tx->Seq;
    }
}

void tx_purge(ADAPTER *A, CONN *C)
{
    TX *Tx = A->TxHead;
    A->TxHead = A->TxTail = NULL;
    while (Tx != NULL) {
        TX *Next = (TX *)(PVOID)Tx->Tx.Next;
        if (Tx->Conn == C) {
            tx_unsend(Tx, C);
            tx_give(A, Tx);
        } else {
            tx_queue(A, Tx);
        }
        Tx = Next;
    }
}

BOOLEAN tx_waits(ADAPTER *A, const CONN *C)
{
    const TX *Tx;
    for (Tx = A->TxHead; Tx != NULL; Tx = (const TX *)(const void *)Tx->Tx.Next) {
        if (Tx->Conn == C)
            return TRUE;
    }
    return FALSE;
}

static void tx_count(ADAPTER *A, const TX *Tx)
{
    if (Tx->Conn == NULL)
        return;
    A->Ip[Tx->V6].OutRequests++;
    A->Ip[Tx->V6].OutOctets += Tx->IpBytes;
    if (Tx->HasNew)
        A->Tcp[Tx->V6].OutSegments++;
    if (Tx->HasOld)
        A->Tcp[Tx->V6].RetransmittedSegments++;
    if (Tx->IsReset)
        A->Tcp[Tx->V6].OutResets++;
}

static void tx_sent(ADAPTER *A, TX *Tx, NDIS_STATUS Status)
{
    if (Tx->Nbl != NULL) {
        NET_BUFFER_LIST_STATUS(Tx->Nbl) = Status;
        append_list(&A->HostDone, Tx->Nbl);
        Tx->Nbl = NULL;
    }
}

/* Hands the first waiting frame to the wire; before the first one to a neighbor that nobody has
 * heard of for long, the host is asked. TRUE: there is more to do. */
BOOLEAN tx_flush(ADAPTER *A)
{
    TX *Tx = A->TxHead;
    NDIS_STATUS Status;
    if (Tx == NULL)
        return FALSE;
    if (Tx->Conn != NULL && !Tx->Asked && reach_stale(A, Tx->Conn->Path->Neighbor)) {
        Tx->Asked = TRUE;
        reach_ask(A, Tx->Conn->Path->Neighbor);
        return TRUE;
    }
    Tx->Tx.SegmentCount = 1;
    Tx->Tx.Segment[0].Data = Tx->Bytes;
    Tx->Tx.Segment[0].Length = Tx->Length;
    tx_pop(A);
    Status = NicTransmit(A->Nic, &Tx->Tx);
    if (Status == NDIS_STATUS_RESOURCES) {
        A->TxStarved = TRUE;
        Tx->Tx.Next = (NIC_TX *)(PVOID)A->TxHead;
        A->TxHead = Tx;
        if (A->TxTail == NULL)
            A->TxTail = Tx;
        return FALSE;
    }
    tx_sent(A, Tx, Status == NDIS_STATUS_SUCCESS ? Status : NDIS_STATUS_FAILURE);
    if (Status == NDIS_STATUS_SUCCESS) {
        tx_count(A, Tx);
        A->TxWithWire++;
    } else {
        tx_give(A, Tx);
    }
    A->Again |= A->HostDone != NULL;
    return TRUE;
}

VOID NDIS_CALL wire_transmit_done(PVOID Context, PNIC_TX Completed)
{
    ADAPTER *A = Context;
    CONN *C;
    NdisAcquireSpinLock(&A->Lock);
    while (Completed != NULL) {
        TX *Tx = (TX *)(PVOID)Completed;
        Completed = Completed->Next;
        tx_give(A, Tx);
        A->TxWithWire--;
    }
    if (A->TxStarved) {
        A->TxStarved = FALSE;
        for (C = A->Conns; C != NULL; C = C->Next)
            C->Dirty = TRUE;
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}
