/* SPDX-License-Identifier: MIT */
#include "miniport/hostsend.h"

#include "conn/gather.h"
#include "miniport/tx.h"
#include "wire/packet.h"

/* NET_BUFFERs of the first queued list that are out already. */
#define NEXT_NB(nbl) ((nbl)->MiniportReserved[0])

static void complete(struct chim_adapter *ad, PNET_BUFFER_LIST list)
{
    if (list != NULL) {
        NdisMSendNetBufferListsComplete(ad->handle, list, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    }
}

/* One frame. PENDING: no descriptor. */
static NDIS_STATUS send_frame(struct chim_adapter *ad, const NET_BUFFER *nb)
{
    uint32_t length = nb->DataLength;
    if (length < CHIM_ETH_BYTES || length > ad->nic_attributes.MaxFrameBytes) {
        return NDIS_STATUS_INVALID_LENGTH;
    }
    struct chim_tx *tx = chim_tx_get(ad);
    if (tx == NULL) {
        /* With none on the wire no transmit callback will come. */
        return ad->tx_count == 0 ? NDIS_STATUS_RESOURCES : NDIS_STATUS_PENDING;
    }
    if (!chim_gather(nb, 0, length, tx->frame)) {
        chim_tx_put(ad, tx);
        return NDIS_STATUS_RESOURCES;
    }
    NDIS_STATUS status = chim_tx_send(ad, tx, length);
    if (status == NDIS_STATUS_RESOURCES) {
        chim_tx_put(ad, tx);
        return NDIS_STATUS_PENDING;
    }
    return status;
}

/* All frames of a list from where it stopped. PENDING: to be continued. */
static NDIS_STATUS hostsend_send_list(struct chim_adapter *ad, PNET_BUFFER_LIST nbl)
{
    NDIS_STATUS result = nbl->Status;
    for (PNET_BUFFER nb = NEXT_NB(nbl); nb != NULL; nb = nb->Next) {
        NDIS_STATUS status = send_frame(ad, nb);
        if (status == NDIS_STATUS_PENDING) {
            NEXT_NB(nbl) = nb;
            nbl->Status = result; /* of the frames before it */
            return status;
        }
        if (status != NDIS_STATUS_SUCCESS) {
            result = status;
        }
    }
    return result;
}

/* Sends from the head of the queue until a descriptor is missing. One at a time does this, so that
 * frames keep their order. */
void chim_hostsend_continue(struct chim_adapter *ad)
{
    struct chim_nblq done = {NULL, NULL};
    chim_lock(&ad->lock);
    if (ad->host_sends_busy || ad->host_sends.head == NULL) {
        chim_unlock(&ad->lock);
        return;
    }
    ad->host_sends_busy = true;
    while (ad->host_sends.head != NULL) {
        PNET_BUFFER_LIST nbl = chim_nblq_pop(&ad->host_sends);
        chim_unlock(&ad->lock);
        NDIS_STATUS status = hostsend_send_list(ad, nbl);
        chim_lock(&ad->lock);
        if (status == NDIS_STATUS_PENDING) {
            nbl->Next = ad->host_sends.head;
            ad->host_sends.head = nbl;
            if (ad->host_sends.tail == NULL) {
                ad->host_sends.tail = nbl;
            }
            break;
        }
        nbl->Status = status;
        chim_nblq_append(&done, nbl);
    }
    ad->host_sends_busy = false;
    chim_unlock(&ad->lock);
    complete(ad, done.head);
}

void chim_hostsend_flush(struct chim_adapter *ad, NDIS_STATUS status)
{
    chim_lock(&ad->lock);
    PNET_BUFFER_LIST list = chim_nblq_take(&ad->host_sends);
    chim_unlock(&ad->lock);
    for (PNET_BUFFER_LIST nbl = list; nbl != NULL; nbl = nbl->Next) {
        nbl->Status = status;
    }
    complete(ad, list);
}

VOID NDIS_CALL chim_hostsend_handler(NDIS_HANDLE adapter, PNET_BUFFER_LIST list,
                                     NDIS_PORT_NUMBER port, ULONG flags)
{
    struct chim_adapter *ad = adapter;
    KIRQL old = chim_enter();
    (void)port;
    (void)flags;
    chim_lock(&ad->lock);
    bool running = ad->running;
    for (PNET_BUFFER_LIST nbl = list; nbl != NULL;) {
        PNET_BUFFER_LIST next = nbl->Next;
        if (running) {
            NEXT_NB(nbl) = nbl->FirstNetBuffer;
            nbl->Status = NDIS_STATUS_SUCCESS;
            chim_nblq_append(&ad->host_sends, nbl);
        } else {
            nbl->Status = NDIS_STATUS_PAUSED;
        }
        nbl = next;
    }
    chim_unlock(&ad->lock);
    if (running) {
        chim_hostsend_continue(ad);
    } else {
        complete(ad, list);
    }
    chim_leave(old);
}

VOID NDIS_CALL chim_hostsend_cancel(NDIS_HANDLE adapter, PVOID cancel_id)
{
    struct chim_adapter *ad = adapter;
    struct chim_nblq kept = {NULL, NULL};
    struct chim_nblq cancelled = {NULL, NULL};
    KIRQL old = chim_enter();
    chim_lock(&ad->lock);
    while (ad->host_sends.head != NULL) {
        PNET_BUFFER_LIST nbl = chim_nblq_pop(&ad->host_sends);
        if (NET_BUFFER_LIST_INFO(nbl, NetBufferListCancelId) == cancel_id) {
            nbl->Status = NDIS_STATUS_SEND_ABORTED;
            chim_nblq_append(&cancelled, nbl);
        } else {
            chim_nblq_append(&kept, nbl);
        }
    }
    ad->host_sends = kept;
    chim_unlock(&ad->lock);
    complete(ad, cancelled.head);
    chim_leave(old);
}
