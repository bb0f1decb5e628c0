/* SPDX-License-Identifier: MIT
 *
 * What is due at once, or by a timer that nobody could follow, is due at last by the longest wait
 * that the timer can have come to.
 */
#include "oracle/timers/progress.h"
#include "oracle/ledger/faults.h"
#include "oracle/timers/persist.h"
#include "oracle/timers/timers.h"

void orc_progress_hindered(struct oracle *o, struct orc_conn *c)
{
    if (orc_sender_touched(o, c)) {
        *c->progress = (struct orc_progress){.owed = true, .since_ns = o->event->time_ns};
    }
}

void orc_progress_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_progress *p = c->progress;
    bool same = h->window_sure_before && h->window == h->window_before && h->ack <= h->una_before;
    if (p->owed && !(same && orc_una_exact(c))) {
        p->since_ns = o->event->time_ns;
    }
}

void orc_progress_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_progress *p = c->progress;
    p->since_ns = o->event->time_ns;
    p->again += !f->fresh;
}

/* Nothing surely waits, or a timer that is known again sees to it. */
static bool seen_to(const struct orc_conn *c)
{
    bool probing = orc_window_closed(c) && orc_una_exact(c) && c->persist->exact;
    bool waits = orc_sender_pending(c) || c->sends.head != ORC_NONE;
    return !waits || c->rto->armed || probing;
}

static uint64_t progress_due(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_progress *p = c->progress;
    const struct orc_sender *t = c->sender;
    uint32_t probes = c->persist->most + c->persist->probes;
    uint32_t shift = (orc_window_open(c) ? 0 : probes) + c->rto->backoffs + p->again;
    uint64_t begun = orc_most(t->begun_ns, c->send->una_time_ns), most = orc_rto_most(o, c);
    /* A doubled wait is not longer than all before it together, and the first once more. */
    uint64_t series = orc_less(p->since_ns, begun) + most;
    uint64_t wait = orc_most(orc_rto_backed_off(most, shift), orc_least(series, ORC_RTO_MAX_NS));
    uint64_t sws = orc_ticks_ns(o, o->parameters->sws_ticks);
    uint64_t due = p->since_ns + orc_most(wait, ORC_STARVED_NS + sws);
    if (c->rto->handed || c->persist->handed) {
        due = orc_most(due, t->begun_left_ns + orc_rto_handed_most_ns(o, c));
    }
    return due + orc_slack_ns(o);
}

static enum orc_rule what_stands(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    if (s->max_least > s->una_possible) {
        return orc_window_closed(c) ? ORC_TMR_PER_1 : ORC_WIRE_RTO_1;
    }
    if (s->handed <= s->una_possible && !(s->fin_asked && s->una_possible <= s->fin)) {
        return ORC_SEND_OK_2;
    }
    return s->window_sure && s->window ? ORC_SEND_ACC_1 : ORC_TMR_PER_1;
}

void orc_progress_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_progress *p = c->progress;
    if (!p->owed || seen_to(c)) {
        p->owed = false;
        return;
    }
    uint64_t due = progress_due(o, c);
    enum orc_rule rule = what_stands(c);
    orc_ran(o, rule);
    if (o->event->time_ns <= due) {
        orc_watch(o, c, due + 1);
        return;
    }
    orc_fail(o, orc_ordinal(o, c), rule,
             orc_text(o, "a sign of life within %llu ms, since what hindered it is over",
                      (unsigned long long)((due - p->since_ns) / ORC_MS)),
             orc_text(o, "none; %lld bytes handed down, %lld sent, %lld acknowledged",
                      (long long)c->send->handed, (long long)c->send->max,
                      (long long)c->send->una_possible));
    p->owed = false;
}
