/* SPDX-License-Identifier: MIT
 *
 * The two pools of lists that we indicate (OWN-POOL-1), with a cache of free lists in front.
 */
#ifndef CHIM_MINIPORT_NBL_H
#define CHIM_MINIPORT_NBL_H

#include "miniport/adapter.h"

NDIS_STATUS chim_nbl_pool_open(struct chim_adapter *ad, struct chim_nbl_pool *pool);
void chim_nbl_pool_close(struct chim_nbl_pool *pool);

/* A list with one NET_BUFFER over [offset, offset + length) of mdl; NULL when none can be had. It
 * counts as out until it is put back. Takes the adapter lock. */
PNET_BUFFER_LIST chim_nbl_get(struct chim_adapter *ad, struct chim_nbl_pool *pool, PMDL mdl,
                              uint32_t offset, uint32_t length);
void chim_nbl_put(struct chim_adapter *ad, struct chim_nbl_pool *pool, PNET_BUFFER_LIST nbl);

#endif
