/* SPDX-License-Identifier: MIT
 *
 * Operations on the state tree, with their nodes as they were handed over.
 */
#ifndef ORACLE_MODEL_OPERATIONS_H
#define ORACLE_MODEL_OPERATIONS_H

#include <stdbool.h>
#include "ndischimney.h"
#include "oracle/base/handle.h"

/* A node of a state operation as it was handed over. */
struct orc_node {
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block; /* identity only */
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST image;
    uint32_t next;   /* node of the same operation, in walking order */
    uint32_t parent; /* node, or ORC_NONE */
    uint32_t object, conn;
    uint8_t layer, kind;
    uint8_t type;
    bool context;
    int32_t status; /* as completed */
    bool context_after;
    bool seen;                          /* its block came back */
    bool dead;                          /* below a node that was not offloaded */
    uint32_t kids, kids_in, kids_maybe; /* immediate dependents, offloaded, perhaps offloaded */
    uint64_t trailer;                   /* hash of the state behind the block */
};

struct orc_op {
    uint8_t fn; /* 0 = unused is TAP_DRIVER_ENTRY, never an operation */
    bool completed;
    bool late; /* it was judged while it was open */
    uint64_t called_ns;
    uint32_t enter, left, finished;          /* events; finished = LEAVE of the completion */
    uint32_t node_first, node_last, node_at; /* node_at: next to be completed */
    uint32_t completed_event;
    uint8_t cpu;
};

struct orc_operations {
    struct orc_op *op;
    uint32_t ops, op_room;
    struct orc_node *node;
    uint32_t nodes, node_room;
};

/* NULL for TAP_NONE, and when memory is short. */
struct orc_op *orc_op(struct oracle *o, uint32_t id);

#endif
