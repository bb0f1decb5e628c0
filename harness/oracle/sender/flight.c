/* SPDX-License-Identifier: MIT
 *
 * When which bytes were sent, what round trips can have been measured from that, and the bounds of
 * the retransmission timeout that follow. How a target smooths is its own business, so no exact
 * value is ever demanded.
 */
#include "oracle/sender/flight.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"

#define NO_SAMPLE_MOST_NS (3ull * ORC_NS_PER_SECOND)
#define UNSURE_MAX 64u
#define RTO_FLOOR_NS (300 * ORC_MS)

static struct orc_transmission *entry(const struct orc_flight *f, uint32_t index)
{
    return &f->sent[(f->head + index) & (f->room - 1)];
}

static bool flight_grow(struct oracle *o, struct orc_flight *f)
{
    uint32_t before = f->room; /* a power of two */
    if (f->count < before) {
        return true;
    }
    if (!orc_grow(o->memory, (void **)&f->sent, &f->room, before + 1, sizeof(*f->sent))) {
        o->short_of_memory = true;
        return false;
    }
    for (uint32_t i = 0; i < f->head; i++) { /* what had wrapped around follows now */
        f->sent[before + i] = f->sent[i];
    }
    return true;
}

/* The first entry that ends above an offset. */
static uint32_t flight_search(const struct orc_flight *f, int64_t offset)
{
    uint32_t low = 0, high = f->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry(f, middle)->end > offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void orc_flight_fresh(struct orc_conn *c)
{
    *c->flight = (struct orc_flight){.sent = c->flight->sent, .room = c->flight->room};
}

/* What was sent before INIT: nobody here knows when. */
void orc_flight_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_flight *f = c->flight;
    if (c->send->max > 0 && flight_grow(o, f)) {
        f->sent[0] = (struct orc_transmission){.end = c->send->max, .again = true};
        f->count = 1;
    }
}

void orc_flight_sent(struct oracle *o, struct orc_conn *c, int64_t begin, int64_t end)
{
    struct orc_flight *f = c->flight;
    uint64_t now = o->event->time_ns;
    for (uint32_t i = flight_search(f, begin); begin < c->send->max && i < f->count; i++) {
        struct orc_transmission *sent = entry(f, i);
        if (i && entry(f, i - 1)->end >= end) {
            break;
        }
        sent->last_ns = now;
        sent->again = true;
    }
    if (end > c->send->max && flight_grow(o, f)) {
        f->count++;
        *entry(f, f->count - 1) =
            (struct orc_transmission){.end = end, .first_ns = now, .last_ns = now};
    }
}

bool orc_flight_first(const struct orc_conn *c, uint64_t *first_ns)
{
    if (!c->flight->count) {
        return false;
    }
    *first_ns = entry(c->flight, 0)->first_ns;
    return *first_ns != 0;
}

static void widen(struct orc_rtt_bounds *rtt, uint64_t least, uint64_t most, bool once)
{
    rtt->least_ns = rtt->any ? orc_least(rtt->least_ns, least) : least;
    rtt->most_ns = orc_most(rtt->most_ns, most);
    rtt->any = true;
    if (once) {
        rtt->once_least_ns = rtt->once ? orc_least(rtt->once_least_ns, least) : least;
        rtt->once_most_ns = orc_most(rtt->once_most_ns, most);
        rtt->once = true;
    }
}

/* The echo of a timestamp: its clock may stand somewhat off, so that the echo of what has just been
 * sent seems to come from the future. Only one that is not above what was sent is surely taken. */
static bool take_echo(const struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp,
                      bool sure)
{
    const struct orc_sender *t = c->sender;
    uint64_t tick = orc_ticks_ns(o, 1), now = o->event->time_ns;
    uint32_t clock = t->ts_value + (uint32_t)(orc_less(now, t->ts_ns) / tick);
    int64_t apart = (int32_t)(clock - tcp->ts_echo);
    if (apart < -(int64_t)(2 + orc_slack_ns(o) / 2 / tick) || apart >= 0x7FFFFFF0) {
        return false;
    }
    uint64_t ticks = apart > 0 ? (uint64_t)apart : 0, slack = 2 * tick;
    widen(c->rtt_bounds, sure ? orc_less(ticks * tick, slack) : 0, ticks * tick + slack, true);
    return (int32_t)(t->ts_value - tcp->ts_echo) >= 0;
}

static uint64_t first_tried(const struct orc_flight *f, const struct orc_transmission *sent)
{
    uint64_t first = sent->first_ns ? sent->first_ns : sent->last_ns;
    bool held = f->held_until_ns && first >= f->held_from_ns && first <= f->held_until_ns;
    return held ? f->held_from_ns : first;
}

/* Until the ACK surely was taken, a later one may give the sample instead. */
static bool flight_measure(struct oracle *o, struct orc_conn *c, const struct orc_received *h,
                           bool echo)
{
    struct orc_flight *f = c->flight;
    uint64_t now = o->event->time_ns;
    uint32_t most = h->sure ? f->count : f->count < UNSURE_MAX ? f->count : UNSURE_MAX;
    bool sample = false;
    for (uint32_t i = 0; i < most; i++) {
        const struct orc_transmission *sent = entry(f, i);
        if (sent->last_ns) {
            uint64_t first = first_tried(f, sent);
            /* What may not have been taken leaves the estimate where it was: a resend may end
             * every measurement under way. */
            bool taken = h->sure && !h->late && (!f->broken_ns || f->broken_ns < sent->last_ns);
            widen(c->rtt_bounds, taken ? now - sent->last_ns : 0, now - first, !sent->again);
            sample = sample || (!echo && !sent->again);
            c->rtt_bounds->whole = c->rtt_bounds->whole || (taken && sent->end <= h->ack);
        }
        if (sent->end >= h->ack) {
            return sample;
        }
    }
    if (most < f->count) {
        widen(c->rtt_bounds, 0, c->rtt_bounds->most_ns, true);
    }
    return sample;
}

static bool acked(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_flight *f = c->flight;
    bool echo = (c->flags & TCP_FLAG_TIMESTAMP_ENABLED) && h->tcp->has_timestamp;
    bool sample = echo && take_echo(o, c, h->tcp, h->sure);
    sample = flight_measure(o, c, h, echo) || sample;
    while (f->count && entry(f, 0)->end <= c->send->una_sure) {
        f->head = (f->head + 1) & (f->room - 1);
        f->count--;
    }
    return sample && h->sure && !h->late;
}

void orc_flight_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    bool moved = h->ack > h->una_sure_before && h->ack <= c->send->max;
    c->flight->sampled = moved && acked(o, c, h);
}

/* A target may count from when it tried to send, and may have sent again unseen. */
void orc_flight_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_flight *f = c->flight;
    if (orc_waived(o) && c->receive->arrived_step == o->steps + 1) {
        f->late_ns = orc_most(f->late_ns, c->rtt_bounds->most_ns + ORC_STARVED_NS);
    }
    if (orc_sender_touched(o, c)) {
        f->broken_ns = f->held_until_ns = o->event->time_ns;
        f->held_from_ns = o->faults->since_ns;
    }
}

struct rtt_bounds {
    uint64_t low, high, variation;
    uint64_t kept; /* least variation: as handed over, where nothing can have been measured */
    bool any;
};

static uint64_t granularity(const struct oracle *o)
{
    return orc_slack_ns(o) / 2;
}

static struct rtt_bounds bounds(const struct oracle *o, const struct orc_conn *c, bool once)
{
    const struct orc_sender *t = c->sender;
    const struct orc_rtt_bounds *rtt = c->rtt_bounds;
    uint64_t smoothed = t->smoothed_ns;
    uint64_t variation = t->variation_ns;
    uint64_t least = once ? rtt->once_least_ns : rtt->least_ns;
    uint64_t most = once ? rtt->once_most_ns : rtt->most_ns;
    bool measured = once ? rtt->once : rtt->any, handed = smoothed || variation;
    struct rtt_bounds b = {.any = measured || handed};
    /* An ambiguous round trip may be no first one. */
    uint64_t first = rtt->once ? least : 0;
    uint64_t low = !measured ? smoothed : !handed ? first : orc_least(least, smoothed);
    b.low = orc_less(low, granularity(o));
    b.high = orc_most(smoothed, measured ? orc_most(most, c->flight->late_ns) : 0) + granularity(o);
    b.kept = rtt->any ? 0 : orc_less(variation, granularity(o));
    b.variation = orc_most(variation, orc_most(b.high - b.low, b.high / 2));
    return b;
}

/* Something may have been measured, or was handed over. */
bool orc_rtt_known(const struct oracle *o, const struct orc_conn *c)
{
    return bounds(o, c, false).any;
}

uint64_t orc_rto_least(const struct oracle *o, const struct orc_conn *c)
{
    struct rtt_bounds b = bounds(o, c, false);
    return orc_least(ORC_RTO_MAX_NS, orc_most(RTO_FLOOR_NS, b.any ? b.low : 0));
}

/* Of a segment that was sent again, or acknowledged in part, no round trip is demanded. */
static bool without_sample(const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    const struct orc_rtt_bounds *rtt = c->rtt_bounds;
    return !t->handed.SRtt && !t->handed.RttVar && (!rtt->once || !rtt->whole);
}

uint64_t orc_rto_most(const struct oracle *o, const struct orc_conn *c)
{
    struct rtt_bounds b = bounds(o, c, false);
    uint64_t rto = b.high + orc_most(granularity(o), 4 * b.variation);
    uint64_t least = without_sample(c) ? NO_SAMPLE_MOST_NS : ORC_NS_PER_SECOND;
    return orc_least(ORC_RTO_MAX_NS, orc_most(least, rto));
}

static uint64_t scaled(const struct oracle *o, uint64_t ns, uint32_t scale)
{
    uint64_t ticks = ns / (orc_ticks_ns(o, 1) / scale);
    return ticks < 0xFFFF ? ticks : 0xFFFF;
}

static bool inside(const struct oracle *o, const struct rtt_bounds *b,
                   const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    uint64_t low = orc_less(scaled(o, b->low, 8), 8), high = scaled(o, b->high, 8) + 8;
    uint64_t spread = scaled(o, b->variation, 4) + 4;
    uint64_t kept = orc_less(scaled(o, b->kept, 4), 4);
    return d->SRtt >= low && d->SRtt <= high && d->RttVar <= spread && d->RttVar >= kept;
}

void orc_rtt_judge(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_sender *t = c->sender;
    struct rtt_bounds all = bounds(o, c, false), once = bounds(o, c, true);
    if (t->parameters != o->parameters->sets || t->begun_parameters != o->parameters->sets) {
        return;
    }
    orc_ran(o, ORC_ST_RTT_1);
    orc_ran(o, ORC_WIRE_RTT_1);
    enum orc_rule rule = !inside(o, &all, d)    ? ORC_ST_RTT_1
                         : !inside(o, &once, d) ? ORC_WIRE_RTT_1
                                                : ORC_NO_RULE;
    bool optional = !once.any || without_sample(c);
    if (rule == ORC_NO_RULE || (optional && !d->SRtt && !d->RttVar)) {
        return;
    }
    orc_fail(o, orc_ordinal(o, c), rule,
             orc_text(o, "SRtt from %llu to %llu, RttVar up to %llu, by what was measured",
                      (unsigned long long)orc_less(scaled(o, once.low, 8), 8),
                      (unsigned long long)scaled(o, once.high, 8) + 8,
                      (unsigned long long)scaled(o, once.variation, 4) + 4),
             orc_text(o, "SRtt %u, RttVar %u", d->SRtt, d->RttVar));
}
