/* SPDX-License-Identifier: MIT
 *
 * The wire port: the only interface of a driver besides NDIS. It stands where a card's DMA rings
 * and interrupts would be. Frames start at the link header and carry no frame check sequence.
 *
 * A driver opens the port in MiniportInitializeEx, starts it in MiniportRestart, stops it in
 * MiniportPause and closes it in MiniportHaltEx. All callbacks come at DISPATCH_LEVEL and none
 * comes from inside a Nic* call, so Nic* functions may be called with the driver's own locks held.
 */
#ifndef NIC_H
#define NIC_H

#include "ndis_buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef PVOID NIC_HANDLE;

/* A received frame. The driver owns it (header and bytes) from the receive callback until
 * NicReturnFrames, and may keep it as long as it likes. Mdl describes exactly Data[0, Length) and
 * is mapped, so that the bytes can be passed up in a NET_BUFFER without copying. */
typedef struct _NIC_FRAME {
    struct _NIC_FRAME *Next; /* the owner's to use */
    PUCHAR Data;
    ULONG Length; /* bytes */
    ULONG Reserved;
    PMDL Mdl;
    PVOID DriverReserved[9]; /* the driver's while it owns the frame; content undefined at first */
} NIC_FRAME, *PNIC_FRAME;

typedef struct _NIC_SEGMENT {
    const VOID *Data;
    ULONG Length; /* bytes, may be 0 */
} NIC_SEGMENT;

#define NIC_TX_SEGMENTS_MAX 20

/* A frame to send, gathered from segments. The driver's descriptor and every byte that it names
 * belong to the wire from NicTransmit (when that returned SUCCESS) until the transmit callback. */
typedef struct _NIC_TX {
    struct _NIC_TX *Next; /* the owner's to use */
    ULONG SegmentCount;
    ULONG Reserved;
    PVOID DriverReserved[4]; /* never touched by the wire */
    NIC_SEGMENT Segment[NIC_TX_SEGMENTS_MAX];
} NIC_TX, *PNIC_TX;

/* Callbacks into the driver. Frames and Completed are chains through Next, oldest first. */
typedef VOID(NDIS_CALL *NIC_RECEIVE)(PVOID Context, PNIC_FRAME Frames);
typedef VOID(NDIS_CALL *NIC_TRANSMIT_DONE)(PVOID Context, PNIC_TX Completed);
typedef VOID(NDIS_CALL *NIC_LINK_CHANGE)(PVOID Context, BOOLEAN Connected);
/* The card has lost the state of its connections. Frames still flow both ways, so that the ordinary
 * path goes on; what the card held for offloaded connections is not to be trusted any more. */
typedef VOID(NDIS_CALL *NIC_HARDWARE_FAILED)(PVOID Context);

typedef struct _NIC_CLIENT {
    ULONG Size; /* sizeof(NIC_CLIENT) */
    PVOID Context;
    NIC_RECEIVE Receive;
    NIC_TRANSMIT_DONE TransmitDone;
    NIC_LINK_CHANGE LinkChange;         /* may be NULL */
    NIC_HARDWARE_FAILED HardwareFailed; /* may be NULL: then the driver hears nothing of it */
} NIC_CLIENT;

typedef struct _NIC_ATTRIBUTES {
    UCHAR MacAddress[6];
    USHORT Reserved;
    ULONG MaxFrameBytes; /* largest frame either way, link header included */
    ULONG TransmitSlots; /* frames that the wire accepts before the first transmit callback */
    BOOLEAN Connected;
} NIC_ATTRIBUTES;

/* Opens the port of an adapter. NdisMiniportHandle is the handle given to MiniportInitializeEx. The
 * client structure is copied. SUCCESS, INVALID_PARAMETER (size or a missing callback), RESOURCES;
 * on failure *Nic is NULL. PASSIVE_LEVEL. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NicOpen(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                                           NDIS_IN const NIC_CLIENT *Client,
                                           NDIS_OUT NIC_ATTRIBUTES *Attributes,
                                           NDIS_OUT NIC_HANDLE *Nic);

/* Lets frames flow, until NicStop has returned. NicStop does not recall
 * frames or descriptors that are out: transmit callbacks still come, returns are still due.
 * PASSIVE_LEVEL. */
NDIS_PASSIVE VOID NDIS_CALL NicStart(NDIS_IN NIC_HANDLE Nic);
/* Stops the flow of frames. */
NDIS_PASSIVE VOID NDIS_CALL NicStop(NDIS_IN NIC_HANDLE Nic);

/* Closes the port. Every frame must have been returned. Descriptors still with the wire are
 * dropped: no callback comes after this call. PASSIVE_LEVEL. */
NDIS_PASSIVE VOID NDIS_CALL NicClose(NDIS_IN NIC_HANDLE Nic);

/* Sends a frame. SUCCESS: the wire owns Tx until the transmit callback. RESOURCES: no slot is
 * free, Tx stays the driver's, try again after a transmit callback. FAILURE: link down or port
 * stopped, Tx stays the driver's. INVALID_LENGTH: empty, too long, or too many segments. */
NDIS_LEVEL_TO_DISPATCH NDIS_STATUS NDIS_CALL NicTransmit(NDIS_IN NIC_HANDLE Nic,
                                                         NDIS_IN PNIC_TX Tx);

/* Gives a chain of received frames back. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NicReturnFrames(NDIS_IN NIC_HANDLE Nic,
                                                      NDIS_IN PNIC_FRAME Frames);

#ifdef __cplusplus
}
#endif

#endif
