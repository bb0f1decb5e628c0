/* SPDX-License-Identifier: MIT
 *
 * Update, query and invalidate: what they change of the model, and what a query must show.
 */
#include "oracle/tree/query.h"
#include "oracle/adapter/reach.h"
#include "oracle/ledger/cause.h"
#include "oracle/model/fields.h"
#include "oracle/model/state_block.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/receive/offers.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"
#include "oracle/send/shadow.h"

#include <string.h>

static void query_update_conn(struct oracle *o, struct orc_node *node)
{
    struct orc_conn *c = orc_conn(o, node->conn);
    const TCP_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(node->block, TcpOffloadCachedState);
    if (!c || !cached) {
        return;
    }
    c->cached_old = c->cached;
    if (c->cached.InitialRcvWnd > c->offers->widest) {
        c->offers->widest = c->cached.InitialRcvWnd;
    }
    memcpy(&c->cached, cached, sizeof(c->cached));
    c->update_open = true;
    orc_sender_updated(o, c, false);
    orc_dirty(o, c);
}

static void query_update_path(struct oracle *o, struct orc_node *node, struct orc_object *object)
{
    bool six = node->block->Header.Type >= Ip6OffloadConstState;
    const PATH_OFFLOAD_STATE_CACHED *cached = (const void *)orc_state_find(
        node->block, six ? Ip6OffloadCachedState : Ip4OffloadCachedState);
    uint32_t parent =
        node->parent == ORC_NONE ? ORC_NONE : o->operations->node[node->parent].object;
    object->mtu_old = object->mtu;
    object->parent_old = object->parent;
    if (cached) {
        object->mtu = cached->PathMtu;
        object->mtu_most = object->mtu > object->mtu_most ? object->mtu : object->mtu_most;
    }
    if (parent != ORC_NONE && parent != object->parent) {
        object->parent = parent;
    }
    object->update_open = true;
}

static void update_neighbor(struct oracle *o, struct orc_node *node, struct orc_object *object)
{
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(node->block, NeighborOffloadCachedState);
    memcpy(object->mac_old, object->mac, 6);
    if (cached) {
        orc_reach_update(o, object, cached);
        memcpy(object->mac, cached->DlDestinationAddress, 6);
    }
    object->update_open = true;
}

/* From the call on, both values may show; from the step after the completion on, the new one only.
 * After FAILURE both stay right. */
void orc_update_node(struct oracle *o, struct orc_node *node, bool done)
{
    struct orc_object *object = orc_object(o, node->object);
    bool applied = node->status == NDIS_STATUS_SUCCESS;
    if (!object || node->kind != NODE_LINKER) {
        return;
    }
    if (done) {
        struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
        if (object->updates) {
            object->updates--;
        }
        object->update_open = object->update_open && !applied;
        object->update_step = o->steps;
        if (node->layer == LAYER_NEIGHBOR) {
            orc_reach_taken(o, object, false);
        }
        if (c) {
            c->update_open = c->update_open && !applied;
            c->update_step = o->steps;
            c->offers->update_step |=
                applied && c->cached.InitialRcvWnd != c->cached_old.InitialRcvWnd;
            if (applied) {
                orc_sender_updated(o, c, true);
            }
        }
        return;
    }
    object->updates++;
    if (node->layer == LAYER_TCP) {
        query_update_conn(o, node);
    } else if (node->layer == LAYER_PATH) {
        query_update_path(o, node, object);
    } else if (node->layer == LAYER_NEIGHBOR) {
        update_neighbor(o, node, object);
    }
}

void orc_invalidate_node(struct oracle *o, struct orc_node *node)
{
    struct orc_object *object = orc_object(o, node->object);
    if (!object || node->kind != NODE_LINKER) {
        return;
    }
    object->invalid = true;
    o->objects->invalidated_ever = true;
    struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (c) {
        c->invalidated = true;
    }
}

/* What depends on an object is looked at from now on. */
static void dirty_dependents(struct oracle *o)
{
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        struct orc_conn *c = o->connections->conn[i];
        if (c && c->phase == ORC_LIVE && orc_path_invalid(o, c)) {
            orc_dirty(o, c);
        }
    }
}

/* InvComplete has returned: from now on nothing of these may send. */
void orc_invalidate_done(struct oracle *o, const struct orc_op *op, uint32_t left)
{
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        const struct orc_node *node = &o->operations->node[id];
        struct orc_object *object = orc_object(o, node->object);
        struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
        if (c && node->kind == NODE_LINKER) {
            c->life->invalid_left = left;
            orc_dirty(o, c);
        } else if (object && node->kind == NODE_LINKER) {
            object->invalid_left = left;
            dirty_dependents(o);
        }
    }
}

static void differs(struct oracle *o, const struct orc_node *node, const char *what,
                    struct orc_difference found)
{
    orc_fail(o, node->conn, ORC_QRY_FILL_1,
             orc_text(o, "%s, %s %u", what, found.field, found.given),
             orc_text(o, "%u", found.told));
}

static void judge_given(struct oracle *o, const struct orc_node *node, const struct orc_conn *c,
                        const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const void *constant = orc_state_find(block, TcpOffloadConstState);
    const void *cached = orc_state_find(block, TcpOffloadCachedState);
    bool old = c->update_open || c->update_step == o->steps;
    struct orc_difference found = {0};
    if (constant && (found = orc_constant_differs(&c->constant, constant)).field) {
        differs(o, node, "the constant state as offloaded", found);
    }
    o->ran[ORC_UPD_CACHE_1] += cached && c->update_step != ORC_NONE;
    if (cached && (found = orc_cached_differs(&c->cached, cached)).field &&
        !(old && !orc_cached_differs(&c->cached_old, cached).field)) {
        differs(o, node, "the cached state as last set", found);
    }
}

static void judge_sequences(struct oracle *o, const struct orc_conn *c,
                            const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    uint32_t ordinal = orc_ordinal(o, c);
    orc_ran(o, ORC_QRY_FILL_1);
    orc_ran(o, ORC_ST_SEQ_1);
    int64_t next = orc_receive_offset(r, d->RcvNxt);
    int64_t least = r->sure_step > r->acked ? r->sure_step : r->acked;
    int64_t most = r->possible + (orc_fin_possible(r, r->possible) ? 1 : 0);
    if (!r->lossy && (next < least || next > most)) {
        orc_fail(o, ordinal, ORC_QRY_FILL_1,
                 orc_text(o, "RcvNxt at byte %lld to %lld", (long long)least, (long long)most),
                 orc_text(o, "%lld", (long long)next));
    }
    int64_t una = s->max + (int32_t)(d->SndUna - (s->sequence + (uint32_t)s->max));
    if (una < s->una_sure_step || una > s->una_possible) {
        orc_fail(o, ordinal, ORC_QRY_FILL_1,
                 orc_text(o, "SndUna at byte %lld to %lld", (long long)s->una_sure_step,
                          (long long)s->una_possible),
                 orc_text(o, "%lld", (long long)una));
    }
    if (d->SndNxt - d->SndUna > d->SndMax - d->SndUna) {
        orc_fail(o, ordinal, ORC_ST_SEQ_1, "SndUna <= SndNxt <= SndMax",
                 orc_text(o, "una %u, next %u, max %u", d->SndUna, d->SndNxt, d->SndMax));
    }
}

static void judge_backlog(struct oracle *o, const struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_receive *r = c->receive;
    int64_t most = r->possible - r->delivered;
    int64_t least = c->requests.count || c->inside ? 0 : r->sure_step - r->delivered;
    uint32_t size = d->ReceiveBacklogSize;
    if (size == TCP_OFFLOAD_BACKLOG_UNSUPPORTED || r->lossy || r->ranges) {
        return;
    }
    orc_ran(o, ORC_QRY_SIZE_1);
    if (size < least || size > most) {
        orc_fail(o, orc_ordinal(o, c), ORC_QRY_SIZE_1,
                 orc_text(o, "%lld to %lld bytes buffered", (long long)(least < 0 ? 0 : least),
                          (long long)most),
                 orc_text(o, "%u", size));
    }
}

void orc_query_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node)
{
    const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block = ev->ptr;
    struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (node->layer != LAYER_TCP && node->kind == NODE_LINKER) {
        orc_query_link(o, node, block);
    }
    if (!c || node->kind != NODE_LINKER || node->status != NDIS_STATUS_SUCCESS ||
        c->phase != ORC_LIVE) {
        return;
    }
    const TCP_OFFLOAD_STATE_DELEGATED *d =
        (const void *)orc_state_find(block, TcpOffloadDelegatedState);
    judge_given(o, node, c, block);
    if (d && c->version && c->sane) {
        orc_stamps_state(o, c, d);
        orc_quiescence_state(o, c, d);
        orc_backlog_reported(o, c, d->SendBacklogSize);
        judge_sequences(o, c, d);
        orc_sender_state(o, c, d, false);
        if (orc_running(o, c)) {
            judge_backlog(o, c, d);
        }
    }
}
