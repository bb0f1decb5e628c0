/* SPDX-License-Identifier: MIT
 *
 * A closed window is probed.
 *
 * Knows: the round of probes and when it began, least and most.
 * Asked: at each segment and frame while the window is closed, at rest, and when state is shown.
 * Excuses: rounds that begin by answers which may not have been taken.
 */
#ifndef ORACLE_TIMERS_PERSIST_H
#define ORACLE_TIMERS_PERSIST_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"

/* Probing of a closed window. */
struct orc_persist {
    bool on;             /* something waited for the window at the last rest */
    bool exact;          /* the round below is known exactly */
    bool handed;         /* the timer runs as INIT handed it over */
    uint32_t least;      /* number of the round, counting answers to probes only */
    uint32_t most;       /* the same, counting every zero-window ACK */
    uint32_t probes;     /* unanswered ones of this round, those before INIT included */
    uint64_t opened_ns;  /* the round was not opened before */
    uint64_t since_ns;   /* the timer was started at the latest */
    uint64_t last_ns;    /* last probe of the round */
    uint64_t gap_ns;     /* between the last two probes, or 0 */
    uint64_t waited_ns;  /* for the first probe of the round, at least; or 0 */
    bool reopened;       /* the window has surely left zero in this step */
    uint32_t perhaps;    /* segments that may have closed it since it was surely open */
    uint64_t perhaps_ns; /* the first of these came */
};

void orc_persist_begin(struct oracle *o, struct orc_conn *c);
/* A send or a disconnect begins. */
void orc_persist_asked(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_persist_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_persist_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
void orc_persist_hindered(struct oracle *o, struct orc_conn *c);
void orc_persist_step(struct oracle *o, struct orc_conn *c);
void orc_persist_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);
/* Probing may have come to its limit, or to its end without reaching it. */
bool orc_persist_explains(const struct oracle *o, const struct orc_conn *c);
void orc_persist_reported(struct oracle *o, const struct orc_conn *c);

#endif
