/* SPDX-License-Identifier: MIT
 *
 * The table of checkers turned around: for each event the list of those who asked for it, and the
 * blocks of memory that their parts make up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "oracle/checkers.h"
#include "oracle/model/connections.h"

#define ALIGNMENT 16u

/* Puts a row's function at the end of an event's list; NULL adds nothing. */
#define ADD(list, function)                                                                        \
    do {                                                                                           \
        uint32_t end = 0;                                                                          \
        while ((list)[end]) {                                                                      \
            end++;                                                                                 \
        }                                                                                          \
        assert(end + 1 < ORC_CHECKERS_MOST);                                                       \
        (list)[end] = (function);                                                                  \
    } while (0)

static void add_events(struct orc_rows *rows, const struct orc_checker *row)
{
    ADD(rows->begin, row->begin);
    ADD(rows->offloaded, row->offloaded);
    ADD(rows->arrived, row->arrived);
    ADD(rows->received, row->received);
    ADD(rows->transmitted, row->transmitted);
    ADD(rows->sent[false], row->sent);
    ADD(rows->sent[true], row->sent ? row->sent : row->sent_data);
    ADD(rows->sender_rest, row->sender_rest);
    ADD(rows->receiver_rest, row->receiver_rest);
    ADD(rows->state, row->state);
    ADD(rows->judged_state, row->judged_state);
    ADD(rows->hindered, row->hindered);
    ADD(rows->timed_out, row->timed_out);
    ADD(rows->updated, row->updated);
    ADD(rows->rest, row->rest);
    ADD(rows->end, row->end);
}

static bool asks(const struct orc_subscription *s, enum orc_when when, uint32_t fn)
{
    return s->handler && s->when == when && s->first <= fn && fn <= s->last;
}

static void add_taps(struct orc_rows *rows, enum orc_when when, uint32_t fn)
{
    uint32_t count;
    const struct orc_checker *row = orc_checkers(&count);
    uint32_t begin = rows->taps;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < ORC_TAPS_OF_A_ROW; k++) {
            if (asks(&row[i].on[k], when, fn)) {
                rows->tap[rows->taps++] = row[i].on[k].handler;
            }
        }
    }
    if (rows->taps == begin) {
        return; /* nobody asked: the empty list at 0 */
    }
    rows->tap_at[when][fn] = (uint16_t)begin;
    rows->taps++; /* NULL ends the list */
    assert(rows->taps < ORC_HANDLERS_MOST);
}

/* Gives each part its place behind what the block holds already. */
static void lay_out(struct orc_layout *layout, uint32_t *parts, uint32_t *bytes,
                    const struct orc_part *part, void (*fresh)(struct orc_conn *c))
{
    for (uint32_t i = 0; i < ORC_PARTS_OF_A_ROW && part[i].bytes; i++) {
        assert(*parts < ORC_CHECKERS_MOST);
        layout[(*parts)++] =
            (struct orc_layout){part[i].at, (uint16_t)*bytes, part[i].bytes, fresh};
        *bytes = (*bytes + part[i].bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
        fresh = NULL; /* it is called once for all parts of the row */
    }
}

/* What a connection is known by before anything is known of it. */
static bool make_first(struct orc_rows *rows)
{
    uint8_t *block = calloc(1, rows->conn_bytes);
    if (!block) {
        return false;
    }
    rows->first = (struct orc_conn *)(void *)block;
    for (uint32_t i = 0; i < rows->conns; i++) {
        *(void **)(void *)(block + rows->conn[i].at) = block + rows->conn[i].offset;
    }
    orc_conn_fresh(rows->first);
    for (uint32_t i = 0; i < rows->conns; i++) {
        if (rows->conn[i].fresh) {
            rows->conn[i].fresh(rows->first);
        }
    }
    return true;
}

struct orc_rows *orc_rows_new(void)
{
    uint32_t count;
    const struct orc_checker *row = orc_checkers(&count);
    struct orc_rows *rows = calloc(1, sizeof(*rows));
    if (!rows) {
        return NULL;
    }
    rows->taps = 1; /* the empty list */
    for (enum orc_when when = 0; when < ORC_WHENS; when++) {
        for (uint32_t fn = 0; fn < TAP_FN_COUNT; fn++) {
            add_taps(rows, when, fn);
        }
    }
    rows->conn_bytes = (sizeof(struct orc_conn) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    for (uint32_t i = 0; i < count; i++) {
        add_events(rows, &row[i]);
        lay_out(rows->run, &rows->runs, &rows->run_bytes, row[i].run, NULL);
        lay_out(rows->conn, &rows->conns, &rows->conn_bytes, row[i].conn, row[i].fresh);
    }
    if (!make_first(rows)) {
        orc_rows_del(rows);
        return NULL;
    }
    return rows;
}

void orc_rows_del(const struct orc_rows *rows)
{
    if (rows) {
        free(rows->first);
        free((void *)(uintptr_t)rows);
    }
}
