/* SPDX-License-Identifier: MIT
 *
 * Smaller programs with the same finding: the same identity (identity.c), whatever else differs.
 */
#ifndef CLI_SHRINK_H
#define CLI_SHRINK_H

#include "cli/cli.h"

struct shrink {
    /* By whoever wants it. */
    struct world *world;
    const struct run_options *run;
    unsigned timeout_s; /* CPU seconds of a run before it counts as a hang */
    double within_s;    /* after so long no more is tried */
    bool progress;      /* told on standard error now and then */
    /* What is kept. */
    enum verdict_kind kind;
    char rule[24], identity[CLI_IDENTITY];
    /* So far. */
    uint32_t tries;
    double begun, try_s; /* try_s: of CPU for a try; a hang shows itself long before its time-out */
};

/* Runs the program; what it shows is what is kept. False: no process can be made. */
bool shrink_goal(struct shrink *shrink, const struct program *program);
/* Something is to be kept: the goal is a finding. */
bool shrink_has_goal(const struct shrink *shrink);
/* The smallest program that was found until nothing smaller was, time was up or a signal came. */
void shrink_program(struct shrink *shrink, struct program *program);
/* From now on SIGINT and SIGTERM end the shrinking, the second of them the process. */
void shrink_on_signals(void);
bool shrink_was_interrupted(void);

#endif
