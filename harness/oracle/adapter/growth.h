/* SPDX-License-Identifier: MIT
 *
 * Allocations that the target holds whenever nothing is offloaded.
 *
 * Knows: how many allocations are held whenever nothing is offloaded, and what came since the last
 *   such moment.
 * Asked: at each allocation, free, call into the target and rest.
 * Excuses: memory kept for the next connection: only growth time after time is a leak.
 */
#ifndef ORACLE_ADAPTER_GROWTH_H
#define ORACLE_ADAPTER_GROWTH_H

#include "ndis/tap.h"
#include "oracle/base/events.h"

#define ORC_ROUNDS 8u

/* A round: from one moment with nothing offloaded to the next. */
struct orc_round {
    uint64_t stimuli; /* hash of what came into the target and what it sent; 0 = unused */
    uint32_t held;    /* at the end of the last one like it */
    uint32_t rises;   /* in a row: it ended with more than it began with, and than the last one */
};

/* Allocations that the target holds, compared whenever nothing is offloaded. */
struct orc_growth {
    uint32_t held, last, rises;
    bool offloaded; /* something was, since the last comparison */
    uint64_t stimuli;
    struct orc_round round[ORC_ROUNDS]; /* the last different ones */
    uint32_t next;
};

/* Something comes into the target, or goes out. */
void orc_growth_stimulus(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_growth_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_growth_rest(struct oracle *o);

#endif
