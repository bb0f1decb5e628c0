/* SPDX-License-Identifier: MIT
 *
 * The retransmission timer. A frame that repeats the earliest byte in a step in which nothing else
 * happened is a timeout.
 */
#include "oracle/timers/rto.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/timers/fin_wait.h"
#include "oracle/ledger/faults.h"
#include "oracle/timers/giveup.h"
#include "oracle/timers/progress.h"
#include "oracle/timers/timers.h"

void orc_rto_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    bool outstanding = c->send->max > 0, mid = t->handed.Retransmit.Count || t->handed.TotalRT;
    bool running = t->handed.Retransmit.TimeoutDelta != TCP_OFFLOAD_TIMER_NOT_RUNNING;
    *c->rto = (struct orc_rto){.armed = !outstanding || running,
                               .handed = outstanding,
                               .backoffs = t->handed.Retransmit.Count,
                               .since_ns = t->begun_ns,
                               .total_ns = t->begun_ns,
                               .total_most_ns = mid ? t->begun_ns : 0,
                               .total_before = orc_ticks_ns(o, t->handed.TotalRT)};
}

static void restart(struct oracle *o, struct orc_rto *rto, bool sample)
{
    *rto = (struct orc_rto){
        .armed = true, .backoffs = sample ? 0 : rto->backoffs, .since_ns = o->event->time_ns};
}

/* The first of a flight. A time that was handed over with nothing outstanding may count on. */
static void restart_fresh(struct oracle *o, struct orc_rto *rto)
{
    uint64_t before = orc_most(rto->total_before, rto->total_perhaps);
    restart(o, rto, false);
    rto->total_perhaps = before;
}

void orc_rto_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_rto *rto = c->rto;
    rto->quiet = false;
    if (h->ack > h->una_sure_before && h->ack <= c->send->max) {
        bool before = h->ack <= h->una_before; /* a doubtful segment may have said it already */
        bool whole = c->send->max == c->send->max_least; /* else what was refused may be timed */
        if (h->sure && orc_una_exact(c) && whole && !(before && rto->doubted)) {
            restart(o, rto, c->flight->sampled);
        } else {
            rto->armed = false;
        }
    }
    if (!h->window_sure_before || h->window_before == 0) {
        rto->since_ns = o->event->time_ns;
        rto->loose = true;
        rto->armed = rto->armed && !rto->handed; /* perhaps another timer ran meanwhile */
    }
}

/* The first timeout of a series came too early, or not as handed over. */
static void judge_first(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o), first, least;
    if (c->rto->handed) {
        uint64_t wait = orc_rto_handed_least_ns(o, c);
        orc_ran(o, ORC_TMR_OFF_1);
        orc_ran(o, ORC_TMR_TICK_1);
        if (now + slack < orc_rto_handed_due(o, c)) {
            orc_fail(
                o, orc_ordinal(o, c), orc_timer_rule(o, wait, now - t->begun_ns, ORC_TMR_OFF_1),
                orc_text(o, "the first timeout %llu ms after INIT, as handed over",
                         (unsigned long long)(wait / ORC_MS)),
                orc_text(o, "after %llu ms", (unsigned long long)((now - t->begun_ns) / ORC_MS)));
        }
        return;
    }
    if (c->rto->loose || !orc_flight_first(c, &first)) {
        return;
    }
    least = orc_rto_least(o, c);
    orc_ran(o, ORC_WIRE_RTO_1);
    if (now + slack < first + least) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_RTO_1,
                 orc_text(o, "no timeout before %llu ms", (unsigned long long)(least / ORC_MS)),
                 orc_text(o, "after %llu ms", (unsigned long long)((now - first) / ORC_MS)));
    } else if (!orc_rtt_known(o, c) && now + slack < first + ORC_NS_PER_SECOND) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_RTO_1,
                 "no timeout before a second while no round trip has been measured",
                 orc_text(o, "after %llu ms", (unsigned long long)((now - first) / ORC_MS)));
    }
}

static void judge_gap(struct oracle *o, struct orc_conn *c, uint64_t gap)
{
    struct orc_sender *t = c->sender;
    struct orc_rto *rto = c->rto;
    uint64_t slack = orc_slack_ns(o), least, most = UINT64_MAX;
    bool resumed = rto->handed && rto->timeouts == 1;
    if (rto->gap_ns) {
        least = orc_least(orc_less(2 * rto->gap_ns, 3 * slack), ORC_RTO_MAX_NS - slack);
        most = orc_least(2 * rto->gap_ns + 3 * slack, ORC_RTO_MAX_NS + slack);
    } else {
        uint32_t shift = resumed ? t->handed.Retransmit.Count + 1u : 1u;
        least = orc_less(orc_rto_backed_off(orc_rto_least(o, c), shift), slack);
    }
    orc_ran(o, resumed ? ORC_TMR_RTX_1 : ORC_WIRE_RTO_2);
    if (gap < least || gap > most) {
        orc_fail(o, orc_ordinal(o, c), resumed ? ORC_TMR_RTX_1 : ORC_WIRE_RTO_2,
                 orc_text(o, "timeout %u at least %llu ms after the one before, by doubling%s",
                          orc_rto_count(c) + 1, (unsigned long long)(least / ORC_MS),
                          gap > most ? ", and not much more" : ""),
                 orc_text(o, "%llu ms", (unsigned long long)(gap / ORC_MS)));
    }
}

static void timeout(struct oracle *o, struct orc_conn *c)
{
    struct orc_rto *rto = c->rto;
    uint64_t now = o->event->time_ns, gap = now - rto->last_ns;
    if (rto->armed && c->recovery->on) {
        rto->loose = true;
    }
    if (rto->armed && rto->timeouts == 0) {
        judge_first(o, c);
        rto->first_ns = now;
    } else if (rto->armed && !rto->loose) {
        judge_gap(o, c, gap);
        rto->gap_ns = gap;
    } else {
        rto->gap_ns = 0; /* a gap that was not measured doubles nothing */
    }
    bool repeated = orc_rto_count(c) > 0;
    rto->timeouts++;
    rto->backoffs++;
    rto->last_ns = rto->since_ns = now;
    rto->quiet = true;
    rto->loose = false;
    orc_congestion_lost(o, c, true, repeated);
    orc_recovery_timeout(o, c);
    if (rto->armed) {
        orc_giveup_timeout(o, c);
    }
}

/* After a timeout nothing but the earliest segment goes until something arrives. */
static void judge_quiet(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f)
{
    orc_fail(o, orc_ordinal(o, c), ORC_WIRE_RTO_2,
             "after a timeout only the earliest segment, until an ACK arrives",
             orc_text(o, "bytes %lld to %lld; %lld is the earliest", (long long)f->begin,
                      (long long)f->end, (long long)c->send->una_possible));
}

void orc_rto_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_rto *rto = c->rto;
    const struct orc_send *s = c->send;
    int64_t una = s->una_possible;
    uint64_t now = o->event->time_ns;
    bool exact = orc_una_exact(c), payload = f->packet->tcp.length > 0;
    bool retried = orc_starved(o, c); /* what found no memory or room before comes by itself too */
    bool late = exact && f->spontaneous && f->again && orc_window_open(c) && !retried;
    if (exact && f->fresh && s->max == una) {
        restart_fresh(o, rto);
    }
    bool first = f->begin == una && !(rto->quiet && rto->last_ns == now);
    if (late && first) {
        timeout(o, c);
    } else if (rto->quiet && exact && payload && orc_window_open(c) && !first && !retried) {
        judge_quiet(o, c, f);
    } else if (late && payload && f->begin > una) {
        bool held = orc_scoreboard_holds(&c->recovery->scoreboard, una, una + 1);
        orc_ran(o, ORC_WIRE_RTO_2);
        orc_fail(o, orc_ordinal(o, c), held ? ORC_WIRE_SACK_2 : ORC_WIRE_RTO_2,
                 orc_text(o, "the earliest byte, %lld, sent again by a timeout%s", (long long)una,
                          held ? " though it was reported held" : ""),
                 orc_text(o, "bytes %lld to %lld", (long long)f->begin, (long long)f->end));
    }
    bool probe = f->fresh && !orc_window_open(c); /* of a closed window: it need not be timed */
    c->flight->broken_ns = f->again || probe ? now : c->flight->broken_ns;
    /* Among other things in this moment it may have been the timer. */
    bool perhaps = f->again && !f->spontaneous && orc_rto_now(o, c);
    if ((f->again && f->spontaneous && !(late && first)) || perhaps) {
        orc_recovery_doubted(o, c);
        rto->armed = false;
        rto->doubted = rto->doubted || !exact;
    }
    if (f->again && f->begin <= una && f->end > una) {
        rto->since_ns = now;
        rto->anew = true;
    }
}

/* Each timeout that nobody saw doubles the next, and all of them lie between the begin of what
 * hinders and now. */
static uint32_t unseen_backoffs(const struct oracle *o, const struct orc_conn *c, uint64_t since)
{
    uint64_t spent = (o->event->time_ns - since) / orc_rto_least(o, c);
    uint32_t count = 1;
    while (spent) {
        spent /= 2;
        count++;
    }
    return count;
}

static void doubt(struct orc_rto *rto, uint32_t backoffs)
{
    rto->backoffs = backoffs > rto->backoffs ? backoffs : rto->backoffs;
    rto->armed = rto->quiet = false;
    rto->loose = rto->doubted = true;
    rto->gap_ns = 0;
}

void orc_rto_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_rto *rto = c->rto;
    uint64_t now = o->event->time_ns, first;
    if (!orc_sender_touched(o, c) || c->send->tried <= c->send->una_sure) {
        return;
    }
    if (orc_una_exact(c) && orc_flight_first(c, &first) && first == now) {
        restart_fresh(o, rto); /* nothing was on the way before, unless it was held up */
        rto->armed = o->faults->since_ns == now;
    }
    if (rto->hindered_ns != o->faults->since_ns) {
        rto->hindered_ns = o->faults->since_ns;
        rto->backoffs_before = rto->backoffs;
    }
    bool ran = orc_rto_may_have_run(o, c);
    rto->since_ns = now;
    rto->anew = rto->anew || orc_adapter_moves(o);
    if (orc_waived(o) || ran) {
        doubt(rto, rto->backoffs_before + unseen_backoffs(o, c, o->faults->since_ns));
    }
}

void orc_rto_blocked(struct oracle *o, struct orc_conn *c, uint64_t since)
{
    struct orc_rto *rto = c->rto;
    if (!orc_sender_busy(c) || !orc_rto_may_have_run(o, c)) {
        return;
    }
    rto->since_ns = o->event->time_ns;
    doubt(rto, rto->backoffs + unseen_backoffs(o, c, since));
    orc_recovery_doubted(o, c);
    *c->progress = (struct orc_progress){.owed = true, .since_ns = o->event->time_ns};
}

void orc_rto_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    if (!orc_rto_runs(c) || orc_giveup_due(o, c)) {
        return;
    }
    uint64_t due = orc_rto_due(o, c);
    enum orc_rule rule = !c->rto->handed    ? (c->rto->backoffs ? ORC_WIRE_RTO_2 : ORC_WIRE_RTO_1)
                         : c->rto->timeouts ? ORC_TMR_RTX_1
                                            : ORC_TMR_OFF_1;
    orc_ran(o, c->rto->backoffs ? ORC_WIRE_RTO_2 : ORC_WIRE_RTO_1);
    if (o->event->time_ns > due) {
        uint64_t since = c->rto->handed && !c->rto->timeouts ? t->begun_ns : c->rto->since_ns;
        orc_fail(o, orc_ordinal(o, c), rule,
                 orc_text(o, "byte %lld sent again within %llu ms",
                          (long long)c->send->una_possible,
                          (unsigned long long)((due - since) / ORC_MS)),
                 "no retransmission");
        c->rto->armed = false;
    } else {
        orc_watch(o, c, due + 1);
    }
}

static void rto_judge_delta(struct oracle *o, const struct orc_conn *c,
                            const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    bool expired = orc_rto_expired(o, c, d); /* then it may run anew, for longer */
    uint64_t anew = orc_rto_backed_off(orc_rto_most(o, c), c->rto->backoffs + 1) + 2 * slack;
    uint64_t high = expired ? anew : orc_less(orc_rto_due(o, c) + slack, now);
    uint64_t low = orc_less(orc_rto_first_due(o, c), now + 2 * slack);
    uint64_t left = orc_ticks_ns(o, d->Retransmit.TimeoutDelta);
    bool stopped = d->Retransmit.TimeoutDelta == TCP_OFFLOAD_TIMER_NOT_RUNNING;
    orc_ran(o, ORC_TMR_OFF_1);
    orc_ran(o, ORC_TMR_TICK_1);
    if (stopped || left < low || left > high) {
        enum orc_rule rule = stopped
                                 ? ORC_TMR_OFF_1
                                 : orc_timer_rule(o, left > high ? high : low, left, ORC_TMR_OFF_1);
        orc_fail(o, orc_ordinal(o, c), rule,
                 orc_text(o, "a retransmission timer with %llu to %llu ms left",
                          (unsigned long long)(low / ORC_MS), (unsigned long long)(high / ORC_MS)),
                 stopped ? "not running"
                         : orc_text(o, "%llu ms", (unsigned long long)(left / ORC_MS)));
    }
}

/* The time that a series has lasted when it is handed over counts on. */
static void judge_total(struct oracle *o, const struct orc_conn *c,
                        const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_sender *t = c->sender;
    uint64_t reported = orc_ticks_ns(o, d->TotalRT), before = c->rto->total_before;
    bool same = c->rto->handed && t->handed.Retransmit.Count && !c->rto->total_updated;
    if (!same || t->closed_ever || c->update_open || t->begun_parameters != o->parameters->sets) {
        return;
    }
    orc_ran(o, ORC_TMR_RTX_1);
    if (reported + orc_slack_ns(o) < before) {
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_RTX_1,
                 orc_text(o, "TotalRT of at least the %u ticks handed over", t->handed.TotalRT),
                 orc_text(o, "%u", d->TotalRT));
    }
}

void orc_rto_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint32_t count = orc_rto_count(c), ordinal = orc_ordinal(o, c);
    bool idle = orc_una_exact(c) && s->max == s->una_possible && !orc_sender_pending(c);
    if (t->received_step == o->steps + 1 || t->parameters != o->parameters->sets || s->blind) {
        return;
    }
    if (orc_rto_runs(c)) {
        rto_judge_delta(o, c, d);
        judge_total(o, c, d);
        orc_ran(o, ORC_TMR_RTX_1);
        bool fewer = t->closed_ever && d->Retransmit.Count < count;
        if (d->Retransmit.Count != (count < 255 ? count : 255) && !fewer &&
            !orc_rto_expired(o, c, d)) {
            orc_fail(o, ordinal, ORC_TMR_RTX_1, orc_text(o, "Count %u", count),
                     orc_text(o, "%u", d->Retransmit.Count));
        }
    } else if (idle && c->rto->armed && !orc_fin_wait_possible(c)) {
        orc_ran(o, ORC_TMR_OFF_1);
        orc_ran(o, ORC_TMR_RTX_1);
        if (d->Retransmit.TimeoutDelta != TCP_OFFLOAD_TIMER_NOT_RUNNING) {
            orc_fail(o, ordinal, ORC_TMR_OFF_1, "-1 for a timer that does not run",
                     orc_text(o, "%u", d->Retransmit.TimeoutDelta));
        } else if (s->una_sure > 0 && (d->Retransmit.Count || d->TotalRT)) {
            orc_fail(o, ordinal, ORC_TMR_RTX_1, "Count and TotalRT zeroed by progress",
                     orc_text(o, "%u and %u", d->Retransmit.Count, d->TotalRT));
        }
    }
}
