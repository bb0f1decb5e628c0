/* SPDX-License-Identifier: MIT
 *
 * What a transmitted frame acknowledges and offers.
 *
 * Knows: the highest ACK and right edge that were sent (receive ledger).
 * Asked: at each frame with ACK.
 * Excuses: nothing that was surely accepted.
 */
#ifndef ORACLE_RECEIVE_WIRE_WINDOW_H
#define ORACLE_RECEIVE_WIRE_WINDOW_H

#include "ndis/tap.h"
#include "oracle/wire/wire_parse.h"
#include "oracle/model/connections.h"

/* A frame of the connection, before the ledgers: ACK number, right edge. Sharpens what is sure. */
void orc_window_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                      const struct orc_tcp *tcp);

#endif
