/* SPDX-License-Identifier: MIT
 *
 * Results as lines of text or JSON.
 */
#ifndef REPLAY_REPORT_H
#define REPLAY_REPORT_H

#include <stdio.h>

#include "replay/flow.h"
#include "replay/result.h"
#include "replay/tally.h"

struct report {
    FILE *out;
    bool json, failed_only; /* failed_only: conversations with findings */
    const char *host;       /* how it behaved; NULL = as usual */
    const char *command;    /* that replays a file in the same way, without the file; may be NULL */
    uint32_t files, unreadable, conversations;
    uint32_t pass, finding, inconclusive, no_connection, rig;
    uint64_t bytes, segments, packets;
    double seconds;
    struct tally tally;
};

/* The run of the two that says most of a conversation, and whether that is a finding. */
enum flow_side report_worst(const struct replay_result result[2]);
bool report_is_finding(const struct replay_result *result);
/* Both results of a conversation: [side] is the run with that side as the target's. Counts it. */
void report_conversation(struct report *report, const char *file, const struct flow *flow,
                         const struct replay_result result[2]);
/* The command that shows the run again. */
void report_reproduction(const struct report *report, const char *file, const struct flow *flow,
                         enum flow_side target, char *text, size_t size);
void report_totals(struct report *report);

#endif
