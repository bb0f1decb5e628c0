/* SPDX-License-Identifier: MIT
 *
 * The segment that most are: the next text of a flow in one direction, of a connection at peace.
 * What segment.c and all that it calls find out about such a segment is known beforehand, as in the
 * header prediction of Van Jacobson's; only what it changes is done here. Each condition below
 * stands for a question that has one answer while it holds.
 */
#include "oracle/segment/predicted.h"
#include "oracle/adapter/reach.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/parameters.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/blocks.h"
#include "oracle/receive/delay.h"
#include "oracle/receive/held.h"
#include "oracle/receive/offers.h"
#include "oracle/send/shadow.h"
#include "oracle/sender/sender.h"
#include "oracle/sender/upload_reasons.h"

/* Not a bit of the header is news but the place of the text. */
static bool plain_header(const struct orc_conn *c, const struct orc_tcp *tcp)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    return tcp->flags == TCP_ACK && tcp->header == 20 && tcp->length &&
           tcp->sequence == r->sequence + (uint32_t)r->possible &&
           tcp->ack == s->sequence + (uint32_t)s->max &&
           (uint64_t)tcp->window << c->send_scale == s->window &&
           !(c->flags & TCP_FLAG_TIMESTAMP_ENABLED);
}

/* The text is surely accepted, and nothing that came before waits for it. */
static bool receiving_calm(const struct orc_conn *c, const struct orc_tcp *tcp)
{
    const struct orc_receive *r = c->receive;
    int64_t edge = r->edge - ((1ll << c->receive_scale) - 1);
    return r->sure == r->possible && r->acked <= r->possible && r->possible + tcp->length <= edge &&
           !r->ranges && !r->fins && !r->fin_before && !r->fin_lenient && !r->lossy &&
           r->urgent_limit < 0 && !c->held->kept && !c->inside;
}

/* Nothing of the other direction is on the way or held up. */
static bool sending_calm(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    const struct orc_sender *t = c->sender;
    const struct orc_recovery *r = c->recovery;
    return s->una_sure == s->max && s->una_possible == s->max && s->max_least == s->max &&
           s->window && s->window_sure && s->window_from <= c->receive->possible && !s->fin_sent &&
           t->on && t->parameters == o->parameters->sets && t->rates == o->parameters->rates_set &&
           !r->on && !r->timed && !r->perhaps && r->resend < 0 && !r->scoreboard.count &&
           t->set_from <= c->receive->possible;
}

static void take_text(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    bool empty = r->possible == r->delivered;
    r->last_arrival_ns = o->event->time_ns;
    r->last_arrival_event = o->event->seq;
    orc_stream_add(o->memory, r, a->begin, a->tcp->payload, a->tcp->length);
    r->arrivals++;
    if (empty) {
        r->nonempty_since_ns = o->event->time_ns;
        r->nonempty_event = o->event->seq;
    }
    r->sure = a->end;
    r->sure_data_step = true;
}

bool orc_predicted(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    if (o->prediction->off || !plain_header(c, tcp) || !receiving_calm(c, tcp) ||
        !sending_calm(o, c) || orc_forward_late(o, c) || !orc_running(o, c) ||
        orc_path_invalid(o, c)) {
        return false;
    }
    o->prediction->taken++;
    struct orc_answers *x = c->answers;
    int64_t begin = c->receive->possible;
    struct orc_seen a = {.tcp = tcp,
                         .begin = begin,
                         .end = begin + tcp->length,
                         .ack = c->send->max,
                         .sound = true,
                         .certain = true,
                         .arrived = begin};
    orc_dirty(o, c);
    c->receive->answerable_step++;
    x->reset_answered = x->challenged = false;
    orc_upload_reasons_received(o, c, &a);
    orc_offers_received(o, c, &a);
    c->blocks->others = true;
    c->send->window_from = begin;
    c->send->window_ack = a.ack;
    orc_sender_passed(o, c, &a);
    take_text(o, c, &a);
    orc_delay_placed(o, c, tcp);
    orc_reach_progress(o, c, false);
    return true;
}
