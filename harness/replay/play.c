/* SPDX-License-Identifier: MIT */
#include "replay/play.h"

#include <stdio.h>
#include <string.h>

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
    play->target_edge = play->target_ack + flow_window(flow, play->local);
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

/* Whether some segment of the capture has this byte there; the rest of a segment that the snap
 * length cut went to the target as zeros. */
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
        if (has && into >= p->captured && value == 0) {
            play->unknown_at = at < play->unknown_at ? at : play->unknown_at;
            return true;
        }
    }
    return false;
}

static void judge_bytes(struct play *play, const uint8_t *bytes, uint32_t length)
{
    const struct stream *data = &play->flow->data[play->remote];
    uint64_t at = play->delivered;
    if (!length || play->wrong_at >= 0 ||
        (at + length <= data->end && !memcmp(data->bytes + at, bytes, length))) {
        return;
    }
    for (uint32_t i = 0; i < length; i++) {
        if (at + i < data->end && data->bytes[at + i] == bytes[i]) {
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

static void take_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct play *play = context;
    judge_bytes(play, bytes, length);
    sha256_update(&play->hash, length, bytes);
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
    memset(out, 0, length);
    if (at < data->end) {
        memcpy(out, data->bytes + at, data->end - at < length ? data->end - at : length);
    }
    return length;
}

/* ---- The run ---- */

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
        return false;
    }
    return p->kind != FLOW_SEGMENT || (p->flags & SEG_SYN) ||
           (!p->payload && !(p->flags & (SEG_FIN | SEG_RST)));
}

static void pass_time(struct play *play, uint64_t *clock, const struct flow_packet *p)
{
    if (*clock && p->time_ns > *clock) {
        uint64_t gap = p->time_ns - *clock;
        world_advance(play->world, gap < GAP_MAX_NS ? gap : GAP_MAX_NS);
    }
    *clock = p->time_ns > *clock ? p->time_ns : *clock;
}

void play_body(struct world *world, void *context)
{
    struct play *play = context;
    const struct flow *flow = play->flow;
    uint64_t clock = 0, prefix = (uint64_t)flow->prefix[play->remote];
    struct host *host = &world->host;
    host->delivered = delivered;
    host->delivered_context = play;
    host->payload_stream = payload_stream;
    tap_subscribe(tap_event, play);
    world->context = play;
    world->frame_out = frame_out;
    world->more = more;
    if (prefix) {
        take_span(play, flow->data[play->remote].bytes, (uint32_t)prefix);
    }
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
        if (p->from == play->local) {
            local_packet(play, i);
        } else {
            remote_packet(play, i);
        }
        policy_packet(play, i);
        if (local_must_upload(play)) {
            host_terminate(host, play->conn, SCOPE_ALL);
            world_settle(world);
            break;
        }
    }
    remote_finish(play);
}
