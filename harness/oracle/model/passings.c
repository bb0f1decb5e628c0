/* SPDX-License-Identifier: MIT */
#include "oracle/model/passings.h"
#include "oracle/base/memory.h"

#include <string.h>

struct orc_passing *orc_passing_find(struct orc_passings *set, uint64_t hash)
{
    if (!set->count) {
        return NULL;
    }
    uint32_t at = set->slot[hash & set->mask];
    while (at && set->entry[at - 1].hash != hash) {
        at = set->entry[at - 1].chain;
    }
    return at ? &set->entry[at - 1] : NULL;
}

static bool more_slots(struct orc_memory *memory, struct orc_passings *set)
{
    uint32_t slots = set->slot ? (set->mask + 1) * 2 : 64;
    uint32_t *grown = orc_take_zeroed(memory, slots * sizeof(uint32_t));
    if (!grown) {
        return false;
    }
    set->slot = grown;
    set->mask = slots - 1;
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t *slot = &set->slot[set->entry[i].hash & set->mask];
        set->entry[i].chain = *slot;
        *slot = i + 1;
    }
    return true;
}

struct orc_passing *orc_passing_add(struct oracle *o, struct orc_passings *set, uint64_t hash)
{
    bool full = !set->slot || set->count > set->mask;
    if ((full && !more_slots(o->memory, set)) ||
        !orc_grow(o->memory, (void **)&set->entry, &set->room, set->count + 1,
                  sizeof(*set->entry))) {
        o->short_of_memory = true;
        return NULL;
    }
    struct orc_passing *entry = &set->entry[set->count++];
    uint32_t *slot = &set->slot[hash & set->mask];
    memset(entry, 0, sizeof(*entry));
    entry->hash = hash;
    entry->chain = *slot;
    *slot = set->count;
    return entry;
}
