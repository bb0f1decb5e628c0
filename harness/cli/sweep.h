/* SPDX-License-Identifier: MIT
 *
 * Many programs, each twice, and once more after the others.
 */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "cli/jobs.h"
#include "cli/sarif.h"

struct entry {
    const char *path;
    uint64_t hash;
    bool ran, failed, skipped;
    char warning_rule[24], warning_text[VERDICT_TEXT_MAX]; /* the first, of a run that passed */
};

struct sweep {
    struct entry *entry; /* in shared memory: hashes come back from the children */
    uint32_t count;
    struct world world;
    struct run_options run;
    struct cli_driven driven;
    struct sarif sarif;
    bool quiet, first, all;
    uint64_t sum;
    int status; /* the worst of the programs */
    uint32_t not_run;
    struct cli_places places;
    unsigned jobs;
    /* Of one process of several: where each pass is told. NULL: here. */
    void (*begin_pass)(struct sweep *sweep, uint32_t round);
    void *beside;
    struct shared {
        uint32_t at;    /* entry that runs now */
        uint32_t round; /* 0, 1: first pass; 2: second pass */
        uint32_t reached[6];
        uint32_t ops;
        uint32_t warnings;
        uint32_t skipped; /* programs that need what the driver does not advertise */
    } * shared;
};

/* Entries for the programs, in memory that children share and runs do not touch. */
bool sweep_make_entries(struct sweep *sweep, const struct cli_paths *paths);
/* Runs them all and tells what fails; how many did. UINT32_MAX: no process can be made. */
uint32_t sweep_all(struct sweep *sweep, bool json);

/* ---- sweep_jobs.c ---- */
/* The same in several processes, told in the order of the programs. False: nothing was told, and
 * one process has to do it. */
bool sweep_beside(struct sweep *sweep, const struct cli_paths *paths, bool json, uint32_t *failed);

#endif
