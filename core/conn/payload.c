/* SPDX-License-Identifier: MIT */
#include "conn/payload.h"

#include "conn/gather.h"
#include "conn/holder.h"
#include "conn/policy.h"
#include "state/reach.h"
#include "tcp/seq.h"

#include <string.h>

/* The part of a segment that lies in the window. */
struct text {
    uint32_t seq;
    uint32_t skip; /* bytes of the payload before it */
    uint32_t len;
    bool fin;
    bool push;
};

static void trim(const struct chim_conn *c, const struct chim_segment *s, struct text *t)
{
    t->seq = s->seq;
    t->skip = 0;
    t->len = s->payload_bytes;
    t->fin = (s->flags & CHIM_TCP_FIN) != 0;
    t->push = (s->flags & CHIM_TCP_PSH) != 0;
    if (chim_seq_lt(t->seq, c->rcv_nxt)) {
        uint32_t old = chim_min32(c->rcv_nxt - t->seq, t->len);
        t->skip = old;
        t->len -= old;
        t->seq += old;
    }
    uint32_t room = chim_seq_lt(t->seq, c->rcv_adv) ? c->rcv_adv - t->seq : 0;
    if (t->len > room) {
        t->len = room;
        t->fin = false;
    } else if (t->len == room) {
        t->fin = false; /* its number lies behind the window */
    }
}

/* A holder for the text, NULL when it needs memory that is not there. */
static struct chim_seg *payload_hold(struct chim_conn *c, struct chim_arrival *a,
                                     const struct text *t)
{
    struct chim_seg *seg;
    if (a->frame != NULL) {
        seg = chim_hold_frame(a->frame, a->seg.payload + t->skip, t->len);
    } else {
        uint8_t *bytes;
        seg = chim_hold_new(c->obj.adapter, t->len, &bytes);
        if (seg == NULL) {
            return NULL;
        }
        if (!chim_gather(a->nb, a->seg.header_bytes + t->skip, t->len, bytes)) {
            chim_hold_free(c->obj.adapter, seg);
            return NULL;
        }
    }
    seg->seq = t->seq;
    seg->flags = t->push ? CHIM_SEG_PUSH : 0;
    return seg;
}

/* Inserts into the out-of-order queue. Bytes beyond data held already get a copy of their own.
 * False: all of it was held before, the holder is still the caller's. */
static bool payload_insert(struct chim_conn *c, struct chim_seg *seg)
{
    struct chim_adapter *ad = c->obj.adapter;
    struct chim_seg_rest rest;
    uint8_t flags = seg->flags;
    if (!chim_reasm_insert(&c->reasm, seg, &rest)) {
        return false;
    }
    while (rest.len != 0) {
        uint8_t *bytes;
        struct chim_seg *more = chim_hold_new(ad, rest.len, &bytes);
        if (more == NULL) {
            break; /* not acknowledged, so the peer sends it again */
        }
        memcpy(bytes, rest.data, rest.len);
        more->seq = rest.seq;
        more->flags = flags;
        if (!chim_reasm_insert(&c->reasm, more, &rest)) {
            chim_hold_free(ad, more);
            break;
        }
    }
    return true;
}

static void accept_fin(struct chim_conn *c)
{
    c->rcv_nxt++;
    if (chim_seq_lt(c->rcv_adv, c->rcv_nxt)) {
        c->rcv_adv = c->rcv_nxt;
    }
    c->fin_received = true;
    c->ack_now = true;
    chim_hold_free(c->obj.adapter, chim_reasm_flush(&c->reasm)); /* WIRE-OOO-2 */
    if (c->state == TcpConnectionEstablished) {
        chim_conn_set_state(c, TcpConnectionCloseWait);
    } else if (c->state == TcpConnectionFinWait1) {
        chim_conn_set_state(c, TcpConnectionClosing);
    } else {
        chim_conn_set_state(c, TcpConnectionTimeWait);
        c->rtx_mode = CHIM_RTX_OFF;
        chim_timer_clear(c, CHIM_T_RETRANSMIT);
        c->retrieve_late = true;
        c->retrieve_reason = TimeoutExpiration;
    }
}

/* Everything that has become contiguous moves to the ready queue. */
static void advance(struct chim_conn *c)
{
    uint32_t end;
    struct chim_seg *run;
    while ((run = chim_reasm_take(&c->reasm, c->rcv_nxt, &end)) != NULL) {
        chim_segq_append_list(&c->ready, run);
        c->rcv_nxt = end;
    }
    if (c->reasm.fin_known && c->reasm.fin_seq == c->rcv_nxt) {
        accept_fin(c);
    }
}

/* One in-order data segment more waits for its ACK (TMR-DACK-1). Data beyond what the peer was told
 * of is its probe of a closed window (WIRE-PROBE-1). */
static void delay_ack(struct chim_conn *c, bool probe)
{
    struct chim_adapter *ad = c->obj.adapter;
    uint32_t ticks = CHIM_LOAD(ad->params.delayed_ack_ticks);
    c->ack_segments++;
    if (probe || c->ack_segments >= CHIM_LOAD(ad->params.ack_frequency) || ticks == 0) {
        c->ack_now = true;
    } else if (c->deadline[CHIM_T_DELAYED_ACK] == 0) {
        chim_timer_set_ticks(c, CHIM_T_DELAYED_ACK, ticks);
    }
}

/* A FIN held out of order bounds what may follow; contradictions empty the queue (WIRE-OOO-2). */
static bool contradicts_fin(const struct chim_conn *c, const struct text *t)
{
    uint32_t end = t->seq + t->len;
    const struct chim_reasm *q = &c->reasm;
    if (q->fin_known && (chim_seq_gt(end, q->fin_seq) || (t->fin && end != q->fin_seq))) {
        return true;
    }
    return t->fin && t->seq != c->rcv_nxt && q->runs != NULL && chim_seq_gt(chim_reasm_end(q), end);
}

static enum chim_input in_order(struct chim_conn *c, struct chim_arrival *a, const struct text *t)
{
    enum chim_input result = CHIM_INPUT_DONE;
    bool holes = c->reasm.runs != NULL || c->reasm.fin_known;
    bool probe = !chim_seq_gt(c->rcv_told, c->rcv_nxt);
    uint32_t end = t->seq + t->len;
    if (t->len != 0) {
        struct chim_seg *seg = payload_hold(c, a, t);
        if (seg == NULL) {
            return CHIM_INPUT_DONE; /* as if it were lost */
        }
        if (t->fin) {
            /* What waits lies within this segment or behind its FIN. */
            chim_hold_free(c->obj.adapter, chim_reasm_flush(&c->reasm));
        }
        if (!holes || t->fin) {
            chim_segq_append(&c->ready, seg);
            c->rcv_nxt = end;
        } else {
            (void)payload_insert(c, seg); /* takes it: the byte at rcv_nxt is in no run */
            advance(c);
        }
        result = a->frame != NULL ? CHIM_INPUT_KEPT : CHIM_INPUT_DONE;
        delay_ack(c, probe);
        chim_neighbor_progress(c);
    }
    if (t->fin && !c->fin_received && c->rcv_nxt == end) {
        accept_fin(c);
    }
    c->ack_now = c->ack_now || holes; /* WIRE-ACK-3 */
    return result;
}

static enum chim_input out_of_order(struct chim_conn *c, struct chim_arrival *a,
                                    const struct text *t)
{
    enum chim_input result = CHIM_INPUT_DONE;
    c->ack_now = true;
    if (t->len != 0) {
        struct chim_seg *seg = payload_hold(c, a, t);
        if (seg == NULL) {
            return CHIM_INPUT_DONE;
        }
        if (payload_insert(c, seg)) {
            result = a->frame != NULL ? CHIM_INPUT_KEPT : CHIM_INPUT_DONE;
        } else if (a->frame == NULL) {
            chim_hold_free(c->obj.adapter, seg);
        }
    }
    if (t->fin) {
        c->reasm.fin_known = true;
        c->reasm.fin_seq = t->seq + t->len;
    }
    return result;
}

enum chim_input chim_payload(struct chim_conn *c, struct chim_arrival *a)
{
    struct text t;
    if (a->seg.payload_bytes == 0 && (a->seg.flags & CHIM_TCP_FIN) == 0) {
        return CHIM_INPUT_DONE;
    }
    trim(c, &a->seg, &t);
    if (t.len == 0 && !t.fin) {
        c->ack_now = true; /* a probe of a closed window, or nothing new (WIRE-PROBE-1) */
        return CHIM_INPUT_DONE;
    }
    bool closes = t.fin && t.seq == c->rcv_nxt; /* an in-order FIN settles it */
    if (!closes && contradicts_fin(c, &t)) {
        chim_hold_free(c->obj.adapter, chim_reasm_flush(&c->reasm));
        c->ack_now = true;
        return CHIM_INPUT_DONE;
    }
    bool next = t.seq == c->rcv_nxt;
    chim_policy_received(c, next, t.len);
    return next ? in_order(c, a, &t) : out_of_order(c, a, &t);
}
