/* SPDX-License-Identifier: MIT */
#include "oracle/model/operations.h"
#include "ndis/tap.h"
#include "oracle/base/memory.h"

struct orc_op *orc_op(struct oracle *o, uint32_t id)
{
    struct orc_operations *all = o->operations;
    if (id == TAP_NONE) {
        return NULL;
    }
    if (!orc_extend(o->memory, (void **)&all->op, &all->op_room, &all->ops, id + 1,
                    sizeof(*all->op))) {
        o->short_of_memory = true;
        return NULL;
    }
    return &all->op[id];
}
