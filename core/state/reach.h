/* SPDX-License-Identifier: MIT
 *
 * Is the neighbor still there? Both sides remember when they last knew (NBR-QUERY-1).
 */
#ifndef CHIM_STATE_REACH_H
#define CHIM_STATE_REACH_H

#include "conn/conn.h"

/* True: neighbor_due is set and the datagram has to wait for the query. Connection lock held. */
bool chim_neighbor_holds(struct chim_conn *c);

/* Asks the host. Connection lock held, released during the upcall. */
void chim_neighbor_query(struct chim_conn *c);

/* The peer answered: the neighbor is reachable (NBR-PROG-1). */
void chim_neighbor_progress(struct chim_conn *c);

/* Age of a moment in host ticks, saturating. */
ULONG chim_reach_delta(const struct chim_adapter *ad, int64_t since_ms, uint64_t now_ms);
int64_t chim_reach_moment(const struct chim_adapter *ad, ULONG delta, uint64_t now_ms);

#endif
