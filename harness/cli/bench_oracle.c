/* SPDX-License-Identifier: MIT
 *
 * What the oracle costs: how many times as long the same work takes with it as without. Short
 * measurements of both take turns, and the median of the ratios of neighbours counts, so that what
 * else the machine does falls on both alike.
 */
#include <stdlib.h>

#include "cli/bench.h"

#define PAIRS 15u

static const struct compared {
    const char *name;
    bool programs; /* else segments */
    enum bench_receive how;
} compared[] = {{"oracle_rx_posted_1460", false, BENCH_POSTED},
                {"oracle_rx_indicate_1460", false, BENCH_INDICATED},
                {"oracle_fuzz_exec", true, BENCH_POSTED}};

static double measure(struct bench *bench, const struct compared *what, bool oracle)
{
    double seconds = bench->seconds / (2 * PAIRS);
    return what->programs ? bench_fuzz_pass(bench, oracle, seconds)
                          : bench_receive_for(bench, what->name, what->how, oracle, seconds);
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

bool bench_oracle(struct bench *bench)
{
    for (unsigned i = 0; i < sizeof(compared) / sizeof(compared[0]); i++) {
        double ratio[PAIRS];
        for (unsigned pair = 0; pair < PAIRS; pair++) {
            double without = measure(bench, &compared[i], false);
            double with = without > 0 ? measure(bench, &compared[i], true) : 0;
            if (with <= 0) {
                return false;
            }
            ratio[pair] = with / without;
        }
        qsort(ratio, PAIRS, sizeof(ratio[0]), by_value);
        bench_add(bench, compared[i].name, ratio[PAIRS / 2], "x",
                  "time with the oracle by time without, median of pairs");
    }
    return true;
}
