/* SPDX-License-Identifier: MIT
 *
 * Allocations that the target holds whenever nothing is offloaded.
 *
 * Knows: how many allocations are held whenever nothing is offloaded.
 * Asked: at each allocation, free and rest.
 * Excuses: memory kept for the next connection: only growth time after time is a leak.
 */
#ifndef ORACLE_ADAPTER_GROWTH_H
#define ORACLE_ADAPTER_GROWTH_H

#include "ndis/tap.h"
#include "oracle/base/events.h"

/* Allocations that the target holds, compared whenever nothing is offloaded. */
struct orc_growth {
    uint32_t held, last, rises;
    bool offloaded; /* something was, since the last comparison */
};

void orc_growth_point(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_growth_rest(struct oracle *o);

#endif
