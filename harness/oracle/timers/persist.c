/* SPDX-License-Identifier: MIT
 *
 * A closed window is probed.
 */
#include "oracle/timers/persist.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/full_size.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/timers.h"

#define ROUNDS_JUDGED 7u
#define SHIFT_MAX 20u

static uint64_t shifted(uint64_t ns, uint32_t shift)
{
    return orc_least(ORC_RTO_MAX_NS, ns << (shift < SHIFT_MAX ? shift : SHIFT_MAX));
}

static bool active(const struct orc_conn *c)
{
    return orc_window_closed(c) && orc_una_exact(c) && orc_sender_pending(c) && !c->send->blind;
}

void orc_persist_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    bool runs = t->handed.Retransmit.TimeoutDelta != TCP_OFFLOAD_TIMER_NOT_RUNNING;
    (void)o;
    *c->persist = (struct orc_persist){.exact = t->handed.SndWnd == 0 && runs,
                                       .handed = runs,
                                       .least = t->handed.SndWndProbeCount,
                                       .most = t->handed.SndWndProbeCount,
                                       .probes = t->handed.Retransmit.Count,
                                       .opened_ns = t->begun_ns,
                                       .since_ns = t->begun_ns};
}

/* It has nothing to probe with: what is sent later may begin with a first round. */
static void stop_probing(const struct orc_conn *c, struct orc_persist *p)
{
    p->on = false;
    p->handed = p->handed && orc_sender_pending(c);
    if (!p->handed) {
        p->least = p->probes = 0;
        p->gap_ns = p->waited_ns = 0;
    }
}

/* What the host hands down from here on was not there to be probed with before. */
void orc_persist_asked(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *c = orc_conn(o, ev->conn);
    (void)call;
    if (c && c->phase == ORC_LIVE && !orc_sender_pending(c)) {
        stop_probing(c, c->persist);
    }
}

/* The window was closed before, and this says again that it is. */
static void closed_again(struct orc_persist *p, const struct orc_received *h, uint64_t now)
{
    bool answer = p->probes > 0;
    p->most++;
    p->since_ns = now;
    if (!answer) {
        p->exact = p->exact && !p->handed;
    } else if (h->sure && h->ack >= h->una_before) { /* an older one says nothing of the window */
        p->least++;
        p->probes = 0;
        p->opened_ns = now;
        p->gap_ns = p->waited_ns = 0;
        p->handed = false;
    } else {
        p->exact = false;
    }
}

/* It is not known to be closed, and may be. */
static void perhaps_closed(const struct orc_conn *c, struct orc_persist *p,
                           const struct orc_received *h, uint64_t now)
{
    if (h->tcp->window == 0) {
        p->perhaps_ns = p->perhaps++ ? p->perhaps_ns : now;
    } else if (h->sure && c->send->window_sure) {
        p->perhaps = 0;
        p->perhaps_ns = 0;
    }
}

void orc_persist_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_persist *p = c->persist;
    uint64_t now = o->event->time_ns;
    bool was = h->window_sure_before && h->window_before == 0;
    c->sender->closed_ever |= h->tcp->window == 0;
    c->rto->closed |= h->tcp->window == 0;
    if (!orc_window_closed(c)) {
        perhaps_closed(c, p, h, now);
        p->reopened = p->reopened || (was && p->on && orc_window_open(c) && orc_una_exact(c));
        p->exact = p->on = false;
    } else if (was) {
        closed_again(p, h, now);
    } else {
        *p = (struct orc_persist){
            .exact = h->sure && h->window_sure_before, .opened_ns = now, .since_ns = now};
    }
    if (!orc_sender_pending(c)) { /* more may wait at the next rest */
        stop_probing(c, p);
    }
}

static void judge_form(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_send *s = c->send;
    uint32_t length = f->packet->tcp.length;
    orc_ran(o, ORC_WIRE_ZWP_1);
    bool older = f->begin == s->una_possible && f->end <= s->max;
    if ((length <= 1 || older) && f->begin == s->una_possible) {
        return;
    }
    orc_fail(o, orc_ordinal(o, c), ORC_WIRE_ZWP_1,
             orc_text(o, "a window probe of one byte at %lld", (long long)s->una_possible),
             orc_text(o, "%u bytes at %lld", length, (long long)f->begin));
}

static void judge_time(struct oracle *o, const struct orc_conn *c, uint64_t since, uint64_t least,
                       enum orc_rule rule)
{
    uint64_t now = o->event->time_ns;
    orc_ran(o, ORC_TMR_PER_1);
    if (now + orc_slack_ns(o) < since + least) {
        orc_fail(
            o, orc_ordinal(o, c), rule,
            orc_text(o, "no window probe within %llu ms", (unsigned long long)(least / ORC_MS)),
            orc_text(o, "one after %llu ms", (unsigned long long)((now - since) / ORC_MS)));
    }
}

/* Nothing can have been measured since the round began: the timeout that the first probe waited
 * for, by the number of the round, is that of the repeats. */
static uint64_t repeat_least(const struct oracle *o, const struct orc_persist *p, uint64_t rto)
{
    uint32_t round = p->most < SHIFT_MAX ? p->most : SHIFT_MAX;
    uint64_t same = orc_less(p->waited_ns >> round, 2 * orc_slack_ns(o));
    return orc_most(shifted(rto, p->probes - 1), shifted(same, p->probes - 1));
}

static void probe(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    struct orc_persist *p = c->persist;
    uint64_t now = o->event->time_ns, rto = orc_rto_least(o, c);
    if (p->exact && p->handed) {
        uint64_t wait = orc_rto_handed_least_ns(o, c);
        orc_ran(o, ORC_TMR_PER_2);
        judge_time(o, c, t->begun_ns, wait,
                   orc_timer_rule(o, wait, now - t->begun_ns, ORC_TMR_PER_2));
    } else if (p->exact && p->probes == 0) {
        judge_time(o, c, p->opened_ns, shifted(rto, p->least), ORC_TMR_PER_1);
        p->waited_ns = now - p->since_ns;
    } else if (p->exact) {
        judge_time(o, c, p->last_ns, repeat_least(o, p, rto), ORC_TMR_PER_1);
    }
    /* Whether the last one that is allowed is counted before it goes or behind is left open. */
    uint32_t most = o->parameters->max_retransmissions + 1;
    if (p->exact && p->probes >= most) {
        orc_ran(o, ORC_TMR_PER_2);
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_PER_2,
                 orc_text(o, "at most %u unanswered probes in a round", most), "another one");
    }
    p->gap_ns = p->probes && !p->handed ? now - p->last_ns : 0;
    p->handed = false;
    p->probes++;
    p->last_ns = p->since_ns = now;
}

void orc_persist_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_send *s = c->send;
    if (!f->spontaneous || !active(c)) {
        return;
    }
    if (f->data) {
        judge_form(o, c, f);
        if (f->packet->tcp.length <= 1) {
            probe(o, c);
        } else {
            c->persist->exact = false; /* older data stands for the probe */
        }
        return;
    }
    bool below = f->begin < s->una_sure || (f->begin == s->max - 1 && f->begin != s->una_sure);
    if (below && !c->keepalive->blind_maybe && !c->keepalive->blind) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_ZWP_1, "a window probe with a byte of what waits",
                 orc_text(o, "an empty segment at %lld", (long long)f->begin));
    }
}

static uint64_t due_at(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    const struct orc_persist *p = c->persist;
    uint64_t rto = orc_rto_most(o, c), slack = orc_slack_ns(o);
    if (p->handed) {
        return t->begun_left_ns + orc_rto_handed_most_ns(o, c) + slack;
    }
    if (p->probes) {
        uint64_t wait = p->gap_ns ? orc_most(shifted(rto, p->probes), 2 * p->gap_ns + 3 * slack)
                                  : shifted(rto, p->probes);
        return p->last_ns + orc_least(wait, ORC_RTO_MAX_NS) + slack;
    }
    return p->since_ns + shifted(rto, p->most) + slack;
}

/* The next probe is not due before. */
static uint64_t first_due(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_persist *p = c->persist;
    uint64_t rto = orc_rto_least(o, c);
    if (p->handed) {
        return c->sender->begun_ns + orc_rto_handed_least_ns(o, c);
    }
    return p->probes ? p->last_ns + repeat_least(o, p, rto) : p->opened_ns + shifted(rto, p->least);
}

/* A probe may have been tried that nobody saw. */
void orc_persist_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_persist *p = c->persist;
    uint64_t now = o->event->time_ns;
    p->reopened = false;
    if (!c->sender->on || c->phase != ORC_LIVE) {
        return;
    }
    if (!active(c)) {
        stop_probing(c, p);
        return;
    }
    p->exact = p->exact && !(orc_waived(o) && c->dirty) && now + orc_slack_ns(o) < first_due(o, c);
    p->since_ns = now;
}

/* A small segment may wait for the acknowledgement of what is on the way. */
static bool nagle_holds(const struct oracle *o, const struct orc_conn *c, int64_t full)
{
    const struct orc_send *s = c->send;
    int64_t outstanding = s->max - s->una_sure, queued = s->handed - s->max;
    uint32_t before = orc_keepalive_changing(o, c) ? c->cached_old.Flags : 0;
    bool on = (c->cached.Flags | before) & TCP_FLAG_NAGLING_ENABLED;
    return on && outstanding > 0 && (queued < full || (int64_t)s->window - outstanding < full);
}

/* The window has opened: what it admits goes at once. */
static void judge_reopened(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    int64_t least, most, queued = s->handed - s->max;
    bool alone = s->max - s->una_sure <= 1 && orc_una_exact(c);
    orc_full_sizes(o, c, &least, &most);
    bool wide = s->window >= (uint64_t)most || 2 * s->window >= s->max_window ||
                s->window >= (uint64_t)(s->handed - s->una_sure);
    if (!orc_window_open(c) || queued <= 0 || !alone || !wide || s->blind ||
        nagle_holds(o, c, most)) {
        return;
    }
    orc_ran(o, ORC_TMR_PER_1);
    if (c->sender->sent_step != o->steps + 1) {
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_PER_1,
                 "sending resumes at once when the window opens",
                 orc_text(o, "%lld bytes wait, the window is %llu", (long long)queued,
                          (unsigned long long)s->window));
    }
}

/* Nothing is outstanding, the window before admits what waits, and it does: so the window is taken
 * for closed, by the segment that may have closed it. */
static void infer_closed(struct oracle *o, struct orc_conn *c)
{
    struct orc_send *s = c->send;
    int64_t least, most, queued = s->handed - s->max;
    bool waits = queued > 0 && c->sender->sent_step != o->steps + 1 && !s->blind;
    if (!s->closed_perhaps || !waits || !orc_una_exact(c) || s->una_sure != s->max ||
        c->update_open || o->event->time_ns <= c->sender->recover_ns) {
        return;
    }
    orc_full_sizes(o, c, &least, &most);
    if ((int64_t)s->window >= (queued < most ? queued : most)) {
        s->window = 0;
        s->window_sure = true;
        s->closed_perhaps = false;
        /* What was held up may have waited for as long as the window may have been closed. */
        const struct orc_persist *p = c->persist;
        uint64_t now = o->event->time_ns, since = p->perhaps ? p->perhaps_ns : now;
        bool held = c->sender->recover_ns >= c->sender->received_ns;
        *c->persist =
            (struct orc_persist){.exact = true,
                                 .most = p->perhaps ? p->perhaps - 1 : 0,
                                 .opened_ns = held ? orc_least(since, p->opened_ns) : since,
                                 .since_ns = now};
    }
}

void orc_persist_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_persist *p = c->persist;
    infer_closed(o, c);
    if (p->reopened) {
        p->reopened = false;
        judge_reopened(o, c);
    }
    if (!active(c)) {
        stop_probing(c, p);
        return;
    }
    if (!p->on) {
        p->on = true;
        p->since_ns = p->handed ? p->since_ns : o->event->time_ns;
    }
    if (!p->exact || (!p->probes && p->most > ROUNDS_JUDGED)) {
        return;
    }
    uint64_t due = due_at(o, c);
    bool spent = p->probes >= o->parameters->max_retransmissions;
    orc_ran(o, spent || p->handed ? ORC_TMR_PER_2 : ORC_TMR_PER_1);
    if (o->event->time_ns <= due) {
        orc_watch(o, c, due + 1);
        return;
    }
    orc_fail(o, orc_ordinal(o, c), spent || p->handed ? ORC_TMR_PER_2 : ORC_TMR_PER_1,
             spent ? "Retrieve(TimeoutExpiration) after the last unanswered probe"
                   : "a window probe in time",
             orc_text(o, "none; %u probes of round %u unanswered", p->probes, p->least));
    p->exact = false;
}

bool orc_persist_explains(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_persist *p = c->persist;
    bool closed = !c->send->window_sure || c->send->window == 0;
    return closed && !(active(c) && p->exact && p->probes < o->parameters->max_retransmissions);
}

void orc_persist_reported(struct oracle *o, const struct orc_conn *c)
{
    orc_ran(o, ORC_TMR_PER_2);
    orc_fail(o, orc_ordinal(o, c), ORC_TMR_PER_2,
             orc_text(o, "an upload request after %u unanswered probes",
                      o->parameters->max_retransmissions),
             orc_text(o, "after %u", c->persist->probes));
}

/* The timer has run out in this moment, with the upload ahead of the probe. */
static bool expired(const struct oracle *o, const struct orc_conn *c,
                    const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    return d->Retransmit.Count == c->persist->probes + 1 &&
           o->event->time_ns + orc_slack_ns(o) >= first_due(o, c);
}

void orc_persist_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_persist *p = c->persist;
    uint32_t ordinal = orc_ordinal(o, c);
    if (!active(c) || !p->exact || !p->on || c->sender->received_step == o->steps + 1) {
        return;
    }
    orc_ran(o, ORC_TMR_PER_2);
    orc_ran(o, ORC_TMR_OFF_1);
    uint32_t least = p->least < 255 ? p->least : 255;
    bool late = expired(o, c, d);
    uint64_t left = late ? shifted(orc_rto_most(o, c), p->probes + 1) + 2 * orc_slack_ns(o)
                         : orc_less(due_at(o, c) + orc_slack_ns(o), o->event->time_ns);
    if (d->SndWndProbeCount < least || d->SndWndProbeCount > p->most) {
        orc_fail(o, ordinal, ORC_TMR_PER_2,
                 orc_text(o, "SndWndProbeCount from %u to %u", least, p->most),
                 orc_text(o, "%u", d->SndWndProbeCount));
    } else if (!late && (d->Retransmit.Count > p->probes || d->Retransmit.Count + 1u < p->probes)) {
        orc_fail(o, ordinal, ORC_TMR_PER_2, orc_text(o, "Count %u, unanswered probes", p->probes),
                 orc_text(o, "%u", d->Retransmit.Count));
    } else if (d->Retransmit.TimeoutDelta == TCP_OFFLOAD_TIMER_NOT_RUNNING ||
               orc_ticks_ns(o, d->Retransmit.TimeoutDelta) > left) {
        orc_fail(o, ordinal, ORC_TMR_OFF_1,
                 orc_text(o, "a persist timer with at most %llu ms left",
                          (unsigned long long)(left / ORC_MS)),
                 orc_text(o, "TimeoutDelta %d", (int)d->Retransmit.TimeoutDelta));
    }
}
