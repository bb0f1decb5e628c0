/* SPDX-License-Identifier: MIT
 *
 * What goes wrong by the program's will, and so excuses the target.
 */
#ifndef ORACLE_LEDGER_FAULTS_H
#define ORACLE_LEDGER_FAULTS_H

#include "ndis/tap.h"
#include "oracle/base/events.h"

struct orc_faults {
    bool alloc, pool, stall, link_down, map; /* on now; the kinds of enum tap_fault */
    bool ever_waived;
    bool alloc_failed;           /* since the last end of a step */
    uint32_t alloc_failed_event; /* the last allocation that failed */
    uint64_t alloc_failed_ns;
    bool transmit_failed; /* ever: frames may have been lost or held back */
    bool transmit_failed_step;
    bool resolving; /* a RET happened since the last end of a step */
};

void orc_faults_begin(struct oracle *o);
/* TAP_RETURN: the host gives lists back, which may end a shortage. */
void orc_faults_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
static inline bool orc_waived(const struct oracle *o)
{
    return o->faults->alloc || o->faults->pool || o->faults->map || o->faults->alloc_failed;
}

/* Until when a target may be waiting for memory that it lacked, 0 = it does not. */
static inline uint64_t orc_starved_until(const struct oracle *o)
{
    const struct orc_faults *x = o->faults;
    uint64_t end = x->alloc_failed_ns + ORC_NS_PER_SECOND;
    return x->alloc_failed_event != ORC_NONE && o->event->time_ns < end ? end : 0;
}

#endif
