/* SPDX-License-Identifier: MIT
 *
 * What each deadline does when it passes. Connection lock held.
 */
#ifndef CHIM_CONN_EXPIRE_H
#define CHIM_CONN_EXPIRE_H

#include "conn/conn.h"

void chim_expire(struct chim_conn *c, enum chim_timer id);
/* The host has answered about the neighbor: probes that waited for it go. */
void chim_expire_held(struct chim_conn *c);

/* An acceptable segment came: idle time starts anew, a running check of the peer ends. */
void chim_keepalive_reset(struct chim_conn *c);
/* A blind-attack challenge went out (WIRE-BLIND-1). */
void chim_keepalive_challenge(struct chim_conn *c);

#endif
