/* SPDX-License-Identifier: MIT
 *
 * What evidence allows or demands a retransmission before the timer.
 *
 * Knows: duplicates, sure and possible, the edge of the last loss, what was sent again since.
 * Asked: at each ACK, at each frame that repeats bytes, and at rest.
 * Excuses: retransmissions in a batch, after an update of the path, or in the moment of the
 *   timer.
 */
#ifndef ORACLE_CONGESTION_FAST_RETRANSMIT_H
#define ORACLE_CONGESTION_FAST_RETRANSMIT_H

#include "oracle/congestion/scoreboard.h"
#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

struct orc_recovery {
    uint32_t dups_sure, dups_possible; /* since SND.UNA moved */
    uint32_t dups_step;                /* most within the step */
    int64_t edge;                      /* end of what was sent at the last loss event; -1 = none */
    int64_t resend;                    /* bytes below may be sent again without more evidence */
    int64_t unseen_edge;  /* like edge, of a loss that an ACK in the same call ended; -1 = none */
    int64_t resent;       /* the segment of SND.UNA that was sent again in this recovery, or -1 */
    uint32_t resent_step; /* step + 1 in which SND.UNA was sent again since something came */
    bool on;              /* a fast retransmission was seen, not all of it is acknowledged */
    bool perhaps;         /* the same may be so */
    bool timed;           /* a timeout was the last loss event, not all of it is acknowledged */
    bool excuse_step;     /* something allowed a retransmission within the step */
    bool unseen;          /* a loss may have been noted of which nothing was sent again yet */
    bool fast_owed, hole_owed;
    bool
        moved_with_news; /* the ACK that moved SND.UNA last reported held data that was not known */
    bool fast_asked;     /* counting that one, the threshold is reached */
    int64_t owed_at;
    int64_t top;      /* highest byte + 1 that may have been reported held */
    uint32_t reports; /* blocks that came since SND.UNA moved */
    bool loose;       /* of them some that may or may not have been taken */
    struct orc_scoreboard scoreboard;
    struct orc_scoreboard again;  /* bytes sent again in this recovery */
    struct orc_scoreboard lately; /* bytes sent again since something came */
    int64_t half; /* least that the window is cut to, without what duplicates released */
};

void orc_recovery_begin(struct oracle *o, struct orc_conn *c);
void orc_recovery_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
void orc_recovery_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f);
/* Something was sent again and it is not known why: nothing before it is evidence any more. */
void orc_recovery_doubted(struct oracle *o, struct orc_conn *c);
/* The target was hindered: what was sent again nobody saw, what came may not have been taken. */
void orc_recovery_hindered(struct oracle *o, struct orc_conn *c);
/* A timeout: recovery begins anew from the earliest byte. */
void orc_recovery_timeout(struct oracle *o, struct orc_conn *c);
void orc_recovery_step(struct oracle *o, struct orc_conn *c);

#endif
