/* SPDX-License-Identifier: MIT
 *
 * Nanoseconds per 1460-byte in-order segment when each goes to another one of many connections in
 * random order, indicated and returned, and the memory that the driver takes for a connection.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"

#define BATCH 64u
#define PER_TREE 32u

struct scale {
    uint32_t conns;
    double seconds, busy;
    uint64_t segments, random, warmed;
    uint32_t *seq;                 /* per connection */
    int64_t memory, before, taken; /* bytes that the driver holds */
    bool failed;
};

static struct scale scale;

/* Counts what the driver allocates; a reader of the tap. */
static void count_memory(void *context, const struct tap_event *event)
{
    (void)context;
    if (event->kind != TAP_POINT || event->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    if (event->fn == TAP_ALLOC) {
        scale.memory += event->data.memory.bytes;
    } else if (event->fn == TAP_FREE) {
        struct nds_object *object = object_by_id(event->object);
        scale.memory -= object ? object->bytes : 0;
    }
}

static uint32_t draw(uint32_t below)
{
    scale.random ^= scale.random << 13;
    scale.random ^= scale.random >> 7;
    scale.random ^= scale.random << 17;
    return (uint32_t)((scale.random >> 16) % below);
}

/* Looks at what the rig itself keeps of a connection, so that its cache misses are not taken for
 * the target's. */
static uint64_t warm(const struct host_conn *conn)
{
    return conn->received + (uint64_t)conn->answer + nds_state_conn(nds_state_handle(conn->tcp));
}

static void bench_scale_offload_all(struct world *world)
{
    for (uint32_t i = 0; i < scale.conns; i++) {
        bench_connect(world, i);
        scale.seq[i] = BENCH_SEQUENCE;
    }
    for (uint32_t i = 0; i < scale.conns; i += PER_TREE) {
        host_initiate(&world->host, i, PER_TREE);
        if (i == 0) {
            /* What the first ones bring along (paths, tables) is not theirs. */
            world_settle(world);
            scale.before = scale.memory;
        }
        world_settle(world);
    }
    for (uint32_t i = 0; i < scale.conns; i++) {
        scale.failed |= world->host.conn[i].phase != HOST_OFFLOADED;
    }
}

static void bench_scale_body(struct world *world, void *context)
{
    static uint8_t bytes[BATCH][2048], payload[BENCH_SEGMENT];
    struct nds_wire_frame frames[BATCH];
    (void)context;
    bench_scale_offload_all(world);
    scale.taken = scale.memory - scale.before;
    while (scale.busy < scale.seconds && !scale.failed) {
        for (uint32_t i = 0; i < BATCH; i++) {
            uint32_t at = draw(scale.conns);
            uint32_t length = bench_frame(world, at, scale.seq[at], BENCH_SEQUENCE, payload,
                                          BENCH_SEGMENT, bytes[i]);
            scale.seq[at] += BENCH_SEGMENT;
            frames[i] = (struct nds_wire_frame){bytes[i], length, at};
        }
        uint32_t indicated = world->host.counts.indicated;
        PNIC_FRAME first = nds_wire_prepare(frames, BATCH);
        for (uint32_t i = 0; i < BATCH; i++) {
            scale.warmed += warm(&world->host.conn[frames[i].conn]);
        }
        double start = bench_now();
        nds_wire_deliver(first, BATCH);
        world_settle(world);
        host_return(&world->host, 0, ORDER_OLDEST);
        scale.busy += bench_now() - start;
        scale.segments += BATCH;
        scale.failed = world->host.counts.indicated - indicated != BATCH;
    }
}

bool bench_scale(struct bench *bench, uint32_t conns)
{
    char name[40];
    char note[160];
    snprintf(name, sizeof(name), "rx_conns_%u", conns);
    memset(&scale, 0, sizeof(scale));
    scale.conns = conns;
    scale.seconds = bench->seconds;
    scale.random = 0x9E3779B97F4A7C15u;
    scale.seq = malloc(conns * sizeof(scale.seq[0]));
    if (!scale.seq) {
        fprintf(stderr, "bench: %s: no memory\n", name);
        return false;
    }
    if (conns > 10000) {
        fprintf(stderr, "bench: offloading %u connections\n", conns);
    }
    struct world_options options = {.oracle_off = true, .trace_off = true};
    bench->world->reader = count_memory;
    world_run(bench->world, &options, bench_scale_body, NULL);
    bench->world->reader = NULL;
    free(scale.seq);
    if (!bench_verdict(bench, name, scale.failed ? "the data did not arrive" : NULL)) {
        return false;
    }
    bench_add(
        bench, name, scale.busy * 1e9 / (double)scale.segments, "ns/segment",
        "oracle off, connections in random order, the rig's records in cache, the target's not");
    if (conns > PER_TREE) {
        snprintf(name, sizeof(name), "mem_conn_%u", conns);
        snprintf(note, sizeof(note), "all that the driver allocated while offloading %u idle ones",
                 conns);
        bench_add(bench, name, (double)scale.taken / (conns - PER_TREE), "bytes", note);
    }
    return true;
}
