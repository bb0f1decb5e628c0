/* SPDX-License-Identifier: MIT */
#include "replay/play.h"

#include <stdio.h>
#include <string.h>

#define MS 1000000ull
#define PROGRESS_PACKETS 4096u
#define GAP_MAX_NS (3600ull * 1000000000u) /* silence of a capture that is kept */

void play_init(struct play *play, struct world *world, const struct flow *flow,
               enum flow_side local, struct replay_result *result)
{
    static const uint8_t remote_mac[6] = {0x02, 0xAA, 0xBB, 0xCC, 0xDD, 0x01};
    memset(play, 0, sizeof(*play));
    play->world = world;
    play->flow = flow;
    play->local = local;
    play->remote = local == FLOW_CLIENT ? FLOW_SERVER : FLOW_CLIENT;
    play->result = result;
    const struct flow_end *here = &flow->end[play->local], *there = &flow->end[play->remote];
    memcpy(play->local_end.mac, world->mac, 6);
    memcpy(play->remote_end.mac, remote_mac, 6);
    memcpy(play->local_end.address, here->address, 16);
    memcpy(play->remote_end.address, there->address, 16);
    play->local_end.port = here->port;
    play->remote_end.port = there->port;
    play->local_scale = flow->scaling ? here->scale : 0;
    play->remote_scale = flow->scaling ? there->scale : 0;
    play->base = play->handed = flow->prefix[play->local];
    play->target_max = play->ack_wanted = play->ack_sent = play->base;
    play->edge = play->base + there->syn_window;
    play->target_ack = play->remote_next = flow->prefix[play->remote];
    play->target_edge = play->target_ack + flow_window_given(flow, play->local);
    play->remote_ts = there->syn_ts;
    play->remote_ts_known = flow->timestamps;
    play->target_ts = here->syn_ts;
    play->policy = policy_at(0);
    play->posting = (flow->stream + local) % 2 == 0;
    play->wrong_at = -1;
    play->unknown_at = flow->cut_at[play->remote];
    play->call_fn = TAP_FN_COUNT;
    play->last_word[0] = play->last_word[1] = -1;
    for (uint32_t i = 0; i < flow->packets; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (p->kind == FLOW_SEGMENT && !(p->flags & SEG_RST)) {
            play->last_word[p->from] = i;
        }
    }
    sha256_init(&play->hash);
}

void play_behave(struct play *play, const struct policy *policy, uint32_t upload_every)
{
    play->policy = policy ? policy : policy_at(0);
    play->upload_every = upload_every;
    if (play->policy->posts != POSTS_BY_TURNS) {
        play->posting = play->policy->posts == POSTS_ALWAYS;
    }
}

/* ---- What is delivered ---- */

/* Whether some segment of the capture has this byte there, or had it made up where the snap length
 * cut it. */
static bool other_copy(struct play *play, uint64_t at, uint8_t value)
{
    for (uint32_t i = 0; i < play->flow->packets; i++) {
        const struct flow_packet *p = &play->flow->packet[i];
        bool has = p->kind == FLOW_SEGMENT && p->from == play->remote && !p->header_cut &&
                   (!p->bad_tcp || p->repair) && p->offset <= (int64_t)at &&
                   (int64_t)at < p->offset + p->payload;
        int64_t into = (int64_t)at - p->offset;
        if (has && into < p->captured && flow_payload(p)[into] == value) {
            return true;
        }
        uint8_t made = 0;
        if (has && into >= p->captured) {
            stream_make_up(at, &made, 1);
        }
        if (has && into >= p->captured && value == made) {
            play->unknown_at = at < play->unknown_at ? at : play->unknown_at;
            return true;
        }
    }
    return false;
}

/* Bytes that differ from the stream, one by one. */
static void judge_other(struct play *play, uint64_t at, const uint8_t *right, const uint8_t *bytes,
                        uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (right && right[i] == bytes[i]) {
            continue;
        }
        if (!other_copy(play, at + i, bytes[i])) {
            play->wrong_at = (int64_t)(at + i);
            play->wrong_value = bytes[i];
            return;
        }
        play->other_copies++;
    }
}

/* The piece that holds a byte; mostly the same one as before, or the next. */
static uint32_t play_find(const struct play *play, const struct stream *data, uint64_t at)
{
    for (uint32_t i = play->found; i < play->found + 2 && i < data->pieces; i++) {
        if (data->piece[i].begin <= at && at < data->piece[i].end) {
            return i;
        }
    }
    return stream_find(data, at);
}

/* Bytes of one piece, or of no one. */
static void judge_piece(struct play *play, const struct stream_piece *piece, uint64_t at,
                        const uint8_t *bytes, uint32_t length)
{
    uint8_t made[512];
    const uint8_t *right = piece && piece->bytes ? piece->bytes + (at - piece->begin) : NULL;
    if (right) {
        play->compared += length;
        if (memcmp(right, bytes, length) != 0) {
            judge_other(play, at, right, bytes, length);
        }
        return;
    }
    for (uint32_t done = 0, take; done < length && play->wrong_at < 0; done += take) {
        take = length - done < sizeof(made) ? length - done : (uint32_t)sizeof(made);
        stream_make_up(at + done, made, take);
        judge_other(play, at + done, piece ? made : NULL, bytes + done, take);
    }
}

static void judge_bytes(struct play *play, const uint8_t *bytes, uint32_t length)
{
    const struct stream *data = &play->flow->data[play->remote];
    uint64_t at = play->delivered, end = at + length;
    if (!length || play->wrong_at >= 0) {
        return;
    }
    for (uint32_t i = play_find(play, data, at); at < end && play->wrong_at < 0;) {
        const struct stream_piece *piece = i < data->pieces ? &data->piece[i] : NULL;
        bool inside = piece && piece->begin <= at;
        uint64_t to = inside ? piece->end : piece ? piece->begin : end;
        to = to < end ? to : end;
        judge_piece(play, inside ? piece : NULL, at, bytes + (at - play->delivered),
                    (uint32_t)(to - at));
        play->found = i;
        i += inside;
        at = to;
    }
}

static void take_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct play *play = context;
    judge_bytes(play, bytes, length);
    if (play->hashed) {
        sha256_update(&play->hash, length, bytes);
    }
    play->delivered += length;
}

/* An indication is read while the host answers it. */
static void delivered(void *context, uint32_t conn, const struct tap_nbl *list, uint32_t bytes)
{
    (void)conn;
    if (list->role == ROLE_INDICATED) {
        tap_nbl_spans(list, 0, bytes, take_span, context);
    }
}

/* Posted receives, and what the upload hands back, are read at the tap: afterwards the lists are
 * the host's and poisoned. */
static void tap_event(void *context, const struct tap_event *event)
{
    struct play *play = context;
    const struct tap_nbl *list = event->ptr;
    if (event->kind == TAP_ENTER &&
        (event->fn == TAP_RCV_COMPLETE || event->fn == TAP_TERMINATE_COMPLETE)) {
        play->call = event->seq;
        play->call_fn = (enum tap_fn)event->fn;
    } else if (event->kind == TAP_POINT && event->fn == TAP_NBL && event->call == play->call &&
               play->call_fn != TAP_FN_COUNT && list->fault == NBL_OK) {
        bool post = play->call_fn == TAP_RCV_COMPLETE && list->role == ROLE_POST &&
                    list->bytes_transferred <= list->length;
        bool buffered = play->call_fn == TAP_TERMINATE_COMPLETE && list->role == ROLE_INDICATED;
        if (post || buffered) {
            tap_nbl_spans(list, 0, post ? list->bytes_transferred : list->length, take_span, play);
        }
    }
}

static uint64_t payload_stream(void *context, uint32_t conn, uint64_t offset, uint8_t *out,
                               uint32_t length)
{
    const struct play *play = context;
    const struct stream *data = &play->flow->data[play->local];
    uint64_t at = (uint64_t)play->base + offset;
    (void)conn;
    stream_copy(data, at, out, length);
    return length;
}

/* ---- The run ---- */

void play_consumed(struct play *play, int64_t end)
{
    uint8_t bytes[512];
    uint64_t compared = play->compared;
    while ((int64_t)play->delivered < end) {
        uint64_t left = (uint64_t)end - play->delivered;
        uint32_t take = left < sizeof(bytes) ? (uint32_t)left : (uint32_t)sizeof(bytes);
        stream_copy(&play->flow->data[play->remote], play->delivered, bytes, take);
        take_span(play, bytes, take);
    }
    play->compared = compared; /* it was not the target that delivered them */
}

static void frame_out(void *context, const uint8_t *bytes, uint32_t length)
{
    remote_frame_out(context, bytes, length);
}

static bool more(void *context)
{
    policy_answer(context);
    return remote_ack_due(context) || local_more(context);
}

/* Of what stands before the end of the handshake only reordered data is of use. */
static bool skipped(const struct flow *flow, uint32_t index)
{
    const struct flow_packet *p = &flow->packet[index];
    if (flow->started != START_HANDSHAKE || index >= flow->start) {
        return flow->one_sided && p->kind == FLOW_SEGMENT && (p->flags & SEG_SYN);
    }
    return p->kind != FLOW_SEGMENT || (p->flags & SEG_SYN) ||
           (!p->payload && !(p->flags & (SEG_FIN | SEG_RST)));
}

/* Within a tick, and when no timer is due, nothing can happen that would have to come to rest. */
static void pass_time(struct play *play, uint64_t *clock, const struct flow_packet *p)
{
    if (*clock && p->time_ns > *clock) {
        uint64_t gap = p->time_ns - *clock, until = nds_now() + gap;
        if (gap < MS && nds_next_timer() > until) {
            nds_set_now(until);
        } else {
            world_advance(play->world, gap < GAP_MAX_NS ? gap : GAP_MAX_NS);
        }
    }
    *clock = p->time_ns > *clock ? p->time_ns : *clock;
}

void play_listen(struct play *play, struct world *world)
{
    struct host *host = &world->host;
    host->delivered = delivered;
    host->delivered_context = play;
    host->payload_stream = payload_stream;
    host->reuse = world->options.reuse || world->options.trace_off;
    tap_subscribe(tap_event, play);
    world->context = play;
    world->frame_out = frame_out;
    world->more = more;
}

void play_conversation(struct play *play)
{
    struct world *world = play->world;
    const struct flow *flow = play->flow;
    uint64_t clock = 0;
    play_consumed(play, flow->prefix[play->remote]);
    local_setup(play);
    play->result->ran = local_offloaded(play);
    for (uint32_t i = 0; i < flow->packets && play->result->ran && world->up; i++) {
        const struct flow_packet *p = &flow->packet[i];
        if (skipped(flow, i)) {
            continue;
        }
        if (i % PROGRESS_PACKETS == 0) {
            play->progress(play->progress_context, i);
        }
        pass_time(play, &clock, p);
        adapt_before(play, i);
        if (p->from == play->local) {
            local_packet(play, i);
        } else {
            remote_packet(play, i);
        }
        policy_packet(play, i);
        if (local_must_upload(play) && !adapt_take_back(play, i)) {
            break;
        }
    }
    remote_finish(play);
}

void play_take_back(struct play *play)
{
    struct host *host = &play->world->host;
    for (uint32_t i = 0; i < 20 && host->conn[play->conn].phase != HOST_OWNS; i++) {
        host_return(host, 0, ORDER_OLDEST);
        host_return_nonoff(host);
        host_terminate(host, play->conn, SCOPE_ALL);
        world_settle(play->world);
        if (host->conn[play->conn].phase != HOST_OWNS) {
            world_advance(play->world, 50 * MS);
        }
    }
    host_return(host, 0, ORDER_OLDEST);
    host_return_nonoff(host);
    world_settle(play->world);
}
