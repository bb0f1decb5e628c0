/* SPDX-License-Identifier: MIT
 *
 * How long an acknowledgement may be put off.
 *
 * Knows: since when accepted bytes are unacknowledged, and how many segments.
 * Asked: at each segment and each ACK, and at rest.
 * Excuses: what was accepted while memory was short.
 */
#ifndef ORACLE_RECEIVE_DELAY_H
#define ORACLE_RECEIVE_DELAY_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* A segment, after the ledgers: which ACK is owed by when. before: RcvNxt before it, surely. */
void orc_delay_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                        int64_t before);
/* The text of a segment was surely accepted. */
void orc_delay_placed(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_delay_frame(struct oracle *o, struct orc_conn *c, int64_t ack);
/* Memory was short: an ACK that is owed may wait for it; the wire was held up: it may be lost. */
void orc_delay_hindered(struct oracle *o, struct orc_conn *c);
void orc_delay_step(struct oracle *o, struct orc_conn *c, bool judged);

#endif
