/* SPDX-License-Identifier: MIT
 *
 * Both engines on a driver that is being checked, side by side, and what they found judged like any
 * program.
 */
#ifndef CLI_CHECK_FUZZ_H
#define CLI_CHECK_FUZZ_H

#include "cli/engines.h"
#include "cli/suite.h"

#define CHECK_ENGINES 2u /* libFuzzer, AFL++ */

struct check_fuzz {
    unsigned seconds; /* of processor time of each engine, side by side; 0 = no fuzzing */
    const char *out;  /* where everything is left; NULL = a new folder below TMPDIR */
    char folder[512];
    struct check_engine {
        char program[4096];
        int process; /* 0 = none */
        uint32_t starts;
        uint64_t executions;
        double cpu;     /* seconds that its programs took */
        uint32_t saved; /* inputs that ended it */
    } engine[CHECK_ENGINES];
    char mutator[4096];
    uint32_t judged, findings, not_again;
};

/* Whether all is there that it takes; else one line says what is not. */
bool check_fuzz_possible(struct check_fuzz *fuzz);
/* Fuzzes from those files that passed, judges what was saved in this process with the same driver,
 * and adds it to files and coverage. Exit status: of the environment, or pass. */
int check_fuzz(struct check_fuzz *fuzz, struct world *world, const struct cli_driven *driven,
               struct cli_paths *files, struct rule_coverage *coverage);
const char *check_fuzz_name(uint32_t engine);
/* Executions in a second of processor time. */
double check_fuzz_rate(const struct check_engine *engine);

#endif
