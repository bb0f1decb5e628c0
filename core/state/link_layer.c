/* SPDX-License-Identifier: MIT
 *
 * Offloading the neighbor and the path layer.
 */
#include "state/initiate.h"

#include "state/reach.h"

#include <string.h>

/* INIT-VLAN-1: without a VLAN of its own a neighbor never fails for it. */
static bool vlan_matches(const struct chim_adapter *ad, uint32_t vlan_id)
{
    uint16_t own = CHIM_LOAD(ad->vlan_id);
    return vlan_id == 0 || own == 0 || own == vlan_id;
}

struct chim_object *chim_neighbor_offload(struct chim_adapter *ad,
                                          const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block,
                                          const struct chim_layout *l, NDIS_STATUS *status)
{
    const NEIGHBOR_OFFLOAD_STATE_CONST *konst = (const void *)l->konst;
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    const NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated = (const void *)l->delegated;
    uint64_t now = chim_now_ms();
    if (!vlan_matches(ad, konst->VlanId)) {
        *status = NDIS_STATUS_OFFLOAD_VLAN_MISMATCH;
        return NULL;
    }
    struct chim_neighbor *n = chim_alloc(ad, sizeof(*n));
    if (n == NULL) {
        *status = NDIS_STATUS_RESOURCES;
        return NULL;
    }
    n->host = block->NdisOffloadHandle;
    n->vlan_id = konst->VlanId;
    memcpy(n->source_mac, konst->DlSourceAddress, sizeof(n->source_mac));
    memcpy(n->destination_mac, cached->DlDestinationAddress, sizeof(n->destination_mac));
    n->host_delta = cached->HostReachabilityDelta;
    n->host_reached_ms = chim_reach_moment(ad, n->host_delta, now);
    n->nic_reached_ms = chim_reach_moment(ad, delegated->NicReachabilityDelta, now);
    chim_object_init(&n->obj, ad, CHIM_NEIGHBOR);
    return &n->obj;
}

struct chim_object *chim_path_offload(struct chim_adapter *ad, struct chim_neighbor *neighbor,
                                      const struct chim_layout *l, NDIS_STATUS *status)
{
    const PATH_OFFLOAD_STATE_CONST *konst = (const void *)l->konst;
    const PATH_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    uint32_t bytes = l->family == 4 ? 4 : 16;
    if (konst->SourceAddress == NULL || konst->DestinationAddress == NULL) {
        *status = NDIS_STATUS_FAILURE;
        return NULL;
    }
    struct chim_path *p = chim_alloc(ad, sizeof(*p));
    if (p == NULL) {
        *status = NDIS_STATUS_RESOURCES;
        return NULL;
    }
    memset(p->source, 0, sizeof(p->source));
    memset(p->destination, 0, sizeof(p->destination));
    memcpy(p->source, konst->SourceAddress, bytes);
    memcpy(p->destination, konst->DestinationAddress, bytes);
    p->family = l->family;
    p->mtu = cached->PathMtu;
    p->neighbor = neighbor;
    chim_object_hold(&neighbor->obj);
    chim_object_init(&p->obj, ad, CHIM_PATH);
    return &p->obj;
}
