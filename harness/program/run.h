/* SPDX-License-Identifier: MIT
 *
 * Running a program: the operations become calls of the host, segments of the peer, time and
 * faults.
 */
#ifndef PROGRAM_RUN_H
#define PROGRAM_RUN_H

#include "program/program.h"
#include "world/world.h"

struct run_options {
    bool strict;
    bool in_full; /* see struct oracle_options */
    struct verdict_muted *muted;
    bool context_is_cell;
    bool oracle_off;
};

/* What a run reached, for anti-vacuity and reports. */
struct run_counts {
    bool established, posted, indicated, refused, uploaded, disconnected;
    uint32_t ops;
};

/* Runs it in this process; verdict, trace and hash are in world->trace. A crash of the driver is a
 * crash of this process: see isolate.h. */
void program_run(struct world *world, const struct program *program,
                 const struct run_options *options, struct run_counts *counts);

#endif
