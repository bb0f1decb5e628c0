/* SPDX-License-Identifier: MIT
 *
 * lwIP's own cost of the same 1460-byte in-order segments, for comparison on the same machine in
 * the same run: by its raw API, with a receive callback that copies the bytes out. As with the
 * target, making the frames is left out, checksums are verified, and what it sends is dropped.
 */
#include <string.h>

#include "base/payload.h"
#include "cli/bench.h"
#include "peer/lwip_peer.h"

#define BATCH 64u
#define MS 1000000u

static struct {
    struct endpoint here, lwip;
    uint32_t seq, lwip_seq; /* next of each end */
    uint64_t now_ns, offset;
    uint8_t out[1u << 16];
    uint32_t out_at;
} run;

static void from_lwip(void *context, const uint8_t *bytes, uint32_t length)
{
    struct segment segment;
    (void)context;
    if (segment_read(bytes, length, &segment) && (segment.flags & SEG_SYN)) {
        run.lwip_seq = segment.seq + 1;
    }
}

static void copy_out(void *context, const uint8_t *bytes, uint32_t length)
{
    (void)context;
    uint32_t room = (uint32_t)sizeof(run.out) - run.out_at;
    if (length > room) {
        run.out_at = 0;
    }
    memcpy(run.out + run.out_at, bytes, length);
    run.out_at += length;
}

static uint32_t bench_lwip_build(uint8_t flags, const uint8_t *payload, uint32_t length,
                                 uint8_t *frame)
{
    struct segment segment;
    memset(&segment, 0, sizeof(segment));
    segment.from = run.here;
    segment.to = run.lwip;
    segment.ttl = 64;
    segment.flags = flags;
    segment.seq = run.seq;
    segment.ack = flags & SEG_ACK ? run.lwip_seq : 0;
    segment.window = 0xFFFF;
    segment.payload = payload;
    segment.length = length;
    return segment_build(&segment, frame);
}

static bool connect_to_lwip(void)
{
    static uint8_t frame[SEGMENT_FRAME_MAX];
    memcpy(run.here.address, (const uint8_t[4]){10, 0, 0, 1}, 4);
    memcpy(run.lwip.address, (const uint8_t[4]){10, 0, 1, 2}, 4);
    memcpy(run.lwip.mac, (const uint8_t[6]){2, 0xAA, 0xBB, 0xCC, 0xDD, 1}, 6);
    memcpy(run.here.mac, (const uint8_t[6]){2, 0xC0, 0xFF, 0xEE, 0, 1}, 6);
    run.here.port = 5000;
    run.lwip.port = 80;
    run.seq = BENCH_SEQUENCE - 1;
    struct lwip_peer_options options = {.local = run.lwip,
                                        .target = run.here,
                                        .stays = true,
                                        .frame_out = from_lwip,
                                        .take = copy_out};
    if (!lwip_peer_open(&options, 0)) {
        return false;
    }
    lwip_peer_frame(frame, bench_lwip_build(SEG_SYN, NULL, 0, frame), 0);
    run.seq++;
    lwip_peer_frame(frame, bench_lwip_build(SEG_ACK, NULL, 0, frame), 0);
    return lwip_peer_status()->established;
}

static bool prepare(struct pbuf *frames[BATCH])
{
    static uint8_t frame[SEGMENT_FRAME_MAX], payload[BENCH_SEGMENT];
    for (uint32_t i = 0; i < BATCH; i++) {
        payload_fill(payload, 0, PAYLOAD_TO_TARGET, run.offset, BENCH_SEGMENT, 0);
        frames[i] =
            lwip_peer_prepare(frame, bench_lwip_build(SEG_ACK, payload, BENCH_SEGMENT, frame));
        if (!frames[i]) {
            return false;
        }
        run.seq += BENCH_SEGMENT;
        run.offset += BENCH_SEGMENT;
    }
    return true;
}

static double result_of(const struct bench *all, const char *name)
{
    for (unsigned i = 0; i < all->results; i++) {
        if (!strcmp(all->result[i].name, name)) {
            return all->result[i].value;
        }
    }
    return 0;
}

static void add_ratio(struct bench *all, const char *of, double nanoseconds)
{
    double value = result_of(all, of);
    if (value > 0) {
        char name[40];
        snprintf(name, sizeof(name), "%s_of_lwip", of);
        bench_add(all, name, value / nanoseconds, "x", "the target's time for a segment by lwIP's");
    }
}

bool bench_lwip(struct bench *all)
{
    struct pbuf *frames[BATCH];
    double busy = 0;
    uint64_t segments = 0;
    bool good = connect_to_lwip();
    while (good && busy < all->seconds) {
        good = prepare(frames);
        double start = bench_now();
        for (uint32_t i = 0; good && i < BATCH; i++) {
            lwip_peer_deliver(frames[i], run.now_ns);
        }
        busy += bench_now() - start;
        segments += BATCH;
        run.now_ns += MS;
        good = good && lwip_peer_status()->taken == segments * BENCH_SEGMENT;
    }
    if (!good) {
        fputs("bench: rx_lwip_1460: lwIP did not take the data\n", stderr);
        return false;
    }
    double nanoseconds = busy * 1e9 / (double)segments;
    bench_add(all, "rx_lwip_1460", nanoseconds, "ns/segment",
              "lwIP 2.1, raw API, callback that copies out, checksums verified, making of frames "
              "excluded");
    add_ratio(all, "rx_posted_1460", nanoseconds);
    add_ratio(all, "rx_indicate_1460", nanoseconds);
    return true;
}
