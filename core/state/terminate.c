/* SPDX-License-Identifier: MIT
 *
 * Terminate: delegated state goes back, then the objects go.
 */
#include "conn/conn.h"
#include "miniport/availability.h"
#include "miniport/power.h"
#include "state/layout.h"
#include "state/ops.h"
#include "state/reach.h"

#define PARTS(root) ((root)->Scratch[0])
/* What the block named: a connection is gone when the last pass reads it. */
#define NAMED(block) ((block)->Scratch[1])

void chim_terminate_mark(chim_block block)
{
    for (; block != NULL; block = block->NextBlock) {
        struct chim_object *obj = chim_block_object(block);
        if (obj != NULL && obj->kind == CHIM_CONN) {
            struct chim_conn *c = chim_conn_of(obj);
            chim_lock(&c->lock);
            c->terminating = true;
            chim_unlock(&c->lock);
        }
        chim_terminate_mark(block->DependentBlockList);
    }
}

static void fill_neighbor(struct chim_adapter *ad, const struct chim_neighbor *n, chim_block block)
{
    NEIGHBOR_OFFLOAD_STATE_DELEGATED *d = (void *)chim_layout_delegated(block);
    if (d != NULL) {
        chim_lock(&ad->lock);
        d->NicReachabilityDelta = chim_reach_delta(ad, n->nic_reached_ms, chim_now_ms());
        chim_unlock(&ad->lock);
    }
}

static void start_conn(struct chim_conn *c, chim_block root, chim_block block)
{
    ULONG_PTR *parts = (ULONG_PTR *)(void *)&PARTS(root);
    (void)__atomic_add_fetch(parts, 1, __ATOMIC_ACQ_REL);
    chim_conn_lock(c);
    c->term_root = root;
    c->term_block = block;
    chim_conn_drain(c);
}

static void terminate_walk(struct chim_adapter *ad, chim_block root, chim_block block)
{
    for (; block != NULL; block = block->NextBlock) {
        struct chim_object *obj = chim_block_object(block);
        struct chim_layout l;
        chim_block dependents = block->DependentBlockList;
        block->Status = NDIS_STATUS_SUCCESS;
        NAMED(block) = (PVOID)(ULONG_PTR)(obj == NULL ? 0 : obj->kind);
        if (obj != NULL && obj->kind == CHIM_CONN) {
            start_conn(chim_conn_of(obj), root, block);
        } else if (obj != NULL && obj->kind == CHIM_NEIGHBOR) {
            chim_layout_of(block, &l);
            if (l.kind == CHIM_NEIGHBOR) {
                fill_neighbor(ad, (const struct chim_neighbor *)(void *)obj, block);
            }
        }
        terminate_walk(ad, root, dependents);
    }
}

void chim_terminate_run(struct chim_adapter *ad, chim_block root)
{
    terminate_walk(ad, root, root);
}

/* Neighbors and paths outlive the connections of the same tree: they are dropped last. */
static void drop_objects(chim_block block)
{
    for (; block != NULL; block = block->NextBlock) {
        drop_objects(block->DependentBlockList);
        ULONG_PTR kind = (ULONG_PTR)NAMED(block);
        if (kind == CHIM_NEIGHBOR || kind == CHIM_PATH) {
            chim_object_drop(chim_block_object(block));
        }
    }
}

void chim_terminate_complete(struct chim_adapter *ad, chim_block root)
{
    drop_objects(root);
    NdisMTerminateOffloadComplete(ad->handle, root);
    chim_power_check(ad);
    chim_availability_review(ad);
}
