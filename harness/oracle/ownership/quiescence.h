/* SPDX-License-Identifier: MIT
 *
 * What must not happen, or must have happened, when all is at rest.
 *
 * Knows: what happened in this step, and what the last query showed.
 * Asked: at each call, each query and each rest.
 * Excuses: what a timer or another call did in the same step.
 */
#ifndef ORACLE_OWNERSHIP_QUIESCENCE_H
#define ORACLE_OWNERSHIP_QUIESCENCE_H

#include "oracle/base/events.h"
#include "ndis/tap.h"
#include "oracle/model/connections.h"

/* Whatever a connection's life is judged by besides its streams. */
struct orc_life {
    uint32_t invalid_left;  /* its own InvComplete has returned */
    bool invalid_reported;  /* the warning of INV-STOP-1 was given */
    bool wait_reported;     /* TIME_WAIT was judged */
    bool fin_first;         /* our FIN went out before the peer's was accepted */
    bool fin_alone;         /* ... before any of the peer's came at all */
    bool reported_first;    /* it was told to go before the card failed */
    bool op_failed;         /* a state operation completed with FAILURE */
    bool failed_step;       /* a state operation failed */
    uint32_t reported_mtu;  /* a router's word on the path MTU, 0 = none */
    uint32_t reported_cuts; /* full segments cut to it */
    uint32_t backlog;       /* last preferred send backlog, and the bytes queued then */
    uint32_t backlog_queue;
    bool backlog_known;
    uint32_t backlog_events_step;
    uint32_t raw_up; /* its own frame behind the last that was handed up, and why it was */
    uint8_t raw_why;
    uint32_t refused; /* a frame was not taken by the wire: it is tried again at any time, and what
                       * is queued behind it; until a rest behind one that was taken */
    bool taken_step;
    bool state_known; /* delegated state of the last query */
    uint32_t state_mark;
    uint64_t state_ns;
    TCP_OFFLOAD_STATE_DELEGATED state;
};

void orc_quiescence_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* The target calls: orc_quiescence_acted, unless it completes a query. */
void orc_quiescence_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_life_fresh(struct orc_conn *c); /* orc_checker.fresh */
void orc_quiescence_acted(struct oracle *o, uint32_t conn, const char *what);
/* A frame of the connection's, and whether the wire took it. */
void orc_quiescence_frame(struct oracle *o, struct orc_conn *c, bool taken);
/* The state that a query shows: the same as a moment ago when nothing lies between. */
void orc_quiescence_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d);
void orc_quiescence_end(struct oracle *o);
/* At rest, of one connection: what an invalidated object, TIME_WAIT or a backlog asks for. */
void orc_quiescence_conn(struct oracle *o, struct orc_conn *c, bool waived);
/* The preferred send backlog that a query shows. */
void orc_backlog_reported(struct oracle *o, struct orc_conn *c, uint32_t bytes);
/* The event that changes the preferred send backlog. */
void orc_backlog_event(struct oracle *o, struct orc_conn *c, uint32_t bytes);
/* A connection below an invalidated object transmits. */
void orc_invalid_frame(struct oracle *o, struct orc_conn *c);

#endif
