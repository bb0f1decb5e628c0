/* SPDX-License-Identifier: MIT
 *
 * Which segments must be answered by an ACK, and how soon; no answer without a cause.
 */
#include "oracle/receive/answers.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/receive/delay.h"
#include "oracle/receive/offers.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"

#define THROTTLE_NS (5 * ORC_NS_PER_SECOND)
#define SYN_PERIOD_NS (3 * ORC_NS_PER_SECOND)

/* RcvNxt lies between these. */
static int64_t next_least(const struct orc_receive *r)
{
    int64_t least = r->fin_sure >= 0 ? r->fin_sure + 1 : r->sure;
    return r->acked > least ? r->acked : least;
}

static int64_t next_most(const struct orc_receive *r)
{
    return r->possible + (orc_fin_possible(r, r->possible) ? 1 : 0);
}

static int64_t sure_edge(const struct orc_conn *c)
{
    return c->receive->edge - ((1ll << c->receive_scale) - 1);
}

static bool throttled(const struct oracle *o)
{
    uint64_t since = o->event->time_ns - o->replies->last_ns;
    return o->replies->ever && since <= THROTTLE_NS + orc_slack_ns(o);
}

/* Everything about the segment is beyond doubt but where it stands. */
static bool plain_fields(const struct oracle *o, const struct orc_conn *c, const struct orc_seen *s)
{
    bool stamped = !(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) || s->tcp->has_timestamp;
    return s->sound && stamped && c->sane && !orc_waived(o) && !c->receive->lossy;
}

static void hear_reset(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    const struct orc_receive *r = c->receive;
    struct orc_answers *x = c->answers;
    bool may = s->begin >= next_least(r) && s->begin <= r->largest_edge;
    bool inside = s->begin > next_most(r) && s->begin < sure_edge(c) && r->fins == 0;
    c->receive->answerable_step += may; /* outside of the window it is dropped silently */
    x->resets_step += may;
    if (!inside || !s->sound || !c->sane || orc_waived(o)) {
        x->challenged = x->challenged || may;
        return;
    }
    if (!x->challenged) {
        x->due |= DUE_RESET;
    }
    x->challenged = true;
}

static void hear_syn(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    const struct orc_receive *r = c->receive;
    struct orc_answers *x = c->answers;
    uint64_t now = o->event->time_ns;
    bool quiet = !x->syn_seen || now - x->syn_ns > SYN_PERIOD_NS + orc_slack_ns(o);
    bool stamp_fine = !(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) ||
                      (r->ts_known && (int32_t)(s->tcp->ts_value - r->ts_highest) >= 0);
    bool inside = s->begin > next_most(r) && s->begin < sure_edge(c);
    bool outside = s->begin < next_least(r) || s->begin > r->largest_edge;
    c->receive->answerable_step++;
    x->syns_step += !outside;
    x->syn_seen = true;
    x->syn_ns = now;
    if (!plain_fields(o, c, s) || !stamp_fine || r->fins) {
        return;
    }
    if (s->begin == next_least(r) && s->begin == next_most(r) && !r->fin_before) {
        x->syn_due = true;
        orc_ran(o, ORC_WIRE_SYN_1);
    } else if ((inside && quiet) || (outside && !throttled(o))) {
        x->due |= DUE_SYN;
    }
}

static uint8_t unacceptable(const struct orc_conn *c, const struct orc_seen *s, int64_t least)
{
    const struct orc_receive *r = c->receive;
    int64_t last = s->end + s->fin;
    bool empty = last == s->begin;
    if (s->begin == least - 1 && s->tcp->length <= 1 && !s->fin && least == next_most(r)) {
        return DUE_PROBE; /* a keepalive */
    }
    bool ended = r->fins || r->fin_before; /* nothing that follows a FIN is a probe */
    if (!ended && s->begin == least && s->tcp->length && r->edge <= least &&
        c->offers->refused_edge <= least && least == next_most(r)) {
        return DUE_PROBE; /* a probe of the closed window */
    }
    if (empty ? s->begin < least : last <= least) {
        return DUE_SEQUENCE;
    }
    return s->begin > r->largest_edge ? DUE_SEQUENCE : 0;
}

static uint8_t answer_due(const struct oracle *o, const struct orc_conn *c,
                          const struct orc_seen *s, int64_t least)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *out = c->send;
    if (r->ts_known && s->tcp->has_timestamp &&
        (int32_t)(s->tcp->ts_value - r->ts_recent_least) < 0) {
        bool young = o->event->time_ns - r->ts_time_ns < 23ull * 86400 * ORC_NS_PER_SECOND;
        return young ? DUE_OLD_STAMP : 0;
    }
    uint8_t due = unacceptable(c, s, least);
    if (due) {
        return due;
    }
    int64_t window = out->max_window < 0x40000000 ? (int64_t)out->max_window : 0x40000000;
    bool above = s->ack > out->handed + 2 && s->ack > out->max;
    bool ancient = s->ack < out->una_sure - window - 1;
    bool placed = s->begin >= least ? s->begin < sure_edge(c) : s->end > least;
    return (above || ancient) && placed && !c->inside ? DUE_ACK : 0;
}

/* No options but a timestamp that nobody can object to, where there must be one. */
static bool plain(const struct orc_conn *c, const struct orc_tcp *tcp)
{
    bool stamped = c->flags & TCP_FLAG_TIMESTAMP_ENABLED;
    return tcp->header == (stamped ? 32 : 20) && orc_stamps_fine(c, tcp);
}

/* An acknowledgement and nothing else, of what is known to the byte: no cause to say anything. Nor
 * is what would be acceptable and lacks the ACK bit (WIRE-ACKV-1). */
static bool quiet(const struct orc_conn *c, const struct orc_seen *s, int64_t least)
{
    const struct orc_send *out = c->send;
    const struct orc_tcp *tcp = s->tcp;
    bool fine = plain(c, tcp) && !s->doubtful && c->phase == ORC_LIVE && c->init_returned &&
                c->sane && s->begin == least && least == next_most(c->receive);
    if (!(tcp->flags & (TCP_ACK | TCP_URG))) {
        return fine && s->end + s->fin < sure_edge(c);
    }
    bool bare = tcp->flags == TCP_ACK && !tcp->length;
    bool known = out->una_possible == out->una_sure && s->ack >= out->una_sure;
    return fine && bare && known && s->ack <= out->max_least;
}

/* TIME_WAIT was reached, and the host asked to take the connection, but it has not yet. */
static bool waits(struct oracle *o, const struct orc_conn *c)
{
    return c->life->wait_reported && c->phase == ORC_LIVE && c->term_enter == ORC_NONE &&
           c->abort_event == ORC_NONE && c->local_abort == ORC_NONE && !c->failed_over &&
           !c->answers->syn_closed && o->adapter->phase == ORC_ADAPTER_RUNNING &&
           !o->adapter->leaving && !orc_shorted(o, c->receive) && !orc_path_invalid(o, c) &&
           c->sane;
}

/* The peer's FIN once more, from the wire: the ACK of it was lost. Or an empty segment from before
 * it: a keepalive, say. */
static bool waited_again(struct oracle *o, const struct orc_conn *c, const struct orc_seen *s)
{
    const struct orc_tcp *tcp = s->tcp;
    const struct orc_call *call = orc_call_top(o, o->event->cpu);
    bool flags = !(tcp->flags & TCP_URG) && (tcp->flags & TCP_ACK);
    bool old = s->fin ? s->end == c->receive->fin_sure
                      : s->begin == s->end && s->end <= c->receive->fin_sure;
    return call && call->fn == TAP_NIC_RECEIVE && plain(c, tcp) && flags && !s->doubtful && old &&
           s->ack == c->send->una_sure;
}

bool orc_wire_sure(const struct oracle *o)
{
    return !orc_wire_waived(o);
}

void orc_answers_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    int64_t least = next_least(r), most = next_most(r);
    orc_dirty(o, c);
    x->syn_due = x->syn_due && !orc_forward_waits(o, c); /* this one may be looked at first */
    x->odd_options = x->odd_options || s->tcp->odd_options || !s->tcp->options_right;
    bool ordinary = s->certain && s->end > r->sure && s->begin <= most && s->end <= r->edge;
    x->odd_step = x->odd_step || !ordinary;
    if (s->tcp->flags & TCP_RST) {
        hear_reset(o, c, s);
        return;
    }
    if (s->tcp->flags & TCP_SYN) {
        hear_syn(o, c, s);
        return;
    }
    c->receive->answerable_step++;
    x->quiet_step += quiet(c, s, least);
    x->reset_answered = false;
    if (c->life->wait_reported && waited_again(o, c, s) && !throttled(o)) {
        x->due |= DUE_WAIT;
    }
    bool empty = s->begin == s->end && s->begin == least && s->begin == most;
    bool fits = s->begin < sure_edge(c) || empty;
    if (s->certain && fits && s->begin >= least && !orc_forward_waits(o, c)) {
        x->challenged = false; /* a segment that is being forwarded may be looked at later */
    }
    if (!(s->tcp->flags & TCP_ACK) || !plain_fields(o, c, s)) {
        return;
    }
    uint8_t due = answer_due(o, c, s, least);
    if (due && (s->tcp->flags & TCP_URG)) {
        x->urgent_rejected = true;
    }
    if (due && !throttled(o)) {
        x->due |= due;
    }
}

static enum orc_rule answers_rule_of(uint8_t bit)
{
    switch (bit) {
    case DUE_SEQUENCE:
        return ORC_WIRE_SEQ_1;
    case DUE_ACK:
        return ORC_WIRE_ACKV_1;
    case DUE_OLD_STAMP:
        return ORC_WIRE_PAWS_1;
    case DUE_PROBE:
        return ORC_WIRE_PROBE_1;
    case DUE_RESET:
        return ORC_WIRE_RST_1;
    case DUE_WAIT:
        return ORC_UPLD_TW_1;
    default:
        return ORC_WIRE_SYN_1;
    }
}

/* How often challenges may be sent: one for RSTs between other segments, one in 3 s for SYNs. */
static void judge_challenge(struct oracle *o, struct orc_conn *c)
{
    struct orc_answers *x = c->answers;
    uint64_t now = o->event->time_ns;
    if (x->resets_step && x->resets_step == c->receive->answerable_step) {
        orc_ran(o, ORC_WIRE_RST_1);
        if (x->reset_answered) {
            orc_warn(o, orc_ordinal(o, c), ORC_WIRE_RST_1,
                     "one challenge for RSTs until an acceptable segment comes", "another");
        }
        x->reset_answered = true;
    }
    if (x->syns_step && x->syns_step == c->receive->answerable_step) {
        uint64_t span = SYN_PERIOD_NS - orc_slack_ns(o);
        orc_ran(o, ORC_WIRE_SYN_1);
        if (x->syn_answers >= 2 && now - x->syn_answer_ns[0] < span) {
            orc_warn(o, orc_ordinal(o, c), ORC_WIRE_SYN_1, "one challenge of SYNs in 3 s",
                     "three within that time");
        }
        x->syn_answers++;
        x->syn_answer_ns[0] = x->syn_answer_ns[1];
        x->syn_answer_ns[1] = now;
    }
}

/* A frame of the connection without payload, FIN and RST. It has a cause of its own when it moves
 * the ACK number or the right edge, or when it is a keepalive probe; else it answers a segment. */
static void judge_cause(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    int64_t ack = orc_receive_offset(r, tcp->ack);
    int64_t edge = ack + ((int64_t)tcp->window << c->receive_scale);
    int64_t at = s->max + (int32_t)(tcp->sequence - (s->sequence + (uint32_t)s->max));
    bool rounded =
        c->receive->consumed_step && c->receive_scale; /* a new edge may read as an old */
    if (ack > r->acked || edge > r->edge || at < s->max || c->update_open ||
        c->update_step == o->steps || rounded || orc_hindered(o) || orc_starved(o, c)) {
        return;
    }
    uint32_t received = c->receive->answerable_step - x->quiet_step;
    x->plain_step++;
    judge_challenge(o, c);
    orc_ran(o, ORC_WIRE_QUIET_1);
    if (x->plain_step > received && c->phase == ORC_LIVE) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_QUIET_1,
                 orc_text(o, "at most %u answers to as many segments, acknowledgements left out",
                          received),
                 orc_text(o, "ACK number %u, which says nothing new", x->plain_step));
    }
}

/* Before the frame changes any ledger. */
void orc_answers_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_answers *x = c->answers;
    if (o->event->status != NDIS_STATUS_SUCCESS) {
        return;
    }
    if (!(tcp->flags & TCP_ACK) || (tcp->flags & TCP_RST)) {
        return;
    }
    if (!tcp->length && !(tcp->flags & TCP_FIN)) {
        judge_cause(o, c, tcp);
    }
    if (x->odd_step) {
        o->replies->ever = true;
        o->replies->last_ns = o->event->time_ns;
    }
    for (uint8_t bit = 1; x->due; bit = (uint8_t)(bit << 1)) {
        if (x->due & bit) {
            orc_ran(o, answers_rule_of(bit));
            x->due = (uint8_t)(x->due & ~bit);
        }
    }
    orc_delay_frame(o, c, orc_receive_offset(c->receive, tcp->ack));
}

static void judge_syn(struct oracle *o, struct orc_conn *c)
{
    bool reported = c->mandatory_event != ORC_NONE || c->abort_event != ORC_NONE ||
                    c->term_enter != ORC_NONE || c->local_abort != ORC_NONE || c->failed_over ||
                    o->adapter->leaving;
    if (!reported) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_SYN_1,
                 "a SYN at RcvNxt takes the connection up in its step", "no event");
    }
    c->answers->syn_closed = true;
}

/* At rest. judged: every duty of the connection can be judged. */
void orc_answers_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    struct orc_answers *x = c->answers;
    bool wire = orc_wire_sure(o), waits_forward = c->forwards.count > 0;
    if (x->syn_due && !waits_forward && !orc_waived(o) && c->phase == ORC_LIVE) {
        judge_syn(o, c);
    }
    x->due &= (uint8_t)((judged ? ~DUE_WAIT : 0) | (waits(o, c) ? DUE_WAIT : 0));
    for (uint8_t bit = 1; wire && x->due; bit = (uint8_t)(bit << 1)) {
        if (x->due & bit) {
            orc_ran(o, answers_rule_of(bit));
            orc_fail(o, orc_ordinal(o, c), answers_rule_of(bit),
                     "an ACK in the step of the segment", "none");
            x->due = (uint8_t)(x->due & ~bit);
        }
    }
    orc_delay_step(o, c, judged && wire);
    o->ran[ORC_WIRE_OPT_1] += x->odd_options && judged;
    o->ran[ORC_URG_VAL_1] += x->urgent_rejected;
    c->receive->answerable_step = x->quiet_step = x->plain_step = x->resets_step = x->syns_step = 0;
    x->due = 0;
    x->odd_step = x->urgent_rejected = x->odd_options = false;
    x->syn_due = x->syn_due && waits_forward; /* it may be a forwarded one, not looked at yet */
}

void orc_answers_unprocessed(struct orc_conn *c)
{
    c->answers->syn_due = false;
}
