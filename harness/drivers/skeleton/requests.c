/* OID requests: what the host asks and sets. */
#include "driver.h"

NDIS_OID SupportedOids[] = {
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_MAXIMUM_FRAME_SIZE,
    OID_PNP_SET_POWER,
    OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
};
const ULONG SupportedOidsBytes = sizeof(SupportedOids);

/* NdisOidComplete: never more bytes than the buffer has. */
static NDIS_STATUS RequestAnswer(PNDIS_OID_REQUEST Request, ULONG Value)
{
    Request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(Value);
    if (Request->DATA.QUERY_INFORMATION.InformationBufferLength < sizeof(Value)) {
        Request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(Request->DATA.QUERY_INFORMATION.InformationBuffer, &Value, sizeof(Value));
    Request->DATA.QUERY_INFORMATION.BytesWritten = sizeof(Value);
    return NDIS_STATUS_SUCCESS;
}

/* TODO STAT-CNT-1: OID_TCP4_OFFLOAD_STATS and its relatives. */
static NDIS_STATUS RequestQuery(ADAPTER *Adapter, PNDIS_OID_REQUEST Request)
{
    switch (Request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        return RequestAnswer(Request, Adapter->PacketFilter);
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        return RequestAnswer(Request, Adapter->Attributes.MaxFrameBytes - ETHERNET_BYTES);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* Copies what is set. INVALID_LENGTH when the request is shorter than that. */
static NDIS_STATUS RequestTake(PNDIS_OID_REQUEST Request, void *To, ULONG Bytes)
{
    if (Request->DATA.SET_INFORMATION.InformationBufferLength < Bytes) {
        Request->DATA.SET_INFORMATION.BytesNeeded = Bytes;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(To, Request->DATA.SET_INFORMATION.InformationBuffer, Bytes);
    Request->DATA.SET_INFORMATION.BytesRead = Bytes;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS RequestSet(ADAPTER *Adapter, PNDIS_OID_REQUEST Request)
{
    NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS Parameters;
    ULONG Power;
    switch (Request->DATA.SET_INFORMATION.Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        return RequestTake(Request, &Adapter->PacketFilter, sizeof(Adapter->PacketFilter));
    case OID_TCP_CONNECTION_OFFLOAD_PARAMETERS:
        /* TODO REG-PAR-1, TMR-TICK-1: they govern every connection from now on. */
        return RequestTake(Request, &Parameters, NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1);
    case OID_PNP_SET_POWER:
        /* TODO TERM-POWER-1: PENDING until every connection has been terminated. */
        return RequestTake(Request, &Power, sizeof(Power));
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

NDIS_STATUS NDIS_CALL RequestOid(NDIS_HANDLE Context, PNDIS_OID_REQUEST Request)
{
    return Request->RequestType == NdisRequestSetInformation ? RequestSet(Context, Request)
                                                             : RequestQuery(Context, Request);
}

/* TODO NdisOidDoubleComplete: completes the request that pends, once. Here none does. */
VOID NDIS_CALL RequestCancel(NDIS_HANDLE Context, PVOID RequestId)
{
    (void)Context;
    (void)RequestId;
}
