/* What the host asks of an offloaded connection. While TreeInitiate takes none over, nothing of
 * this is called. Each handler keeps the list, returns PENDING and completes it later (OWN-PEND-1).
 */
#include "driver.h"

/* TODO SEND-FIFO-1, SEND-ACC-1, SEND-OK-1: into the stream in this order; done when the peer has
 * acknowledged all of it. */
NDIS_STATUS NDIS_CALL ConnectionSend(NDIS_HANDLE Context, PVOID Connection, PNET_BUFFER_LIST List)
{
    ADAPTER *Adapter = Context;
    (void)Connection;
    NET_BUFFER_LIST_STATUS(List) = NDIS_STATUS_REQUEST_ABORTED;
    Adapter->Up.NdisTcpOffloadSendComplete(Adapter->Handle, List);
    return NDIS_STATUS_PENDING;
}

/* TODO RCV-FIFO-1, RCV-USE-1, RCV-FULL-1: the earliest bytes go into the earliest request. */
NDIS_STATUS NDIS_CALL ConnectionReceive(NDIS_HANDLE Context, PVOID Connection,
                                        PNET_BUFFER_LIST List)
{
    ADAPTER *Adapter = Context;
    (void)Connection;
    NET_BUFFER_LIST_STATUS(List) = NDIS_STATUS_REQUEST_ABORTED;
    Adapter->Up.NdisTcpOffloadReceiveComplete(Adapter->Handle, List);
    return NDIS_STATUS_PENDING;
}

/* TODO DISC-FIN-1, DISC-RST-1: a FIN behind all data, or an RST at once. */
NDIS_STATUS NDIS_CALL ConnectionDisconnect(NDIS_HANDLE Context, PVOID Connection,
                                           PNET_BUFFER_LIST List, ULONG Flags)
{
    ADAPTER *Adapter = Context;
    (void)Connection;
    (void)Flags;
    NET_BUFFER_LIST_STATUS(List) = NDIS_STATUS_REQUEST_ABORTED;
    Adapter->Up.NdisTcpOffloadDisconnectComplete(Adapter->Handle, List);
    return NDIS_STATUS_PENDING;
}

/* TODO FWD-PROC-1: as if the segment had come from the wire. */
NDIS_STATUS NDIS_CALL ConnectionForward(NDIS_HANDLE Context, PVOID Connection,
                                        PNET_BUFFER_LIST List)
{
    ADAPTER *Adapter = Context;
    (void)Connection;
    NET_BUFFER_LIST_STATUS(List) = NDIS_STATUS_REQUEST_ABORTED;
    Adapter->Up.NdisTcpOffloadForwardComplete(Adapter->Handle, List);
    return NDIS_STATUS_PENDING;
}

/* TODO OWN-RETURN-2: lists of any indications and connections, in any mix. */
NDIS_STATUS NDIS_CALL ConnectionReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists)
{
    (void)Context;
    (void)Lists;
    return NDIS_STATUS_SUCCESS;
}
