/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ndis/object.h"

#include <string.h>
#include <sys/mman.h>

#define CHUNKS_MAX (1u << 20)

static struct nds_object *chunks[CHUNKS_MAX];
struct object_table object_table = {.chunk = chunks};

void object_reset(void)
{
    struct object_table *table = &object_table;
    if (!table->by_address) {
        /* Reserved once; only the entries of a run are cleared. */
        table->by_address =
            mmap(NULL, GUEST_SIZE / ARENA_GRANULE * sizeof(uint32_t), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (table->by_address == MAP_FAILED) {
            __builtin_trap();
        }
    }
    for (uint32_t id = 0; id < table->count; id++) {
        table->by_address[guest_index(object_by_id(id)->address)] = 0;
    }
    memset(chunks, 0, ((table->count >> OBJECT_CHUNK_BITS) + 1) * sizeof(chunks[0]));
    table->count = 0;
}

struct nds_object *object_add(enum object_kind kind, void *address, uint32_t bytes,
                              enum tap_owner owner)
{
    uint32_t id = object_table.count++;
    if (!chunks[id >> OBJECT_CHUNK_BITS]) {
        chunks[id >> OBJECT_CHUNK_BITS] = rig_alloc(OBJECT_CHUNK * sizeof(struct nds_object));
    }
    struct nds_object *object = object_by_id(id);
    object->address = address;
    object->bytes = bytes;
    object->id = id;
    object->kind = kind;
    object->owner = owner;
    object->live = true;
    object->parent = TAP_NONE;
    object->born_event = object->owner_event = TAP_NONE;
    object_table.by_address[guest_index(address)] = id + 1;
    return object;
}

uint32_t object_count(void)
{
    return object_table.count;
}

struct nds_object *object_containing(const void *address)
{
    const uint8_t *at = address;
    struct nds_object *found = NULL;
    for (uint32_t id = 0; id < object_table.count; id++) {
        struct nds_object *object = object_by_id(id);
        const uint8_t *start = object->address;
        if (at >= start && at < start + object->bytes + ARENA_GRANULE &&
            (!found || object->live || !found->live) &&
            (!found || start >= (const uint8_t *)found->address)) {
            found = object;
        }
    }
    return found;
}

void object_remove(struct nds_object *object)
{
    object->live = false;
    object->owner = OWNER_NOBODY;
}

void object_own(struct nds_object *object, enum tap_owner owner, uint32_t event)
{
    object->owner = owner;
    object->owner_event = event;
}

const char *object_kind_name(enum object_kind kind)
{
    static const char *const names[] = {
        [OBJECT_NONE] = "nothing",
        [OBJECT_MEMORY] = "memory",
        [OBJECT_NBL_POOL] = "NBL pool",
        [OBJECT_NB_POOL] = "NB pool",
        [OBJECT_NBL] = "NET_BUFFER_LIST",
        [OBJECT_NB] = "NET_BUFFER",
        [OBJECT_MDL] = "MDL",
        [OBJECT_DATA] = "data",
        [OBJECT_TIMER] = "timer",
        [OBJECT_WORK_ITEM] = "work item",
        [OBJECT_NIC] = "wire port",
        [OBJECT_FRAME] = "frame",
        [OBJECT_STATE] = "offload handle",
        [OBJECT_TREE] = "block list tree",
        [OBJECT_DRIVER] = "driver handle",
        [OBJECT_ADAPTER] = "adapter handle",
        [OBJECT_OID] = "OID request",
        [OBJECT_CONFIGURATION] = "configuration handle",
    };
    return names[kind];
}

const char *object_owner_name(enum tap_owner owner)
{
    switch (owner) {
    case OWNER_HOST:
        return "the host";
    case OWNER_TARGET:
        return "the target";
    case OWNER_NOBODY:
        return "nobody (freed)";
    }
    return "?";
}
