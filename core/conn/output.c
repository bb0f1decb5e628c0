/* SPDX-License-Identifier: MIT */
#include "conn/output.h"

#include "conn/frame.h"
#include "conn/policy.h"
#include "conn/recover.h"
#include "tcp/seq.h"

#define FIN_WAIT_2_MS 120000u

uint32_t chim_output_rto_ms(const struct chim_conn *c, uint32_t shift)
{
    uint32_t tick = (uint32_t)chim_ticks_to_ms(c->obj.adapter, 1);
    return chim_rtt_backoff_ms(chim_rtt_rto_ms(&c->rtt, tick), shift);
}

/* Number of the FIN + 1 once a FIN is queued, else the end of the data. */
static uint32_t stream_end(const struct chim_conn *c)
{
    return c->snd_end + (c->fin_queued ? 1 : 0);
}

bool chim_output_pending(const struct chim_conn *c)
{
    return c->snd_una != stream_end(c);
}

static void start_timer(struct chim_conn *c, enum chim_rtx_mode mode, uint32_t ms)
{
    c->rtx_mode = (uint8_t)mode;
    c->rtx_begin_ms = c->now;
    chim_timer_start(c, CHIM_T_RETRANSMIT, ms);
}

/* Lets the timer of the retransmit slot match what is outstanding. */
static void match_timer(struct chim_conn *c)
{
    if (c->fate != CHIM_RUNNING) {
        return;
    }
    if (c->snd_wnd == 0 && chim_output_pending(c)) {
        if (c->rtx_mode != CHIM_RTX_PERSIST) {
            c->probe_round = 0;
            c->rtx_count = 0;
            start_timer(c, CHIM_RTX_PERSIST, chim_output_rto_ms(c, 0));
        }
    } else if (c->snd_una != c->snd_max) {
        if (c->rtx_mode != CHIM_RTX_DATA) {
            start_timer(c, CHIM_RTX_DATA, chim_output_rto_ms(c, c->rtx_count));
        }
    } else if (c->state == TcpConnectionFinWait2) {
        if (c->rtx_mode != CHIM_RTX_FIN_WAIT_2) {
            start_timer(c, CHIM_RTX_FIN_WAIT_2, FIN_WAIT_2_MS);
        }
    } else {
        c->rtx_mode = CHIM_RTX_OFF;
        chim_timer_clear(c, CHIM_T_RETRANSMIT);
    }
}

/* A close that an upload overtakes before its FIN is the host's to repeat, so it must not show in
 * the state before. */
static void sent_fin(struct chim_conn *c)
{
    if (c->state == TcpConnectionEstablished) {
        chim_conn_set_state(c, TcpConnectionFinWait1);
    } else if (c->state == TcpConnectionCloseWait) {
        chim_conn_set_state(c, TcpConnectionLastAck);
    }
}

static void sent_data(struct chim_conn *c, uint32_t seq, uint32_t span)
{
    bool again = chim_seq_lt(seq, c->snd_max);
    if (again) {
        c->rtt_timing = false; /* its ACK would be ambiguous (WIRE-RTT-1) */
    } else if (!c->ts_on && !c->rtt_timing) {
        c->rtt_timing = true;
        c->rtt_seq = seq + span;
        c->rtt_start_ms = c->now;
    }
    if (chim_seq_gt(seq + span, c->snd_max)) {
        c->snd_max = seq + span;
    }
    if (c->fin_queued && c->snd_max == c->snd_end + 1) {
        sent_fin(c);
    }
    c->last_send_ms = c->now;
    chim_policy_sent(c, again);
}

static uint8_t data_flags(const struct chim_conn *c, uint32_t seq, uint32_t bytes, bool fin)
{
    bool last = bytes != 0 && seq + bytes == c->snd_end;
    return (uint8_t)((last ? CHIM_TCP_PSH : 0) | (fin ? CHIM_TCP_FIN : 0));
}

/* A SndNxt that stepped back passes over what recovery sends again: one ACK may call for both, and
 * the bytes go once (WIRE-QUIET-1). */
static void pass_over(struct chim_conn *c, uint32_t seq, uint32_t end)
{
    /* As send_next finds it: the first byte goes even if it is reported held. */
    bool skips = c->sacked != NULL && c->snd_nxt != c->snd_una;
    uint32_t next = skips ? chim_scoreboard_skip(c->sacked, c->snd_nxt) : c->snd_nxt;
    if (c->cong.recovering && chim_seq_leq(seq, next) && chim_seq_lt(next, end)) {
        c->snd_nxt = end;
    }
}

/* Up to bytes of what was sent before, once more. */
static bool resend(struct chim_conn *c, uint32_t seq, uint32_t bytes)
{
    uint32_t data_max = chim_seq_gt(c->snd_max, c->snd_end) ? c->snd_end : c->snd_max;
    uint32_t left = chim_seq_lt(seq, data_max) ? data_max - seq : 0;
    bytes = chim_min32(bytes, chim_min32(left, chim_frame_payload_max(c)));
    bool fin = chim_seq_gt(c->snd_max, c->snd_end) && seq + bytes == c->snd_end;
    uint32_t span = bytes + (fin ? 1 : 0);
    if (chim_frame_send(c, seq, data_flags(c, seq, bytes, fin), bytes) != CHIM_SENT) {
        return false;
    }
    sent_data(c, seq, span);
    chim_recover_resent(c, seq, seq + span);
    pass_over(c, seq, seq + span);
    return true;
}

/* The earliest segment again, whatever the windows say. */
static void resend_first(struct chim_conn *c)
{
    uint32_t end = c->snd_max;
    if (c->sacked != NULL) {
        end = chim_scoreboard_hole_end(c->sacked, c->snd_una, c->snd_max);
    }
    if (c->snd_una == c->snd_max || resend(c, c->snd_una, end - c->snd_una)) {
        c->fast_due = false;
    }
}

/* One segment that recovery wants to have sent again. What nothing says is lost waits for another
 * ACK when SndNxt has gone over such bytes by itself. */
static bool resend_next(struct chim_conn *c, bool sure)
{
    uint32_t seq;
    uint32_t bytes;
    bool wait = c->blocked || (c->went_back && !sure);
    return !wait && c->snd_wnd != 0 && chim_recover_next(c, sure, &seq, &bytes) &&
           resend(c, seq, bytes);
}

struct plan {
    uint32_t bytes;
    bool fin;
};

/* Silly window and Nagle (WIRE-NAG-1, TMR-SWS-1) for a segment of new data below full size. */
static bool small_may_go(struct chim_conn *c, const struct plan *p, uint32_t left)
{
    bool outstanding = c->snd_una != c->snd_max;
    bool nagle = (c->given_cached.Flags & TCP_FLAG_NAGLING_ENABLED) != 0;
    if (c->sws_force || p->fin) {
        return true;
    }
    if (nagle && outstanding) {
        return false; /* goes when everything earlier is acknowledged */
    }
    if (p->bytes == left || p->bytes >= c->max_snd_wnd / 2) {
        return true;
    }
    if (c->deadline[CHIM_T_SWS] == 0) {
        chim_timer_set_ticks(c, CHIM_T_SWS, CHIM_LOAD(c->obj.adapter->params.sws_ticks));
    }
    return false;
}

/* What goes at SndNxt. False: nothing now. */
static bool plan_next(struct chim_conn *c, struct plan *p)
{
    uint32_t left = chim_seq_gt(c->snd_end, c->snd_nxt) ? c->snd_end - c->snd_nxt : 0;
    bool fin_left = c->fin_queued && chim_seq_leq(c->snd_nxt, c->snd_end);
    uint32_t used = c->snd_nxt - c->snd_una;
    uint32_t window = c->snd_wnd > used ? c->snd_wnd - used : 0;
    uint32_t usable = chim_min32(window, chim_recover_room(c));
    bool again = chim_seq_lt(c->snd_nxt, c->snd_max);
    uint32_t full = chim_frame_payload_max(c);
    if ((left == 0 && !fin_left) || c->snd_wnd == 0) {
        return false;
    }
    p->bytes = chim_min32(chim_min32(left, usable), full);
    if (again) {
        /* Neither new bytes nor those that the peer holds. */
        uint32_t end = c->sacked == NULL
                           ? c->snd_max
                           : chim_scoreboard_hole_end(c->sacked, c->snd_nxt, c->snd_max);
        p->bytes = chim_min32(p->bytes, end - c->snd_nxt);
    }
    /* A FIN needs no room in the window (WIRE-SWND-1). */
    p->fin = fin_left && p->bytes == left;
    if (p->bytes == 0 && !p->fin) {
        return false;
    }
    if (c->rto_hold && c->snd_nxt != c->snd_una) {
        return false; /* after a timeout the earliest segment only, until an ACK (WIRE-RTO-2) */
    }
    if (again) {
        return true;
    }
    return p->bytes == full || small_may_go(c, p, left);
}

static bool send_next(struct chim_conn *c)
{
    struct plan p;
    bool idle = c->snd_una == c->snd_max;
    if (idle && chim_output_pending(c) && c->now - c->last_send_ms > chim_output_rto_ms(c, 0)) {
        chim_cong_idle(&c->cong, c->mss);
    }
    if (c->sacked != NULL && c->snd_nxt != c->snd_una && chim_seq_lt(c->snd_nxt, c->snd_max)) {
        c->snd_nxt = chim_scoreboard_skip(c->sacked, c->snd_nxt);
    }
    if (!plan_next(c, &p)) {
        return false;
    }
    if (c->blocked) {
        chim_conn_retrieve(c, InvalidState); /* INV-STOP-1 */
        return false;
    }
    uint32_t seq = c->snd_nxt;
    uint32_t span = p.bytes + (p.fin ? 1 : 0);
    bool limited = c->cong.dup_acks != 0 && !c->cong.recovering && seq == c->snd_max;
    if (chim_frame_send(c, seq, data_flags(c, seq, p.bytes, p.fin), p.bytes) != CHIM_SENT) {
        return false;
    }
    c->went_back = c->went_back || chim_seq_lt(seq, c->snd_max);
    sent_data(c, seq, span);
    c->cong.limited += limited ? span : 0;
    c->snd_nxt = seq + span;
    c->sws_force = false;
    chim_timer_clear(c, CHIM_T_SWS);
    return true;
}

/* A segment without payload stands at SndMax (WIRE-SEQ-2): a SndNxt that a timeout has set back
 * could pass for a keepalive. */
static void send_ack(struct chim_conn *c)
{
    (void)chim_frame_send(c, c->snd_max, 0, 0);
}

static void send_rst(struct chim_conn *c)
{
    if (chim_frame_send(c, c->snd_nxt, CHIM_TCP_RST, 0) == CHIM_SENT) {
        c->rst_due = false;
    }
}

/* Something below the connection changed: its headers are built anew. */
static void follow_topology(struct chim_conn *c)
{
    if (c->topology != CHIM_LOAD(c->obj.adapter->topology)) {
        chim_conn_refresh(c);
    }
}

void chim_output(struct chim_conn *c)
{
    if (c->initiating || c->fate == CHIM_DEAD) {
        return;
    }
    follow_topology(c);
    if (c->rst_due) {
        send_rst(c);
    }
    if (c->fate == CHIM_ABORTED || c->state == TcpConnectionClosed) {
        c->ack_now = false;
        return;
    }
    if (c->fate == CHIM_RUNNING && !c->terminating) {
        if (c->fast_due && !c->blocked) {
            resend_first(c);
        }
        while (c->fate == CHIM_RUNNING &&
               (resend_next(c, true) || send_next(c) || resend_next(c, false))) {
        }
        match_timer(c);
    }
    if (c->ack_now) {
        send_ack(c);
    }
}

bool chim_output_window_probe(struct chim_conn *c)
{
    bool data = c->snd_end != c->snd_una && chim_seq_gt(c->snd_end, c->snd_una);
    uint32_t seq = c->snd_una;
    follow_topology(c);
    if (chim_frame_send(c, seq, data ? 0 : CHIM_TCP_FIN, data ? 1 : 0) != CHIM_SENT) {
        return false;
    }
    sent_data(c, seq, 1);
    c->rtt_timing = false;
    if (c->snd_nxt == seq) {
        c->snd_nxt = seq + 1;
    }
    return true;
}

bool chim_output_keepalive(struct chim_conn *c)
{
    follow_topology(c);
    return chim_frame_send(c, c->snd_nxt - 1, 0, 0) == CHIM_SENT;
}
