/* SPDX-License-Identifier: MIT
 *
 * The peer's window: how far new bytes may go, and what a query tells of it.
 */
#include "oracle/send/send_window.h"
#include "oracle/ledger/stream.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"

void orc_edge_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    (void)o;
    t->edge = t->edge_now = (int64_t)t->handed.SndWnd;
    t->stale_edge = -1;
    t->window_stale = t->window_before = UINT64_MAX;
    t->set_from = c->send->window_from;
    t->window_sequence = t->handed.SendWL1;
    t->window_sequence_sure = true;
}

/* A segment behind the one that surely set the window, or with an ACK behind SND.UNA. */
static bool surely_old(const struct orc_conn *c, const struct orc_received *h)
{
    const struct orc_sender *t = c->sender;
    return h->begin < t->set_from || h->ack < h->una_sure_before;
}

void orc_edge_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_sender *t = c->sender;
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    int64_t edge = h->ack + (int64_t)h->window;
    int64_t moved = h->ack > h->una_before && h->ack <= s->max ? h->ack - h->una_before : 0;
    (void)o;
    t->received_step = o->steps + 1;
    if (surely_old(c, h)) {
        t->edge_now += moved;
        t->window_stale = h->window;
        t->stale_edge = edge > t->stale_edge ? edge : t->stale_edge;
    } else if (s->window_sure && h->begin >= s->window_from) { /* else it was inferred */
        t->window_before = h->window_before != h->window ? h->window_before : t->window_before;
        t->edge_now = edge;
        t->set_from = h->begin;
        t->window_sequence = h->tcp->sequence;
        t->window_sequence_sure = h->begin == r->possible && !r->fins && !r->fin_before;
    } else {
        int64_t kept = orc_forward_waits(o, c) ? t->edge : t->edge_now; /* it may come behind */
        edge = edge > kept + moved ? edge : kept + moved;
        t->edge_now = edge;
        t->window_sequence_sure = false;
    }
    t->edge = t->edge_now > t->edge ? t->edge_now : t->edge;
}

void orc_edge_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint32_t length = f->packet->tcp.length;
    int64_t end = f->begin + length;
    bool closed = !s->window_sure || s->window == 0 || t->received_step == o->steps + 1;
    bool probe = closed && (length == 1 || f->spontaneous); /* its form is judged elsewhere */
    if (!f->fresh || !length || end <= s->max) {
        return;
    }
    orc_ran(o, ORC_WIRE_SWND_1);
    if (t->stale_edge >= 0) {
        orc_ran(o, ORC_WIRE_SWND_2);
    }
    if (end <= t->edge || probe) {
        return;
    }
    orc_fail(o, orc_ordinal(o, c), end <= t->stale_edge ? ORC_WIRE_SWND_2 : ORC_WIRE_SWND_1,
             orc_text(o, "no new byte beyond the peer's window, %lld", (long long)t->edge),
             orc_text(o, "bytes %lld to %lld", (long long)f->begin, (long long)end));
}

static void judge_send_window(struct oracle *o, const struct orc_conn *c,
                              const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_sender *t = c->sender;
    const struct orc_send *s = c->send;
    uint32_t ordinal = orc_ordinal(o, c);
    orc_ran(o, ORC_WIRE_SWND_2);
    if (d->SndWnd != s->window) {
        bool mistaken = d->SndWnd == t->window_stale || d->SndWnd == t->window_before;
        orc_fail(o, ordinal, mistaken ? ORC_WIRE_SWND_2 : ORC_ST_WND_1,
                 orc_text(o, "SndWnd %llu, as announced last", (unsigned long long)s->window),
                 orc_text(o, "%u", d->SndWnd));
    } else if (t->window_sequence_sure && d->SendWL1 != t->window_sequence) {
        orc_fail(o, ordinal, ORC_ST_WND_1,
                 orc_text(o, "SendWL1 %u, of the segment that set the window", t->window_sequence),
                 orc_text(o, "%u", d->SendWL1));
    }
}

void orc_edge_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_sender *t = c->sender;
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    uint32_t ordinal = orc_ordinal(o, c);
    int64_t max = s->max + (int32_t)(d->SndMax - (s->sequence + (uint32_t)s->max));
    if (t->received_step == o->steps + 1) {
        return;
    }
    orc_ran(o, ORC_ST_WND_1);
    orc_ran(o, ORC_ST_SEQ_1);
    if (max < s->max_least || max > s->tried) {
        orc_fail(o, ordinal, ORC_ST_SEQ_1,
                 orc_text(o, "SndMax at byte %lld, the end of what was sent", (long long)s->max),
                 orc_text(o, "%lld", (long long)max));
    }
    if (s->window_sure) {
        judge_send_window(o, c, d);
    }
    if (d->MaxSndWnd < s->max_window_sure || d->MaxSndWnd > s->max_window) {
        orc_fail(o, ordinal, ORC_ST_WND_1,
                 orc_text(o, "MaxSndWnd from %llu to %llu, the largest window seen",
                          (unsigned long long)s->max_window_sure,
                          (unsigned long long)s->max_window),
                 orc_text(o, "%u", d->MaxSndWnd));
    }
    int64_t edge = orc_receive_offset(r, d->RcvNxt) + (int64_t)d->RcvWnd;
    int64_t rounding = (1ll << c->receive_scale) - 1;
    if (!r->lossy && !r->fins && !r->fin_before && edge < r->edge - rounding) {
        orc_fail(o, ordinal, ORC_ST_WND_1,
                 orc_text(o, "RcvNxt + RcvWnd at byte %lld at least, as advertised",
                          (long long)(r->edge - rounding)),
                 orc_text(o, "%lld", (long long)edge));
    }
}
