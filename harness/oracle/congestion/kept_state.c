/* SPDX-License-Identifier: MIT
 *
 * What was handed over is handed back as it was, unless something changed it.
 */
#include "oracle/congestion/kept_state.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/parameters.h"
#include "oracle/report/report.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"

#define IDLE_LEAST_NS (ORC_NS_PER_SECOND * 3 / 10) /* a window may be restarted after it */
#define WINDOW_MOST 0x3FFF0000u                    /* that everybody can hold */

static bool lossless(const struct oracle *o, const struct orc_conn *c,
                     const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_congestion *g = c->congestion;
    /* Of a timer that nobody could follow it is not known whether it has run out. */
    bool unknown = c->send->max > c->send->una_sure && orc_rto_may_have_run(o, c);
    bool seen = unknown || g->cut || g->doubted || r->on || r->perhaps || r->timed || r->unseen;
    return !seen && !c->rto->timeouts && !orc_rto_count(c) && !orc_rto_expired(o, c, d) &&
           c->sender->begun_parameters == o->parameters->sets;
}

static void below(struct oracle *o, const struct orc_conn *c, const char *name, uint32_t handed,
                  uint32_t back)
{
    orc_fail(o, orc_ordinal(o, c), ORC_ST_RTT_1,
             orc_text(o, "%s at least %u, as handed over: nothing was lost since", name, handed),
             orc_text(o, "%u", back));
}

/* Only a loss makes them smaller, and of the window a time without sending. */
static void judge_windows(struct oracle *o, const struct orc_conn *c,
                          const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const TCP_OFFLOAD_STATE_DELEGATED *handed = &c->sender->handed;
    int64_t least, most;
    orc_full_sizes(o, c, &least, &most);
    if (!lossless(o, c, d)) {
        return;
    }
    orc_ran(o, ORC_ST_RTT_1);
    uint32_t threshold = (uint32_t)orc_least(handed->SsThresh, WINDOW_MOST);
    bool young = o->event->time_ns < c->sender->begun_ns + IDLE_LEAST_NS;
    if (threshold >= 2 * most && d->SsThresh < threshold) {
        below(o, c, "SsThresh", threshold, d->SsThresh);
    } else if (young && handed->CWnd >= most && handed->CWnd <= WINDOW_MOST &&
               d->CWnd < handed->CWnd) {
        below(o, c, "CWnd", handed->CWnd, d->CWnd);
    }
}

/* Duplicates are counted until something is acknowledged; at the threshold counts differ. */
static void judge_duplicates(struct oracle *o, const struct orc_conn *c,
                             const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_recovery *r = c->recovery;
    bool sack = c->flags & TCP_FLAG_SACK_ENABLED;
    bool outstanding = c->send->max > c->send->una_possible && orc_una_exact(c);
    bool few = r->dups_possible < o->parameters->dup_threshold;
    if (sack || !outstanding || !few || !lossless(o, c, d) || r->resend >= 0) {
        return;
    }
    orc_ran(o, ORC_ST_RTT_1);
    if (d->DupAckCount < r->dups_sure || d->DupAckCount > r->dups_possible) {
        orc_fail(o, orc_ordinal(o, c), ORC_ST_RTT_1,
                 orc_text(o, "DupAckCount from %u to %u", r->dups_sure, r->dups_possible),
                 orc_text(o, "%u", d->DupAckCount));
    }
}

void orc_kept_state(struct oracle *o, struct orc_conn *c, const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    if (c->sender->received_step == o->steps + 1) {
        return; /* what came in this step may or may not have been looked at */
    }
    judge_windows(o, c, d);
    judge_duplicates(o, c, d);
}
