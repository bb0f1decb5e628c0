/* SPDX-License-Identifier: MIT */
#include "cli/jobs.h"

struct cli_paths job_piece(const struct cli_paths *files, unsigned job, unsigned jobs,
                           uint32_t *first)
{
    uint32_t begin = (uint32_t)((uint64_t)files->count * job / jobs);
    uint32_t end = (uint32_t)((uint64_t)files->count * (job + 1) / jobs);
    *first = begin;
    return (struct cli_paths){.path = files->path + begin, .count = end - begin};
}
