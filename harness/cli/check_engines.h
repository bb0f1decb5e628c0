/* SPDX-License-Identifier: MIT
 *
 * Starting the engines, and ending them when their time is over.
 */
#ifndef CLI_CHECK_ENGINES_H
#define CLI_CHECK_ENGINES_H

#include "cli/check_fuzz.h"

bool check_engines_have_afl(void);
/* Both side by side; counts their executions. A finding ends libFuzzer, which then begins again. */
void check_engines_run(struct check_fuzz *fuzz, const struct cli_driven *driven);

#endif
