/* SPDX-License-Identifier: MIT
 *
 * The ranges that the peer surely reported held, and the most that it may have reported.
 */
#include "oracle/congestion/scoreboard.h"
#include "oracle/congestion/fast_retransmit.h"
#include "oracle/ledger/sends.h"

#include <string.h>

static int64_t offset_of(const struct orc_send *s, uint32_t sequence)
{
    return s->max + (int32_t)(sequence - (s->sequence + (uint32_t)s->max));
}

bool orc_scoreboard_holds(const struct orc_scoreboard *scoreboard, int64_t begin, int64_t end)
{
    for (uint32_t i = 0; i < scoreboard->count; i++) {
        if (scoreboard->begin[i] <= begin && end <= scoreboard->end[i]) {
            return true;
        }
    }
    return false;
}

static void drop(struct orc_scoreboard *b, uint32_t from, uint32_t to)
{
    memmove(&b->begin[from], &b->begin[to], (b->count - to) * sizeof(b->begin[0]));
    memmove(&b->end[from], &b->end[to], (b->count - to) * sizeof(b->end[0]));
    b->count -= to - from;
}

/* False: it reported nothing new, or there is no room. */
bool orc_scoreboard_add(struct orc_scoreboard *b, int64_t begin, int64_t end)
{
    uint32_t at = 0, to;
    if (orc_scoreboard_holds(b, begin, end)) {
        return false;
    }
    while (at < b->count && b->end[at] < begin) {
        at++;
    }
    for (to = at; to < b->count && b->begin[to] <= end; to++) {
        begin = b->begin[to] < begin ? b->begin[to] : begin;
        end = b->end[to] > end ? b->end[to] : end;
    }
    if (to == at) {
        if (b->count == ORC_SCOREBOARD_MAX) {
            b->full = true;
            return false;
        }
        memmove(&b->begin[at + 1], &b->begin[at], (b->count - at) * sizeof(b->begin[0]));
        memmove(&b->end[at + 1], &b->end[at], (b->count - at) * sizeof(b->end[0]));
        b->count++;
    } else {
        drop(b, at + 1, to);
    }
    b->begin[at] = begin;
    b->end[at] = end;
    return true;
}

static void forget_below(struct orc_scoreboard *b, int64_t una)
{
    uint32_t gone = 0;
    while (gone < b->count && b->end[gone] <= una) {
        gone++;
    }
    if (gone) {
        drop(b, 0, gone);
    }
}

bool orc_scoreboard_reports(const struct orc_conn *c, const struct orc_tcp *tcp)
{
    const struct orc_send *s = c->send;
    int64_t most = s->max > s->handed ? s->max : s->handed;
    uint32_t blocks = tcp->sack_blocks < ORC_SACK_MAX ? tcp->sack_blocks : ORC_SACK_MAX;
    for (uint32_t i = 0; i < blocks && (c->flags & TCP_FLAG_SACK_ENABLED); i++) {
        int64_t begin = offset_of(s, tcp->sack[i][0]), end = offset_of(s, tcp->sack[i][1]);
        if (begin < end && end > s->una_sure && end <= most) {
            return true;
        }
    }
    return false;
}

/* Returns whether the segment surely tells something new. */
bool orc_scoreboard_received(struct orc_conn *c, const struct orc_received *h)
{
    struct orc_recovery *r = c->recovery;
    const struct orc_send *s = c->send;
    const struct orc_tcp *tcp = h->tcp;
    bool news = false;
    forget_below(&r->scoreboard, s->una_sure);
    if (!(c->flags & TCP_FLAG_SACK_ENABLED) || !tcp->sack_blocks) {
        return false;
    }
    uint32_t blocks = tcp->sack_blocks < ORC_SACK_MAX ? tcp->sack_blocks : ORC_SACK_MAX;
    for (uint32_t i = 0; i < blocks; i++) {
        int64_t begin = offset_of(s, tcp->sack[i][0]);
        int64_t end = offset_of(s, tcp->sack[i][1]);
        if (begin >= end || end <= s->una_sure || end > s->max) {
            continue;
        }
        r->top = end > r->top ? end : r->top;
        r->reports++;
        bool inside = begin > s->una_possible && end <= s->max_least;
        /* What comes with an ACK below SND.UNA may be ignored with it. */
        bool counts = h->sure && h->ack >= s->una_sure && tcp->options_right;
        r->loose = r->loose || !counts || !inside;
        if (counts && inside && orc_scoreboard_add(&r->scoreboard, begin, end)) {
            news = true;
        }
    }
    return news;
}
