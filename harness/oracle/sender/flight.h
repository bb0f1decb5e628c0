/* SPDX-License-Identifier: MIT
 *
 * When which bytes were sent, the round trips that can have been measured, and the bounds of the
 * RTO.
 */
#ifndef ORACLE_SENDER_FLIGHT_H
#define ORACLE_SENDER_FLIGHT_H

#include "oracle/ledger/segment_events.h"
#include "oracle/model/connections.h"

/* Bytes sent together for the first time; they begin where the entry before ends. */
struct orc_transmission {
    int64_t end;
    uint64_t first_ns, last_ns;
    bool again;
};

struct orc_flight {
    struct orc_transmission *sent; /* a ring, in the order of offsets */
    uint32_t room, head, count;
    bool sampled;       /* the last segment surely gave a sample */
    uint64_t broken_ns; /* last retransmission or window probe, or 0 */
    uint64_t late_ns;   /* most that a round trip can have seemed, of an ACK looked at later */
    uint64_t held_from_ns, held_until_ns; /* what was first sent then may have been tried before */
};

/* Least and greatest round trip that can have been measured since INIT. */
struct orc_rtt_bounds {
    uint64_t least_ns, most_ns;           /* any transmission of any byte acknowledged */
    uint64_t once_least_ns, once_most_ns; /* bytes sent once, and echoes */
    bool any, once;
    bool whole; /* a segment was surely acknowledged to its end */
};

void orc_flight_begin(struct oracle *o, struct orc_conn *c);
/* [begin, end) was sent, FIN included, now. */
void orc_flight_sent(struct oracle *o, struct orc_conn *c, int64_t begin, int64_t end);
/* Takes what a segment acknowledges; flight->sampled says whether that surely gave a sample. */
void orc_flight_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h);
/* When the earliest outstanding byte was first sent; false: nobody here knows. */
bool orc_flight_first(const struct orc_conn *c, uint64_t *first_ns);
void orc_flight_fresh(struct orc_conn *c);
void orc_flight_hindered(struct oracle *o, struct orc_conn *c);
/* Some round trip may have been measured, or was handed over. */
bool orc_rtt_known(const struct oracle *o, const struct orc_conn *c);
/* The least that the retransmission timeout can be now, ns, without back-off. */
uint64_t orc_rto_least(const struct oracle *o, const struct orc_conn *c);
/* The most, likewise. */
uint64_t orc_rto_most(const struct oracle *o, const struct orc_conn *c);
void orc_rtt_judge(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d);

#endif
