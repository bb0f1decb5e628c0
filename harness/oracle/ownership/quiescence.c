/* SPDX-License-Identifier: MIT
 *
 * What must not happen, or must have happened, when all is at rest: queries that change nothing,
 * invalidated objects that send nothing, TIME_WAIT that goes up.
 */
#include "oracle/ownership/quiescence.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/calls.h"
#include "oracle/model/fields.h"
#include "oracle/model/objects.h"
#include "oracle/report/report.h"

#include <string.h>

/* A call into the target begins. */
void orc_quiescence_enter(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    struct orc_adapter *x = o->adapter;
    if (ev->fn == TAP_QUERY) {
        x->queried_step = true;
    } else if (ev->fn == TAP_TIMER_RUN) {
        x->other_step = x->other_step || ev->time_ns != x->rest_ns; /* else set in this step */
    } else if (ev->fn != TAP_WORK_RUN) {
        x->other_step = true;
    }
}

/* The target does something that the host or the wire can see. */
void orc_quiescence_acted(struct oracle *o, uint32_t conn, const char *what)
{
    const struct orc_adapter *x = o->adapter;
    if (x->queried_step && !x->other_step) {
        orc_fail(o, conn, ORC_QRY_PURE_1, "nothing but the completion of a query in its step",
                 what);
    }
}

void orc_quiescence_frame(struct oracle *o, struct orc_conn *c, bool taken)
{
    struct orc_life *x = c->life;
    if (x->refused == ORC_NONE) {
        orc_quiescence_acted(o, orc_ordinal(o, c), "a frame");
    }
    x->refused = taken || x->refused != ORC_NONE ? x->refused : o->event->seq;
    x->taken_step = taken;
}

void orc_quiescence_upcall(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    (void)call;
    /* What the adapter was asked before may end in any step. */
    bool adapter = ev->fn == TAP_PAUSE_COMPLETE || ev->fn == TAP_RESTART_COMPLETE ||
                   ev->fn == TAP_RESET_COMPLETE || ev->fn == TAP_OID_COMPLETE;
    if (ev->fn != TAP_QUERY_COMPLETE && !adapter) {
        orc_quiescence_acted(o, ev->conn, tap_fn_name((enum tap_fn)ev->fn));
    }
}

void orc_life_fresh(struct orc_conn *c)
{
    *c->life = (struct orc_life){.invalid_left = ORC_NONE, .refused = ORC_NONE};
}

/* Two queries with nothing between them tell the same. */
void orc_quiescence_state(struct oracle *o, struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    struct orc_life *x = c->life;
    const struct orc_adapter *a = o->adapter;
    bool same = x->state_known && x->state_mark == a->disturbed && !a->other_step &&
                x->state_ns == o->event->time_ns;
    if (same) {
        orc_ran(o, ORC_QRY_PURE_1);
        struct orc_difference found = orc_delegated_differs(&x->state, d);
        if (found.field) {
            orc_fail(o, orc_ordinal(o, c), ORC_QRY_PURE_1,
                     orc_text(o, "two queries with nothing between them tell the same, %s %u",
                              found.field, found.given),
                     orc_text(o, "%u", found.told));
        }
    }
    x->state_known = !a->other_step;
    x->state_mark = a->disturbed;
    x->state_ns = o->event->time_ns;
    memcpy(&x->state, d, NDIS_SIZEOF_TCP_OFFLOAD_STATE_DELEGATED_6_0);
}

void orc_quiescence_end(struct oracle *o)
{
    struct orc_adapter *x = o->adapter;
    if (x->queried_step && !x->other_step) {
        orc_ran(o, ORC_QRY_PURE_1);
    }
    x->disturbed += x->other_step;
    x->queried_step = x->other_step = false;
    x->rest_ns = o->event->time_ns;
}

/* The backlog that the target prefers says nothing about what is queued. */
void orc_backlog_reported(struct oracle *o, struct orc_conn *c, uint32_t bytes)
{
    struct orc_life *x = c->life;
    int64_t held = c->send->handed - c->send->una_possible;
    uint32_t queue = held > 0 && held < UINT32_MAX ? (uint32_t)held : 0;
    if (bytes == TCP_OFFLOAD_BACKLOG_UNSUPPORTED) {
        return;
    }
    orc_ran(o, ORC_SEND_BKLG_1);
    bool tracks = x->backlog_known && x->backlog == x->backlog_queue && bytes == queue &&
                  queue != x->backlog_queue;
    if (tracks) {
        orc_fail(o, orc_ordinal(o, c), ORC_SEND_BKLG_1, "a backlog independent of what is queued",
                 orc_text(o, "%u with %u bytes queued, %u with %u", x->backlog, x->backlog_queue,
                          bytes, queue));
    }
    x->backlog_known = true;
    x->backlog = bytes;
    x->backlog_queue = queue;
}

void orc_backlog_event(struct oracle *o, struct orc_conn *c, uint32_t bytes)
{
    const struct orc_life *x = c->life;
    if (x->backlog_known && x->backlog == bytes) {
        orc_fail(o, orc_ordinal(o, c), ORC_SEND_BKLG_1, "an event for a change of the backlog",
                 orc_text(o, "%u bytes, as reported before", bytes));
    }
    orc_backlog_reported(o, c, bytes);
    if (++c->life->backlog_events_step == 2) {
        orc_fail(o, orc_ordinal(o, c), ORC_SEND_BKLG_1,
                 "changes of the backlog reported now and then", "twice in one step");
    }
}

static bool invalid_done(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    const struct orc_object *neighbor = path ? orc_object(o, path->parent) : NULL;
    return orc_before(o, c->life->invalid_left) || (path && orc_before(o, path->invalid_left)) ||
           (neighbor && orc_before(o, neighbor->invalid_left));
}

/* A frame with payload. */
void orc_invalid_frame(struct oracle *o, struct orc_conn *c)
{
    if (!o->objects->invalidated_ever || c->life->invalid_reported || !invalid_done(o, c)) {
        return;
    }
    c->life->invalid_reported = true;
    orc_warn(o, orc_ordinal(o, c), ORC_INV_STOP_1, "no data sent after InvComplete", "some");
}

static void due_invalid(struct oracle *o, struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    uint64_t half = s->max_window / 2, worth = c->remote_mss < half ? c->remote_mss : half;
    bool room = s->window > 0 && s->window >= worth;
    bool some = s->handed > s->max && s->window_sure && room && !s->blind &&
                s->una_sure == s->una_possible && s->una_sure == s->max;
    if (!o->objects->invalidated_ever || !invalid_done(o, c)) {
        return;
    }
    orc_ran(o, ORC_INV_STOP_1);
    if (some && c->mandatory_event == ORC_NONE && c->term_enter == ORC_NONE &&
        c->abort_event == ORC_NONE && c->local_abort == ORC_NONE &&
        o->adapter->upload_all == ORC_NONE) {
        orc_fail_hard(o, orc_ordinal(o, c), ORC_INV_STOP_1,
                      "Retrieve(InvalidState) from an invalidated connection with data to send",
                      orc_text(o, "%lld bytes wait, no event", (long long)(s->handed - s->max)));
    }
}

static void due_time_wait(struct oracle *o, struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    struct orc_life *x = c->life;
    bool sent = s->fin_sent, got = r->fin_sure >= 0 || r->fin_before;
    x->fin_first = x->fin_first || (sent && !got);
    x->fin_alone = x->fin_alone || (sent && !got && !r->fins && !r->fin_lenient);
    if (x->wait_reported || !x->fin_first || !sent || r->fin_sure < 0 || s->una_sure <= s->fin) {
        return;
    }
    x->wait_reported = true;
    orc_ran(o, ORC_UPLD_TW_1);
    bool over = c->abort_event != ORC_NONE || c->local_abort != ORC_NONE; /* already again */
    if (!over && c->mandatory_event == ORC_NONE && o->adapter->upload_all == ORC_NONE) {
        orc_fail(o, orc_ordinal(o, c), ORC_UPLD_TW_1, "an upload request on entering TIME_WAIT",
                 "none");
    }
}

/* waived: something excused the target in this step. */
void orc_quiescence_conn(struct oracle *o, struct orc_conn *c, bool waived)
{
    struct orc_life *x = c->life;
    x->backlog_events_step = 0;
    x->refused = x->taken_step ? ORC_NONE : x->refused;
    x->taken_step = false;
    if (waived || c->phase != ORC_LIVE || !c->init_returned || c->term_enter != ORC_NONE ||
        c->failed_over || o->adapter->phase != ORC_ADAPTER_RUNNING || o->adapter->leaving ||
        !c->sane) {
        return;
    }
    due_invalid(o, c);
    due_time_wait(o, c);
}
