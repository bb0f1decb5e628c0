/* SPDX-License-Identifier: MIT */
#include "oracle/tree/offload.h"

#include <string.h>

/* A new offload of it. What it is known by, and the lists that it stands in, it keeps. */
void orc_conn_begin(struct oracle *o, struct orc_conn *c)
{
    const struct orc_rows *rows = o->rows;
    bool dirty = c->dirty, watched = c->watched;
    uint32_t slot = c->hash_slot;
    memset((uint8_t *)c + offsetof(struct orc_conn, dirty), 0,
           offsetof(struct orc_conn, receive) - offsetof(struct orc_conn, dirty));
    orc_conn_fresh(c);
    for (uint32_t i = 0; i < rows->conns; i++) {
        if (rows->conn[i].fresh) {
            rows->conn[i].fresh(c);
        } else {
            memset(*(void **)(void *)((uint8_t *)c + rows->conn[i].at), 0, rows->conn[i].bytes);
        }
    }
    c->dirty = dirty;
    c->watched = watched;
    c->hash_slot = slot;
}
