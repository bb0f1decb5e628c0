/* SPDX-License-Identifier: MIT
 *
 * All programs of some folders against a driver, and what that says of each rule.
 */
#ifndef CLI_SUITE_H
#define CLI_SUITE_H

#include "cli/cli.h"
#include "cli/each.h"
#include "cli/jobs.h"

#define RULES_MAX 1024u
#define SUITE_FILES_MOST 8192u

/* What went wrong under one name: how many programs show it, and the first of them. */
struct suite_finding {
    uint32_t programs, first;
    struct change change; /* of the first, when changed is set */
    bool changed;
    char expected[VERDICT_TEXT_MAX], actual[VERDICT_TEXT_MAX];
};

struct rule_coverage { /* shared with the children that run the programs */
    uint32_t rules, programs, failed, at;
    uint32_t skipped; /* programs that need what the driver does not advertise */
    uint32_t hangs;
    struct cli_places places;
    uint64_t bad[SUITE_FILES_MOST / 64]; /* files that failed, as far as there is room */
    int status;                          /* the worst of the programs */
    bool running;                        /* the program at `at` */
    uint32_t *ran;                       /* of the last run; memory of its own, written in it */
    uint32_t most[RULES_MAX];            /* the most that one program evaluated it, */
    uint32_t best[RULES_MAX];            /* and which one, if any did */
    uint32_t programs_of[RULES_MAX];     /* that evaluated it */
    uint64_t total[RULES_MAX];
    struct suite_finding broken[RULES_MAX], warned[RULES_MAX];
    struct suite_finding unnamed[VERDICT_KINDS]; /* verdicts that name no rule */
};

struct suite_options {
    bool strict, context_is_cell;
    bool twice;            /* each program, to see that its trace is the same */
    unsigned seconds;      /* of CPU for each program; fewer once many have hung */
    bool progress;         /* on stderr, when it takes longer */
    unsigned jobs;         /* processes; 0 is one too */
    struct job_told *told; /* where one of several says how far it is */
};

/* Runs all programs; one that crashes or hangs is one verdict, and the others go on, up to ten
 * hangs. NULL after one line, with the exit status. */
struct rule_coverage *rules_measure(struct world *world, const struct cli_paths *files,
                                    const struct suite_options *options, int *status);

/* A file that did not pass, or is beyond what is noted. */
bool suite_failed(const struct rule_coverage *coverage, uint32_t file);
/* Counts a run of a file that was not among those; its verdict is in the trace. */
void suite_add(struct rule_coverage *coverage, uint32_t file, const struct trace *trace);
/* Counts the findings of changed programs. */
void suite_add_changed(struct rule_coverage *coverage, const struct each_totals *totals);

#endif
