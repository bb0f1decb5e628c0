/* SPDX-License-Identifier: MIT
 *
 * What came beyond a hole is kept until the hole is filled, a FIN too.
 */
#include "oracle/receive/held.h"
#include "oracle/ledger/adapter_life.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/ledger/stream.h"
#include "oracle/receive/answers.h"
#include "oracle/report/report.h"

#define RUNS_LEAST 2u /* so many must be kept at the same time */

static int64_t sure_edge(const struct orc_conn *c)
{
    return c->receive->edge - ((1ll << c->receive_scale) - 1);
}

/* A FIN is held, and is the only one that came. */
static bool fin_held(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    return c->held->kept && r->fins == 1 && r->fin[0] > r->possible;
}

/* Where the text of a segment beyond a hole ends that may be kept: nothing stands behind a FIN that
 * is held. A segment that says otherwise empties the queue, so this holds for the first one only.
 */
int64_t orc_held_end(struct oracle *o, const struct orc_conn *c, int64_t begin, int64_t end)
{
    const struct orc_receive *r = c->receive;
    if (!fin_held(c) || begin <= r->possible || end <= r->fin[0]) {
        return end;
    }
    orc_ran(o, ORC_WIRE_OOO_2);
    return r->fin[0];
}

static bool contradicts(const struct orc_receive *r, int64_t end)
{
    int64_t most = r->ranges ? r->range[r->ranges - 1].end : r->possible;
    most = end > most ? end : most;
    return r->fins > 1 || r->fin_lenient || (r->fins && most > r->fin[0]);
}

/* After the ledgers took the segment; before is what was sure until then. */
void orc_held_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s,
                       int64_t before)
{
    struct orc_held *x = c->held;
    const struct orc_receive *r = c->receive;
    if (!x->kept && s->begin <= s->arrived) {
        return;
    }
    int64_t last = s->end + s->fin;
    bool beyond = s->begin > s->arrived && last > s->begin;
    bool sure = s->certain && before == s->arrived && last <= sure_edge(c) &&
                r->ranges <= RUNS_LEAST && !c->inside;
    if (beyond) {
        bool alone = r->ranges == 1 && r->range[0].begin == s->begin && r->range[0].end == s->end;
        bool first = r->ranges == 0 || alone; /* nothing was held before */
        x->kept = sure && (x->kept || (first && r->fins == s->fin));
    }
    if (contradicts(r, s->end) || r->urgent_limit >= 0 || r->lossy || orc_shorted(o, r)) {
        x->kept = false;
        return;
    }
    bool fills = s->certain && before == s->arrived && s->end > before && r->sure == s->end;
    int64_t due = r->possible + orc_fin_at(r, r->possible);
    if (x->kept && fills && !beyond && due > s->end + s->fin) {
        x->due = due;
        x->due_ns = o->event->time_ns;
        x->due_event = o->event->seq;
        orc_dirty(o, c);
    }
}

void orc_held_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    judged = judged && orc_wire_sure(o);
    struct orc_held *x = c->held;
    if (!x->due || c->receive->acked >= x->due || !judged || !o->parameters->known || !c->sane ||
        c->receive->urgent_limit >= 0 || c->receive->lossy || x->due_event < o->parameters->event) {
        o->ran[ORC_WIRE_OOO_1] += x->due && c->receive->acked >= x->due;
        x->due = 0;
        return;
    }
    uint64_t latest =
        x->due_ns + o->parameters->delayed_ticks * o->parameters->tick_ns + orc_slack_ns(o);
    orc_ran(o, ORC_WIRE_OOO_1);
    if (o->event->time_ns <= latest) {
        orc_watch(o, c, latest + 1);
        return;
    }
    /* A target without SACK reports nothing that it would have to hold: it should hold it. */
    (o->adapter->sack ? orc_fail : orc_warn)(
        o, orc_ordinal(o, c), ORC_WIRE_OOO_1,
        orc_text(o, "what was held acknowledged up to %lld once the hole is filled",
                 (long long)x->due),
        orc_text(o, "the last ACK was %lld", (long long)c->receive->acked));
    x->due = 0;
}
