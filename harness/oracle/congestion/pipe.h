/* SPDX-License-Identifier: MIT
 *
 * Recovery by what the peer reports held.
 *
 * Knows: what of the sent bytes can still be in the network, at least.
 * Asked: when a recovery begins, at each frame, and at rest.
 * Excuses: what was reported held, or may have been.
 */
#ifndef ORACLE_CONGESTION_PIPE_H
#define ORACLE_CONGESTION_PIPE_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

void orc_pipe_enter(struct oracle *o, struct orc_conn *c);
void orc_pipe_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* The least that can be in the network once bytes up to end have been sent. */
uint64_t orc_pipe_least(struct oracle *o, const struct orc_conn *c, int64_t end);
void orc_pipe_step(struct oracle *o, struct orc_conn *c);

#endif
