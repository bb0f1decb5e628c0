/* SPDX-License-Identifier: MIT
 *
 * The result of a run. The first violation is the verdict; later ones are counted and kept out.
 */
#ifndef BASE_VERDICT_H
#define BASE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum verdict_kind {
    VERDICT_PASS = 0,
    VERDICT_VIOLATION,      /* a rule of the catalogue was broken */
    VERDICT_SANITIZER,      /* ASan, UBSan or poisoned memory touched */
    VERDICT_CRASH,          /* signal in the driver */
    VERDICT_HANG,           /* budget of steps, nesting or time exhausted */
    VERDICT_NONDETERMINISM, /* the same input gave another trace */
    VERDICT_INCONCLUSIVE,   /* the run could not decide (replay) */
    VERDICT_RIG,            /* a rule that binds the host was broken: our own bug */
    VERDICT_EXIT,           /* the driver ended its process before the run was over */
    VERDICT_NOT_JUDGED,     /* the driver never started: nothing of it was seen */
    VERDICT_PROCESS,        /* the driver left processes or threads, or took its own over */
    VERDICT_STALL,          /* the driver slept in a call, and nothing went on */
    VERDICT_OVERWRITTEN,    /* the driver wrote over the rig's memory */
    VERDICT_MEMORY,         /* the driver's process grew beyond its limit */
    VERDICT_KINDS
};

enum verdict_level {
    LEVEL_MUST = 0,   /* violation = failure */
    LEVEL_SHOULD,     /* violation = warning, failure in strict mode */
    LEVEL_PERMISSION, /* never flagged */
    LEVEL_READING,    /* failure, by the reading that the rig takes */
    LEVEL_HOST,       /* binds the rig: failure is ours */
};

#define VERDICT_TEXT_MAX 200
#define VERDICT_NO_EVENT UINT32_MAX

struct verdict {
    enum verdict_kind kind;
    char rule[24];    /* rule id, or "" */
    uint32_t event;   /* tap event of the violation, or VERDICT_NO_EVENT */
    uint64_t time_ns; /* virtual time of it */
    uint32_t conn;    /* connection ordinal, or UINT32_MAX */
    char expected[VERDICT_TEXT_MAX];
    char actual[VERDICT_TEXT_MAX];
    uint32_t violations;   /* how many in all, the first included */
    uint32_t warnings;     /* "should" rules broken, not failures */
    char warning_rule[24]; /* the first of them */
    char warning_text[VERDICT_TEXT_MAX];
};

/* A rule that is judged and counted, and ends no run; nor does what is broken behind it in the same
 * run, which may follow from it. */
struct verdict_muted {
    bool on;
    uint64_t times; /* that it would have been the verdict, or a part of it */
};

void verdict_reset(struct verdict *verdict);
const char *verdict_kind_name(enum verdict_kind kind);
/* Exit status of a program that ends with this verdict: 0 pass, 1 finding, 3 environment (a rig
 * fault), 4 inconclusive. */
int verdict_exit_status(enum verdict_kind kind);
/* Of two runs: a finding counts most, then what kept the rig from judging (3, 2, 4), a pass least.
 */
int verdict_worse_status(int a, int b);

#endif
