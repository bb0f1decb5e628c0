/* SPDX-License-Identifier: MIT */
#include "miniport/initialize.h"

#include "conn/conn.h"
#include "miniport/availability.h"
#include "miniport/configure.h"
#include "miniport/nbl.h"
#include "miniport/oid.h"
#include "miniport/receive.h"
#include "miniport/teardown.h"
#include "miniport/tx.h"
#include "state/ops.h"
#include "wire/packet.h"

#include <string.h>

#define LINK_SPEED 1000000000u

static NDIS_STATUS set_registration(struct chim_adapter *ad)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES a;
    memset(&a, 0, sizeof(a));
    a.RegistrationAttributes.Header.Type =
        NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    a.RegistrationAttributes.Header.Revision = 1;
    a.RegistrationAttributes.Header.Size = sizeof(a.RegistrationAttributes);
    a.RegistrationAttributes.MiniportAdapterContext = ad;
    return NdisMSetMiniportAttributes(ad->handle, &a);
}

static NDIS_STATUS set_general(struct chim_adapter *ad)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES a;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &a.GeneralAttributes;
    memset(&a, 0, sizeof(a));
    g->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    g->Header.Revision = 1;
    g->Header.Size = sizeof(*g);
    g->MtuSize = ad->nic_attributes.MaxFrameBytes - CHIM_ETH_BYTES;
    g->MaxXmitLinkSpeed = LINK_SPEED;
    g->XmitLinkSpeed = LINK_SPEED;
    g->MaxRcvLinkSpeed = LINK_SPEED;
    g->RcvLinkSpeed = LINK_SPEED;
    g->LookaheadSize = g->MtuSize;
    g->MacAddressLength = 6;
    memcpy(g->PermanentMacAddress, ad->nic_attributes.MacAddress, 6);
    memcpy(g->CurrentMacAddress, ad->nic_attributes.MacAddress, 6);
    g->IfConnectorPresent = TRUE;
    g->SupportedOidList = (PNDIS_OID)(ULONG_PTR)chim_oid_list;
    g->SupportedOidListLength = chim_oid_list_bytes;
    return NdisMSetMiniportAttributes(ad->handle, &a);
}

static NDIS_STATUS set_offload(struct chim_adapter *ad)
{
    NDIS_TCP_CONNECTION_OFFLOAD capability;
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES a;
    memset(&a, 0, sizeof(a));
    chim_oid_capability(ad, &capability);
    a.OffloadAttributes.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES;
    a.OffloadAttributes.Header.Revision = 1;
    a.OffloadAttributes.Header.Size = sizeof(a.OffloadAttributes);
    a.OffloadAttributes.DefaultTcpConnectionOffloadConfiguration = &capability;
    a.OffloadAttributes.TcpConnectionOffloadHardwareCapabilities = &capability;
    return NdisMSetMiniportAttributes(ad->handle, &a);
}

/* The table is NDIS's: its pointers are copied (REG-HND-2). */
static NDIS_STATUS get_handlers(struct chim_adapter *ad)
{
    PNDIS_OFFLOAD_EVENT_HANDLERS table = NULL;
    NDIS_STATUS status = NdisMGetOffloadHandlers(ad->handle, NdisTcpChimneyOffload, &table);
    if (status != NDIS_STATUS_SUCCESS) {
        return status;
    }
    if (table->Header.Size < sizeof(ad->up)) {
        return NDIS_STATUS_BAD_VERSION;
    }
    memcpy(&ad->up, table, sizeof(ad->up));
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS open_timer(struct chim_adapter *ad, PNDIS_TIMER_FUNCTION fn, NDIS_HANDLE *timer)
{
    NDIS_TIMER_CHARACTERISTICS c;
    memset(&c, 0, sizeof(c));
    c.Header.Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    c.Header.Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1;
    c.Header.Size = sizeof(c);
    c.AllocationTag = CHIM_TAG;
    c.TimerFunction = fn;
    c.FunctionContext = ad;
    NDIS_STATUS status = NdisAllocateTimerObject(ad->handle, &c, timer);
    if (status != NDIS_STATUS_SUCCESS) {
        *timer = NULL;
    }
    return status;
}

static NDIS_STATUS open_nic(struct chim_adapter *ad)
{
    NIC_CLIENT client;
    memset(&client, 0, sizeof(client));
    client.Size = sizeof(client);
    client.Context = ad;
    client.Receive = chim_receive_frames;
    client.TransmitDone = chim_tx_done;
    client.HardwareFailed = chim_hardware_failed;
    NDIS_STATUS status = NicOpen(ad->handle, &client, &ad->nic_attributes, &ad->nic);
    if (status != NDIS_STATUS_SUCCESS) {
        ad->nic = NULL;
    } else if (ad->nic_attributes.MaxFrameBytes < 128) {
        return NDIS_STATUS_FAILURE; /* no room for the headers of a segment */
    }
    return status;
}

static NDIS_STATUS bring_up(struct chim_adapter *ad)
{
    NDIS_STATUS status = set_registration(ad);
    chim_configure(ad);
    if (status == NDIS_STATUS_SUCCESS) {
        status = open_nic(ad);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = set_general(ad);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = set_offload(ad);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = get_handlers(ad);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = chim_nbl_pool_open(ad, &ad->chimney);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = chim_nbl_pool_open(ad, &ad->nonoff);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = open_timer(ad, chim_wheel_fire, &ad->wheel_timer);
    }
    if (status == NDIS_STATUS_SUCCESS) {
        status = open_timer(ad, chim_ops_run, &ad->ops_timer);
    }
    return status;
}

NDIS_STATUS NDIS_CALL chim_initialize_handler(NDIS_HANDLE handle, NDIS_HANDLE driver,
                                              PNDIS_MINIPORT_INIT_PARAMETERS parameters)
{
    (void)driver;
    (void)parameters;
    struct chim_adapter *ad =
        NdisAllocateMemoryWithTagPriority(handle, sizeof(*ad), CHIM_TAG, NormalPoolPriority);
    if (ad == NULL) {
        return NDIS_STATUS_RESOURCES;
    }
    /* The wheel, last, needs only its bitmaps. */
    memset(ad, 0, offsetof(struct chim_adapter, wheel));
    ad->handle = handle;
    ad->buckets = ad->buckets_first;
    ad->bucket_mask = CHIM_BUCKETS_FIRST - 1;
    chim_oid_default_params(&ad->params);
    chim_wheel_init(&ad->wheel, chim_now_ms());
    NdisAllocateSpinLock(&ad->lock);
    NDIS_STATUS status = bring_up(ad);
    if (status != NDIS_STATUS_SUCCESS) {
        chim_teardown(ad);
    }
    return status;
}

VOID NDIS_CALL chim_halt_handler(NDIS_HANDLE adapter, NDIS_HALT_ACTION action)
{
    struct chim_adapter *ad = adapter;
    (void)action;
    CHIM_STORE(ad->running, false);
    NicStop(ad->nic);
    chim_teardown(ad);
}
