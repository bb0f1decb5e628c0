/* SPDX-License-Identifier: MIT
 *
 * The TCP chimney interface between the host stack, NDIS and an offload target: offload state
 * structures, block lists, handlers, completions, events. Names, numbers and layout are those of
 * the documented interface (ndischimney.h of NDIS 6.x, x64).
 *
 * Ownership in one sentence: a block list or NET_BUFFER_LIST handed to a handler belongs to the
 * target until it is passed to the matching completion, and an indicated NET_BUFFER_LIST belongs to
 * the host from NDIS_STATUS_SUCCESS of the indication until MiniportTcpOffloadReceiveReturn.
 */
#ifndef NDISCHIMNEY_H
#define NDISCHIMNEY_H

#include "ndis.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Enumerations and flags -------------------------------------------------------------------
 */

typedef enum _NDIS_CHIMNEY_OFFLOAD_TYPE {
    NdisTcpChimneyOffload = 1,
    NdisIpsecChimneyOffload = 2,
    NdisRdmaChimneyOffload = 3,
    NdisMaxChimneyOffload = 4
} NDIS_CHIMNEY_OFFLOAD_TYPE;

typedef enum _OFFLOAD_STATE_TYPE {
    NeighborOffloadConstState = 1,
    NeighborOffloadCachedState = 2,
    NeighborOffloadDelegatedState = 3,
    NeighborOffloadState = 4,
    Ip4OffloadConstState = 5,
    Ip4OffloadCachedState = 6,
    Ip4OffloadDelegatedState = 7,
    Ip4OffloadState = 8,
    Ip6OffloadConstState = 9,
    Ip6OffloadCachedState = 10,
    Ip6OffloadDelegatedState = 11,
    Ip6OffloadState = 12,
    TcpOffloadConstState = 13,
    TcpOffloadCachedState = 14,
    TcpOffloadDelegatedState = 15,
    TcpOffloadResourceState = 16,
    TcpOffloadState = 17,
    FilterReservedOffloadState = 0xFE,
    MaximumOffloadState = 0xFF
} OFFLOAD_STATE_TYPE;

typedef enum _TCP_OFFLOAD_CONNECTION_STATE {
    TcpConnectionClosed = 0,
    TcpConnectionListen = 1,
    TcpConnectionSynSent = 2,
    TcpConnectionSynRcvd = 3,
    TcpConnectionEstablished = 4,
    TcpConnectionFinWait1 = 5,
    TcpConnectionFinWait2 = 6,
    TcpConnectionCloseWait = 7,
    TcpConnectionClosing = 8,
    TcpConnectionLastAck = 9,
    TcpConnectionTimeWait = 10,
    TcpConnectionMaxState = 11
} TCP_OFFLOAD_CONNECTION_STATE;

typedef enum _TCP_OFFLOAD_EVENT_TYPE {
    TcpIndicateSendBacklogChange = 1,
    TcpIndicateDisconnect = 2,
    TcpIndicateRetrieve = 3,
    TcpIndicateAbort = 4
} TCP_OFFLOAD_EVENT_TYPE;

/* The information of TcpIndicateRetrieve. ReceivedUrgentData and TimeoutExpiration to
 * HardwareFailure are mandatory: the target stops processing the connection, and completes its I/O
 * with UPLOAD_IN_PROGRESS or leaves it to the terminate. InvalidState needs an invalidated object,
 * UploadRequested no further reason. After the others it goes on serving. */
typedef enum _TCP_UPLOAD_REASON {
    LowActivity = 1,
    HighDropRate = 2,
    SmallIO = 3,
    NoBufferPreposting = 4,
    NoBufferProposting = 4, /* sic: both spellings are published */
    ReceivedUrgentData = 5,
    HighFragmentation = 6,
    HighOutOfOrderPackets = 7,
    TimeoutExpiration = 8,
    InvalidState = 9,
    UploadRequested = 10,
    HardwareFailure = 11,
    MaxUploadReason = 12
} TCP_UPLOAD_REASON;

typedef enum _INDICATE_OFFLOAD_EVENT {
    NeighborReachabilityInDoubt = 1, /* reserved */
    NeighborReachabilityQuery = 2,
    MaxOffloadEvent = 3
} INDICATE_OFFLOAD_EVENT;

/* Flags of MiniportTcpOffloadDisconnect. */
#define TCP_DISCONNECT_GRACEFUL_CLOSE 0x01u
#define TCP_DISCONNECT_ABORTIVE_CLOSE 0x02u

/* TCP_OFFLOAD_STATE_CONST.Flags */
#define TCP_FLAG_TIMESTAMP_ENABLED 0x01
#define TCP_FLAG_SACK_ENABLED 0x02
#define TCP_FLAG_WINDOW_SCALING_ENABLED 0x04

/* TCP_OFFLOAD_STATE_CACHED.Flags */
#define TCP_FLAG_KEEP_ALIVE_ENABLED 0x01
#define TCP_FLAG_NAGLING_ENABLED 0x02
#define TCP_FLAG_KEEP_ALIVE_RESTART 0x04
#define TCP_FLAG_MAX_RT_RESTART 0x08
#define TCP_FLAG_UPDATE_RCV_WND 0x10

#define TCP_OFFLOAD_TIMER_NOT_RUNNING 0xFFFFFFFFu   /* a TimeoutDelta */
#define TCP_OFFLOAD_NO_RETRANSMIT_LIMIT 0xFFFFFFFFu /* MaxRT */
#define TCP_OFFLOAD_BACKLOG_UNSUPPORTED 0xFFFFFFFFu /* Send/ReceiveBacklogSize */

/* ---- Block lists ------------------------------------------------------------------------------
 */

/* One per state object, kept by the host. The target's context reference is stored in it through
 * MiniportOffloadContext of the block list. */
typedef struct _NDIS_OFFLOAD_HANDLE {
    PVOID NdisReserved[1];
    PVOID MiniportOffloadContext;
} NDIS_OFFLOAD_HANDLE, *PNDIS_OFFLOAD_HANDLE;
NDIS_ASSERT_OFFSET(NDIS_OFFLOAD_HANDLE, MiniportOffloadContext, 8);
NDIS_ASSERT_SIZE(NDIS_OFFLOAD_HANDLE, 16);

/* One node of an offload state tree as the target sees it; its state structures follow in memory,
 * each one at the next multiple of 8 bytes (the documents leave the alignment open; walk by
 * ndis_offload_state_next). The node's kind is told by MiniportOffloadContext: pointer NULL =
 * placeholder, cell NULL = new object, cell non-NULL = already offloaded (linker). */
typedef struct _NDIS_MINIPORT_OFFLOAD_BLOCK_LIST {
    NDIS_OBJECT_HEADER Header; /* Type: OFFLOAD_STATE_TYPE of what follows */
    struct _NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *NextBlock;
    struct _NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *DependentBlockList;
    NDIS_STATUS Status; /* written by the target before it completes */
    PVOID NdisReserved[2];
    PVOID *MiniportOffloadContext;
    NDIS_HANDLE NdisOffloadHandle;
    PVOID ProtocolReserved[2]; /* not the target's */
    PVOID MiniportReserved[2];
    PVOID ImReserved[2]; /* not the target's */
    PVOID Scratch[2];
    PVOID SourceHandle; /* not the target's */
    NDIS_PORT_NUMBER PortNumber;
    PNET_BUFFER_LIST
    NetBufferListChain; /* outstanding send data, in on initiate, out on terminate */
} NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, *PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NextBlock, 8);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, DependentBlockList, 16);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, Status, 24);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NdisReserved, 32);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, MiniportOffloadContext, 48);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NdisOffloadHandle, 56);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, ProtocolReserved, 64);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, MiniportReserved, 80);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, ImReserved, 96);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, Scratch, 112);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, SourceHandle, 128);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, PortNumber, 136);
NDIS_ASSERT_OFFSET(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, NetBufferListChain, 144);
NDIS_ASSERT_SIZE(NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, 152);

/* The same node as a protocol driver sees it; members from ProtocolReserved on coincide. */
typedef struct _NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST {
    NDIS_OBJECT_HEADER Header;
    struct _NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST *NextBlock;
    struct _NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST *DependentBlockList;
    NDIS_STATUS Status;
    PVOID NdisReserved[3];
    PNDIS_OFFLOAD_HANDLE OffloadHandle;
    PVOID ProtocolReserved[2];
    PVOID MiniportReserved[2];
    PVOID ImReserved[2];
    PVOID Scratch[2];
    PVOID SourceHandle;
    NDIS_PORT_NUMBER PortNumber;
    PNET_BUFFER_LIST NetBufferListChain;
} NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, *PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;
NDIS_ASSERT_OFFSET(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, NdisReserved, 32);
NDIS_ASSERT_OFFSET(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, OffloadHandle, 56);
NDIS_ASSERT_OFFSET(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, ProtocolReserved, 64);
NDIS_ASSERT_OFFSET(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, NetBufferListChain, 144);
NDIS_ASSERT_SIZE(NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, 152);

/* First member of every state structure. Length covers the whole structure, header included. */
typedef struct _OFFLOAD_STATE_HEADER {
    ULONG Length;
    ULONG RecognizedOptions;
} OFFLOAD_STATE_HEADER, *POFFLOAD_STATE_HEADER;
NDIS_ASSERT_SIZE(OFFLOAD_STATE_HEADER, 8);

/* ---- Neighbor and path state ------------------------------------------------------------------
 */

/* Link addresses are 32-byte arrays of which Ethernet uses the first 6. All zero DlSourceAddress =
 * the interface's own address; a query may answer with either. VlanId 0 = no VLAN of the neighbor.
 */
typedef struct NDIS_MS_STRUCT _NEIGHBOR_OFFLOAD_STATE_CONST {
    OFFLOAD_STATE_HEADER Header;
    UCHAR DlSourceAddress[32];
    ULONG VlanId : 12;
} NEIGHBOR_OFFLOAD_STATE_CONST, *PNEIGHBOR_OFFLOAD_STATE_CONST;
NDIS_ASSERT_OFFSET(NEIGHBOR_OFFLOAD_STATE_CONST, DlSourceAddress, 8);
NDIS_ASSERT_SIZE(NEIGHBOR_OFFLOAD_STATE_CONST, 44);

typedef struct _NEIGHBOR_OFFLOAD_STATE_CACHED {
    OFFLOAD_STATE_HEADER Header;
    UCHAR DlDestinationAddress[32];
    ULONG HostReachabilityDelta; /* ticks since the host confirmed reachability */
} NEIGHBOR_OFFLOAD_STATE_CACHED, *PNEIGHBOR_OFFLOAD_STATE_CACHED;
NDIS_ASSERT_OFFSET(NEIGHBOR_OFFLOAD_STATE_CACHED, DlDestinationAddress, 8);
NDIS_ASSERT_OFFSET(NEIGHBOR_OFFLOAD_STATE_CACHED, HostReachabilityDelta, 40);
NDIS_ASSERT_SIZE(NEIGHBOR_OFFLOAD_STATE_CACHED, 44);

typedef struct _NEIGHBOR_OFFLOAD_STATE_DELEGATED {
    OFFLOAD_STATE_HEADER Header;
    ULONG NicReachabilityDelta; /* ticks since the target confirmed reachability */
} NEIGHBOR_OFFLOAD_STATE_DELEGATED, *PNEIGHBOR_OFFLOAD_STATE_DELEGATED;
NDIS_ASSERT_OFFSET(NEIGHBOR_OFFLOAD_STATE_DELEGATED, NicReachabilityDelta, 8);
NDIS_ASSERT_SIZE(NEIGHBOR_OFFLOAD_STATE_DELEGATED, 12);

/* The addresses are pointers to 4 or 16 bytes in network order. On an initiate they are the host's,
 * valid only until completion. A query comes with nothing in them: the target writes pointers to
 * addresses that it keeps itself; the host reads them before the completion returns. */
typedef struct _PATH_OFFLOAD_STATE_CONST {
    OFFLOAD_STATE_HEADER Header;
    const UCHAR *SourceAddress;
    const UCHAR *DestinationAddress;
} PATH_OFFLOAD_STATE_CONST, *PPATH_OFFLOAD_STATE_CONST;
NDIS_ASSERT_OFFSET(PATH_OFFLOAD_STATE_CONST, SourceAddress, 8);
NDIS_ASSERT_OFFSET(PATH_OFFLOAD_STATE_CONST, DestinationAddress, 16);
NDIS_ASSERT_SIZE(PATH_OFFLOAD_STATE_CONST, 24);

typedef struct _PATH_OFFLOAD_STATE_CACHED {
    OFFLOAD_STATE_HEADER Header;
    ULONG PathMtu; /* bytes of an IP datagram */
} PATH_OFFLOAD_STATE_CACHED, *PPATH_OFFLOAD_STATE_CACHED;
NDIS_ASSERT_OFFSET(PATH_OFFLOAD_STATE_CACHED, PathMtu, 8);
NDIS_ASSERT_SIZE(PATH_OFFLOAD_STATE_CACHED, 12);

typedef struct _PATH_OFFLOAD_STATE_DELEGATED {
    OFFLOAD_STATE_HEADER Header;
} PATH_OFFLOAD_STATE_DELEGATED, *PPATH_OFFLOAD_STATE_DELEGATED;
NDIS_ASSERT_SIZE(PATH_OFFLOAD_STATE_DELEGATED, 8);

/* ---- TCP state --------------------------------------------------------------------------------
 */

/* Ports stand in host byte order (the documents do not say; the rig takes this reading). */
typedef struct NDIS_MS_STRUCT _TCP_OFFLOAD_STATE_CONST {
    OFFLOAD_STATE_HEADER Header;
    USHORT Flags;
    USHORT RemotePort;
    USHORT LocalPort;
    UCHAR SndWindScale : 4;
    UCHAR RcvWindScale : 4;
    USHORT RemoteMss;
    ULONG HashValue;
} TCP_OFFLOAD_STATE_CONST, *PTCP_OFFLOAD_STATE_CONST;
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CONST, Flags, 8);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CONST, RemotePort, 10);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CONST, LocalPort, 12);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CONST, RemoteMss, 16);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CONST, HashValue, 20);
NDIS_ASSERT_SIZE(TCP_OFFLOAD_STATE_CONST, 24);

typedef struct NDIS_MS_STRUCT _TCP_OFFLOAD_STATE_CACHED {
    OFFLOAD_STATE_HEADER Header;
    USHORT Flags;
    ULONG InitialRcvWnd;     /* bytes */
    ULONG RcvIndicationSize; /* bytes, a hint; 0 = as much as possible */
    UCHAR KaProbeCount;
    ULONG KaTimeout;  /* ticks */
    ULONG KaInterval; /* ticks */
    ULONG MaxRT;      /* ticks; 0 = default, 0xFFFFFFFF = unlimited */
    ULONG FlowLabel : 20;
    UCHAR TtlOrHopLimit;
    UCHAR TosOrTrafficClass;
    UCHAR UserPriority : 3;
} TCP_OFFLOAD_STATE_CACHED, *PTCP_OFFLOAD_STATE_CACHED;
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, Flags, 8);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, InitialRcvWnd, 12);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, RcvIndicationSize, 16);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, KaProbeCount, 20);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, KaTimeout, 24);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, KaInterval, 28);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, MaxRT, 32);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, TtlOrHopLimit, 40);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_CACHED, TosOrTrafficClass, 41);
NDIS_ASSERT_SIZE(TCP_OFFLOAD_STATE_CACHED, 44);

/* Variables owned by whoever runs the connection. The unions are chosen by the operation: pointers
 * on initiate and terminate, sizes on query. DWnd (NDIS 6.1) is carried for preservation only. */
typedef struct _TCP_OFFLOAD_STATE_DELEGATED {
    OFFLOAD_STATE_HEADER Header;
    TCP_OFFLOAD_CONNECTION_STATE State;
    USHORT Flags;
    ULONG RcvNxt;
    ULONG RcvWnd; /* bytes, after scaling */
    ULONG SndUna;
    ULONG SndNxt;
    ULONG SndMax;
    ULONG SndWnd;    /* bytes, after scaling */
    ULONG MaxSndWnd; /* bytes */
    ULONG SendWL1;
    ULONG CWnd;     /* bytes */
    ULONG SsThresh; /* bytes */
    USHORT SRtt;    /* ticks x 8, saturating */
    USHORT RttVar;  /* ticks x 4, saturating */
    ULONG TsRecent;
    ULONG TsRecentAge; /* ticks */
    ULONG TsTime;
    ULONG TotalRT; /* ticks */
    UCHAR DupAckCount;
    UCHAR SndWndProbeCount;
    struct {
        UCHAR ProbeCount;
        ULONG TimeoutDelta; /* ticks; -1 = not running */
    } KeepAlive;
    struct {
        UCHAR Count;
        ULONG TimeoutDelta; /* ticks; -1 = not running */
    } Retransmit;
    union {
        struct {
            PNET_BUFFER_LIST SendDataHead;
            PNET_BUFFER_LIST SendDataTail;
        };
        ULONG SendBacklogSize; /* bytes */
    };
    union {
        PNET_BUFFER_LIST BufferedData;
        ULONG ReceiveBacklogSize; /* bytes */
    };
    ULONG DWnd;
} TCP_OFFLOAD_STATE_DELEGATED, *PTCP_OFFLOAD_STATE_DELEGATED;
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, State, 8);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, Flags, 12);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, RcvNxt, 16);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, RcvWnd, 20);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SndUna, 24);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SndNxt, 28);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SndMax, 32);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SndWnd, 36);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, MaxSndWnd, 40);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SendWL1, 44);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, CWnd, 48);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SsThresh, 52);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SRtt, 56);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, RttVar, 58);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, TsRecent, 60);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, TsRecentAge, 64);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, TsTime, 68);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, TotalRT, 72);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, DupAckCount, 76);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SndWndProbeCount, 77);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, KeepAlive.ProbeCount, 80);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, KeepAlive.TimeoutDelta, 84);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, Retransmit.Count, 88);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, Retransmit.TimeoutDelta, 92);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SendDataHead, 96);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SendDataTail, 104);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, SendBacklogSize, 96);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, BufferedData, 112);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, ReceiveBacklogSize, 112);
NDIS_ASSERT_OFFSET(TCP_OFFLOAD_STATE_DELEGATED, DWnd, 120);
NDIS_ASSERT_SIZE(TCP_OFFLOAD_STATE_DELEGATED, 128);
#define NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0 120

/* First state structure behind a block, and the one after a state structure. The documents do not
 * say how consecutive structures are aligned; here each starts at a multiple of 8 bytes. */
static inline POFFLOAD_STATE_HEADER
ndis_offload_state_first(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *Block)
{
    return (POFFLOAD_STATE_HEADER)(ULONG_PTR)((const UCHAR *)Block + sizeof(*Block));
}

static inline POFFLOAD_STATE_HEADER ndis_offload_state_next(const OFFLOAD_STATE_HEADER *State)
{
    return (POFFLOAD_STATE_HEADER)(ULONG_PTR)((const UCHAR *)State +
                                              (((ULONG_PTR)State->Length + 7u) & ~(ULONG_PTR)7u));
}

/* ---- The target's handlers (set through NdisSetOptionalHandlers) -------------------------------
 */

/* State operations. The handler keeps the root pointer and returns; the tree and what follows it
 * stay valid until the matching NdisM*OffloadComplete call. Any level. */
typedef VOID(NDIS_CALL *W_INITIATE_OFFLOAD_HANDLER)(
    NDIS_HANDLE MiniportAdapterContext, PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);
typedef W_INITIATE_OFFLOAD_HANDLER W_TERMINATE_OFFLOAD_HANDLER;
typedef W_INITIATE_OFFLOAD_HANDLER W_UPDATE_OFFLOAD_HANDLER;
typedef W_INITIATE_OFFLOAD_HANDLER W_INVALIDATE_OFFLOAD_HANDLER;
typedef W_INITIATE_OFFLOAD_HANDLER W_QUERY_OFFLOAD_HANDLER;

/* Data path. Each takes ownership of the list and returns NDIS_STATUS_PENDING, nothing else.
 * MiniportOffloadContext is the value that the target stored at initiate (a rig setting passes the
 * address of the cell instead). Any level. The host serialises sends, and receives, per connection.
 */
typedef NDIS_STATUS(NDIS_CALL *W_TCP_OFFLOAD_SEND_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                           PVOID MiniportOffloadContext,
                                                           PNET_BUFFER_LIST NetBufferList);
typedef W_TCP_OFFLOAD_SEND_HANDLER W_TCP_OFFLOAD_RECEIVE_HANDLER;
typedef W_TCP_OFFLOAD_SEND_HANDLER W_TCP_OFFLOAD_FORWARD_HANDLER;
typedef NDIS_STATUS(NDIS_CALL *W_TCP_OFFLOAD_DISCONNECT_HANDLER)(NDIS_HANDLE MiniportAdapterContext,
                                                                 PVOID MiniportOffloadContext,
                                                                 PNET_BUFFER_LIST NetBufferList,
                                                                 ULONG Flags);
/* Gives indicated lists back, of any connections, in any mix. Always NDIS_STATUS_SUCCESS. */
typedef NDIS_STATUS(NDIS_CALL *W_TCP_OFFLOAD_RECEIVE_RETURN_HANDLER)(
    NDIS_HANDLE MiniportAdapterContext, PNET_BUFFER_LIST NetBufferList);

typedef struct _NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    W_INITIATE_OFFLOAD_HANDLER InitiateOffloadHandler;
    W_TERMINATE_OFFLOAD_HANDLER TerminateOffloadHandler;
    W_UPDATE_OFFLOAD_HANDLER UpdateOffloadHandler;
    W_INVALIDATE_OFFLOAD_HANDLER InvalidateOffloadHandler;
    W_QUERY_OFFLOAD_HANDLER QueryOffloadHandler;
} NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
    *PNDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
NDIS_ASSERT_SIZE(NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS, 48);

typedef struct _NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    NDIS_CHIMNEY_OFFLOAD_TYPE OffloadType; /* NdisTcpChimneyOffload */
    W_TCP_OFFLOAD_SEND_HANDLER TcpOffloadSendHandler;
    W_TCP_OFFLOAD_RECEIVE_HANDLER TcpOffloadReceiveHandler;
    W_TCP_OFFLOAD_DISCONNECT_HANDLER TcpOffloadDisconnectHandler;
    W_TCP_OFFLOAD_FORWARD_HANDLER TcpOffloadForwardHandler;
    W_TCP_OFFLOAD_RECEIVE_RETURN_HANDLER TcpOffloadReceiveReturnHandler;
} NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
    *PNDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;
NDIS_ASSERT_SIZE(NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS, 56);

/* ---- What the target calls ---------------------------------------------------------------------
 */

/* Entry points given out by NdisMGetOffloadHandlers, for the target to copy. An event comes at
 * DISPATCH_LEVEL; the host may call any handler of the target from inside. */
typedef VOID(NDIS_CALL *NDIS_TCP_OFFLOAD_EVENT_INDICATE)(NDIS_HANDLE NdisOffloadHandle,
                                                         ULONG EventType,
                                                         ULONG EventSpecificInformation);
/* DISPATCH_LEVEL. One stand-alone list with one NET_BUFFER, Status NDIS_STATUS_SUCCESS. SUCCESS =
 * the host keeps it until MiniportTcpOffloadReceiveReturn; OFFLOAD_DATA_NOT_ACCEPTED or
 * ..._PARTIALLY_ACCEPTED = it is the target's again at once, *BytesConsumed leading bytes were
 * taken. Not to be called while another call of this or of the receive completion is open on the
 * connection. The host may call any I/O handler from inside. */
typedef NDIS_STATUS(NDIS_CALL *NDIS_TCP_OFFLOAD_RECEIVE_INDICATE)(NDIS_HANDLE NdisOffloadHandle,
                                                                  PNET_BUFFER_LIST NetBufferList,
                                                                  NDIS_STATUS Status,
                                                                  PULONG BytesConsumed);
/* Any level. Lists may come from several calls; ownership passes at the call. The host may call the
 * I/O handlers from inside. */
typedef VOID(NDIS_CALL *NDIS_TCP_OFFLOAD_SEND_COMPLETE)(NDIS_HANDLE NdisMiniportHandle,
                                                        PNET_BUFFER_LIST NetBufferList);
typedef NDIS_TCP_OFFLOAD_SEND_COMPLETE NDIS_TCP_OFFLOAD_RECEIVE_COMPLETE;
typedef NDIS_TCP_OFFLOAD_SEND_COMPLETE NDIS_TCP_OFFLOAD_DISCONNECT_COMPLETE;
typedef NDIS_TCP_OFFLOAD_SEND_COMPLETE NDIS_TCP_OFFLOAD_FORWARD_COMPLETE;

typedef struct _NDIS_OFFLOAD_EVENT_HANDLERS {
    NDIS_OBJECT_HEADER Header;
} NDIS_OFFLOAD_EVENT_HANDLERS, *PNDIS_OFFLOAD_EVENT_HANDLERS;

typedef struct _NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
    NDIS_OBJECT_HEADER Header;
    /* Raises an event of a connection. */
    NDIS_TCP_OFFLOAD_EVENT_INDICATE NdisTcpOffloadEventHandler;
    /* Indicates received data for which no request is posted. */
    NDIS_TCP_OFFLOAD_RECEIVE_INDICATE NdisTcpOffloadReceiveHandler;
    /* Completes send requests. */
    NDIS_TCP_OFFLOAD_SEND_COMPLETE NdisTcpOffloadSendComplete;
    /* Completes posted receive requests. */
    NDIS_TCP_OFFLOAD_RECEIVE_COMPLETE NdisTcpOffloadReceiveComplete;
    /* Completes a disconnect request. */
    NDIS_TCP_OFFLOAD_DISCONNECT_COMPLETE NdisTcpOffloadDisconnectComplete;
    /* Completes forward requests. */
    NDIS_TCP_OFFLOAD_FORWARD_COMPLETE NdisTcpOffloadForwardComplete;
} NDIS_TCP_OFFLOAD_EVENT_HANDLERS, *PNDIS_TCP_OFFLOAD_EVENT_HANDLERS;
NDIS_ASSERT_SIZE(NDIS_TCP_OFFLOAD_EVENT_HANDLERS, 56);
#define NDIS_OBJECT_TCP_OFFLOAD_REVISION_1 1

/* Gives the entry points of the chimney. From MiniportInitializeEx. SUCCESS, or NOT_SUPPORTED for
 * an unknown type (*Handlers then invalid). The table is NDIS's: check its header and copy the
 * pointers before returning. */
NDIS_PASSIVE NDIS_STATUS NDIS_CALL NdisMGetOffloadHandlers(
    NDIS_IN NDIS_HANDLE NdisMiniportHandle, NDIS_IN NDIS_CHIMNEY_OFFLOAD_TYPE ChimneyType,
    NDIS_OUT PNDIS_OFFLOAD_EVENT_HANDLERS *OffloadHandlers);

/* Completes an initiate. Of all five completions: any level, same root pointer as the
 * request, Status written in every block. The tree is the host's when the call is made. */
VOID NDIS_CALL
NdisMInitiateOffloadComplete(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                             NDIS_IN PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);
/* Completes a terminate. */
VOID NDIS_CALL
NdisMTerminateOffloadComplete(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                              NDIS_IN PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);
/* Completes an update. */
VOID NDIS_CALL
NdisMUpdateOffloadComplete(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                           NDIS_IN PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);
/* Completes an invalidate. */
VOID NDIS_CALL
NdisMInvalidateOffloadComplete(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                               NDIS_IN PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);
/* Completes a query. */
VOID NDIS_CALL
NdisMQueryOffloadStateComplete(NDIS_IN NDIS_HANDLE NdisMiniportHandle,
                               NDIS_IN PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST OffloadBlockList);

/* Asks the host how reachable a neighbor is. NeighborReachabilityQuery: one block of type
 * NeighborOffloadState, Status SUCCESS, both links NULL, followed by const, cached and delegated
 * state as a query would fill them. The documents do not say how it names the neighbor:
 * NdisOffloadHandle as the initiate gave it is best; MiniportOffloadContext (the cell's address or
 * what stands in the cell) or the state's addresses alone are accepted too. The host writes
 * HostReachabilityDelta back before the call returns, 0 = now. The block is the target's own. Any
 * other code: block NULL. */
NDIS_DISPATCH VOID NDIS_CALL NdisMOffloadEventIndicate(
    NDIS_IN NDIS_HANDLE NdisMiniportHandle, NDIS_INOUT PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST Block,
    NDIS_IN ULONG IndicationCode);

/* ---- The host's side (a protocol driver) -------------------------------------------------------
 */

typedef VOID(NDIS_CALL *INITIATE_OFFLOAD_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext,
                                                           PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
typedef INITIATE_OFFLOAD_COMPLETE_HANDLER TERMINATE_OFFLOAD_COMPLETE_HANDLER;
typedef INITIATE_OFFLOAD_COMPLETE_HANDLER UPDATE_OFFLOAD_COMPLETE_HANDLER;
typedef INITIATE_OFFLOAD_COMPLETE_HANDLER INVALIDATE_OFFLOAD_COMPLETE_HANDLER;
typedef INITIATE_OFFLOAD_COMPLETE_HANDLER QUERY_OFFLOAD_COMPLETE_HANDLER;
typedef VOID(NDIS_CALL *INDICATE_OFFLOAD_EVENT_HANDLER)(NDIS_HANDLE ProtocolBindingContext,
                                                        PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
                                                        ULONG IndicationType);

typedef struct _NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    INITIATE_OFFLOAD_COMPLETE_HANDLER InitiateOffloadCompleteHandler;
    TERMINATE_OFFLOAD_COMPLETE_HANDLER TerminateOffloadCompleteHandler;
    UPDATE_OFFLOAD_COMPLETE_HANDLER UpdateOffloadCompleteHandler;
    INVALIDATE_OFFLOAD_COMPLETE_HANDLER InvalidateOffloadCompleteHandler;
    QUERY_OFFLOAD_COMPLETE_HANDLER QueryOffloadCompleteHandler;
    INDICATE_OFFLOAD_EVENT_HANDLER IndicateOffloadEventHandler;
} NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
    *PNDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS;
NDIS_ASSERT_SIZE(NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS, 56);
#define NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS_REVISION_1 1

typedef VOID(NDIS_CALL *TCP_OFFLOAD_SEND_COMPLETE_HANDLER)(NDIS_HANDLE ProtocolBindingContext,
                                                           PNET_BUFFER_LIST NetBufferList);
typedef TCP_OFFLOAD_SEND_COMPLETE_HANDLER TCP_OFFLOAD_RECV_COMPLETE_HANDLER;
typedef TCP_OFFLOAD_SEND_COMPLETE_HANDLER TCP_OFFLOAD_DISCONNECT_COMPLETE_HANDLER;
typedef TCP_OFFLOAD_SEND_COMPLETE_HANDLER TCP_OFFLOAD_FORWARD_COMPLETE_HANDLER;
typedef VOID(NDIS_CALL *TCP_OFFLOAD_EVENT_HANDLER)(PVOID OffloadContext, ULONG EventType,
                                                   ULONG EventSpecificInformation);
typedef NDIS_STATUS(NDIS_CALL *TCP_OFFLOAD_RECEIVE_INDICATE_HANDLER)(PVOID OffloadContext,
                                                                     PNET_BUFFER_LIST NetBufferList,
                                                                     NDIS_STATUS Status,
                                                                     PULONG BytesConsumed);

typedef struct _NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    ULONG Flags;
    NDIS_CHIMNEY_OFFLOAD_TYPE OffloadType;
    TCP_OFFLOAD_SEND_COMPLETE_HANDLER TcpOffloadSendCompleteHandler;
    TCP_OFFLOAD_RECV_COMPLETE_HANDLER TcpOffloadReceiveCompleteHandler;
    TCP_OFFLOAD_DISCONNECT_COMPLETE_HANDLER TcpOffloadDisconnectCompleteHandler;
    TCP_OFFLOAD_FORWARD_COMPLETE_HANDLER TcpOffloadForwardCompleteHandler;
    TCP_OFFLOAD_EVENT_HANDLER TcpOffloadEventHandler;
    TCP_OFFLOAD_RECEIVE_INDICATE_HANDLER TcpOffloadReceiveIndicateHandler;
} NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
    *PNDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;
NDIS_ASSERT_SIZE(NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS, 64);
#define NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS_REVISION_1 1

/* Exports for the host. NDIS turns the protocol block lists into miniport ones and calls the
 * target's handler; the results come back through the client handlers above. */
VOID NDIS_CALL NdisInitiateOffload(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                   NDIS_IN PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
VOID NDIS_CALL NdisTerminateOffload(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                    NDIS_IN PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
VOID NDIS_CALL NdisUpdateOffload(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                 NDIS_IN PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
VOID NDIS_CALL NdisInvalidateOffload(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                     NDIS_IN PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
VOID NDIS_CALL NdisQueryOffloadState(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                     NDIS_IN PNDIS_PROTOCOL_OFFLOAD_BLOCK_LIST);
NDIS_STATUS NDIS_CALL NdisOffloadTcpSend(NDIS_IN PNDIS_OFFLOAD_HANDLE, NDIS_IN PNET_BUFFER_LIST);
NDIS_STATUS NDIS_CALL NdisOffloadTcpReceive(NDIS_IN PNDIS_OFFLOAD_HANDLE, NDIS_IN PNET_BUFFER_LIST);
NDIS_STATUS NDIS_CALL NdisOffloadTcpForward(NDIS_IN PNDIS_OFFLOAD_HANDLE, NDIS_IN PNET_BUFFER_LIST);
NDIS_STATUS NDIS_CALL NdisOffloadTcpDisconnect(NDIS_IN PNDIS_OFFLOAD_HANDLE,
                                               NDIS_IN PNET_BUFFER_LIST, NDIS_IN ULONG Flags);
VOID NDIS_CALL NdisOffloadTcpReceiveReturn(NDIS_IN NDIS_HANDLE NdisBindingHandle,
                                           NDIS_IN PNET_BUFFER_LIST);

#ifdef __cplusplus
}
#endif

#endif
