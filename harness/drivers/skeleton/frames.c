/* Frames: from the wire, and those that the host sends itself. */
#include "driver.h"

/* TODO PKT-NONOFF-1: frames of no offloaded connection go up unchanged, by
 * NdisMIndicateReceiveNetBufferLists; those of a connection go through its TCP (WIRE-...). */
VOID NDIS_CALL FramesArrived(PVOID Context, PNIC_FRAME Frames)
{
    ADAPTER *Adapter = Context;
    NicReturnFrames(Adapter->Nic, Frames);
}

/* TODO: the descriptors of NicTransmit come back here. */
VOID NDIS_CALL FramesSent(PVOID Context, PNIC_TX Completed)
{
    (void)Context;
    (void)Completed;
}

/* TODO OWN-RETURN-1: the host gives back what was indicated to it. */
VOID NDIS_CALL FramesReturned(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, ULONG Flags)
{
    (void)Context;
    (void)Lists;
    (void)Flags;
}

/* TODO NdisTimedDataSend: out by NicTransmit, and completed when FramesSent has them back. */
VOID NDIS_CALL HostSends(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, NDIS_PORT_NUMBER Port,
                         ULONG Flags)
{
    ADAPTER *Adapter = Context;
    PNET_BUFFER_LIST List;
    (void)Port;
    (void)Flags;
    for (List = Lists; List != NULL; List = NET_BUFFER_LIST_NEXT_NBL(List)) {
        NET_BUFFER_LIST_STATUS(List) = NDIS_STATUS_FAILURE;
    }
    /* Flags-Irql: the level is not known here, so the flag for DISPATCH_LEVEL is not passed. */
    NdisMSendNetBufferListsComplete(Adapter->Handle, Lists, 0);
}

/* TODO: completes the lists with this NetBufferListCancelId that are not on the wire yet. */
VOID NDIS_CALL HostCancels(NDIS_HANDLE Context, PVOID CancelId)
{
    (void)Context;
    (void)CancelId;
}
