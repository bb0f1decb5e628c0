/* SPDX-License-Identifier: MIT
 *
 * From what a run showed to a verdict with its reason.
 */
#ifndef REPLAY_JUDGE_H
#define REPLAY_JUDGE_H

#include "replay/play.h"

/* Conversations that cannot be replayed at all. False: nothing stands against it. */
bool judge_before(const struct flow *flow, struct replay_result *result);
/* After the run; verdict is the oracle's. */
void judge_after(struct play *play, const struct verdict *verdict);
/* Several runs in one life of the adapter showed what none of them shows alone. */
void judge_together(struct replay_result *result, const struct verdict *verdict);
/* Of both runs of a conversation: was there anything to compare? */
void judge_both(const struct flow *flow, struct replay_result result[2]);
/* The child died in this run. */
void judge_death(struct replay_result *result, const struct verdict *verdict);

#endif
