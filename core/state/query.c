/* SPDX-License-Identifier: MIT
 *
 * Query: the current values of whatever structure stands behind a block (QRY-FILL-1).
 */
#include "conn/upload.h"
#include "state/layout.h"
#include "state/ops.h"
#include "state/reach.h"

#include <string.h>

/* Everything of a structure but its header. */
static void fill_body(POFFLOAD_STATE_HEADER to, const void *from, size_t size)
{
    memcpy((uint8_t *)to + sizeof(*to), (const uint8_t *)from + sizeof(*to), size - sizeof(*to));
}

static void query_neighbor(struct chim_adapter *ad, const struct chim_neighbor *n,
                           const struct chim_layout *l)
{
    uint64_t now = chim_now_ms();
    chim_lock(&ad->lock);
    if (l->konst != NULL) {
        NEIGHBOR_OFFLOAD_STATE_CONST *konst = (void *)l->konst;
        memcpy(konst->DlSourceAddress, n->source_mac, sizeof(n->source_mac));
        konst->VlanId = n->vlan_id;
    }
    if (l->cached != NULL) {
        NEIGHBOR_OFFLOAD_STATE_CACHED *cached = (void *)l->cached;
        memcpy(cached->DlDestinationAddress, n->destination_mac, sizeof(n->destination_mac));
        cached->HostReachabilityDelta = n->host_delta;
    }
    if (l->delegated != NULL) {
        NEIGHBOR_OFFLOAD_STATE_DELEGATED *delegated = (void *)l->delegated;
        delegated->NicReachabilityDelta = chim_reach_delta(ad, n->nic_reached_ms, now);
    }
    chim_unlock(&ad->lock);
}

/* The address pointers of a path's constant state lead to memory of the host: the bytes go there
 * when it gave any. */
static void query_path(struct chim_adapter *ad, const struct chim_path *p,
                       const struct chim_layout *l)
{
    if (l->konst != NULL) {
        PATH_OFFLOAD_STATE_CONST *konst = (void *)l->konst;
        konst->SourceAddress = p->source;
        konst->DestinationAddress = p->destination;
    }
    if (l->cached != NULL) {
        chim_lock(&ad->lock);
        ((PATH_OFFLOAD_STATE_CACHED *)(void *)l->cached)->PathMtu = p->mtu;
        chim_unlock(&ad->lock);
    }
}

/* False: the card lost the connection. */
static bool query_conn(struct chim_conn *c, const struct chim_layout *l)
{
    chim_conn_lock(c);
    bool whole = !c->failed;
    if (l->konst != NULL) {
        fill_body(l->konst, &c->given_const, sizeof(c->given_const));
    }
    if (l->cached != NULL) {
        fill_body(l->cached, &c->given_cached, sizeof(c->given_cached));
    }
    if (l->delegated != NULL) {
        TCP_OFFLOAD_STATE_DELEGATED *d = (void *)l->delegated;
        chim_upload_fill(c, d);
        d->SendBacklogSize = c->backlog;
        d->ReceiveBacklogSize = c->ready.bytes + c->indicated_bytes;
    }
    chim_unlock(&c->lock);
    return whole;
}

static void query_block(struct chim_adapter *ad, chim_block block)
{
    struct chim_object *obj = chim_block_object(block);
    struct chim_layout l;
    block->Status = NDIS_STATUS_SUCCESS;
    if (obj == NULL) {
        return;
    }
    chim_layout_of(block, &l);
    if (l.kind != obj->kind) {
        return;
    }
    if (obj->kind == CHIM_NEIGHBOR) {
        query_neighbor(ad, (const struct chim_neighbor *)(void *)obj, &l);
    } else if (obj->kind == CHIM_PATH) {
        query_path(ad, (const struct chim_path *)(void *)obj, &l);
    } else {
        block->Status =
            query_conn(chim_conn_of(obj), &l) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_FAILURE;
    }
}

static void walk(struct chim_adapter *ad, chim_block block)
{
    for (; block != NULL; block = block->NextBlock) {
        query_block(ad, block);
        walk(ad, block->DependentBlockList);
    }
}

void chim_query_run(struct chim_adapter *ad, chim_block root)
{
    walk(ad, root);
    NdisMQueryOffloadStateComplete(ad->handle, root);
}
