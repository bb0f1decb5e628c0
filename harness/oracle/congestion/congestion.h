/* SPDX-License-Identifier: MIT
 *
 * The most that the congestion window can be.
 *
 * Knows: the most that cwnd and ssthresh can be.
 * Asked: at each ACK and frame, at a loss, and when state is shown.
 * Excuses: duplicates, batches and losses that may or may not have counted: they widen the
 *   bounds.
 */
#ifndef ORACLE_CONGESTION_CONGESTION_H
#define ORACLE_CONGESTION_CONGESTION_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

struct orc_congestion {
    uint64_t window, uncut; /* most that cwnd can be; the same had nothing been lost */
    uint64_t threshold;     /* most that ssthresh can be */
    uint64_t window_step;   /* greatest value within the step */
    uint32_t dups;          /* duplicates since the last step that brought an advance */
    bool advanced;          /* this step did */
    bool cut;               /* a loss was seen */
    bool doubted;           /* there may have been one */
    uint64_t limited;       /* bytes in flight beyond the window, which duplicates released */
    uint64_t idle;          /* most in flight before the next ACK, or 0: no restart */
};

void orc_congestion_begin(struct oracle *o, struct orc_conn *c);
void orc_congestion_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_congestion_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* A loss: by a timeout, a repeated one perhaps, or by what the peer reports. */
void orc_congestion_lost(struct oracle *o, struct orc_conn *c, bool timeout, bool repeated);
/* Perhaps a loss: nothing is surely less than before. */
void orc_congestion_doubted(struct oracle *o, struct orc_conn *c);
void orc_congestion_recovered(struct oracle *o, struct orc_conn *c);
void orc_congestion_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
