/* SPDX-License-Identifier: MIT
 *
 * How much of what can go wrong a driver is put through: the programs, each allocation of them in
 * turn, or every change that there is.
 */
#include <string.h>

#include "cli/check.h"

#define PAIRS 50u
#define SECOND_LIFE 2.0 /* a changed program takes so much longer than the program itself */

bool check_level_known(const char *level)
{
    if (!strcmp(level, "quick") || !strcmp(level, "normal") || !strcmp(level, "full")) {
        return true;
    }
    fprintf(stderr, "check-driver: --level '%s': expected quick, normal or full\n", level);
    return false;
}

static uint64_t wanted_of(const struct each_totals *totals)
{
    uint64_t wanted = 0;
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        wanted += totals->by[kind].wanted;
    }
    return wanted;
}

/* By a dry run, which takes each program once. */
static bool say_beforehand(struct world *world, const struct check *check,
                           struct each_options options, struct each_totals *totals)
{
    int status;
    options.dry_run = true;
    if (!each_measure(world, check->files, &options, totals, &status)) {
        return false;
    }
    double each = totals->seconds / (totals->programs ? totals->programs : 1);
    uint64_t wanted = wanted_of(totals);
    fprintf(stderr, "check-driver: level %s: %llu runs of changed programs, about %.0f s\n",
            check->level, (unsigned long long)wanted, SECOND_LIFE * each * (double)wanted);
    return true;
}

bool check_level_run(struct check *check, struct world *world, unsigned jobs)
{
    static struct each_totals totals;
    struct each_options options = {
        .silent = true, .pairs = PAIRS, .jobs = jobs, .driven = &check->driven};
    bool full = !strcmp(check->level, "full");
    int status;
    if (!strcmp(check->level, "quick")) {
        return true;
    }
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        options.kind[kind] = full || kind == CHANGE_ALLOC;
    }
    if (!say_beforehand(world, check, options, &totals) ||
        !each_measure(world, check->files, &options, &totals, &status)) {
        return false;
    }
    for (uint32_t kind = 0; kind < CHANGE_KINDS; kind++) {
        check->changed_runs += totals.by[kind].runs;
    }
    suite_add_changed(check->coverage, &totals);
    return true;
}
