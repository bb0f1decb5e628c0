/* SPDX-License-Identifier: MIT
 *
 * What a transmitted frame acknowledges and offers. What the target acknowledges it has accepted:
 * that sharpens the receive ledger.
 */
#include "oracle/receive/wire_window.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/report/report.h"

/* Frames of two cpus may swap; one that was sent before this cpu came back may not. */
static bool ordered(const struct oracle *o, const struct tap_event *ev, uint32_t event, uint8_t cpu)
{
    return ev->cpu == cpu || orc_before(o, event);
}

static void judge_ack(struct oracle *o, const struct tap_event *ev, const struct orc_conn *conn,
                      int64_t ack)
{
    const struct orc_receive *r = conn->receive;
    uint32_t ordinal = orc_ordinal(o, conn);
    orc_ran(o, ORC_WIRE_ACK_1);
    o->ran[ORC_URG_NOACK_1] += r->urgent_limit >= 0;
    int64_t most = r->possible + (orc_fin_possible(r, r->possible) ? 1 : 0);
    if (ack > most && !r->lossy) {
        orc_fail(o, ordinal, ORC_WIRE_ACK_1,
                 orc_text(o, "an ACK number up to %lld, what has arrived without a hole",
                          (long long)most),
                 orc_text(o, "%lld", (long long)ack));
    } else if (r->urgent_limit >= 0 && ack > r->urgent_limit) {
        orc_fail(
            o, ordinal, ORC_URG_NOACK_1,
            orc_text(o, "no ACK above %lld, where urgent data came", (long long)r->urgent_limit),
            orc_text(o, "%lld", (long long)ack));
    } else if (ack < r->acked && ordered(o, ev, r->acked_event, r->acked_cpu)) {
        orc_fail(o, ordinal, ORC_WIRE_ACK_1,
                 orc_text(o, "an ACK number of at least %lld, sent at event %u",
                          (long long)r->acked, r->acked_event),
                 orc_text(o, "%lld", (long long)ack));
    }
}

static void judge_edge(struct oracle *o, const struct tap_event *ev, const struct orc_conn *conn,
                       int64_t edge)
{
    const struct orc_receive *r = conn->receive;
    orc_ran(o, ORC_WIRE_WND_1);
    o->ran[ORC_WIRE_SCALE_1] += conn->receive_scale > 0;
    o->ran[ORC_UPD_RCVWND_1] += conn->update_step != ORC_NONE &&
                                conn->cached.InitialRcvWnd != conn->cached_old.InitialRcvWnd;
    int64_t rounding = (1ll << conn->receive_scale) - 1;
    if (edge >= r->edge - rounding || !ordered(o, ev, r->edge_event, r->acked_cpu)) {
        return;
    }
    (orc_waived(o) ? orc_warn : orc_fail)(
        o, orc_ordinal(o, conn), ORC_WIRE_WND_1,
        orc_text(o, "a right edge of at least %lld", (long long)(r->edge - rounding)),
        orc_text(o, "%lld", (long long)edge));
}

void orc_window_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                      const struct orc_tcp *tcp)
{
    struct orc_receive *r = conn->receive;
    if (!(tcp->flags & TCP_ACK) || (tcp->flags & TCP_RST)) {
        return;
    }
    int64_t ack = orc_receive_offset(r, tcp->ack);
    int64_t edge = ack + ((int64_t)tcp->window << conn->receive_scale);
    judge_ack(o, ev, conn, ack);
    judge_edge(o, ev, conn, edge);
    bool sent = ev->status == NDIS_STATUS_SUCCESS;
    if (ack > r->acked) {
        if (ack == r->possible + 1 && orc_fin_possible(r, r->possible) && r->fin_sure < 0 &&
            !r->fin_before) {
            r->fin_sure = r->possible;
        }
        r->acked = ack;
        r->acked_event = ev->seq;
        r->acked_cpu = ev->cpu;
        int64_t accepted = orc_accepted(r);
        if (accepted > r->sure) {
            r->sure = accepted;
            r->sure_data_step = true;
            orc_dirty(o, conn);
        }
    }
    if (sent && ack > r->acked_sent) {
        r->acked_sent = ack;
    }
    if (sent && edge > r->edge) {
        r->edge = edge;
        r->edge_event = ev->seq;
    }
}
