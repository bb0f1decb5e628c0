/* SPDX-License-Identifier: MIT */
#include "oracle/model/objects.h"
#include "ndis/tap.h"
#include "oracle/base/memory.h"

struct orc_object *orc_object_new(struct oracle *o, uint32_t id)
{
    struct orc_objects *all = o->objects;
    if (id == TAP_NONE) {
        return NULL;
    }
    if (!orc_extend(o->memory, (void **)&all->object, &all->room, &all->count, id + 1,
                    sizeof(*all->object))) {
        o->short_of_memory = true;
        return NULL;
    }
    return &all->object[id];
}
