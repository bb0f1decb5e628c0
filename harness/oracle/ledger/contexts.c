/* SPDX-License-Identifier: MIT
 *
 * Context values name one object until its terminate completes; what was closed or invalidated is
 * still there for the host.
 */
#include "oracle/ledger/contexts.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/sends.h"
#include "oracle/model/objects.h"
#include "oracle/report/report.h"

#include <string.h>

static uint32_t hash_of(const void *value)
{
    return (uint32_t)(((uint64_t)(uintptr_t)value * 0x9E3779B97F4A7C15ull) >> 32);
}

static struct orc_context *slot_of(const struct orc_contexts *x, const void *value)
{
    uint32_t at = hash_of(value) & x->mask;
    while (x->slot[at].object && x->slot[at].value != value) {
        at = (at + 1) & x->mask;
    }
    return &x->slot[at];
}

static bool room(struct oracle *o)
{
    struct orc_contexts *x = o->contexts, old = *x;
    if (x->slot && 2 * (x->used + 1) <= x->mask) {
        return true;
    }
    uint32_t slots = x->slot ? 2 * (x->mask + 1) : 64;
    struct orc_context *grown = orc_take_zeroed(o->memory, slots * sizeof(*grown));
    if (!grown) {
        o->short_of_memory = true;
        return false;
    }
    *x = (struct orc_contexts){grown, slots - 1, old.used};
    for (uint32_t i = 0; old.slot && i <= old.mask; i++) {
        if (old.slot[i].object) {
            *slot_of(x, old.slot[i].value) = old.slot[i];
        }
    }
    return true;
}

/* The value that stands in the cell of a block now. */
static const void *value_in(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    return block->MiniportOffloadContext ? *block->MiniportOffloadContext : NULL;
}

/* An object was offloaded. */
void orc_contexts_add(struct oracle *o, const struct orc_node *node)
{
    struct orc_object *object = orc_object(o, node->object);
    const void *value = value_in(&node->image);
    if (!object || !value || !room(o)) {
        return;
    }
    struct orc_context *slot = slot_of(o->contexts, value);
    const struct orc_object *other = slot->object ? orc_object(o, slot->object - 1) : NULL;
    orc_ran(o, ORC_LIFE_CTX_1);
    if (other && slot->object - 1 != node->object && other->live && other->context == value) {
        orc_fail(o, node->conn, ORC_LIFE_CTX_1, "a context value of its own for each live object",
                 orc_text(o, "that of object %u for object %u", slot->object - 1, node->object));
    }
    o->contexts->used += !slot->object;
    *slot = (struct orc_context){value, node->object + 1};
    object = orc_object(o, node->object);
    object->context = value;
}

/* A later operation on the object is completed. */
void orc_contexts_judge(struct oracle *o, const struct orc_node *node)
{
    const struct orc_object *object = orc_object(o, node->object);
    if (!object || node->kind != NODE_LINKER || !object->context || !object->live) {
        return;
    }
    orc_ran(o, ORC_LIFE_CTX_1);
    if (value_in(&node->image) != object->context) {
        orc_fail(o, node->conn, ORC_LIFE_CTX_1,
                 "the context value unchanged until the terminate of the object completes",
                 value_in(&node->image) ? "another value in the cell" : "NULL in the cell");
    }
}

/* Told to go, or closed by either end: the host may still ask for it. */
bool orc_closed(const struct orc_conn *c)
{
    return c->abort_event != ORC_NONE || c->disconnect_event != ORC_NONE || c->invalidated ||
           c->local_abort != ORC_NONE || c->send->fin_sent;
}

/* A query, update or invalidate of the connection is completed. */
void orc_life_answered(struct oracle *o, const struct orc_op *op, const struct orc_node *node)
{
    const struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    bool excused = o->adapter->broken || (c && c->card_failed) || orc_short_since(o, op->enter) ||
                   o->adapter->leaving;
    if (!c || op->fn == TAP_INITIATE || op->fn == TAP_TERMINATE || !orc_closed(c)) {
        return;
    }
    orc_ran(o, ORC_LIFE_FREE_1);
    if (node->status == NDIS_STATUS_FAILURE && !excused) {
        orc_fail(o, node->conn, ORC_LIFE_FREE_1,
                 "a connection that was closed kept until the host terminates it",
                 orc_text(o, "FAILURE of %s", tap_fn_name((enum tap_fn)op->fn)));
    }
}
