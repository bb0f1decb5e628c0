/* SPDX-License-Identifier: MIT
 *
 * Nanoseconds per 1460-byte segment sent: from the host's send calls over the frames on the wire to
 * the completions, with one acknowledgement for every second segment. Making the acknowledgements
 * is left out.
 */
#include <string.h>

#include "cli/bench.h"

#define SENDS 16u
#define SEND (45u * BENCH_SEGMENT) /* about 64 KiB */
#define ACKS 64u

struct sending {
    double seconds, busy;
    uint64_t segments;
    uint32_t on_wire; /* segments sent since the last round */
    uint32_t una;     /* what the peer has acknowledged */
    uint32_t back[SENDS], backs;
    bool failed;
};

static void frame_out(void *context, const uint8_t *bytes, uint32_t length)
{
    struct sending *sending = context;
    (void)bytes;
    sending->on_wire += length > BENCH_SEGMENT ? 1 : 0;
}

static void send_back(void *context, enum tap_fn fn, uint32_t list)
{
    struct sending *sending = context;
    if (fn == TAP_SND_COMPLETE && sending->backs < SENDS) {
        sending->back[sending->backs++] = list;
    }
}

static void send_again(struct world *world, struct sending *sending)
{
    for (uint32_t i = 0; i < sending->backs; i++) {
        PNET_BUFFER_LIST nbl = nds_list_by_id(sending->back[i]);
        nds_list_rearm(nbl);
        nds_io_call(TAP_SEND, world->host.conn[0].tcp, nbl, 0);
    }
    sending->backs = 0;
}

/* Acknowledges what is on the wire, two segments at a time. */
static uint32_t build_acks(struct world *world, struct sending *sending,
                           struct nds_wire_frame frames[ACKS])
{
    static uint8_t bytes[ACKS][128];
    uint32_t count = 0;
    while (sending->on_wire && count < ACKS) {
        uint32_t segments = sending->on_wire > 1 ? 2 : 1;
        sending->una += segments * BENCH_SEGMENT;
        sending->on_wire -= segments;
        uint32_t length =
            bench_frame(world, 0, BENCH_SEQUENCE, sending->una, NULL, 0, bytes[count]);
        frames[count] = (struct nds_wire_frame){bytes[count], length, 0};
        sending->segments += segments;
        count++;
    }
    return count;
}

static void bench_send_body(struct world *world, void *context)
{
    struct sending *sending = context;
    struct nds_wire_frame frames[ACKS];
    world->frame_out = frame_out;
    world->context = sending;
    bench_connect(world, 0);
    host_initiate(&world->host, 0, 1);
    world_settle(world);
    world->host.request_back = send_back;
    world->host.delivered_context = sending;
    struct host_request request = {.fn = TAP_SEND, .length = SEND, .count = SENDS};
    host_request(&world->host, &request);
    world_settle(world);
    while (sending->busy < sending->seconds) {
        uint32_t acks = build_acks(world, sending, frames);
        if (acks == 0) {
            sending->failed = true; /* nothing is being sent: nothing is being measured */
            return;
        }
        PNIC_FRAME first = nds_wire_prepare(frames, acks);
        double start = bench_now();
        nds_wire_deliver(first, acks);
        world_settle(world);
        send_again(world, sending);
        world_settle(world);
        sending->busy += bench_now() - start;
    }
}

bool bench_send(struct bench *bench)
{
    static struct sending sending;
    memset(&sending, 0, sizeof(sending));
    sending.seconds = bench->seconds;
    sending.una = BENCH_SEQUENCE;
    struct world_options options = {.oracle_off = true, .trace_off = true};
    world_run(bench->world, &options, bench_send_body, &sending);
    bench->world->frame_out = NULL;
    bench->world->context = NULL;
    if (!bench_verdict(bench, "tx_1460", sending.failed ? "nothing was sent" : NULL)) {
        return false;
    }
    bench_add(bench, "tx_1460", sending.busy * 1e9 / (double)sending.segments, "ns/segment",
              "oracle off, checksums made, an ACK for every second segment, its making excluded");
    return true;
}
