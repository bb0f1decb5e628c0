/* SPDX-License-Identifier: MIT
 *
 * A run under a debugger: in this process, without its limits, stopped where the verdict falls.
 */
#ifndef CLI_DEBUG_H
#define CLI_DEBUG_H

#include <stdbool.h>

#include "program/run.h"

struct debug {
    bool on, gdb;
    const char *event_text; /* stop there, NULL = at the verdict */
};

/* False after one line on stderr. */
bool debug_valid(const struct debug *debug);
/* Starts gdb with this command, without --gdb. Returns an exit status if that is not to be had. */
int debug_in_gdb(void);
/* The verdict is in world->trace, as after an isolated run. */
void debug_run(const struct debug *debug, struct world *world, const struct program *program,
               const struct run_options *options);

#endif
