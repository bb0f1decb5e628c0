/* SPDX-License-Identifier: MIT
 *
 * sweep --families: every program, changed by every family.
 */
#ifndef CLI_FAMILIES_H
#define CLI_FAMILIES_H

#include "cli/cli.h"

struct families_options {
    const char *names; /* with commas between, or "all" */
    const char *out;   /* folder for the changed programs, NULL = they are not kept */
    bool json, quiet;
    struct run_options run;
};

/* Exit status of the worst program, or of what kept it from being run. */
int families_sweep(struct world *world, const struct cli_paths *files,
                   const struct families_options *options);

#endif
