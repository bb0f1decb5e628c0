/* SPDX-License-Identifier: MIT
 *
 * Invalidate: marks only; everything stays until the terminate (INV-KEEP-1).
 */
#include "conn/conn.h"
#include "state/layout.h"
#include "state/ops.h"

/* True: it was a path or neighbor, so that others may depend on it. */
static bool invalidate(struct chim_adapter *ad, struct chim_object *obj)
{
    chim_lock(&ad->lock);
    obj->invalid = 1;
    chim_unlock(&ad->lock);
    if (obj->kind != CHIM_CONN) {
        return true;
    }
    struct chim_conn *c = chim_conn_of(obj);
    chim_conn_lock(c);
    chim_conn_refresh(c);
    chim_conn_drain(c); /* with something to send it asks for its upload (INV-STOP-1) */
    return false;
}

static bool invalidate_walk(struct chim_adapter *ad, chim_block block)
{
    bool below = false;
    for (; block != NULL; block = block->NextBlock) {
        struct chim_object *obj = chim_block_object(block);
        block->Status = NDIS_STATUS_SUCCESS;
        if (obj != NULL && invalidate(ad, obj)) {
            below = true;
        }
        below = invalidate_walk(ad, block->DependentBlockList) || below;
    }
    return below;
}

void chim_invalidate_run(struct chim_adapter *ad, chim_block root)
{
    bool below = invalidate_walk(ad, root);
    if (below) {
        CHIM_COUNT(ad->topology, 1u);
    }
    NdisMInvalidateOffloadComplete(ad->handle, root);
    if (below) {
        chim_ops_each_conn(ad, chim_conn_kick);
    }
}
