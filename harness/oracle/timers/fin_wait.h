/* SPDX-License-Identifier: MIT
 *
 * FIN_WAIT_2 is left by the peer's FIN or by its timer.
 *
 * Knows: since when FIN_WAIT_2 surely lasts (sender.h).
 * Asked: at each segment, at rest, and when the connection is told to go.
 * Excuses: states that were handed over with a timer of their own.
 */
#ifndef ORACLE_TIMERS_FIN_WAIT_H
#define ORACLE_TIMERS_FIN_WAIT_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_fin_wait_begin(struct oracle *o, struct orc_conn *c);
void orc_fin_wait_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_fin_wait_step(struct oracle *o, struct orc_conn *c);
bool orc_fin_wait_possible(const struct orc_conn *c);
/* Its timer may have run out. */
bool orc_fin_wait_over(const struct oracle *o, const struct orc_conn *c);
void orc_fin_wait_reported(struct oracle *o, struct orc_conn *c);
void orc_fin_wait_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d,
                        bool final);

#endif
