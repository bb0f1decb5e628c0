/* SPDX-License-Identifier: MIT
 *
 * Forwarded segments.
 *
 * Knows: which segments the host forwarded.
 * Asked: at each forwarded list and its completion.
 * Excuses: segments that came again on the wire.
 */
#ifndef ORACLE_SEGMENT_FORWARD_H
#define ORACLE_SEGMENT_FORWARD_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"

void orc_forward_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_forward_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_forward_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
