/* SPDX-License-Identifier: MIT
 *
 * A coarse view of the states of states.h, for people: which of a few states connections were in,
 * and how often they went from one to another.
 */
#ifndef FUZZ_GRAPH_H
#define FUZZ_GRAPH_H

#include "world/world.h"

/* The report draws them by these names (campaign/graph.py). */
#define GRAPH_STATES(X)                                                                            \
    X(GRAPH_HOST, "host's")                                                                        \
    X(GRAPH_INITIATING, "initiating")                                                              \
    X(GRAPH_QUIET, "nothing asked")                                                                \
    X(GRAPH_POSTED, "receives posted")                                                             \
    X(GRAPH_SENDING, "sends out")                                                                  \
    X(GRAPH_BUSY, "posted and sending")                                                            \
    X(GRAPH_CLOSED, "host closed")                                                                 \
    X(GRAPH_PEER_CLOSED, "peer closed")                                                            \
    X(GRAPH_BOTH_CLOSED, "both closed")                                                            \
    X(GRAPH_ABORTED, "aborted")                                                                    \
    X(GRAPH_ASKED_BACK, "upload asked for")                                                        \
    X(GRAPH_INVALIDATED, "invalidated")                                                            \
    X(GRAPH_TERMINATING, "terminating")

#define GRAPH_ENUM(name, text) name,
enum graph_state { GRAPH_STATES(GRAPH_ENUM) GRAPH_COUNT };
#undef GRAPH_ENUM

/* Where a way from one state to another is counted, row by row: GRAPH_COUNT squared counters, that
 * several processes may share. */
void graph_open(uint64_t *counters);
/* A reader of the tap, whose context is the world. */
void graph_note(void *context, const struct tap_event *event);

#endif
