/* SPDX-License-Identifier: MIT
 *
 * The window that the target offers: how far, in which steps, and when it must be offered anew.
 */
#include "oracle/receive/offers.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/objects.h"
#include "oracle/receive/answers.h"
#include "oracle/report/report.h"

static int64_t least_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t rounding(const struct orc_conn *c)
{
    return (1ll << c->receive_scale) - 1;
}

void orc_offers_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    uint32_t length = s->tcp->length;
    if (s->tcp->flags & (TCP_RST | TCP_SYN)) {
        return;
    }
    (void)o;
    c->offers->largest = length > c->offers->largest ? length : c->offers->largest;
}

/* Unconsumed bytes close the window; requests that wait may widen it (Q30). */
static int64_t widest_edge(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    int64_t window = c->cached.InitialRcvWnd, was = c->offers->widest;
    int64_t handed = r->handed_edge - r->start;
    window = was > window ? was : window;
    window = handed > window ? handed : window;
    return r->delivered + r->posted_bytes + window + (r->fins || r->fin_before);
}

/* An edge offered before wanders with the rounding of the scale, and a FIN stands behind it. */
static int64_t offered_edge(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    return r->edge + rounding(c) + (r->fins || r->fin_before);
}

static void judge_reach(struct oracle *o, const struct orc_conn *c, int64_t edge)
{
    int64_t most = widest_edge(c);
    orc_ran(o, ORC_WIRE_WND_2);
    if (edge > most && edge > offered_edge(c)) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_WND_2,
                 orc_text(o, "a right edge of at most %lld: %lld bytes consumed", (long long)most,
                          (long long)c->receive->delivered),
                 orc_text(o, "%lld", (long long)edge));
    }
}

/* The window that is handed back is one that could have been offered. */
void orc_offers_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_receive *r = c->receive;
    int64_t edge = orc_receive_offset(r, d->RcvNxt) + (int64_t)d->RcvWnd, most = widest_edge(c);
    if (r->arrived_step == o->steps + 1 || r->lossy || c->update_open) {
        return;
    }
    orc_ran(o, ORC_ST_WND_1);
    if (edge > most && edge > offered_edge(c)) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_WND_1,
                 orc_text(o, "RcvNxt + RcvWnd at byte %lld at most: %lld bytes consumed",
                          (long long)most, (long long)r->delivered),
                 orc_text(o, "%lld", (long long)edge));
    }
}

/* Payload of a full-sized segment by an MTU of the path, options left out. */
static int64_t full_size(const struct orc_conn *c, uint32_t mtu)
{
    int64_t fixed = c->version == 6 ? 60 : 40;
    return mtu > fixed ? mtu - fixed : 0;
}

static void judge_step(struct oracle *o, const struct orc_conn *c, int64_t ack, int64_t edge)
{
    const struct orc_receive *r = c->receive;
    const struct orc_object *path = orc_object(o, c->path);
    int64_t full = least_of(path ? full_size(c, path->mtu) : 0, c->remote_mss) - 40;
    int64_t worth = least_of(c->cached.InitialRcvWnd / 2, least_of(c->offers->largest, full));
    int64_t moved = edge - r->edge;
    bool updated = c->update_open || c->update_step != ORC_NONE;
    if (updated || r->fins || r->fin_before) {
        return;
    }
    orc_ran(o, ORC_WIRE_WND_3);
    if (moved < worth - rounding(c) && edge - ack < worth) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_WND_3,
                 orc_text(o, "the window reopened by at least %lld bytes", (long long)worth),
                 orc_text(o, "by %lld, to %lld bytes", (long long)moved, (long long)(edge - ack)));
    }
}

/* Before the frame changes the ledger. */
void orc_offers_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    const struct orc_receive *r = c->receive;
    if (!(tcp->flags & TCP_ACK) || (tcp->flags & TCP_RST) || r->lossy || !c->init_returned) {
        return;
    }
    int64_t ack = orc_receive_offset(r, tcp->ack);
    int64_t edge = ack + ((int64_t)tcp->window << c->receive_scale);
    if (o->event->status != NDIS_STATUS_SUCCESS && edge > c->offers->refused_edge) {
        c->offers->refused_edge = edge;
    }
    if (edge > r->edge + rounding(c)) {
        judge_reach(o, c, edge);
    }
    if (edge > r->edge && tcp->window) { /* a closed window moves with what was taken */
        judge_step(o, c, ack, edge);
    }
}

/* What can be reported of the whole window. */
static int64_t whole_window(const struct orc_conn *c)
{
    int64_t size = least_of(c->cached.InitialRcvWnd, 0xFFFFll << c->receive_scale);
    return size & -(1ll << c->receive_scale);
}

/* An update may have been tried and refused, and is not sent again without another reason. */
void orc_offers_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_offers *x = c->offers;
    int64_t edge = c->receive->possible + whole_window(c); /* all may lie in requests */
    (void)o;
    x->lost_edge = edge > x->lost_edge ? edge : x->lost_edge;
}

/* At rest: room that the host has made and that the peer does not know of. */
void orc_offers_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    struct orc_offers *x = c->offers;
    const struct orc_receive *r = c->receive;
    bool updated = x->update_step;
    bool asked = r->consumed_step || updated;
    c->receive->consumed_step = x->update_step = false;
    const struct orc_object *path = orc_object(o, c->path);
    /* What was no step before an update may wait for its ACK. */
    int64_t full = full_size(c, path ? path->mtu_most : 0);
    judged = judged && orc_wire_sure(o);
    if (!asked || !judged || !full || r->fins || r->fin_before || c->update_open || r->lossy ||
        c->inside || !c->sane) {
        return;
    }
    int64_t edge = r->edge > x->lost_edge ? r->edge : x->lost_edge;
    int64_t unknown = r->delivered + whole_window(c) - edge;
    int64_t worth = least_of(whole_window(c) / 2, 2 * full);
    orc_ran(o, updated ? ORC_UPD_RCVWND_1 : ORC_WIRE_WND_3);
    if (unknown >= (worth ? worth : 1) + rounding(c)) {
        orc_fail(o, orc_ordinal(o, c), updated ? ORC_UPD_RCVWND_1 : ORC_WIRE_WND_3,
                 updated ? "a window update in the step of the update"
                         : "a window update in the step in which the host consumed",
                 orc_text(o, "%lld bytes free beyond the edge offered, none", (long long)unknown));
    }
}
