/* SPDX-License-Identifier: MIT */
#include "oracle/sender/rto_clock.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/calls.h"
#include "oracle/sender/flight.h"
#include "oracle/sender/sender.h"

#define SHIFT_MAX 20u

uint32_t orc_rto_count(const struct orc_conn *c)
{
    return c->rto->timeouts + (c->rto->handed ? c->sender->handed.Retransmit.Count : 0);
}

uint64_t orc_rto_backed_off(uint64_t ns, uint32_t shift)
{
    return orc_least(ORC_RTO_MAX_NS, ns << (shift < SHIFT_MAX ? shift : SHIFT_MAX));
}

uint64_t orc_rto_handed_least_ns(const struct oracle *o, const struct orc_conn *c)
{
    uint64_t tick = orc_least(c->sender->begun_tick_ns, orc_ticks_ns(o, 1));
    return c->sender->handed.Retransmit.TimeoutDelta * tick;
}

uint64_t orc_rto_handed_most_ns(const struct oracle *o, const struct orc_conn *c)
{
    uint64_t tick = orc_most(c->sender->begun_tick_ns, orc_ticks_ns(o, 1));
    return c->sender->handed.Retransmit.TimeoutDelta * tick;
}

bool orc_rto_runs(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    return c->rto->armed && orc_una_exact(c) && orc_window_open(c) &&
           s->max_least > s->una_possible;
}

uint64_t orc_rto_due(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    if (c->rto->handed && !c->rto->timeouts) {
        uint64_t due = t->begun_left_ns + orc_rto_handed_most_ns(o, c);
        /* A fast retransmission may start it anew. */
        uint64_t anew = c->rto->since_ns + orc_rto_backed_off(orc_rto_most(o, c), c->rto->backoffs);
        return (c->rto->anew ? orc_most(due, anew) : due) + orc_slack_ns(o);
    }
    return c->rto->since_ns + orc_rto_backed_off(orc_rto_most(o, c), c->rto->backoffs) +
           orc_slack_ns(o);
}

uint64_t orc_rto_handed_due(const struct oracle *o, const struct orc_conn *c)
{
    uint32_t count = c->sender->handed.Retransmit.Count;
    uint64_t due = c->sender->begun_ns + orc_rto_handed_least_ns(o, c);
    uint64_t anew = c->rto->since_ns + orc_rto_backed_off(orc_rto_least(o, c), count);
    return c->rto->anew ? orc_least(due, anew) : due;
}

/* The first timeout of a series is not due before, as far as one can tell. */
uint64_t orc_rto_first_due(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_rto *rto = c->rto;
    uint64_t first;
    if (rto->handed && !rto->timeouts) {
        return orc_rto_handed_due(o, c);
    }
    return !rto->timeouts && !rto->loose && orc_flight_first(c, &first)
               ? first + orc_rto_least(o, c)
               : 0;
}

/* The timer may have run out in this moment, whatever else happened in it. */
bool orc_rto_now(const struct oracle *o, const struct orc_conn *c)
{
    uint64_t due = orc_rto_first_due(o, c);
    if (c->rto->handed && c->sender->begun_parameters != o->parameters->sets) {
        return true; /* by which ticks it was taken is not known */
    }
    if (!due && orc_in_timer(o)) { /* behind another timer, as far as a later one can be due */
        due = c->rto->loose ? 1 : c->rto->last_ns + orc_rto_backed_off(orc_rto_least(o, c), 1);
    }
    return due && o->event->time_ns + orc_slack_ns(o) >= due;
}

bool orc_rto_expired(const struct oracle *o, const struct orc_conn *c,
                     const TCP_OFFLOAD_STATE_DELEGATED *d)
{
    const struct orc_rto *rto = c->rto;
    bool again = rto->timeouts && !rto->loose;
    uint64_t due =
        again ? rto->last_ns + orc_rto_backed_off(orc_rto_least(o, c), 1) : orc_rto_first_due(o, c);
    return orc_rto_runs(c) && d->Retransmit.Count == orc_rto_count(c) + 1 &&
           o->event->time_ns + orc_slack_ns(o) >= due;
}

bool orc_rto_may_have_run(const struct oracle *o, const struct orc_conn *c)
{
    const struct orc_rto *rto = c->rto;
    uint64_t due = orc_rto_first_due(o, c);
    if (rto->timeouts && !rto->loose) {
        due = rto->last_ns + orc_rto_backed_off(orc_rto_least(o, c), 1);
    }
    return !rto->armed || !due || o->event->time_ns + orc_slack_ns(o) >= due;
}
