/* SPDX-License-Identifier: MIT
 *
 * The order of tests is that of RFC 9293 section 3.10.7.4, with PAWS first (RFC 7323 section 5.3)
 * and the defences of RFC 5961.
 */
#include "conn/input.h"

#include "conn/ack.h"
#include "conn/expire.h"
#include "conn/payload.h"
#include "tcp/accept.h"
#include "tcp/seq.h"

#define REPLIES_PER_SECOND_MAX 100u
#define SYN_CHALLENGE_MS 3000u

/* An ACK for something unacceptable, limited so that two ends cannot chase each other for ever. */
static enum chim_input reply(struct chim_conn *c)
{
    uint64_t second = c->now / 1000;
    if (c->reply_second != second) {
        c->reply_second = second;
        c->replies = 0;
    }
    if (c->replies < REPLIES_PER_SECOND_MAX) {
        c->replies++;
        c->ack_now = true;
    }
    return CHIM_INPUT_DONE;
}

/* Kept in arrival order until the host takes the connection (URG-QUEUE-1). */
static enum chim_input keep_raw(struct chim_conn *c, struct chim_arrival *a)
{
    if (a->frame == NULL) {
        return CHIM_INPUT_UP; /* the host has a forwarded segment itself */
    }
    a->frame->Next = NULL;
    if (c->raw_tail == NULL) {
        c->raw_head = a->frame;
    } else {
        c->raw_tail->Next = a->frame;
    }
    c->raw_tail = a->frame;
    return CHIM_INPUT_KEPT;
}

static enum chim_input input_rst(struct chim_conn *c, const struct chim_segment *s)
{
    if (s->seq == c->rcv_nxt) {
        chim_conn_abort(c, true);
    } else if (!c->challenged_rst) {
        c->challenged_rst = true;
        c->ack_now = true;
        chim_keepalive_challenge(c);
    }
    return CHIM_INPUT_DONE;
}

static enum chim_input input_syn(struct chim_conn *c, const struct chim_segment *s)
{
    if (s->seq == c->rcv_nxt) {
        /* The peer starts over: the host gets a closed connection (WIRE-SYN-1). The reason is free
         * (Q29); this one needs no object to be invalid and is allowed in half-closed states. */
        chim_conn_retrieve(c, TimeoutExpiration);
        chim_conn_set_state(c, TcpConnectionClosed);
        chim_timer_stop_all(c);
        c->rtx_mode = CHIM_RTX_OFF;
        c->ack_now = false;
    } else if (c->challenged_syn_ms == 0 || c->now - c->challenged_syn_ms >= SYN_CHALLENGE_MS) {
        c->challenged_syn_ms = c->now == 0 ? 1 : c->now;
        c->ack_now = true;
        chim_keepalive_challenge(c);
    }
    return CHIM_INPUT_DONE;
}

/* PAWS let the segment pass: its timestamp is no older, or what is kept is too old to count. */
static void update_ts_recent(struct chim_conn *c, const struct chim_segment *s)
{
    if (c->ts_on && chim_seq_leq(s->seq, c->last_ack_sent)) {
        c->ts_recent = s->opt.ts_value;
        c->ts_recent_ms = c->now;
    }
}

/* Sequence tests. True: *result decides and the segment is finished. */
static bool finished_by_sequence(struct chim_conn *c, const struct chim_segment *s,
                                 enum chim_input *result)
{
    bool rst = (s->flags & CHIM_TCP_RST) != 0;
    bool syn = (s->flags & CHIM_TCP_SYN) != 0;
    uint32_t window = c->rcv_adv - c->rcv_nxt;
    uint32_t length = s->payload_bytes + ((s->flags & CHIM_TCP_FIN) != 0 ? 1 : 0);
    bool at_closed_window = window == 0 && s->seq == c->rcv_nxt;
    *result = CHIM_INPUT_DONE;
    if (c->ts_on && !rst) {
        if (!s->opt.has_timestamp) {
            return true; /* WIRE-TS-1 */
        }
        if (chim_accept_paws_rejects(c->ts_recent, c->now - c->ts_recent_ms, s->opt.ts_value)) {
            *result = reply(c);
            return true;
        }
    }
    if (!at_closed_window &&
        !chim_accept_seq(c->rcv_nxt, window, s->seq, rst || syn ? 0 : length)) {
        *result = rst ? CHIM_INPUT_DONE : reply(c);
        return true;
    }
    if (rst) {
        *result = input_rst(c, s);
        return true;
    }
    if (syn) {
        *result = input_syn(c, s);
        return true;
    }
    return false;
}

/* Waiting to be uploaded: nothing is processed, but TIME_WAIT still answers (UPLD-TW-1). */
static enum chim_input input_frozen(struct chim_conn *c, struct chim_arrival *a)
{
    struct chim_segment *s = &a->seg;
    enum chim_input result;
    if (c->state != TcpConnectionTimeWait) {
        return keep_raw(c, a);
    }
    if ((s->flags & CHIM_TCP_SYN) != 0) {
        return CHIM_INPUT_UP;
    }
    if ((s->flags & CHIM_TCP_RST) != 0) {
        return CHIM_INPUT_DONE;
    }
    chim_segment_options(s);
    if (finished_by_sequence(c, s, &result)) {
        return result;
    }
    if ((s->flags & CHIM_TCP_ACK) == 0) {
        return CHIM_INPUT_DONE;
    }
    bool usable =
        chim_accept_ack(c->snd_una, c->snd_max, c->max_snd_wnd, s->ack) == CHIM_ACK_USABLE;
    bool text = s->payload_bytes != 0 || (s->flags & CHIM_TCP_FIN) != 0;
    return !usable || text ? reply(c) : CHIM_INPUT_DONE;
}

static enum chim_input input_running(struct chim_conn *c, struct chim_arrival *a)
{
    struct chim_segment *s = &a->seg;
    enum chim_input result;
    if ((s->flags & CHIM_TCP_SYN) != 0 && c->state == TcpConnectionTimeWait) {
        return CHIM_INPUT_UP;
    }
    chim_segment_options(s);
    if (finished_by_sequence(c, s, &result)) {
        return result;
    }
    if ((s->flags & CHIM_TCP_ACK) == 0) {
        return CHIM_INPUT_DONE;
    }
    if (chim_accept_ack(c->snd_una, c->snd_max, c->max_snd_wnd, s->ack) != CHIM_ACK_USABLE) {
        return reply(c);
    }
    if ((s->flags & CHIM_TCP_URG) != 0) {
        /* Nothing from here on is acknowledged or delivered (URG-NOACK-1). */
        chim_conn_retrieve(c, ReceivedUrgentData);
        return keep_raw(c, a);
    }
    c->challenged_rst = false;
    chim_keepalive_reset(c);
    update_ts_recent(c, s);
    chim_ack_process(c, s);
    if (c->state == TcpConnectionEstablished || c->state == TcpConnectionFinWait1 ||
        c->state == TcpConnectionFinWait2) {
        return chim_payload(c, a);
    }
    /* Text behind the FIN is ignored, and answered: it may not have fitted the window (WIRE-SEQ-1).
     */
    return s->payload_bytes != 0 ? reply(c) : CHIM_INPUT_DONE;
}

enum chim_input chim_input(struct chim_conn *c, struct chim_arrival *a)
{
    if (c->fate == CHIM_DEAD) {
        return CHIM_INPUT_UP;
    }
    if (c->terminating || c->state == TcpConnectionClosed) {
        /* TERM-SEG-1, CLOSED-DATA-1; behind frames that came earlier, to keep their order */
        return c->raw_head != NULL ? keep_raw(c, a) : CHIM_INPUT_UP;
    }
    if (c->fate == CHIM_FROZEN) {
        return input_frozen(c, a);
    }
    return input_running(c, a);
}
