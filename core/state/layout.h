/* SPDX-License-Identifier: MIT
 *
 * Where the state structures stand behind a block.
 */
#ifndef CHIM_STATE_LAYOUT_H
#define CHIM_STATE_LAYOUT_H

#include "state/object.h"

/* The parts that Header.Type announces; NULL for those that are absent or too short. */
struct chim_layout {
    uint8_t kind;   /* enum chim_kind, 0 for an unknown type */
    uint8_t family; /* of a path */
    bool whole;     /* constant, cached and delegated */
    POFFLOAD_STATE_HEADER konst;
    POFFLOAD_STATE_HEADER cached;
    POFFLOAD_STATE_HEADER delegated;
};

void chim_layout_of(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block, struct chim_layout *layout);

/* The delegated part, or NULL. */
POFFLOAD_STATE_HEADER chim_layout_delegated(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block);

/* The object that a block names, or NULL for a placeholder or a new one. */
static inline struct chim_object *chim_block_object(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    return block->MiniportOffloadContext == NULL ? NULL : *block->MiniportOffloadContext;
}

#endif
