/* SPDX-License-Identifier: MIT
 *
 * How the bytes reach the host: posted requests (receive.c), indications (indicate.c), and what is
 * due of either at rest (due.c).
 */
#ifndef ORACLE_RECEIVE_DELIVERY_H
#define ORACLE_RECEIVE_DELIVERY_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"

void orc_post_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_post_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_receive_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_indicate_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_indicate_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_indicate_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

/* At rest, of a connection that runs: what is due of requests and indications. */
void orc_due_receive(struct oracle *o, struct orc_conn *c);
/* At rest: duties of a connection that is told to go, by urgent data, a reset or an abort. */
void orc_due_end(struct oracle *o, struct orc_conn *c);
/* At rest: what was completed with UPLOAD_IN_PROGRESS needs a reason by now. */
void orc_due_reason(struct oracle *o, struct orc_conn *c);

#endif
