/* SPDX-License-Identifier: MIT
 *
 * When retransmission ends, and what Retrieve(TimeoutExpiration) may rest on.
 */
#include "oracle/timers/giveup.h"
#include "oracle/model/calls.h"
#include "oracle/timers/fin_wait.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/persist.h"
#include "oracle/timers/timers.h"

static bool limit_known(const struct oracle *o, const struct orc_conn *c)
{
    bool settled = !c->update_open && c->update_step != o->steps;
    return settled || c->cached.MaxRT == c->cached_old.MaxRT;
}

/* The parameters were set anew under the connection, and the former limit explains what was seen.
 */
static enum orc_rule rule_of(const struct oracle *o, const struct orc_sender *t, bool by_former)
{
    return by_former && t->begun_parameters != o->parameters->sets ? ORC_REG_PAR_1 : ORC_TMR_RTX_2;
}

static uint64_t one_more(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_rto *rto = c->rto;
    uint64_t slack = orc_slack_ns(o), gap = 2 * rto->gap_ns + 3 * slack;
    if (!rto->gap_ns) {
        /* As handed over it runs from INIT on, whatever was sent again meanwhile. */
        bool handed = rto->handed && !rto->timeouts;
        gap = orc_less(orc_rto_due(o, c), handed ? c->sender->begun_ns : rto->since_ns);
        if (handed) { /* however long that is */
            return orc_most(gap, orc_least(ORC_RTO_MAX_NS, 2 * gap)) + slack;
        }
        gap = rto->timeouts ? gap : 2 * gap;
    }
    return orc_least(ORC_RTO_MAX_NS, gap) + slack;
}

/* What is left of MaxRT when counting begins, 0 when it does not apply. */
static uint64_t allowance(const struct oracle *o, const struct orc_conn *c)
{
    return orc_less(orc_ticks_ns(o, c->cached.MaxRT), c->rto->total_before);
}

static uint64_t event_due(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_rto *rto = c->rto;
    if (c->cached.MaxRT == TCP_OFFLOAD_NO_RETRANSMIT_LIMIT || !limit_known(o, c)) {
        return ORC_NEVER;
    }
    if (rto->closed) { /* probes came between, and the series may begin anew behind them */
        return ORC_NEVER;
    }
    if (c->cached.MaxRT == 0) {
        bool spent = orc_rto_count(c) >= o->parameters->max_retransmissions;
        return !spent          ? ORC_NEVER
               : rto->timeouts ? rto->last_ns + one_more(o, c)
                               : orc_rto_due(o, c);
    }
    uint64_t from = rto->total_most_ns ? rto->total_most_ns : rto->first_ns;
    return from ? from + allowance(o, c) + one_more(o, c) : ORC_NEVER;
}

bool orc_giveup_due(const struct oracle *o, const struct orc_conn *c)
{
    return event_due(o, c) != ORC_NEVER && c->cached.MaxRT == 0;
}

void orc_giveup_timeout(struct oracle *o, struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    uint32_t count = orc_rto_count(c);
    bool known = limit_known(o, c) && o->parameters->step != o->steps + 1 && !c->rto->closed;
    if (c->cached.MaxRT != 0 || !known) {
        return;
    }
    orc_ran(o, ORC_TMR_RTX_2);
    if (t->begun_parameters != o->parameters->sets) {
        orc_ran(o, ORC_REG_PAR_1);
    }
    if (count > o->parameters->max_retransmissions) {
        orc_fail(o, orc_ordinal(o, c),
                 rule_of(o, t, count <= o->parameters->max_retransmissions_old),
                 orc_text(o, "at most %u retransmissions by timeout",
                          o->parameters->max_retransmissions),
                 orc_text(o, "this is number %u", count));
    }
}

void orc_giveup_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    uint64_t due = orc_rto_runs(c) ? event_due(o, c) : ORC_NEVER;
    if (due == ORC_NEVER) {
        return;
    }
    orc_ran(o, ORC_TMR_RTX_2);
    if (o->event->time_ns <= due) {
        orc_watch(o, c, due + 1);
        return;
    }
    bool former = c->cached.MaxRT == 0 &&
                  o->parameters->max_retransmissions_old > o->parameters->max_retransmissions;
    orc_fail(o, orc_ordinal(o, c), rule_of(o, t, former),
             "Retrieve(TimeoutExpiration) when retransmission has come to its limit",
             orc_text(o, "none; %u timeouts, MaxRT %u", orc_rto_count(c), c->cached.MaxRT));
    c->rto->armed = false;
}

/* MAX_RT_RESTART, or another limit, starts TotalRT anew. */
void orc_giveup_update(struct oracle *o, struct orc_conn *c, bool done)
{
    struct orc_rto *rto = c->rto;
    const TCP_OFFLOAD_STATE_CACHED *now = &c->cached, *before = &c->cached_old;
    bool flag = now->Flags & TCP_FLAG_MAX_RT_RESTART;
    if (!flag && (now->MaxRT == 0 || now->MaxRT == before->MaxRT)) {
        return;
    }
    if (done) {
        rto->total_most_ns = o->event->time_ns;
    } else {
        rto->total_ns = o->event->time_ns;
        rto->total_before = rto->total_perhaps = 0;
        rto->total_updated = true;
    }
}

static void giveup_judge_time(struct oracle *o, const struct orc_conn *c)
{
    uint64_t now = o->event->time_ns, from = c->rto->total_ns;
    if (!from && !orc_flight_first(c, &from)) {
        return;
    }
    uint64_t wait = orc_less(allowance(o, c), c->rto->total_perhaps), spent = now - from;
    orc_ran(o, c->rto->total_updated ? ORC_UPD_RESTART_1 : ORC_TMR_RTX_2);
    orc_ran(o, ORC_TMR_TICK_1);
    if (spent + orc_slack_ns(o) < wait) {
        enum orc_rule plain = c->rto->total_updated ? ORC_UPD_RESTART_1 : ORC_TMR_RTX_2;
        orc_fail(o, orc_ordinal(o, c), orc_timer_rule(o, wait, spent, plain),
                 orc_text(o, "retransmission for %llu ms by MaxRT before the upload request",
                          (unsigned long long)(wait / ORC_MS)),
                 orc_text(o, "%llu ms", (unsigned long long)(spent / ORC_MS)));
    }
}

static void giveup_judge_count(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    uint32_t count = orc_rto_count(c);
    orc_ran(o, ORC_TMR_RTX_2);
    if (count < o->parameters->max_retransmissions) {
        orc_fail(o, orc_ordinal(o, c),
                 rule_of(o, t, count >= o->parameters->max_retransmissions_old),
                 orc_text(o, "an upload request after %u retransmissions",
                          o->parameters->max_retransmissions),
                 orc_text(o, "after %u", count));
    }
}

/* Retrieve(TimeoutExpiration): something must have come to its limit. */
void orc_giveup_reported(struct oracle *o, struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    bool both = (c->receive->fins || c->receive->fin_before) && s->fin_sent;
    if (!orc_sender_judged(o, c) || !orc_una_exact(c) || both || !limit_known(o, c) ||
        orc_decided_before(o, c) || orc_fin_wait_possible(c) || orc_keepalive_explains(o, c) ||
        orc_persist_explains(o, c)) {
        return;
    }
    if (orc_window_closed(c) && orc_sender_pending(c)) {
        orc_persist_reported(o, c);
        return;
    }
    if (!orc_sender_pending(c)) {
        orc_keepalive_reported(o, c);
        return;
    }
    if (c->cached.MaxRT == TCP_OFFLOAD_NO_RETRANSMIT_LIMIT && orc_rto_runs(c)) {
        orc_ran(o, ORC_TMR_RTX_2);
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_RTX_2, "no end of retransmission with MaxRT -1",
                 "Retrieve(TimeoutExpiration)");
    } else if (c->cached.MaxRT && orc_rto_runs(c)) {
        giveup_judge_time(o, c);
    } else if (orc_rto_runs(c)) {
        giveup_judge_count(o, c);
    }
}
