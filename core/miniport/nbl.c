/* SPDX-License-Identifier: MIT */
#include "miniport/nbl.h"

#include <string.h>

NDIS_STATUS chim_nbl_pool_open(struct chim_adapter *ad, struct chim_nbl_pool *pool)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;
    memset(&parameters, 0, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = sizeof(parameters);
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = CHIM_TAG;
    pool->free = NULL;
    pool->out = 0;
    pool->pool = NdisAllocateNetBufferListPool(ad->handle, &parameters);
    return pool->pool == NULL ? NDIS_STATUS_RESOURCES : NDIS_STATUS_SUCCESS;
}

void chim_nbl_pool_close(struct chim_nbl_pool *pool)
{
    if (pool->pool == NULL) {
        return;
    }
    while (pool->free != NULL) {
        PNET_BUFFER_LIST nbl = pool->free;
        pool->free = nbl->Next;
        nbl->Next = NULL;
        NdisFreeNetBufferList(nbl);
    }
    NdisFreeNetBufferListPool(pool->pool);
    pool->pool = NULL;
}

PNET_BUFFER_LIST chim_nbl_get(struct chim_adapter *ad, struct chim_nbl_pool *pool, PMDL mdl,
                              uint32_t offset, uint32_t length)
{
    chim_lock(&ad->lock);
    PNET_BUFFER_LIST nbl = pool->free;
    if (nbl != NULL) {
        pool->free = nbl->Next;
    } else {
        nbl = NdisAllocateNetBufferAndNetBufferList(pool->pool, 0, 0, NULL, 0, 0);
    }
    if (nbl != NULL) {
        pool->out++;
    }
    chim_unlock(&ad->lock);
    if (nbl == NULL) {
        return NULL;
    }
    PNET_BUFFER nb = nbl->FirstNetBuffer;
    nbl->Next = NULL;
    nbl->Status = NDIS_STATUS_SUCCESS;
    nbl->SourceHandle = ad->handle;
    nb->Next = NULL;
    nb->MdlChain = mdl;
    nb->CurrentMdl = mdl;
    nb->DataOffset = offset;
    nb->CurrentMdlOffset = offset;
    nb->stDataLength = length;
    return nbl;
}

void chim_nbl_put(struct chim_adapter *ad, struct chim_nbl_pool *pool, PNET_BUFFER_LIST nbl)
{
    PNET_BUFFER nb = nbl->FirstNetBuffer;
    nb->MdlChain = NULL;
    nb->CurrentMdl = NULL;
    nb->DataOffset = 0;
    nb->CurrentMdlOffset = 0;
    nb->stDataLength = 0;
    chim_lock(&ad->lock);
    nbl->Next = pool->free;
    pool->free = nbl;
    CORE_ASSERT(pool->out != 0);
    pool->out--;
    chim_unlock(&ad->lock);
}
