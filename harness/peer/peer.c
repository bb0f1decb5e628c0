/* SPDX-License-Identifier: MIT */
#include "peer/peer.h"

#include <string.h>

#include "base/payload.h"

static bool before(uint32_t x, uint32_t y)
{
    return (int32_t)(x - y) < 0;
}

/* Extends *edge by [begin, end) and by ranges that now touch it; keeps what stays beyond a gap. */
static void peer_extend(uint32_t *edge, struct peer_range *ranges, uint32_t *count, uint32_t begin,
                        uint32_t end)
{
    if (!before(*edge, end)) {
        return;
    }
    if (before(*edge, begin)) {
        if (*count < PEER_AHEAD_MAX) {
            ranges[(*count)++] = (struct peer_range){begin, end};
        }
        return;
    }
    *edge = end;
    for (uint32_t i = 0; i < *count;) {
        if (before(*edge, ranges[i].begin)) {
            i++;
            continue;
        }
        if (before(*edge, ranges[i].end)) {
            *edge = ranges[i].end;
        }
        ranges[i] = ranges[--*count];
        i = 0;
    }
}

static uint16_t peer_window_of(const struct peer_conn *peer, enum peer_window choice,
                               uint16_t value)
{
    switch (choice) {
    case PEER_WINDOW_ZERO:
        return 0;
    case PEER_WINDOW_SMALL:
        return peer->window < 100 ? peer->window : 100;
    case PEER_WINDOW_FULL:
        return 0xFFFF;
    case PEER_WINDOW_CHOSEN:
        return value;
    case PEER_WINDOW_DEFAULT:
        break;
    }
    return peer->window;
}

static const struct {
    uint8_t bytes, byte[12];
} odd_lists[] = {
#define BYTES(value, name, meaning, bytes, ...) [value] = {bytes, {__VA_ARGS__}},
    PEER_OPTIONS(BYTES)
#undef BYTES
};

static void peer_common(const struct peer_conn *peer, struct segment *out)
{
    memset(out, 0, sizeof(*out));
    out->ipv6 = peer->ipv6;
    out->from = peer->remote;
    out->to = peer->local;
    out->tagged = peer->tagged;
    out->vlan = peer->vlan;
    out->ttl = 64;
    out->ip_id = 0x1234;
    out->ack = peer->rcv_nxt;
    out->flags = SEG_ACK;
    out->window = peer->window;
    out->have_ts = peer->timestamps;
    out->ts_value = peer->ts_clock;
    out->ts_echo = peer->ts_recent;
}

/* As an option of the raw list, beside the one that the builder writes. */
static void append_timestamps(struct segment *out)
{
    const uint32_t value[2] = {out->ts_value, out->ts_echo};
    uint8_t *p = out->option + out->option_bytes;
    *p++ = 1;
    *p++ = 1;
    *p++ = 8;
    *p++ = 10;
    for (uint32_t i = 0; i < 8; i++) {
        *p++ = (uint8_t)(value[i / 4] >> (24 - i % 4 * 8));
    }
    out->option_bytes = (uint8_t)(out->option_bytes + 12);
}

/* Options of two and three bytes come first, so that the timestamps begin at an odd place. */
static void delay_timestamps(struct segment *out)
{
    static const uint8_t before[5] = {4, 2, 253, 3, 9};
    out->option_bytes = sizeof(before);
    memcpy(out->option, before, sizeof(before));
    append_timestamps(out);
    out->have_ts = false;
}

uint32_t peer_segment(struct peer_conn *peer, const struct peer_send *send, uint8_t *payload_room,
                      struct segment *out)
{
    peer_common(peer, out);
    out->seq = (send->from_una ? peer->snd_una : peer->snd_nxt) + (uint32_t)send->offset;
    out->ack += (uint32_t)send->ack_delta - peer->behind;
    out->flags = send->flags | (send->no_ack ? 0 : SEG_ACK);
    out->window = peer_window_of(peer, send->window, 1);
    out->trailer = send->trailer;
    out->priority = send->priority;
    out->tagged = out->tagged || send->priority;
    out->urgent = send->urgent;
    out->bad_tcp_checksum = send->bad_checksum;
    out->bad_ip_checksum = send->bad_ip_checksum;
    out->have_ts = peer->timestamps && !send->no_ts;
    out->ts_value = peer->ts_clock - (send->old_ts ? 100000u : 0) + (uint32_t)send->stamp;
    out->option_bytes = odd_lists[send->odd_options].bytes;
    memcpy(out->option, odd_lists[send->odd_options].byte, out->option_bytes);
    for (uint32_t have = out->have_ts; send->two_ts && have < 2; have++) {
        append_timestamps(out);
    }
    if (send->late_ts) {
        delay_timestamps(out);
    }
    out->payload = payload_room;
    out->length = send->length;
    payload_fill(payload_room, peer->payload_conn, PAYLOAD_TO_TARGET,
                 peer->payload_base + (int64_t)(int32_t)(out->seq - peer->irs), send->length,
                 send->other_content ? 0x5A : 0);
    bool counts =
        !send->bad_checksum && !send->bad_ip_checksum && !(send->flags & (SEG_RST | SEG_SYN));
    uint32_t end = out->seq + send->length;
    if (counts && before(peer->irs, end + 1)) {
        if (send->flags & SEG_FIN) {
            peer->fin_sent = true;
            peer->fin_seq = end;
            end++;
        }
        uint32_t begin = before(out->seq, peer->irs) ? peer->irs : out->seq;
        peer_extend(&peer->snd_nxt, peer->ahead, &peer->ahead_count, begin, end);
    }
    return out->length;
}

uint16_t peer_window(struct peer_conn *peer, enum peer_window choice, uint16_t value, bool keep)
{
    uint16_t now = peer->window;
    if (keep) {
        peer->usual_window = peer->usual_window ? peer->usual_window : peer->window;
        peer->window = peer->usual_window;
    }
    uint16_t window = peer_window_of(peer, choice, value);
    peer->window = keep ? window : now;
    peer->closed = keep ? window == 0 : peer->closed;
    return window;
}

void peer_says(struct peer_conn *peer, uint32_t behind, enum peer_window choice, uint16_t value)
{
    peer->usual_window = peer->usual_window ? peer->usual_window : peer->window;
    peer->window = peer->usual_window;
    peer->window = peer_window_of(peer, choice, value);
    uint32_t come = peer->rcv_nxt - peer->iss;
    peer->behind = behind < come ? behind : come;
}

void peer_ack_segment(const struct peer_conn *peer, struct segment *out)
{
    peer_common(peer, out);
    out->seq = peer->snd_nxt;
    if (peer->sack && peer->held_count) {
        out->sack_blocks = (uint8_t)(peer->held_count < 3 ? peer->held_count : 3);
        for (uint32_t i = 0; i < out->sack_blocks; i++) {
            const struct peer_range *range = &peer->held[peer->held_count - 1 - i];
            out->sack[i][0] = range->begin;
            out->sack[i][1] = range->end;
        }
    }
}

void peer_report(const struct peer_conn *peer, enum peer_report choice, struct segment *out)
{
    uint32_t *block = out->sack[0], length = block[1] - block[0];
    uint32_t begin = block[0];
    if (!out->sack_blocks || choice == PEER_REPORT_RIGHT) {
        return;
    }
    switch (choice) {
    case PEER_REPORT_REVERSED:
        begin = block[1];
        length = 0u - length;
        break;
    case PEER_REPORT_EMPTY:
        length = 0;
        break;
    case PEER_REPORT_OLD:
        begin = out->ack - length;
        break;
    case PEER_REPORT_BEYOND:
        begin = peer->rcv_max + 1;
        break;
    default:
        begin = out->ack;
        break;
    }
    block[0] = begin;
    block[1] = begin + length;
}

bool peer_receive(struct peer_conn *peer, const struct segment *segment)
{
    if (segment->bad_tcp_checksum) {
        return false;
    }
    if (segment->flags & SEG_RST) {
        peer->rst_seen = true;
        return false;
    }
    if ((segment->flags & SEG_ACK) && before(peer->snd_una, segment->ack)) {
        peer->snd_una = segment->ack;
    }
    peer->target_window = (uint32_t)segment->window << peer->scale_in;
    uint32_t end = segment->seq + segment->length + ((segment->flags & SEG_FIN) ? 1 : 0);
    if (segment->have_ts && !before(peer->rcv_nxt, segment->seq) &&
        !before(segment->ts_value, peer->ts_recent)) {
        peer->ts_recent = segment->ts_value;
    }
    if (segment->flags & SEG_FIN) {
        peer->fin_seen = true;
    }
    if (before(peer->rcv_max, end)) {
        peer->rcv_max = end;
    }
    if (end != segment->seq && peer->closed) {
        return true;
    }
    if (end != segment->seq) {
        peer_extend(&peer->rcv_nxt, peer->held, &peer->held_count, segment->seq, end);
        return true;
    }
    return segment->seq + 1 == peer->rcv_nxt; /* a keepalive wants an answer */
}
