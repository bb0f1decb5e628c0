/* SPDX-License-Identifier: MIT
 *
 * The most that the congestion window can be, whatever a target counts. Limited
 * transmit is allowed for.
 */
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/congestion/pipe.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/calls.h"
#include "oracle/report/report.h"
#include "oracle/sender/flight.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"

#define INITIAL_SEGMENTS 10
#define STRETCH 4u /* segments that one ACK may count for in slow start */
#define LIMITED 2u /* segments of limited transmit */
#define WINDOW_MOST (1ull << 40)

static uint64_t full_size(struct oracle *o, const struct orc_conn *c)
{
    int64_t least, most;
    orc_full_sizes(o, c, &least, &most);
    return (uint64_t)most;
}

void orc_congestion_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_congestion *g = c->congestion;
    g->window = orc_most(c->sender->handed.CWnd, full_size(o, c));
    g->uncut = g->window_step = g->window;
    g->threshold = c->sender->handed.SsThresh;
}

static uint64_t grown(uint64_t window, uint64_t threshold, uint64_t bytes, uint64_t full)
{
    uint64_t step;
    if (window <= threshold + STRETCH * full) {
        step = orc_most(orc_least(bytes, STRETCH * full), full * full / window + 1);
    } else {
        step = full * orc_most(full, bytes) / window + 1;
    }
    return orc_least(window + step, WINDOW_MOST);
}

void orc_congestion_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_congestion *g = c->congestion;
    /* Of ACKs that may not have been taken a later one counts what they would have. */
    bool progress = h->ack > h->una_sure_before && h->ack <= c->send->max;
    /* What one of them may have said already is a duplicate then. */
    bool again = !progress || h->ack <= h->una_before;
    g->dups += again;
    g->advanced = g->advanced || (!again && h->sure);
    if (!progress && !c->recovery->on && !c->recovery->perhaps) {
        return;
    }
    uint64_t full = full_size(o, c);
    if (progress) {
        uint64_t bytes = (uint64_t)(h->ack - h->una_sure_before);
        g->uncut = grown(g->uncut, WINDOW_MOST, bytes, full);
        g->window = c->recovery->on ? g->window : grown(g->window, g->threshold, bytes, full);
        g->idle = 0;
    }
    if (again && (c->recovery->on || c->recovery->perhaps)) {
        g->window += full;
        g->uncut += full;
    }
    g->window_step = orc_most(g->window_step, g->window);
}

/* Each may have widened the window by a segment; what comes in one call is known before the first
 * of it has its effect, so those behind an advance count too. */
static uint64_t dups(const struct orc_conn *c)
{
    return orc_most(c->recovery->dups_step, c->congestion->dups);
}

/* The most that ssthresh can be after a loss of now; of what is in flight, so much does not count.
 */
static uint64_t halved(struct oracle *o, const struct orc_conn *c, uint64_t limited)
{
    const struct orc_send *s = c->send;
    uint64_t flight = (uint64_t)(s->max - s->una_sure_step);
    flight = flight > limited ? flight - limited : 0;
    uint64_t window = orc_least(c->congestion->window, s->max_window);
    return orc_most(2 * full_size(o, c), orc_most(flight, window) / 2);
}

void orc_congestion_lost(struct oracle *o, struct orc_conn *c, bool timeout, bool repeated)
{
    struct orc_congestion *g = c->congestion;
    uint64_t full = full_size(o, c);
    if (!repeated) { /* what duplicates released counts for a timeout alone (RFC 5681) */
        g->threshold = halved(o, c, timeout ? 0 : g->limited);
    }
    g->limited = 0;
    g->window = timeout ? full : g->threshold + full * dups(c);
    g->window_step = orc_most(g->window_step, g->window);
    g->cut = true;
}

/* Perhaps a loss: ssthresh may have been set anew, nothing is surely less than before. */
void orc_congestion_doubted(struct oracle *o, struct orc_conn *c)
{
    struct orc_congestion *g = c->congestion;
    g->doubted = true;
    g->threshold = orc_most(g->threshold, halved(o, c, 0));
    g->window = orc_most(g->window, g->threshold + full_size(o, c) * dups(c));
    g->window_step = orc_most(g->window_step, g->window);
}

void orc_congestion_recovered(struct oracle *o, struct orc_conn *c)
{
    struct orc_congestion *g = c->congestion;
    g->window = g->threshold + full_size(o, c);
}

/* More duplicates than it takes came one by one: they began a recovery, or could not. */
static bool reached(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    uint32_t dups = c->recovery->dups_sure;
    bool calm = t->received_step != o->steps + 1 || t->received_count == 1;
    bool sack = c->flags & TCP_FLAG_SACK_ENABLED;
    return dups > o->parameters->dup_threshold && dups > o->parameters->dup_threshold_old && calm &&
           !sack;
}

/* Duplicates may have widened the window before anything was sent again, or at a retransmission of
 * which it is not known what called for it. */
static uint64_t widest(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_congestion *g = c->congestion;
    const struct orc_recovery *r = c->recovery;
    bool known = r->on && reached(o, c),
         many = g->dups >= o->parameters->dup_threshold || r->unseen;
    return known || !many ? g->window_step
                          : orc_most(g->window_step, halved(o, c, 0) + full_size(o, c) * dups(c));
}

static void judge_flight(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f,
                         uint64_t allowed, uint64_t uncut)
{
    int64_t end = f->begin + f->packet->tcp.length;
    uint64_t flight = orc_pipe_least(o, c, c->recovery->on && !f->fresh ? c->send->max : end);
    bool cut = c->congestion->cut && flight <= uncut;
    orc_ran(o, ORC_WIRE_CC_1);
    if (c->congestion->cut) {
        orc_ran(o, ORC_WIRE_CC_2);
    }
    if (flight > allowed) {
        orc_fail(o, orc_ordinal(o, c), cut ? ORC_WIRE_CC_2 : ORC_WIRE_CC_1,
                 orc_text(o, "at most %llu bytes in flight, by the congestion window%s",
                          (unsigned long long)allowed, cut ? " after a loss" : ""),
                 orc_text(o, "%llu with bytes %lld to %lld", (unsigned long long)flight,
                          (long long)f->begin, (long long)end));
    }
}

static void judge_idle(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint64_t wait = orc_rto_most(o, c) + orc_slack_ns(o);
    bool alone = orc_una_exact(c) && s->una_sure == s->max;
    if (alone && o->event->time_ns > t->data_ns + wait) {
        c->congestion->idle = INITIAL_SEGMENTS * full_size(o, c);
    }
    if (!c->congestion->idle) {
        return;
    }
    uint64_t flight = orc_pipe_least(o, c, f->begin + f->packet->tcp.length);
    orc_ran(o, ORC_WIRE_IDLE_1);
    if (flight > c->congestion->idle) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_IDLE_1,
                 orc_text(o, "at most %llu bytes in the first burst after idling",
                          (unsigned long long)c->congestion->idle),
                 orc_text(o, "%llu", (unsigned long long)flight));
    }
}

/* Duplicates below the threshold may each release a segment (RFC 3042). */
static uint64_t limited(const struct oracle *o, const struct orc_conn *c)
{
    return c->recovery->dups_step && !reached(o, c) ? LIMITED : 0;
}

/* What is beyond the window only a duplicate released. */
static void note_limited(struct orc_conn *c, const struct orc_sent *f, uint64_t allowed)
{
    const struct orc_recovery *r = c->recovery;
    struct orc_congestion *g = c->congestion;
    uint64_t flight = (uint64_t)(f->begin + f->packet->tcp.length - c->send->una_sure);
    uint64_t over = flight > allowed ? flight - allowed : 0;
    bool released = r->dups_sure && !r->on && !r->timed && orc_una_exact(c);
    uint64_t now = orc_least(over, f->packet->tcp.length); /* more may have been handed over */
    g->limited = released ? orc_least(over, g->limited + now) : 0;
}

void orc_congestion_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_recovery *r = c->recovery;
    uint64_t full = full_size(o, c), more = full + limited(o, c) * full;
    bool sack = c->flags & TCP_FLAG_SACK_ENABLED;
    if (!f->packet->tcp.length || f->packet->tcp.length == 1 || (r->timed && sack)) {
        return;
    }
    /* It may stand for the earliest byte, by an ACK that was taken or by one that was not. */
    bool first = f->begin >= c->send->una_sure && f->begin <= c->send->una_possible;
    bool repair = sack && r->on && !r->loose && !first;
    if (f->fresh) {
        judge_idle(o, c, f);
    } else if (repair) {
        orc_ran(o, ORC_WIRE_SACK_2); /* the first is sent whatever the window */
    } else if (!r->timed || first || !orc_window_open(c)) {
        return; /* what is sent again is bounded only after a timeout */
    }
    if (f->fresh) {
        note_limited(c, f, widest(o, c) + full);
    }
    if (!orc_in_batch(o)) {
        judge_flight(o, c, f, widest(o, c) + more, c->congestion->uncut + more);
    }
}

/* The most that ssthresh can be: a loss, or a timeout, of which nothing was sent again yet cuts it.
 */
static uint64_t highest(struct oracle *o, const struct orc_conn *c,
                        const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    uint64_t threshold = c->congestion->threshold;
    bool cut = c->recovery->unseen || orc_rto_expired(o, c, d);
    return cut ? orc_most(threshold, halved(o, c, 0)) : threshold;
}

void orc_congestion_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_congestion *g = c->congestion;
    uint64_t full = full_size(o, c), most = widest(o, c) + full;
    uint32_t ordinal = orc_ordinal(o, c);
    orc_ran(o, ORC_WIRE_CC_1);
    orc_ran(o, ORC_WIRE_CC_2);
    if (d->CWnd > most && orc_una_exact(c)) {
        orc_fail(o, ordinal, g->cut && d->CWnd <= g->uncut + full ? ORC_WIRE_CC_2 : ORC_WIRE_CC_1,
                 orc_text(o, "CWnd at most %llu", (unsigned long long)most),
                 orc_text(o, "%u", d->CWnd));
    } else if (d->SsThresh > highest(o, c, d)) {
        orc_fail(o, ordinal, ORC_WIRE_CC_2,
                 orc_text(o, "SsThresh at most %llu", (unsigned long long)highest(o, c, d)),
                 orc_text(o, "%u", d->SsThresh));
    }
}
