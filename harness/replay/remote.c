/* SPDX-License-Identifier: MIT
 *
 * The remote end: captured frames at their time, ACKs kept within what the target has sent, and a
 * plain TCP of its own after the end of the capture. See play.h.
 */
#include "replay/play.h"

#include <string.h>

#define MS 1000000ull
#define BATCH 16u
#define ROUNDS_MAX 4000u
#define ROUNDS_IDLE 9u
#define BURST 24u
#define WATCHED 4u /* of so many connections that are closed, one is watched for a while longer */
#define OFFER_MAX 1400u

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool talking(const struct play *play)
{
    return local_offloaded(play) && !play->remote_reset && !play->aborted;
}

static void give(struct play *play, const uint8_t *frame, uint32_t length, uint32_t conn)
{
    struct nds_wire_frame wire = {frame, length, conn};
    if (length) {
        world_frames(play->world, &wire, 1);
        play->result->segments++;
    }
}

/* The ACK that a captured segment may carry now. */
static void fit_ack(struct play *play, const struct flow_packet *p, struct frame_change *change)
{
    int64_t ack =
        flow_offset(play->flow->end[play->local].base, (uint64_t)play->target_max, p->ack);
    bool syn = p->flags & SEG_SYN;
    int64_t edge = ack + ((int64_t)p->window << (syn ? 0 : play->remote_scale));
    if (!(p->flags & SEG_ACK) || p->ack_blind || ((p->bad_tcp || p->bad_ip) && !p->repair)) {
        return;
    }
    play->edge = edge > play->edge ? edge : play->edge;
    if (ack > play->ack_wanted) {
        play->ack_wanted = ack;
    }
    if (ack <= play->target_max) {
        play->ack_sent = ack > play->ack_sent ? ack : play->ack_sent;
        return;
    }
    int64_t window = (edge - play->target_max) >> play->remote_scale;
    change->set_ack = true;
    change->ack = play->flow->end[play->local].base + (uint32_t)play->target_max;
    change->window = (uint16_t)min64(window, 65535);
    play->ack_sent = play->target_max;
    play->result->acks_held++;
}

/* A frame that was cut or merged on its way into the capture, as the segments that it stands for.
 */
static void give_pieces(struct play *play, const struct flow_packet *p, struct frame_change *change,
                        uint32_t size)
{
    static uint8_t room[BATCH][FRAME_MAX];
    struct nds_wire_frame wire[BATCH];
    uint32_t count = 0;
    change->piece = true;
    for (change->begin = 0; change->begin < p->payload; change->begin = change->end) {
        change->end = p->payload - change->begin < size ? p->payload : change->begin + size;
        uint32_t length = frame_build(p, change, room[count]);
        wire[count] = (struct nds_wire_frame){room[count], length, play->conn};
        if (length && ++count == BATCH) {
            world_frames(play->world, wire, count);
            play->result->segments += count;
            count = 0;
        }
    }
    if (count) {
        world_frames(play->world, wire, count);
        play->result->segments += count;
    }
}

/* The host got the segment up the ordinary path and hands it to the target. */
static void remote_forward(struct play *play, const struct flow_packet *p,
                           const struct frame_change *change)
{
    static uint8_t room[SEGMENT_FRAME_MAX];
    struct segment segment;
    bool known =
        p->payload && p->offset + p->payload + ((p->flags & SEG_FIN) != 0) <= play->target_ack;
    if (p->payload + 60 > SEGMENT_FRAME_MAX || known || (p->bad_tcp && !p->repair)) {
        return;
    }
    frame_segment(p, change, room, &segment);
    host_forward(&play->world->host, play->conn, &segment, false);
    world_settle(play->world);
}

static void note_sent(struct play *play, const struct flow_packet *p)
{
    int64_t end = p->offset + p->payload + ((p->flags & SEG_FIN) != 0);
    if (!p->ignored && !(p->flags & (SEG_SYN | SEG_RST))) {
        play->remote_next = end > play->remote_next ? end : play->remote_next;
    }
    if (p->have_ts && (!play->remote_ts_known || (int32_t)(p->ts_value - play->remote_ts) > 0) &&
        !p->ignored) {
        play->remote_ts = p->ts_value;
        play->remote_ts_known = true;
    }
    play->remote_reset |= p->final && (p->flags & SEG_RST);
}

void remote_packet(struct play *play, uint32_t index)
{
    const struct flow_packet *p = &play->flow->packet[index];
    struct frame_change change = {.to = play->local_end.mac,
                                  .from = play->remote_end.mac,
                                  .data = &play->flow->data[play->remote]};
    if (p->kind != FLOW_SEGMENT) {
        give(play, play->frame, frame_build(p, &change, play->frame), TAP_NONE);
        return;
    }
    fit_ack(play, p, &change);
    note_sent(play, p);
    uint32_t mss = local_mss(play->flow, play->local), options = p->tcp_header - 20;
    bool merged = p->payload > mss && (p->bad_tcp == p->repair || p->payload > 1460);
    if (merged && !p->unusual) {
        give_pieces(play, p, &change, mss > options + 64 ? mss - options : 64);
        return;
    }
    uint32_t before = play->passed_up;
    if (!p->assembled) {
        give(play, play->frame, frame_build(p, &change, play->frame),
             p->unusual ? TAP_NONE : play->conn);
    }
    if (p->unusual && (p->assembled || play->passed_up != before)) {
        remote_forward(play, p, &change);
    }
}

static void speak(struct play *play, struct segment *segment)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    const struct flow *flow = play->flow;
    int64_t window = (play->edge - play->ack_sent) >> play->remote_scale;
    segment->ipv6 = flow->v6;
    segment->from = play->remote_end;
    segment->to = play->local_end;
    segment->ttl = 64;
    segment->flags |= SEG_ACK;
    segment->ack = flow->end[play->local].base + (uint32_t)play->ack_sent;
    segment->window = (uint16_t)(play->live || window > 65535 ? 65535 : window < 0 ? 0 : window);
    segment->have_ts = flow->timestamps;
    segment->ts_value = play->remote_ts;
    segment->ts_echo = play->target_ts;
    struct nds_wire_frame wire = {frame, segment_build(segment, frame), play->conn};
    nds_wire_receive(&wire, 1);
    play->result->segments++;
}

void remote_say(struct play *play, int64_t at, const uint8_t *bytes, uint32_t length, bool fin)
{
    struct segment segment = {.seq = play->flow->end[play->remote].base + (uint32_t)at,
                              .flags = (uint8_t)(SEG_PSH | (fin ? SEG_FIN : 0)),
                              .payload = bytes,
                              .length = length};
    speak(play, &segment);
    world_settle(play->world);
}

bool remote_ack_due(struct play *play)
{
    int64_t wanted = play->live ? play->target_max : min64(play->ack_wanted, play->target_max);
    if (wanted <= play->ack_sent || !talking(play)) {
        return false;
    }
    struct segment segment = {.seq =
                                  play->flow->end[play->remote].base + (uint32_t)play->remote_next};
    play->ack_sent = wanted;
    speak(play, &segment);
    return true;
}

void remote_frame_out(struct play *play, const uint8_t *bytes, uint32_t length)
{
    struct segment s;
    const struct flow *flow = play->flow;
    if (!segment_read(bytes, length, &s) || s.from.port != play->local_end.port ||
        s.to.port != play->remote_end.port || (s.flags & SEG_RST)) {
        return;
    }
    int64_t begin = flow_offset(flow->end[play->local].base, (uint64_t)play->target_max, s.seq);
    int64_t end = begin + s.length + ((s.flags & SEG_FIN) != 0);
    int64_t ack = flow_offset(flow->end[play->remote].base, (uint64_t)play->target_ack, s.ack);
    play->target_max = end > play->target_max ? end : play->target_max;
    play->target_ack = ack > play->target_ack ? ack : play->target_ack;
    play->target_edge = ack + ((int64_t)s.window << play->local_scale);
    play->target_ts = s.have_ts ? s.ts_value : 0;
}

/* Offers the stream again from what the target has acknowledged, as far as its window goes. */
static void offer_again(struct play *play)
{
    uint8_t room[OFFER_MAX];
    const struct flow *flow = play->flow;
    const struct stream *data = &flow->data[play->remote];
    uint32_t mss = local_mss(flow, play->local), size = mss > 1412 ? OFFER_MAX
                                                        : mss > 64 ? mss - 12
                                                                   : 52;
    int64_t at = play->target_ack;
    for (uint32_t i = 0; i < BURST && at <= (int64_t)data->next && talking(play); i++) {
        int64_t end = min64(at + size, min64((int64_t)data->next, play->target_edge));
        bool fin = data->has_fin && (end > at ? end : at) == (int64_t)data->next;
        if (end <= at && !fin) {
            break;
        }
        uint32_t length = end > at ? (uint32_t)(end - at) : 0;
        stream_copy(data, (uint64_t)at, room, length);
        play->ack_sent = play->target_max;
        remote_say(play, at, room, length, fin);
        play->result->resent += length;
        at += length;
        play->remote_next = at + fin > play->remote_next ? at + fin : play->remote_next;
        if (fin) {
            break;
        }
    }
}

static bool all_done(const struct play *play)
{
    const struct stream *data = &play->flow->data[play->remote];
    return play->target_ack >= (int64_t)data->next + data->has_fin &&
           play->ack_sent >= play->target_max &&
           play->target_max >= play->handed + (play->finished ? 1 : 0);
}

/* Both ends have closed, and all that was sent has arrived and was delivered. */
static bool closed(const struct play *play)
{
    const struct stream *data = &play->flow->data[play->remote];
    return data->has_fin && play->finished && all_done(play) && play->delivered >= data->next;
}

void remote_finish(struct play *play)
{
    bool at_once = play->flow->stream % WATCHED != 0 && closed(play);
    if (!talking(play) || local_must_upload(play) || at_once) {
        return;
    }
    play->live = true;
    world_advance(play->world, 300 * MS); /* delayed ACKs */
    uint32_t idle = 0;
    for (uint32_t round = 0; round < ROUNDS_MAX && idle < ROUNDS_IDLE && !all_done(play); round++) {
        int64_t before = play->target_ack + play->target_max;
        if (!talking(play) || local_must_upload(play)) {
            break;
        }
        offer_again(play);
        world_advance(play->world, (10 * MS) << idle);
        idle = play->target_ack + play->target_max == before ? idle + 1 : 0;
    }
    world_advance(play->world, 700 * MS); /* the push timer completes what is half full */
}
