/* SPDX-License-Identifier: MIT */
#include "oracle/model/lists.h"
#include "ndis/tap.h"
#include "oracle/base/memory.h"

struct orc_nbl *orc_nbl_new(struct oracle *o, uint32_t id)
{
    struct orc_lists *lists = o->lists;
    if (id == TAP_NONE) {
        return NULL;
    }
    uint32_t before = lists->nbls;
    if (!orc_extend(o->memory, (void **)&lists->nbl, &lists->nbl_room, &lists->nbls, id + 1,
                    sizeof(*lists->nbl))) {
        o->short_of_memory = true;
        return NULL;
    }
    for (uint32_t i = before; i < lists->nbls; i++) {
        lists->nbl[i].owner = OWNER_NOBODY;
    }
    return &lists->nbl[id];
}

void orc_queue_push(struct oracle *o, struct orc_queue *queue, uint32_t id)
{
    struct orc_nbl *nbl = &o->lists->nbl[id];
    nbl->previous = queue->tail;
    nbl->next = ORC_NONE;
    if (queue->tail == ORC_NONE) {
        queue->head = id;
    } else {
        o->lists->nbl[queue->tail].next = id;
    }
    queue->tail = id;
    queue->count++;
}

void orc_queue_remove(struct oracle *o, struct orc_queue *queue, uint32_t id)
{
    struct orc_nbl *nbl = &o->lists->nbl[id];
    if (nbl->previous == ORC_NONE) {
        queue->head = nbl->next;
    } else {
        o->lists->nbl[nbl->previous].next = nbl->next;
    }
    if (nbl->next == ORC_NONE) {
        queue->tail = nbl->previous;
    } else {
        o->lists->nbl[nbl->next].previous = nbl->previous;
    }
    queue->count--;
}
