/* SPDX-License-Identifier: MIT
 *
 * Nanoseconds per 1460-byte in-order segment, from the receive callback to data in the
 * application's hands and the buffers back: into posted requests, or by indications that are
 * accepted and returned, or into requests with every second segment swapped. Making the frames (the
 * work of a card's DMA) is left out; the target verifies every checksum.
 */
#include <string.h>

#include "base/payload.h"
#include "cli/bench.h"

#define BATCH 64u
#define REQUESTS 16u
#define REQUEST (10u * BENCH_SEGMENT)

struct receive {
    enum bench_receive how;
    double seconds;
    double busy;
    uint64_t segments;
    uint32_t done[4 * REQUESTS], done_count;
    uint32_t seq;
    uint64_t offset;
    bool failed;
};

static void post_done(void *context, enum tap_fn fn, uint32_t list)
{
    struct receive *receive = context;
    (void)fn;
    receive->done[receive->done_count++] = list;
}

/* Frames of one batch, in order after what was sent, or every second one before its forerunner. */
static void build_batch(struct world *world, struct receive *receive,
                        struct nds_wire_frame frames[BATCH])
{
    static uint8_t bytes[BATCH][2048], payload[BENCH_SEGMENT];
    for (uint32_t i = 0; i < BATCH; i++) {
        uint32_t place = receive->how == BENCH_SWAPPED ? i ^ 1u : i;
        payload_fill(payload, 0, PAYLOAD_TO_TARGET, receive->offset, BENCH_SEGMENT, 0);
        uint32_t length =
            bench_frame(world, 0, receive->seq, BENCH_SEQUENCE, payload, BENCH_SEGMENT, bytes[i]);
        frames[place] = (struct nds_wire_frame){bytes[i], length, 0};
        receive->seq += BENCH_SEGMENT;
        receive->offset += BENCH_SEGMENT;
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

static void bench_receive_body(struct world *world, void *context)
{
    struct receive *receive = context;
    struct nds_wire_frame frames[BATCH];
    bench_connect(world, 0);
    host_initiate(&world->host, 0, 1);
    world_settle(world);
    world->host.request_back = post_done;
    world->host.delivered_context = receive;
    if (receive->how != BENCH_INDICATED) {
        struct host_request request = {.fn = TAP_POST, .length = REQUEST, .count = REQUESTS};
        host_request(&world->host, &request);
    }
    while (receive->busy < receive->seconds) {
        build_batch(world, receive, frames);
        PNIC_FRAME first = nds_wire_prepare(frames, BATCH);
        double start = bench_now();
        nds_wire_deliver(first, BATCH);
        world_settle(world);
        if (receive->how != BENCH_INDICATED) {
            post_again(world, receive);
        } else {
            host_return(&world->host, 0, ORDER_OLDEST);
        }
        receive->busy += bench_now() - start;
        receive->segments += BATCH;
        if (world->host.conn[0].received + REQUEST < receive->segments * BENCH_SEGMENT) {
            receive->failed = true; /* the data does not arrive: nothing is being measured */
            return;
        }
    }
}

double bench_receive_for(struct bench *bench, const char *name, enum bench_receive how, bool oracle,
                         double seconds)
{
    static struct receive receive;
    memset(&receive, 0, sizeof(receive));
    receive.how = how;
    receive.seconds = seconds;
    receive.seq = BENCH_SEQUENCE;
    struct world_options options = {.oracle_off = !oracle, .trace_off = true};
    world_run(bench->world, &options, bench_receive_body, &receive);
    bool good = bench_verdict(bench, name, receive.failed ? "the data did not arrive" : NULL);
    return good ? receive.busy * 1e9 / (double)receive.segments : 0;
}

bool bench_receive(struct bench *bench, const char *name, enum bench_receive how, bool oracle)
{
    double nanoseconds = bench_receive_for(bench, name, how, oracle, bench->seconds);
    if (nanoseconds <= 0) {
        return false;
    }
    bench_add(bench, name, nanoseconds, "ns/segment",
              oracle ? "oracle on, checksums verified, making of frames excluded"
                     : "oracle off, checksums verified, making of frames excluded");
    return true;
}
