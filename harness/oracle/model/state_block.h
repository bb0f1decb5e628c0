/* SPDX-License-Identifier: MIT
 *
 * What lies behind the header of an offload block.
 */
#ifndef ORACLE_MODEL_STATE_BLOCK_H
#define ORACLE_MODEL_STATE_BLOCK_H

#include "ndischimney.h"

#define ORC_STATE_BYTES_MAX 256u /* no state structure is longer */

/* The state structures that follow a block of a type, in their order; returns how many. */
uint32_t orc_state_kinds(uint8_t type, OFFLOAD_STATE_TYPE out[3]);
/* How much of a delegated TCP state there is: its last member came later. */
uint32_t orc_delegated_bytes(const OFFLOAD_STATE_HEADER *state);
/* The state structure of a type behind a block, or NULL. Only for blocks that state follows. */
const OFFLOAD_STATE_HEADER *orc_state_find(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                           OFFLOAD_STATE_TYPE wanted);

#endif
