/* SPDX-License-Identifier: MIT
 *
 * Terminate: what comes back.
 *
 * Knows: what a TermComplete brings back of each connection.
 * Asked: at TERM, at each block and list of its completion, and when all have come.
 * Excuses: bytes and states that what came during TERM may have changed.
 */
#ifndef ORACLE_TREE_TERMINATE_H
#define ORACLE_TREE_TERMINATE_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/model/operations.h"

/* What a TermComplete shows of one connection, judged when all of its points have come. */
struct orc_closing {
    uint32_t conn, node;
    bool has_delegated;
    int32_t status;
    const void *chain;
    TCP_OFFLOAD_STATE_DELEGATED delegated;
    uint32_t buffered_bytes, buffered_lists;
    uint32_t chain_lists;
    int64_t chain_begin, chain_bytes;
    const void *chain_head, *chain_data, *chain_tail; /* first, first with data, last with data */
    bool bad_list;
};

/* Connections of the TermComplete that is open. */
struct orc_closings {
    struct orc_closing *closing;
    uint32_t count, room;
    uint8_t cpu;
};

void orc_terminate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node);
void orc_terminate_left(struct oracle *o, const struct orc_op *op, uint32_t left);
void orc_terminate_done(struct oracle *o, const struct tap_event *ev, uint32_t node);
void orc_terminate_list(struct oracle *o, const struct tap_nbl *list);
/* All points of a TermComplete have come: judges the connections that it brought back. */
void orc_terminate_flush(struct oracle *o);

#endif
