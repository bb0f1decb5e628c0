/* SPDX-License-Identifier: MIT
 *
 * What evidence allows or demands a retransmission before the timer.
 */
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/congestion/congestion.h"
#include "oracle/congestion/pipe.h"
#include "oracle/ledger/faults.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/calls.h"
#include "oracle/model/objects.h"
#include "oracle/report/report.h"
#include "oracle/sender/rto_clock.h"
#include "oracle/sender/sender.h"

#include <string.h>

void orc_recovery_begin(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    struct orc_recovery *r = c->recovery;
    (void)o;
    r->dups_sure = r->dups_possible = r->dups_step = t->handed.DupAckCount;
    r->edge = r->unseen_edge = r->resent = -1;
    r->resend = t->handed.SndNxt != t->handed.SndMax ? c->send->max : -1;
}

static bool sack(const struct orc_conn *c)
{
    return c->flags & TCP_FLAG_SACK_ENABLED;
}

/* An ACK of new data. What it reports beside may count as the first duplicate (RFC 6675). */
static void fast_retransmit_moved(struct oracle *o, struct orc_conn *c,
                                  const struct orc_received *h, bool news)
{
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    r->dups_sure = 0;
    r->fast_owed = r->fast_asked = false;
    r->moved_with_news = news && h->sure;
    bool reports = orc_scoreboard_reports(c, h->tcp);
    if (!h->sure || !orc_una_exact(c)) {
        /* Another doubtful one may have moved it before: then this one is a duplicate. */
        r->dups_possible += h->ack == h->una_before;
        return;
    }
    r->dups_possible = h->ack == h->una_before ? r->dups_possible + 1 : reports;
    if (r->top <= s->una_sure) { /* none above it still hold */
        r->reports = 0;
        r->loose = false;
    }
    bool resent = r->resent == s->una_sure; /* when the ACK was only perhaps acceptable */
    r->resent = resent ? r->resent : -1;
    if (r->on && s->una_sure >= r->edge) {
        r->on = r->hole_owed = false;
        orc_congestion_recovered(o, c);
    } else if (r->on && !sack(c)) {
        r->hole_owed = !resent; /* a partial ACK */
        r->owed_at = s->una_sure;
    }
    if (s->una_sure >= r->edge) {
        r->timed = r->perhaps = false;
    }
    if (s->una_sure >= r->resend) {
        r->resend = -1;
    }
}

static void duplicate(struct oracle *o, struct orc_conn *c, const struct orc_received *h, bool news)
{
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    bool same = h->window_sure_before && h->window == h->window_before;
    bool plain = h->tcp->length == 0 && !(h->tcp->flags & TCP_FIN);
    bool reported = orc_scoreboard_reports(c, h->tcp);
    bool here = h->ack == s->una_possible || h->ack == s->una_sure;
    bool flying = s->max > h->ack || s->handed > h->ack; /* or will be when it is read */
    if (here && flying && (reported || (plain && (same || !h->window_sure_before)))) {
        r->dups_possible++;
    }
    /* With SACK what counts is news of held data, whatever the window or the text that come with
     * it. */
    bool counts = sack(c) ? news : plain && same;
    if (!h->sure || !counts || !here || !orc_una_exact(c) || s->max_least <= h->ack) {
        return;
    }
    r->dups_sure++;
    bool covered = s->una_sure > r->edge && s->una_sure > r->unseen_edge;
    bool may_enter = !r->on && !r->timed && covered && r->resend < 0;
    if (!may_enter || !orc_window_open(c)) {
        return;
    }
    r->fast_asked = r->dups_sure + r->moved_with_news == o->parameters->dup_threshold;
    r->fast_owed = r->fast_owed || r->dups_sure == o->parameters->dup_threshold;
    r->owed_at = s->una_sure;
}

/* Segments that come in one call are all known before the first of them has its effect. */
static void note(struct orc_conn *c, bool open)
{
    struct orc_recovery *r = c->recovery;
    r->excuse_step = r->excuse_step || r->on || r->timed || r->resend >= 0 || !open;
}

/* IsLost of RFC 6675 for the first byte: what is reported held lies in so many ranges, or is so
 * much. Where some reports were doubtful, each block counts, and the distance to the highest byte.
 */
static bool lost_by_reports(struct oracle *o, const struct orc_conn *c, uint32_t threshold)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_scoreboard *b = &r->scoreboard;
    int64_t least, most, held = 0;
    bool loose = r->loose || b->full || !orc_una_exact(c);
    for (uint32_t i = 0; i < b->count; i++) {
        held += b->end[i] - b->begin[i];
    }
    orc_full_sizes(o, c, &least, &most);
    held = loose ? r->top - c->send->una_sure_step : held;
    uint32_t ranges = loose ? r->reports : b->count;
    return ranges >= threshold || held > (threshold - 1) * (least - 40);
}

static bool lost_possible(struct oracle *o, const struct orc_conn *c, uint32_t threshold)
{
    return c->recovery->dups_step >= threshold || (sack(c) && lost_by_reports(o, c, threshold));
}

/* Duplicates that come in one call with the ACK that follows them may have begun a recovery and
 * ended it, and nothing is sent again; so may a timer that ran out just before. */
static void note_unseen(struct oracle *o, struct orc_conn *c, bool moves, bool late)
{
    struct orc_recovery *r = c->recovery;
    if (moves && (r->unseen || late)) {
        orc_congestion_doubted(o, c);
        r->unseen_edge = c->send->max;
    }
    r->unseen = !moves && (r->unseen || !r->on || !orc_una_exact(c)) &&
                lost_possible(o, c, o->parameters->dup_threshold);
}

/* Data of the peer's that acknowledges nothing and reports nothing, while nothing is being
 * recovered. */
static bool beside(const struct orc_conn *c, const struct orc_received *h)
{
    const struct orc_recovery *r = c->recovery;
    bool quiet = !r->on && !r->timed && r->resend < 0 && !r->scoreboard.count;
    return quiet && h->tcp->length && !h->tcp->sack_blocks && h->ack <= h->una_sure_before &&
           h->open_before && orc_window_open(c);
}

void orc_recovery_received(struct oracle *o, struct orc_conn *c, const struct orc_received *h)
{
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    r->resent_step = 0;
    r->lately.count = 0;
    r->lately.full = false;
    if (beside(c, h)) {
        return;
    }
    bool news = (r->scoreboard.count || h->tcp->sack_blocks) && orc_scoreboard_received(c, h);
    note(c, h->open_before);
    bool moves = h->ack > h->una_sure_before && h->ack <= s->max;
    if (moves) {
        fast_retransmit_moved(o, c, h, news);
    } else {
        duplicate(o, c, h, news);
    }
    if (!h->open_before) {
        r->resend = s->max; /* what was sent into the closed window may go again at once */
        r->perhaps = r->perhaps || r->on;
        r->on = r->hole_owed = false;
    }
    r->dups_step = r->dups_possible > r->dups_step ? r->dups_possible : r->dups_step;
    note_unseen(o, c, moves, h->late);
    note(c, orc_window_open(c));
}

static bool resegmented(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_object *path = orc_object(o, c->path);
    return path && path->mtu != path->mtu_old;
}

/* Bytes of a range are on it. */
static bool met(const struct orc_scoreboard *b, int64_t begin, int64_t end)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->begin[i] < end && b->end[i] > begin) {
            return true;
        }
    }
    return false;
}

static void judge_repeated(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_sender *t = c->sender;
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    bool one = t->received_step == o->steps + 1 && t->received_count == 1 && orc_una_exact(c);
    bool again =
        r->on && r->resent == s->una_sure && !(sack(c) && f->end >= s->max) && !t->reopened;
    /* Of a series that is not known what was acknowledged may have ended it. */
    bool series = c->rto->armed && c->rto->timeouts;
    bool after = r->timed && series && orc_window_open(c) && !t->reopened;
    bool timed = orc_rto_now(o, c) || t->begun_parameters != o->parameters->sets;
    bool twice = met(&r->lately, f->begin, f->end);
    if (!one || timed || (f->begin != s->una_sure && !twice) || resegmented(o, c)) {
        return;
    }
    orc_ran(o, ORC_WIRE_FR_2);
    orc_ran(o, ORC_WIRE_QUIET_1);
    if (r->resent_step == o->steps + 1 || twice) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_QUIET_1, "one retransmission of a byte by one ACK",
                 orc_text(o, "bytes %lld to %lld twice", (long long)f->begin, (long long)f->end));
    } else if (again || after) {
        orc_fail(
            o, orc_ordinal(o, c), ORC_WIRE_FR_2,
            again ? "one fast retransmission of a segment in a recovery"
                  : "no fast retransmission of what timed out, until it is acknowledged",
            orc_text(o, "bytes %lld to %lld once more", (long long)f->begin, (long long)f->end));
    }
}

static void judge_held(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_sender *t = c->sender;
    const struct orc_recovery *r = c->recovery;
    bool ordered = t->received_step != o->steps + 1 || t->received_count == 1;
    if (!r->scoreboard.count || r->timed || f->begin < r->resend || !ordered || resegmented(o, c)) {
        return;
    }
    orc_ran(o, ORC_WIRE_SACK_2);
    if (f->begin <= c->send->una_possible) {
        return; /* the first is sent whatever was reported */
    }
    bool first = orc_scoreboard_holds(&r->scoreboard, f->begin, f->begin + 1);
    if (first || met(&r->scoreboard, f->begin, f->end)) {
        (first ? orc_fail : orc_warn)(
            o, orc_ordinal(o, c), ORC_WIRE_SACK_2, "ranges that the peer reported held skipped",
            orc_text(o, "bytes %lld to %lld sent again, %s reported held", (long long)f->begin,
                     (long long)f->end, first ? "the first of them" : "some of them"));
    }
}

static void enter(struct oracle *o, struct orc_conn *c)
{
    struct orc_recovery *r = c->recovery;
    orc_congestion_lost(o, c, false, false);
    r->on = true;
    r->edge = c->send->max;
    orc_pipe_enter(o, c);
}

void orc_recovery_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_sender *t = c->sender;
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    if (!f->again || orc_filler(c, f) || f->spontaneous) {
        if (!f->spontaneous && f->again && !orc_una_exact(c)) {
            orc_recovery_doubted(o, c); /* an octet that is only perhaps acknowledged: no probe */
        }
        orc_pipe_sent(o, c, f);
        return;
    }
    bool excused = r->excuse_step || r->on || r->timed || f->begin < r->resend ||
                   !orc_window_open(c) || resegmented(o, c) || c->update_open || orc_in_batch(o) ||
                   orc_rto_now(o, c);
    bool lost = lost_possible(o, c, o->parameters->dup_threshold);
    orc_ran(o, t->begun_parameters != o->parameters->sets ? ORC_REG_PAR_1 : ORC_WIRE_FR_1);
    if (!excused && !lost) {
        bool former = t->begun_parameters != o->parameters->sets &&
                      lost_possible(o, c, o->parameters->dup_threshold_old);
        orc_fail(o, orc_ordinal(o, c), former ? ORC_REG_PAR_1 : ORC_WIRE_FR_1,
                 orc_text(o, "a retransmission only by the timer or at duplicate ACK %u",
                          o->parameters->dup_threshold),
                 orc_text(o, "bytes %lld to %lld after %u", (long long)f->begin, (long long)f->end,
                          r->dups_step));
    }
    judge_repeated(o, c, f);
    judge_held(o, c, f);
    orc_scoreboard_add(&r->lately, f->begin, f->end < s->max ? f->end : s->max);
    r->unseen = false;
    if (!excused && lost) {
        enter(o, c);
    } else if (!r->on && !r->timed) {
        orc_recovery_doubted(o, c);
    }
    orc_pipe_sent(o, c, f);
    if (f->begin <= s->una_possible && f->end > s->una_possible) {
        r->fast_owed = r->fast_asked = r->hole_owed = false;
        r->resent = s->una_possible;
        r->resent_step = o->steps + 1;
    }
}

/* Something was sent again and it is not known why. */
void orc_recovery_doubted(struct oracle *o, struct orc_conn *c)
{
    struct orc_recovery *r = c->recovery;
    orc_congestion_doubted(o, c); /* a timeout in a recovery cuts once more */
    r->perhaps = true;
    r->on = false; /* ... and ends it: nothing of it is owed any more */
    r->fast_owed = r->fast_asked = r->hole_owed = false;
    r->edge = r->resend = c->send->max;
}

static void step_over(struct orc_recovery *r)
{
    r->fast_owed = r->fast_asked = r->hole_owed = r->excuse_step = r->unseen = false;
    r->lately.count = 0;
}

void orc_recovery_hindered(struct oracle *o, struct orc_conn *c)
{
    struct orc_recovery *r = c->recovery;
    step_over(r);
    bool met = c->dirty || orc_rto_may_have_run(o, c); /* standing still alone sends nothing */
    if (!orc_sender_touched(o, c) || c->send->tried <= c->send->una_sure || !met) {
        return;
    }
    orc_recovery_doubted(o, c);
    r->dups_sure = 0;
    if (orc_waived(o)) { /* reports that were not taken hold nothing */
        r->scoreboard.count = 0;
        r->loose = true;
    }
}

void orc_recovery_timeout(struct oracle *o, struct orc_conn *c)
{
    struct orc_recovery *r = c->recovery;
    (void)o;
    r->on = r->perhaps = r->fast_owed = r->fast_asked = r->hole_owed = false;
    r->timed = true;
    r->edge = r->resend = c->send->max;
    r->dups_sure = r->dups_possible = 0;
    r->scoreboard.count = 0;
    r->scoreboard.full = false;
}

void orc_recovery_step(struct oracle *o, struct orc_conn *c)
{
    struct orc_sender *t = c->sender;
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    bool still = orc_una_exact(c) && r->owed_at == s->una_sure && orc_window_open(c);
    if (r->fast_owed && still && t->parameters == o->parameters->sets) {
        bool former = t->begun_parameters != o->parameters->sets &&
                      o->parameters->dup_threshold_old > o->parameters->dup_threshold;
        orc_ran(o, former ? ORC_REG_PAR_1 : ORC_WIRE_FR_1);
        orc_fail(o, orc_ordinal(o, c), former ? ORC_REG_PAR_1 : ORC_WIRE_FR_1,
                 orc_text(o, "byte %lld sent again at duplicate ACK %u", (long long)s->una_sure,
                          o->parameters->dup_threshold),
                 "no retransmission");
    } else if (r->fast_asked && still && t->begun_parameters == o->parameters->sets) {
        orc_ran(o, ORC_WIRE_FR_1);
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_FR_1,
                 orc_text(o, "byte %lld sent again at report %u of more held data",
                          (long long)s->una_sure, o->parameters->dup_threshold),
                 "no retransmission: the report beside an ACK of new data was not counted");
    } else if (r->hole_owed && still) {
        orc_ran(o, ORC_WIRE_FR_2);
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_FR_2,
                 orc_text(o, "the next hole, at %lld, sent again at a partial ACK",
                          (long long)s->una_sure),
                 "no retransmission");
    }
    step_over(r);
    orc_pipe_step(o, c);
}
