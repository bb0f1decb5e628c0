/* SPDX-License-Identifier: MIT
 *
 * When retransmission ends, and what Retrieve(TimeoutExpiration) may rest on.
 *
 * Knows: nothing of its own.
 * Asked: at a timeout, at rest, at an update, and at Retrieve(TimeoutExpiration).
 * Excuses: limits that were changed while the series ran.
 */
#ifndef ORACLE_TIMERS_GIVEUP_H
#define ORACLE_TIMERS_GIVEUP_H

#include "oracle/model/connections.h"

void orc_giveup_timeout(struct oracle *o, struct orc_conn *c);
void orc_giveup_step(struct oracle *o, struct orc_conn *c);
bool orc_giveup_due(const struct oracle *o, const struct orc_conn *c);
void orc_giveup_update(struct oracle *o, struct orc_conn *c, bool done);
void orc_giveup_reported(struct oracle *o, struct orc_conn *c);

#endif
