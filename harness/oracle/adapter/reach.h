/* SPDX-License-Identifier: MIT
 *
 * Reachability of neighbors.
 */
#ifndef ORACLE_ADAPTER_REACH_H
#define ORACLE_ADAPTER_REACH_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"
#include "oracle/model/objects.h"

void orc_reach_begin(struct oracle *o, struct orc_object *neighbor,
                     const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                     const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated);
void orc_reach_update(struct oracle *o, struct orc_object *neighbor,
                      const NEIGHBOR_OFFLOAD_STATE_CACHED *cached);
void orc_reach_progress(struct oracle *o, const struct orc_conn *c, bool sure);
void orc_reach_ending(struct oracle *o, const struct orc_conn *c);
void orc_reach_frame(struct oracle *o, const struct orc_conn *c);
bool orc_reach_host_right(const struct oracle *o, const struct orc_object *neighbor,
                          uint32_t ticks);
void orc_reach_state(struct oracle *o, const struct orc_object *neighbor,
                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);
void orc_reach_query(struct oracle *o, const struct tap_event *ev);
void orc_reach_answered(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);

#endif
