/* SPDX-License-Identifier: MIT
 *
 * What the peer reported held.
 *
 * Knows: which ranges the peer surely reported held.
 * Asked: at each ACK with blocks.
 * Excuses: blocks for which there is no room: it says so (full).
 */
#ifndef ORACLE_CONGESTION_SCOREBOARD_H
#define ORACLE_CONGESTION_SCOREBOARD_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

#define ORC_SCOREBOARD_MAX 32u

struct orc_scoreboard { /* ranges that the peer surely reported, sorted, disjoint */
    int64_t begin[ORC_SCOREBOARD_MAX], end[ORC_SCOREBOARD_MAX];
    uint32_t count;
    bool full; /* some had no room */
};

bool orc_scoreboard_received(struct orc_conn *c, const struct orc_received *h);
/* Whether a block may name bytes that are held: no empty or reversed one, none of what is
 * acknowledged or was never sent. */
bool orc_scoreboard_reports(const struct orc_conn *c, const struct orc_tcp *tcp);
bool orc_scoreboard_add(struct orc_scoreboard *scoreboard, int64_t begin, int64_t end);
/* Whether all of [begin, end) was surely reported held. */
bool orc_scoreboard_holds(const struct orc_scoreboard *scoreboard, int64_t begin, int64_t end);

#endif
