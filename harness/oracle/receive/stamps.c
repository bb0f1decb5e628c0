/* SPDX-License-Identifier: MIT
 *
 * Timestamps: the value sent goes on from the one handed over and advances with the host's ticks,
 * the echo is TsRecent.
 */
#include "oracle/receive/stamps.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/report/report.h"

#define OUTLIVED_NS (23ll * 24 * 3600 * (int64_t)ORC_NS_PER_SECOND)
#define SURELY_OUTLIVED_NS (30ull * 24 * 3600 * ORC_NS_PER_SECOND)

static uint64_t tick_ns(const struct oracle *o)
{
    return o->parameters->tick_ns;
}

/* One tick and the granularity, in ticks. */
static int64_t leeway(const struct oracle *o)
{
    uint64_t granularity = orc_slack_ns(o) / 2, tick = tick_ns(o);
    return (int64_t)(1 + (granularity + tick - 1) / tick);
}

/* Is value what the clock may show by now, going on from the anchor? */
static bool within(const struct oracle *o, const struct orc_stamps *x, uint32_t value)
{
    uint64_t now = o->event->time_ns;
    uint64_t late = x->anchor_late_ns < now ? x->anchor_late_ns : now;
    int64_t least = (int64_t)((now - late) / tick_ns(o)), e = leeway(o);
    int64_t most = (int64_t)((now - x->anchor_ns) / tick_ns(o));
    int64_t apart = (int32_t)(value - x->anchor);
    return apart >= least - e && apart <= most + 1 + e;
}

static void set_anchor(const struct oracle *o, struct orc_stamps *x, uint32_t value)
{
    x->anchor = value;
    x->anchor_ns = x->anchor_late_ns = o->event->time_ns;
    x->anchor_event = o->event->seq;
}

bool orc_stamps_fine(const struct orc_conn *c, const struct orc_tcp *tcp)
{
    bool young = (int32_t)(tcp->ts_value - c->receive->ts_highest) >= 0 || c->stamps->outlived;
    return !(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) || (tcp->has_timestamp && young);
}

void orc_stamps_begin(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    struct orc_stamps *x = c->stamps;
    uint64_t now = o->event->time_ns;
    *x = (struct orc_stamps){
        .sent = d->TsTime, .least = d->TsRecent, .most = d->TsRecent, .value = d->TsRecent};
    set_anchor(o, x, d->TsTime);
    x->anchor_late_ns = UINT64_MAX;
    x->first_ns = x->last_ns = (int64_t)now;
    if (o->parameters->known) {
        x->first_ns -= (int64_t)(d->TsRecentAge * tick_ns(o));
        x->last_ns = x->first_ns;
        x->outlived = d->TsRecentAge * tick_ns(o) > SURELY_OUTLIVED_NS;
    }
}

void orc_stamps_taken(struct oracle *o, struct orc_conn *c)
{
    struct orc_stamps *x = c->stamps;
    int64_t took = (int64_t)(o->event->time_ns - c->begun_ns);
    if (x->anchor_late_ns == UINT64_MAX) {
        x->anchor_late_ns = o->event->time_ns;
    }
    if (x->last_ns <= (int64_t)c->begun_ns) {
        x->last_ns += took; /* the age handed over; no segment has renewed it */
    }
}

/* A segment that may set TsRecent, before it changes any ledger. */
void orc_stamps_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    struct orc_stamps *x = c->stamps;
    const struct orc_receive *r = c->receive;
    int64_t now = (int64_t)o->event->time_ns;
    if (s->tcp->flags & (TCP_RST | TCP_SYN)) {
        return;
    }
    if (s->tcp->length && s->end > x->bare_at) {
        bool next = s->begin == r->possible && s->begin == r->sure && !r->fins && !r->fin_before;
        x->bare = next && !s->tcp->has_timestamp && s->tcp->options_right;
        x->bare_at = s->begin;
    }
    if (!(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) || !s->tcp->has_timestamp ||
        s->begin > r->possible + 1) {
        return;
    }
    if (now - x->last_ns > OUTLIVED_NS) {
        c->receive->ts_known = false; /* about where TsRecent becomes invalid nothing is judged */
    }
    if ((int32_t)(s->tcp->ts_value - x->most) > 0) {
        x->most = s->tcp->ts_value;
    }
    if ((int32_t)(s->tcp->ts_value - x->value) > 0) {
        x->value = s->tcp->ts_value;
        x->first_ns = now;
    }
    x->last_ns = s->tcp->ts_value == x->value ? now : x->last_ns;
}

void orc_stamps_forwarded(struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_stamps *x = c->stamps;
    bool others = x->forwards && c->forwards.count > 1;
    if (!tcp->has_timestamp) {
        return;
    }
    if (!others || (int32_t)(tcp->ts_value - x->forwarded_least) < 0) {
        x->forwarded_least = tcp->ts_value;
    }
    if (!others || (int32_t)(tcp->ts_value - x->forwarded_most) > 0) {
        x->forwarded_most = tcp->ts_value;
    }
    x->forwards = true;
}

/* TsRecent may be that of a forwarded segment. */
static bool was_forwarded(const struct orc_stamps *x)
{
    return x->forwards && (int32_t)(x->value - x->forwarded_least) >= 0 &&
           (int32_t)(x->forwarded_most - x->value) >= 0;
}

void orc_stamps_processed(struct oracle *o, struct orc_conn *c)
{
    struct orc_stamps *x = c->stamps;
    if (was_forwarded(x)) {
        x->last_ns = (int64_t)o->event->time_ns;
    }
}

static void judge_echo(struct oracle *o, const struct orc_conn *c, uint32_t echo)
{
    const struct orc_stamps *x = c->stamps;
    bool old = (int32_t)(echo - x->least) < 0;
    if (!c->receive->ts_known) {
        return;
    }
    orc_ran(o, ORC_WIRE_TS_1);
    if (old || (int32_t)(echo - x->most) > 0) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_TS_1,
                 orc_text(o, "an echo of TsRecent, from %u to %u", x->least, x->most),
                 orc_text(o, "%u", echo));
    }
}

static void judge_value(struct oracle *o, struct orc_conn *c, uint32_t value)
{
    struct orc_stamps *x = c->stamps;
    uint64_t now = o->event->time_ns;
    orc_ran(o, ORC_ST_TS_1);
    if ((int32_t)(value - x->sent) < 0) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_TS_1,
                 orc_text(o, "a timestamp of at least %u", x->sent), orc_text(o, "%u", value));
    } else if (o->parameters->known && x->anchor_event > o->parameters->event &&
               !within(o, x, value)) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_TS_1,
                 orc_text(o, "a timestamp %llu ticks after %u",
                          (unsigned long long)((now - x->anchor_ns) / tick_ns(o)), x->anchor),
                 orc_text(o, "%u", value));
    }
    if (x->anchor_event < o->parameters->event) { /* a new rate: measured from here on */
        set_anchor(o, x, value);
    }
    x->sent = value;
}

/* A segment without the option should be dropped silently. */
static void judge_bare(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_stamps *x = c->stamps;
    if (x->bare && orc_receive_offset(c->receive, tcp->ack) > x->bare_at) {
        x->bare = false;
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_TS_1, "a segment without timestamps dropped",
                 orc_text(o, "its byte %lld acknowledged", (long long)x->bare_at));
    }
}

void orc_stamps_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    bool wanted = c->flags & TCP_FLAG_TIMESTAMP_ENABLED;
    if (tcp->flags & TCP_RST) {
        return;
    }
    if (wanted != tcp->has_timestamp) {
        orc_ran(o, ORC_WIRE_TS_1);
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_TS_1,
                 wanted ? "timestamps on every segment" : "no timestamps on this connection",
                 wanted ? "none" : "the option");
        return;
    }
    if (!wanted) {
        return;
    }
    judge_bare(o, c, tcp);
    if (!orc_hindered(o)) { /* else it may have been built before */
        judge_echo(o, c, tcp->ts_echo);
        judge_value(o, c, tcp->ts_value);
    }
}

/* At rest what was sure is in force. */
void orc_stamps_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    (void)o;
    if (judged && c->receive->ts_known) {
        c->stamps->least = c->receive->ts_recent_least;
    }
}

void orc_stamps_hindered(struct oracle *o, struct orc_conn *c)
{
    if (orc_waived(o)) {
        c->receive->ts_recent_least = c->stamps->least;
    }
}

static void judge_age(struct oracle *o, const struct orc_conn *c, uint32_t age)
{
    const struct orc_stamps *x = c->stamps;
    int64_t now = (int64_t)o->event->time_ns, slack = (int64_t)orc_slack_ns(o);
    int64_t reported = (int64_t)(age * tick_ns(o));
    bool waits = was_forwarded(x) && c->forwards.count;
    int64_t least = (waits ? 0 : now - x->last_ns) - slack, most = now - x->first_ns + slack;
    if (reported < least || reported > most) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_TS_2,
                 orc_text(o, "an age of TsRecent from %lld to %lld ms",
                          (long long)(least / 1000000), (long long)(most / 1000000)),
                 orc_text(o, "%u ticks", age));
    }
}

/* The state of a query or terminate. */
void orc_stamps_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_stamps *x = c->stamps;
    if (!(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) || !c->receive->ts_known ||
        !o->parameters->known) {
        return;
    }
    uint64_t elapsed = o->event->time_ns - x->anchor_ns;
    orc_ran(o, ORC_ST_TS_1);
    if ((int32_t)(d->TsTime - x->sent) < 0 ||
        (x->anchor_event > o->parameters->event && !within(o, x, d->TsTime))) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_TS_1,
                 orc_text(o, "TsTime going on from %u, and %llu ticks after %u", x->sent,
                          (unsigned long long)(elapsed / tick_ns(o)), x->anchor),
                 orc_text(o, "%u", d->TsTime));
    }
    orc_ran(o, ORC_ST_TS_2);
    if ((int32_t)(d->TsRecent - x->least) < 0 || (int32_t)(d->TsRecent - x->most) > 0) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_TS_2,
                 orc_text(o, "TsRecent from %u to %u", x->least, x->most),
                 orc_text(o, "%u", d->TsRecent));
    } else if (d->TsRecent == x->value && x->anchor_event > o->parameters->event) {
        judge_age(o, c, d->TsRecentAge);
    }
}
