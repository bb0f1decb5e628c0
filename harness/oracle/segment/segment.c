/* SPDX-License-Identifier: MIT
 *
 * What an arriving segment (wire or forwarded) means for the ledgers. Nothing is predicted: a
 * segment that may be acceptable widens what is possible, one that certainly is raises what is
 * sure.
 */
#include "oracle/segment/segment.h"
#include "oracle/adapter/reach.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/calls.h"
#include "oracle/receive/delay.h"
#include "oracle/receive/held.h"
#include "oracle/receive/stamps.h"
#include "oracle/segment/predicted.h"
#include "oracle/send/shadow.h"

#include <string.h>

#define PAWS_LIMIT_NS (24ull * 86400 * ORC_NS_PER_SECOND - ORC_NS_PER_SECOND)
#define NEW_ACK_MAX 0x7FFFFFFF

static int64_t ack_offset(const struct orc_send *s, uint32_t ack)
{
    uint32_t reference = s->sequence + (uint32_t)s->max;
    return s->max + (int32_t)(ack - reference);
}

/* Segments that every right target drops: nothing of them may have any effect. */
static bool surely_dropped(const struct oracle *o, const struct orc_conn *c,
                           const struct orc_seen *a)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    if (!(a->tcp->flags & TCP_ACK)) {
        return true;
    }
    if (a->ack > s->handed + 1 && a->ack > s->max && c->inside == 0) {
        return true;
    }
    if (a->begin > r->largest_edge) {
        return true;
    }
    if (r->ts_known && a->tcp->has_timestamp && a->tcp->options_right) {
        bool young = o->event->time_ns - r->ts_time_ns < PAWS_LIMIT_NS;
        return young && (int32_t)(a->tcp->ts_value - r->ts_recent_least) < 0;
    }
    return false;
}

static bool sound(struct oracle *o, const struct orc_conn *c, const struct orc_seen *a)
{
    return !a->doubtful && a->tcp->options_right && orc_running(o, c) && !orc_path_invalid(o, c) &&
           !orc_finished(c);
}

/* ACK, options and flags beyond doubt, and the connection runs normally. */
static bool surely_in_order_fields(const struct orc_conn *c, const struct orc_seen *a)
{
    const struct orc_send *s = c->send;
    uint8_t reported = a->tcp->flags & (TCP_SYN | TCP_RST | TCP_URG | TCP_ACK);
    if (!a->sound || reported != TCP_ACK || !orc_stamps_fine(c, a->tcp)) {
        return false;
    }
    uint64_t most = s->max_window_sure;
    int64_t window = most < 0x40000000 ? (int64_t)most : 0x40000000;
    return a->ack <= s->max_least && a->ack >= s->una_possible - window;
}

static int64_t sure_edge(const struct orc_receive *r, const struct orc_conn *c)
{
    return r->edge - ((1ll << c->receive_scale) - 1);
}

/* Neither its first octet lies in the window nor its last: by the four cases it is unacceptable,
 * though a target that cuts first may take its middle. */
static bool spans_window(const struct orc_conn *c, const struct orc_seen *a)
{
    const struct orc_receive *r = c->receive;
    return a->begin < r->possible && a->end + (a->fin ? 1 : 0) > sure_edge(r, c);
}

/* Raises what is sure by an in-order segment. */
static void raise_sure(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    int64_t edge = sure_edge(r, c), fin = orc_fin_first(r);
    int64_t end = a->end < edge ? a->end : edge;
    bool in_window = a->begin < edge || a->begin == a->end;
    if (a->begin > r->sure || r->fin_before || !in_window || r->fin_lenient) {
        return;
    }
    if (fin < a->end || r->fins > 1) {
        return; /* it conflicts with a FIN that may be held */
    }
    if (end > r->sure) {
        int64_t before = r->sure;
        r->sure = end;
        r->sure_data_step = r->sure_data_step || a->end > a->arrived;
        bool direct = a->fresh && c->requests.count > 0 && c->inside == 0 && before == r->delivered;
        if ((a->tcp->flags & TCP_PSH) && direct && end == a->end) {
            r->push_due = end;
        }
    }
    if (a->fin && a->end == r->sure && a->end >= a->arrived && a->end < edge && r->fin_sure < 0 &&
        fin == a->end) {
        r->fin_sure = a->end;
    }
    orc_dirty(o, c);
}

static void take_timestamps(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    const struct orc_tcp *tcp = a->tcp;
    if (!(c->flags & TCP_FLAG_TIMESTAMP_ENABLED) || !tcp->has_timestamp) {
        return;
    }
    /* A duplicate of what waits for its ACK is not acceptable any more. */
    bool spans = a->begin <= r->acked && r->acked < a->end && a->end > a->arrived;
    /* A closed window makes it unacceptable, and a full one too. */
    bool fin = r->fins || r->fin_before;
    int64_t next = r->possible + fin;
    spans = spans && (!fin || a->end > next);
    bool open = r->edge - ((1ll << c->receive_scale) - 1) > next || a->begin == a->end;
    if (a->certain && spans && open && a->begin <= r->acked_sent && r->ts_known) {
        r->ts_recent_least = tcp->ts_value;
        r->ts_time_ns = o->event->time_ns;
    }
    if ((int32_t)(tcp->ts_value - r->ts_highest) > 0 || (c->stamps->outlived && a->certain)) {
        r->ts_highest = tcp->ts_value;
    }
    c->stamps->outlived = false;
}

/* Takes the window of a segment that may have set it. */
static void take_window(const struct oracle *o, struct orc_conn *c, const struct orc_seen *a,
                        uint64_t window, bool sure)
{
    struct orc_send *s = c->send;
    if (a->begin < s->window_from) {
        return; /* older than the segment that set the window: no update */
    }
    bool same = a->begin == s->window_from && a->ack == s->window_ack && window < s->window;
    s->window_from = a->begin;
    s->window_ack = a->ack;
    bool clear = sure && a->ack == s->una_possible && !orc_forward_late(o, c);
    s->window_sure = clear && !same;
    s->closed_perhaps = clear && same && window == 0;
    if (s->window_sure) {
        s->window = window;
        s->max_window_sure = window > s->max_window_sure ? window : s->max_window_sure;
    }
}

static void take_ack(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_send *s = c->send;
    struct orc_received h = {.tcp = a->tcp,
                             .begin = a->begin,
                             .end = a->end,
                             .ack = a->ack,
                             .una_before = s->una_possible,
                             .una_sure_before = s->una_sure,
                             .window_before = s->window,
                             .window_sure_before = s->window_sure,
                             .open_before = orc_window_open(c)};
    uint64_t window = (uint64_t)a->tcp->window << c->send_scale;
    if (a->ack > s->una_possible && a->ack <= s->max) {
        s->una_possible = a->ack;
    }
    if (window > s->max_window) {
        s->max_window = window;
    }
    /* The sequence number must be acceptable too: at or below the sure edge, not old. */
    const struct orc_receive *r = c->receive;
    int64_t next = r->possible + (orc_fin_possible(r, r->possible) ? 1 : 0);
    int64_t edge = sure_edge(r, c), first = a->begin < next ? next : a->begin;
    bool placed = a->begin >= next || (a->end > next && a->begin <= r->sure);
    /* At a closed window what a segment acknowledges counts, though its text has no room. */
    bool probe = a->begin == r->sure && a->begin == next && r->edge == next && !r->fins;
    bool sure = a->certain && ((placed && first < edge) || probe);
    if (sure && a->ack > s->una_sure) {
        s->una_sure = a->ack;
        s->una_time_ns = o->event->time_ns;
        orc_dirty(o, c);
    }
    take_window(o, c, a, window, sure);
    h.window = window;
    h.sure = sure;
    orc_sender_received(o, c, &h);
}

/* RcvNxt is not below: for want of memory what was never acknowledged may be gone. */
static int64_t kept(const struct oracle *o, const struct orc_receive *r)
{
    return orc_shorted(o, r) && r->acked < r->sure ? r->acked : r->sure;
}

/* RST and SYN: may kill the connection when they stand at RcvNxt. */
static void take_control(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    bool clear = r->sure == r->possible && !r->fins && !r->fin_before && !a->doubtful &&
                 orc_running(o, c) && a->tcp->options_right && !orc_path_invalid(o, c) &&
                 orc_stamps_fine(c, a->tcp);
    bool inside = clear && a->begin > r->possible && a->begin < sure_edge(r, c);
    if (inside || (a->end >= kept(o, r) && a->begin <= r->largest_edge)) {
        orc_sender_challenged(o, c, inside);
    }
    bool between = a->begin >= kept(o, r) && a->begin <= r->possible + 1;
    bool exact = r->sure == r->possible && r->fins == 0 && !r->fin_before &&
                 a->begin == r->possible && orc_running(o, c) && !a->doubtful;
    if (a->tcp->flags & TCP_RST) {
        if (exact && a->tcp->options_right && !orc_path_invalid(o, c)) {
            r->rst_sure = true;
            orc_dirty(o, c);
        }
        if (r->rsts < ORC_RSTS && a->begin >= kept(o, r)) {
            r->rst[r->rsts++] = a->begin;
        } else if (a->begin >= kept(o, r)) {
            r->rst_lenient = true;
        }
        r->rst_possible = r->rst_possible || between;
    } else {
        r->syn_possible = r->syn_possible || between;
    }
}

/* A segment with URG. */
static void take_urgent(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    int64_t last = a->end + a->fin > a->begin ? a->end + a->fin : a->begin + 1;
    bool may = a->begin <= r->largest_edge && last > kept(o, r);
    bool exact = r->sure == r->possible && r->fins == 0 && !r->fin_before;
    struct orc_tcp plain = *a->tcp;
    plain.flags &= (uint8_t)~TCP_URG;
    struct orc_seen as_plain = *a;
    as_plain.tcp = &plain;
    bool valid = exact && !orc_waived(o) && surely_in_order_fields(c, &as_plain) &&
                 a->begin >= r->possible && a->begin < sure_edge(r, c);
    if (valid) {
        c->urgent_sure = true;
        c->urgent_due = true;
        c->urgent_odd = a->tcp->urgent == 0 || a->tcp->urgent > a->tcp->length;
        r->urgent_limit = r->possible;
        orc_dirty(o, c);
    }
    r->urgent_possible = r->urgent_possible || may;
}

static void take_fin(struct orc_receive *r, const struct orc_seen *a)
{
    if (!a->fin || a->end < r->delivered) {
        return;
    }
    for (uint32_t i = 0; i < r->fins; i++) {
        if (r->fin[i] == a->end) {
            return;
        }
    }
    if (r->fins < ORC_FINS) {
        r->fin[r->fins++] = a->end;
    } else {
        r->fin_lenient = true;
    }
}

static void take_data(struct oracle *o, struct orc_conn *c, const struct orc_seen *a)
{
    struct orc_receive *r = c->receive;
    uint32_t length = a->kept_end > a->begin ? (uint32_t)(a->kept_end - a->begin) : 0;
    if (a->begin + length > r->largest_edge) {
        length = a->begin < r->largest_edge ? (uint32_t)(r->largest_edge - a->begin) : 0;
    }
    bool over = r->fin_sure_step >= 0 && a->begin >= r->fin_sure_step && !orc_shorted(o, r);
    if (r->fin_before || over) {
        return; /* nothing follows a FIN */
    }
    bool empty = r->possible == r->delivered;
    if (length && a->begin + length > r->sure) { /* earlier copies may have been dropped */
        r->last_arrival_ns = o->event->time_ns;
        r->last_arrival_event = o->event->seq;
    }
    if (length && orc_stream_add(o->memory, r, a->begin, a->tcp->payload, length)) {
        r->arrivals++;
        if (empty && r->possible > r->delivered) {
            r->nonempty_since_ns = o->event->time_ns;
            r->nonempty_event = o->event->seq;
        }
    }
    if (c->inside && length) {
        if (c->indicate_open) {
            r->raced_indicate = true;
        } else {
            r->raced_complete = true;
        }
    }
}

/* The most that the receive window can reach: beyond it nothing can have been accepted. */
static void widen_edge(struct orc_conn *c)
{
    struct orc_receive *r = c->receive;
    int64_t window = c->cached.InitialRcvWnd;
    int64_t handed = r->handed_edge - r->start;
    int64_t slack = (1ll << c->receive_scale) + 0x10000;
    window = handed > window ? handed : window;
    int64_t edge = r->possible + window + slack;
    edge = r->edge + slack > edge ? r->edge + slack : edge;
    r->largest_edge = edge > r->largest_edge ? edge : r->largest_edge;
}

static bool judged_phase(const struct orc_conn *c)
{
    return c->phase == ORC_STARTING || c->phase == ORC_LIVE || c->phase == ORC_ENDING;
}

/* What it brings, after what it acknowledges; una as before it came. */
static void take_payload(struct oracle *o, struct orc_conn *c, struct orc_seen *a, int64_t una,
                         int64_t una_sure)
{
    struct orc_receive *r = c->receive;
    a->arrived = r->possible;
    a->fresh = a->tcp->length && !orc_stream_known(r, a->end - 1);
    a->kept_end = orc_held_end(o, c, a->begin, a->end);
    take_fin(r, a);
    take_data(o, c, a);
    int64_t before = r->sure;
    if (a->certain) {
        raise_sure(o, c, a);
    }
    orc_delay_received(o, c, a, before);
    orc_held_received(o, c, a, before);
    if ((a->tcp->length && a->end > before) || c->send->una_possible > una || a->ack > una_sure) {
        bool sure = c->send->una_sure > una_sure && una == una_sure && !orc_waived(o);
        orc_reach_progress(o, c, sure);
    }
    take_timestamps(o, c, a);
}

void orc_segment_in(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_tcp *tcp, bool doubtful)
{
    const struct orc_rows *rows = o->rows;
    struct orc_receive *r = conn->receive;
    struct orc_seen a = {.tcp = tcp, .doubtful = doubtful};
    (void)ev;
    if (!judged_phase(conn) || !tcp->valid || conn->version == 0) {
        return;
    }
    r->arrived_step = o->steps + 1;
    if (!doubtful && orc_predicted(o, conn, tcp)) {
        return;
    }
    a.begin = orc_receive_offset(r, tcp->sequence);
    a.end = a.begin + tcp->length;
    a.ack = ack_offset(conn->send, tcp->ack);
    a.fin = tcp->flags & TCP_FIN;
    widen_edge(conn);
    a.sound = sound(o, conn, &a);
    a.certain = surely_in_order_fields(conn, &a) && !spans_window(conn, &a);
    for (uint32_t i = 0; rows->arrived[i]; i++) {
        rows->arrived[i](o, conn, &a);
    }
    if (tcp->flags & (TCP_RST | TCP_SYN)) {
        take_control(o, conn, &a);
        return;
    }
    int64_t una = conn->send->una_possible, una_sure = conn->send->una_sure;
    if (surely_dropped(o, conn, &a)) {
        return;
    }
    if (r->urgent_limit >= 0) {
        if (conn->forwards.head != ORC_NONE) { /* it may be taken before what waits there */
            a.certain = false;
            take_ack(o, conn, &a);
        }
        return;
    }
    if (tcp->flags & TCP_PSH) {
        int64_t to = a.end > r->possible ? a.end : r->possible;
        r->push_end = to > r->push_end ? to : r->push_end;
    }
    if (tcp->flags & TCP_URG) {
        take_urgent(o, conn, &a);
        take_ack(o, conn, &a);
        if (conn->urgent_sure) {
            return;
        }
    } else {
        take_ack(o, conn, &a);
    }
    take_payload(o, conn, &a, una, una_sure);
}
