/* SPDX-License-Identifier: MIT
 *
 * What a query or an upload tells of keepalive.
 */
#include "oracle/ledger/cause.h"
#include "oracle/timers/fin_wait.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/timers.h"

/* Retrieve(TimeoutExpiration) came when every probe after a challenge had gone unanswered. */
void orc_keepalive_ended(struct oracle *o, struct orc_conn *c)
{
    struct orc_keepalive *k = c->keepalive;
    (void)o;
    k->reported = k->blind && k->known && k->most >= orc_keepalive_limit(c) &&
                  !(c->cached.Flags & TCP_FLAG_KEEP_ALIVE_ENABLED);
    k->closing = k->closing || k->challenged || k->blind || k->blind_maybe || !k->known;
}

void orc_keepalive_final(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d,
                         bool final)
{
    (void) final;
    if (!final || !c->keepalive->reported) {
        return;
    }
    orc_ran(o, ORC_WIRE_BLIND_1);
    if (d->State != TcpConnectionClosed) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_BLIND_1,
                 "state CLOSED after a blind check without an answer",
                 orc_text(o, "state %u", (uint32_t)d->State));
    }
}

/* It expired in the moment of the upload, and its probe went before the end of that. */
static bool probed_late(const struct oracle *o, const struct orc_conn *c,
                        const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_keepalive *k = c->keepalive;
    uint64_t slack = orc_slack_ns(o), ticks = c->cached.KaInterval;
    uint64_t wait = ticks ? orc_ticks_ns(o, c->cached.KaInterval) : ORC_NS_PER_SECOND;
    uint64_t left = orc_ticks_ns(o, d->KeepAlive.TimeoutDelta);
    return k->late_ns && k->late_ns + slack >= k->low_ns && left <= wait + slack &&
           left + (o->event->time_ns - k->late_ns) + slack >= wait &&
           d->KeepAlive.ProbeCount >= k->least && d->KeepAlive.ProbeCount <= k->most + 1;
}

/* Something came in the step in which the state was asked for, and may not be in it. */
static bool came_late(const struct oracle *o, const struct orc_conn *c)
{
    uint32_t step = (c->term_enter == ORC_NONE ? o->steps : c->term_step) + 1;
    return c->keepalive->answer_step == step || c->sender->received_step == step;
}

void orc_keepalive_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_keepalive *k = c->keepalive;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    bool off = d->KeepAlive.TimeoutDelta == TCP_OFFLOAD_TIMER_NOT_RUNNING;
    uint64_t left = orc_ticks_ns(o, d->KeepAlive.TimeoutDelta);
    uint64_t low = orc_less(k->low_ns, now + slack);
    uint64_t high = k->high_ns == ORC_NEVER ? ORC_NEVER : orc_less(k->high_ns + slack, now);
    if (!k->known || orc_keepalive_changing(o, c) || k->blind_maybe || came_late(o, c) ||
        c->sender->parameters != o->parameters->sets || c->send->fin_asked ||
        orc_sender_pending(c) || !orc_una_exact(c)) {
        return; /* also while data probes by itself, or may do so */
    }
    orc_ran(o, ORC_TMR_OFF_1);
    orc_ran(o, ORC_TMR_TICK_1);
    bool wanted = orc_keepalive_enabled(c) || k->blind;
    uint64_t longest = orc_ticks_ns(o, TCP_OFFLOAD_TIMER_NOT_RUNNING - 1u);
    if (off && wanted && high != ORC_NEVER && high > longest) {
        return; /* so much is left that the field cannot say it */
    }
    if (off && wanted && low == 0 && k->most >= orc_keepalive_limit(c)) {
        return; /* it expired for the last time, and the upload came before its event */
    }
    if (wanted && !off && probed_late(o, c, d)) {
        return;
    }
    if (off == wanted || (wanted && (left < low || left > high))) {
        bool blind = k->blind && !orc_keepalive_enabled(c); /* only that started it */
        enum orc_rule rule = blind ? ORC_WIRE_BLIND_1
                             : off || !wanted
                                 ? ORC_TMR_OFF_1
                                 : orc_timer_rule(o, left > high ? high : low, left,
                                                  k->updated ? ORC_UPD_RESTART_1 : ORC_TMR_OFF_1);
        orc_fail(o, orc_ordinal(o, c), rule,
                 wanted ? orc_text(o, "a keepalive timer with %llu to %llu ms left",
                                   (unsigned long long)(low / ORC_MS),
                                   (unsigned long long)(high / ORC_MS))
                        : "no keepalive timer while it is disabled",
                 off ? "not running" : orc_text(o, "%llu ms", (unsigned long long)(left / ORC_MS)));
    } else if (d->KeepAlive.ProbeCount < k->least || d->KeepAlive.ProbeCount > k->most) {
        orc_fail(o, orc_ordinal(o, c), k->recounted ? ORC_UPD_RESTART_1 : ORC_TMR_KA_1,
                 orc_text(o, "ProbeCount %u to %u", k->least, k->most),
                 orc_text(o, "%u", d->KeepAlive.ProbeCount));
    }
}

/* An upload may come between the end of a blind check and its event. */
bool orc_blind_over(const struct orc_conn *c)
{
    const struct orc_keepalive *k = c->keepalive;
    return (k->blind || k->blind_maybe) && k->most >= orc_keepalive_limit(c);
}

/* Of the timers only that of FIN_WAIT_2 and that of a blind check close a connection. */
bool orc_closed_possible(const struct oracle *o, const struct orc_conn *conn)
{
    const struct orc_sender *t = conn->sender;
    const struct orc_keepalive *k = conn->keepalive;
    bool checked = !t->on || k->closing || k->challenged || k->blind || k->blind_maybe;
    return orc_reset_possible(o, conn) || conn->send->fin_asked || checked ||
           orc_fin_wait_over(o, conn);
}
