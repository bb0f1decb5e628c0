/* SPDX-License-Identifier: MIT */
#include "conn/deliver.h"

#include "conn/holder.h"
#include "conn/indicate.h"
#include "conn/policy.h"
#include "tcp/seq.h"

#include <string.h>

/* While a request waits, its list keeps here: bytes placed, bytes wanted. */
#define PLACED(nbl) ((nbl)->MiniportReserved[0])
#define WANTED(nbl) ((nbl)->MiniportReserved[1])

static uint32_t placed(const NET_BUFFER_LIST *nbl)
{
    return (uint32_t)(ULONG_PTR)PLACED(nbl);
}

static uint32_t wanted(const NET_BUFFER_LIST *nbl)
{
    return (uint32_t)(ULONG_PTR)WANTED(nbl);
}

static bool push_mode(const NET_BUFFER_LIST *nbl)
{
    return (UCHAR)(ULONG_PTR)NET_BUFFER_LIST_INFO(nbl, TcpReceiveNoPush) == FALSE;
}

static bool prefilled(const NET_BUFFER_LIST *nbl)
{
    return (ULONG)(ULONG_PTR)NET_BUFFER_LIST_INFO(nbl, TcpReceiveBytesTransferred) != 0;
}

/* The first request leaves the queue with this result. */
static void finish_first(struct chim_conn *c, NDIS_STATUS status)
{
    PNET_BUFFER_LIST nbl = chim_nblq_pop(&c->posts);
    uint32_t bytes = placed(nbl);
    if (bytes != 0) {
        NdisAdvanceNetBufferDataStart(nbl->FirstNetBuffer, bytes, FALSE, NULL);
    }
    NET_BUFFER_LIST_INFO(nbl, TcpOffloadBytesTransferred) = (PVOID)(ULONG_PTR)bytes;
    nbl->Status = status;
    chim_nblq_append(&c->rx_done, nbl);
    c->post_mdl = NULL;
    c->push_seen = false;
    chim_timer_clear(c, CHIM_T_PUSH);
}

static void finish_all(struct chim_conn *c, NDIS_STATUS status)
{
    while (c->posts.head != NULL) {
        finish_first(c, status);
    }
}

/* Copies up to length bytes to the fill position. Fewer: an MDL could not be mapped or the chain is
 * shorter than its NET_BUFFER says. */
static uint32_t deliver_fill(struct chim_conn *c, const uint8_t *data, uint32_t length)
{
    uint32_t done = 0;
    while (done < length && c->post_mdl != NULL) {
        PVOID base = NULL;
        UINT bytes = 0;
        NdisQueryMdl(c->post_mdl, &base, &bytes, NormalPagePriority);
        if (bytes != 0 && base == NULL) {
            break;
        }
        if (c->post_mdl_offset >= bytes) {
            c->post_mdl_offset -= bytes;
            c->post_mdl = c->post_mdl->Next;
            continue;
        }
        uint32_t chunk = chim_min32(bytes - c->post_mdl_offset, length - done);
        memcpy((uint8_t *)base + c->post_mdl_offset, data + done, chunk);
        c->post_mdl_offset += chunk;
        done += chunk;
    }
    return done;
}

/* Places bytes of the first holder into the first request. False: stuck. */
static bool deliver_place(struct chim_conn *c)
{
    PNET_BUFFER_LIST nbl = c->posts.head;
    struct chim_seg *seg = c->ready.head;
    if (c->post_mdl == NULL) {
        c->post_mdl = nbl->FirstNetBuffer->CurrentMdl;
        c->post_mdl_offset = nbl->FirstNetBuffer->CurrentMdlOffset;
    }
    uint32_t room = wanted(nbl) - placed(nbl);
    uint32_t bytes = deliver_fill(c, seg->data, chim_min32(room, seg->len));
    if (bytes == 0) {
        chim_indicate_starve(c);
        return false;
    }
    c->push_seen = c->push_seen || (seg->flags & CHIM_SEG_PUSH) != 0;
    PLACED(nbl) = (PVOID)(ULONG_PTR)(placed(nbl) + bytes);
    chim_hold_free(c->obj.adapter, chim_segq_consume(&c->ready, bytes));
    return true;
}

static void start_push_timer(struct chim_conn *c)
{
    chim_timer_set_ticks(c, CHIM_T_PUSH, CHIM_LOAD(c->obj.adapter->params.push_ticks));
}

/* Bytes into requests, until one of them runs out. */
static void place_all(struct chim_conn *c)
{
    while (c->posts.head != NULL) {
        PNET_BUFFER_LIST nbl = c->posts.head;
        if (wanted(nbl) == 0) {
            finish_first(c, NDIS_STATUS_SUCCESS); /* only re-arms indications (RCV-ZERO-1) */
            continue;
        }
        if (c->ready.bytes == 0 || !deliver_place(c)) {
            return;
        }
        /* PSH pushes once everything that has come is placed (RCV-PUSH-1). */
        if (placed(nbl) == wanted(nbl) || (c->push_seen && c->ready.bytes == 0 && push_mode(nbl))) {
            finish_first(c, NDIS_STATUS_SUCCESS);
        } else if (push_mode(nbl)) {
            start_push_timer(c); /* each arrival restarts it (Q5) */
        }
    }
}

static void deliver_running(struct chim_conn *c)
{
    uint32_t before = c->ready.bytes;
    if (c->disconnect_done) {
        finish_all(c, NDIS_STATUS_INVALID_STATE); /* RCV-ST-INV-1 */
        return;
    }
    place_all(c);
    PNET_BUFFER_LIST first = c->posts.head;
    if (c->fin_received && c->ready.bytes == 0) {
        finish_all(c, NDIS_STATUS_SUCCESS); /* FIN pushes what is there (FIN-IND-2, Q8) */
    } else if (first != NULL && push_mode(first) && prefilled(first) &&
               c->deadline[CHIM_T_PUSH] == 0) {
        start_push_timer(c); /* RCV-PRE-1 */
    }
    if (c->ready.bytes != before) {
        chim_deliver_window(c);
    }
}

void chim_deliver(struct chim_conn *c)
{
    if (c->term_block != NULL || c->fate == CHIM_DEAD) {
        finish_all(c, c->fate == CHIM_ABORTED ? NDIS_STATUS_REQUEST_ABORTED
                                              : NDIS_STATUS_UPLOAD_IN_PROGRESS);
    } else if (c->fate == CHIM_ABORTED) {
        if (!c->abort_due) {
            finish_all(c, NDIS_STATUS_REQUEST_ABORTED); /* after the event (RST-IND-1) */
        }
    } else if (c->fate == CHIM_FROZEN) {
        if (!c->retrieve_due) {
            finish_all(c, NDIS_STATUS_UPLOAD_IN_PROGRESS);
        }
    } else if (!c->terminating) {
        deliver_running(c);
    }
}

void chim_deliver_push(struct chim_conn *c)
{
    PNET_BUFFER_LIST first = c->posts.head;
    if (c->fate != CHIM_RUNNING || c->terminating || first == NULL || !push_mode(first)) {
        return;
    }
    if (placed(first) != 0 || prefilled(first)) {
        finish_first(c, NDIS_STATUS_SUCCESS);
    }
}

void chim_deliver_window(struct chim_conn *c)
{
    uint32_t scale = chim_conn_scale(c);
    uint32_t open = chim_conn_window(c) >> scale << scale;
    uint32_t known = chim_seq_gt(c->rcv_told, c->rcv_nxt) ? c->rcv_told - c->rcv_nxt : 0;
    uint32_t step = chim_min32(c->given_cached.InitialRcvWnd / 2, 2u * c->mss);
    if (open > known && open - known >= chim_max32(step, 1)) {
        c->ack_now = true;
    }
}

NDIS_STATUS NDIS_CALL chim_receive_handler(NDIS_HANDLE adapter, PVOID context,
                                           PNET_BUFFER_LIST list)
{
    struct chim_conn *c = chim_conn_of(context);
    KIRQL old = chim_enter();
    (void)adapter;
    chim_object_hold(&c->obj);
    chim_conn_lock(c);
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        uint32_t length = list->FirstNetBuffer == NULL ? 0 : list->FirstNetBuffer->DataLength;
        PLACED(list) = NULL;
        WANTED(list) = (PVOID)(ULONG_PTR)length;
        chim_nblq_append(&c->posts, list);
        chim_policy_requested(c, length);
        list = next;
    }
    c->armed = true;
    c->rearmed = true;
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    chim_leave(old);
    return NDIS_STATUS_PENDING;
}
