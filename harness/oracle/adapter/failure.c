/* SPDX-License-Identifier: MIT
 *
 * The card loses its connections, or a state operation fails for it.
 */
#include "oracle/adapter/failure.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/sends.h"
#include "oracle/ledger/stream.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"

/* The card tells the target. Rare, so all connections are visited. */
void orc_failure_begin(struct oracle *o, const struct tap_event *ev)
{
    o->adapter->failed_event = ev->seq;
    o->adapter->broken = true;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        struct orc_conn *c = o->connections->conn[i];
        if (c) {
            c->life->reported_first = c->mandatory_event != ORC_NONE ||
                                      c->abort_event != ORC_NONE || c->local_abort != ORC_NONE;
            /* That is why its requests end, whether the events are out already or not. */
            c->failed_over = c->failed_over || c->phase == ORC_LIVE;
            c->card_failed = c->card_failed || c->phase == ORC_LIVE;
        }
    }
}

/* Its call has returned: in this step every connection hears of it. Rare, so all are visited. */
void orc_failure_left(struct oracle *o, const struct tap_event *ev)
{
    o->adapter->failed_left = ev->seq;
    for (uint32_t i = 0; i < o->connections->conns; i++) {
        struct orc_conn *c = o->connections->conn[i];
        if (c && c->phase == ORC_LIVE && c->init_returned && c->term_enter == ORC_NONE) {
            c->life->failed_step = true;
            orc_dirty(o, c);
        }
    }
}

static bool hardware(const struct oracle *o)
{
    return o->adapter->failed_event != ORC_NONE;
}

/* At rest: a failure must have been reported by Retrieve(HardwareFailure); if a state operation
 * failed, by Abort behind it. */
void orc_failure_step(struct oracle *o, struct orc_conn *c)
{
    bool due = c->life->failed_step;
    c->life->failed_step = false;
    if (!due || c->phase != ORC_LIVE || c->term_enter != ORC_NONE || !hardware(o) ||
        o->adapter->leaving || o->adapter->phase != ORC_ADAPTER_RUNNING) {
        return;
    }
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    bool both = s->fin_sent && s->una_possible > s->fin && (r->fins || r->fin_before);
    bool closed = c->abort_event != ORC_NONE || c->local_abort != ORC_NONE || both;
    orc_ran(o, ORC_TERM_HW_1);
    if (c->mandatory_event == ORC_NONE && !closed && o->adapter->upload_all == ORC_NONE) {
        orc_fail(o, orc_ordinal(o, c), ORC_TERM_HW_1,
                 "Retrieve(HardwareFailure) in the step of the failure", "no such event");
    } else if (c->life->op_failed && !closed && !c->life->reported_first) {
        orc_fail(o, orc_ordinal(o, c), ORC_TERM_HW_1,
                 "an Abort event behind Retrieve after a state operation that failed", "none");
    }
}

/* An Abort event whose cause can only be the hardware comes second. */
void orc_failure_abort(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    bool other = r->rst_possible || r->rsts || r->rst_lenient || r->syn_possible ||
                 c->local_abort != ORC_NONE;
    if (!hardware(o) || other) {
        return;
    }
    orc_ran(o, ORC_TERM_HW_1);
    if (c->mandatory_event == ORC_NONE) {
        orc_fail(o, orc_ordinal(o, c), ORC_TERM_HW_1,
                 "Retrieve(HardwareFailure) before the Abort event", "the Abort event first");
    }
}

/* A request came back after a state operation of its connection had failed. */
void orc_failure_status(struct oracle *o, const struct orc_conn *c, int32_t status)
{
    if (!c->life->op_failed || !hardware(o) || c->term_enter == ORC_NONE ||
        c->life->reported_first) {
        return;
    }
    orc_ran(o, ORC_TERM_HW_1);
    if (status == NDIS_STATUS_UPLOAD_IN_PROGRESS) {
        orc_fail(o, orc_ordinal(o, c), ORC_TERM_HW_1,
                 "REQUEST_ABORTED for what is pending at the terminate after a failure",
                 "UPLOAD_IN_PROGRESS");
    }
}
