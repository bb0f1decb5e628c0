/* SPDX-License-Identifier: MIT
 *
 * Where frames may stand in the sequence space.
 *
 * Knows: nothing of its own.
 * Asked: at each frame and each RST.
 * Excuses: a SndNxt that stepped back before INIT.
 */
#ifndef ORACLE_SEND_RETRANSMISSION_H
#define ORACLE_SEND_RETRANSMISSION_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_place_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_place_reset(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp,
                     int64_t at);

#endif
