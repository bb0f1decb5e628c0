/* SPDX-License-Identifier: MIT
 *
 * The send ledger of a connection: what the host handed down, what was sent, what the peer
 * acknowledged and which window it announced. Offsets and sureness as in ledger/stream.h.
 */
#ifndef ORACLE_LEDGER_SENDS_H
#define ORACLE_LEDGER_SENDS_H

#include "oracle/base/bytes.h"
#include "oracle/model/connections.h"

/* The send ledger of a connection. */
struct orc_send {
    struct orc_ring bytes;
    uint32_t sequence; /* of offset 0 */
    int64_t handed;    /* end of everything handed down */
    int64_t fin;       /* offset of our FIN, or INT64_MAX: none asked for */
    bool fin_asked;    /* a graceful DISC or a state that implies it */
    bool fin_sent;     /* seen on the wire, or before INIT */
    int64_t max_least; /* end of what the wire accepted */
    int64_t max;       /* end of what may count as sent */
    int64_t tried;     /* the same with what the wire gave back to be sent later */
    int64_t una_sure, una_sure_step;
    int64_t una_possible; /* highest plausible ACK */
    uint64_t una_time_ns; /* when una_sure last moved */
    int64_t failed;       /* start of the first list that failed, or INT64_MAX */
    uint32_t failed_event;
    uint32_t partial;    /* lists advanced in part */
    int64_t upl_from;    /* un-ACKed bytes given back with UPLOAD_IN_PROGRESS */
    uint64_t window;     /* bytes, as last surely announced */
    uint64_t max_window; /* largest that may have been announced */
    uint64_t max_window_sure, max_window_step; /* largest that certainly was, as of the last rest */
    int64_t window_ack;                        /* send offset that the same segment acknowledged */
    int64_t window_from; /* receive offset of the segment that may have set it last */
    bool window_sure;
    bool closed_perhaps; /* by a segment like the one before, which may be taken for an older one */
    uint32_t order_warned;
    bool blind;   /* content of the chain at INIT is not known */
    bool dis_upl; /* a DISC was completed while sends before it were pending */
    uint32_t dis_upl_event;
    uint64_t ok_due_ns;
};

void orc_send_fresh(struct orc_conn *c); /* orc_checker.fresh */

/* SND.UNA is known exactly. */
static inline bool orc_una_exact(const struct orc_conn *c)
{
    return c->send->una_sure == c->send->una_possible;
}

/* The window is known, and whether it is closed. */
static inline bool orc_window_closed(const struct orc_conn *c)
{
    return c->send->window_sure && c->send->window == 0;
}

static inline bool orc_window_open(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    int64_t edge = s->una_sure + (int64_t)s->window;
    return s->window_sure && s->window > 0 && edge >= s->max - (s->fin_sent && s->fin >= 0);
}

#endif
