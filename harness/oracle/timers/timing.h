/* SPDX-License-Identifier: MIT
 *
 * The shadow sender: what a right target may know and must do as the sending side of a connection,
 * in intervals. Timers run by virtual time; a frame that leaves in a step in which nothing of the
 * connection happened can only come from a timer. Where the model cannot follow (a fault, a frame
 * that may or may not have been accepted) it judges nothing until it can again.
 */
#ifndef ORACLE_TIMING_H
#define ORACLE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "ndischimney.h"

/* Bytes sent together for the first time; they begin where the entry before ends. */
struct orc_transmission {
    int64_t end;
    uint64_t first_ns, last_ns;
    bool again;
};

struct orc_flight {
    struct orc_transmission *sent; /* a ring, in the order of offsets */
    uint32_t room, head, count;
    uint64_t broken_ns; /* last retransmission or window probe, or 0 */
};

/* Least and greatest round trip that can have been measured since INIT. */
struct orc_rtt_bounds {
    uint64_t least_ns, most_ns;           /* any transmission of any byte acknowledged */
    uint64_t once_least_ns, once_most_ns; /* bytes sent once, and echoes */
    bool any, once;
    bool whole; /* a segment was surely acknowledged to its end */
};

/* The retransmission timer. */
struct orc_rto {
    bool armed;             /* the series below is known exactly */
    bool handed;            /* it still runs as INIT handed it over */
    bool quiet;             /* a timeout: the earliest segment only, until something arrives */
    bool closed;            /* a zero window came: the count may have begun anew with probes */
    bool loose;             /* something may have called for a retransmission before the timer */
    uint32_t timeouts;      /* since SND.UNA moved, without those before INIT */
    uint32_t backoffs;      /* since the last sure sample, those before INIT included */
    uint64_t since_ns;      /* when it may have been started last */
    uint64_t first_ns;      /* first timeout of the series, or 0 */
    uint64_t last_ns;       /* last timeout of the series */
    uint64_t gap_ns;        /* between the last two timeouts, or 0 */
    uint64_t total_ns;      /* TotalRT counts from here on, or 0: from the first transmission */
    uint64_t total_most_ns; /* it counts at the latest from here on, or 0: from a timeout */
    uint64_t total_before;  /* counted before that, ns */
    bool total_updated;     /* an UPD started it anew */
};

/* Probing of a closed window. */
struct orc_persist {
    bool on;            /* something waited for the window at the last rest */
    bool exact;         /* the round below is known exactly */
    bool handed;        /* the timer runs as INIT handed it over */
    uint32_t least;     /* number of the round, counting answers to probes only */
    uint32_t most;      /* the same, counting every zero-window ACK */
    uint32_t probes;    /* unanswered ones of this round, those before INIT included */
    uint64_t opened_ns; /* the round was not opened before */
    uint64_t since_ns;  /* the timer was started at the latest */
    uint64_t last_ns;   /* last probe of the round */
    uint64_t gap_ns;    /* between the last two probes, or 0 */
    uint64_t waited_ns; /* for the first probe of the round, at least; or 0 */
    bool reopened;      /* the window has surely left zero in this step */
};

/* Keepalive, also that of a blind attack. */
struct orc_keepalive {
    bool known;              /* the bounds below hold */
    bool handed, updated;    /* INIT, an UPD started it */
    bool blind, blind_maybe; /* a challenge surely, possibly started it */
    bool reported;           /* its end was reported */
    bool challenged;         /* something that may be challenged came since the last segment */
    bool closing;            /* a blind check may have ended at an upload request */
    bool recounted;          /* an UPD zeroed the counter */
    uint32_t answer_step;    /* step + 1 in which a challenge is due */
    uint32_t least, most;    /* probes unanswered */
    uint64_t from_ns;        /* where the time below begins, and how long it is */
    uint64_t wait_ns;
    uint64_t low_ns, high_ns; /* the next probe, or the end, comes between */
    uint64_t last_ns;         /* last probe */
};

struct orc_congestion {
    uint64_t window, uncut; /* most that cwnd can be; the same had nothing been lost */
    uint64_t threshold;     /* most that ssthresh can be */
    uint64_t window_step;   /* greatest value within the step */
    uint32_t dups;          /* duplicates since the last step that brought an advance */
    bool advanced;          /* this step did */
    bool cut;               /* a loss was seen */
    uint64_t idle;          /* most in flight before the next ACK, or 0: no restart */
    uint64_t reported;      /* CWnd as last reported, or 0: it may have been cut since */
    uint64_t fed;           /* bytes acknowledged since while all of it was in use */
};

#define ORC_SCOREBOARD_MAX 32u
struct orc_scoreboard { /* ranges that the peer surely reported, sorted, disjoint */
    int64_t begin[ORC_SCOREBOARD_MAX], end[ORC_SCOREBOARD_MAX];
    uint32_t count;
    bool full; /* some had no room */
};

struct orc_recovery {
    uint32_t dups_sure, dups_possible; /* since SND.UNA moved */
    uint32_t dups_step;                /* most within the step */
    int64_t edge;                      /* end of what was sent at the last loss event; -1 = none */
    int64_t resend;                    /* bytes below may be sent again without more evidence */
    int64_t resent;       /* the segment of SND.UNA that was sent again in this recovery, or -1 */
    uint32_t resent_step; /* step + 1 in which SND.UNA was sent again since something came */
    bool on;              /* a fast retransmission was seen, not all of it is acknowledged */
    bool perhaps;         /* the same may be so */
    bool timed;           /* a timeout was the last loss event, not all of it is acknowledged */
    bool excuse_step;     /* something allowed a retransmission within the step */
    bool fast_owed, hole_owed;
    int64_t owed_at;
    int64_t top;      /* highest byte + 1 that may have been reported held */
    uint32_t reports; /* blocks that came since SND.UNA moved */
    bool loose;       /* of them some that may or may not have been taken */
    struct orc_scoreboard scoreboard;
    struct orc_scoreboard again; /* bytes sent again in this recovery */
    int64_t half; /* least that the window is cut to, without what duplicates released */
};

struct orc_timing {
    bool closed_ever;    /* the peer's window was zero: the slot of the timer was another one's */
    bool on;             /* offloaded with numbers that are sane */
    bool not_judged;     /* frames were refused or held: nothing is judged until the next INIT */
    uint32_t dirty_step; /* step + 1 in which something of the connection happened last */
    uint32_t parameters; /* settings of the operating parameters that the measures go by */
    uint32_t begun_parameters;
    uint32_t adapter;                 /* changes of the adapter seen at INIT */
    uint64_t begun_ns, begun_left_ns; /* INIT called and completed */
    uint64_t received_sure_ns,
        received_ns;    /* last segment that surely, that possibly was acceptable */
    uint64_t sent_ns;   /* last frame */
    uint64_t data_ns;   /* last data */
    uint32_t sent_step; /* step + 1 of the last data frame */
    uint64_t fin2_ns;   /* FIN_WAIT_2 surely entered, or 0 */
    bool fin2_handed, fin2_warned, fin2_reported;
    bool stepped;      /* SndNxt may be below SndMax */
    uint32_t ts_value; /* TSval of the last frame, or TsTime */
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
    struct orc_rtt_bounds rtt_bounds;
    struct orc_rto rto;
    struct orc_persist persist;
    struct orc_keepalive keepalive;
    struct orc_congestion congestion;
    struct orc_recovery recovery;
    struct orc_flight flight;
};

#endif
