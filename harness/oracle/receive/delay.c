/* SPDX-License-Identifier: MIT
 *
 * How long an acknowledgement may be put off.
 */
#include "oracle/receive/delay.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/offers.h"
#include "oracle/report/report.h"

static uint64_t delay_ns(const struct oracle *o)
{
    return o->parameters->delayed_ticks * o->parameters->tick_ns;
}

/* A segment as large as the path allows is full-sized by every reading. */
static uint32_t full_size(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    uint32_t fixed = c->version == 6 ? 60 : 40;
    return path && path->mtu > fixed ? path->mtu - fixed : UINT32_MAX;
}

/* After the ledgers took the segment; before is what was sure until then. */
void orc_delay_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                        int64_t before)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    bool beyond = s->begin > s->arrived && (s->tcp->length || s->fin) && s->begin < r->edge &&
                  orc_fin_first(r) > s->arrived && !r->fin_before && !r->fin_lenient;
    /* What the ledger holds may have been dropped for a FIN or for lack of memory. */
    bool heals = x->hole && s->tcp->length && s->begin <= before && r->possible > s->end &&
                 !r->fins && !orc_shorted(o, r);
    if (r->urgent_limit >= 0) {
        return;
    }
    if (s->certain && (beyond || (heals && r->sure > before))) {
        x->prompt_ns = x->prompt ? x->prompt_ns : o->event->time_ns;
        x->prompt_event = x->prompt ? x->prompt_event : o->event->seq;
        x->prompt = true;
        orc_dirty(o, c);
    }
    x->hole = (x->hole || (beyond && s->certain)) && r->ranges;
    if (r->sure > before && s->tcp->length) {
        orc_delay_placed(o, c, s->tcp);
    }
}

void orc_delay_placed(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_answers *x = c->answers;
    x->in_order_ns = o->event->time_ns;
    x->in_order_event = o->event->seq;
    x->data++;
    x->full += tcp->length + tcp->options >= full_size(o, c);
    if (!x->delayed) {
        x->delayed = true;
        x->delayed_event = o->event->seq;
    }
    if (!x->owed) {
        x->owed = true;
        x->owed_ns = o->event->time_ns;
        x->owed_event = o->event->seq;
    }
}

/* A frame acknowledges everything below ack. */
void orc_delay_frame(struct oracle *o, struct orc_conn *c, int64_t ack)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    x->prompt = false;
    if (ack >= r->sure) {
        x->owed = x->delayed = false;
        x->full = x->data = 0;
        return;
    }
    uint32_t left = (uint32_t)(r->sure - ack), size = full_size(o, c);
    size = size > c->offers->largest ? size : c->offers->largest;
    x->full = x->full < left / size ? x->full : left / size;
    x->data = x->full;
    x->owed_ns = o->event->time_ns;
    x->owed_event = x->delayed_event = o->event->seq;
}

static void delay_judge_count(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_answers *x = c->answers;
    uint32_t most = o->parameters->ack_frequency ? o->parameters->ack_frequency : 1;
    orc_ran(o, ORC_WIRE_ACK_3);
    if (x->full > most) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_ACK_3,
                 orc_text(o, "an ACK for every %u full-sized segments", most),
                 orc_text(o, "%u unacknowledged at rest", x->full));
    } else if (x->data >= most && most > 1) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_ACK_3,
                 orc_text(o, "an ACK for every %u segments", most),
                 orc_text(o, "%u unacknowledged at rest", x->data));
    }
}

static void judge_prompt(struct oracle *o, struct orc_conn *c)
{
    struct orc_answers *x = c->answers;
    uint64_t due = x->prompt_ns + delay_ns(o) + orc_slack_ns(o), now = o->event->time_ns;
    orc_ran(o, ORC_WIRE_ACK_3);
    if (now > due) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_ACK_3,
                 "an ACK at once for a segment beyond or into a hole",
                 orc_text(o, "none since event %u", x->prompt_event));
        x->prompt = false;
        return;
    }
    if (now == x->prompt_ns) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_ACK_3,
                 "an ACK at once for a segment beyond or into a hole", "none in its step");
    }
    orc_watch(o, c, due + 1);
}

static void delay_judge_owed(struct oracle *o, struct orc_conn *c)
{
    struct orc_answers *x = c->answers;
    uint64_t due = x->owed_ns + delay_ns(o) + orc_slack_ns(o);
    due = orc_most(due, c->starved_ns); /* there was no memory for its frame */
    orc_ran(o, ORC_TMR_DACK_1);
    if (o->event->time_ns <= due) {
        orc_watch(o, c, due + 1);
        return;
    }
    orc_fail(o, orc_ordinal(o, c), ORC_TMR_DACK_1,
             orc_text(o, "an ACK within %u ticks of the first unacknowledged byte",
                      o->parameters->delayed_ticks),
             orc_text(o, "none for %llu ms, since event %u",
                      (unsigned long long)((o->event->time_ns - x->owed_ns) / 1000000),
                      x->owed_event));
    x->owed = false;
}

void orc_delay_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    bool came = r->arrived_step == o->steps + 1; /* it may not have been taken */
    bool lost = orc_wire_waived(o) || orc_adapter_moves(o);
    if (lost) {
        int64_t next = r->possible + (orc_fin_possible(r, r->possible) ? 1 : 0);
        x->lost = next > x->lost ? next : x->lost;
    }
    x->owed = x->owed && !lost && r->sure_step > orc_accepted(r);
    x->prompt = x->prompt && !lost && !came;
    x->owed_ns = x->prompt_ns = o->event->time_ns;
    x->full = x->data = 0;
}

void orc_delay_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    struct orc_answers *x = c->answers;
    const struct orc_receive *r = c->receive;
    if (!x->owed && !x->prompt) {
        return;
    }
    if (!judged && (orc_waived(o) || c->waive_pending)) {
        orc_watch(o, c, c->starved_ns);
        return; /* it is put off */
    }
    if (!judged || !o->parameters->known || r->urgent_limit >= 0 || r->lossy || !c->sane ||
        orc_path_invalid(o, c)) {
        x->owed = x->prompt = false;
        x->full = x->data = 0;
        return;
    }
    if (x->prompt && x->prompt_event > o->parameters->event) {
        judge_prompt(o, c);
    }
    if (x->owed && x->delayed_event > o->parameters->event) {
        delay_judge_count(o, c);
        delay_judge_owed(o, c);
    }
}
