/* SPDX-License-Identifier: MIT
 *
 * The ordinary path: frames that are not the chimney's, up and down.
 */
#include "second.h"

static BOOLEAN indicate_one(ADAPTER *A)
{
    PNIC_FRAME Frame = A->OrdHead;
    PNET_BUFFER_LIST Nbl = NULL;
    if (Frame == NULL)
        return FALSE;
    A->OrdHead = Frame->Next;
    if (A->OrdHead == NULL)
        A->OrdTail = NULL;
    Frame->Next = NULL;
    if (!A->Paused)
        Nbl = NdisAllocateNetBufferAndNetBufferList(A->OrdinaryPool, 0, 0, Frame->Mdl, 0,
                                                    Frame->Length);
    if (Nbl == NULL) {
        /* Nobody promised the host this frame: a card that is short of memory loses it. */
        NicReturnFrames(A->Nic, Frame);
        return TRUE;
    }
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    Nbl->MiniportReserved[0] = Frame;
    A->ListsOut++;
    NdisReleaseSpinLock(&A->Lock);
    NdisMIndicateReceiveNetBufferLists(A->Handle, Nbl, NDIS_DEFAULT_PORT_NUMBER, 1,
                                       NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL);
    NdisAcquireSpinLock(&A->Lock);
    return TRUE;
}

VOID NDIS_CALL SecondReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl, ULONG Flags)
{
    ADAPTER *A = Context;
    (void)Flags;
    NdisAcquireSpinLock(&A->Lock);
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        PNIC_FRAME Frame = Nbl->MiniportReserved[0];
        Frame->Next = NULL;
        NicReturnFrames(A->Nic, Frame);
        NdisFreeNetBufferList(Nbl);
        A->ListsOut--;
        Nbl = Next;
    }
    retry_all(A);
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}

BOOLEAN buffer_copy(PNET_BUFFER Nb, UCHAR *To)
{
    ULONG Length = NET_BUFFER_DATA_LENGTH(Nb), Skip = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    while (Length > 0 && Mdl != NULL) {
        PVOID Address;
        UINT Bytes;
        ULONG Part;
        NdisQueryMdl(Mdl, &Address, &Bytes, NormalPagePriority);
        if (Address == NULL)
            return FALSE;
        Part = Skip < Bytes ? min_of(Length, Bytes - Skip) : 0;
        memcpy(To, (PUCHAR)Address + Skip, Part);
        Skip -= min_of(Skip, Bytes);
        To += Part;
        Length -= Part;
        NdisGetNextMdl(Mdl, &Mdl);
    }
    return Length == 0;
}

static void host_done(ADAPTER *A, NDIS_STATUS Status)
{
    PNET_BUFFER_LIST Nbl = A->HostHead;
    A->HostHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    if (A->HostHead == NULL)
        A->HostTail = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = Status;
    append_list(&A->HostDone, Nbl);
}

void ordinary_fail_sends(ADAPTER *A, NDIS_STATUS Status)
{
    TX *Tx;
    while (A->HostHead != NULL)
        host_done(A, Status);
    /* Frames of the host that were copied and wait for a slot go out or are dropped by the wire. */
    for (Tx = A->TxHead; Tx != NULL; Tx = (TX *)(PVOID)Tx->Tx.Next) {
        if (Tx->Nbl != NULL) {
            NET_BUFFER_LIST_STATUS(Tx->Nbl) = Status;
            append_list(&A->HostDone, Tx->Nbl);
            Tx->Nbl = NULL;
        }
    }
}

/* Copies the next buffer of the host's first list into a frame. The list goes back with its last.
 */
static BOOLEAN send_one(ADAPTER *A)
{
    PNET_BUFFER_LIST Nbl = A->HostHead;
    PNET_BUFFER Nb;
    TX *Tx;
    if (Nbl == NULL)
        return FALSE;
    Nb = Nbl->MiniportReserved[0];
    if (Nb == NULL) {
        host_done(A, NDIS_STATUS_SUCCESS);
        return TRUE;
    }
    if (NET_BUFFER_DATA_LENGTH(Nb) < 14 ||
        NET_BUFFER_DATA_LENGTH(Nb) > A->Attributes.MaxFrameBytes) {
        host_done(A, NDIS_STATUS_INVALID_LENGTH);
        return TRUE;
    }
    Tx = tx_take(A);
    if (Tx == NULL)
        return FALSE;
    if (!buffer_copy(Nb, Tx->Bytes)) {
        tx_give(A, Tx);
        host_done(A, NDIS_STATUS_RESOURCES);
        return TRUE;
    }
    Tx->Length = NET_BUFFER_DATA_LENGTH(Nb);
    if (Tx->Length < 60) {
        memset(Tx->Bytes + Tx->Length, 0, 60 - Tx->Length);
        Tx->Length = 60;
    }
    Nbl->MiniportReserved[0] = NET_BUFFER_NEXT_NB(Nb);
    if (Nbl->MiniportReserved[0] == NULL) {
        A->HostHead = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        if (A->HostHead == NULL)
            A->HostTail = NULL;
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        Tx->Nbl = Nbl;
    }
    tx_queue(A, Tx);
    return TRUE;
}

BOOLEAN ordinary_step(ADAPTER *A)
{
    PNET_BUFFER_LIST Nbl = A->HostDone;
    if (Nbl != NULL) {
        A->HostDone = NULL;
        NdisReleaseSpinLock(&A->Lock);
        NdisMSendNetBufferListsComplete(A->Handle, Nbl, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
        NdisAcquireSpinLock(&A->Lock);
        return TRUE;
    }
    return indicate_one(A) || send_one(A);
}

VOID NDIS_CALL SecondSend(NDIS_HANDLE Context, PNET_BUFFER_LIST Nbl, NDIS_PORT_NUMBER Port,
                          ULONG Flags)
{
    ADAPTER *A = Context;
    (void)Port;
    (void)Flags;
    NdisAcquireSpinLock(&A->Lock);
    while (Nbl != NULL) {
        PNET_BUFFER_LIST Next = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        if (A->Paused || A->LowPower) {
            NET_BUFFER_LIST_STATUS(Nbl) =
                A->Paused ? NDIS_STATUS_PAUSED : NDIS_STATUS_LOW_POWER_STATE;
            append_list(&A->HostDone, Nbl);
        } else {
            Nbl->MiniportReserved[0] = NET_BUFFER_LIST_FIRST_NB(Nbl);
            if (A->HostTail != NULL)
                NET_BUFFER_LIST_NEXT_NBL(A->HostTail) = Nbl;
            else
                A->HostHead = Nbl;
            A->HostTail = Nbl;
        }
        Nbl = Next;
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}

VOID NDIS_CALL SecondCancelSend(NDIS_HANDLE Context, PVOID CancelId)
{
    ADAPTER *A = Context;
    PNET_BUFFER_LIST Nbl, Rest;
    NdisAcquireSpinLock(&A->Lock);
    Rest = A->HostHead;
    A->HostHead = A->HostTail = NULL;
    while ((Nbl = Rest) != NULL) {
        Rest = NET_BUFFER_LIST_NEXT_NBL(Nbl);
        NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
        if (NET_BUFFER_LIST_INFO(Nbl, NetBufferListCancelId) == CancelId) {
            NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SEND_ABORTED;
            append_list(&A->HostDone, Nbl);
        } else {
            append_list(&A->HostHead, Nbl);
            A->HostTail = Nbl;
        }
    }
    NdisReleaseSpinLock(&A->Lock);
    pump(A);
}
