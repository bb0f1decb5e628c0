/* SPDX-License-Identifier: MIT
 *
 * Requests to the adapter, and what it reports of itself.
 *
 * Knows: the OID request that is open, VLAN and RSS settings, whether offload is paused.
 * Asked: at every request, its end, a status, and at rest.
 * Excuses: a request that a fault, a sleep or a halt may refuse.
 */
#ifndef ORACLE_ADAPTER_ADAPTER_H
#define ORACLE_ADAPTER_ADAPTER_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"

/* The OID request that is open. */
struct orc_requests {
    bool right, too_short;
    uint32_t made;  /* event */
    uint32_t given; /* bytes of its buffer */
};

void orc_adapter_begin(struct oracle *o);
void orc_request_made(struct oracle *o, const struct tap_event *ev);
void orc_request_ended(struct oracle *o, const struct tap_event *ev);
void orc_adapter_request(struct oracle *o, const struct tap_event *ev);
void orc_adapter_done(struct oracle *o, const struct tap_event *ev);
void orc_adapter_status(struct oracle *o, int32_t code);
void orc_adapter_rest(struct oracle *o);
/* A send or another request of the connection was completed with this status while the adapter
 * is away. */
void orc_adapter_send(struct oracle *o, const struct orc_conn *c, int32_t status);

#endif
