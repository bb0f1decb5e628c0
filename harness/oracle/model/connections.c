/* SPDX-License-Identifier: MIT */
#include "oracle/model/connections.h"
#include "oracle/base/events.h"
#include "oracle/base/memory.h"

#include <string.h>

static const struct orc_queue empty_queue = {ORC_NONE, ORC_NONE, 0};

void orc_conn_fresh(struct orc_conn *c)
{
    c->hash_slot = ORC_NONE;
    c->path = ORC_NONE;
    c->self = ORC_NONE;
    c->init_op = ORC_NONE;
    c->term_enter = c->term_left = c->gone_event = c->inside_of = ORC_NONE;
    c->disconnect_event = c->disconnect_left = ORC_NONE;
    c->abort_event = c->abort_left = ORC_NONE;
    c->mandatory_event = c->mandatory_left = ORC_NONE;
    c->optional_event = c->urgent_retrieve = ORC_NONE;
    c->local_abort = c->local_abort_left = ORC_NONE;
    c->graceful = c->reset_sent = c->inside_call = ORC_NONE;
    c->upload_early_event = ORC_NONE;
    c->requests = c->sends = c->disconnect = c->forwards = empty_queue;
}

void orc_connections_begin(struct oracle *o)
{
    o->connections->watch_due_ns = ORC_NEVER;
}

/* The block of a connection: its record, then the parts of the pieces. */
struct orc_conn *orc_conn_new(struct oracle *o, uint32_t ordinal)
{
    struct orc_connections *all = o->connections;
    const struct orc_rows *rows = o->rows;
    if (ordinal == TAP_NONE) {
        return NULL;
    }
    uint8_t *block = NULL;
    if (ordinal < ORC_NONE - 1 && orc_extend(o->memory, (void **)&all->conn, &all->conn_room,
                                             &all->conns, ordinal + 1, sizeof(*all->conn))) {
        block = orc_take(o->memory, rows->conn_bytes);
    }
    if (!block) {
        o->short_of_memory = true;
        return NULL;
    }
    memcpy(block, rows->first, rows->conn_bytes);
    for (uint32_t i = 0; i < rows->conns; i++) {
        *(void **)(void *)(block + rows->conn[i].at) = block + rows->conn[i].offset;
    }
    struct orc_conn *c = (struct orc_conn *)(void *)block;
    c->ordinal = ordinal;
    all->conn[ordinal] = c;
    return c;
}

void orc_dirty_new(struct oracle *o, struct orc_conn *conn)
{
    if (conn->dirty) {
        return;
    }
    if (!orc_grow(o->memory, (void **)&o->connections->dirty, &o->connections->dirty_room,
                  o->connections->dirty_count + 1, sizeof(uint32_t))) {
        o->short_of_memory = true;
        return;
    }
    conn->dirty = true;
    o->connections->dirty[o->connections->dirty_count++] = orc_ordinal(o, conn);
}

void orc_watch(struct oracle *o, struct orc_conn *conn, uint64_t due_ns)
{
    if (due_ns < o->connections->watch_due_ns) {
        o->connections->watch_due_ns = due_ns;
    }
    if (conn->watched) {
        return;
    }
    if (!orc_grow(o->memory, (void **)&o->connections->watch, &o->connections->watch_room,
                  o->connections->watch_count + 1, sizeof(uint32_t))) {
        o->short_of_memory = true;
        return;
    }
    conn->watched = true;
    o->connections->watch[o->connections->watch_count++] = orc_ordinal(o, conn);
}
