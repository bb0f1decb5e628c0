/* SPDX-License-Identifier: MIT
 *
 * Sends: what they carry, when they may succeed, how they fail.
 */
#include "oracle/send/send.h"
#include "oracle/adapter/adapter.h"
#include "oracle/adapter/failure.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"
#include "oracle/sender/upload_reasons.h"

#define MODERATION_NS (500ull * 1000000)

void orc_send_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    struct orc_conn *conn = orc_conn(o, ev->conn);
    (void)call;
    if (!conn) {
        return;
    }
    orc_sender_dirty(o, conn);
    orc_dirty(o, conn);
}

struct filling {
    struct orc_memory *memory;
    struct orc_send *send;
    int64_t at;
    bool failed;
};

static void fill_span(void *context, const uint8_t *bytes, uint32_t length)
{
    struct filling *f = context;
    if (!f->failed &&
        !orc_ring_put(f->memory, &f->send->bytes, f->send->una_sure, f->at, bytes, length)) {
        f->failed = true;
    }
    f->at += length;
}

/* Appends the bytes of a list to the send stream. */
void orc_send_bytes(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                    struct orc_nbl *nbl)
{
    struct orc_send *s = conn->send;
    struct filling f = {.memory = o->memory, .send = s, .at = s->handed};
    nbl->begin = s->handed;
    nbl->end = s->handed + list->length;
    if (list->length) {
        tap_nbl_spans(list, 0, list->length, fill_span, &f);
    }
    if (f.failed) {
        s->blind = true;
    }
    s->handed = nbl->end;
}

void orc_send_list(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    struct orc_nbl *nbl = orc_owner_handed(o, ev, list, call);
    struct orc_conn *conn = orc_conn(o, list->conn);
    if (!nbl || !conn) {
        return;
    }
    nbl->after = orc_after_flags(o, conn);
    orc_send_bytes(o, conn, list, nbl);
    orc_upload_reasons_request(o, conn, list->length);
    orc_queue_push(o, &conn->sends, list->id);
}

static int64_t clamp(int64_t value, int64_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

void orc_send_acked(const struct orc_send *s, const struct orc_nbl *nbl, int64_t *least,
                    int64_t *most)
{
    *least = clamp(s->una_sure_step - nbl->begin, nbl->end - nbl->begin);
    *most = clamp(s->una_possible - nbl->begin, nbl->end - nbl->begin);
}

static void judge_counts(struct oracle *o, const struct orc_conn *conn, const struct tap_nbl *list,
                         const struct orc_nbl *nbl)
{
    const struct orc_send *s = conn->send;
    uint32_t bt = list->bytes_transferred;
    int64_t least, most, sent = clamp(s->max - nbl->begin, nbl->end - nbl->begin);
    if (s->blind) {
        return;
    }
    orc_send_acked(s, nbl, &least, &most);
    orc_ran(o, ORC_SEND_BT_1);
    if (bt == TAP_BT_POISON) {
        orc_fail(o, list->conn, ORC_SEND_BT_1, "the count of bytes sent, on every status",
                 orc_text(o, "never written in list %u", list->id));
        return;
    }
    if (list->status == NDIS_STATUS_SUCCESS) {
        if (bt != nbl->length || list->advance != nbl->length || !list->nb_consistent) {
            orc_fail(o, list->conn, ORC_SEND_BT_1,
                     orc_text(o, "count and advance %u, the whole list", nbl->length),
                     orc_text(o, "count %u, advance %u%s", bt, list->advance,
                              list->nb_consistent ? "" : ", position or MDL chain damaged"));
        }
        return;
    }
    if (list->advance < least || list->advance > most || !list->nb_consistent) {
        orc_fail(o, list->conn, ORC_SEND_BT_1,
                 orc_text(o, "advanced by the bytes acknowledged, %lld to %lld", (long long)least,
                          (long long)most),
                 orc_text(o, "advanced by %u%s", list->advance,
                          list->nb_consistent ? "" : ", position or MDL chain damaged"));
    } else if (bt < list->advance || bt > sent) {
        orc_fail(o, list->conn, ORC_SEND_BT_1,
                 orc_text(o, "a count from %u acknowledged to %lld sent", list->advance,
                          (long long)sent),
                 orc_text(o, "%u", bt));
    } else if (bt != list->advance) {
        orc_warn(o, list->conn, ORC_SEND_BT_1,
                 orc_text(o, "count %u, as acknowledged", list->advance), orc_text(o, "%u", bt));
    }
}

static void send_judge_success(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                               const struct orc_nbl *nbl)
{
    struct orc_send *s = conn->send;
    orc_ran(o, ORC_SEND_OK_1);
    orc_ran(o, ORC_SEND_OK_2);
    if (nbl->end > s->una_possible && nbl->end > nbl->begin && !s->blind) {
        orc_fail(o, list->conn, ORC_SEND_OK_1,
                 orc_text(o, "bytes up to %lld acknowledged by the peer", (long long)nbl->end),
                 orc_text(o, "acknowledged up to %lld", (long long)s->una_possible));
    }
    if (s->failed != INT64_MAX && nbl->begin >= s->failed) {
        orc_fail(o, list->conn, ORC_SEND_FAIL_1, "no success behind a failed send",
                 orc_text(o, "list %u succeeds; an earlier one failed at event %u", list->id,
                          s->failed_event));
    } else if ((nbl->after & ORC_AFTER_MANDATORY) && nbl->end > nbl->begin) {
        orc_fail(o, list->conn, ORC_UPLD_MAND_1,
                 "UPLOAD_IN_PROGRESS after a mandatory upload request",
                 orc_text(o, "list %u: SUCCESS", list->id));
    }
    if (conn->sends.head != list->id && s->order_warned++ == 0) {
        orc_warn(o, list->conn, ORC_SEND_OK_2, "successes in the order posted",
                 orc_text(o, "list %u before list %u", list->id, conn->sends.head));
    }
}

static void judge_failure(struct oracle *o, struct orc_conn *conn, const struct tap_nbl *list,
                          const struct orc_nbl *nbl)
{
    struct orc_send *s = conn->send;
    if (list->status == NDIS_STATUS_UPLOAD_IN_PROGRESS) {
        orc_upload_cause(o, conn, ORC_SEND_ACC_1);
        s->upl_from = nbl->end > s->upl_from ? nbl->end : s->upl_from;
        if (conn->abort_event != ORC_NONE && orc_before(o, conn->abort_left) &&
            conn->mandatory_event == ORC_NONE && conn->term_enter == ORC_NONE) {
            orc_fail(o, list->conn, ORC_SEND_ST_1, "REQUEST_ABORTED after the Abort event",
                     "UPLOAD_IN_PROGRESS");
        }
    } else if (list->status == NDIS_STATUS_REQUEST_ABORTED) {
        orc_abort_cause(o, conn, ORC_SEND_ST_1);
    } else {
        orc_fail(o, list->conn, ORC_SEND_ACC_1, "SUCCESS, UPLOAD_IN_PROGRESS or REQUEST_ABORTED",
                 orc_text(o, "list %u: %s (0x%08x)", list->id, orc_status_name(o, list->status),
                          (unsigned)list->status));
    }
    orc_ran(o, ORC_SEND_ST_1);
    orc_ran(o, ORC_SEND_PART_1);
    if (conn->sends.head != list->id && conn->term_enter != ORC_NONE && !o->adapter->leaving) {
        orc_fail(o, list->conn, ORC_TERM_ORDER_1, "sends complete in the order posted",
                 orc_text(o, "list %u before list %u", list->id, conn->sends.head));
    }
    if (list->advance > 0 && list->advance < nbl->length && ++s->partial > 1) {
        orc_fail(o, list->conn, ORC_SEND_PART_1, "at most one send partly done",
                 orc_text(o, "list %u is number %u", list->id, s->partial));
    }
    if (nbl->begin < s->failed) {
        s->failed = nbl->begin;
        s->failed_event = o->event->seq;
    }
}

void orc_send_completed(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct tap_nbl *list = ev->ptr;
    (void)call;
    struct orc_nbl *nbl = orc_owner_back(o, ev, list);
    struct orc_conn *conn = nbl ? orc_conn(o, nbl->conn) : NULL;
    if (!conn || (nbl->role != ROLE_SEND && nbl->role != ROLE_INIT_SEND)) {
        return;
    }
    orc_ran(o, ORC_TERM_DRAIN_1);
    if (conn->phase == ORC_GONE) {
        orc_fail(o, list->conn, ORC_TERM_DRAIN_1, "every send completed before TermComplete",
                 orc_text(o, "list %u completed after it", list->id));
        return;
    }
    o->ran[ORC_INIT_SND_1] += nbl->role == ROLE_INIT_SEND;
    o->ran[ORC_INIT_SND_2] += nbl->role == ROLE_INIT_SEND && list->status == NDIS_STATUS_SUCCESS;
    o->ran[ORC_SEND_FAIL_1] += conn->send->failed != INT64_MAX;
    o->ran[ORC_RST_IND_2] += conn->abort_event != ORC_NONE;
    o->ran[ORC_UPLD_MAND_1] += conn->mandatory_event != ORC_NONE;
    o->ran[ORC_TERM_ORDER_1] += conn->term_enter != ORC_NONE;
    if (conn->phase == ORC_STARTING || !conn->init_returned) {
        orc_warn(o, list->conn, ORC_INIT_SND_1,
                 "no send completed before InitComplete has returned",
                 orc_text(o, "list %u", list->id));
    }
    if (!o->adapter->leaving && conn->send->dis_upl && nbl->handed < conn->send->dis_upl_event &&
        conn->graceful != ORC_NONE && nbl->handed < conn->graceful) {
        orc_fail(o, list->conn, ORC_TERM_ORDER_1,
                 "sends before a disconnect complete before it or go back in the chain",
                 orc_text(o, "list %u after the disconnect (event %u)", list->id,
                          conn->send->dis_upl_event));
    }
    orc_adapter_send(o, conn, list->status);
    orc_failure_status(o, conn, list->status);
    if (list->status == NDIS_STATUS_SUCCESS) {
        send_judge_success(o, conn, list, nbl);
    } else {
        judge_failure(o, conn, list, nbl);
    }
    judge_counts(o, conn, list, nbl);
    orc_queue_remove(o, &conn->sends, list->id);
    conn->send->ok_due_ns = ORC_NEVER;
    orc_dirty(o, conn);
}

/* What the wire still holds cannot be completed. */
void orc_send_hindered(struct oracle *o, struct orc_conn *c)
{
    uint64_t later = o->event->time_ns + MODERATION_NS + orc_slack_ns(o);
    if (c->send->ok_due_ns < ORC_NEVER - 1 && c->send->ok_due_ns < later) {
        c->send->ok_due_ns = later;
        orc_watch(o, c, later);
    }
}

/* Sends that the peer has acknowledged must be completed; queued bytes must not sit still. */
void orc_send_step(struct oracle *o, struct orc_conn *conn)
{
    struct orc_send *s = conn->send;
    uint32_t head = conn->sends.head, ordinal = orc_ordinal(o, conn);
    uint64_t now = o->event->time_ns;
    if (head != ORC_NONE && o->lists->nbl[head].end <= s->una_sure && !s->blind) {
        if (s->ok_due_ns == ORC_NEVER) {
            s->ok_due_ns = now + MODERATION_NS + orc_slack_ns(o);
            orc_watch(o, conn, s->ok_due_ns);
        } else if (now >= s->ok_due_ns && !orc_waived(o)) {
            orc_fail(o, ordinal, ORC_SEND_OK_2,
                     "an acknowledged send completed within the moderation delay",
                     orc_text(o, "list %u, acknowledged up to %lld, still pending", head,
                              (long long)s->una_sure));
            s->ok_due_ns = ORC_NEVER - 1;
        }
    }
    bool quiet = s->una_sure == s->una_possible && s->una_sure == s->max && !s->blind;
    bool wire = !orc_hindered(o) && now > conn->sender->recover_ns;
    uint64_t wanted = conn->remote_mss > s->max_window / 2 ? conn->remote_mss : s->max_window / 2;
    bool open = s->window_sure && s->window >= wanted && s->window > 0;
    if (!quiet || !wire || !open || !conn->sane || orc_path_invalid(o, conn)) {
        return;
    }
    orc_ran(o, ORC_SEND_ACC_1);
    if (s->max < s->handed) {
        orc_fail(o, ordinal, ORC_SEND_ACC_1,
                 "queued bytes sent in the step when nothing is outstanding and the window is open",
                 orc_text(o, "%lld bytes handed down, %lld sent and acknowledged",
                          (long long)s->handed, (long long)s->max));
    } else if (s->fin_asked && !s->fin_sent) {
        orc_fail(o, ordinal, ORC_DISC_FIN_1, "the FIN sent in the step of the disconnect", "none");
    }
}
