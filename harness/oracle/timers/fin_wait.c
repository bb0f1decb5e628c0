/* SPDX-License-Identifier: MIT
 *
 * FIN_WAIT_2 is left by the peer's FIN or by its timer.
 */
#include "oracle/timers/fin_wait.h"
#include "oracle/model/calls.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/timers.h"

#define FIN_WAIT_NS (120ull * ORC_NS_PER_SECOND)
#define FIN_WAIT_MOST_NS (600ull * ORC_NS_PER_SECOND)

/* Our FIN may be acknowledged, the peer's may be missing. */
bool orc_fin_wait_possible(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    return s->fin_sent && s->una_possible > s->fin && !c->receive->fin_before;
}

static bool surely(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    bool open = !r->fins && !r->fin_before && !r->fin_lenient && c->disconnect_event == ORC_NONE;
    return s->fin_sent && s->una_sure > s->fin && open;
}

void orc_fin_wait_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_sender *t = c->sender;
    if (!surely(c)) {
        return;
    }
    if (!t->fin2_ns) {
        t->fin2_ns = o->event->time_ns; /* entered */
    }
    t->fin2_handed = t->fin2_handed && !h->sure;
    t->fin2_doubted = t->fin2_doubted && !h->sure;
}

void orc_fin_wait_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    (void)o;
    if (c->begin_state == TcpConnectionFinWait2) {
        t->fin2_ns = t->begun_ns;
        t->fin2_handed = true;
    }
}

/* A new tick rate may or may not have been taken for a timer that was handed over in the old one.
 */
static bool rate_changed(const struct oracle *o, const struct orc_sender *t)
{
    return t->fin2_handed && t->begun_parameters != o->parameters->sets;
}

static bool runs(const struct orc_sender *t)
{
    bool stopped = t->handed.Retransmit.TimeoutDelta == TCP_OFFLOAD_TIMER_NOT_RUNNING;
    return t->fin2_ns && !(t->fin2_handed && stopped);
}

/* An upload may come between the end of the timer and its event. A new tick rate leaves the end
 * open. */
bool orc_fin_wait_over(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    uint64_t due =
        t->fin2_handed ? t->begun_ns + orc_rto_handed_least_ns(o, c) : t->fin2_ns + FIN_WAIT_NS;
    bool reached = runs(t) && o->event->time_ns + orc_slack_ns(o) >= due;
    bool void_by_rate = !t->fin2_ns && t->begun_parameters != o->parameters->sets;
    return orc_fin_wait_possible(c) && (reached || void_by_rate);
}

void orc_fin_wait_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    if (!surely(c) || !runs(t) || rate_changed(o, t)) {
        return;
    }
    uint64_t from = orc_most(orc_most(t->fin2_ns, t->received_ns), t->hindered_ns);
    uint64_t handed = t->fin2_handed ? t->begun_left_ns + orc_rto_handed_most_ns(o, c) : 0;
    bool untouched = t->fin2_handed && t->received_step == 0;
    uint64_t due = untouched ? handed : orc_most(handed, from + FIN_WAIT_NS);
    uint64_t most = untouched ? handed : orc_most(handed, from + FIN_WAIT_MOST_NS);
    due += slack;
    most += slack;
    if (t->fin2_handed && t->received_ns >= t->begun_left_ns) {
        most = due =
            orc_most(due, t->received_ns + FIN_WAIT_MOST_NS); /* perhaps it was restarted */
    }
    orc_ran(o, ORC_TMR_FW2_1);
    if (now > most) {
        orc_fail(
            o, orc_ordinal(o, c), ORC_TMR_FW2_1, "FIN_WAIT_2 ended by Retrieve(TimeoutExpiration)",
            orc_text(o, "none for %llu s", (unsigned long long)((now - from) / ORC_NS_PER_SECOND)));
        t->fin2_ns = 0;
    } else if (now > due && !t->fin2_warned) {
        orc_warn(o, orc_ordinal(o, c), ORC_TMR_FW2_1, "FIN_WAIT_2 bounded by 120 s", "longer");
        t->fin2_warned = true;
    }
    orc_watch(o, c, (now > due ? most : due) + 1);
}

/* TimeoutExpiration in FIN_WAIT_2: not long before its time. */
void orc_fin_wait_reported(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    if (!orc_sender_judged(o, c) || !surely(c) || !t->fin2_ns || orc_keepalive_explains(o, c)) {
        return;
    }
    t->fin2_reported = true;
    if (rate_changed(o, t) || t->fin2_doubted || orc_decided_before(o, c)) {
        return;
    }
    orc_ran(o, ORC_TMR_FW2_1);
    if (t->fin2_handed && t->received_step == 0 && runs(t)) {
        uint64_t wait = orc_rto_handed_least_ns(o, c), passed = now - t->begun_ns;
        orc_ran(o, ORC_TMR_OFF_1);
        if (passed + slack < wait) {
            orc_fail(o, orc_ordinal(o, c), orc_timer_rule(o, wait, passed, ORC_TMR_FW2_1),
                     orc_text(o, "the FIN_WAIT_2 timer of %llu ms, as handed over",
                              (unsigned long long)(wait / ORC_MS)),
                     orc_text(o, "%llu ms", (unsigned long long)(passed / ORC_MS)));
        }
        return;
    }
    uint64_t from = orc_most(t->fin2_ns, t->received_sure_ns);
    if (!t->fin2_handed && now + slack < from + FIN_WAIT_NS) {
        bool unmoved = now + slack >= t->fin2_ns + FIN_WAIT_NS && t->fin2_ns != from;
        (unmoved ? orc_fail : orc_warn)(
            o, orc_ordinal(o, c), ORC_TMR_FW2_1,
            unmoved ? "the FIN_WAIT_2 timer restarted by a segment" : "120 s in FIN_WAIT_2",
            orc_text(o, "%llu s after the last segment",
                     (unsigned long long)((now - from) / ORC_NS_PER_SECOND)));
    }
}

void orc_fin_wait_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d,
                        bool final)
{
    const struct orc_sender *t = c->sender;
    if (final && t->fin2_reported && !c->receive->fins) {
        orc_ran(o, ORC_TMR_FW2_1);
        if (d->State != TcpConnectionClosed) {
            orc_fail(o, orc_ordinal(o, c), ORC_TMR_FW2_1, "state CLOSED after FIN_WAIT_2 expired",
                     orc_text(o, "state %u", (uint32_t)d->State));
        }
    }
}
