/* SPDX-License-Identifier: MIT
 *
 * The retransmission timer.
 *
 * Knows: nothing of its own: the clock is sender/rto_clock.h.
 * Asked: at each ACK and repeated byte, at rest when something is due, and when state is shown.
 * Excuses: a repeated byte that something else may have called for.
 */
#ifndef ORACLE_TIMERS_RTO_H
#define ORACLE_TIMERS_RTO_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_rto_begin(struct oracle *o, struct orc_conn *c);
void orc_rto_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_rto_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_rto_hindered(struct oracle *o, struct orc_conn *c);
/* The path was invalid since then, and is no more: timeouts may have found no way out. */
void orc_rto_blocked(struct oracle *o, struct orc_conn *c, uint64_t since);
void orc_rto_step(struct oracle *o, struct orc_conn *c);
void orc_rto_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
