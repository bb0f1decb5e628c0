/* SPDX-License-Identifier: MIT
 *
 * Microseconds from MiniportInitiateOffload of one connection over an offloaded path to the
 * completion of its terminate, the host's making and reading of both trees included.
 */
#include <string.h>

#include "cli/bench.h"

struct cycle {
    double seconds, busy;
    uint64_t cycles;
    bool failed;
};

static void body(struct world *world, void *context)
{
    struct cycle *cycle = context;
    bench_connect(world, 0); /* keeps the path alive */
    bench_connect(world, 1);
    host_initiate(&world->host, 0, 1);
    world_settle(world);
    double start = bench_now();
    while (cycle->busy < cycle->seconds) {
        for (uint32_t i = 0; i < 100; i++) {
            host_initiate(&world->host, 1, 1);
            world_settle(world);
            cycle->failed |= world->host.conn[1].phase != HOST_OFFLOADED;
            host_terminate(&world->host, 1, SCOPE_TCP);
            world_settle(world);
            cycle->failed |= world->host.conn[1].phase != HOST_OWNS;
        }
        cycle->cycles += 100;
        cycle->busy = bench_now() - start;
        if (cycle->failed) {
            return;
        }
    }
}

bool bench_cycle(struct bench *bench)
{
    static struct cycle cycle;
    memset(&cycle, 0, sizeof(cycle));
    cycle.seconds = bench->seconds;
    struct world_options options = {.oracle_off = true, .trace_off = true};
    world_run(bench->world, &options, body, &cycle);
    if (!bench_verdict(bench, "conn_cycle", cycle.failed ? "it was not offloaded" : NULL)) {
        return false;
    }
    bench_add(bench, "conn_cycle", cycle.busy * 1e6 / (double)cycle.cycles, "us",
              "one connection, initiate to terminate complete, both trees included");
    return true;
}
