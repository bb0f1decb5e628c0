/* SPDX-License-Identifier: MIT
 *
 * Receive indications: when they are allowed, their form, and what the host's answer means.
 */
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/ownership/host_rules.h"
#include "oracle/ownership/owner.h"
#include "oracle/ownership/serial.h"
#include "oracle/receive/delivery.h"
#include "oracle/report/report.h"
#include "oracle/sender/upload_reasons.h"

void orc_indicate_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    uint32_t ordinal = ev->conn;
    const struct orc_receive *r = conn->receive;
    orc_serial_inside(o, ev, conn);
    orc_ran(o, ORC_IND_STAT_1);
    orc_ran(o, ORC_IND_EARLY_1);
    orc_ran(o, ORC_IND_REFUSE_1);
    if (ev->status != NDIS_STATUS_SUCCESS) {
        orc_fail(o, ordinal, ORC_IND_STAT_1, "status SUCCESS in the call",
                 orc_status_name(o, ev->status));
    }
    if (conn->phase == ORC_STARTING || (conn->phase == ORC_LIVE && !conn->init_returned)) {
        orc_fail(o, ordinal, ORC_IND_EARLY_1, "no indication until InitComplete has returned",
                 "indication before that");
    } else if (conn->phase == ORC_GONE || conn->phase == ORC_ABSENT) {
        orc_fail(o, ordinal, ORC_TERM_DRAIN_1, "no indication after TermComplete", "indication");
    } else if (orc_before(o, conn->abort_left)) {
        orc_fail(o, ordinal, ORC_RST_IND_2, "no delivery after the Abort event", "indication");
    } else if (orc_before(o, conn->local_abort_left) && !orc_decided_before(o, conn)) {
        orc_fail(o, ordinal, ORC_DISC_RST_1, "no indication after an abortive disconnect",
                 "indication");
    } else if (orc_before(o, conn->mandatory_left) && conn->term_enter == ORC_NONE &&
               conn->mandatory_reason != InvalidState && !orc_before(o, o->adapter->upload_all)) {
        orc_warn(o, ordinal, ORC_UPLD_MAND_1, "processing stops with the mandatory request",
                 "indication");
    }
    if (r->refused && conn->phase == ORC_ENDING) {
        orc_warn(o, ordinal, ORC_IND_REFUSE_1, "no indication between a refusal and the next POST",
                 "one more attempt during terminate");
    } else if (r->refused) {
        bool taken_over = r->delivered < r->start && conn->posts == 0;
        orc_fail(o, ordinal, taken_over ? ORC_INIT_BUF_2 : ORC_IND_REFUSE_1,
                 taken_over ? "data taken over at initiate waits for a POST"
                            : "no indication between a refusal and the next POST",
                 "indication");
    }
    o->ran[ORC_INIT_BUF_2] += r->delivered < r->start;
    conn->indicate_open++;
    conn->rearm = false;
}

/* A request was waiting when data was indicated. */
static void judge_use(struct oracle *o, const struct orc_conn *conn)
{
    orc_ran(o, ORC_RCV_USE_1);
    uint32_t id = conn->requests.head;
    if (conn->phase != ORC_LIVE) {
        return;
    }
    for (uint32_t seen = 0; id != ORC_NONE && seen < 8; id = o->lists->nbl[id].next, seen++) {
        const struct orc_nbl *nbl = &o->lists->nbl[id];
        if (!orc_before(o, nbl->left) || (nbl->after & ORC_AFTER_DISCONNECT)) {
            continue;
        }
        orc_ran(o, nbl->length ? ORC_RCV_USE_1 : ORC_RCV_ZERO_1);
        if (nbl->length == 0) {
            orc_fail(o, orc_ordinal(o, conn), ORC_RCV_ZERO_1,
                     "a zero-byte request completed before anything is indicated",
                     orc_text(o, "request #%u (posted at event %u) still pending", nbl->index,
                              nbl->handed));
        } else {
            orc_fail(o, orc_ordinal(o, conn), ORC_RCV_USE_1,
                     "data goes into posted requests, never through an indication",
                     orc_text(o, "request #%u (%u bytes, posted at event %u) was available",
                              nbl->index, nbl->length, nbl->handed));
        }
        return;
    }
}

void orc_indicate_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_conn *conn = call ? orc_conn(o, call->conn) : NULL;
    if (!conn) {
        return;
    }
    if (list->index_in_call == 0) {
        judge_use(o, conn);
    }
    orc_owner_indicated(o, ev, list);
    if (list->fault != NBL_OK) {
        return;
    }
    orc_ran(o, ORC_IND_NBL_1);
    if (list->has_next || list->nb_count != 1 || list->index_in_call != 0) {
        orc_fail(o, call->conn, ORC_IND_NBL_1, "one stand-alone list with one NET_BUFFER",
                 orc_text(o, "Next %s, %u NET_BUFFERs", list->has_next ? "set" : "NULL",
                          list->nb_count));
    }
    if (list->index_in_call != 0) {
        return;
    }
    orc_ran(o, ORC_IND_WHEN_1);
    if (list->length == 0) {
        orc_fail(o, call->conn, ORC_IND_WHEN_1, "data in an indication", "none");
    }
    call->length = list->length;
    call->counted = list->id;
    call->lists = 1;
    orc_stream_judge(o, conn, list, 0, list->length, "an indication");
}

void orc_indicate_leave(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, call->conn);
    if (!conn) {
        return;
    }
    struct orc_receive *r = conn->receive;
    uint32_t consumed = 0;
    if (conn->indicate_open) {
        conn->indicate_open--;
    }
    orc_host_answer(o, ev, call);
    if (ev->status != NDIS_STATUS_SUCCESS) { /* the rest met no request, whenever it came */
        conn->upload_reasons->unposted = true;
    }
    switch ((uint32_t)ev->status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        consumed = call->length;
        if (call->lists) {
            orc_owner_to_host(o, call->counted, call->conn, TAP_RCV_INDICATE);
        }
        break;
    case (uint32_t)NDIS_STATUS_OFFLOAD_DATA_PARTIALLY_ACCEPTED:
        consumed =
            ev->data.answer.consumed < call->length ? ev->data.answer.consumed : call->length;
        r->parted = true;
        r->refused = !conn->rearm;
        break;
    default:
        r->refused = !conn->rearm;
        break;
    }
    r->outlet_step = true;
    orc_stream_consume(o, conn, consumed);
}
