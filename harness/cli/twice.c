/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

bool cli_run_again(struct world *world, const struct program *program,
                   const struct run_options *options, unsigned timeout_s, unsigned times)
{
    struct verdict *verdict = &world->trace->verdict;
    if (!cli_run_isolated(world, program, options, timeout_s, NULL)) {
        return false;
    }
    uint64_t hash = world->trace->hash;
    for (unsigned i = 0; i < times && verdict->kind == VERDICT_PASS; i++) {
        if (!cli_run_isolated(world, program, options, timeout_s, NULL)) {
            return false;
        }
        if (verdict->kind == VERDICT_PASS && world->trace->hash != hash) {
            verdict->kind = VERDICT_NONDETERMINISM;
            snprintf(verdict->expected, sizeof(verdict->expected), "trace %016llx again",
                     (unsigned long long)hash);
            snprintf(verdict->actual, sizeof(verdict->actual), "trace %016llx",
                     (unsigned long long)world->trace->hash);
        }
    }
    return true;
}
