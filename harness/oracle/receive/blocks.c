/* SPDX-License-Identifier: MIT
 *
 * SACK blocks that the target sends.
 */
#include "oracle/receive/blocks.h"
#include "oracle/ledger/cause.h"
#include "oracle/ledger/faults.h"
#include "oracle/report/report.h"

void orc_blocks_received(struct oracle *o, struct orc_conn *c, const struct orc_seen *s)
{
    if (s->tcp->flags & (TCP_RST | TCP_SYN)) {
        c->blocks->others = true;
        return;
    }
    struct orc_blocks *x = c->blocks;
    const struct orc_receive *r = c->receive;
    (void)o;
    bool beyond = s->certain && s->tcp->length && s->begin > r->possible && s->end <= r->edge &&
                  !s->fin && !r->fins && !r->fin_before && r->urgent_limit < 0;
    if (beyond && x->newest < ORC_NEWEST && c->inside == 0) {
        x->begin[x->newest] = s->begin;
        x->end[x->newest++] = s->end;
    } else {
        x->others = true;
    }
}

static bool holds_newest(const struct orc_blocks *x, int64_t left, int64_t right)
{
    for (uint32_t i = 0; i < x->newest; i++) {
        if (left <= x->begin[i] && x->end[i] <= right) {
            return true;
        }
    }
    return false;
}

static void fail(struct oracle *o, const struct orc_conn *c, const char *expected, int64_t left,
                 int64_t right)
{
    orc_fail(o, orc_ordinal(o, c), ORC_WIRE_SACK_1, expected,
             orc_text(o, "a block from %lld to %lld", (long long)left, (long long)right));
}

/* The first block may tell of a duplicate (RFC 2883): below the ACK, or inside the second. */
static bool tells_duplicate(const struct orc_conn *c, const struct orc_tcp *tcp, int64_t ack)
{
    const struct orc_receive *r = c->receive;
    int64_t left = orc_receive_offset(r, tcp->sack[0][0]);
    int64_t right = orc_receive_offset(r, tcp->sack[0][1]);
    if (right <= ack) {
        return true;
    }
    return tcp->sack_blocks > 1 && left >= orc_receive_offset(r, tcp->sack[1][0]) &&
           right <= orc_receive_offset(r, tcp->sack[1][1]);
}

static void judge_block(struct oracle *o, const struct orc_conn *c, const struct orc_tcp *tcp,
                        uint32_t i, int64_t ack)
{
    const struct orc_receive *r = c->receive;
    int64_t left = orc_receive_offset(r, tcp->sack[i][0]);
    int64_t right = orc_receive_offset(r, tcp->sack[i][1]);
    if (left >= right) {
        fail(o, c, "blocks with a left edge below the right one", left, right);
    } else if (i == 0 && tells_duplicate(c, tcp, ack)) {
        return;
    } else if (left <= ack) {
        fail(o, c, orc_text(o, "blocks above the ACK number, %lld", (long long)ack), left, right);
    } else if (!orc_stream_holds(r, left, right)) {
        fail(o, c, "blocks of data that has arrived", left, right);
    }
}

/* Before the frame changes any ledger. */
void orc_blocks_frame(struct oracle *o, struct orc_conn *c, const struct orc_tcp *tcp)
{
    struct orc_blocks *x = c->blocks;
    const struct orc_receive *r = c->receive;
    bool enabled = c->flags & TCP_FLAG_SACK_ENABLED;
    if (!enabled && !tcp->sack_blocks) {
        return;
    }
    if (!(tcp->flags & TCP_ACK) || (tcp->flags & TCP_RST) || r->lossy) {
        return;
    }
    if (!enabled) {
        orc_ran(o, ORC_WIRE_SACK_1);
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_SACK_1, "no block on this connection", "one");
        return;
    }
    int64_t ack = orc_receive_offset(r, tcp->ack);
    for (uint32_t i = 0; i < tcp->sack_blocks && i < ORC_SACK_MAX; i++) {
        orc_ran(o, ORC_WIRE_SACK_1);
        judge_block(o, c, tcp, i, ack);
    }
    if (!x->newest || x->others || ack > r->acked || orc_waived(o) || !orc_running(o, c) ||
        orc_in_batch(o)) {
        return;
    }
    int64_t left = orc_receive_offset(r, tcp->sack[0][0]);
    int64_t right = orc_receive_offset(r, tcp->sack[0][1]);
    bool right_one =
        tcp->sack_blocks && (holds_newest(x, left, right) || tells_duplicate(c, tcp, ack));
    x->told = x->told || right_one;
    if (!x->untold && !right_one) {
        x->untold = true;
        x->empty = !tcp->sack_blocks;
        x->left = left;
        x->right = right;
    }
}

/* Which frame of a step is the duplicate ACK, and which a segment made before or behind it, is the
 * target's business: one of them must tell. */
void orc_blocks_step(struct oracle *o, struct orc_conn *c, bool judged)
{
    struct orc_blocks *x = c->blocks;
    (void)judged;
    if (x->told || x->untold) {
        orc_ran(o, ORC_WIRE_SACK_1);
    }
    if (x->untold && !x->told && x->empty) {
        orc_fail(o, orc_ordinal(o, c), ORC_WIRE_SACK_1,
                 "a block on the duplicate ACK for a segment beyond a hole", "none");
    } else if (x->untold && !x->told) {
        fail(o, c, "the segment that caused the ACK in the first block", x->left, x->right);
    }
    x->newest = 0;
    x->others = x->told = x->untold = false;
}
