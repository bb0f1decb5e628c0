/* SPDX-License-Identifier: MIT
 *
 * Connections by ordinal. A connection's record says where it is in its life and which calls of it
 * are open; what a piece knows of it besides is that piece's part.
 */
#ifndef ORACLE_MODEL_CONNECTIONS_H
#define ORACLE_MODEL_CONNECTIONS_H

#include <stdbool.h>
#include "ndischimney.h"
#include "oracle/base/handle.h"
#include "oracle/model/lists.h"

enum orc_phase {
    ORC_ABSENT,
    ORC_STARTING, /* INIT called, InitComplete not yet begun */
    ORC_LIVE,
    ORC_ENDING, /* TERM called */
    ORC_GONE,   /* TermComplete begun */
};

struct orc_conn {
    uint32_t ordinal;
    bool dirty; /* in the step list */
    uint8_t phase;
    uint8_t version; /* 4 or 6; 0 = addresses unknown */
    bool init_returned;
    bool failed_over; /* FAILURE of a state operation or HardwareFailure was reported */
    bool card_failed; /* the card lost its state while the connection was offloaded */
    bool invalidated;
    bool sane;     /* the numbers handed over are inside WIRE-HOST-1 */
    uint32_t path; /* state object ids */
    uint32_t self;
    uint32_t init_op;
    uint32_t closing; /* index + 1 in oracle.closing */
    bool buffered_expected;
    uint8_t local[16], remote[16];
    uint16_t local_port, remote_port;
    uint32_t hash_slot; /* in orc_flows, or ORC_NONE */
    uint8_t flags;      /* TCP_FLAG_* of the constant state */
    uint8_t send_scale, receive_scale;
    uint16_t remote_mss;
    uint32_t begin_state; /* at INIT */
    TCP_OFFLOAD_STATE_CONST constant;
    TCP_OFFLOAD_STATE_CACHED cached, cached_old;
    uint32_t update_step; /* step in which the last UPD completed: cached_old may still show */
    bool update_open;     /* UPD begun, not completed */
    uint64_t begun_ns;
    /* calls and events */
    uint32_t inside;        /* delivery calls open, all cpus */
    uint32_t inside_call;   /* the last of them */
    uint32_t inside_cpu[2]; /* bit per cpu (64) */
    uint32_t indicate_open, event_open;
    uint32_t post_open, send_open, disconnect_open, forward_open;
    uint32_t ops_open; /* INV, QRY, UPD */
    uint32_t term_enter, term_left;
    uint32_t term_step; /* in which TERM was called */
    uint32_t gone_event;
    uint32_t inside_of; /* the outermost call, when something came inside of a callback last */
    uint32_t disconnect_event, disconnect_left; /* Disconnect event */
    uint32_t disconnects;
    uint32_t abort_event, abort_left;
    uint32_t aborts;
    uint32_t mandatory_event, mandatory_left, mandatory_reason;
    uint32_t optional_event;
    uint32_t urgent_retrieve;
    uint32_t local_abort, local_abort_left; /* abortive DISC */
    int64_t abort_arrived; /* bytes that had arrived by then, and how far they were pushed */
    int64_t abort_pushed;
    bool abort_refused; /* it was answered with UPLOAD_IN_PROGRESS: nothing was aborted */
    uint32_t graceful;
    uint32_t reset_sent;
    uint32_t posts;               /* requests posted so far */
    uint32_t upload_early_event;  /* UPLOAD_IN_PROGRESS before any reason */
    int64_t upload_early_arrived; /* bytes that had arrived by then */
    enum orc_rule upload_early_rule;
    bool upload_early_warned;
    bool rearm; /* a POST began while the open indication was open */
    bool urgent_sure, urgent_due;
    bool urgent_odd;     /* its pointer lies outside the segment */
    bool urgent_owed;    /* terminated with nothing to excuse the loss of its raw frames */
    bool urgent_excused; /* memory was short while they were kept */
    bool reset_due;
    bool abort_done; /* an abortive DISC completed with SUCCESS */
    bool watched;
    bool waive_pending;          /* a duty was waived; next RET, TICK resolves it */
    uint64_t waived_ns;          /* when it was last waived */
    uint64_t starved_ns;         /* until then it may be waiting for what it lacked */
    struct orc_queue requests;   /* posted receives */
    struct orc_queue sends;      /* INIT chain and SENDs */
    struct orc_queue disconnect; /* DISC lists */
    struct orc_queue forwards;
    /* The parts of the pieces: from here on nothing else. */
    struct orc_receive *receive;
    struct orc_send *send;
    struct orc_answers *answers;
    struct orc_offers *offers;
    struct orc_stamps *stamps;
    struct orc_blocks *blocks;
    struct orc_held *held;
    struct orc_sender *sender;
    struct orc_flight *flight;
    struct orc_rtt_bounds *rtt_bounds;
    struct orc_rto *rto;
    struct orc_persist *persist;
    struct orc_progress *progress;
    struct orc_blocked *blocked;
    struct orc_keepalive *keepalive;
    struct orc_congestion *congestion;
    struct orc_recovery *recovery;
    struct orc_upload_reasons *upload_reasons;
    struct orc_life *life;
};

struct orc_connections {
    struct orc_conn **conn; /* NULL where an ordinal was never used */
    uint32_t conns, conn_room;
    uint32_t live;   /* offloaded now */
    bool live_ever;  /* some connection was offloaded in this run */
    uint32_t *dirty; /* ordinals to be looked at at the next rest */
    uint32_t dirty_count, dirty_room;
    uint32_t *watch; /* ordinals that something becomes due for */
    uint32_t watch_count, watch_room;
    uint64_t watch_due_ns; /* the first of it */
};

struct orc_conn *orc_conn_new(struct oracle *o, uint32_t ordinal); /* NULL for TAP_NONE */

static inline struct orc_conn *orc_conn(struct oracle *o, uint32_t ordinal)
{
    return ordinal < o->connections->conns && o->connections->conn[ordinal]
               ? o->connections->conn[ordinal]
               : orc_conn_new(o, ordinal);
}

static inline uint32_t orc_ordinal(const struct oracle *o, const struct orc_conn *conn)
{
    (void)o;
    return conn ? conn->ordinal : ORC_NONE;
}

/* Sets what of a zeroed record is not zero. */
void orc_connections_begin(struct oracle *o); /* orc_checker.begin */
void orc_conn_fresh(struct orc_conn *c);
void orc_dirty_new(struct oracle *o, struct orc_conn *conn);

static inline void orc_dirty(struct oracle *o, struct orc_conn *conn)
{
    if (!conn->dirty) {
        orc_dirty_new(o, conn);
    }
}

/* The connection is to be looked at at the first rest after due_ns, whatever happens. */
void orc_watch(struct oracle *o, struct orc_conn *conn, uint64_t due_ns);

#endif
