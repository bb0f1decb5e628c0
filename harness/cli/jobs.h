/* SPDX-License-Identifier: MIT
 *
 * Work on programs in several processes: each takes a piece of the list, one behind the other, so
 * that what they found can be told in the order of the programs.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli/cli.h"
#include "program/beside.h"

#define CLI_JOBS_HELP "processes that share the programs; what is printed is the same (1)"

/* The programs of one process. */
struct cli_paths job_piece(const struct cli_paths *files, unsigned job, unsigned jobs,
                           uint32_t *first);

#endif
