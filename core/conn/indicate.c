/* SPDX-License-Identifier: MIT */
#include "conn/indicate.h"

#include "conn/deliver.h"
#include "conn/holder.h"
#include "miniport/nbl.h"
#include "miniport/tx.h"

#define STARVED_RETRY_MS 10u

/* A chimney list keeps its holder here while the host has it. */
#define HOLDER(nbl) ((nbl)->MiniportReserved[0])

static struct chim_seg *take_first(struct chim_segq *q)
{
    struct chim_seg *seg = q->head;
    q->head = seg->next;
    if (q->head == NULL) {
        q->tail = NULL;
    }
    q->bytes -= seg->len;
    seg->next = NULL;
    return seg;
}

static void put_first(struct chim_segq *q, struct chim_seg *seg)
{
    seg->next = q->head;
    q->head = seg;
    if (q->tail == NULL) {
        q->tail = seg;
    }
    q->bytes += seg->len;
}

void chim_indicate_starve(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_timer_start(c, CHIM_T_RETRY, STARVED_RETRY_MS);
    if (c->starved) {
        return;
    }
    c->starved = true;
    chim_object_hold(&c->obj);
    chim_lock(&ad->lock);
    c->starved_next = ad->starved;
    ad->starved = c;
    chim_unlock(&ad->lock);
}

/* The host left bytes: they stay first in line, and no more is indicated until it posts. */
static void keep_rest(struct chim_conn *c, PNET_BUFFER_LIST nbl, struct chim_seg *seg,
                      uint32_t consumed)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_nbl_put(ad, &ad->chimney, nbl);
    put_first(&c->ready, seg);
    chim_hold_free(ad, chim_segq_consume(&c->ready, consumed));
    if (c->fate == CHIM_ABORTED) {
        chim_conn_drop_received(c);
    }
    c->armed = c->rearmed; /* a request posted meanwhile re-arms (IND-RACE-1) */
}

static uint32_t consumed_of(NDIS_STATUS status, ULONG reported, uint32_t length)
{
    if (status == NDIS_STATUS_SUCCESS) {
        return length;
    }
    if (status != NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED) {
        return 0;
    }
    return reported < length ? reported : length;
}

PNET_BUFFER_LIST chim_indicate_list(struct chim_adapter *ad, struct chim_seg *seg)
{
    PNET_BUFFER_LIST nbl =
        chim_nbl_get(ad, &ad->chimney, chim_hold_mdl(seg), chim_hold_offset(seg), seg->len);
    if (nbl != NULL) {
        HOLDER(nbl) = seg;
    }
    return nbl;
}

bool chim_indicate(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    if (c->fate != CHIM_RUNNING || c->terminating || c->ready.bytes == 0 || !c->armed ||
        c->posts.head != NULL) {
        return false;
    }
    struct chim_seg *seg = c->ready.head;
    PNET_BUFFER_LIST nbl = chim_indicate_list(ad, seg);
    if (nbl == NULL) {
        chim_indicate_starve(c);
        return false;
    }
    seg = take_first(&c->ready);
    uint32_t length = seg->len;
    c->indicated_bytes = length;
    c->rearmed = false;
    chim_unlock(&c->lock);
    ULONG reported = 0;
    NDIS_STATUS status =
        ad->up.NdisTcpOffloadReceiveHandler(c->host, nbl, NDIS_STATUS_SUCCESS, &reported);
    chim_conn_lock(c);
    c->indicated_bytes = 0;
    if (status != NDIS_STATUS_SUCCESS) {
        keep_rest(c, nbl, seg, consumed_of(status, reported, length));
    }
    if (c->fate == CHIM_RUNNING && !c->terminating) {
        chim_deliver_window(c);
    }
    return true;
}

NDIS_STATUS NDIS_CALL chim_receive_return_handler(NDIS_HANDLE adapter, PNET_BUFFER_LIST list)
{
    struct chim_adapter *ad = adapter;
    KIRQL old = chim_enter();
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        struct chim_seg *seg = HOLDER(list);
        seg->next = NULL;
        chim_hold_free(ad, seg);
        chim_nbl_put(ad, &ad->chimney, list);
        list = next;
    }
    chim_lock(&ad->lock);
    struct chim_conn *starved = ad->starved;
    ad->starved = NULL;
    chim_unlock(&ad->lock);
    while (starved != NULL) {
        struct chim_conn *c = starved;
        starved = c->starved_next;
        chim_conn_lock(c);
        c->starved = false;
        chim_conn_drain(c);
        chim_object_drop(&c->obj);
    }
    if (CHIM_LOAD(ad->tx_waiting) != NULL) {
        chim_tx_resume(ad);
    }
    chim_leave(old);
    return NDIS_STATUS_SUCCESS;
}
