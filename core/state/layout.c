/* SPDX-License-Identifier: MIT */
#include "state/layout.h"

#include <string.h>

static const ULONG sizes[3][3] = {
    {sizeof(NEIGHBOR_OFFLOAD_STATE_CONST), sizeof(NEIGHBOR_OFFLOAD_STATE_CACHED),
     sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED)},
    {sizeof(PATH_OFFLOAD_STATE_CONST), sizeof(PATH_OFFLOAD_STATE_CACHED),
     sizeof(PATH_OFFLOAD_STATE_DELEGATED)},
    {sizeof(TCP_OFFLOAD_STATE_CONST), sizeof(TCP_OFFLOAD_STATE_CACHED),
     NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0},
};

/* Splits a type into its layer and its part: 0 constant, 1 cached, 2 delegated, 3 all. */
static bool split_type(uint32_t type, struct chim_layout *l, uint32_t *part)
{
    if (type >= NeighborOffloadConstState && type <= NeighborOffloadState) {
        l->kind = CHIM_NEIGHBOR;
        *part = type - NeighborOffloadConstState;
    } else if (type >= Ip4OffloadConstState && type <= Ip4OffloadState) {
        l->kind = CHIM_PATH;
        l->family = 4;
        *part = type - Ip4OffloadConstState;
    } else if (type >= Ip6OffloadConstState && type <= Ip6OffloadState) {
        l->kind = CHIM_PATH;
        l->family = 6;
        *part = type - Ip6OffloadConstState;
    } else if (type >= TcpOffloadConstState && type <= TcpOffloadDelegatedState) {
        l->kind = CHIM_CONN;
        *part = type - TcpOffloadConstState;
    } else if (type == TcpOffloadState) {
        l->kind = CHIM_CONN;
        *part = 3;
    } else {
        return false;
    }
    return true;
}

static POFFLOAD_STATE_HEADER checked(POFFLOAD_STATE_HEADER state, ULONG size)
{
    return state->Length >= size ? state : NULL;
}

void chim_layout_of(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block, struct chim_layout *l)
{
    uint32_t part = 0;
    memset(l, 0, sizeof(*l));
    if (!split_type(block->Header.Type, l, &part)) {
        return;
    }
    const ULONG *size = sizes[l->kind - CHIM_NEIGHBOR];
    POFFLOAD_STATE_HEADER state = ndis_offload_state_first(block);
    if (part == 0) {
        l->konst = checked(state, size[0]);
    } else if (part == 1) {
        l->cached = checked(state, size[1]);
    } else if (part == 2) {
        l->delegated = checked(state, size[2]);
    } else {
        l->konst = checked(state, size[0]);
        l->cached = l->konst == NULL ? NULL : checked(ndis_offload_state_next(state), size[1]);
        l->delegated =
            l->cached == NULL ? NULL : checked(ndis_offload_state_next(l->cached), size[2]);
        l->whole = l->delegated != NULL;
    }
}

POFFLOAD_STATE_HEADER chim_layout_delegated(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    struct chim_layout l;
    chim_layout_of(block, &l);
    return l.delegated;
}
