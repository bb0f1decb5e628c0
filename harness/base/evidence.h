/* SPDX-License-Identifier: MIT
 *
 * Memory in which a run leaves what its judge reads: shared between processes, so that a driver's
 * death cannot take it along, and therefore within reach of a driver that writes astray. Pages on
 * either side are closed. The rest has to stay open, since closing it takes longer than most runs;
 * when it is not what the rig left there, the run is done again with all of it closed whenever the
 * driver has control, which shows the place.
 */
#ifndef BASE_EVIDENCE_H
#define BASE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed. NULL when memory is short. */
void *evidence_new(size_t bytes);
/* In a process that was forked: none of its parent's pieces is its own. */
void evidence_apart(void);
void evidence_free(void *memory);
/* True for the closed pages on either side too. */
bool evidence_contains(const void *address);

/* This piece is written between runs only. */
void evidence_between_runs(void *memory);
void evidence_run_begins(void);
/* False: the beginning of such a piece has changed. */
bool evidence_run_ends(void);

/* This piece is written between the driver's calls. From evidence_watch on, in this process, either
 * kind is closed when it is not written. */
void evidence_between_calls(void *memory);
void evidence_watch(void);
extern bool evidence_watched __attribute__((visibility("hidden"))); /* read only */
void evidence_close(void);
void evidence_open(void);
/* For a few lines within a call of the driver's: whether it was closed. */
static inline bool evidence_open_now(void)
{
    bool closed = __builtin_expect(evidence_watched, false);
    if (closed) {
        evidence_open();
    }
    return closed;
}
static inline void evidence_close_again(bool closed)
{
    if (closed) {
        evidence_close();
    }
}

/* The run's evidence is not what the rig left. Does not return; without a handler it aborts. */
_Noreturn void evidence_doubt(void);
void evidence_on_doubt(void (*handler)(void));

#endif
