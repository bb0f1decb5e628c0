/* SPDX-License-Identifier: MIT
 *
 * Several processes that work side by side, each with runs, a trace and evidence of its own.
 */
#ifndef PROGRAM_BESIDE_H
#define PROGRAM_BESIDE_H

#include "world/world.h"

#define JOBS_MOST 64u

struct job_told { /* in memory that all share */
    uint32_t at, failed;
};

/* Runs body in so many processes, each with a trace of its own in the world, and waits for all.
 * They end with this one. told: one for each, or NULL without a line on the terminal. False: not
 * all of them came to their end. */
bool beside_run(unsigned jobs, struct world *world, void (*body)(void *context, unsigned job),
                void *context, const struct job_told *told, uint32_t programs);

/* Zeroed memory that they share, which no run watches. NULL after one line on stderr. */
void *beside_shared(size_t bytes);

#endif
