/* SPDX-License-Identifier: MIT
 *
 * Captures that are replayed in one process. A process is worth more than most captures: making it
 * and loading the driver in it takes longer than the runs.
 */
#ifndef REPLAY_BATCH_H
#define REPLAY_BATCH_H

#include "replay/progress.h"
#include "replay/replay.h"

#define BATCH_FILES 16u

struct batch_shared;

struct batch {
    const struct replay_options *options;
    struct progress *progress;
    struct batch_file {
        char *path;
        struct flow_file file;
        uint32_t first; /* run of the batch: two for each conversation, in their order */
    } file[BATCH_FILES];
    uint32_t files, runs;
    uint64_t payload;
    struct batch_shared *shared; /* with the child that does the runs */
};

/* Takes the file over. The batch must not be full. */
void batch_add(struct batch *batch, const char *path, const struct flow_file *file);
/* No more should come before it is run. */
bool batch_full(const struct batch *batch);
/* Runs what is wanted of all files, in as few processes as the driver's crashes allow. False: no
 * memory or process. */
bool batch_run(struct batch *batch);
/* The two results of a conversation, after the run. */
const struct replay_result *batch_results(const struct batch *batch, uint32_t file, uint32_t flow);
/* Gives everything back, for the next files. */
void batch_fini(struct batch *batch);

#endif
