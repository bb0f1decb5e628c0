/* SPDX-License-Identifier: MIT
 *
 * The window that the target offers.
 *
 * Knows: the largest segment seen, the widest window that was in force.
 * Asked: at each segment and frame, at what the host takes, and at rest.
 * Excuses: rounding by the window scale, and updates that wait for their ACK.
 */
#ifndef ORACLE_RECEIVE_OFFERS_H
#define ORACLE_RECEIVE_OFFERS_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* What it offered. */
struct orc_offers {
    uint32_t largest;  /* payload received in one segment */
    uint32_t widest;   /* InitialRcvWnd that was in force once */
    bool update_step;  /* an update of the window was completed */
    int64_t lost_edge; /* may have been tried by frames that did not leave */
    int64_t
        refused_edge; /* was in a frame that the wire did not take: the target may hold it told */
};

/* A segment, before the ledgers. */
void orc_offers_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_offers_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_offers_hindered(struct oracle *o, struct orc_conn *c); /* orc_checker.hindered */
void orc_offers_state(struct oracle *o, struct orc_conn *c,
                      const TCP_OFFLOAD_STATE_DELEGATED *d); /* orc_checker.judged_state */
void orc_offers_step(struct oracle *o, struct orc_conn *c, bool judged);

#endif
