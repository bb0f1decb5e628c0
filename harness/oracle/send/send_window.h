/* SPDX-License-Identifier: MIT
 *
 * The peer's window: how far new bytes may go.
 *
 * Knows: how far the window can reach, by what came last and at most.
 * Asked: at each segment, at each frame with data, and when state is shown.
 * Excuses: windows of segments that may be too old to count.
 */
#ifndef ORACLE_SEND_SEND_WINDOW_H
#define ORACLE_SEND_SEND_WINDOW_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_edge_begin(struct oracle *o, struct orc_conn *c);
void orc_edge_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_edge_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_edge_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
