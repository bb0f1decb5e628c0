/* SPDX-License-Identifier: MIT */
#include "oracle/model/state_block.h"

uint32_t orc_state_kinds(uint8_t type, OFFLOAD_STATE_TYPE out[3])
{
    switch (type) {
    case NeighborOffloadState:
    case Ip4OffloadState:
    case Ip6OffloadState:
        out[0] = (OFFLOAD_STATE_TYPE)(type - 3);
        out[1] = (OFFLOAD_STATE_TYPE)(type - 2);
        out[2] = (OFFLOAD_STATE_TYPE)(type - 1);
        return 3;
    case TcpOffloadState:
        out[0] = TcpOffloadConstState;
        out[1] = TcpOffloadCachedState;
        out[2] = TcpOffloadDelegatedState;
        return 3;
    default:
        out[0] = (OFFLOAD_STATE_TYPE)type;
        return type >= NeighborOffloadConstState && type <= TcpOffloadDelegatedState ? 1 : 0;
    }
}

static uint32_t least_bytes(OFFLOAD_STATE_TYPE type)
{
    switch (type) {
    case NeighborOffloadConstState:
        return sizeof(NEIGHBOR_OFFLOAD_STATE_CONST);
    case NeighborOffloadCachedState:
        return sizeof(NEIGHBOR_OFFLOAD_STATE_CACHED);
    case NeighborOffloadDelegatedState:
        return sizeof(NEIGHBOR_OFFLOAD_STATE_DELEGATED);
    case Ip4OffloadConstState:
    case Ip6OffloadConstState:
        return sizeof(PATH_OFFLOAD_STATE_CONST);
    case Ip4OffloadCachedState:
    case Ip6OffloadCachedState:
        return sizeof(PATH_OFFLOAD_STATE_CACHED);
    case TcpOffloadConstState:
        return sizeof(TCP_OFFLOAD_STATE_CONST);
    case TcpOffloadCachedState:
        return sizeof(TCP_OFFLOAD_STATE_CACHED);
    case TcpOffloadDelegatedState:
        return NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0;
    default:
        return sizeof(OFFLOAD_STATE_HEADER);
    }
}

/* How much of a delegated TCP state there is: its last member came later. */
uint32_t orc_delegated_bytes(const OFFLOAD_STATE_HEADER *state)
{
    uint32_t whole = sizeof(TCP_OFFLOAD_STATE_DELEGATED);
    return state->Length < whole ? NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0 : whole;
}

/* The state structure of a type behind a block, or NULL. Only for blocks that state follows. */
const OFFLOAD_STATE_HEADER *orc_state_find(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                           OFFLOAD_STATE_TYPE wanted)
{
    OFFLOAD_STATE_TYPE kind[3];
    uint32_t count = orc_state_kinds(block->Header.Type, kind);
    const OFFLOAD_STATE_HEADER *state = ndis_offload_state_first(block);
    for (uint32_t i = 0; i < count; i++) {
        if (state->Length < least_bytes(kind[i]) || state->Length > ORC_STATE_BYTES_MAX) {
            return NULL;
        }
        if (kind[i] == wanted) {
            return state;
        }
        state = ndis_offload_state_next(state);
    }
    return NULL;
}
