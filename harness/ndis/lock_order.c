/* SPDX-License-Identifier: MIT
 *
 * The order in which locks are taken, as a graph: an edge from each lock to the one that was taken
 * while it was held. An edge that closes a circle is a deadlock that two processors can run into,
 * though one alone never does.
 */
#include "ndis/internal.h"

#define EDGES_MAX                                                                                  \
    (1u << 16) /* beyond that nothing is learned: long runs take a lock a connection */

struct order_edge {
    uint32_t from, to;
    uint32_t next; /* edge + 1 with the same from */
};

static uint32_t *lock_order_slot_of(struct nds_order *order, uint32_t from, uint32_t to)
{
    uint32_t mask = 2 * order->room - 1;
    uint32_t at = (from * 0x9e3779b1u ^ to * 0x85ebca6bu) & mask;
    while (order->slot[at]) {
        const struct order_edge *edge = &order->edge[order->slot[at] - 1];
        if (edge->from == from && edge->to == to) {
            break;
        }
        at = (at + 1) & mask;
    }
    return &order->slot[at];
}

static void grow_edges(struct nds_order *order)
{
    struct order_edge *old = order->edge;
    order->room = order->room ? 2 * order->room : 64;
    order->edge = rig_alloc(order->room * sizeof(*old));
    order->slot = rig_alloc(2 * (size_t)order->room * sizeof(*order->slot));
    for (uint32_t i = 0; i < order->edges; i++) {
        order->edge[i] = old[i];
        *lock_order_slot_of(order, old[i].from, old[i].to) = i + 1;
    }
}

static uint32_t *longer(const uint32_t *old, uint32_t count, uint32_t room)
{
    uint32_t *more = rig_alloc(room * sizeof(*more));
    if (count) {
        memcpy(more, old, count * sizeof(*more));
    }
    return more;
}

static void grow_locks(struct nds_order *order, uint32_t most)
{
    uint32_t room = order->locks ? order->locks : 64;
    while (room <= most) {
        room *= 2;
    }
    order->first = longer(order->first, order->locks, room);
    order->seen = longer(order->seen, order->locks, room);
    order->pending = longer(order->pending, order->locks, room);
    order->locks = room;
}

/* Does a way lead from one lock to the other? */
static bool leads(struct nds_order *order, uint32_t from, uint32_t to)
{
    uint32_t count = 1;
    order->pending[0] = from;
    order->seen[from] = ++order->round;
    while (count) {
        uint32_t at = order->pending[--count];
        if (at == to) {
            return true;
        }
        for (uint32_t i = order->first[at]; i; i = order->edge[i - 1].next) {
            uint32_t next = order->edge[i - 1].to;
            if (order->seen[next] != order->round) {
                order->seen[next] = order->round;
                order->pending[count++] = next;
            }
        }
    }
    return false;
}

bool nds_order_ok(uint32_t held, uint32_t taken)
{
    struct nds_order *order = &nds.order;
    if (order->last_held == held && order->last_taken == taken) {
        return true;
    }
    order->last_held = held;
    order->last_taken = taken;
    if (order->room && *lock_order_slot_of(order, held, taken)) {
        return true; /* known, and judged when it was learned */
    }
    if (order->edges == EDGES_MAX) {
        return true;
    }
    if (order->edges == order->room) {
        grow_edges(order);
    }
    uint32_t most = held > taken ? held : taken;
    if (most >= order->locks) {
        grow_locks(order, most);
    }
    bool circle = leads(order, taken, held);
    *lock_order_slot_of(order, held, taken) = order->edges + 1;
    order->edge[order->edges] = (struct order_edge){held, taken, order->first[held]};
    order->first[held] = ++order->edges;
    return !circle;
}
