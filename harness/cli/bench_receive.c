/* SPDX-License-Identifier: MIT
 *
 * Nanoseconds per 1460-byte in-order segment, from the receive callback to data in the
 * application's hands and the buffers back: into posted requests, or by indications that are
 * accepted and returned. Making the frames (the work of a card's DMA) is left out; the target
 * verifies every checksum.
 */
#include <string.h>

#include "base/payload.h"
#include "cli/bench.h"

#define SEGMENT 1460u
#define BATCH 64u
#define REQUESTS 16u
#define REQUEST (10u * SEGMENT)

struct receive {
    bool posted;
    double seconds;
    double busy;
    uint64_t segments;
    uint32_t done[4 * REQUESTS], done_count;
    uint32_t seq;
    uint64_t offset;
    bool failed;
};

static void post_done(void *context, uint32_t list)
{
    struct receive *receive = context;
    receive->done[receive->done_count++] = list;
}

static void setup_connection(struct world *world, uint32_t seq)
{
    struct host_conn_setup setup;
    memset(&setup, 0, sizeof(setup));
    memcpy(setup.local.address, (const uint8_t[4]){10, 0, 0, 1}, 4);
    memcpy(setup.remote.address, (const uint8_t[4]){10, 0, 1, 2}, 4);
    memcpy(setup.local.mac, world->mac, 6);
    memcpy(setup.remote.mac, (const uint8_t[6]){2, 0xAA, 0xBB, 0xCC, 0xDD, 1}, 6);
    setup.local.port = 5000;
    setup.remote.port = 80;
    setup.mtu = 1500;
    setup.constant = (TCP_OFFLOAD_STATE_CONST){.Flags = TCP_FLAG_WINDOW_SCALING_ENABLED,
                                               .RemotePort = 80,
                                               .LocalPort = 5000,
                                               .SndWindScale = 7,
                                               .RcvWindScale = 7,
                                               .RemoteMss = SEGMENT};
    setup.cached = (TCP_OFFLOAD_STATE_CACHED){.InitialRcvWnd = 1u << 20, .TtlOrHopLimit = 64};
    setup.tcb =
        (TCP_OFFLOAD_STATE_DELEGATED){.State = TcpConnectionEstablished,
                                      .RcvNxt = seq,
                                      .RcvWnd = 1u << 20,
                                      .SndUna = 1000,
                                      .SndNxt = 1000,
                                      .SndMax = 1000,
                                      .SndWnd = 65535,
                                      .MaxSndWnd = 65535,
                                      .SendWL1 = seq,
                                      .CWnd = 14600,
                                      .SsThresh = 65535,
                                      .SRtt = 800,
                                      .RttVar = 200,
                                      .KeepAlive.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING,
                                      .Retransmit.TimeoutDelta = TCP_OFFLOAD_TIMER_NOT_RUNNING};
    host_add(&world->host, &setup);
    host_initiate(&world->host, 0, 1);
    world_settle(world);
}

/* Frames of one batch, in order after what was sent. */
static void build_batch(struct world *world, struct receive *receive,
                        struct nds_wire_frame frames[BATCH])
{
    static uint8_t bytes[BATCH][2048], payload[SEGMENT];
    for (uint32_t i = 0; i < BATCH; i++) {
        struct segment segment;
        memset(&segment, 0, sizeof(segment));
        memcpy(segment.to.mac, world->mac, 6);
        memcpy(segment.from.mac, (const uint8_t[6]){2, 0xAA, 0xBB, 0xCC, 0xDD, 1}, 6);
        memcpy(segment.to.address, (const uint8_t[4]){10, 0, 0, 1}, 4);
        memcpy(segment.from.address, (const uint8_t[4]){10, 0, 1, 2}, 4);
        segment.to.port = 5000;
        segment.from.port = 80;
        segment.ttl = 64;
        segment.seq = receive->seq;
        segment.ack = 1000;
        segment.flags = SEG_ACK;
        segment.window = 512;
        payload_fill(payload, 0, PAYLOAD_TO_TARGET, receive->offset, SEGMENT, 0);
        segment.payload = payload;
        segment.length = SEGMENT;
        frames[i] = (struct nds_wire_frame){bytes[i], segment_build(&segment, bytes[i]), 0};
        receive->seq += SEGMENT;
        receive->offset += SEGMENT;
    }
}

static void post_again(struct world *world, struct receive *receive)
{
    PNET_BUFFER_LIST first = NULL, last = NULL;
    for (uint32_t i = 0; i < receive->done_count; i++) {
        PNET_BUFFER_LIST nbl = nds_list_by_id(receive->done[i]);
        nds_list_rearm(nbl);
        if (last) {
            nds_list_chain(last, nbl);
        } else {
            first = nbl;
        }
        last = nbl;
    }
    receive->done_count = 0;
    if (first) {
        nds_io_call(TAP_POST, world->host.conn[0].tcp, first, 0);
    }
}

static void body(struct world *world, void *context)
{
    struct receive *receive = context;
    struct nds_wire_frame frames[BATCH];
    setup_connection(world, receive->seq);
    world->host.post_done = post_done;
    world->host.delivered_context = receive;
    if (receive->posted) {
        struct host_request request = {.fn = TAP_POST, .length = REQUEST, .count = REQUESTS};
        host_request(&world->host, &request);
    }
    while (receive->busy < receive->seconds) {
        build_batch(world, receive, frames);
        PNIC_FRAME first = nds_wire_prepare(frames, BATCH);
        double start = bench_now();
        nds_wire_deliver(first, BATCH);
        world_settle(world);
        if (receive->posted) {
            post_again(world, receive);
        } else {
            host_return(&world->host, 0, 0);
        }
        receive->busy += bench_now() - start;
        receive->segments += BATCH;
        if (world->host.conn[0].received + REQUEST < receive->segments * SEGMENT) {
            receive->failed = true; /* the data does not arrive: nothing is being measured */
            return;
        }
    }
}

bool bench_receive(struct bench *bench, bool posted, bool oracle)
{
    static struct receive receive;
    memset(&receive, 0, sizeof(receive));
    receive.posted = posted;
    receive.seconds = bench->seconds;
    receive.seq = 0xFFFFF000u;
    struct world_options options = {.oracle_off = !oracle, .trace_off = true};
    world_run(bench->world, &options, body, &receive);
    const struct verdict *verdict = &bench->world->trace->verdict;
    if (receive.failed || verdict->kind != VERDICT_PASS) {
        fprintf(stderr, "bench: %s: %s %s %s\n", posted ? "rx_posted" : "rx_indicate",
                verdict_kind_name(verdict->kind), verdict->rule,
                receive.failed ? "the data did not arrive" : verdict->actual);
        return false;
    }
    char name[40];
    snprintf(name, sizeof(name), "%s%s", posted ? "rx_posted_1460" : "rx_indicate_1460",
             oracle ? "_oracle" : "");
    bench_add(bench, name, receive.busy * 1e9 / (double)receive.segments, "ns/segment",
              oracle ? "oracle on, checksums verified, making of frames excluded"
                     : "oracle off, checksums verified, making of frames excluded");
    return true;
}
