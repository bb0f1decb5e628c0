/* SPDX-License-Identifier: MIT
 *
 * Invalidate: marks only; everything stays until the terminate (INV-KEEP-1).
 */
#include "state/layout.h"
#include "state/ops.h"

static void walk(struct chim_adapter *ad, chim_block block)
{
    for (; block != NULL; block = block->NextBlock) {
        struct chim_object *obj = chim_block_object(block);
        block->Status = NDIS_STATUS_SUCCESS;
        if (obj != NULL) {
            chim_lock(&ad->lock);
            obj->invalid = 1;
            chim_unlock(&ad->lock);
        }
        walk(ad, block->DependentBlockList);
    }
}

void chim_invalidate_run(struct chim_adapter *ad, chim_block root)
{
    walk(ad, root);
    CHIM_COUNT(ad->topology, 1u);
    NdisMInvalidateOffloadComplete(ad->handle, root);
    chim_ops_kick_all(ad); /* those with something to send ask for their upload (INV-STOP-1) */
}
