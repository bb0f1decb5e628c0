/* SPDX-License-Identifier: MIT
 *
 * What is due when all is at rest. Only what is sure is demanded.
 */
#include "oracle/rest.h"
#include "oracle/adapter/failure.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/receive/delivery.h"
#include "oracle/send/send.h"
#include "oracle/send/shadow.h"

/* What was sure holds only if nothing excused the target in this step. */
static void commit(const struct oracle *o, struct orc_conn *c, bool waived)
{
    struct orc_receive *r = c->receive;
    struct orc_send *s = c->send;
    if (waived) {
        int64_t acked = orc_accepted(r);
        r->sure = acked > r->sure_step ? acked : r->sure_step;
        r->fin_sure = r->acked == r->fin_sure + 1 ? r->fin_sure : r->fin_sure_step;
        s->una_sure = s->una_sure_step;
        s->max_window_sure = s->max_window_step;
        s->window_sure = s->window_sure && r->arrived_step != o->steps + 1;
        s->closed_perhaps = s->closed_perhaps && r->arrived_step != o->steps + 1;
    }
    bool closed = r->fins == 1 && r->fin_sure == r->possible;
    bool whole = r->sure == r->possible && !r->ranges && (!r->fins || closed);
    r->shorted = r->shorted && !(whole && !waived && orc_accepted(r) >= r->sure);
    r->sure_step = r->sure;
    r->fin_sure_step = r->fin_sure;
    s->una_sure_step = s->una_sure;
    s->max_window_step = s->max_window_sure;
    for (uint32_t i = 0; i < r->rsts; i++) {
        r->rst_possible = r->rst_possible || r->rst[i] <= r->possible + 1;
    }
    r->rsts = orc_starved(o, c) ? r->rsts : 0; /* it may be looked at later */
    r->push_due = -1;
    r->sure_data_step = r->outlet_step = r->posted_step = r->zero_posted = false;
    r->raced_indicate = r->raced_complete = r->buffered_before_post = false;
}

/* Returns whether the connection is to be looked at again at the next rest. */
static bool judge_conn(struct oracle *o, struct orc_conn *c, bool waived)
{
    const struct orc_rows *rows = o->rows;
    bool again = false, judged = false;
    bool late = o->event->time_ns > c->waived_ns + orc_slack_ns(o);
    if (waived) {
        c->waive_pending = true;
        c->waived_ns = o->event->time_ns;
        if (c->urgent_due) { /* perhaps it was never seen */
            c->urgent_sure = c->urgent_due = false;
            c->receive->urgent_limit = -1;
        }
        c->receive->rst_sure = false;
        again = c->phase == ORC_LIVE;
    } else if (c->waive_pending && !o->faults->resolving && !late) {
        again = c->phase == ORC_LIVE;
        if (orc_running(o, c) && c->version && c->init_returned) {
            orc_sender_step(o, c); /* it puts off what it has to */
        }
    } else {
        c->waive_pending = false;
        orc_due_end(o, c);
        orc_due_reason(o, c);
        orc_failure_step(o, c);
        judged = orc_running(o, c) && c->version;
        if (judged) {
            orc_due_receive(o, c);
            if (c->init_returned) {
                orc_send_step(o, c);
                orc_sender_step(o, c);
            }
        }
    }
    for (uint32_t i = 0; rows->receiver_rest[i]; i++) {
        rows->receiver_rest[i](o, c, judged);
    }
    orc_quiescence_conn(o, c, waived);
    /* What came in the step in which the connection was told to go may not have been processed. */
    commit(o, c, waived || !orc_running(o, c));
    orc_sender_rest(c);
    return again;
}

static void wake_watched(struct oracle *o, uint64_t now)
{
    if (now < o->connections->watch_due_ns) {
        return;
    }
    uint32_t count = o->connections->watch_count;
    o->connections->watch_count = 0;
    o->connections->watch_due_ns = ORC_NEVER;
    for (uint32_t i = 0; i < count; i++) {
        struct orc_conn *c = o->connections->conn[o->connections->watch[i]];
        c->watched = false;
        orc_dirty(o, c);
    }
}

static void hinder(struct oracle *o)
{
    const struct orc_connections *all = o->connections;
    const struct orc_rows *rows = o->rows;
    for (uint32_t i = 0; i < all->conns; i++) {
        struct orc_conn *c = all->conn[i];
        for (uint32_t k = 0; c && c->phase != ORC_ABSENT && rows->hindered[k]; k++) {
            rows->hindered[k](o, c);
        }
    }
}

void orc_rest(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct orc_rows *rows = o->rows;
    struct orc_connections *all = o->connections;
    bool waived = orc_waived(o);
    (void)call;
    orc_faults_rest(o);
    if (o->faults->hindered && (all->live || waived)) { /* else nobody is there to be hindered */
        hinder(o);
    }
    wake_watched(o, ev->time_ns);
    uint32_t count = all->dirty_count;
    all->dirty_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct orc_conn *c = all->conn[all->dirty[i]];
        c->dirty = false;
        if (judge_conn(o, c, waived)) {
            c->dirty = true;
            all->dirty[all->dirty_count++] = orc_ordinal(o, c);
        }
    }
    for (uint32_t i = 0; rows->rest[i]; i++) {
        rows->rest[i](o);
    }
    orc_faults_rested(o);
    o->steps++;
}

void orc_run_over(struct oracle *o, const struct tap_event *ev, struct orc_call *call)
{
    const struct orc_rows *rows = o->rows;
    (void)call;
    for (uint32_t i = 0; ev->data.end.unloaded && rows->end[i]; i++) {
        rows->end[i](o);
    }
}
