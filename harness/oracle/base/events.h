/* SPDX-License-Identifier: MIT
 *
 * What a checker is: a row of the table in checkers.c. It says which part of the memory is the
 * piece's own, and what it wants to be asked about; nobody is asked about anything else. Whoever
 * meets an event (a call of the tap, a segment, a rest) goes through the rows that asked for it, in
 * the order of the table: orc_rows has them by event, made once for each oracle.
 */
#ifndef ORACLE_BASE_EVENTS_H
#define ORACLE_BASE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ndis/tap.h"
#include "oracle/base/handle.h"

struct orc_call;
struct orc_conn;
struct orc_seen;
struct orc_received;
struct orc_sent;
struct orc_tcp;

/* A part of the memory: where the pointer to it stands in the handle, or in the record of a
 * connection, and how long it is. */
struct orc_part {
    uint16_t at, bytes; /* bytes == 0: no part */
};

/* An event of the tap. call is the one that begins, ends, or is open on that cpu; NULL outside. */
typedef void (*orc_on_tap)(struct oracle *o, const struct tap_event *ev, struct orc_call *call);

enum orc_when {
    ORC_ENTER, /* of a call */
    ORC_LEAVE,
    ORC_LIST,  /* a TAP_NBL inside of a call of that function; ev->ptr is the struct tap_nbl */
    ORC_POINT, /* any other point */
    ORC_WHENS
};

struct orc_subscription {
    uint8_t when;        /* enum orc_when */
    uint8_t first, last; /* enum tap_fn: these and all between them */
    orc_on_tap handler;  /* NULL ends the list */
};

#define ORC_PARTS_OF_A_ROW 3u
#define ORC_TAPS_OF_A_ROW 24u

struct orc_checker {
    const char *name;
    struct orc_part run[ORC_PARTS_OF_A_ROW], conn[ORC_PARTS_OF_A_ROW];
    struct orc_subscription on[ORC_TAPS_OF_A_ROW];
    /* A run begins; the parts are zero. */
    void (*begin)(struct oracle *o);
    /* A connection is about to be offloaded, again perhaps: its part becomes as new, but for memory
     * that it holds. Without this the part is zeroed. */
    void (*fresh)(struct orc_conn *c);
    /* It was offloaded with numbers that are sane: c->sender->handed is what was handed over. */
    void (*offloaded)(struct oracle *o, struct orc_conn *c);
    /* A segment arrived; the ledgers do not know it yet. */
    void (*arrived)(struct oracle *o, struct orc_conn *c, const struct orc_seen *s);
    /* The same segment, not surely dropped; the ledgers have taken it in. */
    void (*received)(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
    /* The target transmits; the ledgers do not know the frame yet. */
    void (*transmitted)(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp);
    /* The same frame, while the sending half is judged: any, or only one with data or FIN. */
    void (*sent)(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
    void (*sent_data)(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
    /* At rest, of a connection that something happened to, or was due of: the sending half while it
     * is judged; the receiving half always, with whether it is judged. */
    void (*sender_rest)(struct oracle *o, struct orc_conn *c);
    void (*receiver_rest)(struct oracle *o, struct orc_conn *c, bool judged);
    /* The delegated state that a query shows, or an upload brings back (final); the second while
     * the sending half is judged. */
    void (*state)(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d,
                  bool final);
    void (*judged_state)(struct oracle *o, struct orc_conn *c,
                         const TCP_OFFLOAD_STATE_DELEGATED *d);
    /* At a rest, before any duty is judged: in this step something hindered the target (faults.h).
     * What it left in doubt of a connection is noted; what was due is put off, not forgotten. */
    void (*hindered)(struct oracle *o, struct orc_conn *c);
    /* Retrieve(TimeoutExpiration), before it counts. */
    void (*timed_out)(struct oracle *o, struct orc_conn *c);
    /* An update of the connection begins (done = false), completed. */
    void (*updated)(struct oracle *o, struct orc_conn *c, bool done);
    /* At rest, once for all; the step is counted afterwards. */
    void (*rest)(struct oracle *o);
    /* The run is over and the driver was unloaded. */
    void (*end)(struct oracle *o);
};

#define ORC_CHECKERS_MOST 64u
#define ORC_HANDLERS_MOST 1024u

/* The rows by event. Each list ends with NULL. */
struct orc_rows {
    uint16_t tap_at[ORC_WHENS][TAP_FN_COUNT]; /* where the list begins in `tap` */
    orc_on_tap tap[ORC_HANDLERS_MOST];
    uint32_t taps;
    void (*begin[ORC_CHECKERS_MOST])(struct oracle *);
    void (*offloaded[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *);
    void (*arrived[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *, const struct orc_seen *);
    void (*received[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *,
                                        const struct orc_received *);
    void (*transmitted[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *,
                                           const struct orc_tcp *);
    void (*sent[2][ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *,
                                       const struct orc_sent *); /* without data, with it */
    void (*sender_rest[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *);
    void (*receiver_rest[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *, bool);
    void (*state[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *,
                                     const TCP_OFFLOAD_STATE_DELEGATED *, bool);
    void (*judged_state[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *,
                                            const TCP_OFFLOAD_STATE_DELEGATED *);
    void (*hindered[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *);
    void (*timed_out[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *);
    void (*updated[ORC_CHECKERS_MOST])(struct oracle *, struct orc_conn *, bool);
    void (*rest[ORC_CHECKERS_MOST])(struct oracle *);
    void (*end[ORC_CHECKERS_MOST])(struct oracle *);

    struct orc_layout {
        uint16_t at;     /* of the pointer, in the handle or the record */
        uint16_t offset; /* of the part, from the begin of the block */
        uint16_t bytes;
        void (*fresh)(struct orc_conn *c); /* or NULL: zeroed */
    } run[ORC_CHECKERS_MOST], conn[ORC_CHECKERS_MOST];
    uint32_t runs, conns;           /* parts of each kind */
    uint32_t run_bytes, conn_bytes; /* of a block; that of a connection begins with its record */
    struct orc_conn *first;         /* what the block of a connection is copied from */
};

/* Whether anybody asked about the event. */
static inline bool orc_asked(const struct oracle *o, enum orc_when when, uint8_t fn)
{
    return o->rows->tap_at[when][fn] != 0;
}

static inline void orc_fire(struct oracle *o, enum orc_when when, uint8_t fn,
                            const struct tap_event *ev, struct orc_call *call)
{
    const orc_on_tap *handler = &o->rows->tap[o->rows->tap_at[when][fn]];
    for (; *handler; handler++) {
        (*handler)(o, ev, call);
    }
}

#endif
