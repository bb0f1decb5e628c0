/* SPDX-License-Identifier: MIT
 *
 * Connections that a card serves badly or for nothing: the optional upload reasons. Which ones may
 * be asked for is configured (miniport/configure.h). Each is asked for once, never on a half closed
 * connection (UPLD-HALF-1), and service goes on (UPLD-OPT-1).
 */
#ifndef CHIM_CONN_POLICY_H
#define CHIM_CONN_POLICY_H

#include "conn/conn.h"

void chim_policy_begin(struct chim_conn *c);

/* Data arrived. */
void chim_policy_received(struct chim_conn *c, bool in_order, uint32_t bytes);
/* Data was sent, for the first time or again. */
void chim_policy_sent(struct chim_conn *c, bool again);
/* The host posted a receive or send of that many bytes. */
void chim_policy_requested(struct chim_conn *c, uint32_t bytes);
/* CHIM_T_ACTIVITY has expired. */
void chim_policy_expired(struct chim_conn *c);

/* True: the reason in c->policy.due is to be told now. */
bool chim_policy_due(struct chim_conn *c);

#endif
