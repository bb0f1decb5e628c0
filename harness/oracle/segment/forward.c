/* SPDX-License-Identifier: MIT
 *
 * Forwarded segments: taken into the ledgers like wire segments.
 */
#include "oracle/segment/forward.h"
#include "oracle/adapter/counts.h"
#include "oracle/base/memory.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ownership/owner.h"
#include "oracle/receive/answers.h"
#include "oracle/receive/stamps.h"
#include "oracle/report/report.h"
#include "oracle/segment/segment.h"

void orc_forward_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    (void)ev;
    orc_dirty(o, conn);
}

void orc_forward_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_handed(o, ev, list, call);
    struct orc_conn *conn = orc_conn(o, list->conn);
    uint8_t *bytes = orc_scratch(o, list->length);
    if (!nbl || !conn || !bytes) {
        return;
    }
    nbl->after = orc_after_flags(o, conn);
    orc_queue_push(o, &conn->forwards, list->id);
    uint32_t length = tap_nbl_copy(list, 0, bytes, list->length);
    struct orc_receive *r = conn->receive;
    struct orc_tcp tcp;
    orc_parse_tcp(bytes, length, &tcp);
    if (!tcp.valid || tcp.source_port != conn->remote_port ||
        tcp.destination_port != conn->local_port) {
        return;
    }
    orc_counts_forwarded(o, conn);
    orc_stamps_forwarded(conn, &tcp);
    uint32_t overlaps = r->overlaps, arrivals = r->arrivals;
    nbl->begin = orc_receive_offset(r, tcp.sequence);
    nbl->end = nbl->begin + tcp.length;
    orc_segment_in(o, ev, conn, &tcp, o->faults->map); /* without its bytes it cannot be read */
    nbl->fresh = tcp.length && r->overlaps == overlaps && r->arrivals == arrivals + 1;
    nbl->arrivals = r->overlaps;
}

/* A segment given back unprocessed must have left no trace. */
static void judge_untouched(struct oracle *o, const struct orc_conn *conn,
                            const struct tap_nbl *list, const struct orc_nbl *nbl)
{
    const struct orc_receive *r = conn->receive;
    if (!nbl->fresh || nbl->arrivals != r->overlaps || r->lossy || r->fins) {
        return; /* another copy may have brought the same bytes */
    }
    if (r->acked > nbl->begin || r->delivered > nbl->begin) {
        orc_fail(o, list->conn, ORC_FWD_ST_1,
                 orc_text(o, "no effect of bytes %lld to %lld, given back unprocessed",
                          (long long)nbl->begin, (long long)nbl->end),
                 orc_text(o, "acknowledged up to %lld, delivered up to %lld", (long long)r->acked,
                          (long long)r->delivered));
    }
}

void orc_forward_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    (void)call;
    struct orc_nbl *nbl = orc_owner_back(o, ev, list);
    struct orc_conn *conn = nbl ? orc_conn(o, nbl->conn) : NULL;
    if (!conn || nbl->role != ROLE_FORWARD) {
        return;
    }
    orc_queue_remove(o, &conn->forwards, list->id);
    orc_ran(o, ORC_TERM_DRAIN_1);
    orc_ran(o, ORC_FWD_ST_1);
    if (conn->phase == ORC_GONE) {
        orc_fail(o, list->conn, ORC_TERM_DRAIN_1, "every forward completed before TermComplete",
                 orc_text(o, "list %u completed after it", list->id));
        return;
    }
    switch ((uint32_t)list->status) {
    case (uint32_t)NDIS_STATUS_SUCCESS:
        orc_ran(o, ORC_FWD_PROC_1);
        orc_stamps_processed(o, conn);
        if ((nbl->after & ORC_AFTER_MANDATORY) && !(nbl->after & ORC_AFTER_INVALID_STATE)) {
            orc_fail(o, list->conn, ORC_UPLD_MAND_1,
                     "UPLOAD_IN_PROGRESS after a mandatory upload request",
                     "a forwarded segment reported as processed");
        }
        break;
    case (uint32_t)NDIS_STATUS_UPLOAD_IN_PROGRESS:
        orc_upload_cause(o, conn, ORC_FWD_ST_1);
        orc_answers_unprocessed(conn);
        judge_untouched(o, conn, list, nbl);
        break;
    case (uint32_t)NDIS_STATUS_REQUEST_ABORTED:
        orc_abort_cause(o, conn, ORC_FWD_ST_1);
        break;
    default:
        orc_fail(o, list->conn, ORC_FWD_ST_1, "SUCCESS, UPLOAD_IN_PROGRESS or REQUEST_ABORTED",
                 orc_status_name(o, list->status));
        break;
    }
}
