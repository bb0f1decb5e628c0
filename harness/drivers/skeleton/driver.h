/* An offload target to begin with. README.md says what comes next. */
#ifndef DRIVER_H
#define DRIVER_H

#include <string.h>

#include "ndischimney.h"
#include "nic.h"

/* What the card promises (REG-CAP-1): a promise is kept, so begin with one and add the others when
 * it is. */
#define ADVERTISE_IPV4 1
#define ADVERTISE_IPV6 0
#define ADVERTISE_SACK 0
#define CAPACITY 1024 /* connections (REG-CAP-2) */

#define TAG 0x706f6853u /* what the driver's memory is marked with */
#define ETHERNET_BYTES 14

typedef struct _ADAPTER {
    NDIS_HANDLE Handle; /* what MiniportInitializeEx was given */
    NIC_HANDLE Nic;
    NIC_ATTRIBUTES Attributes;
    NDIS_TCP_OFFLOAD_EVENT_HANDLERS Up; /* the calls into the host stack */
    ULONG PacketFilter;
} ADAPTER;

extern NDIS_HANDLE RegisteredDriver;

/* adapter.c */
NDIS_STATUS NDIS_CALL AdapterInitialize(NDIS_HANDLE Handle, NDIS_HANDLE Context,
                                        PNDIS_MINIPORT_INIT_PARAMETERS Parameters);
VOID NDIS_CALL AdapterHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action);
NDIS_STATUS NDIS_CALL AdapterPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters);
NDIS_STATUS NDIS_CALL AdapterRestart(NDIS_HANDLE Context,
                                     PNDIS_MINIPORT_RESTART_PARAMETERS Parameters);
NDIS_STATUS NDIS_CALL AdapterReset(NDIS_HANDLE Context, PBOOLEAN AddressingReset);

/* requests.c */
extern NDIS_OID SupportedOids[];
extern const ULONG SupportedOidsBytes;
NDIS_STATUS NDIS_CALL RequestOid(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request);
VOID NDIS_CALL RequestCancel(NDIS_HANDLE Context, PVOID RequestId);

/* frames.c */
VOID NDIS_CALL FramesArrived(PVOID Context, PNIC_FRAME Frames);
VOID NDIS_CALL FramesSent(PVOID Context, PNIC_TX Completed);
VOID NDIS_CALL FramesReturned(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, ULONG Flags);
VOID NDIS_CALL HostSends(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists, NDIS_PORT_NUMBER Port,
                         ULONG Flags);
VOID NDIS_CALL HostCancels(NDIS_HANDLE Context, PVOID CancelId);

/* tree.c: operations on offloaded objects */
VOID NDIS_CALL TreeInitiate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL TreeTerminate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL TreeUpdate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL TreeInvalidate(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);
VOID NDIS_CALL TreeQuery(NDIS_HANDLE Context, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Tree);

/* connection.c: what the host asks of an offloaded connection */
NDIS_STATUS NDIS_CALL ConnectionSend(NDIS_HANDLE Context, PVOID Connection, PNET_BUFFER_LIST List);
NDIS_STATUS NDIS_CALL ConnectionReceive(NDIS_HANDLE Context, PVOID Connection,
                                        PNET_BUFFER_LIST List);
NDIS_STATUS NDIS_CALL ConnectionDisconnect(NDIS_HANDLE Context, PVOID Connection,
                                           PNET_BUFFER_LIST List, ULONG Flags);
NDIS_STATUS NDIS_CALL ConnectionForward(NDIS_HANDLE Context, PVOID Connection,
                                        PNET_BUFFER_LIST List);
NDIS_STATUS NDIS_CALL ConnectionReturn(NDIS_HANDLE Context, PNET_BUFFER_LIST Lists);

#endif
