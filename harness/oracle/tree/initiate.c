/* SPDX-License-Identifier: MIT
 *
 * Initiate: the ledgers begin with the state handed over; statuses are recomputed bottom up.
 */
#include "oracle/tree/initiate.h"
#include "oracle/adapter/counts.h"
#include "oracle/adapter/reach.h"
#include "oracle/ledger/contexts.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/flows.h"
#include "oracle/model/state_block.h"
#include "oracle/ownership/host_rules.h"
#include "oracle/ownership/owner.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"
#include "oracle/send/send.h"
#include "oracle/send/shadow.h"
#include "oracle/sender/sender.h"
#include "oracle/tree/offload.h"

#include <string.h>

#define TS_AGE_TICKS 1000000u /* older than that, PAWS may have ended */

static void begin_neighbor(struct oracle *o, struct orc_object *object,
                           const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    const NEIGHBOR_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, NeighborOffloadConstState);
    const NEIGHBOR_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, NeighborOffloadCachedState);
    static const uint8_t none[6];
    if (constant) {
        object->vlan = (uint16_t)constant->VlanId;
        memcpy(object->source, constant->DlSourceAddress, 6);
        object->source_set = memcmp(object->source, none, 6) != 0;
    }
    orc_reach_begin(o, object, cached,
                    (const void *)orc_state_find(block, NeighborOffloadDelegatedState));
    if (cached) {
        memcpy(object->mac, cached->DlDestinationAddress, 6);
        memcpy(object->mac_old, object->mac, 6);
    }
}

static void begin_path(struct orc_object *object, const NDIS_MINIPORT_OFFLOAD_BLOCK_LIST *block)
{
    bool six = block->Header.Type >= Ip6OffloadConstState;
    const PATH_OFFLOAD_STATE_CONST *constant =
        (const void *)orc_state_find(block, six ? Ip6OffloadConstState : Ip4OffloadConstState);
    const PATH_OFFLOAD_STATE_CACHED *cached =
        (const void *)orc_state_find(block, six ? Ip6OffloadCachedState : Ip4OffloadCachedState);
    if (constant && constant->SourceAddress && constant->DestinationAddress) {
        object->version = six ? 6 : 4;
        memcpy(object->local, constant->SourceAddress, six ? 16 : 4);
        memcpy(object->remote, constant->DestinationAddress, six ? 16 : 4);
    }
    if (cached) {
        object->mtu = object->mtu_old = object->mtu_most = cached->PathMtu;
    }
}

static bool fin_received(uint32_t state)
{
    return state == TcpConnectionCloseWait || state == TcpConnectionClosing ||
           state == TcpConnectionLastAck || state == TcpConnectionTimeWait;
}

static void begin_receive(struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    struct orc_receive *r = c->receive;
    int64_t window = d->RcvWnd;
    int64_t most = 0xFFFFll << c->receive_scale;
    r->fin_before = fin_received((uint32_t)d->State);
    r->sequence = d->RcvNxt - (r->fin_before ? 1 : 0);
    r->acked = r->acked_sent = r->fin_before ? 1 : 0;
    r->handed_edge = r->acked + window;
    r->edge = r->acked + (window < most ? window : most);
    r->largest_edge = r->handed_edge;
    r->acked_event = r->edge_event = c->init_op;
    r->ts_known = (c->flags & TCP_FLAG_TIMESTAMP_ENABLED) && d->TsRecentAge < TS_AGE_TICKS;
    r->ts_recent_least = r->ts_highest = d->TsRecent;
}

static void begin_send(struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    struct orc_send *s = c->send;
    s->sequence = d->SndUna;
    s->max = s->max_least = s->tried = (int32_t)(d->SndMax - d->SndUna);
    s->window = s->max_window = d->SndWnd;
    s->max_window = d->MaxSndWnd > d->SndWnd ? d->MaxSndWnd : d->SndWnd;
    s->max_window_sure = s->max_window_step = s->max_window;
    s->window_sure = true;
    s->window_from = (int32_t)(d->SendWL1 - c->receive->sequence);
    switch (d->State) {
    case TcpConnectionFinWait1:
    case TcpConnectionClosing:
    case TcpConnectionLastAck:
        s->fin_asked = true;
        s->fin_sent = true; /* counted in SndMax */
        s->fin = s->max - 1;
        break;
    case TcpConnectionFinWait2:
    case TcpConnectionTimeWait:
        s->fin_asked = true;
        s->fin_sent = true;
        s->fin = -1;
        break;
    default:
        break;
    }
}

static bool sane_numbers(const struct orc_conn *c, const struct orc_object *path,
                         const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    uint32_t least = c->version == 6 ? 1280 : 68;
    bool scales = c->constant.SndWindScale <= 14 && c->constant.RcvWindScale <= 14;
    bool order =
        d->SndNxt - d->SndUna <= d->SndMax - d->SndUna && d->SndMax - d->SndUna < 0x40000000;
    return scales && order && c->remote_mss >= 64 && path && path->mtu >= least &&
           d->CWnd >= c->remote_mss && d->RcvWnd < 0x40000000;
}

static void begin_addresses(struct oracle *o, struct orc_conn *c, uint32_t parent)
{
    const struct orc_object *path = orc_object(o, parent);
    c->path = parent;
    if (!path || !path->version) {
        return;
    }
    c->version = path->version;
    memcpy(c->local, path->local, 16);
    memcpy(c->remote, path->remote, 16);
    c->local_port = c->constant.LocalPort;
    c->remote_port = c->constant.RemotePort;
    orc_flow_add(o, c);
}

static void begin_conn(struct oracle *o, const struct tap_event *ev, const struct orc_node *node,
                       uint32_t parent)
{
    struct orc_conn *c = orc_conn(o, node->conn);
    const void *constant = orc_state_find(node->block, TcpOffloadConstState);
    const void *cached = orc_state_find(node->block, TcpOffloadCachedState);
    const TCP_OFFLOAD_STATE_DELEGATED *d =
        (const void *)orc_state_find(node->block, TcpOffloadDelegatedState);
    if (!c || !constant || !cached || !d) {
        return;
    }
    orc_conn_begin(o, c);
    c->phase = ORC_STARTING;
    c->self = node->object;
    c->init_op = ev->call;
    c->begun_ns = ev->time_ns;
    c->update_step = ORC_NONE;
    memcpy(&c->constant, constant, sizeof(c->constant));
    memcpy(&c->cached, cached, sizeof(c->cached));
    c->cached_old = c->cached;
    c->flags = (uint8_t)c->constant.Flags;
    c->remote_mss = c->constant.RemoteMss;
    if (c->flags & TCP_FLAG_WINDOW_SCALING_ENABLED) {
        c->send_scale = c->constant.SndWindScale > 14 ? 14 : c->constant.SndWindScale;
        c->receive_scale = c->constant.RcvWindScale > 14 ? 14 : c->constant.RcvWindScale;
    }
    c->begin_state = (uint32_t)d->State;
    begin_addresses(o, c, parent);
    begin_receive(c, d);
    orc_stamps_begin(o, c, d);
    orc_counts_begin(o, c);
    begin_send(c, d);
    c->buffered_expected = d->BufferedData != NULL;
    c->receive->ts_time_ns = ev->time_ns;
    orc_ran(o, ORC_WIRE_HOST_1);
    c->sane = sane_numbers(c, orc_object(o, c->path), d);
    orc_sender_begin(o, c, d);
    orc_host_initiate(o, c, (uint32_t)d->State);
    orc_dirty(o, c);
}

void orc_initiate_node(struct oracle *o, const struct tap_event *ev, struct orc_node *node)
{
    uint32_t parent =
        node->parent == ORC_NONE ? ORC_NONE : o->operations->node[node->parent].object;
    struct orc_object *object = orc_object(o, node->object);
    if (!object || node->kind != NODE_NEW) {
        return;
    }
    *object = (struct orc_object){.used = true,
                                  .layer = node->layer,
                                  .parent = parent,
                                  .parent_old = parent,
                                  .conn = node->conn,
                                  .update_step = ORC_NONE,
                                  .invalid_left = ORC_NONE,
                                  .starting = ev->call};
    if (node->layer == LAYER_NEIGHBOR) {
        begin_neighbor(o, object, node->block);
    } else if (node->layer == LAYER_PATH) {
        begin_path(object, node->block);
    } else if (node->layer == LAYER_TCP) {
        begin_conn(o, ev, node, parent);
    }
}

struct buffering {
    struct orc_memory *memory;
    struct orc_receive *receive;
    int64_t at;
};

static void buffer_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct buffering *b = context;
    orc_stream_add(b->memory, b->receive, b->at, bytes, length);
    b->at += length;
}

/* Data that the host received before INIT: the first bytes of the receive stream, all of them sure.
 */
static void initiate_take_buffered(struct oracle *o, struct orc_conn *c, const struct tap_nbl *list)
{
    struct orc_receive *r = c->receive;
    struct buffering b = {.memory = o->memory, .receive = r, .at = r->start};
    tap_nbl_spans(list, 0, list->length, buffer_span, &b);
    r->start += list->length;
    r->sequence -= list->length;
    r->acked += list->length;
    r->acked_sent += list->length;
    r->edge += list->length;
    r->handed_edge += list->length;
    r->largest_edge += list->length;
    c->send->window_from += list->length;
    c->sender->set_from += list->length;
    r->sure = r->sure_step = r->possible = r->start;
    r->refused = r->start > 0;
    r->arrivals = r->overlaps = 0;
}

void orc_initiate_list(struct oracle *o, const struct tap_event *ev, const struct tap_nbl *list)
{
    struct orc_conn *c = orc_conn(o, list->conn);
    if (!c || list->fault != NBL_OK) {
        return;
    }
    if (list->role == ROLE_BUFFERED) {
        initiate_take_buffered(o, c, list);
    } else if (list->role == ROLE_INIT_SEND) {
        struct orc_nbl *nbl = orc_owner_handed(o, ev, list, NULL);
        if (nbl) {
            nbl->handed = ev->call;
            nbl->fn = TAP_INITIATE;
            nbl->left = ev->call;
            orc_send_bytes(o, c, list, nbl);
            orc_queue_push(o, &c->sends, list->id);
        }
    }
}

static bool success(int32_t status)
{
    return status == NDIS_STATUS_SUCCESS || status == NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS;
}

static bool failure_code(int32_t status)
{
    uint32_t code = (uint32_t)status;
    return status == NDIS_STATUS_FAILURE || status == NDIS_STATUS_RESOURCES ||
           (code >= (uint32_t)NDIS_STATUS_OFFLOAD_TCP_ENTRIES &&
            code <= (uint32_t)NDIS_STATUS_OFFLOAD_VLAN_MISMATCH) ||
           status == NDIS_STATUS_OFFLOAD_POLICY ||
           (code >= (uint32_t)NDIS_STATUS_OFFLOAD_REQUEST_RESET &&
            code <= (uint32_t)STATUS_NDIS_OFFLOAD_PATH_REJECTED);
}

static void count_kid(struct orc_node *parent, const struct orc_node *kid)
{
    bool in = kid->kind == NODE_PLACEHOLDER || success(kid->status);
    parent->kids++;
    parent->kids_in += in;
    parent->kids_maybe += !in && kid->kind == NODE_LINKER;
}

static void judge_linker(struct oracle *o, const struct orc_node *node)
{
    uint32_t least = node->kids_in, most = node->kids_in + node->kids_maybe;
    orc_ran(o, ORC_INIT_ST_LINK_1);
    bool right;
    if (node->status == NDIS_STATUS_SUCCESS) {
        right = most == node->kids;
    } else if (node->status == NDIS_STATUS_OFFLOAD_PARTIAL_SUCCESS) {
        right = most > 0 && least < node->kids;
    } else {
        right = least == 0 && node->kids > 0 && node->status == NDIS_STATUS_FAILURE;
    }
    if (!right) {
        orc_fail(o, node->conn, ORC_INIT_ST_LINK_1,
                 orc_text(o, "the status of a linker with %u of %u dependents offloaded", least,
                          node->kids),
                 orc_status_name(o, node->status));
    }
}

static void judge_new(struct oracle *o, const struct orc_node *node)
{
    uint32_t most = node->kids_in + node->kids_maybe;
    bool in = success(node->status);
    orc_ran(o, ORC_INIT_ST_NEW_1);
    orc_ran(o, ORC_INIT_CTX_1);
    bool right = !in || (node->status == NDIS_STATUS_SUCCESS ? most == node->kids
                                                             : node->kids_in < node->kids);
    if (!right) {
        orc_fail(o, node->conn, ORC_INIT_ST_NEW_1,
                 orc_text(o, "the status of a new object with %u of %u dependents offloaded",
                          node->kids_in, node->kids),
                 orc_status_name(o, node->status));
    }
    o->ran[ORC_INIT_ROOT_1] += node->dead;
    if (in && node->dead) {
        orc_fail(o, node->conn, ORC_INIT_ROOT_1,
                 "nothing offloaded below an object that failed, nor after a root that did",
                 orc_status_name(o, node->status));
    }
    if (node->context_after != in) {
        orc_fail(o, node->conn, ORC_INIT_CTX_1,
                 in ? "a context value for an offloaded object"
                    : "no context value for a failed one",
                 node->context_after ? "written" : "not written");
    }
}

static void judge_node(struct oracle *o, const struct orc_node *node)
{
    orc_ran(o, ORC_INIT_ST_ALL_1);
    orc_ran(o, ORC_INIT_KIND_1);
    if (!success(node->status) && !failure_code(node->status)) {
        orc_fail(o, node->conn, ORC_INIT_ST_ALL_1, "a status of the allowed set in every block",
                 orc_status_name(o, node->status));
    } else if (node->kind == NODE_PLACEHOLDER) {
        orc_ran(o, ORC_INIT_ST_PH_1);
        if (node->status != NDIS_STATUS_SUCCESS) {
            orc_fail(o, node->conn, ORC_INIT_ST_PH_1, "SUCCESS for a placeholder",
                     orc_status_name(o, node->status));
        }
    } else if (node->kind == NODE_LINKER) {
        judge_linker(o, node);
    } else {
        judge_new(o, node);
    }
}

/* The connection stays the host's: so does all that came with it. */
static void give_back(struct oracle *o, struct orc_conn *c)
{
    while (c->sends.head != ORC_NONE) {
        struct orc_nbl *nbl = &o->lists->nbl[c->sends.head];
        nbl->owner = OWNER_HOST;
        o->ownership->target_lists--;
        orc_queue_remove(o, &c->sends, c->sends.head);
    }
    c->phase = ORC_ABSENT;
}

/* clean: nothing before it in the walk was refused */
static void apply_node(struct oracle *o, const struct orc_op *op, const struct orc_node *node,
                       bool clean)
{
    struct orc_object *object = orc_object(o, node->object);
    bool in = success(node->status);
    if (!object || node->kind != NODE_NEW) {
        return;
    }
    object->live = in;
    object->starting = ORC_NONE;
    if (in) {
        orc_contexts_add(o, node);
        if (node->layer == LAYER_NEIGHBOR) {
            orc_reach_taken(o, object, true);
        }
    }
    if (!in && clean && node->layer != LAYER_TCP) {
        orc_admission_refused_above(o, op, object, node);
    }
    struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
    if (!c || c->phase != ORC_STARTING) {
        return;
    }
    if (!in) {
        o->ran[ORC_INIT_FAILSND_1] += c->sends.count > 0;
        if (clean) {
            orc_admission_refused(o, op, c, node);
        }
        give_back(o, c);
        return;
    }
    c->phase = ORC_LIVE;
    orc_stamps_taken(o, c);
    orc_admission_taken(o, c);
    o->connections->live++;
    o->connections->live_ever = true;
    bool chain_unseen = node->image.NetBufferListChain && c->sends.count == 0;
    if (chain_unseen || c->send->handed < c->send->max - (c->send->fin_sent && c->send->fin >= 0)) {
        c->send->blind = true; /* the chain was not shown */
        c->send->handed = c->send->max > c->send->handed ? c->send->max : c->send->handed;
    }
    if (c->buffered_expected && c->receive->start == 0) {
        c->receive->lossy = true; /* nor was the buffered data */
        c->receive->refused = true;
    }
    orc_dirty(o, c);
}

void orc_initiate_judge(struct oracle *o, struct orc_op *op)
{
    bool stopped = false;
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        struct orc_node *node = &o->operations->node[id];
        if (node->parent == ORC_NONE) {
            node->dead = stopped; /* the walk stops at a root that cannot be offloaded */
            stopped = stopped || (node->kind == NODE_NEW && !success(node->status));
            continue;
        }
        struct orc_node *parent = &o->operations->node[node->parent];
        bool failed = parent->kind == NODE_NEW && !success(parent->status);
        node->dead = parent->dead || failed;
        count_kid(parent, node);
    }
    orc_tree_judge(o, op);
    bool clean = true;
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        judge_node(o, &o->operations->node[id]);
        apply_node(o, op, &o->operations->node[id], clean);
        clean = clean && (o->operations->node[id].kind != NODE_NEW ||
                          success(o->operations->node[id].status));
    }
}

void orc_initiate_done(struct oracle *o, struct orc_op *op, uint32_t left)
{
    (void)left;
    for (uint32_t id = op->node_first; id != ORC_NONE; id = o->operations->node[id].next) {
        const struct orc_node *node = &o->operations->node[id];
        struct orc_conn *c = node->layer == LAYER_TCP ? orc_conn(o, node->conn) : NULL;
        if (c && node->kind == NODE_NEW && c->self == node->object) {
            c->init_returned = true;
            orc_sender_begun(o, c);
            orc_dirty(o, c);
        }
    }
}
