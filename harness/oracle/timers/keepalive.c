/* SPDX-License-Identifier: MIT
 *
 * Keepalive, for idle connections and after a challenge.
 */
#include "oracle/timers/keepalive.h"
#include "oracle/ledger/faults.h"
#include "oracle/timers/blocked.h"
#include "oracle/timers/timers.h"

#define BLIND_NS (300ull * ORC_NS_PER_SECOND)
#define BLIND_PROBES 10u

static uint64_t timeout_ns(const struct oracle *o, const struct orc_conn *c)
{
    return orc_ticks_ns(o, c->cached.KaTimeout);
}

static uint64_t interval_ns(const struct oracle *o, const struct orc_conn *c)
{
    uint32_t ticks = c->cached.KaInterval;
    return ticks ? orc_ticks_ns(o, ticks) : ORC_NS_PER_SECOND;
}

uint32_t orc_keepalive_limit(const struct orc_conn *c)
{
    return c->cached.KaProbeCount ? c->cached.KaProbeCount : BLIND_PROBES;
}

static void start(struct oracle *o, struct orc_keepalive *k, uint64_t wait)
{
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    k->from_ns = now;
    k->wait_ns = wait;
    k->low_ns = orc_less(now + wait, slack);
    k->high_ns = now + wait + slack;
    k->handed = k->updated = false;
}

void orc_keepalive_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    struct orc_keepalive *k = c->keepalive;
    ULONG delta = t->handed.KeepAlive.TimeoutDelta;
    bool runs = delta != TCP_OFFLOAD_TIMER_NOT_RUNNING;
    *k = (struct orc_keepalive){.known = runs == orc_keepalive_enabled(c),
                                .least = t->handed.KeepAlive.ProbeCount,
                                .most = t->handed.KeepAlive.ProbeCount,
                                .blind_maybe = runs && !orc_keepalive_enabled(c)};
    if (runs) {
        start(o, k, orc_ticks_ns(o, delta));
        k->handed = true;
    }
}

/* The connection is surely not idle. */
void orc_keepalive_anew(struct oracle *o, struct orc_conn *c)
{
    struct orc_keepalive *k = c->keepalive;
    /* For lack of memory a challenge may come only behind it; what is forwarded may go back as it
     * came. */
    bool unsure = orc_starved(o, c) || o->event->fn == TAP_NBL;
    bool later = unsure && (k->challenged || k->blind || k->blind_maybe);
    k->least = k->most = 0;
    k->recounted = false;
    k->known = !orc_keepalive_changing(o, c);
    k->challenged = k->blind = false;
    k->blind_maybe = later;
    start(o, k, timeout_ns(o, c));
    k->high_ns = later ? ORC_NEVER : k->high_ns;
}

void orc_keepalive_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_keepalive *k = c->keepalive;
    uint64_t next = o->event->time_ns + timeout_ns(o, c), slack = orc_slack_ns(o);
    if (h->sure) {
        orc_keepalive_anew(o, c);
        return;
    }
    k->least = 0;
    k->high_ns = orc_most(k->high_ns, next + slack);
    k->low_ns = orc_least(k->low_ns, orc_less(next, slack));
    if (k->blind || k->blind_maybe) {
        k->blind = false;
        k->blind_maybe = true;
        k->high_ns = ORC_NEVER;
    }
}

static void challenge(struct oracle *o, struct orc_conn *c, bool sure)
{
    struct orc_keepalive *k = c->keepalive;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    if (!sure || !k->known || orc_keepalive_changing(o, c) || k->blind_maybe) {
        k->blind_maybe = true;
        k->low_ns = orc_least(k->low_ns, orc_less(now + BLIND_NS, slack));
        k->high_ns = ORC_NEVER;
    } else if (orc_keepalive_enabled(c)) {
        k->blind = true;
        k->low_ns = orc_least(k->low_ns, orc_less(now + BLIND_NS, slack));
        k->high_ns = orc_most(k->high_ns, now + BLIND_NS + slack);
    } else {
        k->blind = true;
        k->least = k->most = c->sender->received_step ? 0 : k->most;
        start(o, k, BLIND_NS);
    }
}

/* A challenge may be held back by its rate: it counts when its ACK is seen. Later ones do not
 * restart the timer. */
void orc_keepalive_challenged(struct oracle *o, struct orc_conn *c, bool sure)
{
    struct orc_keepalive *k = c->keepalive;
    k->challenged = true;
    if (k->blind) {
        return;
    }
    if (sure && c->forwards.count == 0) { /* what is forwarded may be taken later, and end it */
        k->answer_step = o->steps + 1;
    } else {
        challenge(o, c, false);
    }
}

static enum orc_rule rule_of(const struct oracle *o, const struct orc_keepalive *k)
{
    enum orc_rule plain = k->blind     ? ORC_WIRE_BLIND_1
                          : k->updated ? ORC_UPD_RESTART_1
                          : k->handed  ? ORC_TMR_OFF_1
                                       : ORC_TMR_KA_1;
    return k->blind ? plain
                    : orc_timer_rule(o, k->wait_ns, orc_less(o->event->time_ns, k->from_ns), plain);
}

static void ran(struct oracle *o, const struct orc_keepalive *k)
{
    orc_ran(o, k->blind ? ORC_WIRE_BLIND_1 : ORC_TMR_KA_1);
    orc_ran(o, ORC_TMR_TICK_1);
    if (k->updated) {
        orc_ran(o, ORC_UPD_RESTART_1);
    }
    if (k->handed) {
        orc_ran(o, ORC_TMR_OFF_1);
    }
}

static void judge_probe(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_keepalive *k = c->keepalive;
    uint64_t now = o->event->time_ns;
    uint32_t ordinal = orc_ordinal(o, c);
    if (!k->known || c->blocked->invalid_ns || orc_keepalive_changing(o, c) || k->blind_maybe) {
        return;
    }
    ran(o, k);
    if (!orc_keepalive_enabled(c) && !k->blind) {
        orc_fail(o, ordinal, ORC_TMR_KA_1, "no keepalive probe while keepalive is disabled", "one");
    } else if (now < k->low_ns) {
        orc_fail(
            o, ordinal, rule_of(o, k),
            orc_text(o, "keepalive probe %u after %llu ms", k->least + 1,
                     (unsigned long long)(k->wait_ns / ORC_MS)),
            orc_text(o, "after %llu ms", (unsigned long long)(orc_less(now, k->from_ns) / ORC_MS)));
    } else if (k->least >= orc_keepalive_limit(c)) {
        orc_fail(o, ordinal, k->blind ? ORC_WIRE_BLIND_1 : ORC_TMR_KA_1,
                 orc_text(o, "at most %u keepalive probes", orc_keepalive_limit(c)), "another one");
    }
}

void orc_keepalive_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_keepalive *k = c->keepalive;
    const struct orc_send *s = c->send;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    bool below =
        f->begin == s->max - 1 && f->packet->tcp.length <= 1 && !(f->packet->tcp.flags & TCP_FIN);
    bool idle = orc_una_exact(c) && s->una_sure == s->max;
    /* An ACK that tells something new stands at SndNxt, which a timeout may have put there. */
    bool told = !f->data && c->receive->acked_event == o->event->seq;
    if (k->answer_step == o->steps + 1 && !k->blind) {
        bool alone = c->receive->answerable_step <= 1; /* else the ACK may be that of another */
        challenge(o, c, !f->data && alone && c->sender->received_step != o->steps + 1);
        k->answer_step = 0;
    }
    if (f->spontaneous && below && idle) {
        judge_probe(o, c);
        k->least++;
        k->most++;
        k->last_ns = now;
        bool blind = k->blind || k->blind_maybe;
        start(o, k, interval_ns(o, c));
        k->high_ns = blind && !k->blind ? ORC_NEVER : k->high_ns;
        return;
    }
    if (f->spontaneous && below && !orc_una_exact(c)) {
        k->most++; /* a probe, if the last ACK was taken */
        k->low_ns = 0;
        k->high_ns = ORC_NEVER;
        return;
    }
    bool inside = f->begin > s->una_sure && s->max_least > s->una_possible && orc_una_exact(c);
    if (f->spontaneous && below && !f->data && inside && !told && !k->blind && !k->blind_maybe) {
        orc_ran(o, ORC_TMR_KA_1);
        orc_fail(o, orc_ordinal(o, c), ORC_TMR_KA_1, "no keepalive probe with data in flight",
                 orc_text(o, "one at %lld; %lld is the earliest byte", (long long)f->begin,
                          (long long)s->una_sure));
    }
    if (k->most == 0 && !k->blind) {
        k->high_ns = orc_most(k->high_ns, now + timeout_ns(o, c) + slack);
    }
}

void orc_keepalive_ending(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    bool below = f->begin == c->send->max - 1 && f->packet->tcp.length <= 1;
    if (below && f->end <= c->send->max && c->term_enter != ORC_NONE) {
        c->keepalive->late_ns = o->event->time_ns;
    }
}

/* A probe may have been tried that nobody saw: the next one, or the end, comes at any time from now
 * on, and by the time that a new beginning would set. */
static void doubt(const struct oracle *o, const struct orc_conn *c, bool checked)
{
    struct orc_keepalive *k = c->keepalive;
    uint64_t wait = orc_most(timeout_ns(o, c), interval_ns(o, c));
    uint64_t most = o->event->time_ns + wait + orc_slack_ns(o);
    k->blind = false;
    k->blind_maybe = checked;
    k->low_ns = 0;
    k->high_ns = checked ? ORC_NEVER : orc_most(k->high_ns, most);
    k->most = orc_keepalive_limit(c);
}

/* A challenge may have begun a blind check, or what came may not have been taken. */
void orc_keepalive_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_keepalive *k = c->keepalive;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    bool came = orc_waived(o) && c->receive->arrived_step == o->steps + 1;
    bool now_challenged = k->challenged && c->receive->arrived_step == o->steps + 1;
    bool checked = k->blind || k->blind_maybe || now_challenged;
    if (!c->sender->on || c->phase != ORC_LIVE || !(checked || orc_keepalive_enabled(c))) {
        return;
    }
    uint64_t wait = orc_most(timeout_ns(o, c), interval_ns(o, c));
    if (orc_adapter_moves(o) && k->high_ns != ORC_NEVER) { /* it may start its timers anew */
        k->high_ns = orc_most(k->high_ns, now + orc_most(wait, k->wait_ns) + slack);
    }
    if (!came && !now_challenged && now + slack < k->low_ns) {
        return;
    }
    doubt(o, c, checked);
    k->least = came ? 0 : k->least;
}

/* Nothing goes out through what is invalidated: a probe may be tried again later. */
void orc_keepalive_blocked(struct oracle *o, struct orc_conn *c)
{
    const struct orc_keepalive *k = c->keepalive;
    bool checked = k->blind || k->blind_maybe, wanted = checked || orc_keepalive_enabled(c);
    if (wanted && o->event->time_ns + orc_slack_ns(o) >= k->low_ns) {
        doubt(o, c, checked);
    }
}

void orc_keepalive_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_keepalive *k = c->keepalive;
    bool wanted = (orc_keepalive_enabled(c) && c->cached.KaTimeout) || k->blind;
    if (!k->known || !wanted || orc_keepalive_changing(o, c) || c->send->fin_asked ||
        k->high_ns == ORC_NEVER) {
        return;
    }
    if (orc_sender_pending(c) || !orc_una_exact(c)) {
        k->high_ns = ORC_NEVER; /* only an idle connection has to be probed */
        return;
    }
    ran(o, k);
    if (o->event->time_ns <= k->high_ns) {
        orc_watch(o, c, k->high_ns + 1);
        return;
    }
    bool spent = k->most >= orc_keepalive_limit(c);
    enum orc_rule rule = k->blind     ? ORC_WIRE_BLIND_1
                         : k->updated ? ORC_UPD_RESTART_1
                         : k->handed  ? ORC_TMR_OFF_1
                                      : ORC_TMR_KA_1;
    orc_fail(o, orc_ordinal(o, c), rule,
             spent ? "Retrieve(TimeoutExpiration) after the last keepalive probe"
                   : orc_text(o, "a keepalive probe within %llu ms",
                              (unsigned long long)((k->high_ns - k->from_ns) / ORC_MS)),
             orc_text(o, "none; %u probes unanswered", k->most));
    k->known = false;
}

/* The flag, or enabling, starts from no idle time; changed times restart what is left; another
 * number of probes zeroes the counter. */
void orc_keepalive_update(struct oracle *o, struct orc_conn *c, bool done)
{
    struct orc_keepalive *k = c->keepalive;
    const TCP_OFFLOAD_STATE_CACHED *now = &c->cached, *before = &c->cached_old;
    uint16_t on = TCP_FLAG_KEEP_ALIVE_ENABLED;
    bool anew = (now->Flags & TCP_FLAG_KEEP_ALIVE_RESTART) || ((now->Flags ^ before->Flags) & on);
    bool times = now->KaTimeout != before->KaTimeout || now->KaInterval != before->KaInterval;
    if (now->KaProbeCount != before->KaProbeCount || anew) {
        k->least = 0;
        k->most = done ? 0 : k->most;
        k->recounted = true;
    }
    if (!anew && !times) {
        return;
    }
    uint64_t time = timeout_ns(o, c), other = k->most && !anew ? interval_ns(o, c) : time;
    uint64_t low = k->low_ns, from = k->from_ns;
    bool blind = k->blind;
    start(o, k, orc_least(time, other));
    if (done) {
        k->high_ns = o->event->time_ns + orc_most(time, other) + orc_slack_ns(o);
        k->low_ns = low;
        k->from_ns = from;
    }
    k->updated = true;
    k->blind = false;
    k->blind_maybe = k->blind_maybe || blind;
}

bool orc_keepalive_explains(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_keepalive *k = c->keepalive;
    return !k->known || k->blind_maybe || c->blocked->invalid_ns || orc_keepalive_changing(o, c) ||
           ((orc_keepalive_enabled(c) || k->blind) && k->most >= orc_keepalive_limit(c));
}

void orc_keepalive_reported(struct oracle *o, struct orc_conn *c)
{
    orc_ran(o, ORC_TMR_KA_1);
    orc_fail(o, orc_ordinal(o, c), ORC_TMR_KA_1,
             orc_text(o, "an upload request of an idle connection after %u probes",
                      orc_keepalive_limit(c)),
             orc_text(o, "after %u", c->keepalive->most));
}
