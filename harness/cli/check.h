/* SPDX-License-Identifier: MIT
 *
 * The table of all rules that a driver was checked by.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cli/check_fuzz.h"
#include "cli/suite.h"

enum check_result {
    RESULT_HELD,
    RESULT_BROKEN,
    RESULT_WARNED,  /* a "should" rule, without --strict */
    RESULT_NEVER,   /* no program evaluated it */
    RESULT_NOTHING, /* a permission, or not to be seen from outside: there is nothing to evaluate */
    RESULTS
};

struct check {
    struct cli_driven driven;
    const char *corpora;
    const struct cli_paths *files;
    struct cli_paths *collected; /* the same: the engines add what they find */
    struct rule_coverage *coverage;
    struct check_fuzz fuzz;
    const char *level;        /* quick, normal or full */
    uint64_t changed_runs;    /* of changed programs */
    uint32_t shipped;         /* of the files: the others are what the engines found */
    uint32_t result[RESULTS]; /* how many rules, without those that are the same as others: */
    uint32_t same;
    uint32_t unnamed; /* programs that failed without breaking a rule by name */
};

/* ---- check_level.c ---- */
bool check_level_known(const char *level);
/* Runs the changed programs that the level asks for, with a line on stderr beforehand. False: no
 * process can be made. */
bool check_level_run(struct check *check, struct world *world, unsigned jobs);

enum check_result check_result_of(const struct check *check, uint32_t index);
void check_text(const struct check *check);
void check_json(const struct check *check, int status);

#endif
