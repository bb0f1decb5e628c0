/* SPDX-License-Identifier: MIT
 *
 * Sends: what they carry, when they may succeed, how they fail.
 *
 * Knows: how far each list is sent and acknowledged (send ledger).
 * Asked: at each call, list and completion, and at rest.
 * Excuses: completions that moderation may put off.
 */
#ifndef ORACLE_SEND_SEND_H
#define ORACLE_SEND_SEND_H

#include "ndis/tap.h"
#include "oracle/ledger/sends.h"
#include "oracle/model/calls.h"
#include "oracle/model/lists.h"

void orc_send_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_send_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* Appends the bytes of a list to the send stream and notes in nbl where they stand. */
void orc_send_bytes(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                    struct orc_nbl *nbl);
void orc_send_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* The amount by which a list's data was or should have been advanced, in [least, most]. */
void orc_send_acked(const struct orc_send *s, const struct orc_nbl *nbl, int64_t *least,
                    int64_t *most);
void orc_send_hindered(struct oracle *o, struct orc_conn *c); /* orc_checker.hindered */
/* At rest: sends that are acknowledged are completed in time. */
void orc_send_step(struct oracle *o, struct orc_conn *conn);

#endif
