/* SPDX-License-Identifier: MIT
 *
 * The shadow sender: what a right target may know and must do as the sending side of a connection,
 * in intervals. Timers run by virtual time; a frame that leaves in a step in which nothing of the
 * connection happened can only come from a timer. Where the model cannot follow (a fault, a frame
 * that may or may not have been accepted) it judges nothing until it can again.
 */
#ifndef ORACLE_SENDER_SENDER_H
#define ORACLE_SENDER_SENDER_H

#include "oracle/ledger/segment_events.h"
#include "oracle/ledger/sends.h"

#define ORC_RTO_MAX_NS (60ull * ORC_NS_PER_SECOND)

struct orc_sender {
    bool closed_ever;    /* the peer's window was zero: the slot of the timer was another one's */
    bool on;             /* offloaded with numbers that are sane */
    uint32_t dirty_step; /* step + 1 in which something of the connection happened last */
    uint32_t parameters; /* settings of the operating parameters that the measures go by */
    uint32_t begun_parameters;
    uint64_t begun_ns, begun_left_ns; /* INIT called and completed */
    uint64_t begun_tick_ns;           /* of the host's clock then */
    uint64_t received_sure_ns,
        received_ns;    /* last segment that surely, that possibly was acceptable */
    uint64_t sent_ns;   /* last frame */
    uint64_t data_ns;   /* last data */
    uint32_t sent_step; /* step + 1 of the last data frame */
    uint64_t fin2_ns;   /* FIN_WAIT_2 surely entered, or 0 */
    bool fin2_handed, fin2_warned, fin2_reported;
    bool fin2_doubted;    /* a segment that restarts it may have been dropped */
    uint64_t hindered_ns; /* last rest at which something hindered the target */
    uint64_t recover_ns;  /* until then what is due at once may wait: it was held up */
    bool stepped;         /* SndNxt may be below SndMax */
    uint32_t ts_value;    /* TSval of the last frame, or TsTime */
    uint64_t ts_ns;
    int64_t edge;                       /* most that the peer's window can reach */
    int64_t edge_now;                   /* the same by what came last */
    int64_t stale_edge;                 /* by segments that are too old to set the window */
    int64_t set_from;                   /* where the segment that surely set the window began */
    uint32_t received_step;             /* step + 1 of the last segment that may be acceptable */
    uint32_t received_count;            /* such segments within that step */
    bool reopened;                      /* the window was not open before one of them */
    uint32_t rates;                     /* settings of the tick rate that the measures go by */
    uint64_t smoothed_ns, variation_ns; /* SRtt and RttVar as handed over */
    uint32_t window_sequence;           /* SEG.SEQ of the segment that set the window last */
    bool window_sequence_sure;
    uint64_t window_stale, window_before; /* of an old segment; before the last change */
    int64_t small_end;                    /* end of the last small segment sent */
    uint64_t small_since_ns;              /* since when bytes for a small window wait, or 0 */
    int64_t small_at;
    uint64_t small_window;
    bool judged_end; /* judged when TERM was called, and nothing has come since */
    TCP_OFFLOAD_STATE_DELEGATED handed;
};

/* Something of the connection waits to be sent, acknowledged or completed, as far as one knows. */
bool orc_sender_busy(const struct orc_conn *c);
/* In a step in which the target is hindered: whether that can concern this sending half. Nothing
 * happened to it and no timer of its data can have run out: nothing of it was tried. */
bool orc_sender_touched(const struct oracle *o, const struct orc_conn *c);
/* Whether the sending half is judged now: nothing hinders it, and the model follows. */
bool orc_sender_judged(struct oracle *o, const struct orc_conn *c);
/* The octet of a keepalive probe: it was acknowledged before. */
bool orc_filler(const struct orc_conn *c, const struct orc_sent *f);
/* Something waits to be sent or acknowledged, surely. */
bool orc_sender_pending(const struct orc_conn *c);
/* The parameters were set again while the connection was offloaded: names REG-PAR-1 when the
 * values before would explain what was seen. */
enum orc_rule orc_timer_rule(const struct oracle *o, uint64_t expected_ns, uint64_t actual_ns,
                             enum orc_rule plain);
/* Something of the connection happens in this step: a frame need not come from a timer. */
void orc_sender_dirty(struct oracle *o, struct orc_conn *c);

#endif
