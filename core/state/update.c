/* SPDX-License-Identifier: MIT
 *
 * Update: new cached variables, and paths that move to another neighbor (UPD-LINK-1).
 */
#include "conn/expire.h"
#include "state/layout.h"
#include "state/ops.h"
#include "state/reach.h"

#include <string.h>

static void update_neighbor(struct chim_adapter *ad, struct chim_neighbor *n,
                            const struct chim_layout *l)
{
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    if (cached == NULL) {
        return;
    }
    chim_lock(&ad->lock);
    memcpy(n->destination_mac, cached->DlDestinationAddress, sizeof(n->destination_mac));
    n->host_delta = cached->HostReachabilityDelta;
    n->host_reached_ms = chim_reach_moment(ad, n->host_delta, chim_now_ms());
    chim_unlock(&ad->lock);
}

static void relink(struct chim_adapter *ad, struct chim_path *p, struct chim_neighbor *n)
{
    if (n == NULL || p->neighbor == n) {
        return;
    }
    chim_object_hold(&n->obj);
    chim_lock(&ad->lock);
    struct chim_neighbor *before = p->neighbor;
    p->neighbor = n;
    chim_unlock(&ad->lock);
    chim_object_drop(&before->obj);
}

static void update_path(struct chim_adapter *ad, struct chim_path *p, struct chim_neighbor *n,
                        const struct chim_layout *l)
{
    const PATH_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    if (cached != NULL) {
        chim_lock(&ad->lock);
        p->mtu = cached->PathMtu;
        chim_unlock(&ad->lock);
    }
    relink(ad, p, n);
}

/* UPD-RESTART-1 */
static void restart_timers(struct chim_conn *c, const TCP_OFFLOAD_STATE_CACHED *old,
                           const TCP_OFFLOAD_STATE_CACHED *new)
{
    bool enabled = (new->Flags &TCP_FLAG_KEEP_ALIVE_ENABLED) != 0;
    bool was_enabled = (old->Flags & TCP_FLAG_KEEP_ALIVE_ENABLED) != 0;
    bool changed = old->KaTimeout != new->KaTimeout || old->KaInterval != new->KaInterval;
    bool restart = (new->Flags &TCP_FLAG_KEEP_ALIVE_RESTART) != 0;
    if ((new->Flags &TCP_FLAG_MAX_RT_RESTART) != 0 ||
        (new->MaxRT != 0 && new->MaxRT != old->MaxRT)) {
        c->rtx_total_ms = 0;
        c->rtx_begin_ms = c->now;
    }
    if (old->KaProbeCount != new->KaProbeCount) {
        c->ka_count = 0;
    }
    if (c->fate != CHIM_RUNNING || c->state == TcpConnectionClosed) {
        return;
    }
    if (restart || enabled != was_enabled) {
        chim_keepalive_reset(c);
    } else if (enabled && changed) {
        chim_timer_set_ticks(c, CHIM_T_KEEPALIVE, new->KaTimeout == 0 ? 1 : new->KaTimeout);
    }
}

static NDIS_STATUS update_tcp(struct chim_conn *c, const struct chim_layout *l)
{
    const TCP_OFFLOAD_STATE_CACHED *cached = (const void *)l->cached;
    if (cached == NULL) {
        return NDIS_STATUS_SUCCESS;
    }
    chim_conn_lock(c);
    bool whole = !c->failed;
    TCP_OFFLOAD_STATE_CACHED old = c->given_cached;
    c->given_cached = *cached;
    c->given_cached.Header = old.Header;
    if ((cached->Flags & TCP_FLAG_UPDATE_RCV_WND) == 0) {
        c->given_cached.InitialRcvWnd = old.InitialRcvWnd;
    } else if (chim_conn_window(c) > c->rcv_adv - c->rcv_nxt) {
        c->window_force = true; /* UPD-RCVWND-1 */
        c->ack_now = c->ack_now || !c->fin_received;
    }
    restart_timers(c, &old, cached);
    chim_conn_refresh(c);
    chim_conn_drain(c);
    return whole ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
}

/* True: a path or neighbor changed, on which others depend. */
static bool update_walk(struct chim_adapter *ad, chim_block block, struct chim_neighbor *above)
{
    bool below = false;
    for (; block != NULL; block = block->NextBlock) {
        struct chim_object *obj = chim_block_object(block);
        struct chim_neighbor *neighbor = above;
        struct chim_layout l;
        block->Status = NDIS_STATUS_SUCCESS;
        if (obj != NULL) {
            chim_layout_of(block, &l);
            if (l.kind != obj->kind) {
                memset(&l, 0, sizeof(l));
            }
            if (obj->kind == CHIM_NEIGHBOR) {
                neighbor = (struct chim_neighbor *)(void *)obj;
                update_neighbor(ad, neighbor, &l);
                below = true;
            } else if (obj->kind == CHIM_PATH) {
                update_path(ad, (struct chim_path *)(void *)obj, above, &l);
                below = true;
            } else {
                block->Status = update_tcp(chim_conn_of(obj), &l);
            }
        }
        below = update_walk(ad, block->DependentBlockList, neighbor) || below;
    }
    return below;
}

void chim_update_run(struct chim_adapter *ad, chim_block root)
{
    bool below = update_walk(ad, root, NULL);
    if (below) {
        CHIM_COUNT(ad->topology, 1u);
    }
    NdisMUpdateOffloadComplete(ad->handle, root);
    if (below) {
        chim_ops_each_conn(ad, chim_conn_kick); /* sending resumes on a relinked path */
    }
}
