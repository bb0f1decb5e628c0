/* SPDX-License-Identifier: MIT
 *
 * What the advertised capability promises: a connection that is described rightly, with room and
 * memory left, is taken in each of the states in which a host offloads. Timestamps need not be
 * supported.
 */
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/sends.h"
#include "oracle/report/report.h"
#include "oracle/tree/initiate.h"

#define WINDOW_MOST 0x40000000u

/* The chain holds what is in flight, and nothing where nothing can follow. */
static bool chain_fits(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    int64_t bytes = s->max - (s->fin_sent && s->fin >= 0);
    if (c->begin_state == TcpConnectionFinWait2) {
        return s->max == 0 && s->handed == 0;
    }
    return bytes >= 0 && s->handed >= bytes;
}

/* Nothing more need be taken: without a card that is awake and has not lost its state, room and
 * memory. */
static bool closed(const struct oracle *o, const struct orc_op *op)
{
    return orc_short_since(o, op->enter) || o->adapter->paused || o->adapter->broken ||
           o->adapter->phase != ORC_ADAPTER_RUNNING || o->connections->live >= o->adapter->capacity;
}

/* Of these it is memory alone that there may be too little of. */
static bool only_short(const struct oracle *o, const struct orc_op *op)
{
    return orc_short_since(o, op->enter) && !o->adapter->paused && !o->adapter->broken &&
           o->adapter->phase == ORC_ADAPTER_RUNNING && o->connections->live < o->adapter->capacity;
}

/* There is no capability to say that a target does without timestamps: it rejects all connections
 * that have them. */
static bool without_stamps(const struct oracle *o, const struct orc_conn *c,
                           const struct orc_node *node)
{
    return (c->flags & TCP_FLAG_TIMESTAMP_ENABLED) && !o->adapter->stamps_taken &&
           node->status == NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED;
}

void orc_admission_taken(struct oracle *o, const struct orc_conn *c)
{
    if (!(c->flags & TCP_FLAG_TIMESTAMP_ENABLED)) {
        return;
    }
    o->adapter->stamps_taken = true;
    if (o->adapter->stamps_refused) {
        orc_fail(o, orc_ordinal(o, c), ORC_REG_CAP_1,
                 "either all connections with timestamps rejected, or none for them", "one taken");
    }
}

/* Nothing speaks against the connection, so the lack of memory was why (INIT-ST-CODE-1). */
static void judge_starved(struct oracle *o, const struct orc_node *node)
{
    if (node->status == NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED) {
        orc_fail(o, node->conn, ORC_INIT_ST_CODE_1, "a code that says that memory ran short",
                 orc_status_name(o, node->status));
    }
}

void orc_admission_refused(struct oracle *o, const struct orc_op *op, const struct orc_conn *c,
                           const struct orc_node *node)
{
    bool short_of = closed(o, op);
    bool right = c->sane && chain_fits(c) && c->cached.InitialRcvWnd < WINDOW_MOST &&
                 c->local_port && c->remote_port;
    bool no_cause = node->status == NDIS_STATUS_FAILURE || node->status == NDIS_STATUS_RESOURCES ||
                    node->status == NDIS_STATUS_OFFLOAD_CONNECTION_REJECTED ||
                    node->status == NDIS_STATUS_OFFLOAD_TCP_ENTRIES;
    if (node->dead || !right) {
        return;
    }
    if (short_of) {
        if (!without_stamps(o, c, node) && only_short(o, op)) {
            judge_starved(o, node);
        }
        return;
    }
    orc_ran(o, ORC_REG_CAP_1);
    if (without_stamps(o, c, node)) {
        o->adapter->stamps_refused = true;
        return;
    }
    if (no_cause) {
        orc_fail(o, node->conn, ORC_REG_CAP_1,
                 orc_text(o, "a connection in state %u taken: %u of %u are", c->begin_state,
                          o->connections->live, o->adapter->capacity),
                 orc_status_name(o, node->status));
    }
}

/* A neighbor or a path: nothing but its own fields can speak against it. */
void orc_admission_refused_above(struct oracle *o, const struct orc_op *op,
                                 const struct orc_object *object, const struct orc_node *node)
{
    bool path = node->layer == LAYER_PATH;
    uint32_t least = object->version == 6 ? 1280 : 68;
    /* A placeholder is no neighbor that a path could be sent by. */
    bool above = !path || (node->parent != ORC_NONE &&
                           o->operations->node[node->parent].kind != NODE_PLACEHOLDER);
    bool right =
        !path || (object->version && object->mtu >= least && object->mtu <= o->adapter->link_mtu);
    bool no_cause = node->status == NDIS_STATUS_FAILURE || node->status == NDIS_STATUS_RESOURCES;
    if (node->dead || closed(o, op) || !right || !above) {
        return;
    }
    orc_ran(o, ORC_REG_CAP_1);
    if (no_cause) {
        orc_fail(o, ORC_NONE, ORC_REG_CAP_1,
                 path ? "a path taken whose addresses and MTU are right" : "a neighbor taken",
                 orc_status_name(o, node->status));
    }
}
