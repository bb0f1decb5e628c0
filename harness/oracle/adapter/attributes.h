/* SPDX-License-Identifier: MIT
 *
 * What the target says of its adapter.
 *
 * Knows: the OIDs that it lists.
 * Asked: at NdisMSetMiniportAttributes, and when a request has succeeded.
 * Excuses: less than the card can do.
 */
#ifndef ORACLE_ADAPTER_ATTRIBUTES_H
#define ORACLE_ADAPTER_ATTRIBUTES_H

#include "ndis/tap.h"
#include "oracle/oracle.h"

#define ORC_OIDS_MAX 128u

struct orc_attributes {
    uint32_t oid[ORC_OIDS_MAX]; /* as listed */
    uint32_t oids;
    bool registration, general, offload; /* set in this initialisation */
};

void orc_attributes_set(struct oracle *o, const struct tap_event *ev);
/* MiniportInitializeEx succeeded: everything has to be said by now. */
void orc_attributes_initialized(struct oracle *o);
/* A request of it succeeded. */
void orc_attributes_succeeded(struct oracle *o, uint32_t oid);

#endif
