/* SPDX-License-Identifier: MIT */
#include "oracle/checks.h"

#include <stdlib.h>
#include <string.h>

static void *entry_at(struct oracle *o, void **array, uint32_t *count, uint32_t *room, uint32_t id,
                      uint32_t bytes)
{
    if (id >= *count) {
        if (id >= ORC_NONE - 1 || !orc_grow(array, room, id + 1, bytes)) {
            o->short_of_memory = true;
            return NULL;
        }
        *count = id + 1;
    }
    return (uint8_t *)*array + (uint64_t)id * bytes;
}

struct orc_conn *orc_conn_new(struct oracle *o, uint32_t ordinal)
{
    if (ordinal == TAP_NONE) {
        return NULL;
    }
    struct orc_conn *conn =
        entry_at(o, (void **)&o->conn, &o->conns, &o->conn_room, ordinal, sizeof(*o->conn));
    if (conn && !conn->used) {
        orc_conn_begin(o, conn);
    }
    return conn;
}

struct orc_nbl *orc_nbl_new(struct oracle *o, uint32_t id)
{
    if (id == TAP_NONE) {
        return NULL;
    }
    uint32_t before = o->nbls;
    struct orc_nbl *nbl =
        entry_at(o, (void **)&o->nbl, &o->nbls, &o->nbl_room, id, sizeof(*o->nbl));
    for (uint32_t i = before; nbl && i < o->nbls; i++) {
        o->nbl[i].owner = OWNER_NOBODY;
    }
    return nbl;
}

struct orc_object *orc_object_new(struct oracle *o, uint32_t id)
{
    if (id == TAP_NONE) {
        return NULL;
    }
    return entry_at(o, (void **)&o->object, &o->objects, &o->object_room, id, sizeof(*o->object));
}

struct orc_op *orc_op(struct oracle *o, uint32_t id)
{
    if (id == TAP_NONE) {
        return NULL;
    }
    return entry_at(o, (void **)&o->op, &o->ops, &o->op_room, id, sizeof(*o->op));
}

static void receive_reset(struct orc_receive *r)
{
    struct orc_receive kept = {.bytes = r->bytes,
                               .range = r->range,
                               .range_room = r->range_room,
                               .alternate = r->alternate,
                               .alternate_room = r->alternate_room,
                               .alternate_bytes = r->alternate_bytes,
                               .alternate_bytes_room = r->alternate_bytes_room};
    orc_ring_reset(&kept.bytes);
    *r = kept;
    r->possible_term = -1;
    r->fin_sure = -1;
    r->fin_sure_step = -1;
    r->urgent_limit = -1;
    r->push_due = -1;
}

static void send_reset(struct orc_send *s)
{
    struct orc_ring bytes = s->bytes;
    orc_ring_reset(&bytes);
    memset(s, 0, sizeof(*s));
    s->bytes = bytes;
    s->fin = INT64_MAX;
    s->failed = INT64_MAX;
    s->ok_due_ns = ORC_NEVER;
}

static const struct orc_queue empty_queue = {ORC_NONE, ORC_NONE, 0};

static void conn_reset(struct orc_conn *c)
{
    struct orc_receive receive = c->receive;
    struct orc_send send = c->send;
    struct orc_flight flight = c->timing.flight;
    receive_reset(&receive);
    send_reset(&send);
    memset(c, 0, offsetof(struct orc_conn, receive));
    c->receive = receive;
    c->send = send;
    memset(&c->timing, 0, sizeof(c->timing));
    c->timing.flight = (struct orc_flight){.sent = flight.sent, .room = flight.room};
    c->hash_slot = ORC_NONE;
    c->path = ORC_NONE;
    c->self = ORC_NONE;
    c->init_op = ORC_NONE;
    c->term_enter = c->term_left = c->gone_event = ORC_NONE;
    c->disconnect_event = c->disconnect_left = ORC_NONE;
    c->abort_event = c->abort_left = ORC_NONE;
    c->mandatory_event = c->mandatory_left = ORC_NONE;
    c->optional_event = c->urgent_retrieve = ORC_NONE;
    c->local_abort = c->local_abort_left = ORC_NONE;
    c->abort_refused = false;
    c->graceful = c->reset_sent = c->inside_call = ORC_NONE;
    c->upload_early_event = ORC_NONE;
    c->life.invalid_left = c->life.delivered_event = ORC_NONE;
    c->requests = c->sends = c->disconnect = c->forwards = empty_queue;
}

void orc_conn_begin(struct oracle *o, struct orc_conn *conn)
{
    (void)o;
    bool dirty = conn->dirty, watched = conn->watched;
    uint32_t slot = conn->used ? conn->hash_slot : ORC_NONE;
    conn_reset(conn);
    conn->used = true;
    conn->dirty = dirty;
    conn->watched = watched;
    conn->hash_slot = slot;
}

void orc_tables_reset(struct oracle *o)
{
    orc_flows_reset(o);
    orc_contexts_reset(&o->contexts);
    for (uint32_t i = 0; i < o->conns; i++) {
        if (o->conn[i].used) {
            conn_reset(&o->conn[i]);
        }
    }
    if (o->nbls) {
        memset(o->nbl, 0, (uint64_t)o->nbls * sizeof(*o->nbl));
    }
    if (o->objects) {
        memset(o->object, 0, (uint64_t)o->objects * sizeof(*o->object));
    }
    if (o->ops) {
        memset(o->op, 0, (uint64_t)o->ops * sizeof(*o->op));
    }
    o->conns = o->nbls = o->objects = o->ops = o->nodes = 0;
    o->dirty_count = o->watch_count = 0;
    orc_passings_reset(&o->in);
    orc_passings_reset(&o->host);
    for (uint32_t i = 0; i < o->cpus_used; i++) {
        o->cpu[i].depth = o->cpu[i].inside_count = o->cpu[i].sync = o->cpu[i].locks = 0;
    }
    o->cpus_used = 0;
}

void orc_tables_free(struct oracle *o)
{
    for (uint32_t i = 0; i < o->conn_room; i++) {
        struct orc_conn *c = &o->conn[i];
        orc_ring_free(&c->receive.bytes);
        orc_ring_free(&c->send.bytes);
        free(c->timing.flight.sent);
        free(c->receive.range);
        free(c->receive.alternate);
        free(c->receive.alternate_bytes);
    }
    free(o->contexts.slot);
    for (uint32_t i = 0; i < ORC_CPUS; i++) {
        free(o->cpu[i].call);
        free(o->cpu[i].inside);
    }
    void *tables[] = {o->conn,    o->nbl,        o->object,    o->op,         o->node,
                      o->dirty,   o->watch,      o->scratch,   o->flows.slot, o->in.entry,
                      o->in.slot, o->host.entry, o->host.slot, o->closing};
    for (uint32_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        free(tables[i]);
    }
}

void orc_dirty_new(struct oracle *o, struct orc_conn *conn)
{
    if (conn->dirty) {
        return;
    }
    if (!orc_grow((void **)&o->dirty, &o->dirty_room, o->dirty_count + 1, sizeof(uint32_t))) {
        o->short_of_memory = true;
        return;
    }
    conn->dirty = true;
    o->dirty[o->dirty_count++] = orc_ordinal(o, conn);
}

void orc_watch(struct oracle *o, struct orc_conn *conn, uint64_t due_ns)
{
    if (due_ns < o->watch_due_ns) {
        o->watch_due_ns = due_ns;
    }
    if (conn->watched) {
        return;
    }
    if (!orc_grow((void **)&o->watch, &o->watch_room, o->watch_count + 1, sizeof(uint32_t))) {
        o->short_of_memory = true;
        return;
    }
    conn->watched = true;
    o->watch[o->watch_count++] = orc_ordinal(o, conn);
}

void orc_queue_push(struct oracle *o, struct orc_queue *queue, uint32_t id)
{
    struct orc_nbl *nbl = &o->nbl[id];
    nbl->previous = queue->tail;
    nbl->next = ORC_NONE;
    if (queue->tail == ORC_NONE) {
        queue->head = id;
    } else {
        o->nbl[queue->tail].next = id;
    }
    queue->tail = id;
    queue->count++;
}

void orc_queue_remove(struct oracle *o, struct orc_queue *queue, uint32_t id)
{
    struct orc_nbl *nbl = &o->nbl[id];
    if (nbl->previous == ORC_NONE) {
        queue->head = nbl->next;
    } else {
        o->nbl[nbl->previous].next = nbl->next;
    }
    if (nbl->next == ORC_NONE) {
        queue->tail = nbl->previous;
    } else {
        o->nbl[nbl->next].previous = nbl->previous;
    }
    queue->count--;
}

uint8_t *orc_scratch(struct oracle *o, uint32_t bytes)
{
    if (!orc_grow((void **)&o->scratch, &o->scratch_room, bytes ? bytes : 1, 1)) {
        o->short_of_memory = true;
        return NULL;
    }
    return o->scratch;
}
