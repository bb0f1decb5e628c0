/* SPDX-License-Identifier: MIT
 *
 * What an arriving segment means.
 *
 * Knows: nothing of its own: it feeds the ledgers and then all who asked.
 * Asked: at each frame from the wire.
 * Excuses: what may not have reached the target: it is doubtful and sure of nothing.
 */
#ifndef ORACLE_SEGMENT_SEGMENT_H
#define ORACLE_SEGMENT_SEGMENT_H

#include "oracle/base/events.h"
#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

void orc_segment_in(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_tcp *tcp, bool doubtful);
void orc_frame_in(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
