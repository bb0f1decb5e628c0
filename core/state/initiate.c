/* SPDX-License-Identifier: MIT
 *
 * The walk of an initiate: a block, its dependents, its next (INIT-TRAV-1), with the statuses of
 * INIT-ST-*.
 */
#include "state/initiate.h"

#include "miniport/availability.h"
#include "state/ops.h"

/* What the walk knows above a block. */
struct above {
    struct chim_neighbor *neighbor;
    struct chim_path *path;
    bool lost; /* an ancestor failed: nothing below is attempted */
};

struct walk {
    struct chim_adapter *ad;
    struct chim_conn *offloaded; /* by kick_next, each with a reference */
};

struct outcome {
    uint32_t done;
    uint32_t failed;
};

static struct outcome walk_list(struct walk *w, chim_block block, struct above above);

static bool take_object(struct chim_object *obj, struct above *above)
{
    if (obj->kind == CHIM_NEIGHBOR) {
        above->neighbor = (struct chim_neighbor *)(void *)obj;
    } else if (obj->kind == CHIM_PATH) {
        above->path = (struct chim_path *)(void *)obj;
    } else {
        return false;
    }
    return true;
}

static void remember(struct walk *w, struct chim_conn *c)
{
    chim_object_hold(&c->obj);
    chim_lock(&w->ad->lock);
    c->kick_queued = true;
    c->kick_next = w->offloaded;
    chim_unlock(&w->ad->lock);
    w->offloaded = c;
}

static bool offload_new(struct walk *w, chim_block block, struct above *above)
{
    struct chim_layout l;
    struct chim_object *obj = NULL;
    NDIS_STATUS status = NDIS_STATUS_FAILURE;
    if (!above->lost) {
        chim_layout_of(block, &l);
        if (!l.whole) {
            status = NDIS_STATUS_FAILURE;
        } else if (l.kind == CHIM_NEIGHBOR) {
            obj = chim_neighbor_offload(w->ad, block, &l, &status);
        } else if (l.kind == CHIM_PATH && above->neighbor != NULL) {
            obj = chim_path_offload(w->ad, above->neighbor, &l, &status);
        } else if (l.kind == CHIM_CONN && above->path != NULL) {
            obj = chim_tcp_offload(w->ad, above->path, block, &l, &status);
        }
    }
    block->Status = obj != NULL ? NDIS_STATUS_SUCCESS : status;
    if (obj == NULL) {
        above->lost = true;
        return false;
    }
    *block->MiniportOffloadContext = obj;
    if (!take_object(obj, above)) {
        remember(w, chim_conn_of(obj));
    }
    return true;
}

/* True: the block counts as offloaded for its parent. */
static bool walk_block(struct walk *w, chim_block block, struct above above)
{
    bool placeholder = block->MiniportOffloadContext == NULL;
    struct chim_object *linked = chim_block_object(block);
    bool own = placeholder || linked != NULL;
    if (linked != NULL) {
        (void)take_object(linked, &above);
    } else if (!placeholder) {
        own = offload_new(w, block, &above);
    }
    struct outcome below = walk_list(w, block->DependentBlockList, above);
    if (placeholder) {
        block->Status = NDIS_STATUS_SUCCESS;
    } else if (linked != NULL) {
        block->Status = below.failed == 0 ? NDIS_STATUS_SUCCESS
                        : below.done != 0 ? NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS
                                          : NDIS_STATUS_FAILURE;
        own = block->Status != NDIS_STATUS_FAILURE;
    } else if (own && below.failed != 0) {
        block->Status = NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS;
    }
    return own;
}

static struct outcome walk_list(struct walk *w, chim_block block, struct above above)
{
    struct outcome result = {0, 0};
    while (block != NULL) {
        if (walk_block(w, block, above)) {
            result.done++;
        } else {
            result.failed++;
        }
        block = block->NextBlock;
    }
    return result;
}

void chim_initiate_run(struct chim_adapter *ad, chim_block root)
{
    struct walk w = {ad, NULL};
    struct above none = {NULL, NULL, false};
    for (chim_block block = root; block != NULL; block = block->NextBlock) {
        if (!walk_block(&w, block, none) && block->MiniportOffloadContext != NULL &&
            chim_block_object(block) == NULL) {
            none.lost = true; /* the walk stops at a root that fails (INIT-ROOT-1) */
        }
    }
    NdisMInitiateOffloadComplete(ad->handle, root);
    while (w.offloaded != NULL) {
        struct chim_conn *c = w.offloaded;
        chim_lock(&ad->lock);
        w.offloaded = c->kick_next;
        c->kick_queued = false;
        chim_unlock(&ad->lock);
        chim_conn_lock(c);
        c->initiating = false; /* upcalls are allowed from here on (IND-EARLY-1) */
        chim_conn_drain(c);
        chim_object_drop(&c->obj);
    }
    chim_availability_review(ad);
}
