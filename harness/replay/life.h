/* SPDX-License-Identifier: MIT
 *
 * Runs of conversations within one life of the adapter. Loading, starting and stopping it takes
 * longer than most conversations, so short ones share it; what is found then is not believed before
 * each of them was run alone.
 */
#ifndef REPLAY_LIFE_H
#define REPLAY_LIFE_H

#include "replay/play.h"
#include "replay/replay.h"

#define LIFE_RUNS 64u

struct life_run {
    const struct flow *flow;
    enum flow_side side;
    struct replay_result result;
};

struct life {
    const struct replay_options *options;
    struct life_run run[LIFE_RUNS];
    uint32_t place[LIFE_RUNS]; /* the caller's number of each */
    uint32_t runs;
    uint32_t at; /* run in progress, or after the life the first that was in doubt */
    void (*progress)(void *context, uint32_t packets);
    void *context;
    bool doubt; /* something else than a plain pass came of several runs */
};

/* Whether a conversation is short enough to share a life. */
bool life_may_share(const struct flow *flow);
/* Runs them. The world's trace is that of the whole life. */
void life_go(struct life *life);

#endif
