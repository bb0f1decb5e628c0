/* SPDX-License-Identifier: MIT
 *
 * A sending half that was hindered goes on: it sends, completes or asks to be uploaded.
 *
 * Knows: that something waits since a fault, and how far a timer may have been backed off by it.
 * Asked: when the target is hindered, at segments and frames after it, and at rest.
 * Excuses: nothing; it is what the excuses of the others are postponed to. It ends when one of the
 *   timers is known exactly again.
 */
#ifndef ORACLE_TIMERS_PROGRESS_H
#define ORACLE_TIMERS_PROGRESS_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

struct orc_progress {
    bool owed;
    uint32_t again;    /* what was sent again since: each may double the next wait */
    uint64_t since_ns; /* the last sign of life, or of what hindered it */
};

void orc_progress_hindered(struct oracle *o, struct orc_conn *c);
void orc_progress_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_progress_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_progress_step(struct oracle *o, struct orc_conn *c);

#endif
