/* SPDX-License-Identifier: MIT
 *
 * Results as lines of text or JSON.
 */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include <stdio.h>

#include "replay/flow.h"
#include "replay/result.h"

struct report_totals {
    uint32_t files, unreadable, conversations;
    uint32_t pass, finding, inconclusive, rig;
    uint64_t bytes, segments, packets;
    double seconds;
};

/* Both results of a conversation: [side] is the run with that side as the target's. Counts it. */
void report_conversation(FILE *out, bool json, const char *file, const struct flow *flow,
                         const struct replay_result result[2], struct report_totals *totals);
void report_totals(FILE *out, bool json, const struct report_totals *totals);

#endif
