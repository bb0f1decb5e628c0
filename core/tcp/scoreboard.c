/* SPDX-License-Identifier: MIT */
#include "tcp/scoreboard.h"

#include "tcp/seq.h"

void chim_scoreboard_clear(struct chim_scoreboard *b, uint32_t snd_una)
{
    b->count = 0;
    b->high_rxt = snd_una;
    b->rescued = false;
}

static void remove_ranges(struct chim_scoreboard *b, uint32_t at, uint32_t count)
{
    for (uint32_t i = at; i + count < b->count; i++) {
        b->range[i] = b->range[i + count];
    }
    b->count -= count;
}

/* Makes room at the place; the highest range is forgotten when there is none. False: the new one
 * would be the highest itself. */
static bool open_place(struct chim_scoreboard *b, uint32_t at)
{
    if (at == CHIM_SACK_RANGES_MAX) {
        return false;
    }
    uint32_t last = b->count == CHIM_SACK_RANGES_MAX ? b->count - 1 : b->count;
    for (uint32_t i = last; i > at; i--) {
        b->range[i] = b->range[i - 1];
    }
    b->count = last + 1;
    return true;
}

/* True: a byte of it was not known before. */
static bool scoreboard_insert(struct chim_scoreboard *b, struct chim_sack_block block)
{
    uint32_t at = 0;
    while (at < b->count && chim_seq_lt(b->range[at].end, block.begin)) {
        at++;
    }
    if (at == b->count || chim_seq_lt(block.end, b->range[at].begin)) {
        if (!open_place(b, at)) {
            return false;
        }
        b->range[at] = block;
        return true;
    }
    struct chim_sack_block *r = &b->range[at];
    if (chim_seq_geq(block.begin, r->begin) && chim_seq_leq(block.end, r->end)) {
        return false;
    }
    r->begin = chim_seq_lt(block.begin, r->begin) ? block.begin : r->begin;
    r->end = chim_seq_gt(block.end, r->end) ? block.end : r->end;
    uint32_t swallowed = 0;
    while (at + 1 + swallowed < b->count &&
           chim_seq_geq(r->end, b->range[at + 1 + swallowed].begin)) {
        uint32_t end = b->range[at + 1 + swallowed].end;
        r->end = chim_seq_gt(end, r->end) ? end : r->end;
        swallowed++;
    }
    remove_ranges(b, at + 1, swallowed);
    return true;
}

bool chim_scoreboard_take(struct chim_scoreboard *b, const struct chim_tcp_options *opt,
                          uint32_t snd_una, uint32_t snd_max)
{
    bool news = false;
    for (uint32_t i = 0; i < opt->sack_count; i++) {
        struct chim_sack_block block = opt->sack[i];
        if (chim_seq_gt(block.begin, snd_una) && chim_seq_lt(block.begin, block.end) &&
            chim_seq_leq(block.end, snd_max)) {
            news = scoreboard_insert(b, block) || news;
        }
    }
    return news;
}

void chim_scoreboard_advance(struct chim_scoreboard *b, uint32_t snd_una)
{
    uint32_t gone = 0;
    while (gone < b->count && chim_seq_leq(b->range[gone].end, snd_una)) {
        gone++;
    }
    remove_ranges(b, 0, gone);
    if (b->count != 0 && chim_seq_lt(b->range[0].begin, snd_una)) {
        b->range[0].begin = snd_una;
    }
    if (chim_seq_lt(b->high_rxt, snd_una)) {
        b->high_rxt = snd_una;
    }
}

uint32_t chim_scoreboard_skip(const struct chim_scoreboard *b, uint32_t seq)
{
    for (uint32_t i = 0; i < b->count && chim_seq_leq(b->range[i].begin, seq); i++) {
        if (chim_seq_lt(seq, b->range[i].end)) {
            return b->range[i].end;
        }
    }
    return seq;
}

uint32_t chim_scoreboard_hole_end(const struct chim_scoreboard *b, uint32_t seq, uint32_t limit)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (chim_seq_gt(b->range[i].begin, seq)) {
            return chim_seq_lt(b->range[i].begin, limit) ? b->range[i].begin : limit;
        }
    }
    return limit;
}

static bool enough(uint32_t ranges, uint32_t bytes, const struct chim_loss_rule *rule)
{
    return ranges >= rule->threshold || bytes > (rule->threshold - 1) * rule->mss;
}

bool chim_scoreboard_lost(const struct chim_scoreboard *b, uint32_t seq,
                          const struct chim_loss_rule *rule)
{
    uint32_t ranges = 0;
    uint32_t bytes = 0;
    for (uint32_t i = b->count; i-- > 0 && chim_seq_gt(b->range[i].begin, seq);) {
        ranges++;
        bytes += b->range[i].end - b->range[i].begin;
    }
    return enough(ranges, bytes, rule);
}

/* Bytes of [begin, end) below the mark. */
static uint32_t below(uint32_t begin, uint32_t end, uint32_t mark)
{
    if (chim_seq_leq(mark, begin)) {
        return 0;
    }
    return (chim_seq_lt(mark, end) ? mark : end) - begin;
}

uint32_t chim_scoreboard_pipe(const struct chim_scoreboard *b, uint32_t snd_una, uint32_t snd_max,
                              const struct chim_loss_rule *rule)
{
    uint32_t pipe = 0;
    uint32_t bytes = 0; /* held above the hole looked at */
    uint32_t end = snd_max;
    for (uint32_t i = b->count; i-- > 0;) {
        uint32_t begin = b->range[i].end;
        uint32_t above = b->count - 1 - i;
        pipe += below(begin, end, b->high_rxt);
        pipe += enough(above, bytes, rule) ? 0 : end - begin;
        bytes += b->range[i].end - b->range[i].begin;
        end = b->range[i].begin;
    }
    pipe += below(snd_una, end, b->high_rxt);
    pipe += enough(b->count, bytes, rule) ? 0 : end - snd_una;
    return pipe;
}

bool chim_scoreboard_next(const struct chim_scoreboard *b, uint32_t snd_una,
                          const struct chim_loss_rule *rule, bool sure, uint32_t *seq)
{
    uint32_t from = chim_seq_gt(b->high_rxt, snd_una) ? b->high_rxt : snd_una;
    *seq = chim_scoreboard_skip(b, from);
    if (b->count == 0 || chim_seq_geq(*seq, b->range[b->count - 1].begin)) {
        return false; /* only what lies below something held is known to be missing */
    }
    return !sure || chim_scoreboard_lost(b, *seq, rule);
}
