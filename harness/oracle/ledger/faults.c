/* SPDX-License-Identifier: MIT */
#include "oracle/ledger/faults.h"
#include "oracle/model/calls.h"

void orc_faults_begin(struct oracle *o)
{
    o->faults->short_event = ORC_NONE;
}

void orc_faults_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)ev;
    (void)call;
    o->faults->resolving = true;
}

static void note_short(struct orc_faults *x, const struct tap_event *ev)
{
    x->memory_step = true;
    x->short_event = ev->seq;
    x->short_ns = ev->time_ns;
}

void orc_faults_switched(struct oracle *o, const struct tap_event *ev)
{
    struct orc_faults *x = o->faults;
    bool on = ev->data.fault.on;
    bool memory = orc_memory_short(x), wire = orc_wire_held(x);
    switch (ev->data.fault.kind) {
    case FAULT_ALLOC:
        x->alloc = on;
        break;
    case FAULT_POOL:
        x->pool = on;
        break;
    case FAULT_TX_STALL:
        x->stall = on;
        break;
    case FAULT_LINK_DOWN:
        x->link_down = on;
        break;
    case FAULT_MAP:
        x->map = on;
        break;
    default:
        break;
    }
    if (memory || orc_memory_short(x)) { /* also by the last failure, which ends it */
        note_short(x, ev);
    }
    x->wire_step = x->wire_step || wire || orc_wire_held(x);
}

void orc_faults_starved(struct oracle *o, const struct tap_event *ev)
{
    note_short(o->faults, ev);
}

void orc_faults_linked(struct oracle *o, bool connected)
{
    o->faults->wire_step = o->faults->wire_step || !connected || o->faults->link_down;
    o->faults->link_down = !connected;
}

void orc_faults_refused(struct oracle *o)
{
    o->faults->wire_step = true;
}

void orc_faults_rest_hindered(struct oracle *o)
{
    struct orc_faults *x = o->faults;
    if (!x->hindered) {
        x->since_ns = o->event->time_ns;
    }
    x->hindered = true;
    if (orc_memory_short(x)) {
        note_short(x, o->event);
    }
}

void orc_faults_rested_hindered(struct oracle *o)
{
    struct orc_faults *x = o->faults;
    x->quiet_event = orc_waived(o) ? x->quiet_event : o->event->seq;
    x->hindered_ns = o->event->time_ns;
    x->memory_step = x->wire_step = false;
    x->changes = o->adapter->changes;
    x->resolving = false;
}
