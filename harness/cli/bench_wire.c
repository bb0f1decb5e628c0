/* SPDX-License-Identifier: MIT
 *
 * Connections and frames for the benches that speak to the target. Connection n of a bench has the
 * tuple that follows from n; no two of the first 2^24 are alike.
 */
#include <string.h>

#include "cli/bench.h"

#define PORTS 16384u
#define LOCAL_PORT 5000u
#define REMOTE_PORT 1024u
#define SCALE 7u

static void name_ends(const struct world *world, uint32_t index, struct endpoint *local,
                      struct endpoint *remote)
{
    static const uint8_t peer_mac[6] = {2, 0xAA, 0xBB, 0xCC, 0xDD, 1};
    uint32_t path = index / PORTS;
    memset(local, 0, sizeof(*local));
    memset(remote, 0, sizeof(*remote));
    memcpy(local->address, (const uint8_t[4]){10, 0, 0, 1}, 4);
    memcpy(remote->address, (const uint8_t[4]){10, 1, (uint8_t)(path >> 8), (uint8_t)path}, 4);
    memcpy(local->mac, world->mac, 6);
    memcpy(remote->mac, peer_mac, 6);
    local->port = LOCAL_PORT;
    remote->port = (uint16_t)(REMOTE_PORT + index % PORTS);
}

void bench_connect(struct world *world, uint32_t index)
{
    struct host_conn_setup setup;
    memset(&setup, 0, sizeof(setup));
    name_ends(world, index, &setup.local, &setup.remote);
    setup.mtu = 1500;
    setup.constant = (TCP_OFFLOAD_STATE_CONST){.Flags = TCP_FLAG_WINDOW_SCALING_ENABLED,
                                               .RemotePort = setup.remote.port,
                                               .LocalPort = setup.local.port,
                                               .SndWindScale = SCALE,
                                               .RcvWindScale = SCALE,
                                               .RemoteMss = BENCH_SEGMENT};
    setup.cached = (TCP_OFFLOAD_STATE_CACHED){.InitialRcvWnd = BENCH_WINDOW, .TtlOrHopLimit = 64};
    setup.tcb =
        (TCP_OFFLOAD_STATE_DELEGATED){.State = TcpConnectionEstablished,
                                      .RcvNxt = BENCH_SEQUENCE,
                                      .RcvWnd = BENCH_WINDOW,
                                      .SndUna = BENCH_SEQUENCE,
                                      .SndNxt = BENCH_SEQUENCE,
                                      .SndMax = BENCH_SEQUENCE,
                                      .SndWnd = BENCH_WINDOW,
                                      .MaxSndWnd = BENCH_WINDOW,
                                      .SendWL1 = BENCH_SEQUENCE,
                                      .CWnd = BENCH_WINDOW,
                                      .SsThresh = BENCH_WINDOW,
                                      .SRtt = 800,
                                      .RttVar = 200,
                                      .KeepAlive.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING,
                                      .Retransmit.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING};
    host_add(&world->host, &setup);
}

uint32_t bench_frame(const struct world *world, uint32_t index, uint32_t seq, uint32_t ack,
                     const uint8_t *payload, uint32_t length, uint8_t *bytes)
{
    struct segment segment;
    memset(&segment, 0, sizeof(segment));
    name_ends(world, index, &segment.to, &segment.from);
    segment.ttl = 64;
    segment.seq = seq;
    segment.ack = ack;
    segment.flags = SEG_ACK;
    segment.window = BENCH_WINDOW >> SCALE;
    segment.payload = payload;
    segment.length = length;
    return segment_build(&segment, bytes);
}

bool bench_verdict(const struct bench *bench, const char *name, const char *failure)
{
    const struct verdict *verdict = &bench->world->trace->verdict;
    if (!failure && verdict->kind == VERDICT_PASS) {
        return true;
    }
    fprintf(stderr, "bench: %s: %s %s %s\n", name, verdict_kind_name(verdict->kind), verdict->rule,
            failure ? failure : verdict->actual);
    return false;
}
