/* SPDX-License-Identifier: MIT */
#include "oracle/tree/duration.h"
#include "oracle/ledger/faults.h"
#include "oracle/model/operations.h"
#include "oracle/ownership/owner.h"
#include "oracle/report/report.h"
#include "oracle/tree/state.h"

/* The documents say "bounded" of a terminate and "one completion" of the others; a request of NDIS
 * has 12 s (NdisTimedOidComplete), so these have as much. */
#define OPERATION_S 12u
#define POOL_DRY 16u /* lists of the host's with which a small pool has no more */

static bool held_up(const struct oracle *o, const struct orc_op *op)
{
    bool lists = op->fn == TAP_TERMINATE && o->ownership->host_lists >= POOL_DRY;
    return orc_waived(o) || orc_wire_waived(o) || o->adapter->low || lists;
}

static struct orc_op *oldest_open(struct oracle *o)
{
    struct orc_durations *x = o->durations;
    const struct orc_operations *all = o->operations;
    while (x->first < all->ops) {
        struct orc_op *op = &all->op[x->first];
        if (op->fn != TAP_DRIVER_ENTRY && !op->completed && !op->late) {
            return op;
        }
        x->first++;
    }
    return NULL;
}

void orc_durations_rest(struct oracle *o)
{
    struct orc_durations *x = o->durations;
    struct orc_op *op = oldest_open(o);
    uint64_t now = o->event->time_ns;
    if (!op) {
        return;
    }
    if (held_up(o, op)) {
        x->held_ns = now;
        return;
    }
    uint64_t from = op->called_ns > x->held_ns ? op->called_ns : x->held_ns;
    enum orc_rule rule = orc_completion_rule(op->fn);
    orc_ran(o, rule);
    if (now > from + OPERATION_S * ORC_NS_PER_SECOND) {
        op->late = true;
        orc_fail_hard(o, ORC_NONE, rule,
                      orc_text(o, "%s of event %u completed within %u s, with nothing to wait for",
                               tap_fn_name((enum tap_fn)op->fn), op->enter, OPERATION_S),
                      orc_text(o, "open for %llu s",
                               (unsigned long long)((now - op->called_ns) / ORC_NS_PER_SECOND)));
    }
}
