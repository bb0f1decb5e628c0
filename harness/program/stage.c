/* SPDX-License-Identifier: MIT */
#include "program/stage.h"

#include <string.h>

#include "base/arena.h"
#include "base/copy.h"

#define MS 1000000ull
#define LOCAL_PORT 5000
#define REMOTE_PORT 80
#define ACKS_AT_ONCE 128u /* acknowledgements that the peers can send at one instant */

void stage_parameters(const struct program *program, NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS *out)
{
    world_default_parameters(out);
    uint32_t rate = (uint32_t)program_parameter(program, "ticks");
    out->TicksPerSecond = rate;
    uint32_t delayed = program_get(program, "delayed-ack-ticks");
    uint32_t most = rate / 2 < 200 ? rate / 2 : 200;
    out->TcpDelayedAckTicks = (UCHAR)(delayed && delayed < most ? delayed : most);
    uint32_t push = program_get(program, "push-ticks");
    out->TcpPushTicks = push ? push : rate / 2;
    out->TcpSwsPreventionTicks = rate / 5;
    out->NceStaleTicks = 60 * rate;
    uint32_t frequency = program_get(program, "ack-frequency");
    out->TcpAckFrequency = (UCHAR)(frequency ? frequency : 2);
}

/* Connections 0 and 1 share a path, 2 and 3 the next one, and so on. */
#define CONNS_OF_A_PATH 2u

static void endpoints(const struct program *program, uint32_t index, struct endpoint *local,
                      struct endpoint *remote)
{
    static const uint8_t peer_mac[6] = {0x02, 0xAA, 0xBB, 0xCC, 0xDD, 0x01};
    memset(local, 0, sizeof(*local));
    memset(remote, 0, sizeof(*remote));
    memcpy(remote->mac, peer_mac, 6);
    remote->mac[5] += program_get(program, "two-routers") && index >= CONNS_OF_A_PATH;
    local->port = (uint16_t)(LOCAL_PORT + index);
    uint32_t port = program_get(program, "peer-port");
    remote->port = (uint16_t)(port ? port : REMOTE_PORT);
    if (program_get(program, "ipv6")) {
        local->address[0] = remote->address[0] = 0xFD;
        local->address[15] = 1;
        remote->address[14] = (uint8_t)(1 + index / CONNS_OF_A_PATH);
        remote->address[15] = 1;
    } else {
        memcpy(local->address, (const uint8_t[4]){10, 0, 0, 1}, 4);
        memcpy(remote->address,
               (const uint8_t[4]){10, 0, (uint8_t)(1 + index / CONNS_OF_A_PATH), 2}, 4);
    }
}

struct opening {
    uint32_t rate, window, mss, buffered, outstanding, in_flight;
    uint32_t peer_seq, seq, rcv_scale, snd_scale, peer_window;
    TCP_OFFLOAD_CONNECTION_STATE state;
    bool scaled;
};

static void read_opening(const struct program *p, struct opening *o)
{
    memset(o, 0, sizeof(*o));
    o->rate = (uint32_t)program_parameter(p, "ticks");
    o->window = (uint32_t)program_parameter(p, "window");
    o->mss = program_get(p, "mss");
    o->mss = o->mss < 88 ? (o->mss ? 88 : 1460) : o->mss > 8960 ? 8960 : o->mss;
    o->scaled = program_get(p, "window-scale");
    o->rcv_scale = o->scaled ? program_get(p, "rcv-scale") : 0;
    o->snd_scale = o->scaled ? program_get(p, "snd-scale") : 0;
    o->rcv_scale = o->rcv_scale > 14 ? 14 : o->rcv_scale;
    o->snd_scale = o->snd_scale > 14 ? 14 : o->snd_scale;
    if (o->window > 65535u << o->rcv_scale) {
        o->window = 65535u << o->rcv_scale; /* cannot be advertised without that scale */
    }
    o->buffered = program_get(p, "buffered");
    o->buffered = o->buffered > o->window ? o->window : o->buffered;
    o->outstanding = program_get(p, "outstanding");
    o->in_flight = program_get(p, "in-flight");
    o->in_flight = o->in_flight > o->outstanding ? o->outstanding : o->in_flight;
    o->peer_window = program_get(p, "peer-window");
    /* Not below 64: acknowledgements take no time here, so each byte would cost a round trip. */
    o->peer_window = o->peer_window == 0 ? 65535 : o->peer_window < 64 ? 64 : o->peer_window;
    o->peer_seq = program_get(p, "peer-sequence");
    o->seq = program_get(p, "sequence");
    o->state = (TCP_OFFLOAD_CONNECTION_STATE)program_parameter(p, "state");
}

static bool fin_sent_in(TCP_OFFLOAD_CONNECTION_STATE state)
{
    return state == TcpConnectionFinWait1 || state == TcpConnectionFinWait2 ||
           state == TcpConnectionClosing || state == TcpConnectionLastAck;
}

static bool fin_seen_in(TCP_OFFLOAD_CONNECTION_STATE state)
{
    return state == TcpConnectionCloseWait || state == TcpConnectionClosing ||
           state == TcpConnectionLastAck;
}

static void tcb_of(const struct opening *o, TCP_OFFLOAD_STATE_DELEGATED *t)
{
    memset(t, 0, sizeof(*t));
    bool fin = fin_sent_in(o->state), fin_acked = o->state == TcpConnectionFinWait2;
    t->State = o->state;
    t->RcvNxt = o->peer_seq + o->buffered + (fin_seen_in(o->state) ? 1 : 0);
    t->RcvWnd = o->window - o->buffered;
    t->SndUna = o->seq;
    t->SndNxt = o->seq + o->in_flight + (fin ? 1 : 0);
    t->SndMax = t->SndNxt;
    if (fin_acked) {
        t->SndUna = t->SndNxt;
    }
    t->SndWnd = t->MaxSndWnd = o->peer_window << o->snd_scale;
    t->SendWL1 = t->RcvNxt;
    t->CWnd = 10 * o->mss;
    t->SsThresh = 0x7FFFFFFF;
    t->SRtt = (USHORT)(o->rate / 10 * 8 ? o->rate / 10 * 8 : 8);
    t->RttVar = (USHORT)(o->rate / 20 * 4 ? o->rate / 20 * 4 : 4);
    t->TsRecent = 1000;
    t->TsTime = 5000;
    t->KeepAlive.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING;
    bool flight = t->SndMax != t->SndUna;
    t->Retransmit.TimeoutDelta = flight      ? o->rate
                                 : fin_acked ? 60 * o->rate
                                             : TCP_OFFLOAD_TIMER_NOT_RUNNING;
}

static void setup_of(const struct program *p, const struct opening *o, uint32_t index,
                     struct host_conn_setup *setup)
{
    memset(setup, 0, sizeof(*setup));
    setup->v6 = program_get(p, "ipv6");
    endpoints(p, index, &setup->local, &setup->remote);
    setup->vlan = (uint16_t)program_get(p, "vlan");
    setup->source_mac = program_get(p, "source-mac");
    uint32_t mtu = o->mss + (setup->v6 ? 60u : 40u);
    setup->mtu = setup->v6 && mtu < 1280 ? 1280 : mtu < 576 ? 576 : mtu;
    TCP_OFFLOAD_STATE_CONST *constant = &setup->constant;
    constant->Flags = (USHORT)((program_get(p, "timestamps") ? TCP_FLAG_TIMESTAMP_ENABLED : 0) |
                               (program_get(p, "sack") ? TCP_FLAG_SACK_ENABLED : 0) |
                               (o->scaled ? TCP_FLAG_WINDOW_SCALING_ENABLED : 0));
    constant->RemotePort = setup->remote.port;
    constant->LocalPort = setup->local.port;
    constant->SndWindScale = (UCHAR)o->snd_scale & 15;
    constant->RcvWindScale = (UCHAR)o->rcv_scale & 15;
    constant->RemoteMss = (USHORT)o->mss;
    constant->HashValue = 0x9E3779B9u * (index + 1);
    TCP_OFFLOAD_STATE_CACHED *cached = &setup->cached;
    cached->Flags = (USHORT)((program_get(p, "keepalive") ? TCP_FLAG_KEEP_ALIVE_ENABLED : 0) |
                             (program_get(p, "nagle") ? TCP_FLAG_NAGLING_ENABLED : 0));
    cached->InitialRcvWnd =
        program_get(p, "large-window") ? (uint32_t)program_parameter(p, "window") : o->window;
    cached->RcvIndicationSize = program_get(p, "indication-size");
    cached->KaProbeCount = 3;
    cached->KaTimeout = 30 * o->rate;
    cached->KaInterval = o->rate;
    cached->TtlOrHopLimit = 128;
    cached->UserPriority = program_get(p, "priority") & 7;
    cached->FlowLabel = setup->v6 ? 0xABCDE - index : 0;
    tcb_of(o, &setup->tcb);
    if (program_get(p, "keepalive")) {
        setup->tcb.KeepAlive.TimeoutDelta = cached->KaTimeout;
    }
    setup->buffered = fin_seen_in(o->state) ? 0 : o->buffered;
    setup->outstanding = o->state == TcpConnectionFinWait2 ? 0 : o->outstanding;
    if (fin_sent_in(o->state)) { /* the FIN follows the last byte, so everything is in flight */
        setup->outstanding = o->state == TcpConnectionFinWait2 ? 0 : o->in_flight;
    }
}

static void peer_open(struct stage *stage, const struct program *p, const struct opening *o,
                      uint32_t index, const struct host_conn_setup *setup)
{
    struct peer_conn *peer = &stage->peer[index];
    memset(peer, 0, sizeof(*peer));
    peer->ipv6 = setup->v6;
    peer->vlan = setup->vlan;
    peer->tagged = setup->vlan != 0;
    peer->timestamps = program_get(p, "timestamps");
    peer->sack = setup->constant.Flags & TCP_FLAG_SACK_ENABLED;
    peer->auto_ack = !program_get(p, "manual-ack");
    peer->local = setup->local;
    peer->remote = setup->remote;
    memcpy(peer->local.mac, stage->world->mac, 6);
    peer->irs = o->peer_seq;
    peer->snd_nxt = peer->snd_una = setup->tcb.RcvNxt;
    peer->fin_sent = fin_seen_in(o->state);
    peer->iss = setup->tcb.SndUna;
    /* What the host had sent before is on its way; the peer sees it when it is sent again. */
    peer->rcv_nxt = peer->rcv_max = setup->tcb.SndUna;
    peer->window = (uint16_t)o->peer_window;
    peer->scale_in = (uint8_t)o->rcv_scale;
    peer->ts_clock = 1000;
    peer->ts_recent = 4990;
    peer->payload_conn = index;
}

static void stage_frame_out(void *context, const uint8_t *bytes, uint32_t length)
{
    struct stage *stage = context;
    struct segment segment;
    if (!segment_read(bytes, length, &segment)) {
        return;
    }
    for (uint32_t i = 0; i < stage->conns; i++) {
        struct peer_conn *peer = &stage->peer[i];
        if (segment.from.port == peer->local.port && segment.to.port == peer->remote.port) {
            bool due = peer_receive(peer, &segment);
            stage->ack_due[i] |= due && peer->auto_ack;
        }
    }
}

/* Acknowledgements that peers owe go out when nothing else is runnable. They take no time, but only
 * so many go out before some passes: a small window makes no endless step. */
static bool stage_more(void *context)
{
    struct stage *stage = context;
    if (stage->acks_ns != nds_now()) {
        stage->acks_ns = nds_now();
        stage->acks = 0;
    }
    if (stage->acks >= ACKS_AT_ONCE) {
        return false;
    }
    for (uint32_t i = 0; i < stage->conns; i++) {
        if (stage->ack_due[i]) {
            static uint8_t frame[SEGMENT_FRAME_MAX];
            struct segment segment;
            stage->ack_due[i] = false;
            stage->acks++;
            peer_ack_segment(&stage->peer[i], &segment);
            uint32_t length = segment_build(&segment, frame);
            struct nds_wire_frame wire = {frame, length, i};
            nds_wire_receive(&wire, 1);
            return true;
        }
    }
    return false;
}

const char *stage_lacks(const struct program *program)
{
    bool v6 = program_get(program, "ipv6");
    return host_family_offered(v6) ? NULL : v6 ? "SupportIPv6" : "SupportIPv4";
}

/* For a target that takes its time; the clocks of the peers go on meanwhile. */
static void stage_await_initiate(struct stage *stage)
{
    uint64_t before = nds_now();
    world_await_initiate(stage->world);
    if (nds_now() != before) {
        stage_pass_time(stage, 0);
    }
}

void stage_open(struct stage *stage, struct world *world, const struct program *program)
{
    memset(stage, 0, sizeof(*stage));
    stage->world = world;
    stage->conns = 1 + program_get(program, "connections");
    stage->hold_returns = program_get(program, "hold-returns");
    stage->clock_ns = nds_now();
    struct opening opening;
    read_opening(program, &opening);
    for (uint32_t i = 0; i < stage->conns; i++) {
        struct host_conn_setup setup;
        setup_of(program, &opening, i, &setup);
        uint32_t added = host_add(&world->host, &setup);
        setup.constant = world->host.conn[added].constant;
        peer_open(stage, program, &opening, i, &setup);
    }
    world->host.placeholders = program_get(program, "placeholders");
    world->host.short_state = program_get(program, "short-state");
    world->host.many_lists = program_get(program, "many-lists");
    world->host.nested_frame = stage_nested_frame;
    world->host.nested_context = stage;
    world->context = stage;
    world->frame_out = stage_frame_out;
    world->more = stage_more;
    if (program_get(program, "manual-initiate")) {
        return;
    }
    bool separate = program_get(program, "separate-trees");
    for (uint32_t i = 0; i < (separate ? stage->conns : 1); i++) {
        host_initiate(&world->host, i, separate ? 1 : stage->conns);
        world_settle(world);
        stage_await_initiate(stage);
    }
}

void stage_peer_clock(struct stage *stage, const struct program_op *op, uint32_t conn)
{
    if (op_get(op, "what") == VARIABLE_TS_RECENT &&
        stage->world->host.conn[conn].phase == HOST_OWNS) {
        stage->peer[conn].ts_clock = op_get(op, "value");
    }
}

void stage_close(struct stage *stage)
{
    stage->batch = 0;
    if (stage->world->up) {
        stage_batch(stage, 0);
        nds_fault_clear();
        nds_wire_link(true);
        world_settle(stage->world);
        stage_pass_time(stage, 250 * MS);
    }
    stage->world->context = NULL;
    stage->world->frame_out = NULL;
    stage->world->more = NULL;
}

void stage_pass_time(struct stage *stage, uint64_t ns)
{
    world_advance(stage->world, ns);
    uint64_t ms = (nds_now() - stage->clock_ns) / MS;
    stage->clock_ns += ms * MS;
    for (uint32_t i = 0; i < stage->conns; i++) {
        stage->peer[i].ts_clock += (uint32_t)ms;
    }
}

static void flush(struct stage *stage)
{
    if (stage->queued) {
        uint32_t count = stage->queued;
        stage->queued = 0;
        world_frames(stage->world, stage->queue, count);
    }
}

void stage_release(struct stage *stage)
{
    if (stage->queued) {
        uint32_t count = stage->queued;
        stage->queued = 0;
        nds_wire_receive(stage->queue, count);
    }
}

void stage_batch(struct stage *stage, uint32_t frames)
{
    flush(stage);
    stage->batch = frames < STAGE_QUEUE_MAX ? frames : STAGE_QUEUE_MAX;
}

void stage_frame(struct stage *stage, const uint8_t *bytes, uint32_t length, uint32_t conn)
{
    uint8_t *copy = rig_alloc(length);
    copy_raw(copy, bytes, length);
    stage->queue[stage->queued++] = (struct nds_wire_frame){copy, length, conn};
    if (stage->queued >= stage->batch || stage->queued == STAGE_QUEUE_MAX) {
        flush(stage);
    }
}
