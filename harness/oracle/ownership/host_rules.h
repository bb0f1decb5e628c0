/* SPDX-License-Identifier: MIT
 *
 * What the rig promised the target.
 *
 * Knows: what is open of each connection.
 * Asked: before each call of the host.
 * Excuses: nothing: a violation is a fault of the rig.
 */
#ifndef ORACLE_OWNERSHIP_HOST_RULES_H
#define ORACLE_OWNERSHIP_HOST_RULES_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/operations.h"
#include "oracle/model/connections.h"

void orc_host_call(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* A node of a state operation: nothing that forbids it is open. */
void orc_host_operation(struct oracle *o, const struct tap_event *ev, const struct orc_node *node);
/* A list of a disconnect: one, of the form that its flags ask for. */
void orc_host_disconnect(struct oracle *o, const struct orc_conn *conn, const struct tap_nbl *list,
                         const struct orc_call *call);
/* The host answered an indication (LEAVE): consumed bytes and status must fit. */
void orc_host_answer(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);
/* The state in which the host hands a connection over. */
void orc_host_initiate(struct oracle *o, const struct orc_conn *conn, uint32_t state);

#endif
