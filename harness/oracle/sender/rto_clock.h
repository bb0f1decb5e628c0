/* SPDX-License-Identifier: MIT
 *
 * The retransmission timer as far as it is known: when it may and when it must run out.
 */
#ifndef ORACLE_SENDER_RTO_CLOCK_H
#define ORACLE_SENDER_RTO_CLOCK_H

#include "oracle/model/connections.h"

/* The retransmission timer. */
struct orc_rto {
    bool armed;               /* the series below is known exactly */
    bool handed;              /* it still runs as INIT handed it over */
    bool anew;                /* a fast retransmission may have started it anew */
    bool quiet;               /* a timeout: the earliest segment only, until something arrives */
    bool closed;              /* a zero window came: the count may have begun anew with probes */
    bool loose;               /* something may have called for a retransmission before the timer */
    bool doubted;             /* it may have run out since something perhaps moved SND.UNA */
    uint32_t timeouts;        /* since SND.UNA moved, without those before INIT */
    uint32_t backoffs;        /* at most: since the last sure sample, those before INIT included */
    uint32_t backoffs_before; /* the same when the target began to be hindered, */
    uint64_t hindered_ns;     /* which was then */
    uint64_t since_ns;        /* when it may have been started last */
    uint64_t first_ns;        /* first timeout of the series, or 0 */
    uint64_t last_ns;         /* last timeout of the series */
    uint64_t gap_ns;          /* between the last two timeouts, or 0 */
    uint64_t total_ns;        /* TotalRT counts from here on, or 0: from the first transmission */
    uint64_t total_most_ns;   /* it counts at the latest from here on, or 0: from a timeout */
    uint64_t total_before;    /* counted before that, ns */
    uint64_t total_perhaps;   /* the same, of a time handed over with nothing outstanding, ns */
    bool total_updated;       /* an UPD started it anew */
};

/* Timeouts of the series, those before INIT included. */
uint32_t orc_rto_count(const struct orc_conn *c);
/* At the latest: the next expiry. */
uint64_t orc_rto_due(const struct oracle *o, const struct orc_conn *c);

/* At the earliest: the first expiry of a timer that was handed over. */
uint64_t orc_rto_handed_due(const struct oracle *o, const struct orc_conn *c);
/* The first timeout of a series is not due before, as far as one can say; 0 = one cannot. */
uint64_t orc_rto_first_due(const struct oracle *o, const struct orc_conn *c);
/* ns doubled shift times, up to the most that a timeout may be. */
uint64_t orc_rto_backed_off(uint64_t ns, uint32_t shift);
/* What was left of the timer when it was handed over; a rate of the host's ticks that was set anew
 * since may or may not have been taken for it. */
uint64_t orc_rto_handed_least_ns(const struct oracle *o, const struct orc_conn *c);
/* The same by the slower of the two rates. */
uint64_t orc_rto_handed_most_ns(const struct oracle *o, const struct orc_conn *c);

/* The timer may run out in this moment, whatever else happens in it. */
bool orc_rto_now(const struct oracle *o, const struct orc_conn *c);
/* The timer may have run out already, or may run out in this moment. */
bool orc_rto_may_have_run(const struct oracle *o, const struct orc_conn *c);
/* Something is outstanding that the retransmission timer surely serves. */
bool orc_rto_runs(const struct orc_conn *c);
/* It has run out in this moment by what the state shows, ahead of what is to be sent for it. */
bool orc_rto_expired(const struct oracle *o, const struct orc_conn *c,
                     const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
