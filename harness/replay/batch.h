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

struct batch_common;

/* Runs that share a life of the adapter, and such among them as nobody wants. */
struct batch_life {
    uint32_t first, end, runs;
};

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
    struct batch_life *life;
    uint32_t lives;
    struct batch_common *common;  /* of all processes that do the runs: worker.h */
    struct replay_result *result; /* by run */
};

/* Takes the file over. The batch must not be full. */
void batch_add(struct batch *batch, const char *path, const struct flow_file *file);
/* No more should come before it is run. */
bool batch_full(const struct batch *batch);
/* Runs what is wanted of all files, in options->jobs processes, each made anew only when the driver
 * took it along. False: no memory or process. */
bool batch_run(struct batch *batch);
/* Whether a run is to be done: it was asked for, and nothing is known before. */
bool batch_wanted(const struct replay_result *result);
/* The file and the conversation of a run. */
const struct batch_file *batch_file_of(const struct batch *batch, uint32_t run);
const struct flow *batch_flow(const struct batch_file *file, uint32_t run);
/* The two results of a conversation, after the run. */
const struct replay_result *batch_results(const struct batch *batch, uint32_t file, uint32_t flow);
/* Gives everything back, for the next files. */
void batch_fini(struct batch *batch);

#endif
