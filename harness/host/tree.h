/* SPDX-License-Identifier: MIT
 *
 * Block list trees under construction. One at a time: a call takes its pieces over.
 */
#pragma once

#include "host/internal.h"

#define TREE_PIECES 512u

struct host_tree {
    struct nds_piece piece[TREE_PIECES];
    uint32_t pieces;
};

/* Zeroed guest memory that goes over with the tree. */
void *host_tree_piece(struct host_tree *tree, uint32_t bytes);
/* A block for an object, with room for its state behind it; output fields are poisoned. */
PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST host_tree_block(struct host_tree *tree, struct nds_state *state,
                                                  UCHAR type, uint32_t state_bytes);
/* Copies one state structure to its place; returns the place of the next one. */
void *host_tree_append(void *at, const void *state, uint32_t bytes);

/* The block that offloads a neighbor. */
PNDIS_MINIPORT_OFFLOAD_BLOCK_LIST host_tree_neighbor(struct host_tree *tree,
                                                     struct host_neighbor *n);

#define STATE_PADDED(type) (((uint32_t)sizeof(type) + 7u) & ~7u)
