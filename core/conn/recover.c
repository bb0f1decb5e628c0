/* SPDX-License-Identifier: MIT */
#include "conn/recover.h"

#include "conn/frame.h"
#include "tcp/seq.h"

#define LIMITED_TRANSMIT_SEGMENTS 2u

static struct chim_loss_rule rule_of(const struct chim_conn *c)
{
    struct chim_loss_rule rule = {CHIM_LOAD(c->obj.adapter->params.dup_ack_threshold), c->mss};
    return rule;
}

static struct chim_scoreboard *borrow(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    chim_lock(&ad->lock);
    struct chim_scoreboard *b = ad->scoreboards;
    if (b != NULL) {
        ad->scoreboards = b->next;
    }
    chim_unlock(&ad->lock);
    b = b != NULL ? b : chim_alloc(ad, sizeof(*b));
    if (b != NULL) {
        chim_scoreboard_clear(b, c->snd_una);
    }
    return b;
}

void chim_recover_forget(struct chim_conn *c)
{
    struct chim_adapter *ad = c->obj.adapter;
    struct chim_scoreboard *b = c->sacked;
    c->sacked = NULL;
    c->by_sack = false;
    if (b != NULL) {
        chim_lock(&ad->lock);
        b->next = ad->scoreboards;
        ad->scoreboards = b;
        chim_unlock(&ad->lock);
    }
}

void chim_recover_free_all(struct chim_adapter *ad)
{
    while (ad->scoreboards != NULL) {
        struct chim_scoreboard *b = ad->scoreboards;
        ad->scoreboards = b->next;
        NdisFreeMemory(b, 0, 0);
    }
}

bool chim_recover_sacks(struct chim_conn *c, const struct chim_segment *s)
{
    if (!c->sack_on || s->opt.sack_count == 0 || c->snd_una == c->snd_max) {
        return false;
    }
    if (c->sacked == NULL) {
        c->sacked = borrow(c); /* without memory: as if the peer had said nothing */
    }
    return c->sacked != NULL && chim_scoreboard_take(c->sacked, &s->opt, c->snd_una, c->snd_max);
}

void chim_recover_progress(struct chim_conn *c, uint32_t acked)
{
    uint32_t flight = c->snd_max - c->snd_una;
    if (c->sacked != NULL) {
        chim_scoreboard_advance(c->sacked, c->snd_una);
    }
    if (!c->cong.recovering) {
        chim_cong_ack(&c->cong, acked, c->mss, chim_seq_lt(c->snd_una, c->cong.recover));
    } else if (chim_seq_geq(c->snd_una, c->cong.recover)) {
        chim_cong_leave_recovery(&c->cong, flight, c->mss);
        c->by_sack = false;
    } else if (!c->by_sack) {
        chim_cong_partial_ack(&c->cong, acked, c->mss);
        c->fast_due = true; /* the next hole at once (WIRE-FR-2) */
    } else if (c->sacked != NULL && chim_seq_leq(c->sacked->high_rxt, c->snd_una)) {
        c->fast_due = true; /* a partial ACK names a hole by itself */
    }
    if (c->sacked != NULL && c->sacked->count == 0 && !c->by_sack) {
        chim_recover_forget(c);
    }
}

static void enter(struct chim_conn *c)
{
    c->by_sack = c->sacked != NULL && c->sacked->count != 0;
    if (c->by_sack) {
        c->sacked->high_rxt = c->snd_una;
        c->sacked->rescued = false;
    }
    chim_cong_enter_recovery(&c->cong, c->snd_max - c->snd_una, c->mss, c->snd_max, c->by_sack);
    c->fast_due = true;
}

void chim_recover_duplicate(struct chim_conn *c)
{
    struct chim_loss_rule rule = rule_of(c);
    if (c->cong.dup_acks < 0xFF) {
        c->cong.dup_acks++;
    }
    if (c->cong.recovering) {
        if (!c->by_sack) {
            chim_cong_inflate(&c->cong, c->mss);
        }
        return;
    }
    bool lost = c->cong.dup_acks >= rule.threshold ||
                (c->sacked != NULL && chim_scoreboard_lost(c->sacked, c->snd_una, &rule));
    if (lost && c->snd_wnd != 0 && chim_cong_may_recover(&c->cong, c->snd_una)) {
        enter(c);
    }
}

uint32_t chim_recover_room(const struct chim_conn *c)
{
    struct chim_loss_rule rule = rule_of(c);
    /* The path may have grown since cwnd was set: one full segment is always allowed. */
    uint32_t window = chim_max32(c->cong.cwnd, c->mss);
    uint32_t used = c->snd_nxt - c->snd_una;
    if (c->by_sack) {
        used = chim_scoreboard_pipe(c->sacked, c->snd_una, c->snd_max, &rule);
    } else if (!c->cong.recovering && c->cong.dup_acks < rule.threshold && !c->rto_hold) {
        /* RFC 3042: what a duplicate says has left the network may be replaced. */
        uint32_t more = c->mss * chim_min32(c->cong.dup_acks, LIMITED_TRANSMIT_SEGMENTS);
        window += chim_min32(more, UINT32_MAX - window);
    }
    uint32_t room = window > used ? window - used : 0;
    /* Recovery by reports sends full segments or none (RFC 6675 section 5, step C). */
    return c->by_sack && room < c->mss ? 0 : room;
}

/* The last resort of RFC 6675, once a recovery: the highest byte that is not reported held. */
static bool rescue(const struct chim_conn *c, uint32_t *seq, uint32_t *bytes)
{
    const struct chim_scoreboard *b = c->sacked;
    uint32_t end = c->cong.recover;
    if (b->rescued || chim_seq_geq(b->high_rxt, end) ||
        (b->count != 0 && chim_seq_geq(b->range[b->count - 1].end, end))) {
        return false;
    }
    uint32_t begin = b->count != 0 ? b->range[b->count - 1].end : c->snd_una;
    begin = chim_seq_gt(b->high_rxt, begin) ? b->high_rxt : begin;
    *bytes = chim_min32(end - begin, chim_frame_payload_max(c));
    *seq = end - *bytes;
    return true;
}

bool chim_recover_next(const struct chim_conn *c, bool sure, uint32_t *seq, uint32_t *bytes)
{
    struct chim_loss_rule rule = rule_of(c);
    if (!c->by_sack || chim_recover_room(c) == 0) {
        return false;
    }
    if (!chim_scoreboard_next(c->sacked, c->snd_una, &rule, sure, seq)) {
        return !sure && rescue(c, seq, bytes);
    }
    *bytes = chim_scoreboard_hole_end(c->sacked, *seq, c->snd_max) - *seq;
    return true;
}

void chim_recover_resent(struct chim_conn *c, uint32_t seq, uint32_t end)
{
    if (!c->by_sack) {
        return;
    }
    struct chim_scoreboard *b = c->sacked;
    bool above = b->count == 0 || chim_seq_geq(seq, b->range[b->count - 1].end);
    if (above && seq != c->snd_una) {
        b->rescued = true; /* holes below it may yet show */
    } else if (chim_seq_gt(end, b->high_rxt)) {
        b->high_rxt = end;
    }
}
