/* SPDX-License-Identifier: MIT
 *
 * OID requests: numbers, the request structure, and the payloads that concern connection offload.
 */
#ifndef NDIS_OID_H
#define NDIS_OID_H

#include "ndis_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define OID_GEN_CURRENT_PACKET_FILTER 0x0001010Eu
#define OID_GEN_MAXIMUM_FRAME_SIZE 0x00010106u
#define OID_GEN_VLAN_ID 0x0001021Cu /* ULONG, set: the interface's VLAN id, 0 = none */
#define OID_GEN_RECEIVE_SCALE_PARAMETERS 0x00010204u
#define OID_PNP_SET_POWER 0xFD010101u
#define OID_OFFLOAD_ENCAPSULATION 0x0101010Au
#define OID_TCP_TASK_OFFLOAD 0xFC010201u
#define OID_TCP4_OFFLOAD_STATS 0xFC010207u
#define OID_TCP6_OFFLOAD_STATS 0xFC010208u
#define OID_IP4_OFFLOAD_STATS 0xFC010209u
#define OID_IP6_OFFLOAD_STATS 0xFC01020Au
#define OID_TCP_OFFLOAD_CURRENT_CONFIG 0xFC01020Bu
#define OID_TCP_OFFLOAD_PARAMETERS 0xFC01020Cu
#define OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES 0xFC01020Du
#define OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG 0xFC01020Eu
#define OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES 0xFC01020Fu
#define OID_TCP_CONNECTION_OFFLOAD_PARAMETERS 0xFC030201u

/* Payload of OID_PNP_SET_POWER. */
typedef enum _NDIS_DEVICE_POWER_STATE {
    NdisDeviceStateUnspecified = 0,
    NdisDeviceStateD0,
    NdisDeviceStateD1,
    NdisDeviceStateD2,
    NdisDeviceStateD3
} NDIS_DEVICE_POWER_STATE;

typedef enum _NDIS_REQUEST_TYPE {
    NdisRequestQueryInformation,
    NdisRequestSetInformation,
    NdisRequestQueryStatistics
} NDIS_REQUEST_TYPE;

/* Lent to the miniport from MiniportOidRequest until it returns anything but PENDING, or until
 * NdisMOidRequestComplete. */
typedef struct _NDIS_OID_REQUEST {
    NDIS_OBJECT_HEADER Header; /* Type 0x96, revision 1 */
    NDIS_REQUEST_TYPE RequestType;
    NDIS_PORT_NUMBER PortNumber;
    UINT Timeout; /* seconds */
    PVOID RequestId;
    NDIS_HANDLE RequestHandle;
    union {
        struct {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength; /* bytes */
            UINT BytesWritten;
            UINT BytesNeeded;
        } QUERY_INFORMATION;
        struct {
            NDIS_OID Oid;
            PVOID InformationBuffer;
            UINT InformationBufferLength; /* bytes */
            UINT BytesRead;
            UINT BytesNeeded;
        } SET_INFORMATION;
    } DATA;
    UCHAR NdisReserved[32 * sizeof(PVOID)];
    UCHAR MiniportReserved[2 * sizeof(PVOID)];
    UCHAR SourceReserved[2 * sizeof(PVOID)];
    UCHAR SupportedRevision;
    UCHAR Reserved1;
    USHORT Reserved2;
} NDIS_OID_REQUEST, *PNDIS_OID_REQUEST;
#define NDIS_OID_REQUEST_REVISION_1 1

#define NDIS_OFFLOAD_NOT_SUPPORTED 0
#define NDIS_OFFLOAD_SUPPORTED 1
#define NDIS_OFFLOAD_SET_NO_CHANGE 0
#define NDIS_OFFLOAD_SET_ON 1
#define NDIS_OFFLOAD_SET_OFF 2

#define NDIS_ENCAPSULATION_NOT_SUPPORTED 0x00000000u
#define NDIS_ENCAPSULATION_NULL 0x00000001u
#define NDIS_ENCAPSULATION_IEEE_802_3 0x00000002u
#define NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q 0x00000004u
#define NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q_IN_OOB 0x00000008u
#define NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED 0x00000010u

typedef struct _NDIS_OFFLOAD_ENCAPSULATION {
    NDIS_OBJECT_HEADER Header;
    struct {
        ULONG Enabled;
        ULONG EncapsulationType;
        ULONG HeaderSize;
    } IPv4;
    struct {
        ULONG Enabled;
        ULONG EncapsulationType;
        ULONG HeaderSize;
    } IPv6;
} NDIS_OFFLOAD_ENCAPSULATION, *PNDIS_OFFLOAD_ENCAPSULATION;
NDIS_ASSERT_SIZE(NDIS_OFFLOAD_ENCAPSULATION, 28);

/* What the target can take over. Encapsulation must name a type, or the chimney is not recognised.
 */
typedef struct NDIS_MS_STRUCT _NDIS_TCP_CONNECTION_OFFLOAD {
    NDIS_OBJECT_HEADER Header;
    ULONG Encapsulation;
    ULONG SupportIPv4 : 2;
    ULONG SupportIPv6 : 2;
    ULONG SupportIPv6ExtensionHeaders : 2;
    ULONG SupportSack : 2;
    ULONG CongestionAlgorithm : 4;
    ULONG TcpConnectionOffloadCapacity; /* connections, IPv4 and IPv6 together */
    ULONG Flags;
} NDIS_TCP_CONNECTION_OFFLOAD, *PNDIS_TCP_CONNECTION_OFFLOAD;
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD, Encapsulation, 4);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD, TcpConnectionOffloadCapacity, 12);
NDIS_ASSERT_SIZE(NDIS_TCP_CONNECTION_OFFLOAD, 20);
#define NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1 1
#define NDIS_TCP_CONNECTION_OFFLOAD_REVISION_2 2

/* Payload of OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: how the host wants connections run. */
typedef struct _NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS {
    NDIS_OBJECT_HEADER Header;
    NDIS_OFFLOAD_ENCAPSULATION Encapsulation;
    ULONG TicksPerSecond; /* 10, 100 or 1000: the unit of every other tick value */
    UCHAR TcpAckFrequency;
    UCHAR TcpDelayedAckTicks;
    UCHAR TcpMaximumRetransmissions;
    UCHAR TcpDoubtReachabilityRetransmissions;
    ULONG TcpSwsPreventionTicks;
    ULONG TcpDuplicateAckThreshold;
    ULONG TcpPushTicks;
    ULONG NceStaleTicks;
    ULONG CongestionAlgorithm; /* revision 2 (NDIS 6.1), reserved */
} NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, *PNDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS;
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, TicksPerSecond, 32);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, TcpAckFrequency, 36);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, TcpSwsPreventionTicks, 40);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, TcpDuplicateAckThreshold, 44);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, TcpPushTicks, 48);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, NceStaleTicks, 52);
NDIS_ASSERT_OFFSET(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, CongestionAlgorithm, 56);
NDIS_ASSERT_SIZE(NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS, 60);
#define NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS_1 1
#define NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS_2 2
#define NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1 56

/* Payload of OID_TCP4_OFFLOAD_STATS and OID_TCP6_OFFLOAD_STATS: offloaded traffic only. */
typedef struct _TCP_OFFLOAD_STATS {
    ULONG64 InSegments;
    ULONG64 OutSegments; /* without pure retransmissions */
    ULONG CurrentlyEstablished;
    ULONG ResetEstablished;
    ULONG RetransmittedSegments;
    ULONG InErrors;
    ULONG OutResets;
} TCP_OFFLOAD_STATS, *PTCP_OFFLOAD_STATS;
NDIS_ASSERT_SIZE(TCP_OFFLOAD_STATS, 40);

typedef struct _IP_OFFLOAD_STATS {
    ULONG64 InReceives;
    ULONG64 InOctets;
    ULONG64 InDelivers;
    ULONG64 OutRequests;
    ULONG64 OutOctets;
    ULONG InHeaderErrors;
    ULONG InTruncatedPackets;
    ULONG InDiscards;
    ULONG OutDiscards;
    ULONG OutNoRoutes;
} IP_OFFLOAD_STATS, *PIP_OFFLOAD_STATS;
NDIS_ASSERT_SIZE(IP_OFFLOAD_STATS, 64);

#ifdef __cplusplus
}
#endif

#endif
