/* SPDX-License-Identifier: MIT
 *
 * Small segments: when they must wait, and how long they may.
 *
 * Knows: since when bytes for a small segment wait.
 * Asked: at each frame with data, and at rest.
 * Excuses: retransmissions and segments cut by the window.
 */
#ifndef ORACLE_SEND_NAGLE_H
#define ORACLE_SEND_NAGLE_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_nagle_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_nagle_step(struct oracle *o, struct orc_conn *c);

#endif
