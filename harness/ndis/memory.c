/* SPDX-License-Identifier: MIT
 *
 * Driver memory: every allocation is an object that must be given back, and each may fail by plan.
 */
#include "ndis/internal.h"

#define PATTERN_MAX 16384u /* larger pieces are buffers */

static uint32_t alloc_event(enum tap_resource resource, uint32_t object, uint32_t bytes,
                            uint32_t tag, NDIS_STATUS status)
{
    return tap_emit((struct tap_event){.kind = TAP_POINT,
                                       .fn = TAP_ALLOC,
                                       .conn = TAP_NONE,
                                       .object = object,
                                       .status = status,
                                       .data.memory.bytes = bytes,
                                       .data.memory.tag = tag,
                                       .data.memory.resource = resource});
}

static enum nds_failing failing_of(enum tap_resource resource, uint32_t tag)
{
    static const enum nds_failing by[] = {
        [RESOURCE_MEMORY] = FAILING_MEMORY,
        [RESOURCE_NBL_POOL] = FAILING_LIST_POOL,
        [RESOURCE_NB_POOL] = FAILING_BUFFER_POOL,
        [RESOURCE_NBL] = FAILING_LIST,
        [RESOURCE_NB] = FAILING_BUFFER,
        [RESOURCE_MDL] = FAILING_MDL,
        [RESOURCE_TIMER] = FAILING_TIMER,
        [RESOURCE_WORK_ITEM] = FAILING_WORK_ITEM,
        [RESOURCE_NIC] = FAILING_WIRE,
        [RESOURCE_CONFIGURATION] = FAILING_CONFIGURATION,
    };
    return resource == RESOURCE_DRIVER ? (tag ? FAILING_HANDLERS : FAILING_REGISTER) : by[resource];
}

static bool fault_now(enum tap_resource resource, uint32_t tag)
{
    if (nds_may_fail(failing_of(resource, tag), tag)) {
        return true;
    }
    if (nds.pool_fault && (resource == RESOURCE_NBL || resource == RESOURCE_NB)) {
        return true;
    }
    if (!nds.alloc_fail) {
        return false;
    }
    if (nds.alloc_skip) {
        nds.alloc_skip--;
        return false;
    }
    nds.alloc_fail--;
    return true;
}

bool nds_fail_alloc(enum tap_resource resource, uint32_t bytes, uint32_t tag)
{
    bool full = guest_used() > nds.limits.memory_max;
    if (!fault_now(resource, tag) && !full) {
        return false;
    }
    alloc_event(resource, TAP_NONE, bytes, tag, NDIS_STATUS_RESOURCES);
    trace_note_starved(nds.trace);
    if (nds.alloc_fail == 0 && !nds.pool_fault && !full) {
        tap_emit((struct tap_event){.kind = TAP_POINT,
                                    .fn = TAP_FAULT,
                                    .conn = TAP_NONE,
                                    .object = TAP_NONE,
                                    .data.fault.kind = FAULT_ALLOC});
    }
    return true;
}

static struct nds_object *taken_memory(enum object_kind kind, enum tap_resource resource,
                                       void *address, uint32_t bytes, uint32_t tag)
{
    if (!address) {
        return NULL;
    }
    struct nds_object *object = object_add(kind, address, bytes, OWNER_TARGET);
    object->tag = tag;
    object->born_event = alloc_event(resource, object->id, bytes, tag, NDIS_STATUS_SUCCESS);
    object->owner_event = object->born_event;
    return object;
}

struct nds_object *nds_take_memory(enum object_kind kind, enum tap_resource resource,
                                   uint32_t bytes, uint32_t tag)
{
    if (nds_fail_alloc(resource, bytes, tag)) {
        return NULL;
    }
    return taken_memory(kind, resource, guest_alloc(bytes), bytes, tag);
}

struct nds_object *nds_take_handle(enum object_kind kind, enum tap_resource resource, uint32_t tag)
{
    if (nds_fail_alloc(resource, GUEST_HANDLE_BYTES, tag)) {
        return NULL;
    }
    return taken_memory(kind, resource, guest_handle(), GUEST_HANDLE_BYTES, tag);
}

void nds_give_memory(struct nds_object *object, enum tap_resource resource)
{
    uint32_t event = tap_emit((struct tap_event){.kind = TAP_POINT,
                                                 .fn = TAP_FREE,
                                                 .conn = TAP_NONE,
                                                 .object = object->id,
                                                 .data.memory.resource = resource});
    object_remove(object);
    object->owner_event = event;
    guest_free(object->address, object->bytes);
}

PVOID NDIS_CALL NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag,
                                                  EX_POOL_PRIORITY Priority)
{
    NDS_GIVEN(GIVEN_HANDLE, NdisHandle);
    (void)Priority;
    NDS_RETURNS_TO();
    nds_require_level(FAMILY_MISCELLANEOUS, DISPATCH_LEVEL);
    if (!nds_handle_ok(NdisHandle)) {
        nds_misuse(MISUSE_HANDLE, TAP_NONE, TAP_ALLOC);
    }
    struct nds_object *object = nds_take_memory(OBJECT_MEMORY, RESOURCE_MEMORY, Length, Tag);
    if (!object) {
        return NULL;
    }
    /* The content is undefined by contract: a visible pattern keeps it reproducible. */
    memset(object->address, 0xCD, Length < PATTERN_MAX ? Length : PATTERN_MAX);
    return object->address;
}

VOID NDIS_CALL NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags)
{
    NDS_GIVEN(GIVEN_HANDLE, VirtualAddress);
    nds_require_level(FAMILY_MISCELLANEOUS, DISPATCH_LEVEL);
    struct nds_object *object = object_find(VirtualAddress, OBJECT_MEMORY);
    /* The flags say by which function it was allocated: 0 is the one with a tag. */
    if (!object || (Length && Length != object->bytes) || MemoryFlags) {
        nds_misuse(MISUSE_DOUBLE_FREE, object ? object->id : TAP_NONE, RESOURCE_MEMORY);
        if (!object) {
            return;
        }
    }
    if (nds_lock_held_in(object->address, object->bytes)) {
        nds_misuse(MISUSE_LOCK_LIVE, object->id, 0);
    }
    nds_give_memory(object, RESOURCE_MEMORY);
}

static enum tap_resource resource_of(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_NBL_POOL:
        return RESOURCE_NBL_POOL;
    case OBJECT_NB_POOL:
        return RESOURCE_NB_POOL;
    case OBJECT_NBL:
        return RESOURCE_NBL;
    case OBJECT_NB:
        return RESOURCE_NB;
    case OBJECT_MDL:
        return RESOURCE_MDL;
    case OBJECT_TIMER:
        return RESOURCE_TIMER;
    case OBJECT_WORK_ITEM:
        return RESOURCE_WORK_ITEM;
    case OBJECT_NIC:
        return RESOURCE_NIC;
    case OBJECT_FRAME:
        return RESOURCE_FRAME;
    case OBJECT_DRIVER:
        return RESOURCE_DRIVER;
    case OBJECT_CONFIGURATION:
        return RESOURCE_CONFIGURATION;
    case OBJECT_MEMORY:
    case OBJECT_NONE:
    case OBJECT_DATA:
    case OBJECT_STATE:
    case OBJECT_TREE:
    case OBJECT_ADAPTER:
    case OBJECT_OID:
        break;
    }
    return RESOURCE_MEMORY;
}

uint32_t nds_report_leaks(void)
{
    uint32_t leaks = 0;
    for (uint32_t id = 0; id < object_count(); id++) {
        struct nds_object *object = object_by_id(id);
        bool mine = object->born_event == TAP_NONE || object->kind == OBJECT_STATE ||
                    object->kind == OBJECT_TREE || object->kind == OBJECT_DATA;
        if (!object->live || mine) {
            continue; /* the rig's own, or given back */
        }
        leaks++;
        tap_emit((struct tap_event){.kind = TAP_POINT,
                                    .fn = TAP_LEAK,
                                    .conn = TAP_NONE,
                                    .object = id,
                                    .data.memory.bytes = object->bytes,
                                    .data.memory.tag = object->tag,
                                    .data.memory.resource = resource_of(object->kind),
                                    .data.memory.born = object->born_event});
    }
    return leaks;
}

void nds_report_end(void)
{
    tap_emit((struct tap_event){.kind = TAP_POINT,
                                .fn = TAP_END,
                                .conn = TAP_NONE,
                                .object = TAP_NONE,
                                .data.end.unloaded = 1,
                                .data.end.locks = nds.locks_taken,
                                .data.end.nested = nds.locks_nested,
                                .data.end.lowered = nds.levels_lowered});
}
