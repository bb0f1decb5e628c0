/* SPDX-License-Identifier: MIT */
#include "oracle/sender/sender.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/parameters.h"
#include "oracle/sender/rto_clock.h"

/* Both closed: in TIME_WAIT segments may go to the host unread. */
static bool over(const struct orc_conn *c)
{
    const struct orc_receive *r = c->receive;
    const struct orc_send *s = c->send;
    return s->fin_sent && s->una_possible > s->fin && (r->fins || r->fin_before || r->fin_lenient);
}

bool orc_sender_judged(struct oracle *o, const struct orc_conn *c)
{
    return c->sender->on && o->parameters->known && !orc_hindered(o) && orc_running(o, c) &&
           !orc_path_invalid(o, c) && !over(c);
}

bool orc_sender_touched(const struct oracle *o, const struct orc_conn *c)
{
    bool live = c->sender->on && c->phase == ORC_LIVE && orc_sender_busy(c);
    return live && (c->dirty || orc_adapter_moves(o) || orc_rto_may_have_run(o, c));
}

bool orc_sender_busy(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    bool fin = s->fin_asked && s->una_sure <= s->fin;
    return s->handed > s->una_sure || s->tried > s->una_sure || fin || c->sends.head != ORC_NONE;
}

bool orc_filler(const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_send *s = c->send;
    return f->end == s->max && f->end - f->begin == 1 && s->una_possible == s->max;
}

bool orc_sender_pending(const struct orc_conn *c)
{
    const struct orc_send *s = c->send;
    bool fin = s->fin_asked && s->una_possible <= s->fin;
    return s->handed > s->una_possible || fin || s->max_least > s->una_possible;
}

enum orc_rule orc_timer_rule(const struct oracle *o, uint64_t expected_ns, uint64_t actual_ns,
                             enum orc_rule plain)
{
    static const uint32_t factors[] = {10, 100};
    uint64_t slack = orc_slack_ns(o) + actual_ns / 50;
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t shorter = expected_ns / factors[i], longer = expected_ns * factors[i];
        bool like_shorter =
            shorter > slack && actual_ns + slack > shorter && actual_ns < shorter + slack;
        bool like_longer = actual_ns + slack > longer && actual_ns < longer + slack;
        if (like_shorter || like_longer) {
            return ORC_TMR_TICK_1; /* as if it ran in another unit */
        }
    }
    return plain;
}

void orc_sender_dirty(struct oracle *o, struct orc_conn *c)
{
    c->sender->dirty_step = o->steps + 1;
}
