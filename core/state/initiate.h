/* SPDX-License-Identifier: MIT
 *
 * New state objects out of the blocks that describe them. Each returns the object, or NULL with the
 * block's failure code.
 */
#ifndef CHIM_STATE_INITIATE_H
#define CHIM_STATE_INITIATE_H

#include "conn/conn.h"
#include "state/layout.h"

struct chim_object *chim_neighbor_offload(struct chim_adapter *ad,
                                          const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                          const struct chim_layout *l, NDIS_STATUS *status);
struct chim_object *chim_path_offload(struct chim_adapter *ad, struct chim_neighbor *neighbor,
                                      const struct chim_layout *l, NDIS_STATUS *status);
struct chim_object *chim_tcp_offload(struct chim_adapter *ad, struct chim_path *path,
                                     const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                     const struct chim_layout *l, NDIS_STATUS *status);

#endif
