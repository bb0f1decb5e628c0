/* SPDX-License-Identifier: MIT
 *
 * Delivery calls of one connection never overlap nor nest.
 *
 * Knows: which connections have a delivery call open on which cpu.
 * Asked: at each delivery call and its return.
 * Excuses: calls of different connections.
 */
#ifndef ORACLE_OWNERSHIP_SERIAL_H
#define ORACLE_OWNERSHIP_SERIAL_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"

/* A delivery call of the connection is open on this cpu from here on; judged against all others. */
void orc_serial_inside(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn);
void orc_serial_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_serial_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

#endif
