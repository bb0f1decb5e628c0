/* SPDX-License-Identifier: MIT
 *
 * Where frames may stand in the sequence space, and that what is sent again has a header of now.
 */
#include "oracle/send/retransmission.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"

static void judge_empty(struct oracle *o, const struct orc_conn *c, int64_t at)
{
    const struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint32_t ordinal = orc_ordinal(o, c);
    orc_ran(o, ORC_WIRE_SEQ_2);
    /* A keepalive probe stands one below SndNxt, which may have stepped back. */
    bool probe = at == s->max - 1 || (t->stepped && at >= s->una_sure_step - 1);
    if (at == s->max || probe) {
        return;
    }
    if (at > s->max || at < s->una_sure_step) {
        orc_fail(o, ordinal, ORC_WIRE_SEQ_2,
                 orc_text(o, "an empty segment at %lld (SndUna) to %lld (SndMax)",
                          (long long)s->una_sure_step, (long long)s->max),
                 orc_text(o, "at %lld", (long long)at));
    } else if (!t->stepped && at != t->edge) {
        orc_warn(o, ordinal, ORC_WIRE_SEQ_2,
                 orc_text(o, "an empty segment at SndNxt, %lld", (long long)s->max),
                 orc_text(o, "at %lld", (long long)at));
    }
}

/* TSval of a retransmission: that of its moment. */
static bool stamp_fits(const struct oracle *o, const struct orc_sender *t,
                       const struct orc_tcp *tcp)
{
    uint64_t tick = orc_ticks_ns(o, 1), apart = o->event->time_ns - t->ts_ns;
    uint64_t open = t->ts_ns == t->begun_ns ? t->begun_left_ns - t->begun_ns : 0;
    int64_t passed = (int64_t)(apart / tick);
    int64_t least = (int64_t)((apart > open ? apart - open : 0) / tick);
    int64_t slack = 2 + (int64_t)(orc_slack_ns(o) / 2 / tick);
    int32_t moved = (int32_t)(tcp->ts_value - t->ts_value);
    return passed > 0x3FFFFFFF || (moved >= least - slack && moved <= passed + slack);
}

static void judge_header(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp)
{
    const struct orc_sender *t = c->sender;
    const struct orc_receive *r = c->receive;
    int64_t ack = orc_receive_offset(r, tcp->ack);
    if (ack < r->sure_step && !r->lossy && !r->urgent_possible) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_RTX_1,
                 orc_text(o, "a retransmission with the ACK of now, at least %lld",
                          (long long)r->sure_step),
                 orc_text(o, "%lld", (long long)ack));
    } else if (tcp->has_timestamp && t->parameters == t->begun_parameters &&
               !stamp_fits(o, t, tcp)) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_RTX_1,
                 orc_text(o, "a retransmission with the TSval of now; it was %u %llu ms ago",
                          t->ts_value,
                          (unsigned long long)((o->event->time_ns - t->ts_ns) / ORC_MS)),
                 orc_text(o, "%u", tcp->ts_value));
    }
}

static void judge_again(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_send *s = c->send;
    bool filler = orc_filler(c, f);
    orc_ran(o, ORC_WIRE_RTX_1);
    if (f->begin < s->una_sure_step && !filler) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_RTX_1,
                 orc_text(o, "nothing below SndUna, %lld, sent again", (long long)s->una_sure_step),
                 orc_text(o, "bytes %lld to %lld", (long long)f->begin, (long long)f->end));
    } else if (!filler) {
        judge_header(o, c, &f->packet->tcp);
    }
}

void orc_place_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_sender *t = c->sender;
    if (t->stepped && orc_una_exact(c) && c->send->una_sure == c->send->max) {
        t->stepped = false;
    }
    if (!f->data) {
        judge_empty(o, c, f->begin);
    } else if (f->again) {
        judge_again(o, c, f);
        t->stepped = true;
    }
}

void orc_place_reset(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp,
                     int64_t at)
{
    const struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint32_t ordinal = orc_ordinal(o, c);
    orc_ran(o, ORC_WIRE_RST_2);
    if (at < s->una_sure_step || at > s->max || tcp->length) {
        orc_fail(o, ordinal, ORC_WIRE_RST_2,
                 orc_text(o, "an RST without payload at %lld (SndUna) to %lld (SndMax)",
                          (long long)s->una_sure_step, (long long)s->max),
                 orc_text(o, "%u bytes at %lld", tcp->length, (long long)at));
    } else if (at != s->max && !t->stepped && at != t->edge) {
        orc_warn(o, ordinal, ORC_WIRE_RST_2, orc_text(o, "an RST at %lld", (long long)s->max),
                 orc_text(o, "at %lld", (long long)at));
    }
}
