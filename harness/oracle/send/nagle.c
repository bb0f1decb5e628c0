/* SPDX-License-Identifier: MIT
 *
 * Small segments: when they must wait, and how long they may.
 */
#include "oracle/send/nagle.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/parameters.h"
#include "oracle/report/report.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/ledger/faults.h"
#include "oracle/sender/sender.h"

#define OPTIONS_MOST 40
#define RTO_LEAST_NS (ORC_NS_PER_SECOND * 3 / 10)

static bool nagle_on(const struct orc_conn *c)
{
    return c->cached.Flags & c->cached_old.Flags & TCP_FLAG_NAGLING_ENABLED;
}

/* Only asked of a segment that is wrong anyhow, so a walk does no harm. */
static bool ends_request(const struct oracle *o, const struct orc_conn *c, int64_t end)
{
    for (uint32_t id = c->sends.head; id != ORC_NONE; id = o->lists->nbl[id].next) {
        if (o->lists->nbl[id].end == end) {
            return true;
        }
    }
    return end == c->send->handed;
}

void orc_nagle_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    const struct orc_tcp *tcp = &f->packet->tcp;
    int64_t least, most, end = f->begin + tcp->length;
    if (!tcp->length || f->begin < s->max) {
        return;
    }
    orc_full_sizes(o, c, &least, &most);
    if (tcp->length + tcp->options >= least) {
        return;
    }
    bool another = t->small_end > s->una_possible;
    t->small_end = end;
    if (!nagle_on(c)) {
        return;
    }
    orc_ran(o, ORC_WIRE_NAG_1);
    bool cut = end >= t->edge_now && 2ull * tcp->length >= s->max_window_sure;
    bool probe = tcp->length == 1 && !orc_window_open(c);
    if (!another || (tcp->flags & TCP_FIN) || f->spontaneous || cut || probe) {
        return;
    }
    (ends_request(o, c, end) ? orc_warn : orc_fail)(
        o, orc_ordinal(o, c), ORC_WIRE_NAG_1, "no second small segment while one is unacknowledged",
        orc_text(o, "%u bytes at %lld; acknowledged up to %lld", tcp->length, (long long)f->begin,
                 (long long)s->una_possible));
}

/* After a timeout, also one before the hand-over, nothing new goes until an ACK comes (WIRE-RTO-2).
 * Where nothing was lost a congestion window has room for one segment. */
static bool nothing_lost(const struct orc_conn *c)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_rto *rto = c->rto;
    bool lossless = !r->on && !r->perhaps && !r->timed && r->resend < 0;
    return lossless && rto->armed && !orc_rto_count(c) && !rto->closed;
}

/* The congestion window has surely room for so many bytes in flight and an empty segment more: they
 * are one segment, or so few by bytes and by number that the window handed over takes another one,
 * and no timer can have run out or found the connection idle since. */
static bool window_has_room(const struct oracle *o, const struct orc_conn *c, int64_t flight,
                            int64_t least, int64_t most)
{
    const struct orc_sender *t = c->sender;
    int64_t segments = flight / least + 2 + c->sends.count;
    bool lost = c->congestion->cut || c->congestion->doubted;
    bool young = o->event->time_ns < t->begun_ns + RTO_LEAST_NS && !lost;
    return flight < least || (young && segments * most <= (int64_t)t->handed.CWnd);
}

/* A FIN does not wait for what is outstanding, nor for Nagle. */
static void judge_fin_waits(struct oracle *o, const struct orc_conn *c, int64_t least, int64_t most)
{
    const struct orc_send *s = c->send;
    int64_t flight = s->max - s->una_sure;
    bool waits = s->fin_asked && !s->fin_sent && s->max == s->handed && s->tried == s->max;
    bool open = s->window_sure && flight < (int64_t)s->window && c->sender->edge_now > s->handed;
    bool known = orc_una_exact(c) && !s->blind && !c->sender->stepped && nothing_lost(c);
    if (!waits || !open || !known || flight <= 0 || !window_has_room(o, c, flight, least, most)) {
        return;
    }
    orc_ran(o, ORC_DISC_FIN_1);
    orc_fail(o, orc_ordinal(o, c), ORC_DISC_FIN_1,
             "the FIN sent in the step of the disconnect, without waiting for acknowledgements",
             orc_text(o, "none; all %lld bytes are sent, %lld unacknowledged, the window is %llu",
                      (long long)s->max, (long long)flight, (unsigned long long)s->window));
}

/* Without Nagle what ends a request goes beside what is outstanding, where the congestion window
 * has room for all of it. */
static void judge_small(struct oracle *o, const struct orc_conn *c, int64_t least, int64_t most)
{
    const struct orc_send *s = c->send;
    int64_t whole = s->handed - s->una_sure;
    bool off = !((c->cached.Flags | c->cached_old.Flags) & TCP_FLAG_NAGLING_ENABLED);
    bool open = s->window_sure && whole <= (int64_t)s->window && c->sender->edge_now >= s->handed;
    if (!off || !open || !orc_una_exact(c) || s->blind || !nothing_lost(c) ||
        !window_has_room(o, c, whole, least, most)) {
        return;
    }
    orc_ran(o, ORC_WIRE_NAG_1);
    orc_fail(o, orc_ordinal(o, c), ORC_WIRE_NAG_1, "small segments sent at once without Nagle",
             orc_text(o, "%lld bytes wait", (long long)(s->handed - s->max)));
}

/* Nothing is outstanding, so that neither Nagle nor the congestion window stands in the way. */
void orc_nagle_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    int64_t least, most, queued = s->handed - s->max;
    bool quiet = orc_una_exact(c) && s->una_sure == s->max && !s->blind;
    orc_full_sizes(o, c, &least, &most);
    if (o->event->time_ns <= t->recover_ns) {
        return;
    }
    judge_fin_waits(o, c, least > OPTIONS_MOST ? least - OPTIONS_MOST : 1, most);
    if (queued > 0 && s->max > s->una_possible) {
        judge_small(o, c, least > OPTIONS_MOST ? least - OPTIONS_MOST : 1, most);
    }
    if (queued <= 0 || !quiet || !s->window_sure || !s->window) {
        t->small_since_ns = 0;
        return;
    }
    uint64_t now = o->event->time_ns,
             wait = orc_ticks_ns(o, o->parameters->sws_ticks) + orc_slack_ns(o);
    int64_t window = (int64_t)s->window;
    if (queued <= window && queued <= least) {
        orc_ran(o, ORC_WIRE_NAG_1);
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_NAG_1,
                 "bytes that the window admits sent in the step in which nothing is outstanding",
                 orc_text(o, "%lld bytes wait", (long long)queued));
        return;
    }
    if (window >= most || 2 * s->window >= s->max_window) { /* worth sending as it is */
        orc_ran(o, ORC_TMR_SWS_1);
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_SWS_1,
                 "a full segment, or half of the largest window, sent at once",
                 orc_text(o, "%lld bytes wait, the window is %lld", (long long)queued,
                          (long long)window));
        return;
    }
    if (!t->small_since_ns || t->small_at != s->max || t->small_window != s->window) {
        t->small_since_ns = now;
        t->small_at = s->max;
        t->small_window = s->window;
    }
    orc_ran(o, ORC_TMR_SWS_1);
    if (now > t->small_since_ns + wait) {
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_SWS_1,
                 orc_text(o, "what a small window admits sent within %llu ms",
                          (unsigned long long)(wait / ORC_MS)),
                 orc_text(o, "%lld bytes wait, the window is %lld", (long long)queued,
                          (long long)window));
        t->small_since_ns = now;
    } else {
        orc_watch(o, c, t->small_since_ns + wait + 1);
    }
}
