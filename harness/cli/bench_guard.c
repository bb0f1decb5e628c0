/* SPDX-License-Identifier: MIT
 *
 * What page protection costs: how many times as long the corpus takes with it as without anything.
 * Passes of both take turns, and the median of the ratios of neighbours counts.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/stops.h"
#include "cli/bench.h"

#define PAIRS 9u

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

bool bench_guard(struct bench *bench)
{
    double ratio[PAIRS];
    if (arena_instrumented()) {
        return true; /* pages are not for this build */
    }
    stops_catch();
    for (unsigned pair = 0; pair < PAIRS; pair++) {
        double open = bench_fuzz_pass(bench, true, bench->seconds / (2 * PAIRS));
        double guarded = open > 0 && arena_guard(GUARD_PAGES)
                             ? bench_fuzz_pass(bench, true, bench->seconds / (2 * PAIRS))
                             : 0;
        if (guarded <= 0 || !arena_guard(GUARD_OFF)) {
            fputs("bench: guard_pages: the system refuses to protect that many pages\n", stderr);
            return false;
        }
        ratio[pair] = guarded / open;
    }
    qsort(ratio, PAIRS, sizeof(ratio[0]), by_value);
    bench_add(bench, "guard_pages", ratio[PAIRS / 2], "x",
              "time of the corpus with page protection by time without, median of pairs");
    return true;
}
