/* SPDX-License-Identifier: MIT
 *
 * Recovery by what the peer reports: holes that count as lost go before new data, and something
 * goes with each ACK as long as what is in the network surely leaves room in half of what was in
 * flight at the loss (NextSeg and step C of RFC 6675 section 5).
 */
#include "oracle/congestion/pipe.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/full_size.h"
#include "oracle/ledger/parameters.h"
#include "oracle/model/calls.h"
#include "oracle/report/report.h"
#include "oracle/sender/sender.h"

/* Bytes between two ranges that the peer surely holds; the last hole ends where all ends. */
struct hole {
    int64_t begin, end;
    int64_t again; /* bytes of it that were sent again in this recovery */
    bool lost;     /* enough is held above it */
};

/* The most that can be in the network, and whether there is something to send again. */
struct pipe {
    int64_t most;
    bool lost_waits; /* a byte that counts as lost */
    bool waits;      /* any byte that may go */
};

static int64_t overlap(const struct orc_scoreboard *b, int64_t begin, int64_t end)
{
    int64_t bytes = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        int64_t from = b->begin[i] > begin ? b->begin[i] : begin;
        int64_t to = b->end[i] < end ? b->end[i] : end;
        bytes += to > from ? to - from : 0;
    }
    return bytes;
}

static void take_hole(struct pipe *p, const struct hole *hole, int64_t edge)
{
    int64_t bytes = hole->end > hole->begin ? hole->end - hole->begin : 0;
    int64_t inside = (hole->end < edge ? hole->end : edge) - hole->begin;
    p->most += hole->again + (hole->lost ? 0 : bytes);
    p->waits = p->waits || hole->again < inside;
    p->lost_waits = p->lost_waits || (hole->lost && hole->again < inside);
}

static struct pipe pipe_of(const struct oracle *o, const struct orc_conn *c, int64_t full)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_scoreboard *b = &r->scoreboard;
    int64_t una = c->send->una_sure, end = c->send->max, above = 0;
    struct pipe p = {0};
    for (uint32_t i = b->count; i-- > 0; end = b->begin[i]) {
        struct hole hole = {.begin = b->end[i], .end = end};
        uint32_t ranges = b->count - 1 - i;
        hole.again = overlap(&r->again, hole.begin, hole.end);
        hole.lost = ranges >= o->parameters->dup_threshold ||
                    above > (o->parameters->dup_threshold - 1) * full;
        /* The rescue retransmission is one, above all that is held. */
        take_hole(&p, &hole, ranges || !hole.again ? r->edge : hole.begin);
        above += b->end[i] - b->begin[i];
    }
    struct hole first = {.begin = una, .end = end, .again = overlap(&r->again, una, end)};
    first.lost = b->count >= o->parameters->dup_threshold ||
                 above > (o->parameters->dup_threshold - 1) * full;
    take_hole(&p, &first, r->edge);
    return p;
}

uint64_t orc_pipe_least(struct oracle *o, const struct orc_conn *c, int64_t end)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_scoreboard *b = &r->scoreboard;
    int64_t from = c->send->una_possible, above = 0, bytes, least, most;
    if (!(c->flags & TCP_FLAG_SACK_ENABLED) || r->loose || b->full || !b->count) {
        from = (c->flags & TCP_FLAG_SACK_ENABLED) && r->top > from ? r->top : from;
        return end > from ? (uint64_t)(end - from) : 0;
    }
    orc_full_sizes(o, c, &least, &most);
    int64_t top = b->end[b->count - 1] > from ? b->end[b->count - 1] : from;
    bytes = end > top ? end - top : 0;
    for (uint32_t i = b->count; i-- > 0;) {
        int64_t begin = i && b->end[i - 1] > from ? b->end[i - 1] : from;
        above += b->end[i] - b->begin[i];
        bool lost = b->count - i >= o->parameters->dup_threshold ||
                    above > (o->parameters->dup_threshold - 1) * (least - 40);
        if (lost) {
            bytes += r->on ? overlap(&r->again, begin, b->begin[i]) : 0;
        } else {
            bytes += b->begin[i] > begin ? b->begin[i] - begin : 0;
        }
    }
    return (uint64_t)bytes;
}

static bool followed(struct oracle *o, const struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    const struct orc_recovery *r = c->recovery;
    return (c->flags & TCP_FLAG_SACK_ENABLED) && r->on && r->scoreboard.count &&
           !r->scoreboard.full && !r->again.full && orc_una_exact(c) && orc_window_open(c) &&
           t->begun_parameters == o->parameters->sets;
}

void orc_pipe_enter(struct oracle *o, struct orc_conn *c)
{
    struct orc_recovery *r = c->recovery;
    int64_t least, most;
    orc_full_sizes(o, c, &least, &most);
    /* Without what limited transmit released; options make segments shorter. */
    int64_t flight =
        c->send->max_least - c->send->una_possible - o->parameters->dup_threshold * most;
    r->half = flight / 2 > 2 * (least - 40) ? flight / 2 : 2 * (least - 40);
    r->again.count = 0;
    r->again.full = false;
}

/* A retransmission above all that is held, in want of anything better. */
static void judge_rescue(struct oracle *o, const struct orc_conn *c, const struct orc_sent *f)
{
    const struct orc_recovery *r = c->recovery;
    const struct orc_scoreboard *b = &r->scoreboard;
    if (f->begin < b->end[b->count - 1] || f->begin == c->send->una_sure) {
        return;
    }
    orc_ran(o, ORC_WIRE_SACK_2);
    if (f->end < r->edge) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_SACK_2,
                 orc_text(o, "above all that is held the last bytes, up to %lld, sent again",
                          (long long)r->edge),
                 orc_text(o, "bytes %lld to %lld", (long long)f->begin, (long long)f->end));
    }
}

void orc_pipe_sent(struct oracle *o, struct orc_conn *c, const struct orc_sent *f)
{
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    int64_t least, most;
    if (f->again && r->on) {
        orc_scoreboard_add(&r->again, f->begin, f->end < s->max ? f->end : s->max);
    }
    if (!followed(o, c) || orc_in_batch(o) || !f->packet->tcp.length) {
        return; /* a FIN needs no room */
    }
    if (f->again) {
        judge_rescue(o, c, f);
        return;
    }
    orc_full_sizes(o, c, &least, &most);
    orc_ran(o, ORC_WIRE_SACK_2);
    if (pipe_of(o, c, most).lost_waits) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_SACK_2,
                 "what counts as lost by the peer's reports sent again before new data",
                 orc_text(o, "new bytes %lld to %lld", (long long)f->begin, (long long)f->end));
    }
}

void orc_pipe_step(struct oracle *o, struct orc_conn *c)
{
    const struct orc_sender *t = c->sender;
    const struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    int64_t least, most;
    bool received = t->received_step == o->steps + 1 && t->received_count == 1;
    if (!received || t->sent_step == o->steps + 1 || !followed(o, c)) {
        return;
    }
    orc_full_sizes(o, c, &least, &most);
    struct pipe p = pipe_of(o, c, most);
    bool fresh = s->handed - s->max >= most && s->una_sure + (int64_t)s->window - s->max >= most;
    orc_ran(o, ORC_WIRE_SACK_2);
    if (p.most + most <= r->half && (p.waits || fresh)) {
        orc_warn(o, orc_ordinal(o, c), ORC_WIRE_SACK_2,
                 orc_text(o, "a segment, with at most %lld bytes in the network and %lld allowed",
                          (long long)p.most, (long long)r->half),
                 "none");
    }
}
