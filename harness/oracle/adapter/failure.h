/* SPDX-License-Identifier: MIT
 *
 * The card fails.
 *
 * Knows: when the card failed and which connections had been told to go before.
 * Asked: at the failure, at the events, completions and rests behind it.
 * Excuses: what a connection did before it could know of it.
 */
#ifndef ORACLE_ADAPTER_FAILURE_H
#define ORACLE_ADAPTER_FAILURE_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"

void orc_failure_begin(struct oracle *o, const struct tap_event *ev);
void orc_failure_left(struct oracle *o, const struct tap_event *ev);
/* At rest, of a connection that failed in this step: it must have been told so. */
void orc_failure_step(struct oracle *o, struct orc_conn *c);
/* The Abort event: after a failure only behind Retrieve(HardwareFailure). */
void orc_failure_abort(struct oracle *o, const struct orc_conn *c);
/* A request was completed with this status after a failure. */
void orc_failure_status(struct oracle *o, const struct orc_conn *c, int32_t status);

#endif
