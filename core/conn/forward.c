/* SPDX-License-Identifier: MIT */
#include "conn/forward.h"

#include "conn/gather.h"
#include "conn/input.h"

#include <string.h>

#define TCP_HEADER_MAX 60u

/* The header in one piece; the payload stays where it is and is copied only if it must be kept. */
static bool open_segment(PNET_BUFFER nb, uint8_t *header, struct chim_arrival *a)
{
    if (nb == NULL || !chim_gather(nb, 0, CHIM_TCP_BYTES, header)) {
        return false;
    }
    uint32_t bytes = (uint32_t)(header[12] >> 4) * 4;
    if (bytes < CHIM_TCP_BYTES || !chim_gather(nb, 0, bytes, header)) {
        return false;
    }
    a->frame = NULL;
    a->nb = nb;
    return chim_segment_parse(header, nb->DataLength, &a->seg);
}

/* FWD-ST-1: what was not processed goes back to the host as such, and has had no effect. */
static NDIS_STATUS forward_segment(struct chim_conn *c, PNET_BUFFER_LIST nbl)
{
    uint8_t header[TCP_HEADER_MAX];
    struct chim_arrival a;
    if (c->fate == CHIM_ABORTED) {
        return NDIS_STATUS_REQUEST_ABORTED;
    }
    if (c->fate != CHIM_RUNNING || c->terminating) {
        return NDIS_STATUS_UPLOAD_IN_PROGRESS;
    }
    memset(&a, 0, sizeof(a));
    if (!open_segment(nbl->FirstNetBuffer, header, &a)) {
        return NDIS_STATUS_SUCCESS; /* discarding it is processing */
    }
    if (chim_input(c, &a) == CHIM_INPUT_UP && c->fate == CHIM_FROZEN) {
        return NDIS_STATUS_UPLOAD_IN_PROGRESS;
    }
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NDIS_CALL chim_forward_handler(NDIS_HANDLE adapter, PVOID context,
                                           PNET_BUFFER_LIST list)
{
    struct chim_conn *c = chim_conn_of(context);
    KIRQL old = chim_enter();
    (void)adapter;
    chim_object_hold(&c->obj);
    chim_conn_lock(c);
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        list->Status = forward_segment(c, list);
        chim_nblq_append(&c->fwd_done, list);
        list = next;
    }
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    chim_leave(old);
    return NDIS_STATUS_PENDING;
}
