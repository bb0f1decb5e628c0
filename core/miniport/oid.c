/* SPDX-License-Identifier: MIT */
#include "miniport/oid.h"

#include "miniport/availability.h"
#include "miniport/power.h"
#include "wire/packet.h"

#include <string.h>

const NDIS_OID chim_oid_list[] = {
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_MAXIMUM_FRAME_SIZE,
    OID_GEN_VLAN_ID,
    OID_PNP_SET_POWER,
    OID_TCP4_OFFLOAD_STATS,
    OID_TCP6_OFFLOAD_STATS,
    OID_IP4_OFFLOAD_STATS,
    OID_IP6_OFFLOAD_STATS,
    OID_TCP_CONNECTION_OFFLOAD_PARAMETERS,
};
const ULONG chim_oid_list_bytes = sizeof(chim_oid_list);

void chim_oid_default_params(struct chim_params *params)
{
    params->ticks_per_second = 1000;
    params->ack_frequency = 2;
    params->delayed_ack_ticks = 200;
    params->retransmissions_max = 5;
    params->sws_ticks = 200;
    params->dup_ack_threshold = 3;
    params->push_ticks = 500;
    params->nce_stale_ticks = 0xFFFFFFFFu;
}

void chim_oid_capability(const struct chim_adapter *ad, NDIS_TCP_CONNECTION_OFFLOAD *capability)
{
    memset(capability, 0, sizeof(*capability));
    capability->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    capability->Header.Revision = NDIS_TCP_CONNECTION_OFFLOAD_REVISION_1;
    capability->Header.Size = sizeof(*capability);
    capability->Encapsulation =
        NDIS_ENCAPSULATION_IEEE_802_3 | NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q;
    capability->SupportIPv4 = NDIS_OFFLOAD_SUPPORTED;
    capability->SupportIPv6 = NDIS_OFFLOAD_SUPPORTED;
    capability->SupportIPv6ExtensionHeaders = NDIS_OFFLOAD_NOT_SUPPORTED;
    capability->SupportSack = NDIS_OFFLOAD_SUPPORTED;
    capability->TcpConnectionOffloadCapacity = ad->capacity;
}

static NDIS_STATUS answer(PNDIS_OID_REQUEST request, const void *data, ULONG bytes)
{
    request->DATA.QUERY_INFORMATION.BytesWritten = 0;
    if (request->DATA.QUERY_INFORMATION.InformationBufferLength < bytes) {
        request->DATA.QUERY_INFORMATION.BytesNeeded = bytes;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(request->DATA.QUERY_INFORMATION.InformationBuffer, data, bytes);
    request->DATA.QUERY_INFORMATION.BytesWritten = bytes;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS query(struct chim_adapter *ad, PNDIS_OID_REQUEST request)
{
    ULONG frame = ad->nic_attributes.MaxFrameBytes - CHIM_ETH_BYTES;
    ULONG vlan = ad->vlan_id;
    switch (request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_MAXIMUM_FRAME_SIZE:
        return answer(request, &frame, sizeof(frame));
    case OID_GEN_VLAN_ID:
        return answer(request, &vlan, sizeof(vlan));
    case OID_TCP4_OFFLOAD_STATS:
        return answer(request, &ad->stats[0].tcp, sizeof(ad->stats[0].tcp));
    case OID_TCP6_OFFLOAD_STATS:
        return answer(request, &ad->stats[1].tcp, sizeof(ad->stats[1].tcp));
    case OID_IP4_OFFLOAD_STATS:
        return answer(request, &ad->stats[0].ip, sizeof(ad->stats[0].ip));
    case OID_IP6_OFFLOAD_STATS:
        return answer(request, &ad->stats[1].ip, sizeof(ad->stats[1].ip));
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

static NDIS_STATUS set_params(struct chim_adapter *ad, PNDIS_OID_REQUEST request)
{
    const NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *p =
        request->DATA.SET_INFORMATION.InformationBuffer;
    UINT length = request->DATA.SET_INFORMATION.InformationBufferLength;
    if (length < NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1) {
        request->DATA.SET_INFORMATION.BytesNeeded = NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (p->TicksPerSecond != 10 && p->TicksPerSecond != 100 && p->TicksPerSecond != 1000) {
        return NDIS_STATUS_INVALID_PARAMETER;
    }
    struct chim_params *own = &ad->params;
    CHIM_STORE(own->ticks_per_second, p->TicksPerSecond);
    CHIM_STORE(own->ack_frequency, p->TcpAckFrequency == 0 ? 1u : p->TcpAckFrequency);
    CHIM_STORE(own->delayed_ack_ticks, (uint32_t)p->TcpDelayedAckTicks);
    CHIM_STORE(own->retransmissions_max, (uint32_t)p->TcpMaximumRetransmissions);
    CHIM_STORE(own->sws_ticks, p->TcpSwsPreventionTicks);
    CHIM_STORE(own->dup_ack_threshold,
               p->TcpDuplicateAckThreshold < 2 ? 2u : p->TcpDuplicateAckThreshold);
    CHIM_STORE(own->push_ticks, p->TcpPushTicks);
    CHIM_STORE(own->nce_stale_ticks, p->NceStaleTicks);
    request->DATA.SET_INFORMATION.BytesRead = NDIS_SIZEOF_TCP_CONNECTION_OFFLOAD_PARAMETERS_1;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS set_vlan(struct chim_adapter *ad, PNDIS_OID_REQUEST request)
{
    ULONG vlan;
    if (request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(vlan)) {
        request->DATA.SET_INFORMATION.BytesNeeded = sizeof(vlan);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    memcpy(&vlan, request->DATA.SET_INFORMATION.InformationBuffer, sizeof(vlan));
    if (vlan > 0xFFF) {
        return NDIS_STATUS_INVALID_PARAMETER;
    }
    bool changed = CHIM_LOAD(ad->vlan_id) != vlan;
    CHIM_STORE(ad->vlan_id, (uint16_t)vlan);
    request->DATA.SET_INFORMATION.BytesRead = sizeof(vlan);
    if (changed) {
        chim_availability_upload_all(ad); /* neighbors were accepted by the other one */
    }
    return NDIS_STATUS_SUCCESS;
}

/* CurrentlyEstablished is a gauge of what is there, not a count of what happened. */
static NDIS_STATUS zero_tcp(TCP_OFFLOAD_STATS *tcp)
{
    ULONG established = CHIM_LOAD(tcp->CurrentlyEstablished);
    memset(tcp, 0, sizeof(*tcp));
    tcp->CurrentlyEstablished = established;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS zero_ip(IP_OFFLOAD_STATS *ip)
{
    memset(ip, 0, sizeof(*ip));
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS set(struct chim_adapter *ad, PNDIS_OID_REQUEST request)
{
    switch (request->DATA.SET_INFORMATION.Oid) {
    case OID_TCP_CONNECTION_OFFLOAD_PARAMETERS:
        return set_params(ad, request);
    case OID_GEN_CURRENT_PACKET_FILTER:
        request->DATA.SET_INFORMATION.BytesRead =
            request->DATA.SET_INFORMATION.InformationBufferLength;
        return NDIS_STATUS_SUCCESS;
    case OID_GEN_VLAN_ID:
        return set_vlan(ad, request);
    case OID_PNP_SET_POWER:
        return chim_power_set(ad, request);
    case OID_TCP4_OFFLOAD_STATS:
        return zero_tcp(&ad->stats[0].tcp);
    case OID_TCP6_OFFLOAD_STATS:
        return zero_tcp(&ad->stats[1].tcp);
    case OID_IP4_OFFLOAD_STATS:
        return zero_ip(&ad->stats[0].ip);
    case OID_IP6_OFFLOAD_STATS:
        return zero_ip(&ad->stats[1].ip);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

NDIS_STATUS NDIS_CALL chim_oid_handler(NDIS_HANDLE adapter, PNDIS_OID_REQUEST request)
{
    KIRQL old = chim_enter();
    NDIS_STATUS status = request->RequestType == NdisRequestSetInformation
                             ? set(adapter, request)
                             : query(adapter, request);
    chim_leave(old);
    return status;
}

VOID NDIS_CALL chim_oid_cancel(NDIS_HANDLE adapter, PVOID request_id)
{
    (void)adapter; /* the one request that pends is ended by the host's terminates */
    (void)request_id;
}
