/* SPDX-License-Identifier: MIT
 *
 * What each deadline does when it passes. Connection lock held.
 */
#ifndef CHIM_CONN_EXPIRE_H
#define CHIM_CONN_EXPIRE_H

#include "conn/conn.h"

void chim_expire(struct chim_conn *c, enum chim_timer id);

/* An acceptable segment came: idle time starts anew, a running check of the peer ends. */
void chim_keepalive_reset(struct chim_conn *c);
/* A blind-attack challenge went out (WIRE-BLIND-1). */
void chim_keepalive_challenge(struct chim_conn *c);

#endif
