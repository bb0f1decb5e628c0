/* SPDX-License-Identifier: MIT
 *
 * Runs something that may crash, hang or eat memory in a process of its own, and turns what became
 * of it into a verdict. The trace lies in memory that both processes share.
 */
#ifndef PROGRAM_ISOLATE_H
#define PROGRAM_ISOLATE_H

#include <stdbool.h>

#include "base/trace.h"

/* Forks; the child runs body(context) and leaves its results in shared memory (the trace, and
 * whatever context points to if that is shared). The verdict in trace becomes crash, sanitizer,
 * hang, stall, memory or exit when body did not come to its end, whatever status the child left;
 * overwritten when the trace is not what the rig wrote; and process when the child left others,
 * which are ended, or changed what is the rig's. A run whose pass is in doubt is done again: the
 * child begins with it. False only when no process could be made. */
bool isolate_run(void (*body)(void *), void *context, struct trace *trace, unsigned timeout_s);
/* Did the last child end as it should once its body was done, with nothing left behind? Otherwise
 * the verdict in the trace is about that. */
bool isolate_ended_well(void);
/* A child that sleeps for so long, without an event of the trace, stalls; 0: for the time-out. */
void isolate_stall_after(unsigned seconds);
/* A child that has used so many seconds of CPU hangs, whatever its time-out; 0: by that alone. */
void isolate_hang_after(double seconds);
/* A child that takes so much more memory than its parent has is ended; 0: as it stands. */
void isolate_memory(uint64_t bytes);
/* A child that crashes leaves a core file. */
void isolate_core(bool keep);
/* Where a driver looped, slept or died, as a number: the same for the same place. 0 = in none of
 * these ways. */
uint64_t isolate_place(const struct trace *trace);
/* In a process that was forked to isolate runs of its own beside its parent's: what they would
 * share is given up. */
void isolate_apart(void);
/* In the child: from here on at most so much more CPU time, within the whole; then it is a hang. */
void isolate_at_most(unsigned seconds);

/* Installs what an isolated child needs to describe its own death: fault address, owner of the
 * memory, first lines of a sanitizer report. Called by isolate_run; engines may call it by
 * themselves. */
void isolate_describe_death(struct trace *trace);

#endif
