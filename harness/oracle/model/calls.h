/* SPDX-License-Identifier: MIT
 *
 * The stack of open calls of each processor, and what came before what.
 */
#ifndef ORACLE_MODEL_CALLS_H
#define ORACLE_MODEL_CALLS_H

#include <stdbool.h>
#include "ndis/tap.h"
#include "oracle/base/events.h"

#define ORC_CPUS 64

/* One open call of a cpu. */
struct orc_call {
    uint32_t seq; /* of its ENTER */
    uint8_t fn;
    uint32_t conn;
    uint32_t object;
    uint32_t word;       /* the first that it was made with: flags, frames, code */
    uint32_t lists;      /* TAP_NBL points seen */
    uint32_t list_first; /* lists handed over by the call, chained by orc_nbl.call_next */
    uint32_t list_last;
    uint32_t inside_base; /* entries of orc_cpu.inside that belong to outer calls */
    uint32_t short_fills; /* partly filled SUCCESS requests in this completion */
    uint32_t length;      /* TAP_RCV_INDICATE: bytes indicated */
    uint32_t counted;     /* what the call is to contain (registration) */
    bool known;           /* completions of state operations: the root was known */
};

struct orc_cpu {
    struct orc_call *call;
    uint32_t depth, call_room;
    uint32_t *inside; /* connections that an open delivery call of this cpu is inside of */
    uint32_t inside_count, inside_room;
    uint32_t sync; /* when this cpu last entered the target or came back to it from a callback */
};

struct orc_calls {
    struct orc_cpu cpu[ORC_CPUS];
    uint32_t cpus_used;
};

/* Posts, sends, disconnects and forwards of a connection that are open: counted in its record. */
void orc_conn_call_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_conn_call_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

/* A call begins; NULL when memory is short. Valid until the next call begins on that cpu. */
struct orc_call *orc_call_enter(struct oracle *o, const struct tap_event *ev);

static inline struct orc_call *orc_call_top(struct oracle *o, uint8_t cpu)
{
    struct orc_cpu *of = &o->calls->cpu[cpu % ORC_CPUS];
    return of->depth ? &of->call[of->depth - 1] : NULL; /* NULL outside of calls */
}

struct orc_call *orc_call_open(struct oracle *o, const struct tap_event *ev); /* by LEAVE's call */
void orc_call_leave(struct oracle *o, const struct tap_event *ev);

static inline bool orc_calls_into_target(uint8_t fn)
{
    return fn <= TAP_NIC_FAILED;
}

/* Several frames came in one call that is still open: the target may not have looked at the later
 * ones yet, of which the ledgers know already. */
bool orc_in_batch(const struct oracle *o);
/* Something has just come for the connection, a frame or a call of the host. */
void orc_came_for(const struct oracle *o, struct orc_conn *c);
/* It came inside of a callback, and the call of the target that made this one goes on: what the
 * target does there it may have decided before. */
bool orc_decided_before(const struct oracle *o, const struct orc_conn *c);
/* Inside of a callback from a timer of the target's: more of them may have run out already. */
bool orc_in_timer(const struct oracle *o);
/* The same of a timer or a work item. */
bool orc_in_own_work(const struct oracle *o);

/* Section 0's overlap rule: an event that ended at `left` came before what this cpu does now. */
static inline bool orc_before(const struct oracle *o, uint32_t left)
{
    return left != ORC_NONE && left < o->calls->cpu[o->event->cpu % ORC_CPUS].sync;
}

#endif
