/* SPDX-License-Identifier: MIT
 *
 * Benches of `chimneysweep bench`: each fills results in and says by what they were measured.
 */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "cli/cli.h"

struct bench_result {
    char name[40];
    double value;
    char unit[24];
    char note[160];
};

#define BENCH_RESULTS_MAX 16

struct bench {
    struct world *world;
    const char *corpora;
    double seconds; /* per measurement */
    struct bench_result result[BENCH_RESULTS_MAX];
    unsigned results;
};

double
bench_now(void); /* seconds of CPU time of this thread: other work on the machine does not count */
void bench_add(struct bench *bench, const char *name, double value, const char *unit,
               const char *note);

/* False: it could not be measured; one line on stderr says why. */
bool bench_fuzz_exec(struct bench *bench);
bool bench_receive(struct bench *bench, bool posted, bool oracle);

#endif
