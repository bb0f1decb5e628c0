/* A hardware layer of descriptor rings and an interrupt, mapped onto nic.h. It stands in the place
 * of the skeleton's frames.c, and is built and run by the tests.
 *
 *   the card's                                here
 *   receive descriptors, filled by DMA        FramesArrived fills CardReceive
 *   transmit descriptors, written by driver   RingWrite
 *   doorbell register                         CardDoorbell: from the ring to NicTransmit
 *   transmit descriptors marked done          FramesSent
 *   interrupt and its DPC                     CardInterrupt: nic.h calls at DISPATCH_LEVEL already
 *
 * The real file keeps RingWrite and CardInterrupt as they are, and has registers for the rest. */
#include "driver.h"

#define SLOTS 64u /* a power of 2, so that the counters may run over */
#define SLOT(counter) ((counter) % SLOTS)

#define DESCRIPTOR_LAST 1u   /* of a frame */
#define DESCRIPTOR_DONE 2u   /* the card has sent it */
#define DESCRIPTOR_FAILED 4u /* or could not */

typedef struct _DESCRIPTOR {
    const VOID *Data;
    ULONG Length;
    ULONG Flags;
    PNET_BUFFER_LIST List; /* which ends with this descriptor, NULL = none */
} DESCRIPTOR;

/* The skeleton's adapter knows nothing of rings: there is one card. The rig puts this back before
 * each run. */
static struct {
    NDIS_SPIN_LOCK Lock;
    BOOLEAN Ready;
    DESCRIPTOR Ring[SLOTS];
    NIC_TX Tx[SLOTS];              /* of the frame that begins in this slot */
    ULONG Written, Taken, Freed;   /* by the driver, by the card, by the driver again */
    PNET_BUFFER_LIST First, *Last; /* what waits for room in the ring */
} CardSend;

static struct {
    PNIC_FRAME Ring[SLOTS];
    ULONG Filled, Read;
} CardReceive;

static VOID CardOpen(VOID)
{
    if (!CardSend.Ready) {
        NdisAllocateSpinLock(&CardSend.Lock);
        CardSend.Last = &CardSend.First;
        CardSend.Ready = TRUE;
    }
}

/* ---- Transmit: what the driver does ---- */

/* One descriptor for each piece of memory. FALSE: a piece cannot be mapped. */
static BOOLEAN RingWriteFrame(PNET_BUFFER Buffer, PNET_BUFFER_LIST List, ULONG *At)
{
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Buffer);
    ULONG Skip = NET_BUFFER_CURRENT_MDL_OFFSET(Buffer), Left = NET_BUFFER_DATA_LENGTH(Buffer);
    for (; Left != 0 && Mdl != NULL; NdisGetNextMdl(Mdl, &Mdl)) {
        DESCRIPTOR *Descriptor = &CardSend.Ring[SLOT(*At)];
        PVOID Address;
        UINT Length;
        NdisQueryMdl(Mdl, &Address, &Length, NormalPagePriority);
        if (Address == NULL) {
            return FALSE;
        }
        Descriptor->Data = (const UCHAR *)Address + Skip;
        Descriptor->Length = Length - Skip < Left ? Length - Skip : Left;
        Left -= Descriptor->Length;
        Descriptor->Flags = Left == 0 ? DESCRIPTOR_LAST : 0;
        Descriptor->List = Left == 0 ? List : NULL;
        Skip = 0;
        (*At)++;
    }
    return Left == 0;
}

static ULONG RingPieces(PNET_BUFFER_LIST List, ULONG *Most)
{
    ULONG All = 0;
    PNET_BUFFER Buffer;
    *Most = 0;
    for (Buffer = NET_BUFFER_LIST_FIRST_NB(List); Buffer; Buffer = NET_BUFFER_NEXT_NB(Buffer)) {
        ULONG Pieces = 0;
        PMDL Mdl;
        for (Mdl = NET_BUFFER_CURRENT_MDL(Buffer); Mdl != NULL; NdisGetNextMdl(Mdl, &Mdl)) {
            Pieces++;
        }
        *Most = Pieces > *Most ? Pieces : *Most;
        All += Pieces;
    }
    return All;
}

/* Writes what waits and fits. Lists that no ring of this size could take come back in *Failed; a
 * driver for customers copies those into a buffer of its own. */
static VOID RingWrite(PNET_BUFFER_LIST **Failed)
{
    while (CardSend.First != NULL) {
        PNET_BUFFER_LIST List = CardSend.First;
        PNET_BUFFER Buffer = NET_BUFFER_LIST_FIRST_NB(List);
        ULONG Most, At = CardSend.Written, All = RingPieces(List, &Most);
        BOOLEAN Good = All != 0 && All <= SLOTS && Most <= NIC_TX_SEGMENTS_MAX;
        if (Good && All > SLOTS - (CardSend.Written - CardSend.Freed)) {
            return; /* a later interrupt makes room */
        }
        for (; Good && Buffer != NULL; Buffer = NET_BUFFER_NEXT_NB(Buffer)) {
            Good = RingWriteFrame(Buffer, NET_BUFFER_NEXT_NB(Buffer) ? NULL : List, &At);
        }
        CardSend.First = NET_BUFFER_LIST_NEXT_NBL(List);
        CardSend.Last = CardSend.First == NULL ? &CardSend.First : CardSend.Last;
        NET_BUFFER_LIST_NEXT_NBL(List) = NULL;
        NET_BUFFER_LIST_STATUS(List) = Good ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
        if (Good) {
            CardSend.Written = At;
        } else {
            **Failed = List;
            *Failed = &NET_BUFFER_LIST_NEXT_NBL(List);
        }
    }
}

/* ---- Transmit: what the card does ---- */

/* The register that says how far the ring is written. Nic* functions may be called with locks held.
 */
static VOID CardDoorbell(ADAPTER *Adapter)
{
    while (CardSend.Taken != CardSend.Written) {
        ULONG At = CardSend.Taken, Count = 0;
        NIC_TX *Tx = &CardSend.Tx[SLOT(At)];
        DESCRIPTOR *Descriptor;
        NDIS_STATUS Status;
        do {
            Descriptor = &CardSend.Ring[SLOT(At++)];
            Tx->Segment[Count].Data = Descriptor->Data;
            Tx->Segment[Count++].Length = Descriptor->Length;
        } while (!(Descriptor->Flags & DESCRIPTOR_LAST));
        Tx->SegmentCount = Count;
        Tx->DriverReserved[0] = Descriptor;
        Status = NicTransmit(Adapter->Nic, Tx);
        if (Status == NDIS_STATUS_RESOURCES) {
            return; /* FramesSent goes on */
        }
        Descriptor->Flags |= Status == NDIS_STATUS_SUCCESS ? 0 : DESCRIPTOR_FAILED;
        CardSend.Taken = At;
    }
}

/* ---- The interrupt ---- */

/* Descriptors that are done are free again; their lists go back in the order of the ring. */
static VOID RingFree(PNET_BUFFER_LIST **Done)
{
    ULONG At = CardSend.Freed;
    while (At != CardSend.Taken) {
        DESCRIPTOR *Descriptor = &CardSend.Ring[SLOT(At++)];
        if (!(Descriptor->Flags & DESCRIPTOR_LAST)) {
            continue;
        }
        if (!(Descriptor->Flags & (DESCRIPTOR_DONE | DESCRIPTOR_FAILED))) {
            return;
        }
        if (Descriptor->List != NULL) {
            NET_BUFFER_LIST_STATUS(Descriptor->List) =
                Descriptor->Flags & DESCRIPTOR_FAILED ? NDIS_STATUS_FAILURE : NDIS_STATUS_SUCCESS;
            **Done = Descriptor->List;
            *Done = &NET_BUFFER_LIST_NEXT_NBL(Descriptor->List);
        }
        CardSend.Freed = At;
    }
}

/* The example ends at the ring: all frames go back to the card. A driver hands those of no
 * connection up (PKT-NONOFF-1). */
static VOID ReceiveRing(ADAPTER *Adapter)
{
    while (CardReceive.Read != CardReceive.Filled) {
        NicReturnFrames(Adapter->Nic, CardReceive.Ring[SLOT(CardReceive.Read++)]);
    }
}

/* SER-LOCK-1: nothing is called upwards with the lock held. */
static VOID CardInterrupt(ADAPTER *Adapter)
{
    PNET_BUFFER_LIST Lists = NULL, *End = &Lists;
    ULONG Flags =
        NDIS_CURRENT_IRQL() == DISPATCH_LEVEL ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;
    NdisAcquireSpinLock(&CardSend.Lock);
    RingFree(&End);
    RingWrite(&End);
    CardDoorbell(Adapter);
    RingFree(&End); /* what the doorbell could not send */
    NdisReleaseSpinLock(&CardSend.Lock);
    ReceiveRing(Adapter);
    if (Lists != NULL) {
        NdisMSendNetBufferListsComplete(Adapter->Handle, Lists, Flags);
    }
}

VOID NDIS_CALL FramesArrived(PVOID Context, PNIC_FRAME Frames)
{
    ADAPTER *Adapter = Context;
    CardOpen();
    while (Frames != NULL) {
        PNIC_FRAME Frame = Frames;
        Frames = Frame->Next;
        Frame->Next = NULL;
        if (CardReceive.Filled - CardReceive.Read == SLOTS) { /* a card without descriptors drops */
            NicReturnFrames(Adapter->Nic, Frame);
        } else {
            CardReceive.Ring[SLOT(CardReceive.Filled++)] = Frame;
        }
    }
    CardInterrupt(Adapter);
}

VOID NDIS_CALL FramesSent(PVOID Context, PNIC_TX Completed)
{
    ADAPTER *Adapter = Context;
    NdisAcquireSpinLock(&CardSend.Lock);
    for (; Completed != NULL; Completed = Completed->Next) {
        ((DESCRIPTOR *)Completed->DriverReserved[0])->Flags |= DESCRIPTOR_DONE;
    }
    NdisReleaseSpinLock(&CardSend.Lock);
    CardInterrupt(Adapter);
}

/* ---- What the host calls ---- */

VOID NDIS_CALL HostSends(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, NDIS_PORT_NUMBER Port,
                         ULONG Flags)
{
    ADAPTER *Adapter = Context;
    (void)Port;
    (void)Flags;
    CardOpen();
    NdisAcquireSpinLock(&CardSend.Lock);
    *CardSend.Last = Lists;
    while (*CardSend.Last != NULL) {
        CardSend.Last = &NET_BUFFER_LIST_NEXT_NBL(*CardSend.Last);
    }
    NdisReleaseSpinLock(&CardSend.Lock);
    CardInterrupt(Adapter);
}

/* Nothing is indicated, so nothing is returned (OWN-RETURN-1). */
VOID NDIS_CALL FramesReturned(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, ULONG Flags)
{
    (void)Context;
    (void)Lists;
    (void)Flags;
}

/* Lists wait nowhere but in the ring, from which nothing is taken back. */
VOID NDIS_CALL HostCancels(NDIS_HANDLE Context, PVOID CancelId)
{
    (void)Context;
    (void)CancelId;
}
