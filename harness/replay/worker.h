/* SPDX-License-Identifier: MIT
 *
 * A process that does runs of a batch: it takes one life of the adapter after the other until none
 * is left, so that it does not matter for what is found how many such processes there are.
 */
#ifndef REPLAY_WORKER_H
#define REPLAY_WORKER_H

#include "program/beside.h"
#include "replay/batch.h"

/* What the workers of a batch share. */
struct batch_common {
    uint32_t next;            /* life that nobody took yet */
    uint32_t done[JOBS_MOST]; /* lives, by worker */
    bool left;                /* a child did not end well behind its last run ... */
    struct verdict after;     /* ... which this is about */
};

/* Until all lives are taken. False: no memory or process. */
bool worker_go(struct batch *batch, unsigned job);
/* In seconds of CPU: for the file's conversations. */
unsigned worker_timeout(const struct batch *batch, const struct batch_file *file);

#endif
