/* SPDX-License-Identifier: MIT
 *
 * Every frame that the target transmits.
 *
 * Knows: nothing of its own.
 * Asked: at each frame that the target transmits.
 * Excuses: frames of the host that cannot be told apart.
 */
#ifndef ORACLE_SEGMENT_WIRE_CHECK_H
#define ORACLE_SEGMENT_WIRE_CHECK_H

#include "ndis/tap.h"
#include "oracle/base/events.h"

void orc_frame_out(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
