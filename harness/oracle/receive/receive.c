/* SPDX-License-Identifier: MIT
 *
 * Posted receive requests: order, counts, statuses and the reasons for a short completion.
 */
#include "oracle/adapter/failure.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/calls.h"
#include "oracle/ownership/owner.h"
#include "oracle/ownership/serial.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/delivery.h"
#include "oracle/report/report.h"
#include "oracle/sender/upload_reasons.h"

void orc_post_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    struct orc_receive *r = conn->receive;
    (void)ev;
    r->refused = false;
    r->posted_step = true;
    if (conn->indicate_open) {
        conn->rearm = true;
        r->raced_indicate = true;
    } else if (conn->inside) {
        r->raced_complete = true;
    }
    if (r->sure > r->delivered && conn->requests.count == 0) {
        r->buffered_before_post = true;
    }
    orc_dirty(o, conn);
}

void orc_post_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_handed(o, ev, list, call);
    struct orc_conn *conn = orc_conn(o, list->conn);
    if (!nbl || !conn) {
        return;
    }
    nbl->index = conn->posts++;
    conn->receive->zero_posted = conn->receive->zero_posted || !nbl->length;
    nbl->after = orc_after_flags(o, conn);
    orc_queue_push(o, &conn->requests, list->id);
    conn->receive->posted_bytes += list->length;
    orc_upload_reasons_request(o, conn, list->length);
}

/* The bytes that the target says it placed, read leniently once a violation was reported. */
static uint32_t placed_bytes(struct oracle *o, const struct tap_nbl *list,
                             const struct orc_nbl *nbl)
{
    uint32_t bt = list->bytes_transferred;
    orc_ran(o, ORC_RCV_BT_1);
    orc_ran(o, ORC_RCV_ADV_1);
    if (bt == TAP_BT_POISON) {
        orc_fail(o, list->conn, ORC_RCV_BT_1, "the count of bytes placed, on every status",
                 orc_text(o, "never written in request #%u", nbl->index));
        bt = list->advance;
    }
    if (nbl->prefill && bt == list->advance + nbl->prefill && bt != list->advance) {
        orc_warn(o, list->conn, ORC_RCV_PRE_1, "only the target's bytes counted",
                 orc_text(o, "the host's %u bytes counted too", nbl->prefill));
        bt = list->advance;
    }
    if (bt > nbl->length) {
        orc_fail(o, list->conn, ORC_RCV_BT_1,
                 orc_text(o, "at most the %u bytes of request #%u", nbl->length, nbl->index),
                 orc_text(o, "%u", bt));
        bt = nbl->length;
    }
    if (list->advance != bt || !list->nb_consistent) {
        orc_fail(o, list->conn, ORC_RCV_ADV_1,
                 orc_text(o, "data start advanced by the %u bytes placed, MDLs in place", bt),
                 orc_text(o, "advanced by %u%s", list->advance,
                          list->nb_consistent ? "" : ", position or MDL chain damaged"));
    }
    return bt;
}

static void judge_order(struct oracle *o, const struct orc_conn *conn, const struct tap_nbl *list,
                        const struct orc_nbl *nbl)
{
    orc_ran(o, conn->term_enter == ORC_NONE ? ORC_RCV_FIFO_1 : ORC_TERM_ORDER_1);
    uint32_t head = conn->requests.head;
    if (list->status == NDIS_STATUS_INVALID_STATE || head == list->id || head == ORC_NONE) {
        return;
    }
    const struct orc_nbl *first = &o->lists->nbl[head];
    orc_fail(o, list->conn, ORC_RCV_FIFO_1,
             orc_text(o, "request #%u (posted at event %u)", first->index, first->handed),
             orc_text(o, "request #%u (posted at event %u)", nbl->index, nbl->handed));
}

/* A push-mode request that came back with part of its bytes and no other reason in sight. */
static void judge_early(struct oracle *o, const struct orc_conn *conn, const struct orc_nbl *nbl,
                        uint32_t bt)
{
    const struct orc_receive *r = conn->receive;
    uint64_t now = o->event->time_ns, slack = orc_slack_ns(o);
    if (!o->parameters->known || !o->parameters->ticks_per_second) {
        return;
    }
    uint64_t push = o->parameters->push_ticks * o->parameters->tick_ns;
    uint64_t start = nbl->time_ns;
    uint32_t event = nbl->handed;
    if (!nbl->prefill && r->nonempty_event > event) {
        start = r->nonempty_since_ns;
        event = r->nonempty_event;
    }
    if (event < o->parameters->event) {
        return; /* the timer may run by the former ones */
    }
    orc_ran(o, nbl->prefill ? ORC_RCV_PRE_1 : ORC_RCV_PUSH_2);
    bool trickled = !nbl->prefill && bt && conn->answers->in_order_event > event;
    o->ran[ORC_RCV_PUSH_3] += trickled;
    if (trickled && now + slack >= start + push &&
        now + slack < conn->answers->in_order_ns + push) {
        orc_warn(o, orc_ordinal(o, conn), ORC_RCV_PUSH_3,
                 "the push timer started anew by data that arrives while it runs",
                 orc_text(o, "request #%u completed %llu ms after its last byte", nbl->index,
                          (unsigned long long)((now - conn->answers->in_order_ns) / 1000000)));
    }
    if (now + slack < start + push) {
        orc_fail(o, orc_ordinal(o, conn), nbl->prefill || bt ? ORC_RCV_PUSH_2 : ORC_RCV_EMPTY_1,
                 orc_text(o, "no partial completion without PSH before the push timer (%llu ms)",
                          (unsigned long long)(push / 1000000)),
                 orc_text(o, "request #%u: %u of %u bytes after %llu ms", nbl->index, bt,
                          nbl->length, (unsigned long long)((now - start) / 1000000)));
    }
}

static void receive_judge_short(struct oracle *o, const struct orc_conn *conn,
                                const struct orc_nbl *nbl, uint32_t bt)
{
    const struct orc_receive *r = conn->receive;
    uint32_t ordinal = orc_ordinal(o, conn);
    bool ending = conn->term_enter != ORC_NONE || orc_upload_known(o, conn);
    bool empty = bt == 0 && !nbl->prefill;
    if (orc_abort_possible(o, conn) || orc_fin_possible(r, r->delivered + bt) ||
        (ending && !empty)) {
        return;
    }
    if (ending) { /* to the host that is the end of the stream */
        orc_fail(o, ordinal, ORC_RCV_EMPTY_1, "UPLOAD_IN_PROGRESS for a request that got nothing",
                 orc_text(o, "request #%u (%u bytes): SUCCESS, 0 bytes", nbl->index, nbl->length));
        return;
    }
    if (nbl->no_push) {
        orc_fail(o, ordinal, bt ? ORC_RCV_NOPUSH_1 : ORC_RCV_EMPTY_1,
                 "a non-push request completes only when full",
                 orc_text(o, "request #%u: %u of %u bytes", nbl->index, bt, nbl->length));
        return;
    }
    if (empty) {
        orc_fail(o, ordinal, ORC_RCV_EMPTY_1, "a request waits for data",
                 orc_text(o, "request #%u (%u bytes) completed empty", nbl->index, nbl->length));
        return;
    }
    if (r->push_end <= r->delivered) {
        judge_early(o, conn, nbl, bt);
    }
}

/* Full, or pushed, before the host aborted: that result may still be told. */
static bool done_before_abort(const struct orc_conn *conn, const struct orc_nbl *nbl, uint32_t bt)
{
    int64_t end = conn->receive->delivered + bt;
    bool pushed = !nbl->no_push && conn->abort_pushed >= end;
    return end <= conn->abort_arrived && (bt == nbl->length || pushed);
}

/* What had arrived by the decision to upload may still be told, before it is asked for. */
static bool served_on(const struct orc_conn *conn, uint32_t bt)
{
    return conn->upload_early_event != ORC_NONE &&
           conn->receive->delivered + bt > conn->upload_early_arrived;
}

static void receive_judge_success(struct oracle *o, const struct orc_conn *conn,
                                  const struct orc_nbl *nbl, uint32_t bt)
{
    uint32_t ordinal = orc_ordinal(o, conn);
    bool part = bt > 0 && bt < nbl->length;
    if (nbl->after & ORC_AFTER_DISCONNECT) {
        orc_fail(o, ordinal, ORC_RCV_ST_INV_1, "INVALID_STATE for a request posted after the event",
                 orc_text(o, "request #%u: SUCCESS", nbl->index));
    } else if ((nbl->after & ORC_AFTER_ABORT) || (part && orc_before(o, conn->abort_left))) {
        orc_fail(o, ordinal, ORC_RST_IND_2, "REQUEST_ABORTED after the Abort event",
                 orc_text(o, "request #%u: SUCCESS, %u bytes", nbl->index, bt));
    } else if ((nbl->after & ORC_AFTER_LOCAL_ABORT) ||
               (bt > 0 && orc_before(o, conn->local_abort_left) && !orc_decided_before(o, conn) &&
                !done_before_abort(conn, nbl, bt))) {
        orc_fail(o, ordinal, ORC_DISC_RST_1, "no SUCCESS receive after an abortive disconnect",
                 orc_text(o, "request #%u: SUCCESS, %u bytes", nbl->index, bt));
    } else if ((nbl->after & ORC_AFTER_MANDATORY) && !(nbl->after & ORC_AFTER_INVALID_STATE)) {
        orc_fail(o, ordinal, ORC_UPLD_MAND_1, "UPLOAD_IN_PROGRESS after a mandatory upload request",
                 orc_text(o, "request #%u: SUCCESS", nbl->index));
    } else if (bt > 0 && served_on(conn, bt) && !orc_upload_known(o, conn)) {
        orc_fail(o, ordinal, conn->upload_early_rule,
                 "UPLOAD_IN_PROGRESS only from the decision to upload on",
                 orc_text(o, "given at event %u, and the connection is served on",
                          conn->upload_early_event));
    }
    o->ran[ORC_RCV_NOPUSH_1] += nbl->no_push;
    if (bt < nbl->length) {
        receive_judge_short(o, conn, nbl, bt);
    }
}

static void receive_judge_status(struct oracle *o, struct orc_conn *conn,
                                 const struct tap_nbl *list, const struct orc_nbl *nbl, uint32_t bt)
{
    o->ran[ORC_RST_IND_2] += conn->abort_event != ORC_NONE;
    o->ran[ORC_UPLD_MAND_1] += conn->mandatory_event != ORC_NONE;
    o->ran[ORC_RCV_ZERO_1] += nbl->length == 0;
    orc_failure_status(o, conn, list->status);
    switch ((uint32_t)list->status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        o->ran[ORC_RCV_EMPTY_1] += nbl->length > 0;
        orc_ran(o, ORC_RCV_ST_OK_1);
        receive_judge_success(o, conn, nbl, bt);
        break;
    case (uint32_t)NDIS_STATUS_REQUEST_ABORTED:
        orc_ran(o, ORC_RCV_ST_ABRT_1);
        orc_abort_cause(o, conn, ORC_RCV_ST_ABRT_1);
        break;
    case (uint32_t)NDIS_STATUS_UPLOAD_IN_PROGRESS:
        orc_ran(o, ORC_RCV_ST_UPL_1);
        orc_upload_cause(o, conn, ORC_RCV_ST_UPL_1);
        break;
    case (uint32_t)NDIS_STATUS_INVALID_STATE:
        orc_ran(o, ORC_RCV_ST_INV_1);
        if (conn->disconnect_event == ORC_NONE || bt != 0) {
            orc_fail(o, list->conn, ORC_RCV_ST_INV_1,
                     "INVALID_STATE with no bytes, after the Disconnect event only",
                     orc_text(o, "request #%u: %u bytes%s", nbl->index, bt,
                              conn->disconnect_event == ORC_NONE ? ", no such event" : ""));
        }
        break;
    default:
        orc_fail(o, list->conn, ORC_RCV_ST_OK_1,
                 "SUCCESS, REQUEST_ABORTED, UPLOAD_IN_PROGRESS or INVALID_STATE",
                 orc_text(o, "request #%u: %s (0x%08x)", nbl->index,
                          orc_status_name(o, list->status), (unsigned)list->status));
        break;
    }
}

void orc_receive_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_back(o, ev, list);
    struct orc_conn *conn = nbl ? orc_conn(o, nbl->conn) : NULL;
    if (!conn || nbl->role != ROLE_POST) {
        return;
    }
    orc_serial_inside(o, ev, conn);
    uint32_t bt = placed_bytes(o, list, nbl);
    o->ran[ORC_RCV_MODE_1] +=
        nbl->next != ORC_NONE && o->lists->nbl[nbl->next].no_push != nbl->no_push;
    judge_order(o, conn, list, nbl);
    receive_judge_status(o, conn, list, nbl, bt);
    if (call && list->status == NDIS_STATUS_SUCCESS && bt > 0 && bt < nbl->length &&
        ++call->short_fills == 2) {
        orc_warn(o, list->conn, ORC_RCV_BATCH_1, "one partly filled request in a completion",
                 orc_text(o, "request #%u is another", nbl->index));
    }
    orc_ran(o, ORC_TERM_DRAIN_1);
    orc_queue_remove(o, &conn->requests, list->id);
    conn->receive->posted_bytes -= nbl->length;
    if (conn->phase == ORC_GONE) {
        orc_fail(o, list->conn, ORC_TERM_DRAIN_1, "every receive completed before TermComplete",
                 orc_text(o, "request #%u completed after it", nbl->index));
        return;
    }
    orc_stream_judge(o, conn, list, 0, bt, "a posted receive");
    orc_stream_consume(o, conn, bt);
    conn->receive->outlet_step = true;
}
