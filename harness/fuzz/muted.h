/* SPDX-License-Identifier: MIT
 *
 * Rules that a campaign knows to be broken, so that they end no more runs and hide no other
 * finding. CHIMNEYSWEEP_MUTED names a file with a rule in each line, which may be replaced at any
 * time; beside it, in FILE.times, is how often each was met: 64-bit numbers in the catalogue's
 * order.
 */
#ifndef FUZZ_MUTED_H
#define FUZZ_MUTED_H

#include "base/verdict.h"

/* By rule, for the runs; NULL when there is no such file. */
struct verdict_muted *muted_open(void);
/* Adds to the counts, and reads the file again when it is another. */
void muted_look(void);

#endif
