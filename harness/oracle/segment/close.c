/* SPDX-License-Identifier: MIT
 *
 * Events, disconnects, and what FIN and RST lead to.
 */
#include "oracle/segment/close.h"
#include "oracle/adapter/counts.h"
#include "oracle/adapter/failure.h"
#include "oracle/adapter/reach.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/calls.h"
#include "oracle/ownership/host_rules.h"
#include "oracle/ownership/owner.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/receive/answers.h"
#include "oracle/report/report.h"
#include "oracle/send/send.h"
#include "oracle/send/shadow.h"
#include "oracle/sender/upload_reasons.h"

static void judge_disconnect_event(struct oracle *o, const struct orc_conn *c, uint32_t ordinal)
{
    const struct orc_receive *r = c->receive;
    orc_ran(o, ORC_FIN_IND_1);
    orc_ran(o, ORC_EVT_CAUSE_1);
    if (c->disconnects > 0) {
        orc_fail(o, ordinal, ORC_FIN_IND_1, "one Disconnect event",
                 orc_text(o, "another; the first was event %u", c->disconnect_event));
        return;
    }
    if (r->fins == 0 && !r->fin_before && !r->fin_lenient) {
        orc_fail(o, ordinal, ORC_EVT_CAUSE_1, "a Disconnect event needs a FIN of the peer",
                 "none has arrived");
        return;
    }
    if (r->fin_lenient || r->lossy) {
        return;
    }
    int64_t fin = r->fin_before ? r->start : -1;
    for (uint32_t i = 0; i < r->fins && fin != r->delivered; i++) {
        fin = r->fin[i] == r->delivered ? r->fin[i] : fin;
    }
    if (fin != r->delivered) {
        int64_t first = r->fins ? orc_fin_first(r) : fin;
        orc_fail(o, ordinal, ORC_FIN_IND_1,
                 orc_text(o, "every byte before the FIN at %lld consumed first", (long long)first),
                 orc_text(o, "%lld consumed, %lld arrived", (long long)r->delivered,
                          (long long)r->possible));
    }
}

static void judge_abort_event(struct oracle *o, const struct orc_conn *c, uint32_t ordinal)
{
    orc_ran(o, ORC_RST_IND_1);
    orc_ran(o, ORC_EVT_CAUSE_1);
    if (c->aborts > 0) {
        orc_fail(o, ordinal, ORC_RST_IND_1, "one Abort event",
                 orc_text(o, "another; the first was event %u", c->abort_event));
    } else if (!orc_abort_possible(o, c)) {
        orc_fail(o, ordinal, c->answers->odd_options ? ORC_WIRE_OPT_1 : ORC_EVT_CAUSE_1,
                 "an Abort event needs an RST at RcvNxt", "none can have been accepted");
    }
}

/* Half closed: exactly one of the two halves is known to be closed. */
static bool half_closed(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    bool out = c->send->fin_sent;
    bool in = r->fin_before || r->fin_sure_step >= 0 || c->disconnect_event != ORC_NONE;
    bool in_possible = in || r->fins > 0;
    return (out && !in_possible) || (in && !out && c->graceful == ORC_NONE);
}

static void judge_retrieve(struct oracle *o, struct orc_conn *c, uint32_t ordinal, uint32_t reason)
{
    const struct orc_receive *r = c->receive;
    orc_ran(o, ORC_UPLD_REQ_1);
    orc_ran(o, ORC_EVT_CAUSE_1);
    if (reason < LowActivity || reason >= MaxUploadReason) {
        orc_fail(o, ordinal, ORC_UPLD_REQ_1, "an upload reason from 1 to 11",
                 orc_text(o, "%u", reason));
        return;
    }
    if (reason == ReceivedUrgentData && c->answers->urgent_rejected && !r->urgent_possible) {
        orc_fail(o, ordinal, ORC_URG_VAL_1, "a segment with URG outside the window without effect",
                 "ReceivedUrgentData");
    } else if (reason == ReceivedUrgentData && !r->urgent_possible) {
        orc_fail(o, ordinal, ORC_EVT_CAUSE_1, "ReceivedUrgentData needs a segment with URG",
                 "none");
    } else if (reason == InvalidState && !orc_path_invalid(o, c) && !r->syn_possible &&
               !(c->send->fin_sent && (r->fins || r->fin_before))) {
        orc_fail(o, ordinal, ORC_EVT_CAUSE_1, "InvalidState needs an invalidated object",
                 "connection, path and neighbor are valid");
    }
    orc_upload_reasons_judge(o, c, reason);
    if (!half_closed(c)) {
        return;
    }
    orc_ran(o, ORC_UPLD_HALF_1);
    if (!orc_mandatory_reason(reason)) {
        orc_fail(o, ordinal, ORC_UPLD_HALF_1, "no voluntary upload request while half closed",
                 orc_text(o, "reason %u", reason));
    } else if (reason == UploadRequested && !r->syn_possible) { /* for a SYN any reason does */
        orc_warn(o, ordinal, ORC_UPLD_HALF_1, "no voluntary upload request while half closed",
                 "UploadRequested");
    }
}

static void take_retrieve(const struct oracle *o, struct orc_conn *c, uint32_t reason, uint32_t seq)
{
    if (reason == ReceivedUrgentData) {
        c->urgent_retrieve = seq;
    }
    c->failed_over |= reason == HardwareFailure;
    if (!orc_mandatory_reason(reason)) {
        c->optional_event = c->optional_event == ORC_NONE ? seq : c->optional_event;
    } else if (c->mandatory_event == ORC_NONE || c->mandatory_reason == InvalidState) {
        c->mandatory_event = seq;
        if (orc_decided_before(o, c)) { /* an abort inside of that call came behind the upload */
            c->local_abort_left = ORC_NONE;
            c->reset_due = false;
        }
        c->mandatory_left = ORC_NONE;
        c->mandatory_reason = reason;
    }
}

void orc_event_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    uint32_t ordinal = ev->conn;
    conn->event_open++;
    orc_dirty(o, conn);
    if (conn->phase == ORC_GONE || conn->phase == ORC_ABSENT) {
        orc_fail(o, ordinal, ORC_EVT_CAUSE_1, "no event after TermComplete",
                 orc_text(o, "event type %u", ev->data.event.type));
        return;
    }
    orc_ran(o, ORC_IND_EARLY_1);
    if (conn->phase == ORC_STARTING || !conn->init_returned) {
        orc_warn(o, ordinal, ORC_IND_EARLY_1,
                 "no event of a connection before InitComplete returned",
                 orc_text(o, "event type %u", ev->data.event.type));
    }
    switch (ev->data.event.type) {
    case TcpIndicateSendBacklogChange:
        orc_backlog_event(o, conn, ev->data.event.information);
        break;
    case TcpIndicateDisconnect:
        judge_disconnect_event(o, conn, ordinal);
        if (conn->disconnects++ == 0) {
            conn->disconnect_event = ev->seq;
        }
        break;
    case TcpIndicateAbort:
        orc_failure_abort(o, conn);
        judge_abort_event(o, conn, ordinal);
        orc_counts_abort(o, conn);
        if (conn->aborts++ == 0) {
            conn->abort_event = ev->seq;
        }
        break;
    case TcpIndicateRetrieve:
        judge_retrieve(o, conn, ordinal, ev->data.event.information);
        if (ev->data.event.information == TimeoutExpiration) {
            orc_sender_reported(o, conn);
        }
        take_retrieve(o, conn, ev->data.event.information, ev->seq);
        break;
    default:
        orc_fail(o, ordinal, ORC_EVT_CAUSE_1, "one of the four event types",
                 orc_text(o, "%u", ev->data.event.type));
        break;
    }
}

void orc_event_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, call->conn);
    if (!conn) {
        return;
    }
    if (conn->event_open) {
        conn->event_open--;
    }
    if (conn->disconnect_event == call->seq) {
        conn->disconnect_left = ev->seq;
    }
    if (conn->abort_event == call->seq) {
        conn->abort_left = ev->seq;
    }
    if (conn->mandatory_event == call->seq) {
        conn->mandatory_left = ev->seq;
    }
}

void orc_disconnect_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    if (ev->data.io.flags & TCP_DISCONNECT_ABORTIVE_CLOSE) {
        if (conn->local_abort == ORC_NONE) {
            conn->local_abort = ev->seq;
            conn->abort_arrived = conn->receive->possible;
            conn->abort_pushed = conn->receive->push_end;
            orc_reach_ending(o, conn);
            bool closing =
                conn->send->fin_asked && (conn->receive->fins || conn->receive->fin_before);
            bool over = conn->abort_event != ORC_NONE || conn->receive->rst_possible ||
                        conn->receive->syn_possible || conn->mandatory_event != ORC_NONE;
            conn->reset_due = conn->phase == ORC_LIVE && !closing && !over && !conn->failed_over &&
                              !orc_path_invalid(o, conn) && o->adapter->upload_all == ORC_NONE &&
                              conn->upload_early_event == ORC_NONE;
        }
    } else if (conn->graceful == ORC_NONE) {
        conn->graceful = ev->seq;
    }
    orc_dirty(o, conn);
}

void orc_disconnect_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_handed(o, ev, list, call);
    struct orc_conn *conn = orc_conn(o, list->conn);
    if (!nbl || !conn || !call) {
        return;
    }
    orc_host_disconnect(o, conn, list, call);
    nbl->after = orc_after_flags(o, conn);
    nbl->abortive = call->word & TCP_DISCONNECT_ABORTIVE_CLOSE;
    orc_queue_push(o, &conn->disconnect, list->id);
    if (nbl->abortive) {
        nbl->begin = nbl->end = conn->send->handed;
        return;
    }
    orc_send_bytes(o, conn, list, nbl);
    conn->send->fin_asked = true;
    conn->send->fin = conn->send->handed;
}

void orc_disconnect_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, call->conn);
    if (conn && conn->local_abort == call->seq && conn->mandatory_event == ORC_NONE) {
        conn->local_abort_left = conn->abort_refused ? ORC_NONE : ev->seq;
    }
}

static uint32_t sends_before(const struct oracle *o, const struct orc_conn *conn,
                             const struct orc_nbl *disc)
{
    uint32_t head = conn->sends.head;
    return head != ORC_NONE && o->lists->nbl[head].handed < disc->handed ? head : ORC_NONE;
}

/* Sends that were handed over before the disconnect must be back when it completes. */
static void judge_disconnect_order(struct oracle *o, struct orc_conn *conn,
                                   const struct tap_nbl *list, const struct orc_nbl *nbl)
{
    uint32_t pending = sends_before(o, conn, nbl);
    orc_ran(o, nbl->abortive ? ORC_DISC_RST_2 : ORC_DISC_FIN_2);
    if (pending == ORC_NONE) {
        return;
    }
    const char *actual = orc_text(o, "send list %u (event %u) is pending, %u in all", pending,
                                  o->lists->nbl[pending].handed, conn->sends.count);
    if (nbl->abortive && list->status != NDIS_STATUS_UPLOAD_IN_PROGRESS &&
        conn->term_enter == ORC_NONE && !orc_upload_known(o, conn)) {
        orc_fail(o, list->conn, ORC_DISC_RST_2, "every outstanding send aborted before the DISC is",
                 actual);
    } else if (list->status == NDIS_STATUS_SUCCESS && !nbl->abortive) {
        orc_fail(o, list->conn, ORC_DISC_FIN_2, "all earlier sends completed before the DISC",
                 actual);
    } else if (list->status == NDIS_STATUS_UPLOAD_IN_PROGRESS) {
        conn->send->dis_upl = true;
        conn->send->dis_upl_event = o->event->seq;
    }
}

static void judge_graceful(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                           const struct orc_nbl *nbl)
{
    const struct orc_send *s = conn->send;
    uint32_t bt = list->bytes_transferred;
    orc_ran(o, ORC_DISC_FIN_3);
    if (list->status == NDIS_STATUS_SUCCESS && s->una_possible < nbl->end + 1) {
        orc_fail(o, list->conn, ORC_DISC_FIN_2,
                 orc_text(o, "FIN at byte %lld acknowledged", (long long)nbl->end),
                 orc_text(o, "acknowledged up to %lld", (long long)s->una_possible));
    }
    if (bt == TAP_BT_POISON) {
        orc_fail(o, list->conn, ORC_DISC_FIN_3, "the count of bytes acknowledged", "never written");
    } else if (bt != list->advance) {
        orc_fail(o, list->conn, ORC_DISC_FIN_3, "count and advance both the acknowledged bytes",
                 orc_text(o, "count %u, advance %u", bt, list->advance));
    } else {
        int64_t least, most;
        orc_send_acked(s, nbl, &least, &most);
        if (bt < least || bt > most) {
            orc_fail(
                o, list->conn, ORC_DISC_FIN_3,
                orc_text(o, "%lld to %lld bytes acknowledged", (long long)least, (long long)most),
                orc_text(o, "%u", bt));
        }
    }
}

static void judge_disconnect_status(struct oracle *o, struct orc_conn *conn,
                                    const struct tap_nbl *list, const struct orc_nbl *nbl)
{
    orc_ran(o, ORC_DISC_MUST_1);
    switch ((uint32_t)list->status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        if ((nbl->after & ORC_AFTER_MANDATORY) && !nbl->abortive) {
            orc_fail(o, list->conn, ORC_UPLD_MAND_1,
                     "UPLOAD_IN_PROGRESS after a mandatory upload request", "SUCCESS");
        } else if (!nbl->abortive && conn->local_abort != ORC_NONE &&
                   orc_before(o, conn->local_abort_left) && conn->send->una_possible <= nbl->end) {
            orc_fail(o, list->conn, ORC_DISC_ABORT_OVER_1,
                     "REQUEST_ABORTED for the graceful disconnect that an abort overtook",
                     "SUCCESS");
        }
        o->ran[ORC_UPLD_MAND_1] += nbl->after & ORC_AFTER_MANDATORY ? 1u : 0u;
        o->ran[ORC_DISC_RST_1] += nbl->abortive && conn->reset_due;
        if (nbl->abortive && conn->reset_due && conn->reset_sent == ORC_NONE &&
            !orc_wire_waived(o) && !orc_starved(o, conn)) {
            orc_fail(o, list->conn, ORC_DISC_RST_1, "an RST before the abort completes", "none");
        }
        break;
    case (uint32_t)NDIS_STATUS_REQUEST_ABORTED:
        o->ran[ORC_DISC_ABORT_OVER_1] += !nbl->abortive && conn->local_abort != ORC_NONE;
        if (!nbl->abortive) {
            orc_abort_cause(o, conn, ORC_DISC_MUST_1);
        }
        break;
    case (uint32_t)NDIS_STATUS_UPLOAD_IN_PROGRESS:
        orc_upload_cause(o, conn, ORC_DISC_MUST_1);
        if (nbl->abortive) {
            conn->abort_refused = true;
            conn->local_abort_left = ORC_NONE;
        }
        break;
    default:
        orc_fail(o, list->conn, ORC_DISC_MUST_1, "SUCCESS, UPLOAD_IN_PROGRESS or REQUEST_ABORTED",
                 orc_status_name(o, list->status));
        break;
    }
}

void orc_disconnect_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    (void)call;
    struct orc_nbl *nbl = orc_owner_back(o, ev, list);
    struct orc_conn *conn = nbl ? orc_conn(o, nbl->conn) : NULL;
    if (!conn || nbl->role != ROLE_DISCONNECT) {
        return;
    }
    if (list->index_in_call != 0) {
        orc_fail(o, list->conn, ORC_OWN_ONCE_1, "a disconnect completion carries one list",
                 orc_text(o, "list %u is another", list->id));
    }
    orc_queue_remove(o, &conn->disconnect, list->id);
    orc_ran(o, ORC_TERM_DRAIN_1);
    if (conn->phase == ORC_GONE) {
        orc_fail(o, list->conn, ORC_TERM_DRAIN_1, "every disconnect completed before TermComplete",
                 "one completed after it");
        return;
    }
    orc_failure_status(o, conn, list->status);
    judge_disconnect_status(o, conn, list, nbl);
    judge_disconnect_order(o, conn, list, nbl);
    if (!nbl->abortive) {
        judge_graceful(o, conn, list, nbl);
    } else if (list->status == NDIS_STATUS_SUCCESS) {
        conn->abort_done = true;
    }
    orc_dirty(o, conn);
}
