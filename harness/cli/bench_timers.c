/* SPDX-License-Identifier: MIT
 *
 * What many running timers cost: each of a million connections has its keepalive timer run, spread
 * over an hour. Nanoseconds per 10 ms of virtual time while none is due, and per timer that expires
 * (its probe, the frame on the wire and the next timer included).
 */
#include <string.h>

#include "cli/bench.h"

#define CONNS 1000000u
#define PER_TREE 32u
#define TICK_NS 10000000ull
#define TICKS 10000u
#define FIRST_MS 3600000u  /* when the first keepalive is due */
#define SPREAD_MS 3600000u /* ... and how long it takes until the last one is */

struct timers {
    double quiet, busy;
    uint32_t probes;
    bool failed;
};

static void count_probe(void *context, const uint8_t *bytes, uint32_t length)
{
    (void)bytes, (void)length;
    ((struct timers *)context)->probes++;
}

static void bench_timers_offload_all(struct world *world, struct timers *timers)
{
    for (uint32_t i = 0; i < CONNS; i++) {
        bench_connect(world, i);
        struct host_conn *conn = &world->host.conn[i];
        conn->cached.Flags = TCP_FLAG_KEEP_ALIVE_ENABLED;
        conn->cached.KaTimeout = FIRST_MS;
        conn->cached.KaInterval = FIRST_MS;
        conn->cached.KaProbeCount = 5;
        conn->tcb.KeepAlive.TimeoutDelta = FIRST_MS + (uint32_t)((uint64_t)i * SPREAD_MS / CONNS);
    }
    for (uint32_t i = 0; i < CONNS; i += PER_TREE) {
        host_initiate(&world->host, i, PER_TREE);
        world_settle(world);
    }
    timers->failed = world->host.counts.established != CONNS;
}

static void bench_timers_body(struct world *world, void *context)
{
    struct timers *timers = context;
    bench_timers_offload_all(world, timers);
    world->frame_out = count_probe;
    world->context = timers;
    double start = bench_now();
    for (uint32_t i = 0; i < TICKS; i++) {
        world_advance(world, TICK_NS);
    }
    timers->quiet = bench_now() - start;
    timers->failed |= timers->probes != 0;
    world_advance(world, (FIRST_MS - TICKS * 10ull) * 1000000);
    timers->probes = 0;
    start = bench_now();
    for (uint32_t i = 0; i < TICKS; i++) {
        world_advance(world, TICK_NS);
    }
    timers->busy = bench_now() - start;
    timers->failed |= timers->probes == 0;
}

bool bench_timers(struct bench *bench)
{
    struct timers timers = {0};
    struct world_options options = {.oracle_off = true, .trace_off = true};
    fprintf(stderr, "bench: offloading %u connections\n", CONNS);
    world_run(bench->world, &options, bench_timers_body, &timers);
    bench->world->frame_out = NULL;
    bench->world->context = NULL;
    if (!bench_verdict(bench, "timers", timers.failed ? "the probes did not come" : NULL)) {
        return false;
    }
    bench_add(bench, "timers_tick", timers.quiet * 1e9 / TICKS, "ns/10 ms",
              "1,000,000 timers run, none is due");
    bench_add(bench, "timers_expiry", timers.busy * 1e9 / timers.probes, "ns/timer",
              "1,000,000 timers run, each that expires sends a keepalive probe");
    return true;
}
