/* SPDX-License-Identifier: MIT */
#include "miniport/power.h"

#include "miniport/hostsend.h"

NDIS_STATUS NDIS_CALL chim_pause_handler(NDIS_HANDLE adapter,
                                         PNDIS_MINIPORT_PAUSE_PARAMETERS parameters)
{
    struct chim_adapter *ad = adapter;
    (void)parameters;
    NicStop(ad->nic);
    KIRQL old = chim_enter();
    chim_lock(&ad->lock);
    CHIM_STORE(ad->running, false);
    ad->pause_pending = ad->nonoff.out != 0;
    bool pending = ad->pause_pending;
    chim_unlock(&ad->lock);
    chim_hostsend_flush(ad, NDIS_STATUS_PAUSED);
    chim_leave(old);
    return pending ? NDIS_STATUS_PENDING : NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NDIS_CALL chim_restart_handler(NDIS_HANDLE adapter,
                                           PNDIS_MINIPORT_RESTART_PARAMETERS parameters)
{
    struct chim_adapter *ad = adapter;
    (void)parameters;
    CHIM_STORE(ad->running, true);
    NicStart(ad->nic);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NDIS_CALL chim_reset_handler(NDIS_HANDLE adapter, PBOOLEAN addressing_reset)
{
    KIRQL old = chim_enter();
    /* Connections are software here and survive; only queued host frames are lost. */
    chim_hostsend_flush(adapter, NDIS_STATUS_RESET_IN_PROGRESS);
    chim_leave(old);
    *addressing_reset = FALSE;
    return NDIS_STATUS_SUCCESS;
}

void chim_pause_check(struct chim_adapter *ad)
{
    chim_lock(&ad->lock);
    bool done = ad->pause_pending && ad->nonoff.out == 0;
    if (done) {
        ad->pause_pending = false;
    }
    chim_unlock(&ad->lock);
    if (done) {
        NdisMPauseComplete(ad->handle);
    }
}

NDIS_STATUS chim_power_set(struct chim_adapter *ad, PNDIS_OID_REQUEST request)
{
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    NDIS_DEVICE_POWER_STATE *state = request->DATA.SET_INFORMATION.InformationBuffer;
    if (request->DATA.SET_INFORMATION.InformationBufferLength < sizeof(*state)) {
        request->DATA.SET_INFORMATION.BytesNeeded = sizeof(*state);
        return NDIS_STATUS_INVALID_LENGTH;
    }
    request->DATA.SET_INFORMATION.BytesRead = sizeof(*state);
    chim_lock(&ad->lock);
    if (*state != NdisDeviceStateD0 && ad->connections != 0) {
        ad->power_request = request;
        status = NDIS_STATUS_PENDING;
    }
    chim_unlock(&ad->lock);
    return status;
}

void chim_power_check(struct chim_adapter *ad)
{
    PNDIS_OID_REQUEST request = NULL;
    chim_lock(&ad->lock);
    if (ad->connections == 0) {
        request = ad->power_request;
        ad->power_request = NULL;
    }
    chim_unlock(&ad->lock);
    if (request != NULL) {
        NdisMOidRequestComplete(ad->handle, request, NDIS_STATUS_SUCCESS);
    }
}
