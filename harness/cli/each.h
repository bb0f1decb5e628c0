/* SPDX-License-Identifier: MIT
 *
 * Every change of some kinds (families/change.h) of every program: which run, what they showed, and
 * at which calls of the driver.
 */
#ifndef CLI_EACH_H
#define CLI_EACH_H

#include "cli/each_sites.h"
#include "cli/jobs.h"
#include "families/change.h"

struct each_options {
    bool kind[CHANGE_KINDS];
    bool dry_run, quiet, first, all;
    bool silent;         /* nothing is printed: findings are in the totals */
    unsigned long pairs; /* of a program, at most */
    unsigned jobs;
    const char *resume; /* what was done stands there, and is added to it; NULL: nowhere */
    const char *skip;   /* what is not to be run, and why; NULL: nothing */
    const char *html;   /* the table of calls as a page; NULL: none */
    const struct cli_driven *driven;
};

/* By kind of change. */
struct each_count {
    uint64_t wanted, runs, failed, warned, skipped, unfit, done_before;
};

#define EACH_FINDINGS 256u
struct each_finding {
    uint32_t file;
    struct change change;
    enum verdict_kind kind;
    char rule[24], expected[VERDICT_TEXT_MAX], actual[VERDICT_TEXT_MAX];
};

struct each_totals {
    struct each_count by[CHANGE_KINDS];
    uint32_t programs, unfit; /* unfit: they do not pass, or need what the driver does not have */
    uint32_t not_run;         /* programs, since it went wrong at one place again and again */
    uint32_t findings;        /* told: one for each program, kind of change, rule and call */
    struct each_finding finding[EACH_FINDINGS]; /* the first ones */
    double seconds;
    struct each_sites sites;
};

/* Runs them. False after one line on stderr. */
bool each_measure(struct world *world, const struct cli_paths *files,
                  const struct each_options *options, struct each_totals *totals, int *status);
/* The same, and tells. Exit status. */
int each_sweep(struct world *world, const struct cli_paths *files,
               const struct each_options *options);

/* ---- each_list.c: what was done before, what is to be left out ---- */
struct each_list;
/* The lines of a file; one that is not there has none when that is allowed. NULL after one line on
 * stderr. */
struct each_list *each_list_read(const char *path, const char *option, bool may_be_missing);
/* Why a change of a program is left out ("PROGRAM CHANGE REASON", both with wildcards), or NULL. */
const char *each_list_skip(const struct each_list *list, const char *path, const char *change);
/* Whether the runs of a kind of change of a program were done ("KIND RUNS FAILED PROGRAM"). */
bool each_list_done(const struct each_list *list, const char *path, const char *kind,
                    uint64_t *runs, uint64_t *failed);
/* Adds such a line, at once. */
void each_list_add(int to, const char *path, const char *kind, uint64_t runs, uint64_t failed);

/* ---- each_run.c: one process's part ---- */
struct each_job {
    struct world *world;
    const struct cli_paths *files;
    uint32_t first; /* of these among all programs */
    const struct each_options *options;
    const struct each_list *done, *skip;
    int resume; /* -1: none */
    struct job_told *told;
    struct each_totals *totals; /* in memory that all share */
    int status;
};
/* Goes through the programs and tells findings on stdout. False: no process can be made. */
bool each_run(struct each_job *job);

/* ---- each_tell.c ---- */
void each_tell_finding(const struct each_job *job, const char *path, const struct change *change,
                       struct each_site *site);
void each_tell_totals(const struct each_options *options, struct each_totals *totals);

#endif
