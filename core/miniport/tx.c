/* SPDX-License-Identifier: MIT */
#include "miniport/tx.h"

#include "conn/conn.h"
#include "miniport/hostsend.h"
#include "wire/header.h"

struct chim_tx *chim_tx_get(struct chim_adapter *ad)
{
    uint32_t slots = ad->nic_attributes.TransmitSlots;
    uint32_t bytes = ad->nic_attributes.MaxFrameBytes;
    chim_lock(&ad->lock);
    struct chim_tx *tx = ad->tx_free;
    if (tx != NULL) {
        ad->tx_free = tx->next;
    } else if (ad->tx_count < slots + 1) {
        bytes = bytes < CHIM_FRAME_BYTES_MIN ? CHIM_FRAME_BYTES_MIN : bytes;
        tx = chim_alloc(ad, (uint32_t)sizeof(*tx) + bytes);
        if (tx != NULL) {
            ad->tx_count++;
            tx->all_next = ad->tx_all;
            ad->tx_all = tx;
        }
    }
    chim_unlock(&ad->lock);
    return tx;
}

void chim_tx_put(struct chim_adapter *ad, struct chim_tx *tx)
{
    chim_lock(&ad->lock);
    tx->next = ad->tx_free;
    ad->tx_free = tx;
    chim_unlock(&ad->lock);
}

NDIS_STATUS chim_tx_send(struct chim_adapter *ad, struct chim_tx *tx, uint32_t length)
{
    tx->nic.Next = NULL;
    tx->nic.SegmentCount = 1;
    tx->nic.Segment[0].Data = tx->frame;
    tx->nic.Segment[0].Length = length;
    NDIS_STATUS status = NicTransmit(ad->nic, &tx->nic);
    if (status != NDIS_STATUS_SUCCESS && status != NDIS_STATUS_RESOURCES) {
        chim_tx_put(ad, tx);
    }
    return status;
}

void chim_tx_free_all(struct chim_adapter *ad)
{
    while (ad->tx_all != NULL) {
        struct chim_tx *tx = ad->tx_all;
        ad->tx_all = tx->all_next;
        NdisFreeMemory(tx, 0, 0);
    }
    ad->tx_free = NULL;
    ad->tx_count = 0;
}

void chim_tx_wait(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    if (c->tx_queued) {
        return;
    }
    c->tx_queued = true;
    chim_object_hold(&c->obj);
    chim_lock(&ad->lock);
    c->tx_next = ad->tx_waiting;
    ad->tx_waiting = c;
    chim_unlock(&ad->lock);
}

void chim_tx_resume(struct chim_adapter *ad)
{
    chim_lock(&ad->lock);
    struct chim_conn *waiting = ad->tx_waiting;
    ad->tx_waiting = NULL;
    chim_unlock(&ad->lock);
    while (waiting != NULL) {
        struct chim_conn *c = waiting;
        waiting = c->tx_next;
        chim_conn_lock(c);
        c->tx_queued = false;
        chim_conn_drain(c);
        chim_object_drop(&c->obj);
    }
}

VOID NDIS_CALL chim_tx_done(PVOID context, PNIC_TX completed)
{
    struct chim_adapter *ad = context;
    chim_lock(&ad->lock);
    while (completed != NULL) {
        struct chim_tx *tx = (struct chim_tx *)(void *)completed;
        completed = completed->Next;
        tx->next = ad->tx_free;
        ad->tx_free = tx;
    }
    chim_unlock(&ad->lock);
    chim_hostsend_continue(ad);
    chim_tx_resume(ad);
}
