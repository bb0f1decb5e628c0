/* SPDX-License-Identifier: MIT
 *
 * Events, disconnects, and what FIN and RST lead to.
 *
 * Knows: which events came, which disconnects are open.
 * Asked: at each event and disconnect.
 * Excuses: events whose cause came in doubt.
 */
#ifndef ORACLE_SEGMENT_CLOSE_H
#define ORACLE_SEGMENT_CLOSE_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"

void orc_event_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_event_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_disconnect_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_disconnect_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_disconnect_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_disconnect_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
