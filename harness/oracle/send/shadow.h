/* SPDX-License-Identifier: MIT
 *
 * The shadow sender as a whole: begun, fed and asked here.
 */
#ifndef ORACLE_SEND_SHADOW_H
#define ORACLE_SEND_SHADOW_H

#include "ndis/tap.h"
#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_sender_begin(struct oracle *o, struct orc_conn *c, const void *delegated);
void orc_sender_begun(struct oracle *o, struct orc_conn *c);
void orc_sender_received(struct oracle *o, struct orc_conn *c, struct orc_received *h);
/* The same for a predicted segment (predicted.c). */
void orc_sender_passed(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_sender_sent(struct oracle *o, const struct tap_event *ev, struct orc_conn *c,
                     const struct orc_packet *packet, int64_t begin);
void orc_sender_step(struct oracle *o, struct orc_conn *c);
void orc_sender_rest(struct orc_conn *c);
void orc_sender_reported(struct oracle *o, struct orc_conn *c);
void orc_sender_challenged(struct oracle *o, struct orc_conn *c, bool sure);
void orc_sender_updated(struct oracle *o, struct orc_conn *c, bool done);
void orc_sender_ending(struct oracle *o, struct orc_conn *c);
void orc_sender_state(struct oracle *o, struct orc_conn *c, const void *delegated, bool final);

#endif
