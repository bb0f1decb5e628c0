/* SPDX-License-Identifier: MIT
 *
 * Every event of a run with the bytes of its frame, in memory shared with the process that runs the
 * driver: what was noted before the driver crashed or hung is there afterwards.
 */
#ifndef CLI_WIRE_LOG_H
#define CLI_WIRE_LOG_H

#include "base/trace.h"
#include "ndis/tap.h"

enum wire_direction { WIRE_NONE, WIRE_IN, WIRE_OUT };

struct wire_entry {
    struct trace_record record;
    enum wire_direction direction; /* a frame that went this way, its bytes follow */
    uint32_t length;               /* of what follows, not padded */
    bool made; /* no event: a frame of the handshake before the hand-over, made up */
    bool ends; /* no event: the run is over, a struct wire_run follows */
};

struct wire_run {
    struct verdict verdict;
    char about[600]; /* what was run */
};

struct wire_log;

/* keep: of all runs; else a run replaces the one before. NULL after one line on stderr. */
struct wire_log *wire_log_new(bool keep);
void wire_log_del(struct wire_log *log);
/* A tap_reader, of the one log there is. */
void wire_log_event(void *world, const struct tap_event *event);
/* The run is over, with a verdict that may be worded otherwise than that of the trace. */
void wire_log_run(const struct verdict *verdict, const char *about);

/* How far the log goes, and the entry at an offset below that; *next is that of the one behind. */
uint64_t wire_log_end(const struct wire_log *log);
const struct wire_entry *wire_log_at(const struct wire_log *log, uint64_t offset, uint64_t *next);
/* Events that found no room. */
uint64_t wire_log_lost(const struct wire_log *log);

#endif
