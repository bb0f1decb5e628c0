/* SPDX-License-Identifier: MIT */
#include "fuzz/graph.h"

#include <string.h>

static uint64_t *ways;
#define CONNS_MOST 64u             /* few programs have more */
static uint8_t before[CONNS_MOST]; /* enum graph_state; each connection begins as the host's */

void graph_open(uint64_t *counters)
{
    ways = counters;
}

/* While it is offloaded: the worst that happened, or else what is out. */
static enum graph_state offloaded_state(const struct host_conn *conn)
{
    if (conn->aborted || conn->saw_abort) {
        return GRAPH_ABORTED;
    }
    if (conn->invalidated) {
        return GRAPH_INVALIDATED;
    }
    if (conn->retrieve) {
        return GRAPH_ASKED_BACK;
    }
    if (conn->closed) {
        return conn->saw_disconnect ? GRAPH_BOTH_CLOSED : GRAPH_CLOSED;
    }
    if (conn->saw_disconnect) {
        return GRAPH_PEER_CLOSED;
    }
    if (conn->posts_out) {
        return conn->sends_out ? GRAPH_BUSY : GRAPH_POSTED;
    }
    return conn->sends_out ? GRAPH_SENDING : GRAPH_QUIET;
}

static enum graph_state graph_state_of(const struct host_conn *conn)
{
    switch (conn->phase) {
    case HOST_INITIATING:
        return GRAPH_INITIATING;
    case HOST_OFFLOADED:
        return offloaded_state(conn);
    case HOST_TERMINATING:
        return GRAPH_TERMINATING;
    default:
        return GRAPH_HOST;
    }
}

void graph_note(void *context, const struct tap_event *event)
{
    const struct world *world = context;
    if (event->seq == 0) {
        memset(before, GRAPH_HOST, sizeof(before));
    }
    uint32_t conns = world->host.conns < CONNS_MOST ? world->host.conns : CONNS_MOST;
    for (uint32_t i = 0; i < conns;
         i++) { /* what an event changes is seen at the next one of any */
        enum graph_state now = graph_state_of(&world->host.conn[i]);
        if (now != before[i]) {
            __atomic_fetch_add(&ways[before[i] * GRAPH_COUNT + now], 1, __ATOMIC_RELAXED);
            before[i] = (uint8_t)now;
        }
    }
}
