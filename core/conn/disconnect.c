/* SPDX-License-Identifier: MIT */
#include "conn/disconnect.h"

#include "conn/output.h"
#include "conn/send.h"

static void finish(struct chim_conn *c, PNET_BUFFER_LIST nbl, NDIS_STATUS status)
{
    nbl->Status = status;
    chim_nblq_append(&c->disc_done, nbl);
}

/* Never begun: nothing of it was sent. */
static void refuse(struct chim_conn *c, PNET_BUFFER_LIST nbl, NDIS_STATUS status)
{
    chim_send_result(nbl, status, 0);
    chim_nblq_append(&c->disc_done, nbl);
}

void chim_disconnect_fin_acked(struct chim_conn *c)
{
    if (c->disc_nbl != NULL) {
        PNET_BUFFER_LIST nbl = c->disc_nbl;
        c->disc_nbl = NULL;
        finish(c, nbl, NDIS_STATUS_SUCCESS);
    }
    if (c->state == TcpConnectionFinWait1) {
        chim_conn_set_state(c, TcpConnectionFinWait2);
    } else if (c->state == TcpConnectionClosing) {
        chim_conn_set_state(c, TcpConnectionTimeWait);
        c->retrieve_late = true;
        c->retrieve_reason = TimeoutExpiration;
    } else if (c->state == TcpConnectionLastAck) {
        chim_conn_set_state(c, TcpConnectionClosed);
        chim_timer_stop_all(c);
        c->rtx_mode = CHIM_RTX_OFF;
    }
}

static void uploading(struct chim_conn *c)
{
    if (c->disc_nbl != NULL) {
        PNET_BUFFER_LIST nbl = c->disc_nbl;
        chim_send_remove(c, nbl);
        c->disc_nbl = NULL;
        finish(c, nbl, NDIS_STATUS_UPLOAD_IN_PROGRESS);
    }
    if (c->abort_nbl != NULL) {
        refuse(c, c->abort_nbl, NDIS_STATUS_UPLOAD_IN_PROGRESS);
        c->abort_nbl = NULL;
    }
}

void chim_disconnect_settle(struct chim_conn *c)
{
    if (c->fate == CHIM_ABORTED) {
        if (c->abort_due && !c->terminating) {
            return; /* after the event (RST-IND-1) */
        }
        if (c->disc_nbl != NULL) {
            finish(c, c->disc_nbl, NDIS_STATUS_REQUEST_ABORTED);
            c->disc_nbl = NULL;
        }
        /* The abort itself is done once its RST has left (DISC-RST-2). */
        if (c->abort_nbl != NULL && (!c->rst_due || c->term_block != NULL)) {
            refuse(c, c->abort_nbl,
                   c->rst_due ? NDIS_STATUS_UPLOAD_IN_PROGRESS : NDIS_STATUS_SUCCESS);
            c->abort_nbl = NULL;
            c->rst_due = false;
        }
    } else if (c->term_block != NULL || c->fate == CHIM_DEAD) {
        uploading(c);
    }
}

static bool rst_is_due(uint8_t state)
{
    return state == TcpConnectionEstablished || state == TcpConnectionFinWait1 ||
           state == TcpConnectionFinWait2 || state == TcpConnectionCloseWait;
}

static void abort_locally(struct chim_conn *c, PNET_BUFFER_LIST nbl)
{
    /* Only a local abort sends RST, and only where RFC 9293 section 3.10.5 has one. */
    c->rst_due = rst_is_due(c->state);
    chim_conn_abort(c, false);
    c->abort_nbl = nbl;
    chim_output(c); /* at once, whatever callback is open (DISC-RST-1) */
}

static void close_gracefully(struct chim_conn *c, PNET_BUFFER_LIST nbl)
{
    c->disc_nbl = nbl;
    chim_send_append(c, nbl);
    c->fin_queued = true; /* the state changes when the FIN goes out */
}

NDIS_STATUS NDIS_CALL chim_disconnect_handler(NDIS_HANDLE adapter, PVOID context,
                                              PNET_BUFFER_LIST nbl, ULONG flags)
{
    struct chim_conn *c = chim_conn_of(context);
    KIRQL old = chim_enter();
    (void)adapter;
    chim_object_hold(&c->obj);
    chim_conn_lock(c);
    if (c->fate == CHIM_ABORTED) {
        refuse(c, nbl, NDIS_STATUS_REQUEST_ABORTED);
    } else if (c->fate != CHIM_RUNNING || c->terminating) {
        refuse(c, nbl, NDIS_STATUS_UPLOAD_IN_PROGRESS);
    } else if ((flags & TCP_DISCONNECT_ABORTIVE_CLOSE) != 0) {
        abort_locally(c, nbl);
    } else if (c->fin_queued ||
               (c->state != TcpConnectionEstablished && c->state != TcpConnectionCloseWait)) {
        refuse(c, nbl, NDIS_STATUS_REQUEST_ABORTED); /* closed already: the host's own mistake */
    } else {
        close_gracefully(c, nbl);
    }
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    chim_leave(old);
    return NDIS_STATUS_PENDING;
}
