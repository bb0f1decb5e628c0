/* SPDX-License-Identifier: MIT
 *
 * The parent's side of isolation: waiting for a child's end or making it, and what it means.
 */
#ifndef PROGRAM_ENDING_H
#define PROGRAM_ENDING_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/trace.h"

/* ENDED: by itself. The last two are told by how it did. */
enum ending { ENDED, TIMED_OUT, STALLED, TOO_LARGE, OVERWRITTEN, REACHED_OUT };

/* Waits; wanted holds SIGCHLD, which is blocked. */
enum ending ending_await(pid_t pid, const struct trace *trace, unsigned timeout_s,
                         const sigset_t *wanted, int *status);
/* Ends every process that is left below this one; the driver made them. How many there were. */
uint32_t ending_reap(void);

/* The verdict of a child that did not come to its end. */
void ending_judge(struct trace *trace, int status, enum ending how);
/* The verdict of one that did, and left others. */
void ending_left_behind(struct trace *trace, uint32_t processes);
/* Of one that does not come back: notes what the rig waits for. */
void ending_owed(struct trace *trace);
/* The driver wrote over the trace, or over what stands beside it. */
void ending_overwritten(struct trace *trace);

#endif
