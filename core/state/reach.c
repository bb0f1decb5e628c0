/* SPDX-License-Identifier: MIT */
#include "state/reach.h"

#include <string.h>

/* The block of a query with the three structures behind it, each at a multiple of 8. */
struct query {
    NDIS_MINIPORT_OFFLOAD_BLOCK_LIST block;
    NDIS_ALIGNED(8) NEIGHBOR_OFFLOAD_STATE_CONST konst;
    NDIS_ALIGNED(8) NEIGHBOR_OFFLOAD_STATE_CACHED cached;
    NDIS_ALIGNED(8) NEIGHBOR_OFFLOAD_STATE_DELEGATED delegated;
};

ULONG chim_reach_delta(const struct chim_adapter *ad, int64_t since_ms, uint64_t now_ms)
{
    int64_t age = (int64_t)now_ms - since_ms;
    if (age <= 0) {
        return 0;
    }
    uint64_t ticks = (uint64_t)age * CHIM_LOAD(ad->params.ticks_per_second) / 1000u;
    return ticks > 0xFFFFFFFFu ? 0xFFFFFFFFu : (ULONG)ticks;
}

int64_t chim_reach_moment(const struct chim_adapter *ad, ULONG delta, uint64_t now_ms)
{
    return (int64_t)now_ms - (int64_t)chim_ticks_to_ms(ad, delta);
}

bool chim_neighbor_holds(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    uint32_t stale = CHIM_LOAD(ad->params.nce_stale_ticks);
    if (c->neighbor_asked || stale == 0xFFFFFFFFu) {
        return false;
    }
    int64_t limit = (int64_t)c->now - (int64_t)chim_ticks_to_ms(ad, stale);
    chim_lock(&ad->lock);
    const struct chim_neighbor *n = c->path->neighbor;
    bool old = n->nic_reached_ms < limit && n->host_reached_ms < limit;
    chim_unlock(&ad->lock);
    c->neighbor_due = old;
    return old;
}

static void reach_build(struct query *q, struct chim_adapter *ad, const struct chim_neighbor *n,
                        uint64_t now)
{
    memset(q, 0, sizeof(*q));
    q->block.Header.Type = NeighborOffloadState;
    q->block.Header.Revision = 1;
    q->block.Header.Size = sizeof(q->block);
    q->block.Status = NDIS_STATUS_SUCCESS;
    q->block.NdisOffloadHandle = n->host;
    q->konst.Header.Length = sizeof(q->konst);
    memcpy(q->konst.DlSourceAddress, n->source_mac, sizeof(n->source_mac));
    q->konst.VlanId = n->vlan_id;
    q->cached.Header.Length = sizeof(q->cached);
    memcpy(q->cached.DlDestinationAddress, n->destination_mac, sizeof(n->destination_mac));
    q->cached.HostReachabilityDelta = chim_reach_delta(ad, n->host_reached_ms, now);
    q->delegated.Header.Length = sizeof(q->delegated);
    q->delegated.NicReachabilityDelta = chim_reach_delta(ad, n->nic_reached_ms, now);
}

void chim_neighbor_query(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    struct query q;
    c->neighbor_due = false;
    chim_lock(&ad->lock);
    struct chim_neighbor *n = c->path->neighbor;
    chim_object_hold(&n->obj);
    reach_build(&q, ad, n, c->now);
    ad->neighbor_upcalls++;
    chim_unlock(&ad->lock);
    chim_unlock(&c->lock);
    NdisMOffloadEventIndicate(ad->handle, &q.block, NeighborReachabilityQuery);
    chim_conn_lock(c);
    chim_lock(&ad->lock);
    ad->neighbor_upcalls--;
    n->host_delta = q.cached.HostReachabilityDelta;
    n->host_reached_ms = chim_reach_moment(ad, n->host_delta, c->now);
    chim_unlock(&ad->lock);
    c->neighbor_asked = true;
    chim_object_drop(&n->obj);
}

void chim_neighbor_progress(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    if (c->progress_ms == c->now) {
        return;
    }
    c->progress_ms = c->now;
    chim_lock(&ad->lock);
    c->path->neighbor->nic_reached_ms = (int64_t)c->now;
    chim_unlock(&ad->lock);
}
