/* SPDX-License-Identifier: MIT
 *
 * Who owns each list.
 *
 * Knows: who owns each list, and since which call.
 * Asked: at each list of each call.
 * Excuses: nothing: ownership has no doubt.
 */
#ifndef ORACLE_OWNERSHIP_OWNER_H
#define ORACLE_OWNERSHIP_OWNER_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/lists.h"

struct orc_ownership {
    uint32_t host_lists;    /* indicated lists that the host holds */
    uint32_t host_ordinary; /* those of NdisMIndicateReceiveNetBufferLists among them */
    uint32_t target_lists;
    uint32_t mixed_returns; /* returns of lists of several connections */
};

/* A list is handed to the target by the open call: its record, or NULL when it must not be
 * looked at. */
struct orc_nbl *orc_owner_handed(struct oracle *o, const struct tap_event *ev,
                                 const struct tap_nbl *list, struct orc_call *call);
/* A list given back through a completion; NULL when it must not be looked at. */
struct orc_nbl *orc_owner_back(struct oracle *o, const struct tap_event *ev,
                               const struct tap_nbl *list);
/* The target shows a list of its own: it must own it. */
void orc_owner_indicated(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list);
void orc_owner_returned(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
/* The host keeps an indicated list, which the call fn showed. */
void orc_owner_to_host(struct oracle *o, uint32_t id, uint32_t conn, uint8_t fn);
void orc_owner_call_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call);
void orc_owner_end(struct oracle *o);

#endif
