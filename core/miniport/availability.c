/* SPDX-License-Identifier: MIT */
#include "miniport/availability.h"

#include "conn/conn.h"
#include "miniport/oid.h"
#include "state/ops.h"

#include <string.h>

static void availability_indicate(struct chim_adapter *ad, NDIS_STATUS code, void *buffer,
                                  ULONG bytes)
{
    NDIS_STATUS_INDICATION status;
    memset(&status, 0, sizeof(status));
    status.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    status.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    status.Header.Size = sizeof(status);
    status.SourceHandle = ad->handle;
    status.StatusCode = code;
    status.StatusBuffer = buffer;
    status.StatusBufferSize = bytes;
    NdisMIndicateStatusEx(ad->handle, &status);
}

void chim_availability_review(struct chim_adapter *ad)
{
    bool pause = false;
    bool resume = false;
    chim_lock(&ad->lock);
    if (ad->offload_paused) {
        uint32_t few = ad->emptying ? 0 : ad->capacity - (ad->capacity + 3) / 4;
        resume = !ad->halting && ad->connections <= few;
    } else {
        pause = ad->connections >= ad->capacity;
    }
    if (pause || resume) {
        ad->offload_paused = pause;
        ad->emptying = false;
    }
    chim_unlock(&ad->lock);
    if (pause) {
        availability_indicate(ad, NDIS_STATUS_OFFLOAD_PAUSE, NULL, 0);
    } else if (resume) {
        NDIS_TCP_CONNECTION_OFFLOAD capability;
        chim_oid_capability(ad, &capability);
        availability_indicate(ad, NDIS_STATUS_OFFLOAD_RESUME, &capability, sizeof(capability));
    }
}

void chim_availability_upload_all(struct chim_adapter *ad)
{
    chim_lock(&ad->lock);
    bool some = ad->connections != 0;
    bool paused = ad->offload_paused;
    if (some) {
        ad->offload_paused = true;
        ad->emptying = true;
    }
    chim_unlock(&ad->lock);
    if (some && !paused) {
        availability_indicate(ad, NDIS_STATUS_OFFLOAD_PAUSE, NULL, 0);
    }
    if (some) {
        availability_indicate(ad, NDIS_STATUS_UPLOAD_ALL, NULL, 0);
    }
}

static void fail(struct chim_conn *c)
{
    chim_conn_lock(c);
    chim_conn_fail(c);
    chim_conn_drain(c);
}

VOID NDIS_CALL chim_hardware_failed(PVOID context)
{
    chim_ops_each_conn(context, fail);
}
