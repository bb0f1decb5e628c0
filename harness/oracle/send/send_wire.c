/* SPDX-License-Identifier: MIT
 *
 * The send half of a transmitted frame: which bytes stand at which sequence numbers, FIN and RST.
 */
#include "oracle/send/send_wire.h"
#include "oracle/adapter/counts.h"
#include "oracle/adapter/router.h"
#include "oracle/ledger/sends.h"
#include "oracle/model/calls.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"
#include "oracle/send/shadow.h"

static int64_t send_offset(const struct orc_send *s, uint32_t sequence)
{
    uint32_t reference = s->sequence + (uint32_t)s->max;
    return s->max + (int32_t)(sequence - reference);
}

static void judge_content(struct oracle *o, const struct orc_conn *conn, const struct orc_tcp *tcp,
                          int64_t begin)
{
    const struct orc_send *s = conn->send;
    const uint8_t *bytes = tcp->payload;
    int64_t end = begin + tcp->length, at = begin;
    bool probe = tcp->length <= 1 && (begin == s->max - 1 || begin == s->una_possible - 1);
    if (s->blind || probe) {
        return;
    }
    orc_ran(o, ORC_SEND_FIFO_1);
    if (end > s->handed) {
        orc_fail(o, orc_ordinal(o, conn), ORC_SEND_FIFO_1,
                 orc_text(o, "nothing beyond the %lld bytes handed down", (long long)s->handed),
                 orc_text(o, "bytes %lld to %lld on the wire", (long long)begin, (long long)end));
        return;
    }
    if (at < s->bytes.low || at < s->una_sure) {
        int64_t from = s->bytes.low > s->una_sure ? s->bytes.low : s->una_sure;
        at = from < end ? from : end;
    }
    uint32_t length = (uint32_t)(end - at);
    o->ran[ORC_SEND_CONST_1] += begin < s->max;
    uint32_t equal = orc_ring_equal(&s->bytes, at, bytes + (at - begin), length);
    if (equal == length) {
        return;
    }
    int64_t wrong = at + equal;
    uint32_t name = length - equal < 16 ? length - equal : 16;
    int64_t found = orc_ring_find(&s->bytes, 0, s->handed, wrong, bytes + (wrong - begin), name);
    orc_fail(o, orc_ordinal(o, conn), wrong < s->max ? ORC_SEND_CONST_1 : ORC_SEND_FIFO_1,
             orc_text(o, "byte %lld of the send stream at its sequence number", (long long)wrong),
             found >= 0
                 ? orc_text(o, "byte %lld of the stream stands at %lld", (long long)found,
                            (long long)wrong)
                 : orc_text(o, "0x%02x stands at %lld", bytes[wrong - begin], (long long)wrong));
}

/* What the wire refused before the request may still wait for it, and what is queued behind. */
static bool queued_before(const struct orc_conn *conn)
{
    uint32_t refused = conn->life->refused;
    return refused != ORC_NONE && refused < conn->mandatory_event;
}

static void judge_new_bytes(struct oracle *o, const struct orc_conn *conn, int64_t begin,
                            int64_t end)
{
    const struct orc_send *s = conn->send;
    uint32_t ordinal = orc_ordinal(o, conn);
    if (end <= s->max || end <= begin) {
        return;
    }
    o->ran[ORC_SEND_FAIL_1] += s->failed != INT64_MAX;
    if (end > s->failed) {
        orc_fail(o, ordinal, ORC_SEND_FAIL_1, "no further byte of sends that failed",
                 orc_text(o, "new bytes up to %lld; a send from %lld on failed at event %u",
                          (long long)end, (long long)s->failed, s->failed_event));
    } else if (orc_before(o, conn->mandatory_left) && !queued_before(conn)) {
        bool invalid = conn->mandatory_reason == InvalidState;
        (invalid ? orc_warn : orc_fail)(
            o, ordinal, ORC_UPLD_MAND_1, "no new data after a mandatory upload request",
            orc_text(o, "bytes %lld to %lld", (long long)begin, (long long)end));
    }
}

static void judge_fin(struct oracle *o, const struct orc_conn *conn, int64_t at)
{
    const struct orc_send *s = conn->send;
    orc_ran(o, ORC_DISC_FIN_1);
    if (!s->fin_asked) {
        orc_fail(o, orc_ordinal(o, conn), ORC_DISC_FIN_1, "a FIN only for a graceful disconnect",
                 "a FIN without one");
    } else if (at != s->fin && !s->blind) {
        orc_fail(o, orc_ordinal(o, conn), ORC_DISC_FIN_1,
                 orc_text(o, "the FIN at byte %lld, the end of all data", (long long)s->fin),
                 orc_text(o, "at byte %lld", (long long)at));
    }
}

static void judge_reset(struct oracle *o, struct orc_conn *conn)
{
    orc_ran(o, ORC_DISC_RST_3);
    if (conn->local_abort == ORC_NONE) {
        orc_fail(o, orc_ordinal(o, conn), ORC_DISC_RST_3,
                 "an RST only for an abortive disconnect of the host", "an RST without one");
    }
    if (conn->reset_sent == ORC_NONE) {
        conn->reset_sent = o->event->seq;
    }
}

void orc_send_frame(struct oracle *o, const struct tap_event *ev, struct orc_conn *conn,
                    const struct orc_packet *packet)
{
    struct orc_send *s = conn->send;
    const struct orc_tcp *tcp = &packet->tcp;
    bool refused = ev->status == NDIS_STATUS_RESOURCES || ev->status == NDIS_STATUS_INVALID_LENGTH;
    uint32_t ordinal = orc_ordinal(o, conn);
    orc_dirty(o, conn);
    int64_t begin = send_offset(s, tcp->sequence);
    orc_counts_out(o, conn, packet, begin, ev->status == NDIS_STATUS_SUCCESS);
    orc_sender_sent(o, ev, conn, packet, begin);
    if (tcp->flags & TCP_RST) {
        judge_reset(o, conn);
        return;
    }
    if (orc_before(o, conn->abort_left)) {
        orc_fail(o, ordinal, ORC_RST_IND_2, "no transmission after the Abort event", "a frame");
    } else if (orc_before(o, conn->local_abort_left) && !orc_decided_before(o, conn)) {
        orc_fail(o, ordinal, ORC_DISC_RST_1, "no frame but the RST after an abortive disconnect",
                 "another frame");
    }
    int64_t end = begin + tcp->length;
    if (tcp->length) {
        judge_content(o, conn, tcp, begin);
        judge_new_bytes(o, conn, begin, end);
        orc_invalid_frame(o, conn);
        orc_router_data(o, conn, tcp, begin);
    }
    if (tcp->flags & TCP_FIN) {
        judge_fin(o, conn, end);
        s->fin_sent = s->fin_sent || !refused;
        end++;
    }
    bool carries = tcp->length || (tcp->flags & TCP_FIN);
    s->tried = carries && end > s->tried ? end : s->tried;
    if (refused) {
        return;
    }
    if (carries && end > s->max) {
        s->max = end;
    }
    if (carries && ev->status == NDIS_STATUS_SUCCESS && end > s->max_least) {
        s->max_least = end;
    }
}
