/* SPDX-License-Identifier: MIT
 *
 * The driver's own lists, buffers and MDLs: pools, allocation, freeing.
 */
#include "ndis/internal.h"

static NDIS_HANDLE pool_new(enum object_kind kind, enum tap_resource resource, NDIS_HANDLE handle,
                            ULONG tag, bool with_nb)
{
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    if (handle && !nds_handle_ok(handle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, resource);
    }
    struct nds_object *pool = nds_take_handle(kind, resource, tag);
    if (!pool) {
        return NULL;
    }
    pool->flag = with_nb;
    return pool->address;
}

static void pool_del(NDIS_HANDLE handle, enum object_kind kind, enum tap_resource resource)
{
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *pool = object_find(handle, kind);
    if (!pool) {
        nds_misuse(MISUSE_DOUBLE_FREE, TAP_NONE, resource);
        return;
    }
    if (pool->out) {
        nds_misuse(MISUSE_POOL_BUSY, pool->id, pool->out);
    }
    nds_give_memory(pool, resource);
}

NDIS_HANDLE NDIS_CALL NdisAllocateNetBufferListPool(NDIS_HANDLE NdisHandle,
                                                    PNET_BUFFER_LIST_POOL_PARAMETERS Parameters)
{
    NDS_RETURNS_TO();
    if (!nds_header_ok(STRUCTURE_LIST_POOL, &Parameters->Header, RESOURCE_NBL_POOL)) {
        return NULL;
    }
    if (Parameters->DataSize && !Parameters->fAllocateNetBuffer) {
        nds_misuse(MISUSE_STRUCTURE, TAP_NONE, RESOURCE_NBL_POOL);
        return NULL;
    }
    return pool_new(OBJECT_NBL_POOL, RESOURCE_NBL_POOL, NdisHandle, Parameters->PoolTag,
                    Parameters->fAllocateNetBuffer && !Parameters->DataSize);
}

VOID NDIS_CALL NdisFreeNetBufferListPool(NDIS_HANDLE PoolHandle)
{
    pool_del(PoolHandle, OBJECT_NBL_POOL, RESOURCE_NBL_POOL);
}

NDIS_HANDLE NDIS_CALL NdisAllocateNetBufferPool(NDIS_HANDLE NdisHandle,
                                                PNET_BUFFER_POOL_PARAMETERS Parameters)
{
    NDS_RETURNS_TO();
    if (!nds_header_ok(STRUCTURE_BUFFER_POOL, &Parameters->Header, RESOURCE_NB_POOL)) {
        return NULL;
    }
    return pool_new(OBJECT_NB_POOL, RESOURCE_NB_POOL, NdisHandle, Parameters->PoolTag, false);
}

VOID NDIS_CALL NdisFreeNetBufferPool(NDIS_HANDLE PoolHandle)
{
    pool_del(PoolHandle, OBJECT_NB_POOL, RESOURCE_NB_POOL);
}

static void nb_init(PNET_BUFFER nb, NDIS_HANDLE pool, PMDL chain, ULONG offset, SIZE_T length)
{
    memset(nb, 0, sizeof(*nb));
    nb->NdisPoolHandle = pool;
    nb->MdlChain = nb->CurrentMdl = chain;
    nb->DataOffset = nb->CurrentMdlOffset = offset;
    nb->DataLength = (ULONG)length;
    while (nb->CurrentMdl && nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount &&
           nb->CurrentMdl->Next) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
}

static PNET_BUFFER_LIST nbl_new(NDIS_HANDLE handle, bool with_nb, PMDL chain, ULONG offset,
                                SIZE_T length)
{
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *pool = object_find(handle, OBJECT_NBL_POOL);
    if (!pool || (with_nb && !pool->flag)) {
        nds_misuse(pool ? MISUSE_WRONG_POOL : MISUSE_BAD_POINTER, pool ? pool->id : TAP_NONE,
                   RESOURCE_NBL);
        return NULL;
    }
    uint32_t bytes = sizeof(NET_BUFFER_LIST) + (with_nb ? sizeof(NET_BUFFER) : 0);
    struct nds_object *object = nds_take_memory(OBJECT_NBL, RESOURCE_NBL, bytes, pool->tag);
    if (!object) {
        return NULL;
    }
    struct nds_list *list = rig_alloc(sizeof(*list));
    list->role = ROLE_INDICATED;
    list->conn = list->handed_event = list->shown_in = TAP_NONE;
    object->detail = list;
    object->parent = pool->id;
    object->flag = with_nb;
    pool->out++;
    PNET_BUFFER_LIST nbl = object->address;
    memset(nbl, 0, sizeof(*nbl));
    nbl->NdisPoolHandle = handle;
    if (with_nb) {
        nbl->FirstNetBuffer = (PNET_BUFFER)(void *)(nbl + 1);
        nb_init(nbl->FirstNetBuffer, handle, chain, offset, length);
    }
    return nbl;
}

/* Space for a context is asked for in multiples of MEMORY_ALLOCATION_ALIGNMENT: 16 on x64. */
static void require_context(USHORT bytes, USHORT back_fill)
{
    if (bytes % 16 || back_fill % 16) {
        nds_misuse(MISUSE_STRUCTURE, TAP_NONE, RESOURCE_NBL);
    }
}

PNET_BUFFER_LIST NDIS_CALL NdisAllocateNetBufferList(NDIS_HANDLE PoolHandle, USHORT ContextSize,
                                                     USHORT ContextBackFill)
{
    NDS_RETURNS_TO();
    require_context(ContextSize, ContextBackFill);
    struct nds_object *pool = object_find(PoolHandle, OBJECT_NBL_POOL);
    return nbl_new(PoolHandle, pool && pool->flag, NULL, 0, 0);
}

PNET_BUFFER_LIST NDIS_CALL NdisAllocateNetBufferAndNetBufferList(NDIS_HANDLE PoolHandle,
                                                                 USHORT ContextSize,
                                                                 USHORT ContextBackFill,
                                                                 PMDL MdlChain, ULONG DataOffset,
                                                                 SIZE_T DataLength)
{
    NDS_RETURNS_TO();
    require_context(ContextSize, ContextBackFill);
    return nbl_new(PoolHandle, true, MdlChain, DataOffset, DataLength);
}

VOID NDIS_CALL NdisFreeNetBufferList(PNET_BUFFER_LIST NetBufferList)
{
    NDS_GIVEN(GIVEN_HANDLE, NetBufferList);
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *object = object_find(NetBufferList, OBJECT_NBL);
    struct nds_list *list = object ? object->detail : NULL;
    if (!object || list->role != ROLE_INDICATED) {
        nds_misuse(MISUSE_DOUBLE_FREE, object ? object->id : TAP_NONE, RESOURCE_NBL);
        return;
    }
    if (object->owner != OWNER_TARGET) {
        nds_misuse(MISUSE_FREE_INDICATED, object->id, RESOURCE_NBL);
        return;
    }
    object_by_id(object->parent)->out--;
    nds_give_memory(object, RESOURCE_NBL);
}

PNET_BUFFER NDIS_CALL NdisAllocateNetBuffer(NDIS_HANDLE PoolHandle, PMDL MdlChain, ULONG DataOffset,
                                            SIZE_T DataLength)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *pool = object_find(PoolHandle, OBJECT_NB_POOL);
    if (!pool) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, RESOURCE_NB);
        return NULL;
    }
    struct nds_object *object =
        nds_take_memory(OBJECT_NB, RESOURCE_NB, sizeof(NET_BUFFER), pool->tag);
    if (!object) {
        return NULL;
    }
    object->parent = pool->id;
    pool->out++;
    nb_init(object->address, PoolHandle, MdlChain, DataOffset, DataLength);
    return object->address;
}

VOID NDIS_CALL NdisFreeNetBuffer(PNET_BUFFER NetBuffer)
{
    NDS_GIVEN(GIVEN_HANDLE, NetBuffer);
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *object = object_find(NetBuffer, OBJECT_NB);
    if (!object || object->born_event == TAP_NONE) {
        nds_misuse(MISUSE_DOUBLE_FREE, TAP_NONE, RESOURCE_NB);
        return;
    }
    object_by_id(object->parent)->out--;
    nds_give_memory(object, RESOURCE_NB);
}

PMDL NDIS_CALL NdisAllocateMdl(NDIS_HANDLE NdisHandle, PVOID VirtualAddress, UINT Length)
{
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    if (!nds_handle_ok(NdisHandle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, RESOURCE_MDL);
    }
    struct nds_object *object = nds_take_memory(OBJECT_MDL, RESOURCE_MDL, sizeof(MDL), 0);
    if (!object) {
        return NULL;
    }
    PMDL mdl = object->address;
    memset(mdl, 0, sizeof(*mdl));
    mdl->Size = sizeof(MDL);
    mdl->MdlFlags = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = VirtualAddress;
    mdl->StartVa = VirtualAddress;
    mdl->ByteCount = Length;
    return mdl;
}

VOID NDIS_CALL NdisFreeMdl(PMDL Mdl)
{
    NDS_GIVEN(GIVEN_HANDLE, Mdl);
    nds_require_level(FAMILY_NET_BUFFER, DISPATCH_LEVEL);
    struct nds_object *object = object_find(Mdl, OBJECT_MDL);
    if (!object || object->born_event == TAP_NONE) {
        nds_misuse(MISUSE_DOUBLE_FREE, object ? object->id : TAP_NONE, RESOURCE_MDL);
        return;
    }
    nds_give_memory(object, RESOURCE_MDL);
}

VOID NDIS_CALL NdisAdjustMdlLength(PMDL Mdl, UINT Length)
{
    if (!object_find(Mdl, OBJECT_MDL)) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, RESOURCE_MDL);
        return;
    }
    Mdl->ByteCount = Length;
}

/* Where the bytes of an MDL are: the rig knows it of its own MDLs even before they are mapped. */
uint8_t *mdl_bytes(PMDL mdl)
{
    struct nds_object *object = object_find(mdl, OBJECT_MDL);
    return object && object->detail ? object->detail : mdl->MappedSystemVa;
}

static bool map_fails(void)
{
    bool planned = nds_may_fail(FAILING_MAP, 0);
    if (!planned && !nds.map_fail) {
        return false;
    }
    trace_note_starved(nds.trace);
    if (planned) {
        nds_fault_map(nds.map_fail + 1);
    }
    if (!--nds.map_fail) {
        nds_fault_map(0);
    }
    return true;
}

VOID NDIS_CALL NdisQueryMdl(PMDL Mdl, PVOID *VirtualAddress, PUINT Length,
                            MM_PAGE_PRIORITY Priority)
{
    NDS_GIVEN_OUT(GIVEN_MDL, Mdl, VirtualAddress, Length);
    (void)Priority;
    NDS_RETURNS_TO();
    struct nds_object *object = object_find(Mdl, OBJECT_MDL);
    *VirtualAddress = NULL;
    *Length = 0;
    if (!object) {
        nds_misuse(MISUSE_BAD_POINTER, TAP_NONE, RESOURCE_MDL);
        return;
    }
    *Length = Mdl->ByteCount;
    if (!(Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))) {
        if (map_fails()) {
            return;
        }
        Mdl->MappedSystemVa = object->detail;
        Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    }
    *VirtualAddress = Mdl->MappedSystemVa;
}
