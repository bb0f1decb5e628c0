/* SPDX-License-Identifier: MIT
 *
 * Query, update, invalidate.
 *
 * Knows: what was handed over and updated.
 * Asked: at each block of a query, update or invalidate.
 * Excuses: values that an update under way may already show.
 */
#ifndef ORACLE_TREE_QUERY_H
#define ORACLE_TREE_QUERY_H

#include "ndis/tap.h"
#include "oracle/model/operations.h"

void orc_update_node(struct oracle *o, struct orc_node *node, bool done);
void orc_query_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_query_link(struct oracle *o, const struct orc_node *node,
                    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);
void orc_invalidate_node(struct oracle *o, struct orc_node *node);
void orc_invalidate_done(struct oracle *o, const struct orc_op *op, uint32_t left);

#endif
