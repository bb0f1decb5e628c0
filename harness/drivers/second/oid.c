/* SPDX-License-Identifier: MIT
 *
 * OID requests: operating parameters, statistics, power.
 */
#include "second.h"

static NDIS_STATUS answer(PNDIS_OID_REQUEST Request, const void *Bytes, ULONG Length)
{
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < Length) {
        Request->DATA.QUERY_INFORMATION.BytesNeeded = Length;
        Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(Request->DATA.QUERY_INFORMATION.InformationBuffer, Bytes, Length);
    Request->DATA.QUERY_INFORMATION.BytesWritten = Length;
    Request->DATA.QUERY_INFORMATION.BytesNeeded = Length;
    return NDIS_STATUS_SUCCESS;
}

static TCP_OFFLOAD_STATS tcp_statistics(ADAPTER *A, ULONG V6)
{
    TCP_OFFLOAD_STATS Stats = A->Tcp[V6];
    CONN *C;
    Stats.CurrentlyEstablished = 0;
    for (C = A->Conns; C != NULL; C = C->Next) {
        if (C->Path->V6 == V6 &&
            (C->State == TcpConnectionEstablished || C->State == TcpConnectionCloseWait))
            Stats.CurrentlyEstablished++;
    }
    return Stats;
}

static NDIS_STATUS oid_query(ADAPTER *A, PNDIS_OID_REQUEST Request)
{
    NDIS_OID Oid = Request->DATA.QUERY_INFORMATION.Oid;
    ULONG Value;
    TCP_OFFLOAD_STATS Tcp;
    IP_OFFLOAD_STATS Ip;
    switch (Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        return answer(Request, &A->PacketFilter, sizeof(ULONG));
    case OID_GEN_VLAN_ID:
        return answer(Request, &A->VlanId, sizeof(ULONG));
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        Value = A->Attributes.MaxFrameBytes - 14;
        return answer(Request, &Value, sizeof(ULONG));
    case OID_TCP4_OFFLOAD_STATS:
    case OID_TCP6_OFFLOAD_STATS:
        NdisAcquireSpinLock(&A->Lock);
        Tcp = tcp_statistics(A, Oid == OID_TCP6_OFFLOAD_STATS);
        NdisReleaseSpinLock(&A->Lock);
        return answer(Request, &Tcp, sizeof(Tcp));
    case OID_IP4_OFFLOAD_STATS:
    case OID_IP6_OFFLOAD_STATS:
        NdisAcquireSpinLock(&A->Lock);
        Ip = A->Ip[Oid == OID_IP6_OFFLOAD_STATS];
        NdisReleaseSpinLock(&A->Lock);
        return answer(Request, &Ip, sizeof(Ip));
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* A change of the unit must not bend the timestamps of running connections. */
static NDIS_STATUS set_parameters(ADAPTER *A, PNDIS_OID_REQUEST Request)
{
    const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *P =
        Request->DATA.SET_INFORMATION.InformationBuffer;
    CONN *C;
    if (Request->DATA.SET_INFORMATION.InformationBufferLength <
        NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1) {
        Request->DATA.SET_INFORMATION.BytesNeeded = NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (P->TicksPerSecond == 0 || P->TicksPerSecond > 1000)
        return NDIS_STATUS_INVALID_PARAMETER;
    NdisAcquireSpinLock(&A->Lock);
    for (C = A->Conns; C != NULL; C = C->Next) {
        C->TsBase = ts_now(A, C);
        C->TsBaseAt = now_ms();
        C->TsNewUnit |= P->TicksPerSecond != A->TicksPerSecond;
    }
    A->TicksPerSecond = P->TicksPerSecond;
    A->AckFrequency = max_of(P->TcpAckFrequency, 1);
    A->DackTicks = P->TcpDelayedAckTicks;
    A->MaxRetransmissions = P->TcpMaximumRetransmissions;
    A->DupAckThreshold = max_of(P->TcpDuplicateAckThreshold, 1);
    A->PushTicks = P->TcpPushTicks;
    A->NceStaleTicks = P->NceStaleTicks;
    NdisReleaseSpinLock(&A->Lock);
    Request->DATA.SET_INFORMATION.BytesRead = Request->DATA.SET_INFORMATION.InformationBufferLength;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS set_ulong(PNDIS_OID_REQUEST Request, ULONG *Value)
{
    if (Request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(ULONG)) {
        Request->DATA.SET_INFORMATION.BytesNeeded = sizeof(ULONG);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(Value, Request->DATA.SET_INFORMATION.InformationBuffer, sizeof(ULONG));
    Request->DATA.SET_INFORMATION.BytesRead = sizeof(ULONG);
    return NDIS_STATUS_SUCCESS;
}

/* The card sleeps only when no connection is left on it. */
static NDIS_STATUS set_power(ADAPTER *A, PNDIS_OID_REQUEST Request)
{
    ULONG Power = 0;
    NDIS_STATUS Status = set_ulong(Request, &Power);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    NdisAcquireSpinLock(&A->Lock);
    A->LowPower = Power != NdisDeviceStateD0;
    if (A->LowPower && (A->Conns != NULL || A->OpHead != NULL)) {
        A->PowerRequest = Request;
        Status = NDIS_STATUS_PENDING;
    }
    NdisReleaseSpinLock(&A->Lock);
    return Status;
}

static NDIS_STATUS clear_statistics(ADAPTER *A, NDIS_OID Oid)
{
    NdisAcquireSpinLock(&A->Lock);
    if (Oid == OID_TCP4_OFFLOAD_STATS || Oid == OID_TCP6_OFFLOAD_STATS)
        memset(&A->Tcp[Oid == OID_TCP6_OFFLOAD_STATS], 0, sizeof(A->Tcp[0]));
    else
        memset(&A->Ip[Oid == OID_IP6_OFFLOAD_STATS], 0, sizeof(A->Ip[0]));
    NdisReleaseSpinLock(&A->Lock);
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS oid_set(ADAPTER *A, PNDIS_OID_REQUEST Request)
{
    NDIS_OID Oid = Request->DATA.SET_INFORMATION.Oid;
    switch (Oid) {
    case OID_TCP_CONNECTION_OFFLOAD_PARAMETERS:
        return set_parameters(A, Request);
    case OID_GEN_CURRENT_PACKET_FILTER:
        return set_ulong(Request, &A->PacketFilter);
    case OID_GEN_VLAN_ID:
        return set_ulong(Request, &A->VlanId);
    case OID_PNP_SET_POWER:
        return set_power(A, Request);
    case OID_TCP4_OFFLOAD_STATS:
    case OID_TCP6_OFFLOAD_STATS:
    case OID_IP4_OFFLOAD_STATS:
    case OID_IP6_OFFLOAD_STATS:
        return clear_statistics(A, Oid);
    case OID_OFFLOAD_ENCAPSULATION:
    case OID_TCP_OFFLOAD_PARAMETERS:
    case OID_GEN_RECEIVE_SCALE_PARAMETERS:
        /* One queue and no task offload: any setting is as good as another. */
        Request->DATA.SET_INFORMATION.BytesRead =
            Request->DATA.SET_INFORMATION.InformationBufferLength;
        return NDIS_STATUS_SUCCESS;
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

NDIS_STATUS NDIS_CALL SecondOid(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request)
{
    ADAPTER *A = Context;
    return Request->RequestType == NdisRequestSetInformation ? oid_set(A, Request)
                                                             : oid_query(A, Request);
}

VOID NDIS_CALL SecondCancelOid(NDIS_HANDLE Context, PVOID RequestId)
{
    ADAPTER *A = Context;
    PNDIS_OID_REQUEST Request = NULL;
    NdisAcquireSpinLock(&A->Lock);
    if (A->PowerRequest != NULL && A->PowerRequest->RequestId == RequestId) {
        Request = A->PowerRequest;
        A->PowerRequest = NULL;
        A->LowPower = FALSE;
    }
    NdisReleaseSpinLock(&A->Lock);
    if (Request != NULL)
        NdisMOidRequestComplete(A->Handle, Request, NDIS_STATUS_REQUEST_ABORTED);
}
