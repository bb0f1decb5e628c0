/* SPDX-License-Identifier: MIT
 *
 * Frames of a run as operations of the peer.
 */
#include <string.h>

#include "program/choices.h"
#include "program/recorder.h"

#define LESS_MOST 65535
#define SEG_MOST 8960u

void recorder_peer(struct recorder *r, const struct host_conn *conn)
{
    struct peer_conn *peer = &r->peer;
    uint32_t window = conn->tcb.SndWnd >> conn->constant.SndWindScale;
    peer->ipv6 = conn->v6;
    peer->timestamps = conn->constant.Flags & TCP_FLAG_TIMESTAMP_ENABLED;
    peer->sack = conn->constant.Flags & TCP_FLAG_SACK_ENABLED;
    peer->local = conn->local;
    peer->remote = conn->remote;
    peer->irs = peer->snd_nxt = peer->snd_una = conn->tcb.RcvNxt;
    peer->iss = peer->rcv_nxt = peer->rcv_max = conn->tcb.SndUna;
    peer->window = (uint16_t)(window > 65535 || !window ? 65535 : window < 64 ? 64 : window);
    peer->scale_in = conn->constant.RcvWindScale;
}

void recorder_frame_out(struct recorder *r, const uint8_t *bytes, uint32_t length)
{
    struct segment s;
    if (segment_read(bytes, length, &s) && s.from.port == r->peer.local.port &&
        s.to.port == r->peer.remote.port) {
        peer_receive(&r->peer, &s);
    }
}

/* Whether other bytes stood at this place before. */
static bool other_content(struct recorder *r, const struct segment *s)
{
    int64_t at = (int32_t)(s->seq - r->peer.irs);
    bool other = false;
    for (uint32_t i = 0; i < s->length && !s->bad_tcp_checksum; i++, at++) {
        if (at < 0 || at >= RECORDER_STREAM) {
            continue;
        }
        other |= r->known[at] && r->stream[at] != s->payload[i];
        if (!r->known[at]) {
            r->known[at] = true;
            r->stream[at] = s->payload[i];
        }
    }
    return other;
}

/* How far below what has come it acknowledges; below 0: beyond that. */
static int64_t less_of(const struct recorder *r, const struct segment *s)
{
    return s->flags & SEG_ACK ? (int32_t)(r->peer.rcv_nxt - s->ack) : 0;
}

static void report_of(const struct segment *s, struct program_op *op)
{
    uint32_t from = s->sack[0][0] - s->ack, length = s->sack[0][1] - s->sack[0][0];
    if (s->sack_blocks && from <= UINT16_MAX && length >= 100 && length <= 25500) {
        op_set(op, "sack-from", from);
        op_set(op, "sack-hundreds", length / 100);
    }
}

/* A bare acknowledgement, which may be one more of the last. */
static void record_ack(struct recorder *r, const struct segment *s)
{
    struct program *p = &r->out->program;
    uint32_t before = p->count;
    struct program_op *op = recorder_add(r, OP_ACK);
    if (!op) {
        return;
    }
    op_set(op, "less", (uint32_t)less_of(r, s));
    if (s->window != r->peer.window) {
        op_set(op, "window", PEER_WINDOW_CHOSEN);
        op_set(op, "window-value", s->window);
    }
    report_of(s, op);
    struct program_op *last = before && p->count == before + 1 ? &p->op[before - 1] : NULL;
    uint32_t repeat = last && last->byte[0] == OP_ACK ? op_get(last, "repeat") : 7;
    struct program_op same = *op;
    op_set(&same, "repeat", repeat);
    if (repeat < 7 && !s->sack_blocks && !memcmp(last, &same, sizeof(same))) {
        op_set(last, "repeat", repeat + 1);
        p->count--;
    }
}

/* What the segments say from now on, when it is not what they said last. */
static void record_peer(struct recorder *r, uint32_t less, uint16_t window)
{
    if (less == r->peer.behind && window == r->peer.window) {
        return;
    }
    struct program_op *op = recorder_add(r, OP_PEER);
    if (op) {
        op_set(op, "less", less);
        op_set(op, "window", PEER_WINDOW_CHOSEN);
        op_set(op, "window-value", window);
    }
    r->peer.behind = less;
    r->peer.window = window;
}

static void record_stamp(struct recorder *r, const struct segment *s, struct program_op *op,
                         struct peer_send *send)
{
    if (!r->peer.timestamps) {
        return;
    }
    int32_t older = (int32_t)(r->ts_highest - s->ts_value);
    send->no_ts = !s->have_ts;
    op_set(op, "no-timestamp", send->no_ts);
    if (s->have_ts && r->ts_known && older > 0) {
        op_set(op, "old-timestamp", older > 50000);
        op_set(op, "stamp", older > 50000 ? PEER_STAMP_NOW : PEER_STAMP_ONE_OLDER);
    } else if (s->have_ts) {
        r->ts_highest = s->ts_value;
        r->ts_known = true;
    }
}

/* From which of the peer's numbers its own is counted. False: from none. */
static bool place(const struct recorder *r, const struct segment *s, struct peer_send *send)
{
    int32_t next = (int32_t)(s->seq - r->peer.snd_nxt), una = (int32_t)(s->seq - r->peer.snd_una);
    send->from_una = next < INT16_MIN || next > INT16_MAX;
    send->offset = send->from_una ? una : next;
    return send->offset >= INT16_MIN && send->offset <= INT16_MAX;
}

/* The nearest of the odd lists that a segment can have. */
static enum peer_options odd_options(const struct segment *s)
{
    for (uint32_t at = 0; at < s->option_bytes; at++) {
        const uint8_t *option = s->option + at;
        uint32_t left = s->option_bytes - at;
        if (option[0] == 1) {
            continue;
        }
        if (option[0] == 0) {
            return left > 1 && option[1] ? PEER_OPTIONS_END : PEER_OPTIONS_NONE;
        }
        if (left < 2 || option[1] < 2 || option[1] > left) {
            return left < 2 || option[1] >= 2 ? PEER_OPTIONS_TOO_LONG : PEER_OPTIONS_LENGTH_0;
        }
        if (option[0] != 5 && option[0] != 8) {
            bool of_a_syn = option[0] >= 2 && option[0] <= 4;
            return !of_a_syn            ? PEER_OPTIONS_UNKNOWN
                   : s->flags & SEG_SYN ? PEER_OPTIONS_NONE
                                        : PEER_OPTIONS_SYN_ONLY;
        }
        at += option[1] - 1u;
    }
    return PEER_OPTIONS_NONE;
}

#define TEXT_MOST 1399u

/* The next text with an urgent pointer that the flags do not tell. False: it is none. */
static bool record_pointer(struct recorder *r, const struct segment *s)
{
    static uint8_t room[SEGMENT_FRAME_MAX];
    struct segment made;
    bool urgent = s->flags & SEG_URG;
    bool text = !(s->flags & (SEG_FIN | SEG_SYN | SEG_RST)) && s->length <= TEXT_MOST;
    if (s->urgent == urgent || !text || s->seq != r->peer.snd_nxt || s->bad_tcp_checksum) {
        return false;
    }
    struct program_op *op = recorder_add(r, OP_RAW);
    if (op) {
        op_set(op, "kind", urgent ? RAW_URGENT : RAW_POINTER);
        op_set(op, "length", s->length);
        op_set(op, "value", s->urgent);
    }
    const struct peer_send send = {.length = s->length, .flags = urgent ? SEG_URG : 0};
    peer_segment(&r->peer, &send, room, &made);
    return true;
}

static void record_segment(struct recorder *r, const struct segment *s, enum op_code code)
{
    static uint8_t room[SEGMENT_FRAME_MAX * 2];
    struct segment made;
    struct peer_send send = {.length = s->length, .flags = s->flags & 0x3F};
    int64_t less = less_of(r, s);
    if (!place(r, s, &send) || s->length > SEG_MOST) {
        recorder_left_out(r);
        return;
    }
    if (code == OP_SEG && record_pointer(r, s)) {
        return;
    }
    bool ordinary = less >= 0 && less <= LESS_MOST;
    record_peer(r, ordinary ? (uint32_t)less : r->peer.behind, s->window);
    struct program_op *op = recorder_add(r, code);
    if (!op) {
        return;
    }
    send.no_ack = !(s->flags & SEG_ACK);
    send.flags = s->flags & (SEG_FIN | SEG_SYN | SEG_RST | SEG_PSH | SEG_URG);
    send.bad_checksum = s->bad_tcp_checksum || s->bad_ip_checksum;
    op_set(op, "offset", (uint32_t)send.offset);
    op_set(op, "from-una", send.from_una);
    op_set(op, "length", s->length);
    op_set(op, "push", (s->flags & SEG_PSH) != 0);
    op_set(op, "fin", (s->flags & SEG_FIN) != 0);
    op_set(op, "syn", (s->flags & SEG_SYN) != 0);
    op_set(op, "rst", (s->flags & SEG_RST) != 0);
    op_set(op, "urgent", (s->flags & SEG_URG) != 0);
    op_set(op, "no-ack", send.no_ack);
    op_set(op, "ack", ordinary ? ACK_RIGHT : less < 0 ? ACK_BEYOND : ACK_OLD);
    op_set(op, "bad-checksum", send.bad_checksum);
    op_set(op, "trailer", s->trailer);
    op_set(op, "options", odd_options(s));
    op_set(op, "other-content", other_content(r, s));
    record_stamp(r, s, op, &send);
    peer_segment(&r->peer, &send, room, &made);
}

static uint32_t be16(const uint8_t *at)
{
    return (uint32_t)(at[0] << 8 | at[1]);
}

/* What is no plain segment. */
static void record_raw(struct recorder *r, const uint8_t *frame, uint32_t length)
{
    const uint8_t *ip = frame + 14;
    bool v6 = length >= 54 && ip[0] >> 4 == 6, v4 = length >= 34 && ip[0] >> 4 == 4;
    enum raw_kind kind = v6 && ip[6] == 44               ? RAW_FRAGMENT
                         : v6 && ip[6] != 6              ? RAW_IPV6_EXTENSION
                         : v4 && (be16(ip + 6) & 0x3FFF) ? RAW_FRAGMENT
                         : v4 && (ip[0] & 15) > 5        ? RAW_IP_OPTIONS
                         : v4 && ip[9] != 6              ? RAW_UDP
                                                         : RAW_SHORT;
    struct program_op *op = recorder_add(r, OP_RAW);
    if (op) {
        uint32_t rest = length > 54 ? length - 54 : 0;
        op_set(op, "kind", kind);
        op_set(op, "length", rest < 1399 ? rest : 1399);
        op_set(op, "value", length > 14 && length < 54 ? length - 14 : 39);
    }
}

void recorder_frame(struct recorder *r, const uint8_t *bytes, uint32_t length)
{
    struct segment s;
    if (!segment_read(bytes, length, &s)) {
        record_raw(r, bytes, length);
        return;
    }
    int64_t less = less_of(r, &s);
    bool plain = odd_options(&s) == PEER_OPTIONS_NONE && s.flags == SEG_ACK && !s.urgent &&
                 !s.length && s.seq == r->peer.snd_nxt && !s.bad_ip_checksum &&
                 !s.bad_tcp_checksum && s.have_ts == r->peer.timestamps;
    uint32_t bytes_of_it = 14 + (s.ipv6 ? 40u : 20u) + 20 + s.option_bytes + s.length;
    s.trailer = length > 60 && length > bytes_of_it;
    if (plain && less >= 0 && less <= LESS_MOST) {
        record_ack(r, &s);
    } else {
        record_segment(r, &s, OP_SEG);
    }
}

void recorder_forward(struct recorder *r, const uint8_t *tcp, uint32_t length)
{
    uint32_t header = length >= 20 ? (uint32_t)(tcp[12] >> 4) * 4 : 0;
    if (header < 20 || header > length) {
        recorder_left_out(r);
        return;
    }
    struct segment s = {.seq = be16(tcp + 4) << 16 | be16(tcp + 6),
                        .ack = be16(tcp + 8) << 16 | be16(tcp + 10),
                        .flags = tcp[13],
                        .window = (uint16_t)be16(tcp + 14),
                        .have_ts = r->peer.timestamps,
                        .ts_value = r->ts_highest,
                        .payload = tcp + header,
                        .length = length - header};
    s.bad_tcp_checksum = be16(tcp + 16) == 0; /* it was verified, and is not there any more */
    record_segment(r, &s, OP_FORWARD);
}
