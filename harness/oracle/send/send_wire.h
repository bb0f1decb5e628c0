/* SPDX-License-Identifier: MIT
 *
 * The send half of a transmitted frame.
 *
 * Knows: nothing of its own.
 * Asked: at each frame, before the ledgers.
 * Excuses: bytes of a chain that nobody has seen.
 */
#ifndef ORACLE_SEND_SEND_WIRE_H
#define ORACLE_SEND_SEND_WIRE_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

/* A frame of the connection: its bytes, FIN and RST, then the shadow sender. */
void orc_send_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_packet *packet);

#endif
