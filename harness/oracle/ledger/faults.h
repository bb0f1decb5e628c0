/* SPDX-License-Identifier: MIT
 *
 * What goes wrong by the program's will, and so excuses the target: while it lasts, and in the step
 * in which it ends. What it has left in doubt of a connection each piece keeps for itself, by the
 * event `hindered`, until that is known again.
 *
 * Memory: allocations, pools or mappings fail. What arrives may be dropped.
 * Wire: frames are refused, stall, or have no link. What was not sent may have been lost or held.
 * Adapter: it is paused, reset, asleep. As with the wire.
 * What is due may have to wait, at most a second longer than the lack lasts.
 */
#ifndef ORACLE_LEDGER_FAULTS_H
#define ORACLE_LEDGER_FAULTS_H

#include "ndis/tap.h"
#include "oracle/base/events.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/model/connections.h"

#define ORC_STARVED_NS ORC_NS_PER_SECOND /* a target looks again for what it lacks that often */

struct orc_faults {
    bool alloc, pool, stall, link_down, map; /* on now; the kinds of enum tap_fault */
    bool memory_step, wire_step; /* memory was short, frames were held up, since the last rest */
    bool hindered;               /* memory, wire or adapter, in this step or at its end */
    uint64_t since_ns;           /* begin of what hinders, while it does */
    uint64_t short_ns;           /* when memory was short last */
    uint64_t hindered_ns;        /* the last rest of a hindered step */
    uint32_t short_event;        /* the same as an event, or ORC_NONE: never */
    uint32_t quiet_event;        /* the last rest at which memory was not short */
    uint32_t changes;            /* of the adapter, as of the last rest */
    bool resolving;              /* a RET happened since the last end of a step */
};

void orc_faults_begin(struct oracle *o);
/* TAP_RETURN: the host gives lists back, which may end a shortage. */
void orc_faults_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* TAP_FAULT: one of them is switched on or off. */
void orc_faults_switched(struct oracle *o, const struct tap_event *ev);
/* A TAP_ALLOC that failed. */
void orc_faults_starved(struct oracle *o, const struct tap_event *ev);
/* The link came or went. */
void orc_faults_linked(struct oracle *o, bool connected);
/* The wire did not take a frame. */
void orc_faults_refused(struct oracle *o);
/* Parts of orc_faults_rest and orc_faults_rested. */
void orc_faults_rest_hindered(struct oracle *o);
void orc_faults_rested_hindered(struct oracle *o);

static inline bool orc_memory_short(const struct orc_faults *x)
{
    return x->alloc || x->pool || x->map;
}

static inline bool orc_wire_held(const struct orc_faults *x)
{
    return x->stall || x->link_down;
}

/* Memory is short in this step. */
static inline bool orc_waived(const struct oracle *o)
{
    return o->faults->memory_step || orc_memory_short(o->faults);
}

/* Frames may be kept from the wire in this step. */
static inline bool orc_wire_waived(const struct oracle *o)
{
    return o->faults->wire_step || orc_wire_held(o->faults);
}

/* The adapter changes its state in this step, or stands still. */
static inline bool orc_adapter_moves(const struct oracle *o)
{
    return o->adapter->phase != ORC_ADAPTER_RUNNING || o->faults->changes != o->adapter->changes;
}

/* Something hinders the target in this step, as far as it has come. */
static inline bool orc_hindered(const struct oracle *o)
{
    return orc_waived(o) || orc_wire_waived(o) || orc_adapter_moves(o);
}

/* A rest begins: from here on `hindered` holds for its step. */
static inline void orc_faults_rest(struct oracle *o)
{
    if (orc_hindered(o)) {
        orc_faults_rest_hindered(o);
    } else {
        o->faults->hindered = false;
    }
}

/* The rest is over, and the next step begins. */
static inline void orc_faults_rested(struct oracle *o)
{
    if (o->faults->hindered) {
        orc_faults_rested_hindered(o);
    } else {
        o->faults->quiet_event = o->event->seq;
        o->faults->resolving = false;
    }
}

/* What is due of the connection may be waiting for what it lacked when something happened to it. */
static inline bool orc_starved(const struct oracle *o, const struct orc_conn *c)
{
    return orc_waived(o) || o->event->time_ns < c->starved_ns;
}

/* Memory was short at some time since an event. */
static inline bool orc_short_since(const struct oracle *o, uint32_t event)
{
    const struct orc_faults *x = o->faults;
    return orc_waived(o) || (x->short_event != ORC_NONE && x->short_event >= event);
}

#endif
