/* SPDX-License-Identifier: MIT
 *
 * Replaying captures against a driver. Each conversation runs twice, with either end taken over by
 * the target in turn, so that the streams of both directions are delivered by it; the verdict is
 * the worse of the two. The first in two runs uses posted receives, the other one indications.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdio.h>

#include "replay/filter.h"
#include "replay/flow.h"
#include "replay/policy.h"
#include "replay/ranges.h"
#include "replay/result.h"
#include "world/world.h"

struct replay_options {
    struct world *world; /* with a driver open */
    bool json;           /* JSON Lines: an object for each conversation, then the totals */
    bool strict;         /* "should" rules fail too */
    bool strict_capture; /* nothing but what the capture holds: see flow_reading.adaptive */
    bool sha256;         /* of the bytes delivered, too */
    bool context_is_cell;
    bool oracle_off;   /* measuring */
    const char *local; /* address of the end to take, "client" or "server"; NULL = both in turn */
    enum flow_checksums checksums;
    const struct policy *host; /* how it behaves; NULL = as usual */
    uint32_t upload_every;     /* packets after which it takes a connection back; 0 = never */
    struct ranges streams;     /* only these tcp.stream, none = all */
    struct filter *filter;     /* NULL = all packets */
    bool failed_only;          /* only findings are told */
    FILE *out;                 /* where it is told; NULL = standard output */
    const char *command;       /* that replays a file in the same way, without the file */
    unsigned jobs; /* processes that share the conversations; 0 = 1, and so when ran is there */
    unsigned timeout_s; /* CPU seconds for a conversation before it counts as a hang; 0 = 20 */
    /* Sees the trace and the result after each run, in the process of that run, or in its parent if
     * the driver took it along. May be NULL. */
    void (*ran)(const struct trace *trace, const char *file, const struct flow *flow,
                enum flow_side target, const struct replay_result *result);
    /* Sees each conversation's result with either end as the target's, tried or not. May be NULL.
     */
    void (*judged)(void *context, const char *file, const struct flow *flow, enum flow_side target,
                   const struct replay_result *result);
    /* All is judged, and the totals come next. May be NULL. */
    void (*finish)(void *context);
    void *context;
};

/* Files, "-" for standard input, and directories (every .pcap, .pcapng and .cap below them, also
 * with .gz or .zst behind it). Exit status: 0 all that could
 * be judged passed, 1 a finding, 2 usage or an unreadable file, 3 environment, 4 nothing could be
 * judged (every conversation inconclusive, or none there). A finding counts more than an unreadable
 * file. */
int replay_main(struct replay_options *options, char **paths, int count);

#endif
