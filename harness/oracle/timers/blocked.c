/* SPDX-License-Identifier: MIT */
#include "oracle/timers/blocked.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/model/objects.h"
#include "oracle/ownership/quiescence.h"
#include "oracle/report/report.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"
#include "oracle/timers/keepalive.h"
#include "oracle/timers/persist.h"
#include "oracle/timers/rto.h"

/* At rest nothing is open: what has been left is over. */
static bool invalidated(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    const struct orc_object *neighbor = path ? orc_object(o, path->parent) : NULL;
    return c->life->invalid_left != ORC_NONE || (path && path->invalid_left != ORC_NONE) ||
           (neighbor && neighbor->invalid_left != ORC_NONE);
}

static bool waits(struct oracle *o, const struct orc_conn *c, bool judged)
{
    return judged && o->objects->invalidated_ever && c->sender->on && c->sane && c->init_returned &&
           !c->send->blind && o->adapter->upload_all == ORC_NONE && orc_sender_pending(c) &&
           invalidated(o, c);
}

void orc_unblocked_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_blocked *x = c->blocked;
    if (x->invalid_ns) {
        orc_rto_blocked(o, c, x->invalid_ns);
        orc_persist_hindered(o, c);
        orc_keepalive_blocked(o, c);
        x->invalid_ns = 0;
    }
}

void orc_blocked_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    struct orc_blocked *x = c->blocked;
    const struct orc_send *s = c->send;
    uint64_t now = o->event->time_ns;
    if (c->sender->on && c->phase == ORC_LIVE && orc_path_invalid(o, c)) {
        x->invalid_ns = x->invalid_ns ? x->invalid_ns : now;
        orc_watch(o, c, now); /* an update of the path shows itself nowhere else */
    }
    if (!waits(o, c, judged)) {
        x->since_ns = 0;
        return;
    }
    if (!x->since_ns || c->receive->arrived_step == o->steps + 1) {
        x->since_ns = now;
    }
    x->since_ns = orc_most(x->since_ns, c->sender->hindered_ns);
    bool runs_on = c->rto->handed || c->persist->handed; /* as INIT handed it over */
    uint64_t handed = runs_on ? c->sender->begun_left_ns + orc_rto_handed_most_ns(o, c) : 0;
    uint64_t due = orc_most(x->since_ns + ORC_RTO_MAX_NS, handed) + orc_slack_ns(o);
    orc_ran(o, ORC_INV_STOP_1);
    if (now <= due) {
        orc_watch(o, c, due + 1);
        return;
    }
    x->since_ns = now;
    orc_fail_hard(o, orc_ordinal(o, c), ORC_INV_STOP_1,
                  orc_text(o, "Retrieve(InvalidState) when the timer of an invalidated connection "
                              "runs out, which takes 60 s at most"),
                  orc_text(o, "%lld bytes handed down, %lld sent, %lld acknowledged, no event",
                           (long long)s->handed, (long long)s->max, (long long)s->una_possible));
}
