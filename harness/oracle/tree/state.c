/* SPDX-License-Identifier: MIT
 *
 * Operations on the state tree: which blocks were handed over, that they come back once, whole and
 * with a status.
 */
#include "oracle/tree/state.h"
#include "oracle/base/bytes.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/contexts.h"
#include "oracle/model/fields.h"
#include "oracle/model/state_block.h"
#include "oracle/ownership/host_rules.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"
#include "oracle/tree/initiate.h"
#include "oracle/tree/query.h"
#include "oracle/tree/terminate.h"

#include <string.h>

static uint64_t hash_state(const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    OFFLOAD_STATE_TYPE kind[3];
    uint32_t count = orc_state_kinds(block->Header.Type, kind);
    const OFFLOAD_STATE_HEADER *state = ndis_offload_state_first(block);
    uint64_t hash = 0;
    for (uint32_t i = 0; i < count && state->Length <= ORC_STATE_BYTES_MAX; i++) {
        hash = orc_hash(hash, (const uint8_t *)state, state->Length);
        state = ndis_offload_state_next(state);
    }
    return hash;
}

/* Input state that the target must leave alone follows the block. */
static bool has_input(uint8_t fn, uint8_t kind)
{
    return (fn == TAP_INITIATE && kind == NODE_NEW) || (fn == TAP_UPDATE && kind == NODE_LINKER);
}

void orc_state_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    struct orc_op *op = orc_op(o, ev->object);
    if (!op) {
        return;
    }
    *op = (struct orc_op){.fn = ev->fn,
                          .enter = ev->seq,
                          .called_ns = ev->time_ns,
                          .left = ORC_NONE,
                          .finished = ORC_NONE,
                          .node_first = ORC_NONE,
                          .node_last = ORC_NONE,
                          .node_at = ORC_NONE,
                          .completed_event = ORC_NONE,
                          .cpu = ev->cpu};
}

/* Parent of a block by the links of the tree as it was handed over. */
static uint32_t parent_of(const struct oracle *o, uint32_t last,
                          const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    if (last == ORC_NONE) {
        return ORC_NONE;
    }
    if (o->operations->node[last].image.DependentBlockList == block) {
        return last;
    }
    for (uint32_t at = last; at != ORC_NONE; at = o->operations->node[at].parent) {
        if (o->operations->node[at].image.NextBlock == block) {
            return o->operations->node[at].parent;
        }
    }
    return ORC_NONE;
}

static void block_in(struct oracle *o, const struct tap_event *ev, struct orc_op *op)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = ev->ptr;
    if (!block || !orc_grow(o->memory, (void **)&o->operations->node, &o->operations->node_room,
                            o->operations->nodes + 1, sizeof(*o->operations->node))) {
        o->short_of_memory = o->short_of_memory || block;
        return;
    }
    uint32_t id = o->operations->nodes++;
    struct orc_node *node = &o->operations->node[id];
    memset(node, 0, sizeof(*node));
    node->block = block;
    node->image = *block;
    node->next = ORC_NONE;
    node->parent = parent_of(o, op->node_last, block);
    node->object = ev->object;
    node->conn = ev->conn;
    node->layer = (uint8_t)ev->data.block.layer;
    node->kind = (uint8_t)ev->data.block.node;
    node->type = (uint8_t)ev->data.block.type;
    node->context = ev->data.block.context;
    node->trailer = has_input(op->fn, node->kind) ? hash_state(block) : 0;
    if (op->node_last == ORC_NONE) {
        op->node_first = op->node_at = id;
    } else {
        o->operations->node[op->node_last].next = id;
    }
    op->node_last = id;
    orc_host_operation(o, ev, node);
    if (op->fn == TAP_INITIATE) {
        orc_initiate_node(o, ev, node);
    } else if (op->fn == TAP_UPDATE) {
        orc_update_node(o, node, false);
    } else if (op->fn == TAP_INVALIDATE) {
        orc_invalidate_node(o, node);
    } else if (op->fn == TAP_TERMINATE) {
        orc_terminate_node(o, ev, node);
    }
    struct orc_conn *conn = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (conn && op->fn != TAP_INITIATE && op->fn != TAP_TERMINATE) {
        conn->ops_open++;
    }
}

static void judge_fields(struct oracle *o, const struct orc_op *op, const struct orc_node *node,
                         const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    orc_ran(o, ORC_OWN_FIELD_1);
    const char *changed = orc_block_differs(&node->image, block);
    if (!changed && op->fn != TAP_TERMINATE &&
        node->image.NetBufferListChain != block->NetBufferListChain) {
        changed = "NetBufferListChain";
    }
    if (changed) {
        orc_fail(o, node->conn, ORC_OWN_FIELD_1, "only the target's own fields of a block written",
                 orc_text(o, "%s changed", changed));
    } else if (has_input(op->fn, node->kind) && hash_state(block) != node->trailer) {
        orc_fail(o, node->conn, ORC_OWN_FIELD_1, "the state behind the block only read", "changed");
    }
}

static enum orc_rule status_rule(uint8_t fn)
{
    switch (fn) {
    case TAP_QUERY:
        return ORC_QRY_ST_1;
    case TAP_UPDATE:
        return ORC_UPD_ST_1;
    case TAP_INVALIDATE:
        return ORC_INV_ST_1;
    default:
        return ORC_TERM_ST_1;
    }
}

enum orc_rule orc_completion_rule(uint8_t fn)
{
    switch (fn) {
    case TAP_QUERY:
    case TAP_UPDATE:
    case TAP_INVALIDATE:
        return status_rule(fn);
    case TAP_TERMINATE:
        return ORC_TERM_ANY_1;
    default:
        return ORC_OWN_TREE_1;
    }
}

static void state_judge_status(struct oracle *o, const struct orc_op *op, struct orc_node *node)
{
    if (op->fn == TAP_INITIATE) {
        return; /* judged over the whole tree */
    }
    orc_ran(o, status_rule(op->fn));
    if (node->status == NDIS_STATUS_FAILURE) {
        struct orc_conn *conn = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
        if (conn && op->fn != TAP_UPDATE) {
            conn->failed_over = true;
            conn->life->op_failed = conn->life->failed_step = true;
            orc_dirty(o, conn);
        }
    } else if (node->status != NDIS_STATUS_SUCCESS) {
        orc_fail(o, node->conn, status_rule(op->fn), "SUCCESS or FAILURE in every block",
                 orc_status_name(o, node->status));
    }
}

static void block_out(struct oracle *o, const struct tap_event *ev, struct orc_op *op)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = ev->ptr;
    uint32_t id = op->node_at;
    if (id == ORC_NONE || !block) {
        return;
    }
    struct orc_node *node = &o->operations->node[id];
    op->node_at = node->next;
    node->status = ev->status;
    node->context_after = ev->data.block.context;
    node->seen = true;
    judge_fields(o, op, node, block);
    state_judge_status(o, op, node);
    if (op->fn != TAP_INITIATE && op->fn != TAP_TERMINATE) {
        orc_contexts_judge(o, node);
        orc_life_answered(o, op, node);
    }
    struct orc_conn *conn = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    o->ran[ORC_QRY_CONC_1] += conn && op->fn == TAP_QUERY && conn->ops_open > 1;
    if (conn && conn->ops_open && op->fn != TAP_INITIATE && op->fn != TAP_TERMINATE) {
        conn->ops_open--;
    }
    if (op->fn == TAP_UPDATE) {
        orc_update_node(o, node, true);
    } else if (op->fn == TAP_QUERY) {
        orc_query_node(o, ev, node);
    } else if (op->fn == TAP_TERMINATE) {
        orc_terminate_done(o, ev, id);
    } else if (op->fn == TAP_INITIATE && op->node_at == ORC_NONE) {
        orc_initiate_judge(o, op);
    }
}

void orc_state_block(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_op *op = call ? orc_op(o, call->object) : NULL;
    if (!op) {
        return;
    }
    if (orc_calls_into_target(call->fn)) {
        block_in(o, ev, op);
    } else if (call->known) {
        block_out(o, ev, op);
    }
}

void orc_state_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    if (call->fn == TAP_INITIATE) {
        orc_initiate_list(o, ev, list);
    } else if (call->fn == TAP_TERMINATE_COMPLETE) {
        orc_terminate_list(o, list);
    }
}

void orc_state_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_op *op = orc_op(o, call->object);
    if (!op) {
        return;
    }
    op->left = ev->seq;
    if (op->fn == TAP_TERMINATE) {
        orc_terminate_left(o, op, ev->seq);
    }
}

static uint8_t operation_of(uint8_t completion)
{
    switch (completion) {
    case TAP_INITIATE_COMPLETE:
        return TAP_INITIATE;
    case TAP_QUERY_COMPLETE:
        return TAP_QUERY;
    case TAP_UPDATE_COMPLETE:
        return TAP_UPDATE;
    case TAP_INVALIDATE_COMPLETE:
        return TAP_INVALIDATE;
    default:
        return TAP_TERMINATE;
    }
}

void orc_state_complete(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    uint8_t wanted = operation_of(ev->fn);
    const char *name = tap_fn_name((enum tap_fn)ev->fn);
    if (ev->object == TAP_NONE || ev->object >= o->operations->ops) {
        orc_fail(o, ORC_NONE, ORC_OWN_TREE_1,
                 orc_text(o, "%s with the root that the target was given", name),
                 "a pointer that is no such root");
        return;
    }
    struct orc_op *op = orc_op(o, ev->object);
    orc_ran(o, ORC_OWN_TREE_1);
    if (op->fn != wanted || op->completed) {
        orc_fail(o, ORC_NONE, ORC_OWN_TREE_1, orc_text(o, "one %s for each request", name),
                 op->completed
                     ? orc_text(o, "a second; the first was event %u", op->completed_event)
                     : "the root of another operation");
        return;
    }
    call->known = true;
    op->completed = true;
    op->completed_event = ev->seq;
    orc_ran(o, ORC_INIT_ASYNC_1);
    if (op->left == ORC_NONE && op->cpu == ev->cpu) {
        orc_warn(o, ORC_NONE, ORC_INIT_ASYNC_1, "a completion after the handler has returned",
                 orc_text(o, "%s from inside the handler", name));
    }
}

void orc_state_complete_left(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    if (!call->known) {
        return;
    }
    struct orc_op *op = orc_op(o, call->object);
    op->finished = ev->seq;
    if (op->fn == TAP_INITIATE) {
        orc_initiate_done(o, op, ev->seq);
    } else if (op->fn == TAP_INVALIDATE) {
        orc_invalidate_done(o, op, ev->seq);
    }
}

/* The run is over: nothing that was asked for is open. */
void orc_state_end(struct oracle *o)
{
    for (uint32_t i = 0; i < o->operations->ops; i++) {
        const struct orc_op *op = &o->operations->op[i];
        if (op->fn == TAP_DRIVER_ENTRY) {
            continue;
        }
        orc_ran(o, orc_completion_rule(op->fn));
        if (!op->completed && !op->late) {
            orc_fail_hard(o, ORC_NONE, orc_completion_rule(op->fn),
                          orc_text(o, "%s completed", tap_fn_name((enum tap_fn)op->fn)),
                          orc_text(o, "never; it was called at event %u", op->enter));
        }
    }
}
