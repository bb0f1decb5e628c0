/* SPDX-License-Identifier: MIT
 *
 * Microseconds from MiniportInitiateOffload of one connection over an offloaded path to the
 * completion of its terminate, the host's making and reading of both trees included.
 */
#include <string.h>

#include "cli/bench.h"

#define CYCLES 2000u /* of one run: the rig keeps a record of each object until the run is over */

struct cycle {
    double busy;
    bool failed;
};

static void bench_state_body(struct world *world, void *context)
{
    struct cycle *cycle = context;
    bench_connect(world, 0); /* keeps the path alive */
    bench_connect(world, 1);
    host_initiate(&world->host, 0, 1);
    world_settle(world);
    double start = bench_now();
    for (uint32_t i = 0; i < CYCLES; i++) {
        host_initiate(&world->host, 1, 1);
        world_settle(world);
        cycle->failed |= world->host.conn[1].phase != HOST_OFFLOADED;
        host_terminate(&world->host, 1, SCOPE_TCP);
        world_settle(world);
        cycle->failed |= world->host.conn[1].phase != HOST_OWNS;
    }
    cycle->busy += bench_now() - start;
}

bool bench_cycle(struct bench *bench)
{
    struct cycle cycle = {0};
    uint64_t cycles = 0;
    struct world_options options = {.oracle_off = true, .trace_off = true};
    world_run(bench->world, &options, bench_state_body, &cycle); /* brings the rig's memory in */
    cycle.busy = 0;
    while (cycle.busy < bench->seconds) {
        world_run(bench->world, &options, bench_state_body, &cycle);
        cycles += CYCLES;
        if (!bench_verdict(bench, "conn_cycle", cycle.failed ? "it was not offloaded" : NULL)) {
            return false;
        }
    }
    bench_add(bench, "conn_cycle", cycle.busy * 1e6 / (double)cycles, "us",
              "one connection, initiate to terminate complete, both trees included");
    return true;
}
