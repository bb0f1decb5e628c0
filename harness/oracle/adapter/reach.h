/* SPDX-License-Identifier: MIT
 *
 * Reachability of neighbors.
 *
 * Knows: when each neighbor was last known to be reachable, surely and possibly.
 * Asked: at every sign of life, frame, query and answer.
 * Excuses: a question while the host may have answered already.
 */
#ifndef ORACLE_ADAPTER_REACH_H
#define ORACLE_ADAPTER_REACH_H

#include "ndis/tap.h"
#include "oracle/model/calls.h"
#include "oracle/model/connections.h"
#include "oracle/model/objects.h"

/* A neighbor was offloaded; cached and delegated may be NULL where a block has none. */
void orc_reach_begin(struct oracle *o, struct orc_object *neighbor,
                     const NEIGHBOR_OFFLOAD_STATE_CACHED *cached,
                     const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated);
/* The host updated the neighbor. */
void orc_reach_update(struct oracle *o, struct orc_object *neighbor,
                      const NEIGHBOR_OFFLOAD_STATE_CACHED *cached);
/* What was handed over was taken over: the initiate or update is complete. */
void orc_reach_taken(struct oracle *o, struct orc_object *neighbor, bool initiated);
/* New data or a new acknowledgement came; sure: the target surely took it for a sign of life. */
void orc_reach_progress(struct oracle *o, const struct orc_conn *c, bool sure);
/* The connection is terminated: what its last segments confirmed may not count any more. */
void orc_reach_ending(struct oracle *o, const struct orc_conn *c);
/* The connection transmits: its neighbor may have to be asked about. */
void orc_reach_frame(struct oracle *o, const struct orc_conn *c);
/* Whether ticks is what the host last said of the neighbor, or its age now. */
bool orc_reach_host_right(const struct oracle *o, const struct orc_object *neighbor,
                          uint32_t ticks);
/* Judges the reachability that a block brings back. */
void orc_reach_state(struct oracle *o, const struct orc_object *neighbor,
                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);
void orc_reach_query(struct oracle *o, const struct tap_event *ev);
void orc_reach_answered(struct oracle *o, const struct tap_event *ev, const struct orc_call *call);

void orc_reach_hindered(struct oracle *o, struct orc_conn *c); /* orc_checker.hindered */

#endif
