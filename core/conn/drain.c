/* SPDX-License-Identifier: MIT
 *
 * The executor of a connection: one upcall after another, none under a lock.
 */
#include "conn/deliver.h"
#include "conn/disconnect.h"
#include "conn/expire.h"
#include "conn/indicate.h"
#include "conn/output.h"
#include "conn/policy.h"
#include "conn/send.h"
#include "conn/upload.h"
#include "state/ops.h"
#include "state/reach.h"

typedef NDIS_TCP_OFFLOAD_SEND_COMPLETE complete_fn;

/* Hands a whole queue of completed lists up. */
static bool complete(struct chim_conn *c, struct chim_nblq *q, complete_fn fn)
{
    PNET_BUFFER_LIST list = chim_nblq_take(q);
    if (list == NULL) {
        return false;
    }
    chim_unlock(&c->lock);
    fn(c->obj.adapter->handle, list);
    chim_conn_lock(c);
    return true;
}

/* A disconnect completion carries exactly one list. */
static bool complete_one(struct chim_conn *c, struct chim_nblq *q, complete_fn fn)
{
    PNET_BUFFER_LIST nbl = chim_nblq_pop(q);
    if (nbl == NULL) {
        return false;
    }
    chim_unlock(&c->lock);
    fn(c->obj.adapter->handle, nbl);
    chim_conn_lock(c);
    return true;
}

static void raise(struct chim_conn *c, TCP_OFFLOAD_EVENT_TYPE event, ULONG information)
{
    chim_unlock(&c->lock);
    c->obj.adapter->up.NdisTcpOffloadEventHandler(c->host, event, information);
    chim_conn_lock(c);
}

/* Before every completion that says REQUEST_ABORTED (RST-IND-1). */
static bool raise_abort(struct chim_conn *c)
{
    if (!c->abort_due || c->terminating) {
        return false;
    }
    if (c->retrieve_due) {
        c->retrieve_due = false; /* of a connection that the card lost (TERM-HW-1) */
        raise(c, TcpIndicateRetrieve, c->retrieve_reason);
        return true;
    }
    c->abort_due = false;
    raise(c, TcpIndicateAbort, 0);
    return true;
}

static bool raise_event(struct chim_conn *c)
{
    TCP_OFFLOAD_EVENT_TYPE event = TcpIndicateRetrieve;
    ULONG information = 0;
    bool running = c->fate == CHIM_RUNNING;
    if (c->terminating) {
        return false; /* the host is taking the connection: no event is due any more */
    }
    if (c->retrieve_due) {
        c->retrieve_due = false;
        information = c->retrieve_reason;
    } else if (running && c->fin_received && !c->disconnect_done && c->ready.bytes == 0) {
        /* Everything before the FIN has been consumed (FIN-IND-1). */
        c->disconnect_done = true;
        event = TcpIndicateDisconnect;
    } else if (chim_policy_due(c)) {
        information = c->policy.due;
        c->policy.due = 0;
    } else if (running && c->backlog_due) {
        c->backlog_due = false;
        event = TcpIndicateSendBacklogChange;
        information = c->backlog;
    } else {
        return false;
    }
    raise(c, event, information);
    return true;
}

/* Looked at again: inside an upcall another connection may have asked for the same neighbor. */
static bool query_due(struct chim_conn *c)
{
    bool due = c->neighbor_due;
    c->neighbor_due = false;
    return due && chim_neighbor_holds(c);
}

/* One upcall, in the order in which the host must see them. False: there is none to make. */
static bool drain_step(struct chim_conn *c)
{
    const NDIS_TCP_OFFLOAD_EVENT_HANDLERS *up = &c->obj.adapter->up;
    if (c->initiating) {
        return false; /* IND-EARLY-1 */
    }
    chim_deliver(c);
    chim_send_settle(c);
    chim_disconnect_settle(c);
    if (complete(c, &c->rx_done, up->NdisTcpOffloadReceiveComplete) ||
        complete(c, &c->tx_done, up->NdisTcpOffloadSendComplete) || raise_abort(c) ||
        complete_one(c, &c->disc_done, up->NdisTcpOffloadDisconnectComplete) ||
        complete(c, &c->fwd_done, up->NdisTcpOffloadForwardComplete)) {
        return true;
    }
    if (raise_event(c) || chim_indicate(c)) {
        return true;
    }
    if (c->retrieve_late) {
        c->retrieve_late = false;
        if (!c->terminating) {
            chim_conn_retrieve(c, (TCP_UPLOAD_REASON)c->retrieve_reason);
        }
        return true;
    }
    if (query_due(c)) {
        chim_neighbor_query(c);
        chim_expire_held(c);
        return true;
    }
    chim_output(c);
    if (c->neighbor_due || (c->retrieve_due && !c->terminating) || c->tx_done.head != NULL ||
        chim_policy_due(c)) {
        return true;
    }
    return c->term_block != NULL && chim_upload_step(c);
}

void chim_conn_drain(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST finished = NULL;
    if (c->busy) {
        chim_output(c); /* sending does not wait for an open callback */
        chim_unlock(&c->lock);
        return;
    }
    c->busy = true;
    while (drain_step(c)) {
    }
    c->busy = false;
    c->neighbor_asked = false;
    if (c->fate == CHIM_DEAD) {
        finished = c->term_root;
        c->term_root = NULL;
    }
    chim_unlock(&c->lock);
    if (finished != NULL) {
        chim_object_drop(&c->obj); /* the host's offload: c may be gone now */
        chim_ops_child_done(ad, finished);
    }
}

void chim_conn_kick(struct chim_conn *c)
{
    chim_conn_lock(c);
    chim_conn_drain(c);
}
