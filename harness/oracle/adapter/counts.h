/* SPDX-License-Identifier: MIT
 *
 * The statistics, recounted from the wire.
 *
 * Knows: bounds of every counter since it was last zeroed.
 * Asked: at every frame of a connection, at its begin and reset, and when statistics are shown.
 * Excuses: a frame of which it is not sure that it counts: it widens the bounds. Whether a card is
 *   asked or a copy of its counters that is not two seconds old is the target's choice.
 */
#ifndef ORACLE_ADAPTER_COUNTS_H
#define ORACLE_ADAPTER_COUNTS_H

#include "ndis/tap.h"
#include "oracle/model/connections.h"
#include "oracle/wire/wire_parse.h"

/* A counter lies between these; counters wrap, so only differences are compared. */
struct orc_count {
    uint64_t least, most;
};

/* One interface's statistics of one IP version, since they were last zeroed. */
struct orc_count_set {
    struct orc_count in, out, again, resets;            /* TCP */
    struct orc_count cut;                               /* connections, by a reset */
    struct orc_count received, sent, octets, in_octets; /* IP */
};

/* What had been counted two seconds ago, or before that. */
struct orc_counted {
    struct orc_count_set then, next; /* next takes its place when it is old enough */
    uint32_t then_event, next_event;
    uint64_t next_ns, changed_ns;
};

struct orc_counts {
    struct orc_count_set of[2];    /* IPv4, IPv6 */
    struct orc_counted counted[2]; /* the same */
};

/* A frame from the wire named the connection; certain: it surely counts. */
void orc_counts_in(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                   bool certain);
/* The host forwarded a segment to it: it is counted as received once more. */
void orc_counts_forwarded(struct oracle *o, const struct orc_conn *c);
/* A frame of the connection was transmitted; begin is the send offset of its text, sent that the
 * wire took it. */
void orc_counts_out(struct oracle *o, const struct orc_conn *c, const struct orc_packet *packet,
                    int64_t begin, bool sent);
/* The connection was offloaded: from now on its frames are counted. */
void orc_counts_begin(struct oracle *o, const struct orc_conn *c);
/* The connection was reset, by either end. */
void orc_counts_abort(struct oracle *o, const struct orc_conn *c);
/* A connection is uploaded in this state. */
void orc_counts_gone(struct oracle *o, const struct orc_conn *c,
                     TCP_OFFLOAD_CONNECTION_STATE state);
void orc_counts_request(struct oracle *o, const struct tap_event *ev);

#endif
