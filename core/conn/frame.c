/* SPDX-License-Identifier: MIT */
#include "conn/frame.h"

#include "conn/send.h"
#include "miniport/tx.h"
#include "state/reach.h"
#include "tcp/sack.h"
#include "tcp/seq.h"
#include "wire/bytes.h"

#define DESCRIPTOR_RETRY_MS 10u
#define TIMESTAMP_BYTES 12u
#define SACK_FIXED_BYTES 4u

/* Blocks that fit beside the timestamps, and into a segment of a narrow path with a byte of data
 * (WIRE-MSS-1). */
static uint32_t sack_room(const struct chim_conn *c)
{
    uint32_t taken = (c->ts_on ? TIMESTAMP_BYTES : 0) + SACK_FIXED_BYTES + 1;
    uint32_t fit = c->mss > taken ? (c->mss - taken) / 8u : 0;
    return chim_min32(fit, c->ts_on ? 3 : 4);
}

static uint32_t option_bytes_of(const struct chim_conn *c)
{
    uint32_t bytes = c->ts_on ? TIMESTAMP_BYTES : 0;
    uint32_t runs = 0;
    if (c->sack_on) {
        for (const struct chim_seg *run = c->reasm.runs; run != NULL && runs < sack_room(c);
             run = run->run_next) {
            runs++;
        }
    }
    return bytes + (runs == 0 ? 0 : 4 + 8 * runs);
}

uint32_t chim_frame_payload_max(const struct chim_conn *c)
{
    uint32_t options = option_bytes_of(c);
    return c->mss > options ? c->mss - options : 1;
}

static uint32_t write_options(struct chim_conn *c, uint8_t *p)
{
    uint32_t at = 0;
    if (c->ts_on) {
        p[0] = 1;
        p[1] = 1;
        p[2] = 8;
        p[3] = 10;
        chim_store32(p + 4, chim_conn_ts_now(c));
        chim_store32(p + 8, c->ts_recent);
        at = TIMESTAMP_BYTES;
    }
    if (c->sack_on) {
        at += chim_sack_write(&c->reasm, sack_room(c), p + at);
    }
    return at;
}

/* The edge to advertise now: it moves right in steps worth having (WIRE-WND-3), never left. */
static uint32_t next_edge(const struct chim_conn *c)
{
    uint32_t edge = c->rcv_nxt + chim_conn_window(c);
    uint32_t step = chim_min32(c->given_cached.InitialRcvWnd / 2, c->mss);
    /* What is being handed back is not free: the host offers it anew. */
    if (c->terminating || !chim_seq_gt(edge, c->rcv_adv)) {
        return c->rcv_adv;
    }
    return c->window_force || edge - c->rcv_told >= step ? edge : c->rcv_adv;
}

/* Rounding down to the scale makes what the peer is told of one edge wander: to the right it does
 * so only in worthwhile steps (WIRE-WND-3). */
static uint16_t window_field(const struct chim_conn *c, uint32_t edge, uint32_t *told)
{
    uint32_t scale = chim_conn_scale(c);
    uint32_t field = chim_min32((edge - c->rcv_nxt) >> scale, 0xFFFF);
    uint32_t step = chim_min32(c->given_cached.InitialRcvWnd / 2, c->mss);
    uint32_t unit = 1u << scale;
    *told = c->rcv_nxt + (field << scale);
    if (scale != 0 && field != 0 && chim_seq_gt(*told, c->rcv_told) &&
        *told - c->rcv_told + unit <= step) {
        field--;
        *told -= unit;
    }
    return (uint16_t)field;
}

static void wait_for_descriptor(struct chim_conn *c)
{
    chim_tx_wait(c);
    chim_timer_start(c, CHIM_T_RETRY, DESCRIPTOR_RETRY_MS);
}

static void frame_count(struct chim_conn *c, uint32_t ip_bytes, uint32_t seq, uint8_t flags,
                        uint32_t payload_bytes)
{
    struct chim_stats *stats = chim_stats_of(c->obj.adapter, c->path->family);
    bool fin = (flags & CHIM_TCP_FIN) != 0;
    CHIM_COUNT(stats->ip.OutRequests, 1u);
    CHIM_COUNT(stats->ip.OutOctets, ip_bytes);
    if ((payload_bytes != 0 || fin) && chim_seq_lt(seq, c->snd_max)) {
        CHIM_COUNT(stats->tcp.RetransmittedSegments, 1u);
    } else {
        CHIM_COUNT(stats->tcp.OutSegments, 1u);
    }
    if ((flags & CHIM_TCP_RST) != 0) {
        CHIM_COUNT(stats->tcp.OutResets, 1u);
    }
}

static void acknowledged(struct chim_conn *c, uint32_t edge, uint32_t told)
{
    c->rcv_adv = edge;
    c->rcv_told = chim_seq_gt(told, c->rcv_told) ? told : c->rcv_told;
    c->window_force = false;
    c->last_ack_sent = c->rcv_nxt;
    c->ack_now = false;
    c->ack_segments = 0;
    chim_timer_clear(c, CHIM_T_DELAYED_ACK);
}

enum chim_sent chim_frame_send(struct chim_conn *c, uint32_t seq, uint8_t flags,
                               uint32_t payload_bytes)
{
    struct chim_adapter *ad = c->obj.adapter;
    struct chim_csum sum = {0, 0};
    uint8_t options[CHIM_TCP_OPTIONS_MAX];
    if (chim_neighbor_holds(c)) {
        return CHIM_NOT_SENT; /* the host is asked first (NBR-QUERY-1) */
    }
    struct chim_tx *tx = chim_tx_get(ad);
    if (tx == NULL) {
        wait_for_descriptor(c);
        return CHIM_NOT_SENT;
    }
    uint32_t edge = next_edge(c);
    uint32_t told;
    uint16_t window = window_field(c, edge, &told);
    uint32_t option_bytes = write_options(c, options);
    uint32_t offset = chim_template_payload_offset(&c->header, option_bytes);
    if (payload_bytes != 0 && !chim_send_copy(c, seq, payload_bytes, tx->frame + offset, &sum)) {
        chim_tx_put(ad, tx);
        chim_timer_start(c, CHIM_T_RETRY, DESCRIPTOR_RETRY_MS);
        return CHIM_NOT_SENT;
    }
    struct chim_segment_fields fields = {
        seq, c->rcv_nxt, window, (uint8_t)(flags | CHIM_TCP_ACK), (uint8_t)option_bytes, options};
    uint16_t ip_id = (uint16_t)(0x8000u | __atomic_fetch_add(&ad->ip_id, 1, __ATOMIC_RELAXED));
    uint32_t length =
        chim_template_write(&c->header, &fields, ip_id, payload_bytes, &sum, tx->frame);
    NDIS_STATUS status = chim_tx_send(ad, tx, length);
    if (status == NDIS_STATUS_RESOURCES) {
        chim_tx_put(ad, tx);
        wait_for_descriptor(c);
        chim_send_forget(c);
        return CHIM_NOT_SENT;
    }
    if (status == NDIS_STATUS_SUCCESS) {
        frame_count(c, offset - c->header.ip_offset + payload_bytes, seq, flags, payload_bytes);
    }
    c->neighbor_asked = false;
    acknowledged(c, edge, told);
    return CHIM_SENT;
}
