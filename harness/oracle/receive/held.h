/* SPDX-License-Identifier: MIT
 *
 * What came beyond a hole is kept until the hole is filled.
 *
 * Knows: where RcvNxt must stand once a hole is filled.
 * Asked: at each segment, and at rest.
 * Excuses: text that had no room in the window, or came in doubt.
 */
#ifndef ORACLE_RECEIVE_HELD_H
#define ORACLE_RECEIVE_HELD_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* What came beyond a hole. */
struct orc_held {
    bool kept;       /* all of it is surely held */
    int64_t due;     /* a hole was filled: RcvNxt is at least this; 0 = none was */
    uint64_t due_ns; /* since when */
    uint32_t due_event;
};

/* The end of what is kept of [begin, end), which lies beyond a hole: by the window, surely. */
int64_t orc_held_end(struct oracle *o, const struct orc_conn *c, int64_t begin, int64_t end);
/* A segment, after the ledgers. before: RcvNxt before it, surely. */
void orc_held_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                       int64_t before);
void orc_held_step(struct oracle *o, struct orc_conn *c, bool judged);

#endif
