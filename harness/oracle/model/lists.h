/* SPDX-License-Identifier: MIT
 *
 * NET_BUFFER_LISTs by the ordinal that the tap gives them, and queues of them.
 */
#ifndef ORACLE_MODEL_LISTS_H
#define ORACLE_MODEL_LISTS_H

#include <stdbool.h>
#include "oracle/base/handle.h"

/* When something of the host was handed over, relative to what the target had said by then. */
enum orc_after {
    ORC_AFTER_DISCONNECT = 1 << 0,    /* the Disconnect event had returned */
    ORC_AFTER_ABORT = 1 << 1,         /* the Abort event had returned */
    ORC_AFTER_MANDATORY = 1 << 2,     /* a mandatory Retrieve had returned */
    ORC_AFTER_INVALID_STATE = 1 << 3, /* ... and it was InvalidState */
    ORC_AFTER_LOCAL_ABORT = 1 << 4,
};

struct orc_nbl {
    uint8_t owner; /* enum tap_owner; OWNER_NOBODY = never seen */
    uint8_t role;
    uint8_t fn;    /* the call that handed it over, or that indicated it */
    uint8_t after; /* enum orc_after */
    uint8_t cpu;
    bool no_push;
    bool abortive;
    uint32_t conn;
    uint32_t handed, left;   /* ENTER and LEAVE of the call, ORC_NONE while open */
    uint32_t index;          /* how many were posted on the connection before it */
    uint32_t previous, next; /* queue of the connection */
    uint32_t call_next;
    uint32_t length, prefill;
    uint64_t time_ns;
    int64_t begin, end; /* send offsets, or receive offsets of a forwarded segment */
    uint32_t arrivals;  /* forward: arrivals of the connection when it was handed over */
    bool fresh;         /* forward: no byte of it had arrived before */
};

struct orc_queue {
    uint32_t head, tail, count;
};

struct orc_lists {
    struct orc_nbl *nbl;
    uint32_t nbls, nbl_room;
};

struct orc_nbl *orc_nbl_new(struct oracle *o, uint32_t id);

static inline struct orc_nbl *orc_nbl(struct oracle *o, uint32_t id)
{
    return id < o->lists->nbls ? &o->lists->nbl[id] : orc_nbl_new(o, id);
}

/* Puts a list at the end of a queue; it must be in none. */
void orc_queue_push(struct oracle *o, struct orc_queue *queue, uint32_t id);
/* Takes a list out of the queue that it is in. */
void orc_queue_remove(struct oracle *o, struct orc_queue *queue, uint32_t id);

#endif
