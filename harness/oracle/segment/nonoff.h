/* SPDX-License-Identifier: MIT
 *
 * Frames that go to the host unprocessed.
 *
 * Knows: which frames must or may go up as they are.
 * Asked: at each frame that is nobody's, at each indicated list, at rest and at the end.
 * Excuses: frames that a fault, a pause or an end of the connection may swallow.
 */
#ifndef ORACLE_SEGMENT_NONOFF_H
#define ORACLE_SEGMENT_NONOFF_H

#include "oracle/base/events.h"
#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

bool orc_vlan_fits(struct oracle *o, const struct orc_conn *conn, const struct orc_packet *packet);
void orc_nonoff_frame(struct oracle *o, const struct tap_event *ev, const struct orc_packet *packet,
                      struct orc_conn *conn);
void orc_nonoff_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_nonoff_step(struct oracle *o);
void orc_nonoff_end(struct oracle *o);
void orc_nonoff_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
uint64_t orc_frame_hash(const uint8_t *frame, uint32_t bytes);

#endif
