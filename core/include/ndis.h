/* SPDX-License-Identifier: MIT
 *
 * The NDIS 6.20 miniport interface as far as an offload target uses it: registration, adapter life
 * cycle, OIDs, non-offload data path, memory, locks, timers, work items.
 *
 * Call levels stand in front of each prototype (ndis_types.h). Unless a comment says otherwise a
 * function neither keeps nor frees what it is passed, and may be called from inside any callback.
 */
#ifndef NDIS_H
#define NDIS_H

#include "ndis_buffer.h"
#include "ndis_config.h"
#include "ndis_oid.h"
#include "ndis_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Adapter attributes (set from MiniportInitializeEx, in this order) ------------------------
 */

typedef struct _NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES {
    NDIS_OBJECT_HEADER Header; /* Type 0x9E, revision 1 */
    NDIS_HANDLE MiniportAdapterContext;
    ULONG AttributeFlags;
    UINT CheckForHangTimeInSeconds;
    ULONG InterfaceType;
} NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, *PNDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;

#define NDIS_MAX_PHYS_ADDRESS_LENGTH 32

typedef struct _NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES {
    NDIS_OBJECT_HEADER Header; /* Type 0x9F, revision 1 */
    ULONG Flags;
    ULONG MediaType; /* 0 = 802.3 */
    ULONG PhysicalMediumType;
    ULONG MtuSize; /* bytes of a frame without its link header */
    ULONG64 MaxXmitLinkSpeed;
    ULONG64 XmitLinkSpeed;
    ULONG64 MaxRcvLinkSpeed;
    ULONG64 RcvLinkSpeed;
    ULONG MediaConnectState; /* 0 unknown, 1 connected, 2 not; the rig does not read it */
    ULONG MediaDuplexState;
    ULONG LookaheadSize;
    PVOID PowerManagementCapabilities;
    ULONG MacOptions;
    ULONG SupportedPacketFilters;
    ULONG MaxMulticastListSize;
    USHORT MacAddressLength;
    UCHAR PermanentMacAddress[NDIS_MAX_PHYS_ADDRESS_LENGTH];
    UCHAR CurrentMacAddress[NDIS_MAX_PHYS_ADDRESS_LENGTH];
    PVOID RecvScaleCapabilities;
    ULONG AccessType;
    ULONG DirectionType;
    ULONG ConnectionType;
    USHORT IfType;
    BOOLEAN IfConnectorPresent;
    ULONG SupportedStatistics;
    ULONG SupportedPauseFunctions;
    ULONG DataBackFillSize;
    ULONG ContextBackFillSize;
    PNDIS_OID SupportedOidList;
    ULONG SupportedOidListLength; /* bytes */
    ULONG AutoNegotiationFlags;
} NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, *PNDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;

typedef struct _NDIS_OFFLOAD NDIS_OFFLOAD, *PNDIS_OFFLOAD; /* task offload: opaque here */

typedef struct _NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES {
    NDIS_OBJECT_HEADER Header; /* Type 0xA0; no published revision value, 1 is used */
    PNDIS_OFFLOAD DefaultOffloadConfiguration;
    PNDIS_OFFLOAD HardwareOffloadCapabilities;
    PNDIS_TCP_CONNECTION_OFFLOAD DefaultTcpConnectionOffloadConfiguration;
    PNDIS_TCP_CONNECTION_OFFLOAD TcpConnectionOffloadHardwareCapabilities;
} NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, *PNDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES;

typedef union _NDIS_MINIPORT_ADAPTER_ATTRIBUTES {
    NDIS_OBJECT_HEADER Header;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES RegistrationAttributes;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES GeneralAttributes;
    NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES OffloadAttributes;
} NDIS_MINIPORT_ADAPTER_ATTRIBUTES, *PNDIS_MINIPORT_ADAPTER_ATTRIBUTES;

/* Says what the adapter is and can do. SUCCESS or BAD_VERSION. Every structure is copied before
 * the call returns. Registration attributes set the MiniportAdapterContext that every later
 * handler receives. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NdisMSetMiniportAttributes(
    NDIS_IN NDIS_HANDLE NdisMiniportHandle, NDIS_IN PNDIS_MINIPORT_ADAPTER_ATTRIBUTES Attributes);

/* ---- Driver registration ----------------------------------------------------------------------
 */

typedef struct _NDIS_MINIPORT_INIT_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    PVOID AllocatedResources;
    NDIS_HANDLE IMDeviceInstanceContext;
    NDIS_HANDLE MiniportAddDeviceContext;
    ULONG IfIndex;
    ULONG64 NetLuid;
} NDIS_MINIPORT_INIT_PARAMETERS, *PNDIS_MINIPORT_INIT_PARAMETERS;

typedef struct _NDIS_MINIPORT_PAUSE_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    ULONG PauseReason;
} NDIS_MINIPORT_PAUSE_PARAMETERS, *PNDIS_MINIPORT_PAUSE_PARAMETERS;

typedef struct _NDIS_MINIPORT_RESTART_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    PVOID RestartAttributes;
    ULONG BoundIfIndex;
    ULONG64 BoundIfNetluid;
    ULONG Flags;
} NDIS_MINIPORT_RESTART_PARAMETERS, *PNDIS_MINIPORT_RESTART_PARAMETERS;

typedef enum _NDIS_HALT_ACTION {
    NdisHaltDeviceDisabled,
    NdisHaltDeviceInstanceDeInitialized,
    NdisHaltDevicePoweredDown,
    NdisHaltDeviceSurpriseRemoved,
    NdisHaltDeviceFailed,
    NdisHaltDeviceInitializationFailed,
    NdisHaltDeviceStopped
} NDIS_HALT_ACTION;

typedef enum _NDIS_SHUTDOWN_ACTION {
    NdisShutdownPowerOff,
    NdisShutdownBugCheck
} NDIS_SHUTDOWN_ACTION;

typedef enum _NDIS_DEVICE_PNP_EVENT {
    NdisDevicePnPEventQueryRemoved,
    NdisDevicePnPEventRemoved,
    NdisDevicePnPEventSurpriseRemoved,
    NdisDevicePnPEventQueryStopped,
    NdisDevicePnPEventStopped,
    NdisDevicePnPEventPowerProfileChanged
} NDIS_DEVICE_PNP_EVENT;

typedef struct _NET_DEVICE_PNP_EVENT {
    NDIS_OBJECT_HEADER Header;
    NDIS_PORT_NUMBER PortNumber;
    NDIS_DEVICE_PNP_EVENT DevicePnPEvent;
    PVOID InformationBuffer;
    ULONG InformationBufferLength;
    UCHAR NdisReserved[16];
} NET_DEVICE_PNP_EVENT, *PNET_DEVICE_PNP_EVENT;

typedef NDIS_STATUS(NDIS_CALL *MINIPORT_SET_OPTIONS_HANDLER)(NDIS_HANDLE NdisDriverHandle,
                                                             NDIS_HANDLE DriverContext);
typedef NDIS_STATUS(NDIS_CALL *MINIPORT_INITIALIZE_HANDLER)(NDIS_HANDLE NdisMiniportHandle,
                                                            NDIS_HANDLE MiniportDriverContext,
                                                            PNDIS_MINIPORT_INIT_PARAMETERS);
/* Returns only when nothing of the adapter runs or is owed: every indicated list is back. It may
 * come with anything still offloaded: a removed or disabled adapter keeps its connections, with
 * their requests pending, and even an orderly end, which uploads the connections, leaves neighbors
 * whose last path went before them. All of that is freed here; what was given to the driver goes
 * back. */
typedef VOID(NDIS_CALL *MINIPORT_HALT_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                               NDIS_HALT_ACTION HaltAction);
typedef VOID(NDIS_CALL *MINIPORT_DRIVER_UNLOAD)(PDRIVER_OBJECT DriverObject);
/* Pause returns SUCCESS, or PENDING and is finished by NdisMPauseComplete. */
typedef NDIS_STATUS(NDIS_CALL *MINIPORT_PAUSE_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                       PNDIS_MINIPORT_PAUSE_PARAMETERS);
typedef NDIS_STATUS(NDIS_CALL *MINIPORT_RESTART_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                         PNDIS_MINIPORT_RESTART_PARAMETERS);
typedef NDIS_STATUS(NDIS_CALL *MINIPORT_OID_REQUEST_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                             PNDIS_OID_REQUEST OidRequest);
typedef VOID(NDIS_CALL *MINIPORT_SEND_NET_BUFFER_LISTS_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                                PNET_BUFFER_LIST NetBufferLists,
                                                                NDIS_PORT_NUMBER PortNumber,
                                                                ULONG SendFlags);
typedef VOID(NDIS_CALL *MINIPORT_RETURN_NET_BUFFER_LISTS_HANDLER)(
    NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferLists, ULONG ReturnFlags);
typedef VOID(NDIS_CALL *MINIPORT_CANCEL_SEND_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                      PVOID CancelId);
typedef BOOLEAN(NDIS_CALL *MINIPORT_CHECK_FOR_HANG_HANDLER)(NDIS_HANDLE MiniportAdapterContext);
typedef NDIS_STATUS(NDIS_CALL *MINIPORT_RESET_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                       PBOOLEAN AddressingReset);
typedef VOID(NDIS_CALL *MINIPORT_DEVICE_PNP_EVENT_NOTIFY_HANDLER)(
    NDIS_HANDLE MiniportAdapterContext, PNET_DEVICE_PNP_EVENT NetDevicePnPEvent);
typedef VOID(NDIS_CALL *MINIPORT_SHUTDOWN_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                   NDIS_SHUTDOWN_ACTION ShutdownAction);
typedef VOID(NDIS_CALL *MINIPORT_CANCEL_OID_REQUEST_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                             PVOID RequestId);

typedef struct _NDIS_MINIPORT_DRIVER_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header; /* Type 0x8A, revision 1 or 2 */
    UCHAR MajorNdisVersion;
    UCHAR MinorNdisVersion;
    UCHAR MajorDriverVersion;
    UCHAR MinorDriverVersion;
    ULONG Flags;
    MINIPORT_SET_OPTIONS_HANDLER SetOptionsHandler;
    MINIPORT_INITIALIZE_HANDLER InitializeHandlerEx;
    MINIPORT_HALT_HANDLER HaltHandlerEx;
    MINIPORT_DRIVER_UNLOAD UnloadHandler;
    MINIPORT_PAUSE_HANDLER PauseHandler;
    MINIPORT_RESTART_HANDLER RestartHandler;
    MINIPORT_OID_REQUEST_HANDLER OidRequestHandler;
    MINIPORT_SEND_NET_BUFFER_LISTS_HANDLER SendNetBufferListsHandler;
    MINIPORT_RETURN_NET_BUFFER_LISTS_HANDLER ReturnNetBufferListsHandler;
    MINIPORT_CANCEL_SEND_HANDLER CancelSendHandler;
    MINIPORT_CHECK_FOR_HANG_HANDLER CheckForHangHandlerEx;
    MINIPORT_RESET_HANDLER ResetHandlerEx;
    MINIPORT_DEVICE_PNP_EVENT_NOTIFY_HANDLER DevicePnPEventNotifyHandler;
    MINIPORT_SHUTDOWN_HANDLER ShutdownHandlerEx;
    MINIPORT_CANCEL_OID_REQUEST_HANDLER CancelOidRequestHandler;
    PVOID DirectOidRequestHandler;       /* NDIS 6.1 */
    PVOID CancelDirectOidRequestHandler; /* NDIS 6.1 */
} NDIS_MINIPORT_DRIVER_CHARACTERISTICS, *PNDIS_MINIPORT_DRIVER_CHARACTERISTICS;
#define NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_1 1
#define NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2 2

typedef struct _NDIS_OBJECT_HEADER NDIS_DRIVER_OPTIONAL_HANDLERS, *PNDIS_DRIVER_OPTIONAL_HANDLERS;

/* The one symbol that a driver exports. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL DriverEntry(NDIS_IN PDRIVER_OBJECT DriverObject,
                                               NDIS_IN PUNICODE_STRING RegistryPath);

/* Registers the handlers of the driver. SUCCESS, BAD_CHARACTERISTICS, BAD_VERSION, RESOURCES or
 * FAILURE. MiniportSetOptions is called from inside. The characteristics are copied. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NdisMRegisterMiniportDriver(
    NDIS_IN PDRIVER_OBJECT DriverObject, NDIS_IN PUNICODE_STRING RegistryPath,
    NDIS_OPT NDIS_HANDLE MiniportDriverContext,
    NDIS_IN PNDIS_MINIPORT_DRIVER_CHARACTERISTICS MiniportDriverCharacteristics,
    NDIS_OUT PNDIS_HANDLE NdisMiniportDriverHandle);
/* Ends what NdisMRegisterMiniportDriver began. */
NDIS_PASSIVE VOID NDIS_CALL
NdisMDeregisterMiniportDriver(NDIS_IN NDIS_HANDLE NdisMiniportDriverHandle);

/* Registers the handlers of the chimney. From MiniportSetOptions only. SUCCESS, RESOURCES,
 * NOT_SUPPORTED or FAILURE. Copied. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NdisSetOptionalHandlers(
    NDIS_IN NDIS_HANDLE NdisHandle, NDIS_IN PNDIS_DRIVER_OPTIONAL_HANDLERS OptionalHandlers);

/* Ends a pause that was PENDING. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisMPauseComplete(NDIS_IN NDIS_HANDLE MiniportAdapterHandle);
/* Ends a restart that was PENDING. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL
NdisMRestartComplete(NDIS_IN NDIS_HANDLE MiniportAdapterHandle, NDIS_IN NDIS_STATUS Status);
/* Ends a reset that was PENDING. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisMResetComplete(NDIS_IN NDIS_HANDLE MiniportAdapterHandle,
                                                         NDIS_IN NDIS_STATUS Status,
                                                         NDIS_IN BOOLEAN AddressingReset);
/* Ends a request that was PENDING. The request belongs to NDIS again when this is called. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL
NdisMOidRequestComplete(NDIS_IN NDIS_HANDLE MiniportAdapterHandle,
                        NDIS_IN PNDIS_OID_REQUEST OidRequest, NDIS_IN NDIS_STATUS Status);

/* ---- Non-offload data path --------------------------------------------------------------------
 */

#define NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL 0x00000001u
#define NDIS_RECEIVE_FLAGS_RESOURCES 0x00000002u
#define NDIS_RECEIVE_FLAGS_SINGLE_ETHER_TYPE 0x00000100u
#define NDIS_RECEIVE_FLAGS_SINGLE_VLAN 0x00000200u
#define NDIS_RECEIVE_FLAGS_PERFECT_FILTERED 0x00000400u
#define NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL 0x00000001u

/* Indicates frames of the ordinary path. Whole frames, link header first, one NET_BUFFER per list.
 * The lists belong to the host until MiniportReturnNetBufferLists; with RECEIVE_FLAGS_RESOURCES
 * only until the call returns. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisMIndicateReceiveNetBufferLists(
    NDIS_IN NDIS_HANDLE MiniportAdapterHandle, NDIS_IN PNET_BUFFER_LIST NetBufferLists,
    NDIS_IN NDIS_PORT_NUMBER PortNumber, NDIS_IN ULONG NumberOfNetBufferLists,
    NDIS_IN ULONG ReceiveFlags);
/* Gives sends of the ordinary path back, each with its Status. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisMSendNetBufferListsComplete(
    NDIS_IN NDIS_HANDLE MiniportAdapterHandle, NDIS_IN PNET_BUFFER_LIST NetBufferLists,
    NDIS_IN ULONG SendCompleteFlags);

typedef struct _NDIS_STATUS_INDICATION {
    NDIS_OBJECT_HEADER Header; /* Type 0x98, revision 1 */
    NDIS_HANDLE SourceHandle;
    NDIS_PORT_NUMBER PortNumber;
    NDIS_STATUS StatusCode;
    ULONG Flags;
    NDIS_HANDLE DestinationHandle;
    PVOID RequestId;
    PVOID StatusBuffer;
    ULONG StatusBufferSize;
    GUID Guid;
    PVOID NdisReserved[4];
} NDIS_STATUS_INDICATION, *PNDIS_STATUS_INDICATION;
#define NDIS_STATUS_INDICATION_REVISION_1 1

/* Indicates a status of the adapter (NDIS_STATUS_UPLOAD_ALL and its relatives). */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisMIndicateStatusEx(
    NDIS_IN NDIS_HANDLE MiniportAdapterHandle, NDIS_IN PNDIS_STATUS_INDICATION Status);

/* ---- Memory -----------------------------------------------------------------------------------
 */

typedef enum _EX_POOL_PRIORITY {
    LowPoolPriority = 0,
    NormalPoolPriority = 16,
    HighPoolPriority = 32
} EX_POOL_PRIORITY;

/* Allocates nonpaged memory of Length bytes. 16-byte aligned, content undefined; NULL when
 * memory is short. */
NDIS_LEVEL_TO_DISPATCH PVOID NDIS_CALL
NdisAllocateMemoryWithTagPriority(NDIS_IN NDIS_HANDLE NdisHandle, NDIS_IN UINT Length,
                                  NDIS_IN ULONG Tag, NDIS_IN EX_POOL_PRIORITY Priority);
/* Frees memory. Length is what was allocated, or 0. MemoryFlags is 0. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeMemory(NDIS_IN PVOID VirtualAddress,
                                                     NDIS_IN UINT Length, NDIS_IN UINT MemoryFlags);

/* ---- Spin locks, levels, interlocked ----------------------------------------------------------
 */

typedef struct _NDIS_SPIN_LOCK {
    ULONG_PTR SpinLock;
    KIRQL OldIrql;
} NDIS_SPIN_LOCK, *PNDIS_SPIN_LOCK;

/* Makes a spin lock ready for use. */
VOID NDIS_CALL NdisAllocateSpinLock(NDIS_OUT PNDIS_SPIN_LOCK SpinLock);
/* Ends the use of a spin lock, which nobody holds. */
VOID NDIS_CALL NdisFreeSpinLock(NDIS_IN PNDIS_SPIN_LOCK SpinLock);
/* Acquires a spin lock. Raises the caller to DISPATCH_LEVEL until the release, which restores the
 * level. Not recursive. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisAcquireSpinLock(NDIS_INOUT PNDIS_SPIN_LOCK SpinLock);
/* Releases a spin lock and restores the level. */
NDIS_DISPATCH VOID NDIS_CALL NdisReleaseSpinLock(NDIS_INOUT PNDIS_SPIN_LOCK SpinLock);
/* Acquires a spin lock without raising the level. For callers already at DISPATCH_LEVEL; the level
 * stays. */
NDIS_DISPATCH VOID NDIS_CALL NdisDprAcquireSpinLock(NDIS_INOUT PNDIS_SPIN_LOCK SpinLock);
/* Releases a spin lock that NdisDprAcquireSpinLock acquired. */
NDIS_DISPATCH VOID NDIS_CALL NdisDprReleaseSpinLock(NDIS_INOUT PNDIS_SPIN_LOCK SpinLock);

/* Gives the level of the caller. */
KIRQL NDIS_CALL NdisGetCurrentIrql(VOID);
/* Raises the caller to DISPATCH_LEVEL and returns the level before. */
KIRQL NDIS_CALL NdisRaiseIrqlToDispatchLevel(VOID);
/* Lowers the caller to the level before. */
VOID NDIS_CALL NdisLowerIrqlLevel(NDIS_IN KIRQL NewIrql);
#define NDIS_CURRENT_IRQL() NdisGetCurrentIrql()
#define NDIS_RAISE_IRQL_TO_DISPATCH(old) (*(old) = NdisRaiseIrqlToDispatchLevel())
#define NDIS_LOWER_IRQL(old, current) NdisLowerIrqlLevel(old)

LONG NDIS_CALL NdisInterlockedIncrement(NDIS_INOUT PLONG Addend); /* Adds 1, returns the sum. */
LONG NDIS_CALL NdisInterlockedDecrement(NDIS_INOUT PLONG Addend); /* Takes 1, returns the rest. */

/* ---- Time, timers, work items ------------------------------------------------------------------
 */

/* Gives the time since the system started, in milliseconds. It is the clock of the timers, which
 * goes by 100 ns, cut to whole ones. A timer fires at its time, never before; but one that was not
 * set in whole milliseconds may fire while this still shows the millisecond before a deadline.
 * Round waits up to whole milliseconds, or set the timer again for what is left. */
VOID NDIS_CALL NdisGetSystemUpTimeEx(NDIS_OUT PLARGE_INTEGER SystemUpTime);

typedef VOID(NDIS_CALL *PNDIS_TIMER_FUNCTION)(PVOID SystemSpecific1, PVOID FunctionContext,
                                              PVOID SystemSpecific2, PVOID SystemSpecific3);

typedef struct _NDIS_TIMER_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header; /* Type 0x97; no published revision value, 1 is used */
    ULONG AllocationTag;
    PNDIS_TIMER_FUNCTION TimerFunction; /* runs at DISPATCH_LEVEL */
    PVOID FunctionContext;
} NDIS_TIMER_CHARACTERISTICS, *PNDIS_TIMER_CHARACTERISTICS;
#define NDIS_TIMER_CHARACTERISTICS_REVISION_1 1

/* Allocates a timer. SUCCESS or RESOURCES. */
NDIS_LEVEL_TO_DISPATCH NDIS_STATUS NDIS_CALL NdisAllocateTimerObject(
    NDIS_IN NDIS_HANDLE NdisHandle, NDIS_IN PNDIS_TIMER_CHARACTERISTICS TimerCharacteristics,
    NDIS_OUT PNDIS_HANDLE TimerObject);
/* Starts a timer, or starts it anew. DueTime in 100 ns units, negative = from now, else since the
 * system started.
 * MillisecondsPeriod 0 = one shot. FunctionContext NULL = the one given at allocation. TRUE = the
 * timer was queued already (and is re-armed). */
NDIS_LEVEL_TO_DISPATCH BOOLEAN NDIS_CALL NdisSetTimerObject(NDIS_IN NDIS_HANDLE TimerObject,
                                                            NDIS_IN LARGE_INTEGER DueTime,
                                                            NDIS_IN LONG MillisecondsPeriod,
                                                            NDIS_OPT PVOID FunctionContext);
/* Stops a timer. TRUE = removed before it fired. FALSE = not queued, or the function runs or has
 * run. A periodic timer is cancelled at PASSIVE_LEVEL only. */
NDIS_LEVEL_TO_DISPATCH BOOLEAN NDIS_CALL NdisCancelTimerObject(NDIS_IN NDIS_HANDLE TimerObject);
/* Frees a timer. The timer must not be queued. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeTimerObject(NDIS_IN NDIS_HANDLE TimerObject);

typedef VOID(NDIS_CALL *NDIS_IO_WORKITEM_ROUTINE)(PVOID WorkItemContext,
                                                  NDIS_HANDLE NdisIoWorkItemHandle);

/* Allocates a work item. Work items run at PASSIVE_LEVEL, each queueing exactly once; queueing a
 * queued item is a bug. */
NDIS_LEVEL_TO_DISPATCH NDIS_HANDLE NDIS_CALL NdisAllocateIoWorkItem(NDIS_IN NDIS_HANDLE NdisHandle);
/* Queues a work item. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisQueueIoWorkItem(NDIS_IN NDIS_HANDLE WorkItem,
                                                          NDIS_IN NDIS_IO_WORKITEM_ROUTINE Routine,
                                                          NDIS_IN PVOID WorkItemContext);
/* Frees a work item that is not queued; its own routine may do so. */
NDIS_LEVEL_TO_DISPATCH VOID NDIS_CALL NdisFreeIoWorkItem(NDIS_IN NDIS_HANDLE WorkItem);

/* Blocks the caller for at least the given microseconds. PASSIVE_LEVEL only. Other
 * activity (timers, frames, returns of lists) goes on meanwhile. */
NDIS_PASSIVE VOID NDIS_CALL NdisMSleep(NDIS_IN ULONG MicrosecondsToSleep);

#ifdef __cplusplus
}
#endif

#endif
