/* SPDX-License-Identifier: MIT
 *
 * A driver's start: load, initialize, restart, operating parameters.
 */
#ifndef WORLD_START_H
#define WORLD_START_H

#include "world/world.h"

struct start {
    const char *refused; /* what kept the driver from being used, NULL = nothing */
    NDIS_STATUS status;
};

/* True when the driver works and offers a chimney. A start that failed for want of something that a
 * fault kept from it is made once more, when the options say so: then nothing is in its way. */
bool world_start(struct world *world, struct start *start);
/* A driver that never worked broke no rule, and kept none. One that was given no memory may refuse
 * to start. */
void start_not_judged(const struct start *start, struct trace *trace);

#endif
