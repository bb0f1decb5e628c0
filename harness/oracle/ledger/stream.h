/* SPDX-License-Identifier: MIT
 *
 * The receive ledger of a connection: which bytes have arrived, which the target surely accepted,
 * what it has delivered and acknowledged. An *offset* is a 64-bit position in the stream: 0 is the
 * first byte of BufferedData (or RcvNxt without it) on the receive side and SndUna of the initiate
 * on the send side. A *sure* quantity is one that a right target must have reached; a *possible*
 * one is the most that it can have reached. Between the two nobody judges. Intervals are half open.
 */
#ifndef ORACLE_LEDGER_STREAM_H
#define ORACLE_LEDGER_STREAM_H

#include "ndis/tap.h"
#include "oracle/base/bytes.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/connections.h"

/* A span of arrived bytes beyond a hole. */
struct orc_range {
    int64_t begin, end;
};

struct orc_alternate {
    int64_t begin;
    uint32_t length, at; /* place in the connection's alternate bytes */
};

#define ORC_FINS 4

#define ORC_RSTS 8

/* The receive ledger of a connection. */
struct orc_receive {
    struct orc_ring bytes;   /* first copies */
    struct orc_range *range; /* arrived beyond `possible`, sorted, disjoint */
    uint32_t ranges, range_room;
    struct orc_alternate *alternate;
    uint32_t alternates, alternate_room;
    uint8_t *alternate_bytes;
    uint32_t alternate_used, alternate_bytes_room;
    uint32_t sequence;     /* sequence number of offset 0 */
    int64_t start;         /* offset of RcvNxt at INIT */
    int64_t delivered;     /* consumed by completions and accepted indications */
    int64_t sure;          /* certainly accepted: below this */
    int64_t sure_step;     /* the same at the end of the last step */
    int64_t possible;      /* contiguous end of what arrived */
    int64_t possible_term; /* the same when TERM had returned, or -1 */
    int64_t acked;         /* highest ACK sent, FIN included */
    int64_t acked_sent;    /* the same, of those that the wire took */
    uint32_t acked_event;
    uint8_t acked_cpu;
    int64_t edge; /* highest right edge advertised */
    uint32_t edge_event;
    int64_t handed_edge;   /* right edge handed over at INIT */
    int64_t largest_edge;  /* beyond this nothing can have been acceptable */
    int64_t fin[ORC_FINS]; /* where a FIN may stand */
    uint32_t fins;
    int64_t fin_sure; /* offset of the FIN certainly accepted, or -1 */
    int64_t fin_sure_step;
    bool fin_before;  /* it was accepted before INIT */
    bool fin_lenient; /* too many to remember */
    int64_t rst[ORC_RSTS];
    uint32_t rsts;
    bool rst_lenient;
    bool rst_possible, rst_sure, syn_possible;
    bool urgent_possible;
    int64_t urgent_limit;     /* nothing above it may be ACKed or delivered; -1 = none */
    bool lossy;               /* bytes were not kept: contents are not judged */
    uint32_t ts_recent_least; /* TsRecent is at least this */
    uint32_t ts_highest;      /* highest TSval seen */
    bool ts_known;
    uint64_t ts_time_ns;        /* when ts_recent_least was taken */
    uint32_t arrivals;          /* segments with data taken into the ledger */
    uint32_t overlaps;          /* of them those that brought bytes known before */
    uint64_t nonempty_since_ns; /* since when undelivered bytes may have been there */
    uint64_t last_arrival_ns;
    uint32_t nonempty_event, last_arrival_event;
    int64_t push_end;    /* PSH seen at this offset: highest, possible */
    int64_t push_due;    /* sure PSH segment that placed data in a request this step, or -1 */
    bool refused;        /* indications are disarmed until a POST */
    bool sure_data_step; /* new sure data in this step */
    bool outlet_step;    /* some delivery in this step */
    bool raced_indicate, raced_complete; /* post or data came while a delivery was open */
    bool posted_step, zero_posted;
    bool shorted; /* for lack of memory some of what arrived may be gone, acknowledged or not */
    uint32_t arrived_step; /* step + 1 of the last segment */
    bool healed;           /* a hole was filled */
    bool parted;           /* the host took a part of the last indication */
    bool buffered_before_post;
    bool consumed_step;       /* the host consumed in this step */
    int64_t posted_bytes;     /* of the requests that wait */
    uint32_t answerable_step; /* segments of this step that may be answered */
    uint32_t delivered_event; /* the last delivery */
};

void orc_receive_fresh(struct orc_conn *c);                      /* orc_checker.fresh */
void orc_receive_hindered(struct oracle *o, struct orc_conn *c); /* orc_checker.hindered */

/* Whether all of [begin, end) has arrived without a hole in it. */
bool orc_stream_holds(const struct orc_receive *r, int64_t begin, int64_t end);
/* Whether the byte at the offset has arrived. */
bool orc_stream_known(const struct orc_receive *r, int64_t offset);
/* Takes bytes into the ledger, whose memory grows from `memory`; true if some were new. */
bool orc_stream_add(struct orc_memory *memory, struct orc_receive *r, int64_t begin,
                    const uint8_t *bytes, uint32_t length);
/* Judges bytes that the target hands to the host as the next ones of the stream. */
void orc_stream_judge(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                      uint32_t offset, uint32_t length, const char *what);
/* The host has taken so many bytes, the next ones of the stream. */
void orc_stream_consume(struct oracle *o, struct orc_conn *conn, uint32_t length);

/* Some of what arrived may be gone for lack of memory. */
static inline bool orc_shorted(const struct oracle *o, const struct orc_receive *r)
{
    return r->shorted || orc_waived(o);
}

static inline int64_t orc_receive_offset(const struct orc_receive *r, uint32_t sequence)
{
    uint32_t reference = r->sequence + (uint32_t)r->possible;
    return r->possible + (int32_t)(sequence - reference);
}

/* The end of what the target has acknowledged, and so accepted, FIN excluded. */
int64_t orc_accepted(const struct orc_receive *r);
/* Whether a FIN may stand at the offset. */
bool orc_fin_at(const struct orc_receive *r, int64_t offset);

static inline bool orc_fin_possible(const struct orc_receive *r, int64_t offset)
{
    return r->fin_before || r->fin_lenient || (r->fins && orc_fin_at(r, offset));
}

int64_t orc_fin_first(const struct orc_receive *r); /* INT64_MAX when none */

/* A segment that the host forwarded before this one waits to be looked at, perhaps behind it. */
static inline bool orc_forward_waits(const struct oracle *o, const struct orc_conn *c)
{
    bool itself = o->event->fn == TAP_NBL; /* this one is forwarded too */
    return c->forwards.count > itself;
}

/* The same, or this one is forwarded while resources fail, and looked at behind later ones. */
static inline bool orc_forward_late(const struct oracle *o, const struct orc_conn *c)
{
    return orc_forward_waits(o, c) || (o->event->fn == TAP_NBL && orc_waived(o));
}

#endif
