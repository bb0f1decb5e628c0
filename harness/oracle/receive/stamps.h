/* SPDX-License-Identifier: MIT
 *
 * Timestamps.
 *
 * Knows: the clock of the timestamps and the bounds of TsRecent.
 * Asked: at each segment and frame, and when state is shown.
 * Excuses: segments that may or may not have become TsRecent.
 */
#ifndef ORACLE_RECEIVE_STAMPS_H
#define ORACLE_RECEIVE_STAMPS_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* Timestamps, modular. */
struct orc_stamps {
    bool outlived;                      /* TsRecent came so old that nothing is older than it */
    uint32_t anchor;                    /* a value sent or handed over, and when */
    uint64_t anchor_ns, anchor_late_ns; /* the first and last moment that it may stand for */
    uint32_t anchor_event;
    uint32_t sent;             /* highest value sent or handed over */
    uint32_t least, most;      /* TsRecent as of the last rest lies between these */
    uint32_t value;            /* last value received that may have become TsRecent, */
    int64_t first_ns, last_ns; /* and when it came first and last */
    uint32_t forwarded_least;  /* values of the segments that the host forwarded and that were */
    uint32_t forwarded_most;   /* pending together, if any was */
    bool forwards;
    bool bare; /* the next bytes came without the option, */
    int64_t bare_at;
};

/* No target can find the segment's timestamp too old, or miss one. */
bool orc_stamps_fine(const struct orc_conn *c, const struct orc_tcp *tcp);
/* The connection was offloaded with timestamps or without. */
void orc_stamps_begin(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);
/* The initiate is complete: at what moment of it the target read its clock is open. */
void orc_stamps_taken(struct oracle *o, struct orc_conn *c);
void orc_stamps_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
void orc_stamps_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
void orc_stamps_step(struct oracle *o, struct orc_conn *c, bool judged);
/* For want of memory a segment may have been let go before its timestamp was looked at. */
void orc_stamps_hindered(struct oracle *o, struct orc_conn *c);
/* A segment comes from the host, to be processed at any time until it is given back. */
void orc_stamps_forwarded(struct orc_conn *c, const struct orc_tcp *tcp);
/* One is given back as processed: its age begins now at the latest. */
void orc_stamps_processed(struct oracle *o, struct orc_conn *c);
/* The timestamps in the state that a query or an upload shows. */
void orc_stamps_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
