/* SPDX-License-Identifier: MIT
 *
 * Work on programs in several processes: each takes a piece of the list, one behind the other, so
 * that what they found can be told in the order of the programs.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli/cli.h"

#define JOBS_MOST 64u
#define CLI_JOBS_HELP "processes that share the programs; what is printed is the same (1)"

struct job_told { /* in memory that all share */
    uint32_t at, failed;
};

/* The programs of one process. */
struct cli_paths job_piece(const struct cli_paths *files, unsigned job, unsigned jobs,
                           uint32_t *first);

/* Runs body in so many processes, each with a trace of its own in the world, and waits for all.
 * They end with this one. told: one for each, or NULL without a line on the terminal. False: not
 * all of them came to their end. */
bool jobs_run(unsigned jobs, struct world *world, void (*body)(void *context, unsigned job),
              void *context, const struct job_told *told, uint32_t programs);

/* Zeroed memory that they share, which no run watches. NULL after one line on stderr. */
void *jobs_shared(size_t bytes);

#endif
