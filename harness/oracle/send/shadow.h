/* SPDX-License-Identifier: MIT
 *
 * The shadow sender as a whole: begun, fed and asked here.
 */
#ifndef ORACLE_SEND_SHADOW_H
#define ORACLE_SEND_SHADOW_H

#include "ndis/tap.h"
#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* INIT: the state handed over (TCP_OFFLOAD_STATE_DELEGATED of either length) is where all timers
 * begin. */
void orc_sender_begin(struct oracle *o, struct orc_conn *c, const void *delegated);
/* InitComplete. */
void orc_sender_begun(struct oracle *o, struct orc_conn *c);
/* A segment that is not surely dropped, after the ledgers. */
void orc_sender_received(struct oracle *o, struct orc_conn *c, struct orc_received *h);
/* The same for a predicted segment (predicted.c). */
void orc_sender_passed(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_sender_sent(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                     const struct orc_packet *packet, int64_t begin);
/* At rest, of a connection that runs: what the sending half owes. */
void orc_sender_step(struct oracle *o, struct orc_conn *c);
/* After every rest, judged or not: what belonged to the step ends. */
void orc_sender_rest(struct orc_conn *c);
/* Retrieve(TimeoutExpiration), before it counts. */
void orc_sender_reported(struct oracle *o, struct orc_conn *c);
/* An RST or a SYN in the window, not at RcvNxt; sure: it surely came. */
void orc_sender_challenged(struct oracle *o, struct orc_conn *c, bool sure);
/* An update of the connection begins (done = false), completed. */
void orc_sender_updated(struct oracle *o, struct orc_conn *c, bool done);
/* TERM is called: whether the state that comes back is judged is decided now. */
void orc_sender_ending(struct oracle *o, struct orc_conn *c);
void orc_sender_hindered(struct oracle *o, struct orc_conn *c); /* orc_checker.hindered */
/* The delegated state of a query, or of the upload (final). */
void orc_sender_state(struct oracle *o, struct orc_conn *c, const void *delegated, bool final);

#endif
