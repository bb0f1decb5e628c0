/* SPDX-License-Identifier: MIT */
#include "conn/send.h"

#include "conn/policy.h"
#include "tcp/seq.h"

/* While a send waits, its list keeps its length here. */
#define LENGTH(nbl) ((nbl)->MiniportReserved[1])

static uint32_t length_of(const NET_BUFFER_LIST *nbl)
{
    return (uint32_t)(ULONG_PTR)LENGTH(nbl);
}

uint32_t chim_send_list_bytes(const NET_BUFFER_LIST *nbl)
{
    uint32_t bytes = 0;
    for (const NET_BUFFER *nb = nbl->FirstNetBuffer; nb != NULL; nb = nb->Next) {
        bytes += nb->DataLength;
    }
    return bytes;
}

void chim_send_result(PNET_BUFFER_LIST nbl, NDIS_STATUS status, uint32_t bytes)
{
    uint32_t left = bytes;
    for (PNET_BUFFER nb = nbl->FirstNetBuffer; nb != NULL && left != 0; nb = nb->Next) {
        uint32_t part = chim_min32(left, nb->DataLength);
        if (part != 0) {
            NdisAdvanceNetBufferDataStart(nb, part, FALSE, NULL);
        }
        left -= part;
    }
    NET_BUFFER_LIST_INFO(nbl, TcpOffloadBytesTransferred) = (PVOID)(ULONG_PTR)bytes;
    nbl->Status = status;
}

static PNET_BUFFER_LIST pop(struct chim_conn *c)
{
    PNET_BUFFER_LIST nbl = chim_nblq_pop(&c->sends);
    for (uint32_t i = 0; i < 2; i++) {
        if (c->cursor[i].nbl == nbl) {
            c->cursor[i].nbl = NULL; /* it is about to be the host's again */
        }
    }
    return nbl;
}

/* Lists that are acknowledged to their end, empty ones included. */
static void complete_covered(struct chim_conn *c)
{
    while (c->sends.head != NULL && c->una_offset >= length_of(c->sends.head)) {
        uint32_t bytes = length_of(c->sends.head);
        PNET_BUFFER_LIST nbl = pop(c);
        c->una_offset -= bytes;
        chim_send_result(nbl, NDIS_STATUS_SUCCESS, bytes);
        if (nbl != c->disc_nbl) {
            chim_nblq_append(&c->tx_done, nbl);
        }
    }
}

void chim_send_append(struct chim_conn *c, PNET_BUFFER_LIST nbl)
{
    uint32_t bytes = chim_send_list_bytes(nbl);
    LENGTH(nbl) = (PVOID)(ULONG_PTR)bytes;
    c->snd_end += bytes;
    chim_nblq_append(&c->sends, nbl);
    if (c->sends.head == nbl) {
        complete_covered(c);
    }
}

void chim_send_acked(struct chim_conn *c, uint32_t bytes)
{
    c->una_offset += bytes;
    complete_covered(c);
}

void chim_send_settle(struct chim_conn *c)
{
    bool dead = c->fate == CHIM_DEAD;
    if (!dead && (c->fate != CHIM_ABORTED || (c->abort_due && !c->terminating))) {
        return;
    }
    while (c->sends.head != NULL) {
        PNET_BUFFER_LIST nbl = pop(c);
        uint32_t bytes = chim_min32(c->una_offset, length_of(nbl));
        c->una_offset = 0;
        chim_send_result(nbl, dead ? NDIS_STATUS_UPLOAD_IN_PROGRESS : NDIS_STATUS_REQUEST_ABORTED,
                         bytes);
        if (nbl != c->disc_nbl) {
            chim_nblq_append(&c->tx_done, nbl);
        }
    }
}

/* ---- Position of a byte -----------------------------------------------------------------------
 */

static void enter_nb(struct chim_cursor *at, PNET_BUFFER nb)
{
    at->nb = nb;
    if (nb != NULL) {
        at->mdl = nb->CurrentMdl;
        at->mdl_offset = nb->CurrentMdlOffset;
        at->nb_left = nb->DataLength;
    }
}

/* Moves to a NET_BUFFER with bytes left. Only bytes that are queued are asked for, so there is one.
 */
static void settle_cursor(struct chim_cursor *at)
{
    while (at->nb == NULL || at->nb_left == 0) {
        if (at->nb != NULL && at->nb->Next != NULL) {
            enter_nb(at, at->nb->Next);
        } else {
            at->nbl = at->nbl->Next;
            enter_nb(at, at->nbl->FirstNetBuffer);
        }
    }
}

/* Steps over bytes without looking at them. */
static void skip(struct chim_cursor *at, uint32_t bytes)
{
    while (bytes != 0) {
        settle_cursor(at);
        uint32_t in_mdl =
            at->mdl->ByteCount > at->mdl_offset ? at->mdl->ByteCount - at->mdl_offset : 0;
        uint32_t step = chim_min32(chim_min32(bytes, at->nb_left), in_mdl);
        at->mdl_offset += step;
        at->nb_left -= step;
        bytes -= step;
        if (step == in_mdl) {
            at->mdl_offset -= at->mdl->ByteCount;
            at->mdl = at->mdl->Next;
        }
    }
}

/* Two cursors, so that neither new data nor a retransmission walks the queue from its head. */
static void seek(struct chim_conn *c, struct chim_cursor *at, uint32_t seq)
{
    uint32_t bytes = seq - at->seq;
    if (at->nbl == NULL || chim_seq_gt(at->seq, seq)) {
        at->nbl = c->sends.head;
        enter_nb(at, at->nbl->FirstNetBuffer);
        bytes = c->una_offset + (seq - c->snd_una);
    }
    at->seq = seq;
    skip(at, bytes);
}

bool chim_send_copy(struct chim_conn *c, uint32_t seq, uint32_t length, uint8_t *to,
                    struct chim_csum *sum)
{
    struct chim_cursor *at = &c->cursor[chim_seq_lt(seq, c->snd_max)];
    seek(c, at, seq);
    while (length != 0) {
        PVOID base = NULL;
        UINT bytes = 0;
        settle_cursor(at);
        NdisQueryMdl(at->mdl, &base, &bytes, NormalPagePriority);
        if (bytes != 0 && base == NULL) {
            return false;
        }
        if (at->mdl_offset >= bytes) {
            at->mdl_offset -= bytes;
            at->mdl = at->mdl->Next;
            continue;
        }
        uint32_t part = chim_min32(chim_min32(length, at->nb_left), bytes - at->mdl_offset);
        chim_csum_copy(sum, to, (uint8_t *)base + at->mdl_offset, part);
        at->mdl_offset += part;
        at->nb_left -= part;
        at->seq += part;
        to += part;
        length -= part;
    }
    return true;
}

/* ---- Handing back -----------------------------------------------------------------------------
 */

void chim_send_forget(struct chim_conn *c)
{
    c->cursor[0].nbl = NULL;
    c->cursor[1].nbl = NULL;
}

void chim_send_remove(struct chim_conn *c, PNET_BUFFER_LIST nbl)
{
    struct chim_nblq rest = {NULL, NULL};
    bool first = c->sends.head == nbl;
    uint32_t acked = first ? chim_min32(c->una_offset, length_of(nbl)) : 0;
    bool found = false;
    while (c->sends.head != NULL) {
        PNET_BUFFER_LIST each = chim_nblq_pop(&c->sends);
        if (each == nbl) {
            found = true;
        } else {
            chim_nblq_append(&rest, each);
        }
    }
    c->sends = rest;
    chim_send_forget(c);
    if (found) {
        c->una_offset = first ? 0 : c->una_offset;
        chim_send_result(nbl, NDIS_STATUS_UPLOAD_IN_PROGRESS, acked);
    }
}

PNET_BUFFER_LIST chim_send_take_chain(struct chim_conn *c)
{
    PNET_BUFFER_LIST first = c->sends.head;
    chim_send_forget(c);
    if (first != NULL && c->una_offset != 0) {
        chim_send_result(first, first->Status, c->una_offset);
    }
    c->una_offset = 0;
    return chim_nblq_take(&c->sends);
}

NDIS_STATUS NDIS_CALL chim_send_handler(NDIS_HANDLE adapter, PVOID context, PNET_BUFFER_LIST list)
{
    struct chim_conn *c = chim_conn_of(context);
    KIRQL old = chim_enter();
    (void)adapter;
    chim_object_hold(&c->obj);
    chim_conn_lock(c);
    while (list != NULL) {
        PNET_BUFFER_LIST next = list->Next;
        if (c->fin_queued && c->fate == CHIM_RUNNING) {
            /* The host does not send after its FIN; such data can never go out. */
            chim_send_result(list, NDIS_STATUS_REQUEST_ABORTED, 0);
            chim_nblq_append(&c->tx_done, list);
        } else {
            chim_policy_requested(c, chim_send_list_bytes(list));
            chim_send_append(c, list);
        }
        list = next;
    }
    chim_conn_drain(c);
    chim_object_drop(&c->obj);
    chim_leave(old);
    return NDIS_STATUS_PENDING;
}
